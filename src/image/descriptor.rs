//! Descriptors of content.

use std::collections::BTreeMap;

use super::digest::Digest;
use super::platform::Platform;

/// A reference to content by media type, digest and size (OCI image specification, `descriptor.md`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Descriptor {
    /// The media type, without parameters.
    pub media_type: String,
    pub digest: Digest,
    pub size: u64,
    pub platform: Option<Platform>,
    /// The artifact type, on referrers and artifacts.
    pub artifact_type: Option<String>,
    /// Annotations, as upstream wrote them: hostile text.
    pub annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// A descriptor that says no more than type, digest and size.
    #[must_use]
    pub fn new(media_type: String, digest: Digest, size: u64) -> Self {
        Self { media_type, digest, size, platform: None, artifact_type: None, annotations: BTreeMap::new() }
    }
}
