//! How long one source is waited for in all.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::image::Location;

/// The time that sources took so far. Only time in which a question to a source is open counts, and questions that are open
/// together count once: what others take, and how many images come from a source, is not held against it.
#[derive(Debug)]
pub(super) struct Budget {
    limit: Duration,
    spent: Mutex<BTreeMap<Location, Spent>>,
}

#[derive(Debug, Default)]
struct Spent {
    /// By questions that are answered.
    before: Duration,
    open: usize,
    /// Since when at least one is open.
    since: Option<Instant>,
}

impl Budget {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, spent: Mutex::default() }
    }

    /// The answer of a source; `None` where the source took its time in all.
    pub(super) async fn spend<T>(&self, source: &Location, question: impl Future<Output = T>) -> Option<T> {
        let left = self.limit.saturating_sub(self.begin(source));
        let _open = Open { budget: self, source };
        if left.is_zero() {
            return None;
        }
        tokio::time::timeout(left, question).await.ok()
    }

    /// Counts a question as open, and answers what was spent until now.
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

/// A question that is open until it is answered or dropped.
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
