//! `completions`: what a shell needs to complete our command line.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Exit, Stop};
use crate::args::Cli;
use crate::report::Output;
use crate::report::access::Script;

/// Prints the completions for `shell`.
pub(crate) fn run(shell: Shell, output: &mut Output) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "wharfinger", &mut script);
    output.script(Script { shell: shell.to_string(), script: String::from_utf8_lossy(&script).into_owned() });
    Ok(Exit::Done)
}
