//! Which mounts a registry is known to support.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::image::{Digest, RepositoryName};

/// Mounts that a registry does not support: each would cost as many tries as the one before.
#[derive(Default)]
pub(crate) struct Mounts {
    refused: Mutex<BTreeSet<Refused>>,
    done: Mutex<BTreeSet<(RepositoryName, Digest)>>,
}

/// Mounts that are not worth another try.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refused {
    All,
    /// Blobs with digests of this algorithm.
    Algorithm(String),
    /// From one repository to another.
    Between(RepositoryName, RepositoryName),
}

impl Mounts {
    pub(super) fn refuse(&self, what: Refused) {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(what);
    }

    pub(super) fn may(&self, from: &RepositoryName, to: &RepositoryName, digest: &Digest) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let those = [
            Refused::All,
            Refused::Algorithm(digest.algorithm().to_owned()),
            Refused::Between(from.clone(), to.clone()),
        ];
        !those.iter().any(|these| refused.contains(these))
    }

    /// Notes that the registry said it mounted a blob.
    pub(super) fn note(&self, to: &RepositoryName, digest: &Digest) {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).insert((to.clone(), digest.clone()));
    }

    /// Notes that a blob is missing. If it had been mounted, such mounts are not trusted again.
    pub(super) fn doubt(&self, to: &RepositoryName, digest: &Digest) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if done.remove(&(to.clone(), digest.clone())) {
            self.refuse(Refused::Algorithm(digest.algorithm().to_owned()));
        }
    }
}
