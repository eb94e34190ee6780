//! The contents of the repository: files at commits, and the first-parent history of the default branch.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Commit, Error};

/// Files at commits, and the first-parent history of a branch.
#[async_trait]
pub trait Contents: Send + Sync {
    /// What distinguishes this repository from others: `OWNER/NAME` on GitHub.
    async fn identity(&self) -> Result<String, Error>;

    /// The default branch and its commit.
    async fn head(&self) -> Result<Head, Error>;

    /// The texts of files at commits, in the given order, in few requests; `None` for a file that does not exist there.
    async fn read_all(&self, files: &[(Commit, String)]) -> Result<Vec<Option<String>>, Error>;

    /// A file's text at a commit; `None` if it does not exist there.
    async fn read(&self, at: &Commit, path: &str) -> Result<Option<String>, Error> {
        Ok(self.read_all(&[(at.clone(), path.to_owned())]).await?.pop().flatten())
    }

    /// The paths of the files directly in a directory (`""` is the root) at a commit; empty if there is none.
    async fn list(&self, at: &Commit, directory: &str) -> Result<Vec<String>, Error>;

    /// Says that [`Contents::line`] will be asked soon, so that preparations for it can be made meanwhile.
    fn expect_line(&self) {}

    /// A branch's first-parent history back from `from`, which excludes the commits of merged branches. As far as one
    /// query reaches, and at least one step. `paths` are the files whose contents are wanted.
    async fn line(&self, from: &Commit, paths: &[String]) -> Result<Line, Error>;
}

/// The default branch and the commit it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The default branch, without `refs/heads/`.
    pub branch: String,
    pub commit: Commit,
}

/// A piece of a branch's first-parent history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Newest first. A version with the same files as the one before it may be left out.
    pub versions: Vec<Version>,
    /// Where the history continues; `None` if the last version is the very first.
    pub rest: Option<Commit>,
}

/// One state of a branch's first-parent history: what the branch pointed to before the next newer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub commit: Commit,
    /// When it was committed.
    pub date: DateTime<Utc>,
    /// The requested files, in order; equal texts mean equal contents; `None` for a file that does not exist.
    pub contents: Vec<Option<String>>,
    /// The merged proposals that it came with, as recorded by the forge; the commit itself does not tell.
    pub merges: Vec<Merge>,
    /// The lines of the form `Name: value` at the end of its message; whoever made the commit wrote them.
    pub trailers: Vec<Trailer>,
    /// The account, in lower case, for which the forge itself made and signed the commit, unless a proposal's merge
    /// made it.
    pub made_for: Option<String>,
}

/// A line `name: value` in the last paragraph of a commit's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    pub name: String,
    pub value: String,
}

/// The trailers of a commit's message (git-interpret-trailers(1)).
pub(super) fn trailers(message: &str) -> Vec<Trailer> {
    let last = message.trim_end().rsplit("\n\n").next().unwrap_or_default();
    let trailer = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        is_name.then(|| Trailer { name: name.to_owned(), value: value.trim().to_owned() })
    };
    last.lines().filter_map(trailer).collect()
}

/// A merged proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    pub number: u64,
    /// The commit that merged it: a merge, a squash, or the last of its rebased commits.
    pub commit: Option<Commit>,
    /// The branch of this repository that was merged, and its commit then; `None` for a branch of another repository.
    pub head: Option<MergedHead>,
}

/// What a proposal's branch pointed to when it was merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedHead {
    pub branch: String,
    pub commit: Commit,
}
