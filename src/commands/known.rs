//! What a run found out about reviews: proposals do not repeat promotion's queries.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::forge::Commit;
use crate::observe::reviews::Reviews;

/// What was found out in this run.
#[derive(Default)]
pub(crate) struct KnownReviews {
    /// For the commit that was last asked about.
    last: Mutex<Option<(Option<Commit>, Arc<Reviews>)>>,
    /// Commits that this run made on the default branch.
    made: Mutex<BTreeSet<Commit>>,
}

impl KnownReviews {
    pub(super) fn of(&self, commit: Option<&Commit>) -> Option<Arc<Reviews>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.filter(|(of, _)| of.as_ref() == commit).map(|(_, reviews)| reviews)
    }

    pub(super) fn keep(&self, commit: Option<Commit>, reviews: &Arc<Reviews>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((commit, reviews.clone()));
    }

    pub(super) fn made(&self, commit: &Commit) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(commit.clone());
    }

    pub(super) fn all_made(&self) -> BTreeSet<Commit> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
