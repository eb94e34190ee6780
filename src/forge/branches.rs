//! Branches: moved by compare and swap, and who wrote on them.

use async_trait::async_trait;

use super::{Commit, Error, OpenProposal};

/// Moves branches. Every call either did all of what it says or nothing, or says which.
#[async_trait]
pub trait Branches: Send + Sync {
    /// What a branch points to; `None` where it does not exist. For branches that have no proposal: the ledger, and one that
    /// an interrupted run left.
    async fn tip(&self, branch: &str) -> Result<Option<Commit>, Error>;

    /// Who wrote the newest commits of a branch that now points to `tip`: newest first, down to our own newest, as far as a
    /// bounded look goes. Where none of them is ours nothing says that we ever wrote there.
    async fn written(&self, branch: &str, tip: &Commit) -> Result<Vec<Written>, Error>;

    /// Adds one commit to a branch that must still point to `expected`.
    async fn append(&self, branch: &str, expected: &Commit, new: &NewCommit) -> Result<Commit, Error>;

    /// Makes `branch` be `base` and one commit on it. `expected` is what the branch points to now, `None` where it does not
    /// exist. The branch moves once: at no moment is it without the change.
    async fn rewrite(
        &self,
        branch: &str,
        expected: Option<&Commit>,
        base: &Commit,
        new: &NewCommit,
    ) -> Result<Commit, Error>;

    /// Clears what interrupted runs left and files what people closed since; changes nothing that a person sees. A run that has
    /// just listed what is `open` says so: that is not listed again.
    async fn sweep(&self, prefix: &str, open: Option<&[OpenProposal]>) -> Result<(), Error>;

    /// The rules of a branch, which need not exist, in words: each with who made it and what to change. None where a forge has
    /// no rules.
    async fn rules(&self, branch: &str) -> Result<Vec<String>, Error> {
        let _ = branch;
        Ok(Vec::new())
    }
}

/// The error, where rules of a branch refused with those rules and what to change, as far as the forge tells.
pub(crate) async fn with_rules(branches: &dyn Branches, error: Error) -> Error {
    let Error::Protected { branch, detail } = &error else { return error };
    match branches.rules(branch).await {
        Ok(rules) if !rules.is_empty() => {
            Error::Protected { branch: branch.clone(), detail: format!("{detail}; {}", rules.join("; ")) }
        }
        _ => error,
    }
}

/// A commit to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommit {
    pub message: Message,
    pub files: Vec<FileChange>,
}

/// A new whole text for one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The path from the root of the repository.
    pub path: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The first line.
    pub headline: String,
    /// Everything after the blank line; may be empty.
    pub body: String,
}

/// A commit on a branch that only this program should write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub commit: Commit,
    /// Who wrote it, as the forge names them, for people.
    pub author: String,
    /// What the forge proves of that.
    pub by: By,
}

/// What a forge proves of who wrote a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// This program, with the account it has now.
    Us,
    /// An App or a job's own token, and not the account that this program has now.
    Machine,
    /// Anybody.
    Other,
}

/// How many commits are looked at to find one of our own.
pub(super) const LOOKED_BACK: usize = 30;

/// The commits of a listing down to our own newest, each the one parent of the one before: what was merged in might be old.
pub(super) fn down_to_ours(listed: impl IntoIterator<Item = (Written, Vec<Commit>)>) -> Vec<Written> {
    let mut found: Vec<Written> = Vec::new();
    let mut follows: Option<Commit> = None;
    for (written, mut parents) in listed {
        if follows.as_ref().is_some_and(|parent| *parent != written.commit) {
            break;
        }
        let done = written.by == By::Us || parents.len() != 1;
        found.push(written);
        if done {
            break;
        }
        follows = parents.pop();
    }
    found
}
