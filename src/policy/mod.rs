//! The organization's settings: what they should be, what they are, and the files that make Docker Desktop ask for a sign-in.
//! Pure: documents come in and go out as data.

pub mod access;
pub mod audit;
pub mod settings;
pub mod sign_in;
