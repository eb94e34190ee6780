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
use self::objects::Kind;
use super::{Commit, Error, Forge};

mod branches;
mod command;
mod config;
mod contents;
mod line;
mod objects;
mod proposals;
mod trees;
mod write;

/// What the origin calls its default branch.
const ORIGIN_HEAD: &str = "refs/remotes/origin/HEAD";
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
    /// Where git keeps what all work trees share.
    common: PathBuf,
    /// What HEAD and the origin's HEAD point to, where that exists.
    pointed: [Option<String>; 2],
    default_branch: OnceCell<String>,
    /// Whether git knows whom a commit is by.
    knows_committer: OnceCell<bool>,
}

impl GitForge {
    /// The repository that `directory` is in.
    pub async fn open(directory: PathBuf) -> Result<Self, Error> {
        let git = Git::at(&directory);
        git.start_objects().await?;
        let asked =
            ["rev-parse", "--path-format=absolute", "--show-prefix", "--git-common-dir", "--symbolic-full-name"];
        let asked = [&asked[..], &["HEAD", ORIGIN_HEAD]].concat();
        let (git, said) = tokio::try_join!(git.clone().configured(), git.run(&asked, b""))?;
        // It stops at what does not exist, and prints that as it was asked.
        let text = String::from_utf8_lossy(&said.out);
        let mut lines = text.lines();
        let (Some(prefix), Some(common)) = (lines.next(), lines.next()) else {
            let place = directory.display();
            return Err(Error::Unusable(format!(
                "{place} is not in a git repository: `git rev-parse` failed: {}; `git init` makes one",
                said.err
            )));
        };
        let pointed = ["refs/heads/", "refs/remotes/origin/"].map(|below| {
            let name = lines.next().and_then(|line| line.strip_prefix(below));
            name.filter(|name| *name != "HEAD").map(str::to_owned)
        });
        let (prefix, common) = (prefix.to_owned(), common.into());
        Ok(Self { git, prefix, common, pointed, default_branch: OnceCell::new(), knows_committer: OnceCell::new() })
    }

    /// The commit a reference points to; `None` where there is no such reference.
    async fn resolve(&self, reference: &str) -> Result<Option<Commit>, Error> {
        let object = self.git.objects(&[format!("{reference}^{{commit}}")]).await?.pop().flatten();
        Ok(object.filter(|object| object.kind == Kind::Commit).map(|object| Commit(object.id)))
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
            let [_, origin] = &self.pointed;
            if let Some(branch) = origin {
                return Ok(branch.clone());
            }
            // It may point to what is not here.
            let named = if self.git.has_origin() { self.symbolic(ORIGIN_HEAD).await? } else { None };
            match named.as_deref().and_then(|name| name.strip_prefix("origin/")) {
                Some(branch) => Ok(branch.to_owned()),
                None => self.current().await,
            }
        });
        name.await.map(String::as_str)
    }

    /// What a symbolic reference names, in short.
    async fn symbolic(&self, reference: &str) -> Result<Option<String>, Error> {
        let said = self.git.run(&["symbolic-ref", "-q", "--short", reference], b"").await?;
        Ok(said.ok.then(|| String::from_utf8_lossy(&said.out).trim().to_owned()))
    }

    /// The branch that is checked out here.
    async fn current(&self) -> Result<String, Error> {
        let [head, _] = &self.pointed;
        let branch = match head {
            Some(branch) => Some(branch.clone()),
            // It may have no commit yet.
            None => self.symbolic("HEAD").await?,
        };
        let detached = || {
            Error::Unusable(
                "HEAD is detached and origin/HEAD is not set, so the default branch is unknown; `git switch` to it, or \
                 `git remote set-head origin --auto`"
                    .to_owned(),
            )
        };
        let branch = branch.ok_or_else(detached)?;
        if self.resolve(&format!("{OPEN}{branch}")).await?.is_some() {
            return Err(Error::Unusable(format!(
                "the current branch {branch} is a proposal, so the default branch is unknown; `git switch` to the default branch"
            )));
        }
        Ok(branch)
    }
}

impl Forge for GitForge {}
