//! How many requests at a time a host can handle: one more after each round of good answers, half as many after a
//! refusal, a quarter fewer if its answers have become slow. It has no clock, so the same answers lead to the same
//! pace.

use std::time::Duration;

use tokio::time::Instant;

/// Requests at a time to a host about which nothing is known yet.
const FIRST: usize = 8;
/// Never fewer: a host that can handle less says so by asking for pauses.
const FEWEST: usize = 4;
const MOST: usize = 32;
/// Docker Hub counts every request from an address, and mentions its limit only when it is reached.
const MOST_AT_HUB: usize = 12;
/// An answer is slow if it takes this many times as long as the quickest, and at least [`SLACK`] longer.
const SLOWER: u32 = 3;
/// The usual variation of networks and busy machines.
const SLACK: Duration = Duration::from_millis(250);
/// The weight of a new answer in the average time is one over this.
const SMOOTHING: u32 = 8;
/// With each answer the quickest time grows by one over this: hosts may become slower for good.
const FORGETTING: u32 = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// An answer of the quick kind, after this long.
    Answer(Duration),
    /// An answer whose time says nothing about the host: it did real work, or redirected us.
    Work,
    /// The host is overloaded: 429, 503, or no answer in time.
    TooMuch,
}

#[derive(Debug)]
pub(super) struct Pace {
    limit: usize,
    most: usize,
    /// Good answers since the limit last changed.
    good: usize,
    shrunk: Option<Instant>,
    quickest: Option<Duration>,
    usual: Duration,
}

impl Pace {
    /// The pace of a host about which nothing is known yet.
    pub(super) const fn new(hub: bool) -> Self {
        let most = if hub { MOST_AT_HUB } else { MOST };
        Self { limit: FIRST, most, good: 0, shrunk: None, quickest: None, usual: Duration::ZERO }
    }

    /// How many requests at a time are allowed.
    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    /// Learns from the outcome, now, of a request made at `asked`; `crowded`: others wait for a place, so one more
    /// would help.
    pub(super) fn record(&mut self, signal: Signal, asked: Instant, now: Instant, crowded: bool) {
        // Requests from before the limit shrank tell nothing about the present.
        if self.shrunk.is_some_and(|shrunk| asked <= shrunk) {
            return;
        }
        match signal {
            Signal::TooMuch => self.shrink(self.limit / 2, now),
            Signal::Answer(took) if self.is_slow(took) => self.shrink(self.limit * 3 / 4, now),
            Signal::Answer(_) | Signal::Work => self.grow(crowded),
        }
    }

    fn grow(&mut self, crowded: bool) {
        self.good += 1;
        if self.good >= self.limit && crowded {
            self.good = 0;
            self.limit = (self.limit + 1).min(self.most);
        }
    }

    fn shrink(&mut self, to: usize, now: Instant) {
        self.limit = to.max(FEWEST);
        self.good = 0;
        self.shrunk = Some(now);
        self.usual = self.quickest.unwrap_or_default();
    }

    /// Whether answers have become slow, this one included.
    fn is_slow(&mut self, took: Duration) -> bool {
        let Some(quickest) = self.quickest else {
            (self.quickest, self.usual) = (Some(took), took);
            return false;
        };
        let quickest = took.min(quickest + quickest / FORGETTING);
        self.quickest = Some(quickest);
        self.usual = self.usual - self.usual / SMOOTHING + took / SMOOTHING;
        self.usual > quickest * SLOWER && self.usual > quickest + SLACK
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    /// A host that takes `takes(limit)` to answer, and the limit after each of that many rounds at the full limit.
    async fn rounds(pace: &mut Pace, rounds: usize, crowded: bool, takes: impl Fn(usize) -> Signal) -> Vec<usize> {
        let mut limits = Vec::new();
        for _ in 0..rounds {
            tokio::time::advance(Duration::from_millis(1)).await;
            let asked = Instant::now();
            tokio::time::advance(Duration::from_millis(1)).await;
            let together = pace.limit();
            for _ in 0..together {
                pace.record(takes(together), asked, Instant::now(), crowded);
            }
            limits.push(pace.limit());
        }
        limits
    }

    const QUICK: Signal = Signal::Answer(Duration::from_millis(40));

    #[tokio::test(start_paused = true)]
    async fn one_more_after_each_round_up_to_a_bound() {
        let mut pace = Pace::new(false);
        assert_eq!(rounds(&mut pace, 4, true, |_| QUICK).await, [9, 10, 11, 12]);
        assert_eq!(rounds(&mut pace, 40, true, |_| Signal::Work).await.last(), Some(&32));
        let mut hub = Pace::new(true);
        assert_eq!(rounds(&mut hub, 40, true, |_| QUICK).await.last(), Some(&12));
        let mut idle = Pace::new(false);
        assert_eq!(rounds(&mut idle, 40, false, |_| QUICK).await.last(), Some(&8), "nobody waits: more would not help");
    }

    #[tokio::test(start_paused = true)]
    async fn half_after_a_refusal_once_for_what_was_under_way_together() {
        let mut pace = Pace::new(false);
        rounds(&mut pace, 12, true, |_| QUICK).await;
        assert_eq!(pace.limit(), 20);
        assert_eq!(
            rounds(&mut pace, 1, true, |_| Signal::TooMuch).await,
            [10],
            "twenty refusals of one moment count once"
        );
        assert_eq!(rounds(&mut pace, 3, true, |_| Signal::TooMuch).await, [5, 4, 4]);
        assert_eq!(rounds(&mut pace, 2, true, |_| QUICK).await, [5, 6], "it recovers");
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_slows_down_under_load_is_asked_less() {
        let mut pace = Pace::new(false);
        let bears_ten = |together| Signal::Answer(Duration::from_millis(if together > 10 { 2_000 } else { 40 }));
        let limits = rounds(&mut pace, 100, true, bears_ten).await;
        let settled = &limits[10..];
        assert!(settled.iter().all(|limit| (7..=11).contains(limit)), "{settled:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn latency_that_only_varies_changes_nothing() {
        let mut pace = Pace::new(false);
        let varies = |together| Signal::Answer(Duration::from_millis(if together % 2 == 0 { 5 } else { 120 }));
        assert_eq!(rounds(&mut pace, 40, true, varies).await.last(), Some(&32));
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_slower_for_good_is_not_held_back_for_ever() {
        let mut pace = Pace::new(false);
        rounds(&mut pace, 4, true, |_| QUICK).await;
        let slow = |_| Signal::Answer(Duration::from_millis(600));
        assert_eq!(rounds(&mut pace, 30, true, slow).await.iter().min(), Some(&4));
        assert_eq!(rounds(&mut pace, 400, true, slow).await.last(), Some(&32));
    }
}
