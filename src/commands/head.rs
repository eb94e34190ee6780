//! The default branch's head. For a while after a push GitHub may still return an older one: then the pushed commits
//! are not visible, and a run for them would find nothing to do.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Context, Stop, read_event};
use crate::action::event::Kind;
use crate::forge::{Accounts, Commit, Error, Head};

/// The first and the longest pause before the head is requested again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// The head, which contains what was pushed if a push started this run. It is waited for as long as any answer
/// (`timeout`).
///
/// # Errors
/// [`Stop::Behind`] if it does not contain that; or if the forge does not answer.
pub(super) async fn head(context: &Context) -> Result<Head, Stop> {
    let forge = context.forge()?;
    let mut head = forge.head().await?;
    let (Some(pushed), Some(accounts)) = (pushed(context, &head.branch)?, forge.accounts()) else { return Ok(head) };
    let patience = context.settings.timeout;
    let (until, mut pause) = (Instant::now() + patience, PAUSES.0.min(patience / 8));
    while !holds(accounts, &head.commit, &pushed).await? {
        if Instant::now() + pause > until {
            return Err(behind(&head, &pushed, patience));
        }
        tracing::info!("{} is at {} and does not contain {pushed} yet: asking again", head.branch, head.commit);
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
        head = forge.head().await?;
    }
    Ok(head)
}

/// What was pushed to the default branch, if that started the run.
fn pushed(context: &Context, default_branch: &str) -> Result<Option<Commit>, Stop> {
    if !context.settings.github.in_actions {
        return Ok(None);
    }
    let event = read_event(context)?;
    let here = event.git_ref == format!("refs/heads/{default_branch}");
    Ok(match event.kind {
        Kind::Push(after) if here => after,
        _ => None,
    })
}

/// Whether `commit` is the other one or a descendant of it. A commit that is unknown there is not.
async fn holds(accounts: &dyn Accounts, commit: &Commit, other: &Commit) -> Result<bool, Error> {
    if commit == other {
        return Ok(true);
    }
    match accounts.merge_base(other, commit).await {
        Ok(base) => Ok(base == *other),
        Err(Error::Refused { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn behind(head: &Head, pushed: &Commit, patience: Duration) -> Stop {
    let Head { branch, commit } = head;
    let seconds = patience.as_secs();
    Stop::Behind(format!(
        "this run is for the push of {pushed}, but after {seconds} s (`timeout`) {branch} is at {commit}, which does \
         not contain it. Either GitHub does not show the push yet, or the branch has been moved back since. Nothing \
         was done: run this job again"
    ))
}
