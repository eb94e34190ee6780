//! What a registry hides from who does not say who it is.
