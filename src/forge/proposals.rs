//! Proposals: branches that somebody is asked to merge into the default branch.

use async_trait::async_trait;

use super::{Commit, Error};

/// Stands in the comment which says that a proposal whose branch somebody changed is left alone, and that who closes it has it
/// proposed anew.
pub(crate) const TOUCHED: &str = "<!-- wharfinger-touched -->";
/// The same of one that somebody had be merged elsewhere.
pub(crate) const ELSEWHERE: &str = "<!-- wharfinger-elsewhere -->";

/// Lists, opens and closes proposals. A proposal's identity is its branch in this repository.
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

/// A proposal as the forge has it: its head repository is this one and its branch starts with the prefix asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenProposal {
    /// Its number; `None` on a forge without numbers.
    pub number: Option<u64>,
    /// Where a person looks at it: a URL, or the branch.
    pub url: String,
    /// The branch that its manifest names.
    pub branch: String,
    /// The branch that it really stands on, where that bears a former name.
    pub former: Option<String>,
    /// The branch's commit.
    pub head: Commit,
    pub title: String,
    /// The body, with the metadata that `proposal::metadata` wrote into it.
    pub body: String,
    /// Whether its body, written last by this program, names the branch's commit: then nothing else stands there.
    pub vouched: bool,
    /// Whether the branch holds what somebody else wrote. Of one for which nothing vouches a forge tells that somebody else
    /// moved it; what it holds is for who knows what is written there: [`crate::observe::untouched`].
    pub touched: bool,
    /// Whether the body is of another state of the branch, where that is known: a run ended before it wrote the body.
    pub stale: bool,
    /// Who edited the body last, where that is neither this program nor who opened the proposal.
    pub edited_by: Option<String>,
    /// Who opened it; `github-actions[bot]` is the job's own token.
    pub author: String,
    pub labels: Vec<String>,
    /// The branch it would be merged into, where a person made that another than the default one.
    pub elsewhere: Option<String>,
}

impl OpenProposal {
    /// The branch that it stands on.
    pub(crate) fn reference(&self) -> &str {
        self.former.as_deref().unwrap_or(&self.branch)
    }
}

/// A proposal that was closed without a merge by a person. One that this program or a stale-bot closed is not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// Its number; `None` on a forge without numbers.
    pub number: Option<u64>,
    /// The body at the time it was closed: its metadata says which digests were declined.
    pub body: String,
}

/// The identity of a proposal that was opened or edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Its number; `None` on a forge without numbers.
    pub number: Option<u64>,
    /// Where a person looks at it.
    pub url: String,
    /// Who opened it; `github-actions[bot]` is the job's own token.
    pub author: String,
}
