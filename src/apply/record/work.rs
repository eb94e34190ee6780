//! What is to be recorded at one head of the default branch.

use crate::apply::files::{self, NotEdited};
use crate::edit::EditError;
use crate::forge::{self, Commit, FileChange, Forge, Head, Message};
use crate::manifest::Manifest;
use crate::observe::manifest::LoadError;
use crate::proposal::record::{self, Record};

/// How often the commit is tried anew because the branch moved.
pub(super) const TRIES: u32 = 20;

/// Why nothing was recorded. The bytes are in the mirror; the next run verifies and records them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    #[error("{0}")]
    Forge(#[from] forge::Error),
    #[error("{0}")]
    Manifest(#[from] LoadError),
    #[error("{0}")]
    Edit(EditError),
    #[error("the branch {0} moved {TRIES} times meanwhile: run again")]
    Busy(String),
}

impl From<NotEdited> for RecordError {
    fn from(file: NotEdited) -> Self {
        Self::Edit(file.error)
    }
}

/// Records at one head of the default branch.
pub(super) struct Work<'a> {
    pub(super) forge: &'a dyn Forge,
    pub(super) path: &'a str,
    pub(super) head: Head,
    pub(super) manifest: Manifest,
    pub(super) pending: Vec<Record>,
}

impl Work<'_> {
    pub(super) async fn commit(&self) -> Result<Commit, RecordError> {
        let files = edited(&self.manifest, &self.pending)?;
        let message = self.message(&self.pending);
        Ok(self.forge.append(&self.head.branch, &self.head.commit, &message, &files).await?)
    }

    pub(super) fn message(&self, records: &[Record]) -> Message {
        let (headline, body) = record::message(&self.manifest, records);
        Message { headline, body }
    }
}

/// The files that change, with the records in them.
pub(super) fn edited(manifest: &Manifest, records: &[Record]) -> Result<Vec<FileChange>, RecordError> {
    Ok(files::edited(manifest, record::changes(manifest, records))?)
}
