//! The help of one command: its own options, without those that every command takes.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::{Command, CommandFactory};

use crate::args::Cli;

/// The maximum width of help.
const WIDTH: usize = 100;

/// The requested help, if it is for one command.
pub(super) fn of_command(arguments: &[OsString]) -> Option<StyledStr> {
    let asks = |argument: &OsString| ["-h", "--help", "help"].iter().any(|word| argument == word);
    let is_long = arguments.iter().skip(1).any(|argument| argument == "--help" || argument == "help");
    let rest =
        arguments.iter().enumerate().filter(|(at, argument)| *at == 0 || !asks(argument)).map(|(_, argument)| argument);
    let lenient = Cli::command().ignore_errors(true).disable_help_flag(true).disable_help_subcommand(true);
    let matches = lenient.try_get_matches_from(rest).ok()?;
    let name = matches.subcommand_name()?;
    // Options of all commands are passed on to each when the whole is built, which is not done here.
    let command = Cli::command().find_subcommand(name)?.clone();
    let command = with_rest(command.bin_name(format!("wharfinger {name}")).max_term_width(WIDTH));
    Some(render(command, is_long))
}

/// Adds where the options of every command are described.
fn with_rest(command: Command) -> Command {
    let more = "Options of every command, such as --manifest, --format and --forge: `wharfinger --help`";
    let examples = command.get_after_long_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
    command.after_help(more).after_long_help(format!("{examples}{more}"))
}

fn render(mut command: Command, is_long: bool) -> StyledStr {
    if is_long { command.render_long_help() } else { command.render_help() }
}
