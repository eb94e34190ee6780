//! What the git forge writes: commits without a work tree, and references moved by compare-and-swap.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use super::objects::Kind;
use super::pack::Pack;
use super::{Git, GitForge, OPEN, author, faults};
use crate::forge::{Commit, Contents as _, Error, FileChange, Message, NewCommit};

/// The expected value of a reference that must not exist.
const ABSENT: &str = "0000000000000000000000000000000000000000";

/// Writes the objects in its input. What they name may be missing here, as it was before.
const UNPACK: [&str; 2] = ["unpack-objects", "-q"];
/// Applies the changes in its input.
const UPDATE_REF: [&str; 3] = ["update-ref", "--no-deref", "--stdin"];

/// The committer if git knows none.
const NAMELESS: [&str; 4] = ["-c", "user.name=wharfinger", "-c", "user.email=wharfinger@localhost"];

/// How often, and how far apart, to retry while a person's git holds the index.
const INDEX_TRIES: usize = 20;
const INDEX_WAIT: Duration = Duration::from_millis(100);

/// A work tree in which a branch is checked out.
pub(super) struct WorkTree {
    top: PathBuf,
    /// It is the one this run works in.
    ours: bool,
}

/// A reference to be moved or deleted.
pub(super) struct RefMove {
    reference: String,
    /// `None`: delete it.
    to: Option<Commit>,
    /// What it has to point to; `None`: anything.
    from: Option<Commit>,
}

impl RefMove {
    pub(super) fn set(reference: String, to: &Commit) -> Self {
        Self { reference, to: Some(to.clone()), from: None }
    }

    pub(super) fn delete(reference: String) -> Self {
        Self { reference, to: None, from: None }
    }

    /// Only if it points to this.
    pub(super) fn from(self, expected: &Commit) -> Self {
        Self { from: Some(expected.clone()), ..self }
    }
}

impl GitForge {
    /// Points a branch and what is remembered about it to a commit, in one transaction.
    pub(super) async fn point(&self, branch: &str, now: Option<&Commit>, commit: &Commit) -> Result<(), Error> {
        let old = now.cloned().unwrap_or_else(|| Commit(ABSENT.to_owned()));
        let changes = [
            RefMove::set(format!("refs/heads/{branch}"), commit).from(&old),
            RefMove::set(format!("{OPEN}{branch}"), commit),
        ];
        if self.swap(&changes).await? { Ok(()) } else { Err(Error::Moved { branch: branch.to_owned() }) }
    }

    /// Moves references in one transaction, each only if it points to what is expected. `false`: one of them pointed
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
        let said = self.git.run(&UPDATE_REF, script.as_bytes()).await?;
        // Only git's message tells whether the reference moved, is locked by another process, or has an invalid name.
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

    /// A commit on `base` with some files changed, made without a work tree.
    pub(super) async fn commit_on(&self, base: &Commit, new: &NewCommit) -> Result<Commit, Error> {
        let mut pack = Pack::beside(&base.0);
        let tree = self.add_tree(&mut pack, base, &new.files).await?;
        let text = text(&new.message);
        let commit = match self.git.author() {
            Some(author) if !text.contains('\0') => {
                let who = format!("{author} {}", author::moment(chrono::Local::now()));
                let content = format!("tree {tree}\nparent {base}\nauthor {who}\ncommitter {who}\n\n{text}");
                Some(Commit(pack.add(Kind::Commit, content.as_bytes())?))
            }
            // Only git can tell who it is, and what it accepts.
            _ => None,
        };
        self.unpack(pack).await?;
        match commit {
            Some(commit) => Ok(commit),
            None => self.commit_tree(&tree, &base.0, &new.message).await,
        }
    }

    /// Writes objects.
    async fn unpack(&self, pack: Pack) -> Result<(), Error> {
        self.git.text(&UNPACK, &pack.finish()).await.map(drop)
    }

    /// Starts the processes that write a commit and move a reference.
    pub(super) fn start_writers(&self) {
        self.git.start_ahead(&[&UNPACK, &UPDATE_REF]);
    }

    pub(super) async fn commit_tree(&self, tree: &str, parent: &str, message: &Message) -> Result<Commit, Error> {
        let text = text(message);
        let args = ["commit-tree", tree, "-p", parent, "-F", "-"];
        let mut said = self.git.run(&args, text.as_bytes()).await?;
        if !said.ok && faults::lacks_identity(&said.err) {
            tracing::info!(
                "git does not know who you are, so wharfinger@localhost is the author of the commit: set `git config \
                 user.name NAME` and `git config user.email ADDRESS`"
            );
            said = self.git.run(&[&NAMELESS[..], &args].concat(), text.as_bytes()).await?;
        }
        match said.ok {
            true => Ok(Commit(String::from_utf8_lossy(&said.out).trim().to_owned())),
            false => Err(Error::Unusable(format!("`git commit-tree` failed: {}", said.err))),
        }
    }

    /// The work tree in which a branch is checked out.
    pub(super) async fn checked_out(&self, branch: &str) -> Result<Option<WorkTree>, Error> {
        if let Some(top) = self.only_tree(branch) {
            return Ok(Some(WorkTree { top, ours: true }));
        }
        let text = self.git.text(&["worktree", "list", "--porcelain"], b"").await?;
        let wanted = format!("branch refs/heads/{branch}");
        let has = |block: &&str| block.lines().any(|line| line == wanted);
        let path = |block: &str| block.lines().find_map(|line| line.strip_prefix("worktree ").map(PathBuf::from));
        let ours = |top: &PathBuf| self.pointed[0].as_deref() == Some(branch) && self.git.is_in(top);
        Ok(text.split("\n\n").find(has).and_then(path).map(|top| WorkTree { ours: ours(&top), top }))
    }

    /// The work tree that this run works in, if it is the only one (gitrepository-layout(5)) and the branch is still
    /// checked out there: git itself need not be asked.
    fn only_tree(&self, branch: &str) -> Option<PathBuf> {
        let top = self.common.parent().filter(|_| self.common.ends_with(".git"))?;
        let is_only = self.git.has_work_tree() && self.git.is_in(top) && !self.common.join("worktrees").exists();
        let is_at = || std::fs::read_to_string(self.common.join("HEAD")).is_ok_and(|is| is == named(branch));
        (is_only && self.pointed[0].as_deref() == Some(branch) && is_at()).then(|| top.to_path_buf())
    }

    pub(super) async fn refuse_checked_out(&self, branch: &str) -> Result<(), Error> {
        match self.checked_out(branch).await? {
            None => Ok(()),
            Some(tree) => Err(Error::Refused {
                action: format!("moving {branch}"),
                detail: format!(
                    "it is checked out in {}; switch to another branch there with `git switch`",
                    tree.top.display()
                ),
            }),
        }
    }

    /// Keeps other runs of this program from moving a branch and its work tree until it is dropped; the system releases
    /// it with the process.
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

    /// Moves the work tree of a branch from one commit to another; a person's uncommitted changes are never
    /// overwritten.
    pub(super) async fn follow(&self, branch: &str, tree: &WorkTree, from: &Commit, to: &Commit) -> Result<(), Error> {
        self.read_tree(&format!("committing to {branch}"), tree, &["-m", "-u", &from.0, &to.0]).await
    }

    /// Checks that the work tree could follow a commit that changes these files; nothing is changed.
    pub(super) async fn would_follow(
        &self,
        branch: &str,
        tree: &WorkTree,
        at: &Commit,
        files: &[String],
    ) -> Result<(), Error> {
        // Nobody is working there.
        let is_free = tree.ours && !self.common.join("index.lock").exists();
        if is_free && self.git.at_top(&tree.top).succeeds(&["diff-index", "--quiet", &at.0, "--"]).await? {
            return Ok(());
        }
        let named: Vec<(Commit, String)> = files.iter().map(|path| (at.clone(), path.clone())).collect();
        let texts = self.read_all(&named).await?;
        let changed = |(path, text): (&String, Option<String>)| FileChange {
            path: path.clone(),
            text: format!("{}\n", text.unwrap_or_default()),
        };
        let mut pack = Pack::beside(&at.0);
        let other = self.add_tree(&mut pack, at, &files.iter().zip(texts).map(changed).collect::<Vec<_>>()).await?;
        self.unpack(pack).await?;
        self.read_tree(&format!("recording on {branch}"), tree, &["-n", "-m", "-u", &at.0, &other]).await
    }

    async fn read_tree(&self, action: &str, tree: &WorkTree, how: &[&str]) -> Result<(), Error> {
        let git = if tree.ours { self.git.at_top(&tree.top) } else { Git::open(&tree.top).await? };
        let args = [&["read-tree"], how].concat();
        let (mut said, mut refreshed) = (git.run(&args, b"").await?, false);
        for _ in 0..INDEX_TRIES {
            match (said.ok, said.err.contains("index.lock")) {
                (true, _) => break,
                (false, true) => tokio::time::sleep(INDEX_WAIT).await,
                (false, false) if refreshed => break,
                // A file of which only the time stamp changed counts as changed until then.
                (false, false) => {
                    git.run(&["update-index", "-q", "--refresh"], b"").await?;
                    refreshed = true;
                }
            }
            said = git.run(&args, b"").await?;
        }
        if said.ok {
            return Ok(());
        }
        let top = tree.top.display();
        let detail =
            match ["not uptodate", "would be overwritten", "would lose"].iter().any(|sign| said.err.contains(sign)) {
                true => format!("{top} has conflicting changes ({}); commit or stash them", said.err),
                false => format!("the work tree {top} cannot be updated: {}", said.err),
            };
        Err(Error::Refused { action: action.to_owned(), detail })
    }
}

/// What `HEAD` contains if a branch is checked out.
fn named(branch: &str) -> String {
    format!("ref: refs/heads/{branch}\n")
}

/// The text of a commit's message.
fn text(message: &Message) -> String {
    match message.body.trim_matches('\n') {
        "" => format!("{}\n", message.headline),
        body => format!("{}\n\n{body}\n", message.headline),
    }
}
