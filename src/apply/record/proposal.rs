//! The recording proposal: if the default branch refuses commits, records are collected on one branch, and nothing
//! waits for it.

use super::work::Work;
use crate::apply::anew::WriteError;
use crate::forge::{Account, Commit, FileChange, Forge, OpenProposal, Written};
use crate::manifest::Manifest;
use crate::observe::own::{is_alone, records_here};
use crate::proposal::branch;
use crate::proposal::own::former;
use crate::proposal::record::{self, Record, gathered};
use crate::report::rows::{Proposed, ProposedAction};

/// The recording proposal, if one is open, also under its former name if that was this manifest's. One whose base
/// branch a person changed records nothing.
pub(super) async fn open(forge: &dyn Forge, manifest: &Manifest) -> Result<Option<OpenProposal>, WriteError> {
    let branch = branch::record(&manifest.prefix());
    let open = open_on(forge, &branch).await?;
    match (open, former(manifest, &branch).filter(|_| forge.accounts().is_some())) {
        (None, Some(former)) => match open_on(forge, &former).await? {
            Some(open) if is_alone(forge, manifest.path()).await? && records_here(forge, manifest, &open).await => {
                Ok(Some(open))
            }
            _ => Ok(None),
        },
        (open, _) => Ok(open),
    }
}

async fn open_on(forge: &dyn Forge, branch: &str) -> Result<Option<OpenProposal>, WriteError> {
    let open = forge.proposals_of(branch).await?;
    Ok(open.into_iter().find(|proposal| proposal.elsewhere.is_none()))
}

impl Work<'_> {
    /// Makes sure that the recording proposal contains these records, its previous ones, and nothing else.
    pub(super) async fn propose(&self, open: Option<OpenProposal>) -> Result<Proposed, WriteError> {
        let own = || branch::record(&self.manifest.prefix());
        let branch = open.as_ref().map_or_else(own, |open| open.branch.clone());
        let tip = match &open {
            Some(proposal) => Some(proposal.head.clone()),
            None => self.forge.tip(&branch).await?,
        };
        let (records, moved) = match &tip {
            Some(tip) => self.make_from(&branch, tip).await?,
            None => self.make(&branch, None, None, None).await?,
        };
        self.show(open, branch, &records, moved).await
    }

    /// Takes care of a recording proposal to which this run adds nothing: it is closed if nothing is left to record,
    /// unless it has somebody else's commits.
    pub(super) async fn settle(&self, open: OpenProposal) -> Result<Proposed, WriteError> {
        let empty = self
            .theirs(&open.head)
            .await?
            .is_some_and(|theirs| gathered(&self.manifest, &[], Some(&theirs)).is_empty());
        let done = if empty && !open.touched { ProposedAction::Closed } else { ProposedAction::Unchanged };
        if done == ProposedAction::Closed {
            let reason = format!("Nothing is left to record: `{}` already has everything.", self.head.branch);
            self.forge.close(&open, &reason).await?;
        }
        Ok(proposed(open.number, open.url, open.branch, done))
    }

    /// Only what this program put on the branch is carried over: what somebody else wrote there was never read back.
    async fn make_from(&self, branch: &str, tip: &Commit) -> Result<(Vec<Record>, bool), WriteError> {
        let Written { own, other, .. } = self.forge.written(branch, tip, &Account::Us).await?;
        let theirs = self.theirs(tip).await?;
        let ours = match own {
            Some(own) if own == *tip => theirs.clone(),
            Some(own) => self.theirs(&own).await?,
            None => None,
        };
        let (records, moved) = self.make(branch, Some(tip), theirs.as_ref(), ours.as_ref()).await?;
        if let Some(who) = other.filter(|_| moved) {
            tracing::warn!(
                "{branch}: commits by {who} are dropped, because this branch only contains what was read back"
            );
        }
        Ok((records, moved))
    }

    /// Sets the branch to the default branch and one commit, unless it already has that content. `theirs` is its
    /// content, and `ours` the content that this program last gave it.
    async fn make(
        &self,
        branch: &str,
        tip: Option<&Commit>,
        theirs: Option<&Manifest>,
        ours: Option<&Manifest>,
    ) -> Result<(Vec<Record>, bool), WriteError> {
        let (all, _) = self.writable(gathered(&self.manifest, &self.pending, ours));
        let new = self.new_commit(&self.manifest, &all)?;
        if theirs.is_some_and(|theirs| self.says(theirs, &new.files)) {
            return Ok((all, false));
        }
        self.forge.rewrite(branch, tip, &self.head.commit, &new).await?;
        Ok((all, true))
    }

    /// Whether the branch's files are the default branch's with exactly these changes.
    fn says(&self, theirs: &Manifest, files: &[FileChange]) -> bool {
        self.manifest.files.iter().all(|ours| {
            let wanted = files.iter().find(|f| f.path == ours.path).map_or(&ours.text, |f| &f.text);
            theirs.files.iter().any(|file| file.path == ours.path && file.text == *wanted)
        })
    }

    async fn show(
        &self,
        open: Option<OpenProposal>,
        branch: String,
        records: &[Record],
        moved: bool,
    ) -> Result<Proposed, WriteError> {
        let title = record::title(&self.manifest, records);
        let body = record::body(&self.manifest, &self.head.branch, records);
        let Some(open) = open else {
            let opened = self.forge.open(&branch, &title, &body).await?;
            return Ok(proposed(opened.number, opened.url, branch, ProposedAction::Opened));
        };
        if moved {
            self.forge.edit(&open, &title, &body).await?;
        }
        let done = if moved { ProposedAction::Updated } else { ProposedAction::Unchanged };
        Ok(proposed(open.number, open.url, branch, done))
    }
}

fn proposed(number: Option<u64>, url: String, branch: String, action: ProposedAction) -> Proposed {
    Proposed { number, url, branch, action, detail: None, title: String::new() }
}
