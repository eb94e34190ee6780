//! What is to be recorded at one head of the default branch.

use crate::apply::anew::WriteError;
use crate::apply::files;
use crate::forge::{Commit, Forge, Head, Message, NewCommit};
use crate::manifest::Manifest;
use crate::observe::manifest::{LoadError, from_forge};
use crate::proposal::not_edited::NotEdited;
use crate::proposal::record::{self, Record};

/// A record that no edit can write, because of how its approval is written.
#[derive(Debug)]
pub(crate) struct Unwritten {
    pub(crate) record: Record,
    pub(crate) error: NotEdited,
}

/// Records at one head of the default branch.
pub(super) struct Work<'a> {
    pub(super) forge: &'a dyn Forge,
    pub(super) path: &'a str,
    pub(super) head: Head,
    pub(super) manifest: Manifest,
    pub(super) pending: Vec<Record>,
    /// The commit up to which everything is known to be reviewed.
    pub(super) settled: Option<&'a str>,
}

impl<'a> Work<'a> {
    pub(super) async fn at_head(
        forge: &'a dyn Forge,
        path: &'a str,
        settled: Option<&'a str>,
    ) -> Result<Self, WriteError> {
        let head = forge.head().await?;
        let manifest = from_forge(forge, &head.commit, path).await?;
        Ok(Self { forge, path, head, manifest, pending: Vec::new(), settled })
    }

    pub(super) async fn commit(&self) -> Result<Commit, WriteError> {
        let new = self.new_commit(&self.manifest, &self.pending)?;
        Ok(self.forge.append(&self.head.branch, &self.head.commit, &new).await?)
    }

    /// The records that can be written together, and those that cannot be written even alone.
    pub(super) fn writable(&self, mut records: Vec<Record>) -> (Vec<Record>, Vec<Unwritten>) {
        let edited = |records: &[Record]| files::edited(&self.manifest, record::changes(&self.manifest, records));
        let mut unwritten = Vec::new();
        if edited(&records).is_err() {
            records.retain(|record| match edited(std::slice::from_ref(record)) {
                Ok(_) => true,
                Err(error) => {
                    unwritten.push(Unwritten { record: record.clone(), error });
                    false
                }
            });
        }
        (records, unwritten)
    }

    /// The commit that writes records into a state of the manifest.
    pub(super) fn new_commit(&self, manifest: &Manifest, records: &[Record]) -> Result<NewCommit, WriteError> {
        let (headline, body) = record::message(&self.manifest, records, self.settled);
        let files = files::edited(manifest, record::changes(manifest, records))?;
        Ok(NewCommit { message: Message { headline, body }, files })
    }

    /// The manifest on the recording branch; `None` if it has no usable one.
    pub(super) async fn theirs(&self, tip: &Commit) -> Result<Option<Manifest>, WriteError> {
        match from_forge(self.forge, tip, self.path).await {
            // Not `None`: its records would be lost with the next rewrite.
            Err(LoadError::Forge(error)) => Err(error.into()),
            read => Ok(read.ok()),
        }
    }
}
