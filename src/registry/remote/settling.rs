//! What a run put at a registry, how long to wait until it is visible, and whether waiting is worthwhile.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::image::{Digest, RepositoryName};
use crate::registry::wire::Patience;

/// What this run put at a registry, and whether it is visible.
#[derive(Default)]
pub(crate) struct Settling {
    /// Something never became visible: nothing is waited for any more.
    lost: AtomicBool,
    /// Blobs and manifests that the registry accepted from this run.
    taken: Mutex<BTreeSet<(RepositoryName, Digest)>>,
}

impl Settling {
    pub(super) fn take(&self, repository: &RepositoryName, digest: &Digest) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert((repository.clone(), digest.clone()));
    }

    pub(super) fn took(&self, repository: &RepositoryName, digest: &Digest) -> bool {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.contains(&(repository.clone(), digest.clone()))
    }

    /// Notes that something that was put never became visible.
    pub(super) fn lose(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }

    /// Waits before the next request; `false` if it is no longer worthwhile.
    pub(super) async fn pause(&self, pauses: &mut Pauses) -> bool {
        if self.lost.load(Ordering::Relaxed) {
            return false;
        }
        let Some(pause) = pauses.next() else { return false };
        tokio::time::sleep(pause).await;
        true
    }
}

/// Pauses that double, adding up to [`Patience::settle`].
pub(super) struct Pauses {
    next: Duration,
    left: Duration,
}

impl Pauses {
    pub(super) fn new(patience: &Patience) -> Self {
        Self { next: patience.retry.first, left: patience.settle }
    }
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.next.min(self.left);
        (self.left, self.next) = (self.left - pause, self.next * 2);
        (!pause.is_zero()).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_and_end_and_what_is_lost_is_waited_for_once() {
        let (settling, start) = (Settling::default(), tokio::time::Instant::now());
        let mut pauses = Pauses::new(&Patience::default());
        let mut asked = 0;
        while settling.pause(&mut pauses).await {
            asked += 1;
        }
        assert_eq!((asked, start.elapsed()), (6, Duration::from_secs(15)));
        settling.lose();
        assert!(!settling.pause(&mut Pauses::new(&Patience::default())).await);
        assert_eq!(start.elapsed(), Duration::from_secs(15));
    }
}
