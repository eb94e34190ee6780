//! Documents in a registry: manifests and indexes, read for what they refer to and kept byte for byte.

use crate::image::{Descriptor, Digest, Platform};

pub mod companion;
pub mod media_type;
mod read;
mod subset;

pub use read::descriptor_json;

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

impl Content {
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
#[error("{0}")]
pub struct ContentError(pub String);

impl Document {
    /// The document that these bytes are. `content_type` is what the registry, or the descriptor in a layout, calls
    /// them; without it their own `mediaType` counts. `asked` is the digest they must have.
    ///
    /// # Errors
    /// Where they are too many, are no JSON object, are called other than they call themselves, are of no known type or
    /// of schema 1, or have another digest.
    pub fn new(bytes: bytes::Bytes, content_type: Option<&str>, asked: Option<&Digest>) -> Result<Self, ContentError> {
        if bytes.len() > MANIFEST_LIMIT {
            return Err(ContentError(format!("a manifest of {} bytes; the limit is {MANIFEST_LIMIT}", bytes.len())));
        }
        let digest = asked.cloned().unwrap_or_else(|| Digest::sha256(&bytes));
        if asked.is_some_and(|asked| !asked.matches(&bytes)) {
            return Err(ContentError(format!("the bytes do not have the digest {digest}")));
        }
        let media_type = read::media_type(&bytes, content_type)?;
        Ok(Self { media_type, digest, bytes })
    }

    /// Reads what the document refers to.
    ///
    /// # Errors
    /// Where it is no manifest or index of a known schema, claims to be both (CVE-2021-41190), disagrees with its media
    /// type, is of schema 1, or holds more than [`DESCRIPTOR_LIMIT`] descriptors.
    pub fn read(&self) -> Result<Content, ContentError> {
        read::content(self)
    }

    /// The children of an index, in order.
    ///
    /// # Errors
    /// As [`Document::read`], and where the document is no index.
    pub fn children(&self) -> Result<Vec<Descriptor>, ContentError> {
        match self.read()? {
            Content::Index { children, .. } => Ok(children),
            Content::Manifest { .. } => Err(ContentError("a manifest where an index should be".to_owned())),
        }
    }

    /// The layers of a manifest, in order.
    ///
    /// # Errors
    /// As [`Document::read`], and where the document is an index.
    pub fn layers(&self) -> Result<Vec<Descriptor>, ContentError> {
        match self.read()? {
            Content::Manifest { layers, .. } => Ok(layers),
            Content::Index { .. } => Err(ContentError("an index where a manifest should be".to_owned())),
        }
    }

    /// The descriptor under which this document stands in a list of referrers: with its artifact type (of an image
    /// manifest without one, its configuration's media type) and its annotations.
    ///
    /// # Errors
    /// As [`Document::read`].
    pub fn descriptor(&self) -> Result<Descriptor, ContentError> {
        read::descriptor(self)
    }

    /// The index that holds only the wanted platforms, in upstream's order, with the attestations of those kept.
    ///
    /// Every entry that stays is kept byte for byte, every other member of the index too; an annotation names the index
    /// that it was made of. Where all entries stay, it is the same document.
    ///
    /// # Errors
    /// Where the document is no index, or a wanted platform is not in it.
    pub fn subset(&self, platforms: &[Platform]) -> Result<Self, ContentError> {
        subset::subset(self, platforms)
    }

    /// The index that this one says it is a subset of.
    #[must_use]
    pub fn subset_of(&self) -> Option<Digest> {
        subset::subset_of(self)
    }
}
