//! Manifests that this run has read: one that was read to decide is not read again to be copied.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::content::Document;
use crate::image::{Digest, Reference};
use crate::registry::{Error, Store};

/// The most bytes of documents that are kept; later ones are read again when needed.
const KEPT: usize = 8 * 1024 * 1024;

/// Documents by digest. The digest identifies the bytes, so it does not matter which registry they came from; callers
/// have to know whether a registry has them.
#[derive(Default)]
pub struct Documents(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    documents: BTreeMap<Digest, Document>,
    bytes: usize,
}

impl Documents {
    /// Keeps a document, as long as there is room.
    pub fn keep(&self, document: &Document) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.bytes + document.bytes.len() <= KEPT && !inner.documents.contains_key(&document.digest) {
            inner.bytes += document.bytes.len();
            inner.documents.insert(document.digest.clone(), document.clone());
        }
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
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.documents.get(digest).cloned()
    }
}
