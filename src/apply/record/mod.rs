//! Writes what the mirror holds into the manifest: one commit on the default branch, or the one recording pull request.
//!
//! A record says only what was read back. It is applied to the manifest as it is at the moment of the commit, and only to
//! approvals that still have the digest that was promoted.

use std::time::Duration;

use chrono::NaiveDate;

use crate::edit::{self, Change, Edit};
use crate::forge::{self, Commit, FileChange, Forge, Head, Message};
use crate::image::{Digest, RepositoryName, Tag};
use crate::manifest::{Approval, Image, Manifest};
use crate::observe::manifest::{self as load, LoadError};
use crate::proposal::form::{self, Places};

mod proposal;

pub use proposal::{Done, Recording};

/// How often the commit is tried anew because the branch moved.
const TRIES: u32 = 20;

/// How digests are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A commit, or where the branch refuses it, or a recording proposal is open, that proposal.
    Auto,
    /// A commit and nothing else.
    Commit,
    /// The recording proposal and nothing else.
    Proposal,
}

/// One digest to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The mirror's name in the organization.
    pub repository: RepositoryName,
    /// The tag.
    pub tag: Tag,
    /// The approved digest that was promoted.
    pub digest: Digest,
    /// What the mirror's tag was read to answer.
    pub mirrored: Digest,
    /// The pull request that brought the approval, for people: nobody trusts it.
    pub pull: Option<u64>,
    /// The UTC date of the commit that brought it.
    pub approved_on: Option<NaiveDate>,
}

/// What became of the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// They stand in the manifest already, or their approvals are gone: nothing was written.
    Already,
    /// By a commit on the default branch.
    Committed(Commit),
    /// In the recording proposal, or it was closed because nothing is left to record.
    Proposed(Recording),
}

/// Why nothing was recorded. The bytes are in the mirror; the next run verifies and records them.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The forge failed.
    #[error("{0}")]
    Forge(#[from] forge::Error),
    /// The manifest can no longer be read.
    #[error("{0}")]
    Manifest(#[from] LoadError),
    /// The text cannot be edited safely.
    #[error("{0}")]
    Edit(#[from] edit::EditError),
    /// The branch moved too often.
    #[error("the branch {0} moved {TRIES} times meanwhile: run again")]
    Busy(String),
}

/// Records what was promoted in the manifest at `path`. Without records it only looks after the recording proposal, whose
/// branch starts with `prefix`: it is closed where nothing is left to record.
///
/// # Errors
/// Where the forge fails, or refuses the commit and no proposal may be made.
pub async fn record(
    forge: &dyn Forge,
    path: &str,
    prefix: &str,
    way: Way,
    records: &[Record],
) -> Result<Recorded, RecordError> {
    let mut last = String::new();
    for attempt in 0..TRIES {
        let done = match records {
            [] => settle(forge, path, prefix, way).await,
            records => once(forge, path, way, records).await,
        };
        match done {
            Err(RecordError::Forge(forge::Error::Moved { branch })) => last = branch,
            Err(RecordError::Forge(error)) => return Err(forge::with_rules(forge, error).await.into()),
            done => return done,
        }
        tokio::time::sleep(Duration::from_millis(50) * attempt).await;
    }
    Err(RecordError::Busy(last))
}

async fn once(forge: &dyn Forge, path: &str, way: Way, records: &[Record]) -> Result<Recorded, RecordError> {
    let head = forge.head().await?;
    let manifest = load::from_forge(forge, &head.commit, path).await?;
    let pending = pending(&manifest, records);
    if pending.is_empty() {
        return settle(forge, path, &manifest.proposals.branch_prefix, way).await;
    }
    let work = Work { forge, path, head, manifest, pending };
    let open = match way {
        Way::Commit => return work.commit().await.map(Recorded::Committed),
        Way::Auto | Way::Proposal => proposal::open(forge, &work.manifest.proposals.branch_prefix).await?,
    };
    if way == Way::Auto && open.is_none() {
        match work.commit().await {
            Err(RecordError::Forge(forge::Error::Protected { .. })) => {}
            done => return done.map(Recorded::Committed),
        }
    }
    work.propose(open).await.map(Recorded::Proposed)
}

/// Nothing is to be recorded: the manifest is looked at only where a recording proposal is open, and then as it is now.
async fn settle(forge: &dyn Forge, path: &str, prefix: &str, way: Way) -> Result<Recorded, RecordError> {
    if way == Way::Commit {
        return Ok(Recorded::Already);
    }
    let Some(open) = proposal::open(forge, prefix).await? else { return Ok(Recorded::Already) };
    let head = forge.head().await?;
    let manifest = load::from_forge(forge, &head.commit, path).await?;
    let work = Work { forge, path, head, manifest, pending: Vec::new() };
    work.settle(open).await.map(Recorded::Proposed)
}

/// The records that the manifest lacks and that are still about its approvals.
fn pending(manifest: &Manifest, records: &[Record]) -> Vec<Record> {
    let lacks = |record: &&Record| {
        approval(manifest, record).is_some_and(|(_, approval)| approval.mirrored.as_ref() != Some(&record.mirrored))
    };
    records.iter().filter(lacks).cloned().collect()
}

/// The approval that a record is about, if the manifest still has it with that digest.
fn approval<'m>(manifest: &'m Manifest, record: &Record) -> Option<(&'m Image, &'m Approval)> {
    let images = manifest.images.iter().filter(|image| image.repository == record.repository);
    images
        .flat_map(|image| image.approved.iter().map(move |approval| (image, approval)))
        .find(|(_, approval)| approval.tag == record.tag && approval.digest == record.digest)
}

/// Records at one head of the default branch.
struct Work<'a> {
    forge: &'a dyn Forge,
    path: &'a str,
    head: Head,
    manifest: Manifest,
    pending: Vec<Record>,
}

impl Work<'_> {
    async fn commit(&self) -> Result<Commit, RecordError> {
        let files = self.edited(&self.manifest, &self.pending)?;
        let message = self.message(&self.pending);
        Ok(self.forge.append(&self.head.branch, &self.head.commit, &message, &files).await?)
    }

    /// The files that change, with the records in them.
    fn edited(&self, manifest: &Manifest, records: &[Record]) -> Result<Vec<FileChange>, RecordError> {
        let mut changes = Vec::new();
        for (index, file) in manifest.files.iter().enumerate() {
            let of_file = records.iter().filter_map(|record| {
                let (image, _) = approval(manifest, record)?;
                (image.file == index).then(|| edit_of(image, record))
            });
            let edits: Vec<Edit> = of_file.collect();
            if !edits.is_empty() {
                changes.push(FileChange { path: file.path.clone(), text: edit::apply(&file.text, &edits)? });
            }
        }
        Ok(changes)
    }

    fn message(&self, records: &[Record]) -> Message {
        let lines: Vec<String> = records.iter().map(|r| format!("{}:{} {}", r.repository, r.tag, r.mirrored)).collect();
        let (headline, body) = form::message(&self.manifest.proposals, &self.places(records), &lines.join("\n"));
        Message { headline, body }
    }

    /// What templates say of records: how many, and the first of them.
    fn places(&self, records: &[Record]) -> Places {
        let title = headline(records);
        let Some(first) = records.first() else { return Places { title, ..Places::default() } };
        let source = approval(&self.manifest, first).map(|(image, _)| image.source_text.clone()).unwrap_or_default();
        let (repository, to) = (first.repository.to_string(), first.tag.to_string());
        Places { title, source, repository, to, kind: "record".to_owned(), ..Places::default() }
    }
}

fn edit_of(image: &Image, record: &Record) -> Edit {
    let Record { tag, mirrored, pull, approved_on, .. } = record.clone();
    Edit { image: image.index, change: Change::Record { tag, mirrored, pull, approved_on } }
}

fn headline(records: &[Record]) -> String {
    match records {
        [one] => format!("Record {}:{} as promoted", one.repository, one.tag),
        many => format!("Record {} promoted images", many.len()),
    }
}
