//! Token services: where they are, what they answer, and who gets the password.
