//! From the command line's command to the function that does it.

use super::{
    Context, Exit, Stop, apply_policy, approve, audit, catalog, check, completions, diff, doctor, evidence, explain,
    guard, import, init, plan, promote, propose, run, scan, schema, sign_in, usage, verify_access,
};
use crate::args::Command;
use crate::observe::proposals::Asked;
use crate::report::{Format, Output};

/// Runs a command. For commands that write, the event is checked first.
pub(crate) async fn dispatch(context: &Context, command: &Command, output: &mut Output) -> Result<Exit, Stop> {
    if context.settings.format == Format::Sarif && !matches!(command, Command::Audit(_) | Command::Scan(_)) {
        return Err(Stop::Unusable(
            "--format sarif only works with audit and scan: use human or json with other commands".to_owned(),
        ));
    }
    if context.settings.format == Format::Markdown && !matches!(command, Command::Diff(_)) {
        return Err(Stop::Unusable(
            "--format markdown only works with diff: use human or json with other commands".to_owned(),
        ));
    }
    if writes(command) {
        guard(context).await?;
    }
    match command {
        Command::Run(_) => Box::pin(run::run(context, output)).await,
        Command::Plan(arguments) => plan::run(context, &arguments.images.images, arguments.shards, output).await,
        Command::Explain(arguments) => explain::run(context, arguments, output).await,
        Command::Propose(arguments) => {
            Box::pin(propose::run(context, &arguments.images.images, Asked::default(), output)).await
        }
        Command::Check(arguments) => check::run(context, &arguments.images, output).await,
        Command::Promote(arguments) => promote::run(context, arguments, output).await,
        Command::Approve(arguments) => Box::pin(approve::run(context, arguments, output)).await,
        Command::Evidence(arguments) => Box::pin(evidence::run(context, &arguments.image, output)).await,
        Command::Audit(arguments) => audit::run(context, arguments, output).await,
        Command::ApplyPolicy(arguments) => apply_policy::run(context, arguments, output).await,
        Command::Doctor(arguments) => Box::pin(doctor::run(context, arguments, output)).await,
        Command::SignIn(arguments) => sign_in::run(context, arguments, output).await,
        Command::VerifyAccess(arguments) => verify_access::run(context, arguments, output).await,
        Command::Catalog(arguments) => Box::pin(catalog::run(context, arguments, output)).await,
        Command::Usage(arguments) => Box::pin(usage::run(context, arguments, output)).await,
        Command::Diff(arguments) => Box::pin(diff::run(context, arguments, output)).await,
        Command::Scan(arguments) => Box::pin(scan::run(context, arguments, output)).await,
        Command::Import(arguments) => Box::pin(import::run(context, arguments, output)).await,
        Command::Init(arguments) => Box::pin(init::run(context, arguments, output)).await,
        Command::Schema(arguments) => schema::run(&arguments.of, output),
        Command::Completions(arguments) => completions::run(arguments.shell, output),
    }
}

/// Whether a command can write; `run` checks again for the command that it picks.
fn writes(command: &Command) -> bool {
    match command {
        Command::Propose(_) | Command::Promote(_) | Command::Approve(_) | Command::ApplyPolicy(_) => true,
        Command::Audit(arguments) => arguments.issue,
        _ => false,
    }
}
