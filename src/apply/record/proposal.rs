//! The recording proposal: where the default branch refuses commits, records gather on one branch, and nothing waits for it.

use super::work::Work;
use crate::apply::anew::WriteError;
use crate::forge::{Commit, FileChange, OpenProposal, Proposals};
use crate::manifest::Manifest;
use crate::proposal::branch;
use crate::proposal::record::{self, Record, gathered, pending};
use crate::report::rows::{Proposed, ProposedAction};

/// The recording proposal, if one is open. One that a person had be merged elsewhere records nothing.
pub(super) async fn open(forge: &dyn Proposals, prefix: &str) -> Result<Option<OpenProposal>, WriteError> {
    let branch = branch::record(prefix);
    Ok(forge
        .proposals(&branch)
        .await?
        .into_iter()
        .find(|proposal| proposal.branch == branch && proposal.elsewhere.is_none()))
}

impl Work<'_> {
    /// Sees to it that the recording proposal holds these records, those it has, and nothing else.
    pub(super) async fn propose(&self, open: Option<OpenProposal>) -> Result<Proposed, WriteError> {
        let branch = branch::record(&self.manifest.proposals.branch_prefix);
        let tip = match &open {
            Some(proposal) => Some(proposal.head.clone()),
            None => self.forge.tip(&branch).await?,
        };
        let theirs = match &tip {
            Some(tip) => self.theirs(tip).await?,
            None => None,
        };
        let touched = open.as_ref().is_some_and(|proposal| proposal.touched);
        let (records, moved) = match (theirs, &tip) {
            (Some(theirs), Some(tip)) if touched => self.add(&branch, tip, &theirs).await?,
            (theirs, tip) => self.make(&branch, tip.as_ref(), theirs.as_ref()).await?,
        };
        self.show(open, branch, &records, moved).await
    }

    /// Sees to a recording proposal for which this run has nothing: it is closed where nothing is left to record, unless a
    /// person's commits stand on it.
    pub(super) async fn settle(&self, open: OpenProposal) -> Result<Proposed, WriteError> {
        let empty = self
            .theirs(&open.head)
            .await?
            .is_some_and(|theirs| gathered(&self.manifest, &[], Some(&theirs)).is_empty());
        let done = if empty && !open.touched { ProposedAction::Closed } else { ProposedAction::Unchanged };
        if done == ProposedAction::Closed {
            let reason = format!("Nothing is left to record: `{}` says it all.", self.head.branch);
            self.forge.close(&open, &reason).await?;
        }
        Ok(proposed(open.number, open.url, open.branch, done))
    }

    /// A person's commits stand on the branch: ours goes on top of them.
    async fn add(&self, branch: &str, tip: &Commit, theirs: &Manifest) -> Result<(Vec<Record>, bool), WriteError> {
        let all = gathered(&self.manifest, &self.pending, Some(theirs));
        let lacking = pending(theirs, &self.pending);
        if !lacking.is_empty() {
            self.forge.append(branch, tip, &self.new_commit(theirs, &lacking)?).await?;
        }
        Ok((all, !lacking.is_empty()))
    }

    /// The branch becomes the default branch and one commit, unless it says that already.
    async fn make(
        &self,
        branch: &str,
        tip: Option<&Commit>,
        theirs: Option<&Manifest>,
    ) -> Result<(Vec<Record>, bool), WriteError> {
        let all = gathered(&self.manifest, &self.pending, theirs);
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
        let (title, body) = (record::title(&self.manifest, records), record::body(&self.head.branch, records));
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
    Proposed { number, url, branch, action, detail: None }
}
