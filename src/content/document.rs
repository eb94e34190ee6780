//! What documents are and what they refer to, as plain data.

use crate::image::{Descriptor, Digest};

/// A manifest or index exactly as a registry or a layout stores it; the digest has been checked against the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The media type, without parameters; equal to the `mediaType` member if there is one.
    pub media_type: String,
    pub digest: Digest,
    /// The bytes, at most [`MANIFEST_LIMIT`].
    pub bytes: bytes::Bytes,
}

/// The largest manifest in bytes: the OCI distribution specification asks registries to accept 4 MiB.
pub(crate) const MANIFEST_LIMIT: usize = 4 * 1024 * 1024;

/// The most descriptors in one manifest or index.
pub(crate) const DESCRIPTOR_LIMIT: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An image index or Docker manifest list.
    Index {
        /// The manifests and indexes that it lists, in order.
        children: Vec<Descriptor>,
        /// What else it lists, in order: a build cache's layers and configuration.
        blobs: Vec<Descriptor>,
        /// The manifest this one refers to, as a referrer.
        subject: Option<Descriptor>,
    },
    /// An image manifest or artifact.
    Manifest {
        /// `None`: a retired artifact manifest has none.
        config: Option<Descriptor>,
        /// The layers or other blobs, in order, duplicates included.
        layers: Vec<Descriptor>,
        /// The manifest this one refers to, as a referrer.
        subject: Option<Descriptor>,
    },
}

impl Document {
    /// The descriptor with nothing but type, digest and size.
    pub(crate) fn into_plain_descriptor(self) -> Descriptor {
        Descriptor::new(self.media_type, self.digest, self.bytes.len() as u64)
    }
}

impl Content {
    /// The blobs that it names itself, duplicates included.
    pub(crate) fn into_blobs(self) -> Vec<Descriptor> {
        match self {
            Self::Index { blobs, .. } => blobs,
            Self::Manifest { config, layers, .. } => config.into_iter().chain(layers).collect(),
        }
    }

    /// The manifest that this document refers to, as a referrer.
    #[must_use]
    pub fn subject(&self) -> Option<&Descriptor> {
        match self {
            Self::Index { subject, .. } | Self::Manifest { subject, .. } => subject.as_ref(),
        }
    }
}

/// Why a document cannot be used; the message says what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// It is broken, of an unknown kind, too large, or lacks a required part.
    #[error("{0}")]
    Unusable(String),
    /// Two readers could understand it differently.
    #[error("{0}: two readers could understand it differently")]
    Ambiguous(String),
}
