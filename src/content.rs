//! Documents in a registry: manifests and indexes, read for what they refer to and kept byte for byte.

use crate::image::{Descriptor, Digest, Platform};

/// A manifest or index exactly as a registry or a layout holds it; the digest has been checked against the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The media type, without parameters; equal to the `mediaType` member where there is one.
    pub media_type: String,
    /// The digest of the bytes.
    pub digest: Digest,
    /// The bytes, at most [`MANIFEST_LIMIT`].
    pub bytes: bytes::Bytes,
}

/// The most bytes a manifest may have: the OCI distribution specification asks registries to take 4 MiB.
pub const MANIFEST_LIMIT: usize = 4 * 1024 * 1024;

/// The most descriptors one manifest or index may hold.
pub const DESCRIPTOR_LIMIT: usize = 1_000;

/// What a document refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An image index or Docker manifest list: its children in order.
    Index {
        /// The children.
        children: Vec<Descriptor>,
        /// The manifest this one refers to, as a referrer.
        subject: Option<Descriptor>,
    },
    /// An image manifest or artifact.
    Manifest {
        /// The configuration blob.
        config: Descriptor,
        /// The layers or other blobs, in order, duplicates included.
        layers: Vec<Descriptor>,
        /// The manifest this one refers to, as a referrer.
        subject: Option<Descriptor>,
    },
}

/// Why a document cannot be used; the message says what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ContentError(pub String);

impl Document {
    /// Reads what the document refers to.
    ///
    /// # Errors
    /// Where it is no manifest or index of a known schema, claims to be both (CVE-2021-41190), disagrees with its media
    /// type, is of schema 1, or holds more than [`DESCRIPTOR_LIMIT`] descriptors.
    pub fn read(&self) -> Result<Content, ContentError> {
        Err(ContentError("not yet".to_owned()))
    }

    /// The index that holds only the wanted platforms, in upstream's order, with the attestations of those kept.
    ///
    /// # Errors
    /// Where the document is no index, or a wanted platform is not in it.
    pub fn subset(&self, platforms: &[Platform]) -> Result<Self, ContentError> {
        let _ = platforms;
        Err(ContentError("not yet".to_owned()))
    }
}
