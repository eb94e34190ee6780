//! Signals that ask the program to end. In a container it is the first process, which none of them ends unless it
//! handles them.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::apply::interruption::Interruption;
use crate::progress::end_bars;

/// How long a run that was asked to end may take to clean up: `docker stop` kills after ten seconds, the Actions runner
/// after seven and a half.
const MOMENT: Duration = Duration::from_secs(5);

/// The signals that are handled.
pub(super) struct Signals {
    terminate: Option<Signal>,
    interrupt: Option<Signal>,
}

impl Signals {
    /// Starts listening. If the system does not permit it, signals have their default effect.
    pub(super) fn listen() -> Self {
        Self { terminate: signal(SignalKind::terminate()).ok(), interrupt: signal(SignalKind::interrupt()).ok() }
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            () = one(&mut self.terminate) => "SIGTERM",
            () = one(&mut self.interrupt) => "SIGINT",
        }
    }
}

async fn one(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Waits for a signal, asks the run to end, and gives it a moment if it has something to clean up; a second signal ends
/// that too. Returns the signal received.
pub(super) async fn asked_to_end(mut signals: Signals, interruption: &Interruption) -> &'static str {
    let signal = signals.next().await;
    tracing::warn!("{signal}: ending");
    end_bars();
    interruption.ask(signal);
    tokio::select! {
        () = interruption.settled() => {}
        () = tokio::time::sleep(MOMENT) => {}
        _ = signals.next() => {}
    }
    signal
}
