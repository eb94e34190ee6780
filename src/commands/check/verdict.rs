//! The verdict on a proposal's commit, as a commit status.

use super::judge::judge;
use super::judged::Judged;
use super::subject::{Named, ReadAt, Subject, files};
use super::tell;
use crate::commands::{Context, Stop};
use crate::forge::{Commit, Error, OpenProposal, StatusState, Statuses};
use crate::markdown::code;
use crate::proposal::metadata::{self, Metadata};
use crate::report::Output;

/// The commit status that carries the verdict.
const STATUS: &str = "wharfinger";

/// The result of `check`, in one line for a status.
pub(in crate::commands) struct Verdict {
    pub(in crate::commands) state: StatusState,
    pub(in crate::commands) text: String,
}

impl Verdict {
    /// The same as a Markdown sentence for people.
    pub(in crate::commands) fn sentence(&self, commit: &Commit) -> String {
        let word = match self.state {
            StatusState::Success => "Success",
            StatusState::Failure => "Failure",
            StatusState::Error => "Error",
        };
        format!("{word}: {}. This is the verdict on {commit}.", code(&self.text, 200))
    }
}

/// Posts the verdict on a proposal's commit, unless that commit has it. `metadata` comes from its body. Returns whether
/// it is final: what could not be determined is tried again.
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
    let Verdict { state, text } = worded(&judged(context, statuses, commit, metadata, None).await);
    if posted != Some((state, text.clone())) {
        statuses.set_status(commit, STATUS, state, &text).await?;
    }
    Ok(state != StatusState::Error)
}

/// Posts a verdict, unless the commit already has it.
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

/// The verdict on an open proposal, whatever was posted before. Findings are reported as by `check`.
pub(in crate::commands) async fn recheck(
    context: &Context,
    statuses: &dyn Statuses,
    open: &OpenProposal,
    output: &mut Output,
) -> Verdict {
    let (metadata, edited_by) = (metadata::read(&open.body), open.edited_by.clone());
    let judged = judged(context, statuses, &open.head, metadata, edited_by).await;
    let verdict = worded(&judged);
    output.evidence(&verdict.sentence(&open.head));
    match judged {
        Ok((subject, judged)) => drop(tell(&subject, judged, output)),
        Err(Stop::Manifest(faults, files)) => output.diagnostics(faults, &files),
        Err(_) => {}
    }
    verdict
}

fn worded(judged: &Result<(Subject, Judged), Stop>) -> Verdict {
    let (state, text) = match judged {
        Ok((_, judged)) => judged.verdict(),
        Err(Stop::CannotWork(e)) => (StatusState::Error, format!("could not be worked out: {e:#}")),
        Err(e) => (StatusState::Failure, e.to_string()),
    };
    Verdict { state, text: crate::text::cut(&text, 130) }
}

async fn judged(
    context: &Context,
    statuses: &dyn Statuses,
    commit: &Commit,
    metadata: Option<Metadata>,
    edited_by: Option<String>,
) -> Result<(Subject, Judged), Stop> {
    let path = &context.settings.manifest;
    let contents = context.forge()?.as_ref();
    let head = files(contents, commit, path).await?.unwrap_or_default();
    // Only a comparison with the default branch shows everything that a merge would bring.
    let parent = statuses.brings(commit).await?.base;
    let base = files(contents, &parent, path).await?;
    let public_only = context.settings.github.in_actions;
    let at = |commit: &Commit| ReadAt::of(context, commit.clone());
    let named = Named::of(context, at(commit), at(&parent));
    let base_commit = Some(parent);
    let subject = Subject { head, base, base_commit, named, proposal: Some(metadata), edited_by, public_only };
    let judged = judge(context, &subject).await?;
    Ok((subject, judged))
}
