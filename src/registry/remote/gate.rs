//! How much is asked of one host at a time, shared by everything that talks to it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Requests at a time to one host.
const CONCURRENCY: usize = 8;

/// Requests at a time, and a pause that holds for all of them.
///
/// A place is held from the request to the head of its answer (to its end, where the body is read at once), never while a
/// blob streams: copies inside one registry would otherwise wait for each other.
#[derive(Debug)]
pub(crate) struct Gate {
    places: Semaphore,
    closed_until: Mutex<Option<Instant>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { places: Semaphore::new(CONCURRENCY), closed_until: Mutex::new(None) }
    }
}

impl Gate {
    /// Waits for the pause to end and a place to be free. `None` only where the gate is gone, which it never is.
    pub(crate) async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        let place = self.places.acquire().await.ok();
        self.pass().await;
        place
    }

    /// Waits for the pause to end, without taking a place.
    pub(crate) async fn pass(&self) {
        loop {
            let until = *self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
            match until {
                Some(until) if until > Instant::now() => tokio::time::sleep_until(until).await,
                _ => return,
            }
        }
    }

    /// Closes the gate for everybody: the host asked for a pause.
    pub(crate) fn close(&self, pause: Duration) {
        let mut until = self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = Instant::now() + pause;
        *until = Some(until.map_or(wanted, |already| already.max(wanted)));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_for_everybody_and_the_longest_counts() {
        let gate = Gate::default();
        let start = Instant::now();
        gate.close(Duration::from_secs(5));
        gate.close(Duration::from_secs(2));
        tokio::join!(gate.pass(), async { drop(gate.enter().await) });
        assert_eq!(start.elapsed().as_secs(), 5);
    }
}
