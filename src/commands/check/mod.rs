//! `check`: judges what a pull request would let in. Needs no secret and writes nothing but the job's summary,
//! annotations and outputs.

use super::{Context, Exit, Stop, promote};
use crate::diag::position;
use crate::forge::{Commit, Contents, Error, StatusState, Statuses};
use crate::manifest::File;
use crate::observe::manifest::{LoadError, files_from_forge};
use crate::proposal::metadata::Metadata;
use crate::report::annotations::{Annotation, Level};
use crate::report::{Output, rows};

mod judge;
mod subject;

use judge::{Judgement, judge};
use subject::Subject;

/// The commit status that carries the verdict.
const STATUS: &str = "wharfinger";

/// Runs it for `images`, or for all where none is named.
///
/// # Errors
/// Why it could not work. Faults of the manifest are a result like any other, but for the exit status.
pub async fn run(context: &Context, images: &[String], output: &mut Output) -> Result<Exit, Stop> {
    let subject = Subject::of_run(context).await?;
    let judgement = judge(context, &subject).await?;
    let judgement = match judgement {
        Judgement::Unusable(faults) => return Err(Stop::Manifest(faults, subject.head)),
        Judgement::Judged(judged) => judged,
    };
    let scope = promote::scope(context, &judgement.manifest, images)?;
    let judged = judgement.within(&scope);
    for finding in &judged.findings {
        output.annotate(annotation(finding, &subject.head));
    }
    if !judged.report.is_empty() {
        output.evidence(&format!("## What a merge would let in\n\n{}", judged.report));
    }
    let check = rows::Check {
        diagnostics: Vec::new(),
        findings: judged.findings.iter().map(row).collect(),
        promotions: judged.promotions,
        failed: judged.failed,
    };
    let clean = check.findings.is_empty() && check.failed.is_empty();
    output.check(check, &subject.head);
    Ok(if clean { Exit::Done } else { Exit::Findings })
}

/// Posts the verdict on a proposal's commit, unless that commit has it. What its body says of itself is `metadata`. Gives
/// whether that is the last word: what could not be worked out is tried again.
///
/// # Errors
/// Where the forge does not answer or refuses.
pub async fn post_verdict(
    context: &Context,
    contents: &dyn Contents,
    statuses: &dyn Statuses,
    commit: &Commit,
    metadata: Option<Metadata>,
) -> Result<bool, Error> {
    let posted = statuses.status(commit, STATUS).await?;
    if matches!(posted, Some((StatusState::Success | StatusState::Failure, _))) {
        return Ok(true);
    }
    let (state, text) = verdict_now(context, contents, statuses, commit, metadata).await;
    if posted != Some((state, text.clone())) {
        statuses.set_status(commit, STATUS, state, &text).await?;
    }
    Ok(state != StatusState::Error)
}

/// Posts a verdict, unless it is the one that the commit has.
///
/// # Errors
/// Where the forge does not answer or refuses.
pub async fn post(statuses: &dyn Statuses, commit: &Commit, (state, text): (StatusState, &str)) -> Result<(), Error> {
    if statuses.status(commit, STATUS).await? == Some((state, text.to_owned())) {
        return Ok(());
    }
    statuses.set_status(commit, STATUS, state, text).await
}

/// The verdict on a proposal's commit, whatever was posted before, in a line that a status takes.
pub async fn verdict_now(
    context: &Context,
    contents: &dyn Contents,
    statuses: &dyn Statuses,
    commit: &Commit,
    metadata: Option<Metadata>,
) -> (StatusState, String) {
    let (state, text) = match verdict(context, contents, statuses, commit, metadata).await {
        Ok(verdict) => verdict,
        Err(Stop::CannotWork(e)) => (StatusState::Error, format!("could not be worked out: {e:#}")),
        Err(e) => (StatusState::Failure, e.to_string()),
    };
    (state, crate::text::cut(&text, 130))
}

async fn verdict(
    context: &Context,
    contents: &dyn Contents,
    statuses: &dyn Statuses,
    commit: &Commit,
    metadata: Option<Metadata>,
) -> Result<(StatusState, String), Stop> {
    let path = &context.settings.manifest;
    let head = files(contents, commit, path).await?.unwrap_or_default();
    let parents = statuses.parents(commit).await.map_err(|e| Stop::CannotWork(e.into()))?;
    let Some(parent) = parents.first() else { return Ok(not_alone()) };
    // Only from the default branch on is all that a merge would bring in sight.
    if !statuses.is_merged(parent).await.map_err(|e| Stop::CannotWork(e.into()))? {
        return Ok(not_alone());
    }
    let base = files(contents, parent, path).await?;
    let public_only = context.settings.github.in_actions;
    let subject = Subject { head, base, proposal: Some(metadata), public_only };
    Ok(match judge(context, &subject).await? {
        Judgement::Unusable(faults) => (StatusState::Failure, format!("the manifest has {} fault(s)", faults.len())),
        Judgement::Judged(judged) => judged.verdict(),
    })
}

/// The verdict on a commit that is not the only one of its proposal.
fn not_alone() -> (StatusState, String) {
    let text =
        "other commits than Wharfinger's stand on this branch: `wharfinger check` on the pull request judges them";
    (StatusState::Failure, text.to_owned())
}

/// The manifest's texts at a commit; `None` where it has none.
async fn files(contents: &dyn Contents, at: &Commit, path: &str) -> Result<Option<Vec<File>>, Stop> {
    match files_from_forge(contents, at, path).await {
        Ok(files) => Ok(Some(files)),
        Err(LoadError::Missing { .. }) => Ok(None),
        Err(e) => Err(Stop::from(e)),
    }
}

fn row(finding: &crate::proposal::review::Finding) -> rows::Finding {
    rows::Finding {
        code: finding.code,
        repository: finding.repository.clone(),
        tag: finding.tag.clone(),
        expected: finding.expected.clone(),
        found: finding.found.clone(),
    }
}

fn annotation(finding: &crate::proposal::review::Finding, files: &[File]) -> Annotation {
    let place = finding.place.and_then(|(file, at)| {
        let File { path, text } = files.get(file)?;
        let (line, column) = position(text, at);
        Some((path.clone(), line, column))
    });
    let message = format!("expected {}, found {}", finding.expected, finding.found);
    Annotation { level: Level::Error, place, title: finding.code.to_owned(), message }
}
