//! Which events may write. A workflow can be triggered by something anybody wrote; only these triggers act for the
//! default branch, which people review.

use super::event::{Event, Kind};
use crate::exit::Stop;
use crate::text::excerpt;

/// Whether this run may write: it was started by a push, a schedule, by hand or by a comment, and always for the
/// default branch itself.
///
/// `default_branch` is what the payload, or else the forge, says.
///
/// # Errors
/// [`Stop::Unusable`], with what the workflow should do instead.
pub(crate) fn may_write(event: &Event, default_branch: &str) -> Result<(), Stop> {
    let name = &event.name;
    if !matches!(event.kind, Kind::Push(_) | Kind::Schedule | Kind::WorkflowDispatch | Kind::IssueComment(_)) {
        return Err(Stop::Unusable(format!(
            "this command writes, so it does not run for the event {name}, only for push, schedule, \
             workflow_dispatch and issue_comment. For pull requests, use check; for other events, dry-run shows what \
             would be done"
        )));
    }
    let wanted = format!("refs/heads/{default_branch}");
    if event.git_ref != wanted {
        return Err(Stop::Unusable(format!(
            "this command writes, so it only runs for {}, not for {}: start the workflow on the default branch",
            excerpt(&wanted, 200),
            excerpt(&event.git_ref, 200)
        )));
    }
    Ok(())
}
