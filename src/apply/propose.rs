//! Performs what was decided about proposals: the commit first, then the pull request whose metadata names that commit.
//! A run that stops in between is finished by the next.

use super::files;
use crate::forge::{Commit, Conversation, Error, FileChange, Forge, Head, Message, NewCommit, OpenProposal, Opened};
use crate::manifest::Manifest;
use crate::proposal::Wanted;
use crate::proposal::audience::{Audience, Turn, UNASKED, turn};
use crate::proposal::body::{self, Evidence};
use crate::proposal::metadata::{self, Metadata, ObjectId};
use crate::proposal::not_edited::NotEdited;
use crate::report::rows::{Proposed, ProposedAction};

/// A proposal as it should be, with everything that it is made from.
pub(crate) struct Publication<'a> {
    /// The default branch's head, at which the manifest was read.
    pub head: &'a Head,
    pub manifest: &'a Manifest,
    pub wanted: &'a Wanted,
    pub evidence: &'a [Evidence],
    /// What the manifest already says and a review would also cover.
    pub unreviewed: &'a [String],
}

/// Why a proposal was not published.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishError {
    /// The manifest cannot be edited as it is written.
    #[error(transparent)]
    Edit(#[from] NotEdited),
    #[error(transparent)]
    Forge(#[from] Error),
}

/// The commit of a proposal, after it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Committed {
    pub commit: Commit,
    /// The metadata for the body. If it names the commit, everything that belongs to that commit is done.
    pub metadata: Metadata,
}

impl Committed {
    /// What is on a branch before its body says so.
    pub(crate) fn before(forge: &dyn Forge, publication: &Publication<'_>, commit: Commit) -> Self {
        let Publication { manifest, wanted, evidence, .. } = publication;
        let head = forge.accounts().and(ObjectId::try_from(commit.0.clone()).ok());
        let path = Some(manifest.path().to_owned());
        let kept = body::kept(manifest, wanted, evidence);
        let metadata =
            Metadata { manifest: path, head, context: wanted.context.clone(), entries: wanted.entries(), kept };
        Self { commit, metadata }
    }
}

/// The first half of publishing: the branch.
///
/// # Errors
/// [`Error::Moved`] if somebody else was faster: read it again. Any other error only concerns this proposal.
pub(crate) async fn commit(
    forge: &dyn Forge,
    publication: &Publication<'_>,
    open: Option<&OpenProposal>,
) -> Result<Committed, PublishError> {
    let Publication { head, manifest, wanted, .. } = publication;
    let (headline, body) = body::message(manifest, wanted);
    let new = NewCommit { message: Message { headline, body }, files: changes(manifest, wanted)? };
    let branch = open.map_or(wanted.branch.as_str(), OpenProposal::reference);
    let commit = forge.rewrite(branch, open.map(|o| &o.head), &head.commit, &new).await?;
    Ok(Committed::before(forge, publication, commit))
}

/// The second half of publishing: what a person sees.
pub(crate) async fn present(
    forge: &dyn Forge,
    publication: &Publication<'_>,
    open: Option<&OpenProposal>,
    committed: Committed,
) -> Result<Proposed, PublishError> {
    let Publication { manifest, wanted, .. } = publication;
    let (title, text) = (body::title(manifest, wanted), text(forge, publication, &committed));
    let Some(open) = open else { return present_new(forge, publication, committed.commit, title, text).await };
    // What belongs to the new changes comes before the text that describes them: a run that ends in between does it
    // again.
    if let (Some(accounts), Some(number)) = (forge.accounts(), open.number) {
        let made_of = metadata::read(&open.body).map(|metadata| metadata.entries);
        let Turn { come, go } = turn(manifest, wanted, made_of.as_deref(), &open.labels);
        invite(accounts, number, &come).await;
        for label in go {
            warn(number, "the label", &label, "removed", accounts.unlabel(number, &label).await);
        }
    }
    forge.edit(open, &title, &text).await?;
    let (number, url, branch) = (open.number, open.url.clone(), open.reference().to_owned());
    Ok(Proposed { number, url, branch, action: ProposedAction::Updated, detail: None, title })
}

/// A pull request is first opened and then gets its labels and reviewers: until then its body says that this is still
/// to be done.
async fn present_new(
    forge: &dyn Forge,
    publication: &Publication<'_>,
    head: Commit,
    title: String,
    body: String,
) -> Result<Proposed, PublishError> {
    let Publication { manifest, wanted, .. } = publication;
    let audience = Audience::of(manifest, wanted);
    let marked = format!("{body}{UNASKED}");
    let marks = forge.accounts().is_some() && !audience.is_empty() && marked.len() <= body::BODY_LIMIT;
    let opened = forge.open(&wanted.branch, &title, if marks { &marked } else { &body }).await?;
    let (Opened { number, url, author }, branch) = (opened, wanted.branch.clone());
    let (action, detail) = (ProposedAction::Opened, None);
    let proposed = Proposed { number, url: url.clone(), branch: branch.clone(), action, detail, title: title.clone() };
    if let (Some(accounts), Some(number)) = (forge.accounts(), number) {
        invite(accounts, number, &audience).await;
        let open = OpenProposal {
            number: Some(number),
            url,
            branch,
            former: None,
            head,
            title,
            body,
            author,
            labels: Vec::new(),
            vouched: true,
            touched: false,
            stale: false,
            edited_by: None,
            elsewhere: None,
        };
        if marks && let Err(e) = forge.edit(&open, &open.title, &open.body).await {
            tracing::warn!("#{number}: the next run requests its labels and reviews again: {e}");
        }
    }
    Ok(proposed)
}

/// The body. It lists the comment commands wherever there are comments, even while it does not name its commit yet.
fn text(forge: &dyn Forge, publication: &Publication<'_>, committed: &Committed) -> String {
    let Publication { manifest, wanted, evidence, unreviewed, .. } = publication;
    let Committed { commit, metadata } = committed;
    let head = forge.accounts().and(ObjectId::try_from(commit.0.clone()).ok());
    let named = Metadata { head, ..metadata.clone() };
    let text = body::body(manifest, wanted, evidence, unreviewed, &named);
    text.replacen(&metadata::write(&named), &metadata::write(metadata), 1)
}

/// The texts of all files with the proposal's edits made.
pub(crate) fn changes(manifest: &Manifest, wanted: &Wanted) -> Result<Vec<FileChange>, PublishError> {
    let changes = wanted.items.iter().flat_map(|item| {
        let image = &manifest.images[item.image];
        item.changes(image).into_iter().map(move |change| (image, change))
    });
    Ok(files::edited(manifest, changes)?)
}

/// Labels it and requests reviews, one person or team at a time. A refusal is a warning: the proposal stays.
pub(crate) async fn invite(conversation: &dyn Conversation, number: u64, audience: &Audience) {
    label(conversation, number, &audience.labels).await;
    for login in &audience.reviewers {
        warn(number, "a review by", login, "requested", conversation.request_reviewer(number, login).await);
    }
    for team in &audience.teams {
        warn(number, "a review by the team", team, "requested", conversation.request_team(number, team).await);
    }
}

/// All labels at once; if GitHub rejects them, one by one, so that one bad name does not affect the others.
async fn label(conversation: &dyn Conversation, number: u64, labels: &[String]) {
    if labels.is_empty() {
        return;
    }
    match conversation.label(number, labels).await {
        Err(Error::Invalid { .. }) if labels.len() > 1 => {
            for label in labels {
                let alone = std::slice::from_ref(label);
                warn(number, "the label", label, "added", conversation.label(number, alone).await);
            }
        }
        result => warn(number, "the labels", &labels.join(", "), "added", result),
    }
}

fn warn(number: u64, what: &str, name: &str, done: &str, result: Result<(), Error>) {
    if let Err(e) = result {
        tracing::warn!("#{number}: {what} {} could not be {done}: {e}", crate::text::excerpt(name, 200));
    }
}
