//! The organization's settings: what they should be, what they are, where an image falls under them, and the files that make
//! Docker Desktop ask for a sign-in. Pure: documents come in and go out as data.

pub mod access;
pub mod audit;
pub mod category;
pub mod settings;
pub mod sign_in;

pub use category::{Badge, Category, Gate, Standing, Told};
