//! Manifests that this run has read: one that was read to decide is not read again to be copied.

use super::kept::Kept;
use crate::content::Document;
use crate::image::{Digest, Reference};
use crate::registry::{Error, Store};

/// The most bytes of documents that are kept.
const KEPT: usize = 8 * 1024 * 1024;

/// Documents by digest. The digest identifies the bytes, so it does not matter which registry they came from; callers
/// have to know whether a registry has them.
pub struct Documents(Kept<Digest, Document>);

impl Default for Documents {
    fn default() -> Self {
        Self(Kept::new(KEPT))
    }
}

impl Documents {
    /// Keeps a document, as long as there is room.
    pub fn keep(&self, document: &Document) {
        self.0.keep(&document.digest, document, document.bytes.len());
    }

    /// The document with this digest: the kept one, else as `store` has it now.
    pub async fn of(&self, store: &dyn Store, digest: &Digest) -> Result<Option<Document>, Error> {
        match self.get(digest) {
            Some(document) => Ok(Some(document)),
            None => store.manifest(&Reference::Digest(digest.clone())).await,
        }
    }

    /// The document with this digest, if it was read and kept.
    #[must_use]
    pub fn get(&self, digest: &Digest) -> Option<Document> {
        self.0.get(digest)
    }
}
