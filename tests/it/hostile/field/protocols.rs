//! Old and new protocols.
