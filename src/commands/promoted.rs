//! The rows that `promote` reports.

use super::Context;
use crate::apply::anew::WriteError;
use crate::apply::copy::Carried;
use crate::apply::promote::{Applied, Promoted};
use crate::apply::record::{Outcome, Recorded, Unwritten};
use crate::observe::reviews::Reviews;
use crate::plan::companions::LeftBehind;
use crate::plan::{FailedStep, Failure, State, Step};
use crate::report::rows;
use crate::text::excerpt;

/// Everything that was done. What the mirror already had counts as promoted by this run only if this run recorded it.
pub(super) fn outcome(
    applied: Applied,
    recorded: Option<Result<Outcome, WriteError>>,
    mut failed: Vec<rows::Failed>,
    row: impl Fn(Promoted) -> rows::Promoted,
) -> rows::Outcome {
    failed.extend(applied.failed.into_iter().map(rows::Failed::from));
    let unrecorded = unrecorded(&applied.promoted, recorded.as_ref());
    let (committed, proposed) = match recorded.and_then(Result::ok).map(|outcome| outcome.recorded) {
        Some(Recorded::Committed(_)) => (true, None),
        Some(Recorded::Proposed(proposed)) => (false, Some(proposed)),
        Some(Recorded::Already) | None => (false, None),
    };
    let action = proposed.as_ref().map(|proposed| proposed.action);
    let wrote = committed || matches!(action, Some(rows::ProposedAction::Opened | rows::ProposedAction::Updated));
    let closed = action == Some(rows::ProposedAction::Closed);
    let is_recorded = |step: &Step| {
        wrote && !unrecorded.iter().any(|f| f.repository == step.repository && f.tag.as_ref() == Some(&step.tag))
    };
    let is_ours = |promoted: &Promoted| promoted.step.state == State::Copy || is_recorded(&promoted.step);
    let ours: Vec<Promoted> = applied.promoted.into_iter().filter(is_ours).collect();
    failed.extend(unrecorded.into_iter().map(rows::Failed::from));
    rows::Outcome {
        proposals: proposed.into_iter().collect(),
        changed: wrote || closed || applied.changed || !ours.is_empty() || !applied.carried.is_empty(),
        carried: applied.carried.into_iter().map(carried).collect(),
        left_behind: applied.left_behind.into_iter().map(|(step, left)| left_behind(step, left)).collect(),
        promoted: ours.into_iter().map(row).collect(),
        fixed: applied.fixed.into_iter().map(rows::Finding::from).collect(),
        aliases: applied.aliases.iter().map(rows::Alias::from).collect(),
        removed: applied.removed.iter().map(rows::Removal::from).collect(),
        drift: applied.left.into_iter().map(rows::Finding::from).collect(),
        failed,
        ..rows::Outcome::default()
    }
}

/// What was promoted but could not be recorded, with the reasons.
fn unrecorded(promoted: &[Promoted], recorded: Option<&Result<Outcome, WriteError>>) -> Vec<Failure> {
    let failed = |step: &Step, error: String| step.failed(FailedStep::Record, error);
    match recorded {
        None => Vec::new(),
        Some(Err(error)) => {
            tracing::error!("recording: {error}");
            promoted.iter().map(|p| failed(&p.step, error.to_string())).collect()
        }
        Some(Ok(Outcome { unwritten, .. })) => {
            let of = |Unwritten { record, error }: &Unwritten| {
                tracing::error!("recording {}:{}: {error}", record.repository, record.tag);
                let is_its = |step: &Step| step.repository == record.repository && step.tag == record.tag;
                Some(failed(&promoted.iter().find(|p| is_its(&p.step))?.step, error.to_string()))
            };
            unwritten.iter().filter_map(of).collect()
        }
    }
}

pub(super) fn promoted_row(context: &Context, reviews: &Reviews, promoted: Promoted) -> rows::Promoted {
    let pull = reviews.came.get(&promoted.step.key()).and_then(|came| came.pull);
    let pull_url = pull.and_then(|number| context.settings.github.pull_page(number));
    let Promoted { step, mirrored } = promoted;
    rows::Promoted { repository: step.repository, tag: step.tag, digest: step.digest, mirrored, pull, pull_url }
}

fn carried(Carried { repository, tag, digest, under }: Carried) -> rows::Carried {
    rows::Carried { repository, tag, digest, under }
}

fn left_behind(step: Step, left: LeftBehind) -> rows::LeftBehind {
    let LeftBehind { digest, under, why } = left;
    rows::LeftBehind { repository: step.repository, tag: step.tag, digest, under, why: excerpt(&why, 300) }
}
