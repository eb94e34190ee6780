//! `run`: picks what to do by the event.

use super::{Context, Exit, Stop, check, comment, guard, load, promote, propose, read_event, siblings};
use crate::action::Event;
use crate::action::event::Kind;
use crate::args::Promote;
use crate::observe::proposals::Asked;
use crate::observe::repositories::Attention;
use crate::report::Output;
use crate::text::excerpt;

/// Does what the event asks for.
///
/// # Errors
/// If the event asks for nothing that this program does, or why the request could not be carried out.
pub(crate) async fn run(context: &Context, output: &mut Output) -> Result<Exit, Stop> {
    if !context.settings.github.in_actions {
        return Err(Stop::Unusable(
            "run chooses what to do from a GitHub workflow's event, and this is not a workflow: name a command, such as plan, propose or promote".to_owned(),
        ));
    }
    let event = read_event(context)?;
    match &event.kind {
        Kind::Schedule | Kind::WorkflowDispatch => Box::pin(by_the_clock(context, output)).await,
        Kind::PullRequest(_) | Kind::MergeGroup(_) => check::run(context, &[], output).await,
        Kind::Push(_) => {
            guard(context).await?;
            after_a_push(context, output).await
        }
        Kind::IssueComment(comment) => comment::run(context, comment, output).await,
        Kind::Other => Err(unknown(&event)),
    }
}

/// Promotes what was merged, then recreates the proposals that conflict with it. A failure of one does not prevent the
/// other.
async fn after_a_push(context: &Context, output: &mut Output) -> Result<Exit, Stop> {
    let arguments = Promote { attention: Attention::Brief, ..Promote::default() };
    let promoted = promote::run(context, &arguments, output).await;
    if matches!(promoted, Err(Stop::Unusable(_) | Stop::Manifest(..))) || context.interruption.signal().is_some() {
        return promoted;
    }
    both(promoted, siblings::run(context, output).await)
}

/// Promotes what is pending, if there are credentials for the destination, then proposes, then recreates conflicting
/// proposals among those that were left as they were. A failure of one does not prevent the other.
async fn by_the_clock(context: &Context, output: &mut Output) -> Result<Exit, Stop> {
    guard(context).await?;
    let (_, manifest) = load::at_head(context).await?;
    let promoted = if context.has_credentials_for(&manifest.registry).await {
        let arguments = Promote { signatures: true, ..Promote::default() };
        promote::run(context, &arguments, output).await
    } else {
        tracing::warn!("no credentials for the destination: pending approvals are not promoted");
        Ok(Exit::Done)
    };
    if matches!(promoted, Err(Stop::Unusable(_) | Stop::Manifest(..))) {
        return promoted;
    }
    let done = both(promoted, Box::pin(propose::run(context, &[], Asked::default(), output)).await);
    // What a person approved is not updated to a newer version, but if it conflicts, nobody can merge it.
    if !output.left_a_proposal() || context.interruption.signal().is_some() {
        return done;
    }
    both(done, siblings::run(context, output).await)
}

/// How a run of two commands ends.
fn both(first: Result<Exit, Stop>, second: Result<Exit, Stop>) -> Result<Exit, Stop> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok(first.and(second)),
        (Err(Stop::CannotWork(first)), Err(Stop::CannotWork(second))) => Err(Stop::both(&first, &second)),
        (Err(stop), _) | (_, Err(stop)) => Err(stop),
    }
}

fn unknown(event: &Event) -> Stop {
    let name = excerpt(&event.name, 60);
    let instead = match name.as_str() {
        "pull_request_target" => ". pull_request checks the same without the job's secrets",
        "repository_dispatch" => ". The API can start workflow_dispatch as well",
        _ => "",
    };
    Stop::Unusable(format!(
        "run does nothing for the event {name}: it handles schedule, workflow_dispatch, pull_request, merge_group, push and issue_comment{instead}"
    ))
}
