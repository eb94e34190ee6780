//! Branches: moved by compare-and-swap, and who wrote to them.

use async_trait::async_trait;

use super::{Commit, Error, OpenProposal};

/// Moves branches. Every call does all of what it says or nothing, or says which.
#[async_trait]
pub trait Branches: Send + Sync {
    /// What a branch points to; `None` if it does not exist. For branches without a proposal: the ledger, and one left
    /// by an interrupted run.
    async fn tip(&self, branch: &str) -> Result<Option<Commit>, Error>;

    /// Who wrote to a branch that now points to `tip` and that only one account should write to. If the account is not
    /// shown to have done so, nothing says that it ever wrote there.
    async fn written(&self, branch: &str, tip: &Commit, account: &Account) -> Result<Written, Error>;

    /// Adds one commit to a branch that must still point to `expected`.
    async fn append(&self, branch: &str, expected: &Commit, new: &NewCommit) -> Result<Commit, Error>;

    /// What will become of a commit that changes these files of a branch at `at`, in words if there is something to
    /// say. Without files: of what earlier runs could not deliver. Nothing is written.
    ///
    /// # Errors
    /// What would prevent [`Branches::append`] from making it, as far as that can be known beforehand.
    async fn foresee(&self, branch: &str, at: &Commit, files: &[String]) -> Result<Option<String>, Error> {
        let _ = (branch, at, files);
        Ok(None)
    }

    /// Delivers what earlier runs committed to a branch but could not pass on. `true`: it has been delivered now.
    async fn deliver(&self, branch: &str) -> Result<bool, Error> {
        let _ = branch;
        Ok(false)
    }

    /// Makes `branch` consist of `base` and one commit on it. `expected` is what the branch points to now, `None` if it
    /// does not exist. The branch moves once: it is never without the change.
    async fn rewrite(
        &self,
        branch: &str,
        expected: Option<&Commit>,
        base: &Commit,
        new: &NewCommit,
    ) -> Result<Commit, Error>;

    /// Clears what interrupted runs left and files what people closed since; changes nothing that a person sees. A run
    /// that has just listed the `open` proposals passes them, to save listing them again. Returns whether branches
    /// remain that may have open proposals.
    async fn sweep(&self, prefix: &str, open: Option<&[OpenProposal]>) -> Result<bool, Error>;

    /// The rules of a branch, which need not exist, in words: each with who made it and what to change. Empty if the
    /// forge has no rules.
    async fn rules(&self, branch: &str) -> Result<Vec<String>, Error> {
        let _ = branch;
        Ok(Vec::new())
    }
}

/// The error; if rules of a branch caused the refusal, with those rules and what to change, as far as the forge tells.
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

/// The new full text of one file.
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

/// The account in question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    /// The one this program has now.
    Us,
    /// The one with this login.
    Named(String),
}

/// What a forge itself shows about who wrote to a branch. Names in commits prove nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// The newest commit that the account is shown to have put there.
    pub own: Option<Commit>,
    /// Who put there what the branch points to now, for messages; `None` if the account did.
    pub other: Option<String>,
    /// Why it is not shown who wrote there, and how to change that; `None` if it is shown.
    pub silence: Option<String>,
}
