//! The verdict on a proposal's commit, as a commit status.

use super::judge::judge;
use super::subject::{Subject, files};
use crate::commands::{Context, Stop};
use crate::forge::{Commit, Error, StatusState, Statuses};
use crate::proposal::metadata::Metadata;

/// The commit status that carries the verdict.
const STATUS: &str = "wharfinger";

/// Posts the verdict on a proposal's commit, unless that commit has it. What its body says of itself is `metadata`. Gives
/// whether that is the last word: what could not be worked out is tried again.
pub(in crate::commands) async fn post_verdict(
    context: &Context,
    statuses: &dyn Statuses,
    commit: &Commit,
    metadata: Option<Metadata>,
) -> Result<bool, Error> {
    let posted = statuses.status(commit, STATUS).await?;
    if matches!(posted, Some((StatusState::Success | StatusState::Failure, _))) {
        return Ok(true);
    }
    let (state, text) = verdict_now(context, statuses, commit, metadata).await;
    if posted != Some((state, text.clone())) {
        statuses.set_status(commit, STATUS, state, &text).await?;
    }
    Ok(state != StatusState::Error)
}

/// Posts a verdict, unless it is the one that the commit has.
pub(in crate::commands) async fn post(
    statuses: &dyn Statuses,
    commit: &Commit,
    state: StatusState,
    text: &str,
) -> Result<(), Error> {
    if statuses.status(commit, STATUS).await? == Some((state, text.to_owned())) {
        return Ok(());
    }
    statuses.set_status(commit, STATUS, state, text).await
}

/// The verdict on a proposal's commit, whatever was posted before, in a line that a status takes.
pub(in crate::commands) async fn verdict_now(
    context: &Context,
    statuses: &dyn Statuses,
    commit: &Commit,
    metadata: Option<Metadata>,
) -> (StatusState, String) {
    let (state, text) = match verdict(context, statuses, commit, metadata).await {
        Ok(verdict) => verdict,
        Err(Stop::CannotWork(e)) => (StatusState::Error, format!("could not be worked out: {e:#}")),
        Err(e) => (StatusState::Failure, e.to_string()),
    };
    (state, crate::text::cut(&text, 130))
}

async fn verdict(
    context: &Context,
    statuses: &dyn Statuses,
    commit: &Commit,
    metadata: Option<Metadata>,
) -> Result<(StatusState, String), Stop> {
    let path = &context.settings.manifest;
    let contents = context.forge()?.as_ref();
    let head = files(contents, commit, path).await?.unwrap_or_default();
    // Only from the default branch on is all that a merge would bring in sight.
    let parent = statuses.brings(commit).await?.base;
    let base = files(contents, &parent, path).await?;
    let public_only = context.settings.github.in_actions;
    let base_commit = Some(parent);
    let subject = Subject { head, base, base_commit, proposal: Some(metadata), edited_by: None, public_only };
    Ok(judge(context, &subject).await?.verdict())
}
