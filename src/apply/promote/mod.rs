//! Applies a promotion plan: creates repositories, copies images concurrently, and reports the result of each.

use super::interruption::Interruption;
use super::removal::Outcome;
use crate::manifest::Manifest;
use crate::plan::destination;
use crate::plan::removal::Why;

mod aliases;
mod images;
mod repositories;
mod work;

pub(crate) use work::{Applied, Promoted, Work};

/// Applies a plan: aliases of what is there are moved and revoked tags deleted first, then repositories are created and
/// fixed, then images are copied or verified and their aliases follow, and finally retired tags are deleted. One image's
/// failure never stops the others, nor does a refusal by one repository; a credential that is refused as such stops
/// all, and so does an interruption: what is promoted then is distinguished from what is not.
pub(crate) async fn promote(work: &Work<'_>, interruption: &Interruption) -> Applied {
    let mut applied = Applied { sealed: work.planned.doubtful.clone(), ..Applied::default() };
    let there = work.planned.present();
    // What serves revoked bytes under another name moves before they are deleted.
    aliases::set(work, &there, &mut applied).await;
    remove(work, Why::Revoked, &mut applied).await;
    let unmade = repositories::prepare(work, &mut applied).await;
    if applied.stopped.is_some() {
        return applied;
    }
    images::copy(work, &unmade, &mut applied, interruption).await;
    if interruption.signal().is_none() {
        let promoted = applied.promoted.iter().map(|promoted| promoted.step.key()).filter(|key| !there.contains(key));
        aliases::set(work, &promoted.collect(), &mut applied).await;
    }
    explain(work.manifest, &mut applied);
    if applied.stopped.is_none() && interruption.signal().is_none() {
        remove(work, Why::Retired, &mut applied).await;
    }
    applied
}

/// Deletes the tags with one reason, one after the other, as they are few.
async fn remove(work: &Work<'_>, why: Why, applied: &mut Applied) {
    for removal in work.planned.removals.iter().filter(|removal| removal.why == why) {
        match work.remover().remove(removal).await {
            Outcome::Deleted => {
                applied.removed.push(removal.clone());
                applied.changed = true;
            }
            Outcome::Gone => {}
            Outcome::Stays { step, text, changed, sealed } => {
                applied.failed.push(removal.failed(step, text));
                applied.changed |= changed;
                if sealed {
                    applied.sealed.insert(removal.repository.clone());
                }
            }
        }
    }
}

/// Explains a destination's errors that are not clear by themselves.
fn explain(manifest: &Manifest, applied: &mut Applied) {
    let errors = applied.failed.iter_mut().map(|failure| &mut failure.error).chain(&mut applied.stopped);
    for error in errors {
        if let Some(more) = destination::explained(manifest, error) {
            error.push_str(&format!("; {more}"));
        }
    }
}
