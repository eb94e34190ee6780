//! Branches: moved by compare and swap, and who wrote on them.

use async_trait::async_trait;

use super::{Commit, Error, OpenProposal};

/// Moves branches. Every call either did all of what it says or nothing, or says which.
#[async_trait]
pub trait Branches: Send + Sync {
    /// What a branch points to; `None` where it does not exist. For branches that have no proposal: the ledger, and one that
    /// an interrupted run left.
    async fn tip(&self, branch: &str) -> Result<Option<Commit>, Error>;

    /// Who wrote on a branch that now points to `tip` and that one account alone should write. Where that account's doing is
    /// not shown nothing says that it ever wrote there.
    async fn written(&self, branch: &str, tip: &Commit, account: &Account) -> Result<Written, Error>;

    /// Adds one commit to a branch that must still point to `expected`.
    async fn append(&self, branch: &str, expected: &Commit, new: &NewCommit) -> Result<Commit, Error>;

    /// What will become of a commit that changes these files of a branch at `at`, in words where there is something to tell.
    /// Without files: of what earlier runs could not bring to others. Nothing is written.
    ///
    /// # Errors
    /// What would keep [`Branches::append`] from making it, as far as that shows before.
    async fn foresee(&self, branch: &str, at: &Commit, files: &[String]) -> Result<Option<String>, Error> {
        let _ = (branch, at, files);
        Ok(None)
    }

    /// Brings to others what earlier runs committed to a branch and could not bring there. `true`: they have it now.
    async fn deliver(&self, branch: &str) -> Result<bool, Error> {
        let _ = branch;
        Ok(false)
    }

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
    /// just listed what is `open` says so: that is not listed again. Whether branches remain on which proposals may be open.
    async fn sweep(&self, prefix: &str, open: Option<&[OpenProposal]>) -> Result<bool, Error>;

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

/// The account whose doing is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    /// The one that this program has now.
    Us,
    /// One of this login.
    Named(String),
}

/// What a forge itself shows of who wrote on a branch. Names in commits prove nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// The newest commit that the account is shown to have put there.
    pub own: Option<Commit>,
    /// Who put there what the branch points to now, in words for people; `None` where the account did.
    pub other: Option<String>,
    /// Why who wrote there is not shown, and how to change that; `None` where it is.
    pub silence: Option<String>,
}
