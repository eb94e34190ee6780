//! How an image was built, as statements say it.

mod claims;
mod judge;
mod source;

pub(super) use claims::Claims;
pub(super) use judge::{Stated, judge};
