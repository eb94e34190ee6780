//! Performs what was decided about proposals: the commit first, then the pull request whose metadata names that commit.
//! A run that stops in between is finished by the next.

use crate::edit::{self, Edit, EditError};
use crate::forge::{Commit, Error, FileChange, Forge, Head, Message, OpenProposal, Social};
use crate::manifest::{Image, Manifest};
use crate::proposal::body::{self, Evidence};
use crate::proposal::metadata::{Metadata, ObjectId};
use crate::proposal::{Kind, Wanted, markdown};

/// Who opens pull requests with the job's own token.
pub const JOB_LOGIN: &str = "github-actions[bot]";

/// A proposal as it is to be, with everything that it is made from.
pub struct Publication<'a> {
    /// The default branch, at which the manifest was read.
    pub head: &'a Head,
    /// The manifest there.
    pub manifest: &'a Manifest,
    /// The proposal.
    pub wanted: &'a Wanted,
    /// The evidence, change by change.
    pub evidence: &'a [Evidence],
}

/// A proposal that was opened or moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its number; `None` on a forge without numbers.
    pub number: Option<u64>,
    /// Where a person looks at it.
    pub url: String,
    /// Who opened it.
    pub author: String,
    /// Its branch's commit, as it is now.
    pub commit: Commit,
    /// What its body says of itself.
    pub metadata: Metadata,
}

/// Why a proposal was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The manifest cannot be edited as it is written.
    #[error("{path} cannot be edited: {error}")]
    Edit {
        /// The file.
        path: String,
        /// Why.
        error: EditError,
    },
    /// The forge did not do it.
    #[error(transparent)]
    Forge(#[from] Error),
}

/// The commit that a proposal is to show, made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The branch's commit.
    pub commit: Commit,
    /// What the body is to say of itself. Where it names the commit, everything that belongs to that commit is done.
    pub metadata: Metadata,
}

/// Opens a proposal, or moves the open one to what is wanted now.
///
/// # Errors
/// [`Error::Moved`] where somebody else was faster: look again. Anything else concerns this proposal alone.
pub async fn publish(
    forge: &dyn Forge,
    publication: &Publication<'_>,
    open: Option<&OpenProposal>,
) -> Result<Published, PublishError> {
    let committed = commit(forge, publication, open).await?;
    present(forge, publication, open, committed).await
}

/// The first half of [`publish`]: the branch.
///
/// # Errors
/// As there.
pub async fn commit(
    forge: &dyn Forge,
    publication: &Publication<'_>,
    open: Option<&OpenProposal>,
) -> Result<Committed, PublishError> {
    let Publication { head, manifest, wanted, .. } = publication;
    let (headline, body) = body::message(manifest, wanted);
    let files = changes(manifest, wanted)?;
    let message = Message { headline, body };
    let commit = forge.rewrite(&wanted.branch, open.map(|o| &o.head), &head.commit, &message, &files).await?;
    let named = forge.social().and(ObjectId::try_from(commit.0.clone()).ok());
    let metadata = Metadata { head: named, context: wanted.context.clone(), entries: wanted.entries() };
    Ok(Committed { commit, metadata })
}

/// The second half of [`publish`]: what a person sees.
///
/// # Errors
/// As there.
pub async fn present(
    forge: &dyn Forge,
    publication: &Publication<'_>,
    open: Option<&OpenProposal>,
    committed: Committed,
) -> Result<Published, PublishError> {
    let Publication { manifest, wanted, evidence, .. } = publication;
    let Committed { commit, metadata } = committed;
    let (title, text) = (body::title(manifest, wanted), body::body(manifest, wanted, evidence, &metadata));
    let Some(open) = open else {
        let opened = forge.open(&wanted.branch, &title, &text).await?;
        if let (Some(social), Some(number)) = (forge.social(), opened.number) {
            invite(social, number, manifest, wanted).await;
        }
        return Ok(Published { number: opened.number, url: opened.url, author: opened.author, commit, metadata });
    };
    forge.edit(open, &title, &text).await?;
    if let (Some(social), Some(number), true) = (forge.social(), open.number, is_rebuild(wanted)) {
        let labels = [REBUILD.to_owned()];
        if !open.labels.contains(&labels[0]) {
            warn(number, "the label", REBUILD, social.label(number, &labels).await);
        }
    }
    Ok(Published { number: open.number, url: open.url.clone(), author: open.author.clone(), commit, metadata })
}

/// The label of a proposal that has other bytes for a tag that is approved.
const REBUILD: &str = "rebuild";

fn is_rebuild(wanted: &Wanted) -> bool {
    wanted.items.iter().any(|item| item.entry.kind == Kind::Rebuild)
}

/// The texts of all files with the proposal's edits made.
///
/// # Errors
/// Where a file is written in a way that cannot be edited.
pub fn changes(manifest: &Manifest, wanted: &Wanted) -> Result<Vec<FileChange>, PublishError> {
    let mut changes = Vec::new();
    for (at, file) in manifest.files.iter().enumerate() {
        let edits: Vec<Edit> = wanted
            .items
            .iter()
            .filter(|item| manifest.images[item.image].file == at)
            .filter_map(|item| Some(Edit { image: manifest.images[item.image].index, change: item.change()? }))
            .collect();
        if !edits.is_empty() {
            let path = file.path.clone();
            let text =
                edit::apply(&file.text, &edits).map_err(|error| PublishError::Edit { path: path.clone(), error })?;
            changes.push(FileChange { path, text });
        }
    }
    Ok(changes)
}

/// Labels it and asks for reviews, one person or team at a time. What is refused is a warning: the proposal stands.
async fn invite(social: &dyn Social, number: u64, manifest: &Manifest, wanted: &Wanted) {
    let all = |everywhere: &[String], of_image: fn(&Image) -> &Vec<String>| {
        let of_images = wanted.items.iter().flat_map(|item| of_image(&manifest.images[item.image]));
        let mut names = Vec::new();
        for name in everywhere.iter().chain(of_images) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    };
    let proposals = &manifest.proposals;
    let mut labels = all(&proposals.labels, |image| &image.labels);
    labels.extend((is_rebuild(wanted) && !labels.iter().any(|l| l == REBUILD)).then(|| REBUILD.to_owned()));
    if !labels.is_empty() {
        warn(number, "the labels", &labels.join(", "), social.label(number, &labels).await);
    }
    for login in all(&proposals.reviewers, |image| &image.reviewers) {
        warn(number, "a review by", &login, social.request_reviewer(number, &login).await);
    }
    for team in all(&proposals.team_reviewers, |image| &image.team_reviewers) {
        warn(number, "a review by the team", &team, social.request_team(number, &team).await);
    }
}

fn warn(number: u64, what: &str, name: &str, result: Result<(), Error>) {
    if let Err(e) = result {
        tracing::warn!("#{number}: {what} {} could not be asked for: {e}", markdown::clean(name, 200));
    }
}
