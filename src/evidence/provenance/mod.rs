//! How an image was built, according to statements about it.

mod claims;
mod judge;
mod source;

pub(super) use claims::Claims;
pub(super) use judge::{Stated, judge};
