//! Git processes that are started before their input is known: starting one takes longer than its work.

use std::io;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};

use tokio::process::{Child, Command};

/// Processes that wait for their input, with their arguments. Unused ones are killed when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Ready(Mutex<Vec<(Vec<String>, Child)>>);

impl Ready {
    pub(super) fn start(&self, command: Command, args: &[&str]) {
        let Ok(child) = spawn(command) else { return };
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((args, child));
    }

    /// Takes one with these arguments that has not ended.
    pub(super) fn take(&self, args: &[&str]) -> Option<Child> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = waiting.iter().position(|(of, _)| of == args)?;
        let (_, mut child) = waiting.swap_remove(at);
        matches!(child.try_wait(), Ok(None)).then_some(child)
    }
}

/// Starts a command with piped input and output that is killed when it is dropped.
pub(super) fn spawn(mut command: Command) -> io::Result<Child> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn()
}
