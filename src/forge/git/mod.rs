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

use async_trait::async_trait;
use tokio::sync::OnceCell;

use self::command::Git;
use super::{
    By, Change, Commit, Declined, Error, FileChange, Forge, Head, LOOKED_BACK, Line, Message, OpenProposal, Opened,
    Social, Written, down_to_ours,
};
use crate::ledger;
use crate::proposal::metadata;

mod command;
mod history;
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
    ///
    /// # Errors
    /// Where it is in none, or git is not installed.
    pub async fn open(directory: PathBuf) -> Result<Self, Error> {
        let git = Git::new(&directory);
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

    /// Title and body: the message of a commit.
    async fn message(&self, commit: &Commit) -> Result<(String, String), Error> {
        Ok(split(&self.git.text(&["log", "-1", "--format=%B", &commit.0], b"").await?))
    }

    /// Whether a branch has commits that this program did not write; `ours` is what is remembered of it. Where nothing is, as
    /// in a fresh clone, one commit with our metadata is ours.
    async fn touched(&self, head: &Commit, body: &str, ours: Option<&Commit>) -> Result<bool, Error> {
        if let Some(ours) = ours {
            return Ok(ours != head);
        }
        let range = format!("refs/heads/{}..{head}", self.default_branch().await?);
        let count = self.git.line(&["rev-list", "--count", &range]).await?;
        Ok(count != "1" || metadata::read(body).is_none())
    }

    /// Who wrote the newest commits of a branch. A name in a commit proves nothing here: what this program put there is
    /// remembered, and where it is not, as in a fresh clone, nothing is ours.
    async fn written_on(&self, branch: &str, tip: &Commit) -> Result<Vec<Written>, Error> {
        let (open, wrote) = (format!("{OPEN}{branch}"), format!("{WROTE}{branch}"));
        let remembered = self.references(&[], &[&open, &wrote]).await?;
        let ours = remembered.get(&open).or_else(|| remembered.get(&wrote)).cloned();
        let most = format!("--max-count={LOOKED_BACK}");
        let log = self.git.text(&["log", &most, "--format=%H%x00%P%x00%an", &tip.0], b"").await?;
        let listed = log.lines().filter_map(|line| {
            let [commit, parents, author] = line.split('\0').collect::<Vec<_>>()[..] else { return None };
            let commit = Commit(commit.to_owned());
            let by = if ours.as_ref() == Some(&commit) { By::Us } else { By::Other };
            let parents = parents.split_whitespace().map(|parent| Commit(parent.to_owned())).collect();
            Some((Written { commit, author: crate::text::excerpt(author, 100), by }, parents))
        });
        Ok(down_to_ours(listed))
    }

    /// The references that these patterns name, whole names or directories, with the commits they point to.
    async fn references(&self, only: &[&str], patterns: &[&str]) -> Result<BTreeMap<String, Commit>, Error> {
        let args = [&["for-each-ref", "--format=%(refname) %(objectname)"], only, patterns].concat();
        let text = self.git.text(&args, b"").await?;
        Ok(text.lines().filter_map(|l| l.split_once(' ')).map(|(r, c)| (r.to_owned(), Commit(c.to_owned()))).collect())
    }

    /// The references that keep what was closed of a branch.
    async fn closed(&self, branch: &str) -> Result<Vec<(String, Commit)>, Error> {
        let first = format!("{CLOSED}{branch}");
        let numbered = format!("{first}+");
        let parent = first.rsplit_once('/').map_or(CLOSED, |(parent, _)| parent);
        let all = self.references(&[], &[parent]).await?;
        Ok(all.into_iter().filter(|(name, _)| *name == first || name.starts_with(&numbered)).collect())
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

    /// Files at commits: those with plain paths by one command.
    async fn texts(&self, files: &[(Commit, String)]) -> Result<Vec<Option<String>>, Error> {
        let full = |path: &str| format!("{}{path}", self.prefix);
        let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\n');
        let is_plain = |path: &str| full(path).split('/').all(plain);
        let named = files.iter().filter(|(_, path)| is_plain(path));
        let objects: Vec<String> = named.map(|(at, path)| format!("{at}:{}", full(path))).collect();
        let mut blobs = self.git.blobs(&objects).await?.into_iter();
        let mut texts = Vec::with_capacity(files.len());
        for (at, path) in files {
            if !is_plain(path) {
                texts.push(self.read_odd(at, &full(path)).await?);
                continue;
            }
            let text = blobs.next().flatten().map(String::from_utf8).transpose();
            texts.push(text.map_err(|_| Error::Unusable(format!("{path} at {at} is not UTF-8")))?);
        }
        Ok(texts)
    }

    /// A file at a commit whose path is not plain: git itself makes it so.
    async fn read_odd(&self, at: &Commit, full: &str) -> Result<Option<String>, Error> {
        let entry = self.git.text(&["ls-tree", "--full-tree", "-z", &at.0, "--", full], b"").await?;
        let Some((description, _)) = entry.split_once('\t') else { return Ok(None) };
        let [_, "blob", object] = description.split(' ').collect::<Vec<_>>()[..] else { return Ok(None) };
        self.git.text(&["cat-file", "blob", object], b"").await.map(Some)
    }
}

#[async_trait]
impl Forge for GitForge {
    async fn head(&self) -> Result<Head, Error> {
        let branch = self.default_branch().await?.to_owned();
        let commit = self.resolve(&format!("refs/heads/{branch}")).await?.ok_or_else(|| {
            Error::Unusable(format!(
                "there is no local branch {branch} with a commit; `git switch {branch}` makes it, or commit first"
            ))
        })?;
        Ok(Head { branch, commit })
    }

    async fn tip(&self, branch: &str) -> Result<Option<Commit>, Error> {
        self.resolve(&format!("refs/heads/{branch}")).await
    }

    async fn read(&self, at: &Commit, path: &str) -> Result<Option<String>, Error> {
        Ok(self.texts(&[(at.clone(), path.to_owned())]).await?.pop().flatten())
    }

    async fn written(&self, branch: &str, tip: &Commit) -> Result<Vec<Written>, Error> {
        self.written_on(branch, tip).await
    }

    async fn list(&self, at: &Commit, directory: &str) -> Result<Vec<String>, Error> {
        let joined = format!("{}{directory}", self.prefix);
        let tree = match joined.trim_matches('/') {
            "" => format!("{at}^{{tree}}"),
            path => format!("{at}:{path}"),
        };
        let kind = self.git.run(&["cat-file", "-t", &tree], b"").await?;
        if kind.out != b"tree\n" {
            return Ok(Vec::new());
        }
        let text = self.git.text(&["ls-tree", "--full-tree", "-z", &tree], b"").await?;
        let here = match directory.trim_matches('/') {
            "" => String::new(),
            path => format!("{path}/"),
        };
        let blobs = text.split('\0').filter_map(|e| e.split_once('\t')).filter(|(d, _)| d.contains(" blob "));
        Ok(blobs.map(|(_, name)| format!("{here}{name}")).collect())
    }

    async fn proposals(&self, prefix: &str) -> Result<Vec<OpenProposal>, Error> {
        let unmerged = format!("--no-merged=refs/heads/{}", self.default_branch().await?);
        let format = "--format=%(refname:lstrip=2)%00%(objectname)%00%(authorname)%00%(contents)%00";
        let text = self.git.text(&["for-each-ref", &unmerged, format, &format!("refs/heads/{prefix}")], b"").await?;
        let fields: Vec<&str> = text.split('\0').collect();
        let mut proposals = Vec::new();
        if fields.len() < 4 {
            return Ok(proposals);
        }
        let ours = self.references(&[], &[&format!("{OPEN}{prefix}")]).await?;
        for field in fields.chunks_exact(4) {
            let branch = field[0].trim_start_matches('\n').to_owned();
            if branch == ledger::branch(prefix) || branch.starts_with(&format!("{prefix}tmp/")) {
                continue;
            }
            let (title, body) = split(field[3]);
            let head = Commit(field[1].to_owned());
            proposals.push(OpenProposal {
                number: None,
                url: branch.clone(),
                touched: self.touched(&head, &body, ours.get(&format!("{OPEN}{branch}"))).await?,
                author: field[2].to_owned(),
                labels: Vec::new(),
                elsewhere: None,
                branch,
                head,
                title,
                body,
            });
        }
        Ok(proposals)
    }

    async fn declined(&self, branch: &str) -> Result<Vec<Declined>, Error> {
        let mut tips: Vec<Commit> = self.closed(branch).await?.into_iter().map(|(_, commit)| commit).collect();
        tips.extend(self.deleted_by_a_person(branch).await?);
        let mut declined = Vec::new();
        for tip in tips {
            declined.push(Declined { number: None, body: self.message(&tip).await?.1 });
        }
        Ok(declined)
    }

    async fn history(&self, head: &Commit, path: Option<&str>, page: u32) -> Result<(Vec<Change>, bool), Error> {
        let skip = format!("--skip={}", u64::from(page.saturating_sub(1)) * 100);
        let mut args = vec!["log", "--first-parent", "-m", "--max-count=101", &skip, "--format=%H %P", &head.0, "--"];
        args.extend(path);
        let log = self.git.text(&args, b"").await?;
        let mut changes: Vec<Change> = log.lines().filter_map(change).collect();
        let more = changes.len() > 100;
        changes.truncate(100);
        Ok((changes, more))
    }

    async fn line(&self, from: &Commit, paths: &[String]) -> Result<Line, Error> {
        self.whole_line(from, paths).await
    }

    async fn read_all(&self, files: &[(Commit, String)]) -> Result<Vec<Option<String>>, Error> {
        self.texts(files).await
    }

    async fn append(
        &self,
        branch: &str,
        expected: &Commit,
        message: &Message,
        files: &[FileChange],
    ) -> Result<Commit, Error> {
        self.add_commit(branch, expected, message, files).await
    }

    async fn rewrite(
        &self,
        branch: &str,
        expected: Option<&Commit>,
        base: &Commit,
        message: &Message,
        files: &[FileChange],
    ) -> Result<Commit, Error> {
        self.replace_branch(branch, expected, base, message, files).await
    }

    async fn open(&self, branch: &str, title: &str, body: &str) -> Result<Opened, Error> {
        let head = self.resolve(&format!("refs/heads/{branch}")).await?;
        let head = head.ok_or_else(|| Error::Unusable(format!("there is no branch {branch} to open")))?;
        self.reword(branch, &head, title, body).await?;
        let author = self.git.line(&["log", "-1", "--format=%an", &format!("refs/heads/{branch}")]).await?;
        Ok(Opened { number: None, url: branch.to_owned(), author })
    }

    async fn edit(&self, proposal: &OpenProposal, title: &str, body: &str) -> Result<(), Error> {
        let reference = format!("refs/heads/{}", proposal.branch);
        let head = self.resolve(&reference).await?.ok_or_else(|| Error::Moved { branch: proposal.branch.clone() })?;
        self.reword(&proposal.branch, &head, title, body).await
    }

    async fn close(&self, proposal: &OpenProposal, _reason: &str) -> Result<(), Error> {
        self.delete_branch(&proposal.branch, &proposal.head).await
    }

    async fn sweep(&self, prefix: &str) -> Result<(), Error> {
        self.file_closed(prefix).await
    }

    fn social(&self) -> Option<&dyn Social> {
        None
    }
}

/// A line of a commit and its parents.
fn change(line: &str) -> Option<Change> {
    let mut ids = line.split(' ').filter(|id| !id.is_empty()).map(|id| Commit(id.to_owned()));
    Some(Change { commit: ids.next()?, parent: ids.next() })
}

/// A commit message as title and body.
fn split(message: &str) -> (String, String) {
    let (title, body) = message.split_once('\n').unwrap_or((message, ""));
    (title.to_owned(), body.trim_matches('\n').to_owned())
}
