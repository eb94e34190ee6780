//! What the git forge writes: commits without a work tree, and references moved by compare-and-swap.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::config::{RECEIVE_PACK, is_directory};
use super::{Git, GitForge, OPEN};
use crate::forge::{Commit, Error, Message, NewCommit};

/// What a reference must point to for a change to be made.
const ABSENT: &str = "0000000000000000000000000000000000000000";

/// How often, and how far apart, the index is asked for again while a person's git holds it.
const INDEX_TRIES: usize = 20;
const INDEX_WAIT: Duration = Duration::from_millis(100);

/// A reference that is moved, or deleted.
pub(super) struct RefMove {
    reference: String,
    /// `None`: it is deleted.
    to: Option<Commit>,
    /// What it has to point to; `None`: whatever it points to.
    from: Option<Commit>,
}

impl RefMove {
    pub(super) fn set(reference: String, to: &Commit) -> Self {
        Self { reference, to: Some(to.clone()), from: None }
    }

    pub(super) fn delete(reference: String) -> Self {
        Self { reference, to: None, from: None }
    }

    /// Only where it points to this.
    pub(super) fn from(self, expected: &Commit) -> Self {
        Self { from: Some(expected.clone()), ..self }
    }
}

impl GitForge {
    /// Points a branch and what is remembered of it to a commit, in one transaction.
    pub(super) async fn point(&self, branch: &str, now: Option<&Commit>, commit: &Commit) -> Result<(), Error> {
        let old = now.cloned().unwrap_or_else(|| Commit(ABSENT.to_owned()));
        let changes = [
            RefMove::set(format!("refs/heads/{branch}"), commit).from(&old),
            RefMove::set(format!("{OPEN}{branch}"), commit),
        ];
        if self.swap(&changes).await? { Ok(()) } else { Err(Error::Moved { branch: branch.to_owned() }) }
    }

    /// Moves references in one transaction, each only where it points to what is expected. `false`: one of them pointed
    /// elsewhere, and none was moved.
    pub(super) async fn swap(&self, changes: &[RefMove]) -> Result<bool, Error> {
        let mut script = String::from("start\n");
        for RefMove { reference, to, from } in changes {
            let old = from.as_ref().map(|c| format!(" {c}")).unwrap_or_default();
            match to {
                Some(new) => script.push_str(&format!("update {reference} {new}{old}\n")),
                None => script.push_str(&format!("delete {reference}{old}\n")),
            }
        }
        script.push_str("prepare\ncommit\n");
        let said = self.git.run(&["update-ref", "--no-deref", "--stdin"], script.as_bytes()).await?;
        // Git says by text alone whether the reference moved, is locked by another process, or has an impossible name.
        match said.ok {
            true => Ok(true),
            false
                if ["but expected", "reference already exists", "Unable to create", "unable to resolve"]
                    .iter()
                    .any(|sign| said.err.contains(sign)) =>
            {
                Ok(false)
            }
            false => Err(Error::Unusable(format!("git could not move a reference: {}", said.err))),
        }
    }

    /// A commit on `base` with some files changed, made without any work tree.
    pub(super) async fn commit_on(&self, base: &Commit, new: &NewCommit) -> Result<Commit, Error> {
        let index = self.directory.join(format!("wharfinger-index-{}", std::process::id()));
        let result = self.commit_with(&index, base, new).await;
        let _ = tokio::fs::remove_file(&index).await;
        result
    }

    async fn commit_with(&self, index: &Path, base: &Commit, new: &NewCommit) -> Result<Commit, Error> {
        let git = self.git.with_index(index);
        git.text(&["read-tree", &base.0], b"").await?;
        let paths: Vec<String> = new.files.iter().map(|file| format!("{}{}", self.prefix, file.path)).collect();
        let asked = ["ls-tree", "--full-tree", "-z", &base.0, "--"].into_iter();
        let listed = git.text(&asked.chain(paths.iter().map(String::as_str)).collect::<Vec<_>>(), b"").await?;
        let modes: BTreeMap<&str, &str> = listed
            .split('\0')
            .filter_map(|entry| entry.split_once('\t'))
            .filter_map(|(description, path)| Some((path, description.split(' ').next()?)))
            .collect();
        let mut lines = String::new();
        for (file, path) in new.files.iter().zip(&paths) {
            let object = git.text(&["hash-object", "-w", "--stdin"], file.text.as_bytes()).await?;
            let mode = modes.get(path.as_str()).copied().unwrap_or("100644");
            lines.push_str(&format!("{mode} {}\t{path}\0", object.trim()));
        }
        git.text(&["update-index", "-z", "--add", "--index-info"], lines.as_bytes()).await?;
        let tree = git.line(&["write-tree"]).await?;
        self.commit_tree(&tree, &base.0, &new.message).await
    }

    pub(super) async fn commit_tree(&self, tree: &str, parent: &str, message: &Message) -> Result<Commit, Error> {
        let text = match message.body.trim_matches('\n') {
            "" => format!("{}\n", message.headline),
            body => format!("{}\n\n{body}\n", message.headline),
        };
        let mut args = Vec::new();
        let knows = self.knows_committer.get_or_try_init(|| self.git.succeeds(&["var", "GIT_COMMITTER_IDENT"]));
        if !*knows.await? {
            args.extend(["-c", "user.name=wharfinger", "-c", "user.email=wharfinger@localhost"]);
        }
        args.extend(["commit-tree", tree, "-p", parent, "-F", "-"]);
        self.git.text(&args, text.as_bytes()).await.map(|out| Commit(out.trim().to_owned()))
    }

    /// The work tree that has a branch checked out.
    pub(super) async fn checked_out(&self, branch: &str) -> Result<Option<PathBuf>, Error> {
        let text = self.git.text(&["worktree", "list", "--porcelain"], b"").await?;
        let wanted = format!("branch refs/heads/{branch}");
        let has = |block: &&str| block.lines().any(|line| line == wanted);
        let path = |block: &str| block.lines().find_map(|line| line.strip_prefix("worktree ").map(PathBuf::from));
        Ok(text.split("\n\n").find(has).and_then(path))
    }

    pub(super) async fn refuse_checked_out(&self, branch: &str) -> Result<(), Error> {
        match self.checked_out(branch).await? {
            None => Ok(()),
            Some(tree) => Err(Error::Refused {
                action: format!("moving {branch}"),
                detail: format!("it is checked out in {}; `git switch` to another branch there", tree.display()),
            }),
        }
    }

    /// Keeps other runs of this program from moving a branch and its work tree until it is dropped; the system drops it
    /// with the process.
    pub(super) async fn lock(&self) -> Result<File, Error> {
        let path = self.common.join("wharfinger.lock");
        let locked = tokio::task::spawn_blocking(move || {
            let file = File::options().create(true).truncate(false).write(true).open(path)?;
            file.lock()?;
            Ok(file)
        });
        let cannot = |e: std::io::Error| Error::Unusable(format!("the repository cannot be locked: {e}"));
        locked.await.map_err(|e| cannot(e.into()))?.map_err(cannot)
    }

    /// Moves the work tree of a branch from one commit to another; a person's uncommitted changes are never overwritten.
    pub(super) async fn follow(&self, branch: &str, tree: &Path, from: &Commit, to: &Commit) -> Result<(), Error> {
        let git = Git::open(tree).await?;
        // Without it a file whose time stamp alone changed counts as changed.
        git.run(&["update-index", "-q", "--refresh"], b"").await?;
        let mut said = git.run(&["read-tree", "-m", "-u", &from.0, &to.0], b"").await?;
        for _ in 0..INDEX_TRIES {
            if said.ok || !said.err.contains("index.lock") {
                break;
            }
            tokio::time::sleep(INDEX_WAIT).await;
            said = git.run(&["read-tree", "-m", "-u", &from.0, &to.0], b"").await?;
        }
        if said.ok {
            return Ok(());
        }
        Err(Error::Refused {
            action: format!("committing to {branch}"),
            detail: format!("{} has changes in the way ({}); commit or stash them", tree.display(), said.err),
        })
    }

    /// Pushes a branch where an origin exists.
    pub(super) async fn push(&self, branch: &str) -> Result<(), Error> {
        let origin = self.git.run(&["remote", "get-url", "--push", "origin"], b"").await?;
        if !origin.ok {
            return Ok(());
        }
        let action = format!("pushing {branch} to origin");
        if !self.git.foreign_transport().is_empty() {
            let named = self.git.foreign_transport().join(", ");
            let detail = format!(
                "the repository's own configuration names a program for that ({named}), which is not run; the commit is on \
                 the local branch: `git push`, or `git config --global` for what you trust"
            );
            return Err(Error::Refused { action, detail });
        }
        let reference = format!("refs/heads/{branch}");
        let mut args = vec!["push", "--quiet"];
        if is_directory(String::from_utf8_lossy(&origin.out).trim()) {
            args.push(RECEIVE_PACK);
        }
        args.extend(["origin", &reference]);
        let said = self.git.run(&args, b"").await?;
        if said.ok {
            return Ok(());
        }
        Err(Error::Refused {
            action,
            detail: format!("{}; the commit is on the local branch: `git pull --rebase` and `git push`", said.err),
        })
    }
}
