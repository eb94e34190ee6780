//! Forges: where the manifest is kept, proposals are made and records are committed. Two implementations, [`github`] and
//! [`git`]; both pass the contract suite in `tests/it/forge_contract.rs`. What only GitHub has is in [`github`] alone,
//! behind [`Social`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

pub mod git;
pub mod github;

/// A commit's object id, as the forge gave it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Commit(pub String);

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The default branch and the commit it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The default branch, without `refs/heads/`.
    pub branch: String,
    /// Its commit.
    pub commit: Commit,
}

/// A new whole text for one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The path from the root of the repository.
    pub path: String,
    /// The new text.
    pub text: String,
}

/// Headline and body of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The first line.
    pub headline: String,
    /// Everything after the blank line; may be empty.
    pub body: String,
}

/// A proposal as the forge has it: its head repository is this one and its branch starts with the prefix asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenProposal {
    /// Its number; `None` on a forge without numbers.
    pub number: Option<u64>,
    /// Where a person looks at it: a URL, or the branch.
    pub url: String,
    /// The branch.
    pub branch: String,
    /// The branch's commit.
    pub head: Commit,
    /// The title.
    pub title: String,
    /// The body, with the metadata that `proposal::metadata` wrote into it.
    pub body: String,
    /// Whether the branch has commits that this program did not write.
    pub touched: bool,
    /// Who opened it; `github-actions[bot]` is the job's own token.
    pub author: String,
    /// Labels it has.
    pub labels: Vec<String>,
    /// The branch it would be merged into, where a person made that another than the default one.
    pub elsewhere: Option<String>,
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

/// A commit of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The commit.
    pub commit: Commit,
    /// Its first parent; `None` for the very first commit.
    pub parent: Option<Commit>,
}

/// One state of a branch's own line: what the branch pointed to before the next newer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The commit.
    pub commit: Commit,
    /// When it was committed.
    pub date: DateTime<Utc>,
    /// The files that were asked about, in order: the same text, the same content; `None` where there is no such file.
    pub contents: Vec<Option<String>>,
    /// The merged proposals that it came with, as the forge itself remembers; a commit says nothing of that.
    pub merges: Vec<Merge>,
}

/// A piece of a branch's own line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Newest first. One whose files are the same as those of the one before it may be left out.
    pub versions: Vec<Version>,
    /// Where the line goes on; `None` where the last version is the first there ever was.
    pub rest: Option<Commit>,
}

/// A merged proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// Its number.
    pub number: u64,
    /// The commit that merged it: a merge, a squash, or the last of its rebased commits.
    pub commit: Option<Commit>,
}

/// A commit on a branch that nobody but this program should write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The commit.
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
const LOOKED_BACK: usize = 30;

/// The commits of a listing down to our own newest, each the one parent of the one before: what was merged in might be old.
fn down_to_ours(listed: impl IntoIterator<Item = (Written, Vec<Commit>)>) -> Vec<Written> {
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

/// What can be done on a forge. Every call either did all of what it says or nothing, or says which.
#[async_trait]
pub trait Forge: Send + Sync {
    /// The default branch and its commit.
    async fn head(&self) -> Result<Head, Error>;

    /// A file's text at a commit; `None` where it does not exist there.
    async fn read(&self, at: &Commit, path: &str) -> Result<Option<String>, Error>;

    /// What a branch points to; `None` where it does not exist. For branches that have no proposal: the ledger, and one that
    /// an interrupted run left.
    async fn tip(&self, branch: &str) -> Result<Option<Commit>, Error>;

    /// Who wrote the newest commits of a branch that now points to `tip`: newest first, down to our own newest, as far as a
    /// bounded look goes. Where none of them is ours nothing says that we ever wrote there.
    async fn written(&self, branch: &str, tip: &Commit) -> Result<Vec<Written>, Error>;

    /// The paths of the files directly in a directory (`""` is the root) at a commit; empty where there is none.
    async fn list(&self, at: &Commit, directory: &str) -> Result<Vec<String>, Error>;

    /// All open proposals on branches of this repository that start with `prefix`, in few requests.
    async fn proposals(&self, prefix: &str) -> Result<Vec<OpenProposal>, Error>;

    /// The proposals of `branch` that a person closed without a merge.
    async fn declined(&self, branch: &str) -> Result<Vec<Declined>, Error>;

    /// Adds one commit to a branch that must still point to `expected`.
    async fn append(
        &self,
        branch: &str,
        expected: &Commit,
        message: &Message,
        files: &[FileChange],
    ) -> Result<Commit, Error>;

    /// Makes `branch` be `base` and one commit on it. `expected` is what the branch points to now, `None` where it does not
    /// exist. The branch moves once: at no moment is it without the change.
    async fn rewrite(
        &self,
        branch: &str,
        expected: Option<&Commit>,
        base: &Commit,
        message: &Message,
        files: &[FileChange],
    ) -> Result<Commit, Error>;

    /// Opens a proposal from `branch` to the default branch.
    async fn open(&self, branch: &str, title: &str, body: &str) -> Result<Opened, Error>;

    /// Changes title and body of an open proposal.
    async fn edit(&self, proposal: &OpenProposal, title: &str, body: &str) -> Result<(), Error>;

    /// Closes a proposal with the reason, and deletes its branch.
    async fn close(&self, proposal: &OpenProposal, reason: &str) -> Result<(), Error>;

    /// One page (from 1) of the commits that lead to `head` and changed a file, newest first, and whether another page
    /// follows; without a path, of all commits. Commits of branches that were merged may be among them, and what was undone
    /// and merged back may be missing: see [`Forge::line`].
    async fn history(&self, head: &Commit, path: Option<&str>, page: u32) -> Result<(Vec<Change>, bool), Error>;

    /// A branch's own line back from `from`: each commit's first parent, and so no commit of a branch that was merged. As far as
    /// one look goes, and at least one step. `paths` are the files whose contents are told.
    async fn line(&self, from: &Commit, paths: &[String]) -> Result<Line, Error>;

    /// [`Forge::read`] of many files at their commits, in their order, in few requests.
    async fn read_all(&self, files: &[(Commit, String)]) -> Result<Vec<Option<String>>, Error>;

    /// Clears what interrupted runs left and files what people closed since; changes nothing that a person sees.
    async fn sweep(&self, prefix: &str) -> Result<(), Error> {
        let _ = prefix;
        Ok(())
    }

    /// The same, for a run that has just listed what is open: that is not listed again.
    async fn sweep_beside(&self, prefix: &str, open: &[OpenProposal]) -> Result<(), Error> {
        let _ = open;
        self.sweep(prefix).await
    }

    /// What only a forge with accounts has; `None` elsewhere.
    fn social(&self) -> Option<&dyn Social>;
}

/// The error, where rules of a branch refused with those rules and what to change, as far as the forge tells.
pub async fn with_rules(forge: &dyn Forge, error: Error) -> Error {
    let (Error::Protected { branch, detail }, Some(social)) = (&error, forge.social()) else { return error };
    match social.rules(branch).await {
        Ok(rules) if !rules.is_empty() => {
            Error::Protected { branch: branch.clone(), detail: format!("{detail}; {}", rules.join("; ")) }
        }
        _ => error,
    }
}

/// Labels, reviewers, comments and statuses: what needs accounts. Only GitHub has it.
#[async_trait]
pub trait Social: Send + Sync {
    /// Adds labels to a proposal, making none that do not exist where that is not allowed.
    async fn label(&self, number: u64, labels: &[String]) -> Result<(), Error>;

    /// Takes a label off a proposal; one that it does not have is well.
    async fn unlabel(&self, number: u64, label: &str) -> Result<(), Error>;

    /// Whether this is a job's own token, which starts no workflows.
    async fn is_job(&self) -> Result<bool, Error>;

    /// Asks one person (`octocat`) for a review.
    async fn request_reviewer(&self, number: u64, login: &str) -> Result<(), Error>;

    /// Asks one team, by its slug, for a review.
    async fn request_team(&self, number: u64, slug: &str) -> Result<(), Error>;

    /// The state (`success`, `failure`, ...) and description of the newest commit status of this context, if any.
    async fn status(&self, commit: &Commit, context: &str) -> Result<Option<(StatusState, String)>, Error>;

    /// Sets a commit status.
    async fn set_status(
        &self,
        commit: &Commit,
        context: &str,
        state: StatusState,
        description: &str,
    ) -> Result<(), Error>;

    /// The parents of a commit, first parent first.
    async fn parents(&self, commit: &Commit) -> Result<Vec<Commit>, Error>;

    /// Whether the default branch holds a commit.
    async fn is_merged(&self, commit: &Commit) -> Result<bool, Error>;

    /// The rules of a branch, which need not exist, in words: each with who made it and what to change.
    async fn rules(&self, branch: &str) -> Result<Vec<String>, Error>;

    /// The proposal that was merged into the default branch and brought a commit there, if one did.
    async fn merged_by(&self, commit: &Commit) -> Result<Option<Merge>, Error>;

    /// All reviews of a proposal, oldest first: several by one person where there are.
    async fn reviews(&self, number: u64) -> Result<Vec<Review>, Error>;

    /// What was said of proposals and who wrote their commits, of many in few requests.
    async fn reviewed(&self, numbers: &BTreeSet<u64>) -> Result<BTreeMap<u64, Reviewed>, Error>;

    /// Whether an account may write to the repository; one that does not exist may not. Asked once in a run.
    async fn may_write(&self, login: &str) -> Result<bool, Error>;

    /// What this program's own account said on a proposal: the comments' texts, oldest first.
    async fn own_comments(&self, number: u64) -> Result<Vec<String>, Error>;

    /// Comments on a proposal, unless a comment of this program's own holds `mark` already. The mark, which is nothing that
    /// people see, is put under the text.
    async fn comment(&self, number: u64, mark: &str, text: &str) -> Result<(), Error>;

    /// The issues, no proposals, that this program's own account opened and whose body ends with `mark`, whoever labelled what:
    /// found by the label, or where none has it by their author.
    async fn own_issues(&self, label: &str, mark: &str) -> Result<Vec<OwnIssue>, Error>;

    /// Opens an issue with a label; one that stands there already, as after a lost answer, is taken.
    async fn open_issue(&self, label: &str, mark: &str, title: &str, body: &str) -> Result<OwnIssue, Error>;

    /// Makes an issue say this and be open or closed, with the label.
    async fn write_issue(&self, issue: &OwnIssue, label: &str) -> Result<(), Error>;
}

/// An issue that this program's own account opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnIssue {
    /// Its number.
    pub number: u64,
    /// Where a person looks at it.
    pub url: String,
    /// Whether it is open.
    pub open: bool,
    /// Whether it carries the label that it was asked for by.
    pub labelled: bool,
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
}

/// A person's say on a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Whose.
    pub login: String,
    /// Whether that is a person's account, and no App's.
    pub person: bool,
    /// What it says.
    pub verdict: Verdict,
    /// The commit that was looked at; `None` where the forge no longer says.
    pub commit: Option<Commit>,
}

/// What is known of a proposal's reviews.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// All reviews, oldest first: several by one person where there are.
    pub reviews: Vec<Review>,
    /// The accounts that wrote its commits, in lower case; `None` where that cannot be told of every commit.
    pub writers: Option<BTreeSet<String>>,
}

/// What a review says now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It approves.
    Approved,
    /// It asks for something else.
    ChangesRequested,
    /// It only remarks.
    Commented,
    /// It was taken back, by whomever.
    Dismissed,
}

/// The state of a commit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusState {
    /// Nothing wrong.
    Success,
    /// Findings or diagnostics.
    Failure,
    /// It could not be worked out.
    Error,
}

/// What went wrong with a forge.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The branch did not point to the expected commit: look again and decide anew.
    #[error("the branch {branch} moved meanwhile")]
    Moved {
        /// The branch.
        branch: String,
    },
    /// The branch's rules refuse a commit, the branch or its proposal (protection, rulesets); with what the forge said.
    #[error("the rules of the branch {branch} refuse it: {detail}")]
    Protected {
        /// The branch.
        branch: String,
        /// What the forge said.
        detail: String,
    },
    /// The credential is missing, wrong, or not allowed to do this; with the permission or setting that is missing.
    #[error("{action} was refused: {detail}")]
    Refused {
        /// What was being done.
        action: String,
        /// What the forge said, and how to mend it.
        detail: String,
    },
    /// The forge does not take what was asked, whoever asks; with what it said.
    #[error("{action}: GitHub does not take it: {detail}")]
    Invalid {
        /// What was being done.
        action: String,
        /// What the forge said.
        detail: String,
    },
    /// A limit, with when it ends.
    #[error("rate limit: {0}")]
    RateLimited(String),
    /// No answer, or server errors until the tries were used up.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// An answer that breaks the forge's own description, or a failed git command.
    #[error("{0}")]
    Unusable(String),
}
