//! How many requests one host gets at a time, shared by everything that talks to it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::pace::{Pace, Signal};

/// Allows as many requests at a time as the host can handle, and a pause that applies to all of them.
///
/// A place is held from the request to the head of its response (or its end, if the body is read at once), never while
/// a blob streams: copies inside one registry would otherwise wait for each other.
#[derive(Debug)]
pub(crate) struct Gate {
    places: Semaphore,
    /// How many places there are, and how many of those taken will not be given back.
    room: Mutex<Room>,
    waiting: AtomicUsize,
    closed_until: Mutex<Option<Instant>>,
}

#[derive(Debug)]
struct Room {
    pace: Pace,
    surplus: usize,
}

#[derive(Debug)]
pub(crate) struct Admission<'a> {
    gate: &'a Gate,
    asked: Instant,
    permit: Option<SemaphorePermit<'a>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new(false)
    }
}

impl Gate {
    /// The gate of a host; `hub`: Docker Hub's registry, which gets fewer requests at a time.
    pub(crate) fn new(hub: bool) -> Self {
        let pace = Pace::new(hub);
        Self {
            places: Semaphore::new(pace.limit()),
            room: Mutex::new(Room { pace, surplus: 0 }),
            waiting: AtomicUsize::new(0),
            closed_until: Mutex::default(),
        }
    }

    /// Waits for the pause to end and for a free place.
    pub(crate) async fn enter(&self) -> Admission<'_> {
        let permit = match self.places.try_acquire() {
            Ok(permit) => Some(permit),
            Err(_) => {
                let waiting = Waiting::new(&self.waiting);
                let permit = self.places.acquire().await.ok();
                drop(waiting);
                permit
            }
        };
        self.pass().await;
        Admission { gate: self, asked: Instant::now(), permit }
    }

    /// Notes that a request made without a place was too much for the host.
    pub(crate) fn too_much(&self, asked: Instant) {
        self.record(Signal::TooMuch, asked);
    }

    fn record(&self, signal: Signal, asked: Instant) {
        let crowded = self.waiting.load(Ordering::Relaxed) > 0;
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        let before = room.pace.limit();
        room.pace.record(signal, asked, Instant::now(), crowded);
        let now = room.pace.limit();
        if now > before {
            let kept = room.surplus.min(now - before);
            room.surplus -= kept;
            self.places.add_permits(now - before - kept);
        } else {
            room.surplus += before - now - self.places.forget_permits(before - now);
        }
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

impl Admission<'_> {
    /// Notes that the head of the response arrived; `quick`: of a kind whose time shows how busy the host is.
    pub(crate) fn answered(&self, quick: bool) {
        let signal = if quick { Signal::Answer(self.asked.elapsed()) } else { Signal::Work };
        self.gate.record(signal, self.asked);
    }

    /// Notes that the host is overloaded.
    pub(crate) fn too_much(&self) {
        self.gate.too_much(self.asked);
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        let mut room = self.gate.room.lock().unwrap_or_else(PoisonError::into_inner);
        if room.surplus > 0 {
            room.surplus -= 1;
            permit.forget();
        }
    }
}

/// A waiting task, counted until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
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

    /// How many places are free at once; takes all of them.
    async fn free(gate: &Gate) -> usize {
        let mut taken = Vec::new();
        while let Ok(place) = tokio::time::timeout(Duration::from_millis(1), gate.enter()).await {
            taken.push(place);
        }
        taken.len()
    }

    #[tokio::test(start_paused = true)]
    async fn places_follow_the_pace() {
        let gate = Gate::new(false);
        assert_eq!(free(&gate).await, 8);
        let held: Vec<_> = futures_util::future::join_all((0..8).map(|_| gate.enter())).await;
        tokio::time::advance(Duration::from_millis(10)).await;
        held[0].too_much();
        held[1].too_much();
        drop(held);
        assert_eq!(free(&gate).await, 4, "those under way end, and half of the places with them");
        tokio::time::advance(Duration::from_millis(10)).await;
        let mut held = futures_util::future::join_all((0..4).map(|_| gate.enter())).await;
        let fifth = async {
            let place = gate.enter().await;
            assert_eq!(gate.room.lock().unwrap().pace.limit(), 5);
            place
        };
        let answers = async {
            tokio::task::yield_now().await;
            held.iter().for_each(|place| place.answered(true));
        };
        let (fifth, ()) = tokio::join!(fifth, answers);
        held.push(fifth);
        drop(held);
        assert_eq!(free(&gate).await, 5, "one more after a round of good answers that others waited for");
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_does_not_count() {
        let gate = Gate::new(false);
        let held = futures_util::future::join_all((0..8).map(|_| gate.enter())).await;
        assert!(tokio::time::timeout(Duration::from_secs(1), gate.enter()).await.is_err());
        assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
        held.iter().for_each(|place| place.answered(true));
        drop(held);
        assert_eq!(free(&gate).await, 8);
    }
}
