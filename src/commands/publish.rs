//! Publishes a proposal: the commit, the verdict on it, then what a person sees. One order for every command that does.
//!
//! A body that names its commit says that everything that belongs to that commit is done; so it is written last, and what an
//! interrupted run did not come to is made up for by [`settle`].

use super::{Context, check};
use crate::apply::propose::{JOB_LOGIN, Publication, PublishError, Published, commit, present};
use crate::forge::{Commit, Forge, OpenProposal, Social};
use crate::proposal::metadata::{self, Metadata, ObjectId};

/// Opens a proposal, or moves the open one to what is wanted now.
///
/// # Errors
/// [`crate::forge::Error::Moved`] where somebody else was faster: look again. Anything else concerns this proposal alone.
pub(super) async fn publish(
    context: &Context,
    forge: &dyn Forge,
    publication: &Publication<'_>,
    open: Option<&OpenProposal>,
) -> Result<Published, PublishError> {
    let mut committed = commit(forge, publication, open).await?;
    let judged = match forge.social() {
        Some(social) if is_job(social, open).await => {
            verdict(context, forge, social, &committed.commit, Some(committed.metadata.clone())).await
        }
        _ => true,
    };
    committed.metadata.head = committed.metadata.head.filter(|_| judged);
    present(forge, publication, open, committed).await
}

/// Makes up for a verdict that an earlier run could not post: the body names the commit once there is one.
///
/// # Errors
/// Where the forge does not take the body.
pub(super) async fn settle(context: &Context, forge: &dyn Forge, open: &OpenProposal) -> Result<(), PublishError> {
    let metadata = metadata::read(&open.body);
    let Some(social) = forge.social().filter(|_| open.author == JOB_LOGIN) else { return Ok(()) };
    if metadata.as_ref().and_then(|m| m.head.as_ref()).is_some_and(|head| head.as_str() == open.head.0) {
        return Ok(());
    }
    if verdict(context, forge, social, &open.head, metadata.clone()).await
        && let Some(metadata) = metadata.filter(|_| !open.touched)
    {
        let named = Metadata { head: ObjectId::try_from(open.head.0.clone()).ok(), ..metadata.clone() };
        let body = open.body.replacen(&metadata::write(&metadata), &metadata::write(&named), 1);
        if body != open.body {
            forge.edit(open, &open.title, &body).await?;
        }
    }
    Ok(())
}

/// Whether a proposal is the job's own token's. Where that is not known it is treated as one: a verdict harms nobody.
async fn is_job(social: &dyn Social, open: Option<&OpenProposal>) -> bool {
    match open {
        Some(open) => open.author == JOB_LOGIN,
        None => social.is_job().await.unwrap_or(true),
    }
}

/// Nothing that the job's own token does starts a workflow, so its proposals get the verdict of `check` from here. Whether
/// there is one now that needs no second look.
async fn verdict(
    context: &Context,
    forge: &dyn Forge,
    social: &dyn Social,
    commit: &Commit,
    metadata: Option<Metadata>,
) -> bool {
    let posted = check::post_verdict(context, forge, social, commit, metadata).await;
    posted.unwrap_or_else(|e| {
        tracing::warn!("the verdict on {commit} could not be posted: {e}");
        false
    })
}
