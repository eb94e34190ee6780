//! One of two images that are compared.

use crate::image::{Digest, Location};
use crate::observe::upstream::Walk;

/// One of two images.
#[derive(Clone, Copy)]
pub(crate) struct Side<'a> {
    pub location: &'a Location,
    pub digest: &'a Digest,
    /// What was read of it.
    pub walk: &'a Walk,
}
