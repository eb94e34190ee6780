//! What the destination is known to have, and what is on its way there: nothing is fetched or sent twice in a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OnceCell, OwnedMutexGuard};

use super::tree::Tree;
use crate::image::{Digest, RepositoryName};

/// The repositories of the destination that have a blob.
pub(super) type Holders = BTreeSet<RepositoryName>;

/// What a run knows about its destination.
#[derive(Default)]
pub(super) struct Known {
    blobs: Mutex<BTreeMap<Digest, Arc<AsyncMutex<Holders>>>>,
    manifests: Mutex<BTreeSet<(RepositoryName, Digest)>>,
    /// The repositories that are assumed to have something that this run did not send.
    relied_on: Mutex<BTreeSet<RepositoryName>>,
    vouched: Mutex<BTreeMap<RepositoryName, Arc<OnceCell<()>>>>,
}

impl Known {
    /// Who holds a blob. While the returned guard is held, nobody else copies this blob: others wait, and then find
    /// that it exists.
    pub(super) async fn blob(&self, digest: &Digest) -> OwnedMutexGuard<Holders> {
        let flight = {
            let mut blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(blobs.entry(digest.clone()).or_default())
        };
        flight.lock_owned().await
    }

    /// Whether a repository is known to have a blob; not while it is being copied.
    pub(super) fn has_blob(&self, repository: &RepositoryName, digest: &Digest) -> bool {
        let blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        blobs.get(digest).and_then(|flight| flight.try_lock().ok()).is_some_and(|holders| holders.contains(repository))
    }

    /// Notes that a repository is assumed to have something that this run did not send.
    pub(super) fn rely(&self, repository: &RepositoryName) {
        self.relied_on.lock().unwrap_or_else(PoisonError::into_inner).insert(repository.clone());
    }

    /// Whether a repository is assumed to have something that this run did not send.
    pub(super) fn is_relied_on(&self, repository: &RepositoryName) -> bool {
        self.relied_on.lock().unwrap_or_else(PoisonError::into_inner).contains(repository)
    }

    /// Notes that a repository has a manifest.
    pub(super) fn add_manifest(&self, repository: &RepositoryName, digest: &Digest) {
        let mut manifests = self.manifests.lock().unwrap_or_else(PoisonError::into_inner);
        manifests.insert((repository.clone(), digest.clone()));
    }

    /// Whether a repository is known to have a manifest.
    pub(super) fn has_manifest(&self, repository: &RepositoryName, digest: &Digest) -> bool {
        let manifests = self.manifests.lock().unwrap_or_else(PoisonError::into_inner);
        manifests.contains(&(repository.clone(), digest.clone()))
    }

    /// Notes that a repository has everything of an image, as its tag proves.
    pub(super) async fn add(&self, repository: &RepositoryName, tree: &Tree) {
        self.rely(repository);
        for document in tree.levels.iter().flatten() {
            self.add_manifest(repository, &document.digest);
        }
        for blob in &tree.blobs {
            self.blob(&blob.digest).await.insert(repository.clone());
        }
    }

    /// Notes that it is no longer known whether a repository has any of an image.
    pub(super) async fn forget(&self, repository: &RepositoryName, tree: &Tree) {
        for blob in &tree.blobs {
            self.blob(&blob.digest).await.remove(repository);
        }
        let mut manifests = self.manifests.lock().unwrap_or_else(PoisonError::into_inner);
        for document in tree.levels.iter().flatten() {
            manifests.remove(&(repository.clone(), document.digest.clone()));
        }
    }

    /// The cell that is set once a promoted sibling has been read for a repository.
    pub(super) fn vouched(&self, repository: &RepositoryName) -> Arc<OnceCell<()>> {
        let mut vouched = self.vouched.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(vouched.entry(repository.clone()).or_default())
    }
}
