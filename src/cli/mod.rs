//! The program: from arguments, environment and streams to a command and an exit status.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use crate::action::{Variables, files};
use crate::apply::interruption::Interruption;
use crate::args::{Cli, Command};
use crate::commands::{Context, dispatch};
use crate::exit::{Exit, Stop};
use crate::progress::{self, Messages, OutsideGroups};
use crate::report::{Filed, Output, Runner, Sinks, Style, workflow_command};
use crate::settings::{self, Given, Settings};
use crate::text::Hidden;

mod help;
mod log;
mod look;
mod signals;

use look::Looks;
use signals::Signals;

pub(crate) struct Process {
    /// The arguments, starting with the program's name.
    pub arguments: Vec<OsString>,
    /// The environment, as far as it is text.
    pub variables: Variables,
    pub stdin: Box<dyn Read>,
    pub sinks: Sinks,
    pub directory: PathBuf,
}

#[must_use]
pub fn main() -> ExitCode {
    // A panic's message may contain a secret, and starts a line: only its location is printed.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let _ = writeln!(Messages, "error: a bug in wharfinger{place}: please report it");
    }));
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    let process = Process {
        arguments: std::env::args_os().collect(),
        variables: std::env::vars_os().filter_map(text).collect(),
        stdin: Box::new(std::io::stdin()),
        sinks: Sinks { out: Box::new(std::io::stdout()), err: Box::new(Messages) },
        directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
    };
    ExitCode::from(status_of(|| start(process)))
}

/// The status of `work`; a panic means that it could not work.
fn status_of(work: impl FnOnce() -> u8) -> u8 {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or(3)
}

/// Runs a process and returns its exit status: 0 done, 1 findings or failures, 2 unusable arguments, event or manifest,
/// 3 could not work.
pub(crate) fn start(mut process: Process) -> u8 {
    let (as_action, cli) = parse(&process);
    let in_actions = is_job(&process.variables);
    let runner = match (in_actions, as_action) {
        (false, _) => Runner::Absent,
        (true, false) => Runner::Step,
        (true, true) => Runner::Action,
    };
    if as_action {
        progress::join();
        process.sinks = Sinks { out: Box::new(OutsideGroups), err: Box::new(OutsideGroups) };
    }
    let mut given = Given {
        flags: cli.as_ref().map_or_else(|_| legible_flags(&process.arguments), |parsed| parsed.flags.clone()),
        verbosity: cli.as_ref().map_or(0, |parsed| parsed.verbosity),
        variables: &process.variables,
        as_action,
        stdin: &mut *process.stdin,
        directory: process.directory.clone(),
    };
    let style = Style { format: settings::format_of(&given), runner };
    let of_variables = settings::masks_of_variables(&given);
    if in_actions {
        hide(&mut process.sinks, &of_variables);
    }
    let parsed = match cli {
        Ok(parsed) => parsed,
        Err(refusal) => return refuse(&mut process, &refusal, in_actions),
    };
    let secrets = settings::secrets(&mut given);
    let masks = settings::masks_of_all(&given, &secrets);
    if in_actions {
        hide(&mut process.sinks, &(&masks - &of_variables));
    }
    let hidden = Hidden::new(masks);
    let settings = settings::resolve(&given, secrets);
    let looks = Looks::of_process(&process.variables, in_actions);
    let output = Output::new(style, process.sinks).hiding(hidden.clone()).looking(looks.out, looks.err);
    match settings {
        Ok(settings) => {
            log::start(settings.log_level, looks.err.colour, in_actions, hidden);
            work(settings, &parsed.command, output)
        }
        Err(e) => end(output, Err(Stop::Unusable(e.to_string())), None),
    }
}

/// A valid command line.
struct Parsed {
    command: Command,
    flags: BTreeMap<&'static str, String>,
    verbosity: u8,
}

/// Parses the arguments; if they contain no command, the program was started as the action, which is the first value
/// returned. Then the input `command` says what to do, and in Actions it defaults to `run`.
fn parse(process: &Process) -> (bool, Result<Parsed, clap::Error>) {
    let cli = match Cli::try_parse_from(&process.arguments) {
        Ok(cli) => cli,
        Err(refusal) => return (false, Err(refusal)),
    };
    if let Some(command) = cli.command.clone() {
        return (false, Ok(Parsed { command, flags: cli.flags(), verbosity: cli.global.verbose }));
    }
    let input = process.variables.get("INPUT_COMMAND").map(|text| text.trim()).filter(|text| !text.is_empty());
    match input.or_else(|| is_job(&process.variables).then_some("run")) {
        Some(text) => (true, parse_input(&cli, text)),
        None => (false, Err(no_command(&process.arguments))),
    }
}

fn is_job(variables: &Variables) -> bool {
    variables.get("GITHUB_ACTIONS").is_some_and(|text| text == "true")
}

/// Parses the input `command`, to which the arguments apply too.
fn parse_input(cli: &Cli, text: &str) -> Result<Parsed, clap::Error> {
    let mut flags = cli.flags();
    let words: Vec<OsString> =
        std::iter::once("wharfinger").chain(text.split_whitespace()).map(OsString::from).collect();
    let inner = Cli::try_parse_from(&words)?;
    flags.extend(inner.flags());
    let command = inner.command.ok_or_else(|| no_command(&words))?;
    Ok(Parsed { command, flags, verbosity: cli.global.verbose.max(inner.global.verbose) })
}

/// The flags of an invalid command line, as far as they can be read: a secret is hidden with its user name all the
/// same.
fn legible_flags(arguments: &[OsString]) -> BTreeMap<&'static str, String> {
    let command = Cli::command().ignore_errors(true).subcommand_required(false);
    let matches = command.try_get_matches_from(arguments).ok();
    let name = matches.and_then(|matches| matches.try_get_one::<String>("dockerhub_username").ok()?.cloned());
    name.map(|name| ("dockerhub-username", name)).into_iter().collect()
}

/// Without any argument the help, else an error that a command is missing.
fn no_command(arguments: &[OsString]) -> clap::Error {
    let command = Cli::command().subcommand_required(true).arg_required_else_help(true);
    let missing = || clap::Error::raw(clap::error::ErrorKind::MissingSubcommand, "no command given\n");
    command.try_get_matches_from(arguments).err().unwrap_or_else(missing)
}

/// Help and version are results; everything else that ends here is an invalid command line.
fn refuse(process: &mut Process, refusal: &clap::Error, in_actions: bool) -> u8 {
    let looks = Looks::of_process(&process.variables, in_actions);
    let is_help = matches!(refusal.kind(), ErrorKind::DisplayHelp);
    let help = help::of_command(&process.arguments).filter(|_| is_help);
    let (status, out, look) = match refusal.use_stderr() {
        true => (2, &mut process.sinks.err, looks.err),
        false => (0, &mut process.sinks.out, looks.out),
    };
    let text = help.unwrap_or_else(|| refusal.render());
    // Help quotes nothing. Errors quote the input, which must not control the terminal or, in Actions, the runner.
    let text = match look.colour && status == 0 {
        true => text.ansi().to_string(),
        false => text.to_string().replace(|c: char| c.is_control() && c != '\n', " "),
    };
    let line = |line| if in_actions { workflow_command::inert_line(line) } else { String::from(line) };
    // If nobody reads, nothing can be reported.
    let _ = text.lines().try_for_each(|text| writeln!(out, "{}", line(text))).and_then(|()| out.flush());
    status
}

fn work(settings: Settings, command: &Command, mut output: Output) -> u8 {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return end(output, Err(Stop::CannotWork(e.into())), None),
    };
    let environment = settings.github.clone();
    let interruption = Interruption::default();
    let result = runtime.block_on(async {
        let signals = Signals::listen();
        let work = async {
            let mut context = Context::build(settings).await?;
            context.interruption = interruption.clone();
            dispatch(&context, command, &mut output).await
        };
        tokio::select! {
            biased;
            result = work => result,
            signal = signals::asked_to_end(signals, &interruption) => Err(Stop::CannotWork(anyhow::anyhow!(
                "{signal} ended the run before it was done: run it again to continue from here"
            ))),
        }
    });
    // Pending work, such as resolving a name, is not waited for.
    runtime.shutdown_background();
    end(output, result, Some(&environment))
}

/// Prints what is left to print, writes the runner's files, and returns the status.
fn end(mut output: Output, result: Result<Exit, Stop>, environment: Option<&crate::action::Environment>) -> u8 {
    let (status, error) = match result {
        Ok(Exit::Done) => (0, None),
        Ok(Exit::Findings) => (1, None),
        Err(Stop::Manifest(diagnostics, files)) => {
            output.diagnostics(diagnostics, &files);
            (2, None)
        }
        Err(stop @ Stop::Behind(_)) => (1, Some(stop.to_string())),
        Err(stop @ Stop::Unusable(_)) => (2, Some(stop.to_string())),
        Err(stop @ Stop::CannotWork(_)) => (3, Some(stop.to_string())),
    };
    let written = output.finish(error.as_deref()).map_err(|e| format!("standard output cannot be written: {e}"));
    let written = written.and_then(|ending| {
        environment.map_or(Ok(()), |environment| files::write(environment, &ending))?;
        let Some(document) = &ending.document else { return Ok(()) };
        write_file(document).map_err(|e| format!("{} cannot be written: {e}", document.path))
    });
    match written {
        Ok(()) => status,
        Err(text) => {
            let _ = writeln!(Messages, "error: {text}");
            3
        }
    }
}

fn write_file(document: &Filed) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(&document.path)?);
    document.write(&mut file)?;
    file.flush()
}

/// Tells the runner what to hide, before anything else is written.
fn hide(sinks: &mut Sinks, masks: &BTreeSet<String>) {
    for mask in masks {
        // If the runner does not read, there is nothing to hide.
        let _ = workflow_command::write(&mut sinks.err, "add-mask", &[], mask);
    }
    let _ = sinks.err.flush();
}

#[cfg(test)]
mod tests {
    use super::status_of;

    #[test]
    fn a_panic_ends_with_the_status_of_a_run_that_could_not_work() {
        assert_eq!(status_of(|| 1), 1);
        assert_eq!(status_of(|| [0][std::hint::black_box(1)]), 3);
    }
}
