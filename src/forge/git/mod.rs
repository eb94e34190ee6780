//! Proposals as branches of a local clone, so that everything works without an account anywhere.
//!
//! A proposal is a branch that the default branch does not contain; the message of its one commit is its title and
//! body. For each such branch, `refs/wharfinger/open/<branch>` points to what this program put there: if the branch
//! points elsewhere, a person committed to it, and if it is gone, a person closed it. Closed ones are kept as
//! `refs/wharfinger/closed/<branch>`, the second one of a branch as `...+2`, and so on.
//!
//! Paths are relative to the directory the forge was opened in, as for a person who works there.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::OnceCell;

use self::command::Git;
use self::objects::{Kind, Object};
use super::{Commit, Error, Forge};

mod author;
mod branches;
mod changes;
mod command;
mod config;
mod contents;
mod default;
mod faults;
mod line;
mod objects;
mod origin;
mod pack;
mod proposals;
mod ready;
mod trees;
mod write;

pub(crate) use changes::changed_since;
pub(crate) use origin::origin_address;

/// The origin's default branch.
const ORIGIN_HEAD: &str = "refs/remotes/origin/HEAD";
/// What this program put on a branch.
const OPEN: &str = "refs/wharfinger/open/";
/// What this program last committed to a branch that is neither a proposal nor the default branch: the ledger's, if its
/// first commit was made elsewhere.
const WROTE: &str = "refs/wharfinger/wrote/";
/// What was on a branch when a person deleted it.
const CLOSED: &str = "refs/wharfinger/closed/";

/// A local clone as a forge.
#[derive(Debug)]
pub struct GitForge {
    git: Git,
    /// The working directory inside the repository, ending in `/`; empty at its root.
    prefix: String,
    /// Where git keeps what all work trees share.
    common: PathBuf,
    /// Whether this is a shallow clone.
    shallow: bool,
    /// What HEAD and the origin's HEAD point to, if they exist.
    pointed: [Option<String>; 2],
    default_branch: OnceCell<String>,
}

impl GitForge {
    /// The repository that contains `directory`.
    pub async fn open(directory: PathBuf) -> Result<Self, Error> {
        let git = Git::at(&directory);
        let asked = ["rev-parse", "--path-format=absolute", "--show-prefix", "--git-common-dir"];
        let asked = [&asked[..], &["--is-shallow-repository", "--symbolic-full-name", "HEAD", ORIGIN_HEAD]].concat();
        // Starting a process blocks a thread until the program runs, so each is started on a separate one.
        let (placing, configuring) = (git.clone(), git.clone());
        let place = tokio::spawn(async move { placing.run(&asked, b"").await });
        let configured = tokio::spawn(configuring.configured());
        git.start_objects().await?;
        let cut = |e: tokio::task::JoinError| Error::Unusable(e.to_string());
        let (git, said) = (configured.await.map_err(cut)??, place.await.map_err(cut)??);
        // It stops at the first name that does not exist, and prints it as given.
        let text = String::from_utf8_lossy(&said.out);
        let mut lines = text.lines();
        let (Some(prefix), Some(common), Some(shallow)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(Error::Unusable(faults::not_a_repository(&directory, &said.err)));
        };
        if prefix.starts_with("--") {
            return Err(Error::Unusable("git 2.31 or later is needed".to_owned()));
        }
        let pointed = ["refs/heads/", "refs/remotes/origin/"].map(|below| {
            let name = lines.next().and_then(|line| line.strip_prefix(below));
            name.filter(|name| *name != "HEAD").map(str::to_owned)
        });
        let (prefix, common, shallow) = (prefix.to_owned(), common.into(), shallow == "true");
        Ok(Self { git, prefix, common, shallow, pointed, default_branch: OnceCell::new() })
    }

    /// Waits this long for an answer from git, and five times as long for a whole command.
    #[must_use]
    pub(crate) fn with_timeout(self, patience: Duration) -> Self {
        Self { git: self.git.with_patience(patience), ..self }
    }

    /// # Errors
    /// If this is a shallow clone: what is missing may be in the history that was cut off.
    fn has_whole_history(&self) -> Result<(), Error> {
        match self.shallow {
            true => Err(Error::Unusable(
                "this clone is shallow, so its history may be incomplete; `git fetch --unshallow` fetches the rest"
                    .to_owned(),
            )),
            false => Ok(()),
        }
    }

    /// The commit a reference points to; `None` if it does not exist.
    async fn resolve(&self, reference: &str) -> Result<Option<Commit>, Error> {
        Ok(self.resolve_all(&[reference]).await?.pop().flatten())
    }

    /// The same for each of these.
    async fn resolve_all(&self, references: &[&str]) -> Result<Vec<Option<Commit>>, Error> {
        let names: Vec<String> = references.iter().map(|reference| format!("{reference}^{{commit}}")).collect();
        let objects = self.git.objects(&names).await?.into_iter();
        let commit = |object: Object| (object.kind == Kind::Commit).then_some(Commit(object.id));
        Ok(objects.map(|object| object.and_then(commit)).collect())
    }

    /// Whether the default branch contains a commit.
    async fn merged(&self, commit: &Commit) -> Result<bool, Error> {
        let head = format!("refs/heads/{}", self.default_branch().await?);
        self.git.succeeds(&["merge-base", "--is-ancestor", &commit.0, &head]).await
    }

    /// The references that match these patterns, whole names or directories, with the commits they point to.
    async fn references(&self, only: &[&str], patterns: &[&str]) -> Result<BTreeMap<String, Commit>, Error> {
        let args = [&["for-each-ref", "--format=%(refname) %(objectname)"], only, patterns].concat();
        let text = self.git.text(&args, b"").await?;
        Ok(text.lines().filter_map(|l| l.split_once(' ')).map(|(r, c)| (r.to_owned(), Commit(c.to_owned()))).collect())
    }
}

impl Forge for GitForge {}
