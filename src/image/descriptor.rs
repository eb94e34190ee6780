//! Descriptors of content.

use std::collections::BTreeMap;

use super::digest::Digest;
use super::platform::Platform;

/// A reference to content by media type, digest and size (OCI image specification, `descriptor.md`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Descriptor {
    /// The media type, without parameters.
    pub media_type: String,
    /// The digest.
    pub digest: Digest,
    /// The size in bytes.
    pub size: u64,
    /// The platform, on entries of an index.
    pub platform: Option<Platform>,
    /// The artifact type, on referrers and artifacts.
    pub artifact_type: Option<String>,
    /// Annotations, as upstream wrote them: hostile text.
    pub annotations: BTreeMap<String, String>,
}
