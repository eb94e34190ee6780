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
    /// Whether who must sign the image signed its index: what the index lists is then signed too.
    pub index_is_signed: bool,
}
