//! One short function a command. A command observes, plans, applies and reports; what it decides, pure rooms decide.
//!
//! A new command is a file here, an entry of [`crate::args::Command`] and a line in [`dispatch`].

use crate::action::{self, Event};
use crate::args::Command;
pub use crate::exit::{Exit, Stop};
use crate::forge::Branches;
use crate::manifest::Manifest;
use crate::report::{Format, Output};

pub mod apply_policy;
pub mod approve;
pub mod audit;
pub mod check;
pub mod comment;
pub mod completions;
mod context;
pub mod doctor;
mod evidence;
pub mod explain;
pub mod load;
pub mod plan;
pub mod promote;
pub mod propose;
mod publish;
pub mod run;
pub mod schema;
pub mod sign_in;
mod unreviewed;
pub mod verify_access;

pub use context::Context;
pub use unreviewed::Verdicts;

/// Does what a command says. Commands that write are asked for their event first.
///
/// # Errors
/// Why it could not.
pub async fn dispatch(context: &Context, command: &Command, output: &mut Output) -> Result<Exit, Stop> {
    if context.settings.format == Format::Sarif && !matches!(command, Command::Audit(_)) {
        return Err(Stop::Unusable("--format sarif is for audit: other commands print human or json".to_owned()));
    }
    if writes(command) {
        guard(context).await?;
    }
    match command {
        Command::Run(_) => Box::pin(run::run(context, output)).await,
        Command::Plan(arguments) => plan::run(context, &arguments.images.images, arguments.shards, output).await,
        Command::Explain(arguments) => explain::run(context, arguments, output).await,
        Command::Propose(arguments) => propose::run(context, &arguments.images.images, None, output).await,
        Command::Check(arguments) => check::run(context, &arguments.images, output).await,
        Command::Promote(arguments) => promote::run(context, arguments, output).await,
        Command::Approve(arguments) => Box::pin(approve::run(context, arguments, output)).await,
        Command::Audit(arguments) => audit::run(context, arguments, output).await,
        Command::ApplyPolicy(arguments) => apply_policy::run(context, arguments, output).await,
        Command::Doctor(arguments) => Box::pin(doctor::run(context, arguments, output)).await,
        Command::SignIn(arguments) => sign_in::run(context, arguments, output),
        Command::VerifyAccess(arguments) => verify_access::run(context, arguments, output).await,
        Command::Schema(arguments) => schema::run(&arguments.of, output),
        Command::Completions(arguments) => completions::run(arguments.shell, output),
    }
}

/// Whether a command can write; `run` asks again for the command that it picks.
const fn writes(command: &Command) -> bool {
    match command {
        Command::Propose(_) | Command::Promote(_) | Command::Approve(_) | Command::ApplyPolicy(_) => true,
        Command::Audit(arguments) => arguments.issue,
        _ => false,
    }
}

/// In Actions only some events may write, and only for the default branch. A dry run writes nothing.
pub(crate) async fn guard(context: &Context) -> Result<(), Stop> {
    if !context.settings.github.in_actions || context.settings.dry_run {
        return Ok(());
    }
    let event = read_event(context)?;
    let branch = match &event.default_branch {
        Some(branch) => branch.clone(),
        // The payload of a schedule may say nothing of the repository: the forge does.
        None => context.forge()?.head().await.map_err(|e| Stop::CannotWork(e.into()))?.branch,
    };
    action::may_write(&event, &branch)
}

/// Clears what interrupted runs left at the forge. Only a help: where it fails, a later run does it.
async fn sweep(forge: &dyn Branches, manifest: &Manifest) {
    if let Err(e) = forge.sweep(&manifest.proposals.branch_prefix, None).await {
        tracing::warn!("what interrupted runs left could not be cleared: {e}");
    }
}

/// The event of this run.
///
/// # Errors
/// [`Stop::Unusable`] where there is none or it cannot be understood.
pub fn read_event(context: &Context) -> Result<Event, Stop> {
    Event::read(&context.settings.github).map_err(|e| Stop::Unusable(e.to_string()))
}
