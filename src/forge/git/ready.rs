//! Git processes that are started before their input is known: starting one takes longer than its work.

use std::io;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};

use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// A process that waits for its input, or will as soon as it has started; with its arguments.
type Waiting = (Vec<String>, JoinHandle<io::Result<Child>>);

/// Processes that wait for their input. Unused ones are killed when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Ready(Mutex<Vec<Waiting>>);

impl Ready {
    /// Starts one, unless one with these arguments waits already.
    pub(super) fn start(&self, command: Command, args: &[&str]) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.iter().all(|(of, _)| of != args) {
            // Starting a process blocks a thread until the program runs.
            let starting = tokio::spawn(async move { spawn(command) });
            waiting.push((args.iter().map(|arg| (*arg).to_owned()).collect(), starting));
        }
    }

    /// Takes one with these arguments that has not ended.
    pub(super) async fn take(&self, args: &[&str]) -> Option<Child> {
        let starting = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let at = waiting.iter().position(|(of, _)| of == args)?;
            waiting.swap_remove(at).1
        };
        let mut child = starting.await.ok()?.ok()?;
        matches!(child.try_wait(), Ok(None)).then_some(child)
    }
}

/// Starts a command with piped input and output that is killed when it is dropped.
pub(super) fn spawn(mut command: Command) -> io::Result<Child> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn()
}
