//! Proposals: branches that somebody is asked to merge into the default branch.

use async_trait::async_trait;

use super::{Commit, Error};

/// Contained in the comment that says that a proposal whose branch somebody changed is left alone, and that closing it
/// makes it be proposed again.
pub(crate) const TOUCHED: &str = "<!-- wharfinger-touched -->";
/// The same for a proposal that somebody retargeted to another branch.
pub(crate) const ELSEWHERE: &str = "<!-- wharfinger-elsewhere -->";

/// Lists, opens and closes proposals. A proposal is identified by its branch in this repository.
#[async_trait]
pub trait Proposals: Send + Sync {
    /// All open proposals on branches of this repository that start with `prefix`, in few requests.
    async fn proposals(&self, prefix: &str) -> Result<Vec<OpenProposal>, Error>;

    /// The open proposals of exactly this branch.
    async fn proposals_of(&self, branch: &str) -> Result<Vec<OpenProposal>, Error> {
        let mut open = self.proposals(branch).await?;
        open.retain(|proposal| proposal.branch == branch);
        Ok(open)
    }

    /// The proposals of `branch` that a person closed without a merge.
    async fn declined(&self, branch: &str) -> Result<Vec<Declined>, Error>;

    /// Opens a proposal from `branch` to the default branch.
    async fn open(&self, branch: &str, title: &str, body: &str) -> Result<Opened, Error>;

    /// Changes title and body of an open proposal.
    async fn edit(&self, proposal: &OpenProposal, title: &str, body: &str) -> Result<(), Error>;

    /// Closes a proposal with the reason, and deletes its branch.
    async fn close(&self, proposal: &OpenProposal, reason: &str) -> Result<(), Error>;
}

/// A proposal as the forge has it: its head repository is this one and its branch starts with the given prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenProposal {
    /// Its number; `None` on a forge without numbers.
    pub number: Option<u64>,
    /// Its address for people: a URL, or the branch.
    pub url: String,
    /// The branch that its manifest names.
    pub branch: String,
    /// The branch that it is really on, if that has a former name.
    pub former: Option<String>,
    /// The branch's commit.
    pub head: Commit,
    pub title: String,
    /// The body, with the metadata that `proposal::metadata` wrote into it.
    pub body: String,
    /// Whether its body, last written by this program, names the branch's commit: then the branch holds nothing else.
    pub vouched: bool,
    /// Whether the branch holds something that somebody else wrote. If nothing vouches for it, the forge tells whether
    /// somebody else moved it; what it holds is judged by a caller that knows what is written there:
    /// [`crate::observe::untouched`].
    pub touched: bool,
    /// Whether the body is known to describe another state of the branch: a run ended before it wrote the body.
    pub stale: bool,
    /// Who last edited the body, if that is neither this program nor who opened the proposal.
    pub edited_by: Option<String>,
    /// Who opened it; `github-actions[bot]` is the job's own token.
    pub author: String,
    pub labels: Vec<String>,
    /// The branch it would be merged into, if a person changed that from the default one.
    pub elsewhere: Option<String>,
}

impl OpenProposal {
    /// The branch that it is on.
    pub(crate) fn reference(&self) -> &str {
        self.former.as_deref().unwrap_or(&self.branch)
    }
}

/// A proposal that a person closed without a merge. Those closed by this program or a stale-bot are not included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// Its number; `None` on a forge without numbers.
    pub number: Option<u64>,
    /// The body at the time it was closed: its metadata says which digests were declined.
    pub body: String,
}

/// What identifies a proposal that was opened or edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Its number; `None` on a forge without numbers.
    pub number: Option<u64>,
    /// Its address for people.
    pub url: String,
    /// Who opened it; `github-actions[bot]` is the job's own token.
    pub author: String,
}
