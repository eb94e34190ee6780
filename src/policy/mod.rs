//! The organization's settings: what they should be, what they are, how they affect an image, and the files that make
//! Docker Desktop require a sign-in. Pure: documents come in and go out as data.

pub(crate) mod access;
pub mod audit;
pub(crate) mod category;
pub mod settings;
pub(crate) mod sign_in;

pub(crate) use category::{Badge, Standing};
pub use category::{Category, Gate, Told};
