//! How long to wait for one source in all.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::image::Location;

/// The time that sources have taken so far. Only time with a query to a source open counts, and queries open at the
/// same time count once: the time of others, and the number of images from a source, is not held against it.
#[derive(Debug)]
pub(super) struct Budget {
    limit: Duration,
    spent: Mutex<BTreeMap<Location, Spent>>,
}

#[derive(Debug, Default)]
struct Spent {
    /// From finished queries.
    before: Duration,
    open: usize,
    /// Since when at least one query is open.
    since: Option<Instant>,
}

impl Budget {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, spent: Mutex::default() }
    }

    /// The answer of a source; `None` if the source has used up its time.
    pub(super) async fn spend<T>(&self, source: &Location, question: impl Future<Output = T>) -> Option<T> {
        let left = self.limit.saturating_sub(self.begin(source));
        let _open = Open { budget: self, source };
        if left.is_zero() {
            return None;
        }
        tokio::time::timeout(left, question).await.ok()
    }

    /// Counts a query as open, and returns the time spent until now.
    fn begin(&self, source: &Location) -> Duration {
        let mut all = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = all.entry(source.clone()).or_default();
        spent.open += 1;
        spent.before + spent.since.get_or_insert_with(Instant::now).elapsed()
    }

    fn end(&self, source: &Location) {
        let mut all = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = all.entry(source.clone()).or_default();
        spent.open = spent.open.saturating_sub(1);
        if spent.open == 0 {
            spent.before += spent.since.take().map_or(Duration::ZERO, |since| since.elapsed());
        }
    }
}

/// A query that is open until it is answered or dropped.
struct Open<'a> {
    budget: &'a Budget,
    source: &'a Location,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.budget.end(self.source);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn open_questions_count_once_and_the_time_between_them_not_at_all() {
        let budget = Budget::new(Duration::from_secs(300));
        let (slow, other): (Location, Location) = ("ghcr.io/a/slow".parse().unwrap(), "ghcr.io/a/b".parse().unwrap());
        let answer = |seconds| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            seconds
        };
        let both = tokio::join!(budget.spend(&slow, answer(100)), budget.spend(&slow, answer(100)));
        assert_eq!(both, (Some(100), Some(100)));
        answer(1_000).await;
        assert_eq!(budget.spend(&slow, answer(150)).await, Some(150), "200 s are left");
        let start = Instant::now();
        assert_eq!(budget.spend(&slow, answer(51)).await, None, "50 s are left");
        assert_eq!(start.elapsed(), Duration::from_secs(50));
        assert_eq!(budget.spend(&slow, answer(0)).await, None, "nothing is left");
        assert_eq!(budget.spend(&other, answer(299)).await, Some(299));
    }
}
