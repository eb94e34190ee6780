//! Publishes a proposal: the commit, the verdict on it, then what a person sees. One order for every command that does.
//!
//! A body that names its commit says that everything that belongs to that commit is done; so it is written last, and
//! [`settle`] catches up on what an interrupted run did not reach.

use super::{Context, check};
use crate::apply::propose::{Committed, Publication, PublishError, commit, invite, present};
use crate::forge::{Commit, Forge, JOB_LOGIN, OpenProposal, Statuses};
use crate::manifest::Manifest;
use crate::observe::own::on_branch;
use crate::observe::proposals::requested_action;
use crate::observe::untouched::find_touched;
use crate::proposal::Wanted;
use crate::proposal::audience::{Audience, UNASKED};
use crate::proposal::decide::Reviewed;
use crate::proposal::machine::Action;
use crate::proposal::metadata::{self, Metadata, ObjectId};
use crate::report::rows::{Proposed, ProposedAction};

/// Makes sure that a proposal that a person asks for is open with the right content, as far as it may be updated, and
/// returns what happened.
///
/// # Errors
/// As for [`publish`] and [`settle`], or if the forge does not say what is open.
pub(super) async fn ensure(
    context: &Context,
    forge: &dyn Forge,
    publication: &Publication<'_>,
    reviewed: Reviewed,
) -> Result<Proposed, PublishError> {
    let Publication { manifest, wanted, .. } = publication;
    let open = on_branch(forge, manifest, &wanted.branch).await?;
    let Some(open) = find_touched(forge, manifest.path(), open).await?.pop() else {
        return publish(context, forge, publication, None).await;
    };
    let why = match requested_action(forge, &open, wanted, reviewed).await? {
        Action::Open | Action::Update => return publish(context, forge, publication, Some(&open)).await,
        Action::Unchanged if open.edited_by.is_some() => return rewrite(context, forge, publication, &open).await,
        Action::Unchanged => {
            settle(context, forge, &open, Some((manifest, wanted))).await?;
            return Ok(row(&open, ProposedAction::Unchanged, None));
        }
        Action::Leave(why) | Action::Tell(why) | Action::Close(why) => why,
        Action::Wait(why) => why.to_string(),
    };
    tracing::info!("{} is left alone: {why}", open.branch);
    Ok(row(&open, ProposedAction::Left, Some(&why)))
}

/// What happened to an open proposal.
pub(super) fn row(open: &OpenProposal, action: ProposedAction, why: Option<&String>) -> Proposed {
    let (url, branch, detail) = (open.url.clone(), open.reference().to_owned(), why.cloned());
    Proposed { number: open.number, url, branch, action, detail, title: open.title.clone() }
}

/// Opens a proposal, or updates the open one to what is wanted now.
///
/// # Errors
/// [`crate::forge::Error::Moved`] if somebody else was faster: read it again. Any other error only concerns this
/// proposal.
pub(super) async fn publish(
    context: &Context,
    forge: &dyn Forge,
    publication: &Publication<'_>,
    open: Option<&OpenProposal>,
) -> Result<Proposed, PublishError> {
    let committed = commit(forge, publication, open).await?;
    let committed = judged(context, forge, committed, open).await;
    present(forge, publication, open, committed).await
}

/// Rewrites what a person sees of a proposal whose branch is up to date.
///
/// # Errors
/// If the forge rejects it.
pub(super) async fn rewrite(
    context: &Context,
    forge: &dyn Forge,
    publication: &Publication<'_>,
    open: &OpenProposal,
) -> Result<Proposed, PublishError> {
    let committed = Committed::before(forge, publication, open.head.clone());
    let committed = judged(context, forge, committed, Some(open)).await;
    present(forge, publication, Some(open), committed).await
}

/// The commit, with the verdict on it posted if that is done from here; otherwise the body does not name it yet.
async fn judged(
    context: &Context,
    forge: &dyn Forge,
    mut committed: Committed,
    open: Option<&OpenProposal>,
) -> Committed {
    let judged = match forge.accounts() {
        Some(accounts) if is_job(accounts, open).await => {
            verdict(context, accounts, &committed.commit, Some(committed.metadata.clone())).await
        }
        _ => true,
    };
    committed.metadata.head = committed.metadata.head.filter(|_| judged);
    committed
}

/// Catches up on what an earlier run did not reach: requesting labels and reviews, and a verdict that could not be
/// posted. The body says what is done. `wanted` is the proposal's content, as far as it is known.
///
/// # Errors
/// If the forge rejects the body.
pub(super) async fn settle(
    context: &Context,
    forge: &dyn Forge,
    open: &OpenProposal,
    wanted: Option<(&Manifest, &Wanted)>,
) -> Result<(), PublishError> {
    let Some(accounts) = forge.accounts() else { return Ok(()) };
    let mut body = open.body.clone();
    if let (Some((manifest, wanted)), Some(number), true) = (wanted, open.number, body.contains(UNASKED)) {
        invite(accounts, number, &Audience::of(manifest, wanted)).await;
        body = body.replace(UNASKED, "");
    }
    let metadata = metadata::read(&open.body);
    let judged =
        open.vouched || open.author != JOB_LOGIN || verdict(context, accounts, &open.head, metadata.clone()).await;
    let holds = !open.vouched && !open.touched && !open.stale && open.edited_by.is_none();
    if let Some(metadata) = metadata.filter(|_| judged && holds) {
        let named = Metadata { head: ObjectId::try_from(open.head.0.clone()).ok(), ..metadata.clone() };
        body = body.replacen(&metadata::write(&metadata), &metadata::write(&named), 1);
    }
    if body != open.body && !open.touched && open.edited_by.is_none() {
        forge.edit(open, &open.title, &body).await?;
    }
    Ok(())
}

/// Whether a proposal was made with the job's own token. If unknown, it is assumed: a verdict does no harm.
async fn is_job(statuses: &dyn Statuses, open: Option<&OpenProposal>) -> bool {
    match open {
        Some(open) => open.author == JOB_LOGIN,
        None => statuses.is_job().await.unwrap_or(true),
    }
}

/// Nothing that the job's own token does starts a workflow, so its proposals get the verdict of `check` from here.
/// Returns whether there is now one that is final.
async fn verdict(context: &Context, statuses: &dyn Statuses, commit: &Commit, metadata: Option<Metadata>) -> bool {
    let posted = check::post_verdict(context, statuses, commit, metadata).await;
    posted.unwrap_or_else(|e| {
        tracing::warn!("the verdict on {commit} could not be posted: {e}");
        false
    })
}
