//! Whether the run was asked to end, and whether something is still being cleaned up.

use std::sync::Arc;

use tokio::sync::watch;

/// A run's knowledge of being asked to end; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Interruption(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    asked: watch::Sender<Option<&'static str>>,
    settling: watch::Sender<usize>,
}

/// While it is held, a run that was asked to end gets a moment to clean up.
#[derive(Debug)]
pub struct Settling(Interruption);

impl Interruption {
    /// Asks the run to end; `signal` is what asked.
    pub fn ask(&self, signal: &'static str) {
        self.0.asked.send_replace(Some(signal));
    }

    /// What asked the run to end, if something did.
    #[must_use]
    pub fn signal(&self) -> Option<&'static str> {
        *self.0.asked.borrow()
    }

    /// Waits until the run is asked to end.
    pub async fn asked(&self) -> &'static str {
        let mut asked = self.0.asked.subscribe();
        match asked.wait_for(Option::is_some).await.ok().and_then(|signal| *signal) {
            Some(signal) => signal,
            // The sender lives as long as this value.
            None => std::future::pending().await,
        }
    }

    /// From now on, something has to be cleaned up before the end.
    #[must_use]
    pub fn settling(&self) -> Settling {
        self.0.settling.send_modify(|held| *held += 1);
        Settling(self.clone())
    }

    /// Waits until nothing is left to clean up.
    pub async fn settled(&self) {
        // The sender lives as long as this value.
        let _ = self.0.settling.subscribe().wait_for(|held| *held == 0).await;
    }
}

impl Drop for Settling {
    fn drop(&mut self) {
        self.0.0.settling.send_modify(|held| *held -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_is_asked_to_end_settles_first() {
        let interruption = Interruption::default();
        interruption.settled().await;
        let (one, two) = (interruption.settling(), interruption.settling());
        drop(one);
        let waiting = tokio::spawn({
            let interruption = interruption.clone();
            async move { interruption.settled().await }
        });
        interruption.ask("SIGTERM");
        assert_eq!(interruption.asked().await, "SIGTERM");
        assert!(!waiting.is_finished());
        drop(two);
        assert!(waiting.await.is_ok());
    }
}
