//! Proposals as branches of a local clone, so that everything works without an account anywhere.
//!
//! A proposal is a branch that the default branch does not contain; the message of its one commit is its title and
//! body. Beside each branch stands `refs/wharfinger/open/<branch>`, which points to what this program put there: where
//! the branch points elsewhere a person committed to it, and where the branch is gone a person closed it. Closed ones
//! are kept as `refs/wharfinger/closed/<branch>`, the second one of a branch as `...+2`, and so on.
//!
//! Paths are relative to the directory the forge was opened in, as they are for a person who works there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tokio::sync::OnceCell;

use self::command::Git;
use super::{Commit, Error, Forge};

mod branches;
mod command;
mod config;
mod contents;
mod line;
mod proposals;
mod write;

/// What this program put on a branch.
const OPEN: &str = "refs/wharfinger/open/";
/// What this program committed last to a branch that is no proposal and not the default one: the ledger's, where its first
/// commit was made elsewhere.
const WROTE: &str = "refs/wharfinger/wrote/";
/// What was on a branch when a person deleted it.
const CLOSED: &str = "refs/wharfinger/closed/";

/// A local clone as a forge.
#[derive(Debug)]
pub struct GitForge {
    git: Git,
    /// The working directory inside the repository, with a final `/`; empty at its root.
    prefix: String,
    /// Where git keeps what belongs to this work tree.
    directory: PathBuf,
    /// Where git keeps what all work trees share.
    common: PathBuf,
    default_branch: OnceCell<String>,
    /// Whether git knows whom a commit is by.
    knows_committer: OnceCell<bool>,
}

impl GitForge {
    /// The repository that `directory` is in.
    pub async fn open(directory: PathBuf) -> Result<Self, Error> {
        let git = Git::open(&directory).await?;
        let asked = ["rev-parse", "--path-format=absolute", "--show-prefix", "--git-dir", "--git-common-dir"];
        let said = git.line(&asked).await.map_err(|e| {
            Error::Unusable(format!("{} is not in a git repository: {e}; `git init` makes one", directory.display()))
        })?;
        let [prefix, directory, common] = said.split('\n').collect::<Vec<_>>()[..] else {
            return Err(Error::Unusable(format!("git says something else than where it is: {said:?}")));
        };
        Ok(Self {
            prefix: prefix.to_owned(),
            directory: directory.into(),
            common: common.into(),
            git,
            default_branch: OnceCell::new(),
            knows_committer: OnceCell::new(),
        })
    }

    /// The commit a reference points to; `None` where there is no such reference.
    async fn resolve(&self, reference: &str) -> Result<Option<Commit>, Error> {
        let said = self.git.run(&["rev-parse", "-q", "--verify", &format!("{reference}^{{commit}}")], b"").await?;
        Ok(said.ok.then(|| Commit(String::from_utf8_lossy(&said.out).trim().to_owned())))
    }

    /// Whether the default branch contains a commit.
    async fn merged(&self, commit: &Commit) -> Result<bool, Error> {
        let head = format!("refs/heads/{}", self.default_branch().await?);
        self.git.succeeds(&["merge-base", "--is-ancestor", &commit.0, &head]).await
    }

    /// The references that these patterns name, whole names or directories, with the commits they point to.
    async fn references(&self, only: &[&str], patterns: &[&str]) -> Result<BTreeMap<String, Commit>, Error> {
        let args = [&["for-each-ref", "--format=%(refname) %(objectname)"], only, patterns].concat();
        let text = self.git.text(&args, b"").await?;
        Ok(text.lines().filter_map(|l| l.split_once(' ')).map(|(r, c)| (r.to_owned(), Commit(c.to_owned()))).collect())
    }

    /// The name of the default branch, found out once: what the origin calls so, else what is checked out here.
    async fn default_branch(&self) -> Result<&str, Error> {
        let name = self.default_branch.get_or_try_init(|| async {
            let remote = self.git.run(&["symbolic-ref", "-q", "--short", "refs/remotes/origin/HEAD"], b"").await?;
            let name = String::from_utf8_lossy(&remote.out).trim().to_owned();
            match name.strip_prefix("origin/") {
                Some(branch) if remote.ok => Ok(branch.to_owned()),
                _ => self.current().await,
            }
        });
        name.await.map(String::as_str)
    }

    /// The branch that is checked out here.
    async fn current(&self) -> Result<String, Error> {
        let said = self.git.run(&["symbolic-ref", "-q", "--short", "HEAD"], b"").await?;
        if !said.ok {
            return Err(Error::Unusable(
                "HEAD is detached and origin/HEAD is not set, so the default branch is unknown; `git switch` to it, or \
                 `git remote set-head origin --auto`"
                    .to_owned(),
            ));
        }
        let branch = String::from_utf8_lossy(&said.out).trim().to_owned();
        if self.resolve(&format!("{OPEN}{branch}")).await?.is_some() {
            return Err(Error::Unusable(format!(
                "the current branch {branch} is a proposal, so the default branch is unknown; `git switch` to the default branch"
            )));
        }
        Ok(branch)
    }
}

impl Forge for GitForge {}
