//! What is known of the mounts that a registry does and does not do.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::image::{Digest, RepositoryName};

/// Mounts that a registry does not do: each would cost the tries of the one before.
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

    /// That the registry said that it mounted a blob.
    pub(super) fn note(&self, to: &RepositoryName, digest: &Digest) {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).insert((to.clone(), digest.clone()));
    }

    /// That a blob is missing. Where it had been mounted, such mounts are none.
    pub(super) fn doubt(&self, to: &RepositoryName, digest: &Digest) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if done.remove(&(to.clone(), digest.clone())) {
            self.refuse(Refused::Algorithm(digest.algorithm().to_owned()));
        }
    }
}
