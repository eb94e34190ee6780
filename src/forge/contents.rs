//! What the repository holds: files at commits, and the default branch's own line.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Commit, Error};

/// Files at commits, and the first-parent history of a branch.
#[async_trait]
pub trait Contents: Send + Sync {
    /// What tells this repository from others: `OWNER/NAME` on GitHub.
    async fn identity(&self) -> Result<String, Error>;

    /// The default branch and its commit.
    async fn head(&self) -> Result<Head, Error>;

    /// The texts of files at commits, in their order, in few requests; `None` where one does not exist there.
    async fn read_all(&self, files: &[(Commit, String)]) -> Result<Vec<Option<String>>, Error>;

    /// A file's text at a commit; `None` where it does not exist there.
    async fn read(&self, at: &Commit, path: &str) -> Result<Option<String>, Error> {
        Ok(self.read_all(&[(at.clone(), path.to_owned())]).await?.pop().flatten())
    }

    /// The paths of the files directly in a directory (`""` is the root) at a commit; empty where there is none.
    async fn list(&self, at: &Commit, directory: &str) -> Result<Vec<String>, Error>;

    /// A branch's own line back from `from`: each commit's first parent, and so no commit of a branch that was merged. As far as
    /// one look goes, and at least one step. `paths` are the files whose contents are told.
    async fn line(&self, from: &Commit, paths: &[String]) -> Result<Line, Error>;
}

/// The default branch and the commit it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The default branch, without `refs/heads/`.
    pub branch: String,
    pub commit: Commit,
}

/// A piece of a branch's own line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Newest first. One whose files are the same as those of the one before it may be left out.
    pub versions: Vec<Version>,
    /// Where the line goes on; `None` where the last version is the first there ever was.
    pub rest: Option<Commit>,
}

/// One state of a branch's own line: what the branch pointed to before the next newer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub commit: Commit,
    /// When it was committed.
    pub date: DateTime<Utc>,
    /// The files that were asked about, in order: the same text, the same content; `None` where there is no such file.
    pub contents: Vec<Option<String>>,
    /// The merged proposals that it came with, as the forge itself remembers; a commit says nothing of that.
    pub merges: Vec<Merge>,
    /// What its message says at the end of lines of the form `Name: value`; whoever made the commit wrote it.
    pub trailers: Vec<Trailer>,
    /// The account, in lower case, for which the forge itself made and signed the commit, where no proposal's merge made it.
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
    /// The branch of this repository that was merged, and its commit then; `None` where it was another's.
    pub head: Option<MergedHead>,
}

/// What a proposal's branch pointed to when it was merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedHead {
    pub branch: String,
    pub commit: Commit,
}
