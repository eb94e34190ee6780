//! What is asked about an image.

use crate::evidence::Asked;
use crate::image::{Location, Platform};
use crate::manifest::Image;

/// An image whose makers are read, and what is required of them.
#[derive(Clone, Copy)]
pub(crate) struct Inquired<'a> {
    pub(crate) source: &'a Location,
    /// The platforms that are copied; `None`: all.
    pub(crate) platforms: Option<&'a [Platform]>,
    pub(crate) asked: Asked<'a>,
}

impl<'a> From<&'a Image> for Inquired<'a> {
    fn from(image: &'a Image) -> Self {
        let asked = Asked { signatures: image.signatures.as_ref(), provenance: image.provenance.as_ref() };
        Self { source: &image.source, platforms: image.platforms.as_deref(), asked }
    }
}
