//! What started this run, and whether such a run may write.

use super::{Context, Stop};
use crate::action::{self, Event};

/// In Actions only some events may write, and only for the default branch. A dry run writes nothing.
pub(crate) async fn guard(context: &Context) -> Result<(), Stop> {
    if !context.settings.github.in_actions || context.settings.dry_run {
        return Ok(());
    }
    let event = read_event(context)?;
    let branch = match &event.default_branch {
        Some(branch) => branch.clone(),
        // The payload of a schedule may not describe the repository, so the forge is asked.
        None => context.forge()?.head().await?.branch,
    };
    action::may_write(&event, &branch)
}

/// The event of this run.
///
/// # Errors
/// [`Stop::Unusable`] if there is none or it cannot be understood.
pub(crate) fn read_event(context: &Context) -> Result<Event, Stop> {
    Event::read(&context.settings.github).map_err(|e| Stop::Unusable(e.to_string()))
}
