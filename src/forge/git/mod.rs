//! Proposals as branches of a local clone, so that everything works without an account anywhere.
//!
//! A proposal is a branch that the default branch does not contain; the message of its one commit is its title and
//! body. Beside each branch stands `refs/wharfinger/open/<branch>`, which points to what this program put there: where
//! the branch points elsewhere a person committed to it, and where the branch is gone a person closed it. Closed ones
//! are kept as `refs/wharfinger/closed/<branch>`, the second one of a branch as `...+2`, and so on.
//!
//! Paths are relative to the directory the forge was opened in, as they are for a person who works there.

use std::path::PathBuf;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use self::command::Git;
use super::{
    By, Commit, Declined, Error, FileChange, Forge, Head, Introduced, LOOKED_BACK, Message, OpenProposal, Opened,
    Social, Written, down_to_ours,
};
use crate::ledger;
use crate::proposal::{markdown, metadata};

mod command;
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
}

impl GitForge {
    /// The repository that `directory` is in.
    ///
    /// # Errors
    /// Where it is in none, or git is not installed.
    pub async fn open(directory: PathBuf) -> Result<Self, Error> {
        let git = Git::new(&directory);
        let prefix = git.line(&["rev-parse", "--show-prefix"]).await.map_err(|e| {
            Error::Unusable(format!("{} is not in a git repository: {e}; `git init` makes one", directory.display()))
        })?;
        Ok(Self { git, prefix })
    }

    /// The commit a reference points to; `None` where there is no such reference.
    async fn resolve(&self, reference: &str) -> Result<Option<Commit>, Error> {
        let said = self.git.run(&["rev-parse", "-q", "--verify", &format!("{reference}^{{commit}}")], b"").await?;
        Ok(said.ok.then(|| Commit(String::from_utf8_lossy(&said.out).trim().to_owned())))
    }

    /// Whether the default branch contains a commit.
    async fn merged(&self, commit: &Commit) -> Result<bool, Error> {
        let head = self.head().await?;
        self.git.succeeds(&["merge-base", "--is-ancestor", &commit.0, &head.commit.0]).await
    }

    /// Title and body: the message of a commit.
    async fn message(&self, commit: &Commit) -> Result<(String, String), Error> {
        Ok(split(&self.git.text(&["log", "-1", "--format=%B", &commit.0], b"").await?))
    }

    /// Whether a branch has commits that this program did not write. Where nothing is remembered of the branch, as in a
    /// fresh clone, one commit with our metadata is ours.
    async fn touched(&self, branch: &str, head: &Commit, body: &str) -> Result<bool, Error> {
        if let Some(ours) = self.resolve(&format!("{OPEN}{branch}")).await? {
            return Ok(ours != *head);
        }
        let base = self.head().await?.commit;
        let count = self.git.line(&["rev-list", "--count", &format!("{base}..{head}")]).await?;
        Ok(count != "1" || metadata::read(body).is_none())
    }

    /// Who wrote the newest commits of a branch. A name in a commit proves nothing here: what this program put there is
    /// remembered, and where it is not, as in a fresh clone, nothing is ours.
    async fn written_on(&self, branch: &str, tip: &Commit) -> Result<Vec<Written>, Error> {
        let ours = match self.resolve(&format!("{OPEN}{branch}")).await? {
            None => self.resolve(&format!("{WROTE}{branch}")).await?,
            open => open,
        };
        let most = format!("--max-count={LOOKED_BACK}");
        let log = self.git.text(&["log", &most, "--format=%H%x00%P%x00%an", &tip.0], b"").await?;
        let listed = log.lines().filter_map(|line| {
            let [commit, parents, author] = line.split('\0').collect::<Vec<_>>()[..] else { return None };
            let commit = Commit(commit.to_owned());
            let by = if ours.as_ref() == Some(&commit) { By::Us } else { By::Other };
            let parents = parents.split_whitespace().map(|parent| Commit(parent.to_owned())).collect();
            Some((Written { commit, author: markdown::clean(author, 100), by }, parents))
        });
        Ok(down_to_ours(listed))
    }

    /// The references under a prefix with the commits they point to.
    async fn references(&self, prefix: &str) -> Result<Vec<(String, Commit)>, Error> {
        let text = self.git.text(&["for-each-ref", "--format=%(refname) %(objectname)", prefix], b"").await?;
        Ok(text.lines().filter_map(|l| l.split_once(' ')).map(|(r, c)| (r.to_owned(), Commit(c.to_owned()))).collect())
    }

    /// The references that keep what was closed of a branch.
    async fn closed(&self, branch: &str) -> Result<Vec<(String, Commit)>, Error> {
        let first = format!("{CLOSED}{branch}");
        let numbered = format!("{first}+");
        let parent = first.rsplit_once('/').map_or(CLOSED, |(parent, _)| parent);
        let all = self.references(parent).await?;
        Ok(all.into_iter().filter(|(name, _)| *name == first || name.starts_with(&numbered)).collect())
    }
}

#[async_trait]
impl Forge for GitForge {
    async fn head(&self) -> Result<Head, Error> {
        let remote = self.git.run(&["symbolic-ref", "-q", "--short", "refs/remotes/origin/HEAD"], b"").await?;
        let name = String::from_utf8_lossy(&remote.out).trim().to_owned();
        let branch = match name.strip_prefix("origin/") {
            Some(branch) if remote.ok => branch.to_owned(),
            _ => self.current().await?,
        };
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
        let full = format!("{}{path}", self.prefix);
        let entry = self.git.text(&["ls-tree", "--full-tree", "-z", &at.0, "--", &full], b"").await?;
        let Some((description, _)) = entry.split_once('\t') else { return Ok(None) };
        let [_, "blob", object] = description.split(' ').collect::<Vec<_>>()[..] else { return Ok(None) };
        self.git.text(&["cat-file", "blob", object], b"").await.map(Some)
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
        let unmerged = format!("--no-merged={}", self.head().await?.commit);
        let format = "--format=%(refname:lstrip=2)%00%(objectname)%00%(authorname)%00%(contents)%00";
        let text = self.git.text(&["for-each-ref", &unmerged, format, &format!("refs/heads/{prefix}")], b"").await?;
        let fields: Vec<&str> = text.split('\0').collect();
        let mut proposals = Vec::new();
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
                touched: self.touched(&branch, &head, &body).await?,
                author: field[2].to_owned(),
                labels: Vec::new(),
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

    async fn introduced(
        &self,
        head: &Commit,
        path: &str,
        holds: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
    ) -> Result<Option<Introduced>, Error> {
        let format = "--format=%H %cI";
        let log = self.git.text(&["log", "--first-parent", format, &head.0, "--", path], b"").await?;
        let mut newest: Option<(Commit, String)> = None;
        for (commit, date) in log.lines().filter_map(|line| line.split_once(' ')) {
            let commit = Commit(commit.to_owned());
            if !self.read(&commit, path).await?.is_some_and(|text| holds(&text)) {
                break;
            }
            newest = Some((commit, date.to_owned()));
        }
        newest.map(|(commit, date)| Ok(Introduced { commit, date: utc(&date)?, pull: None })).transpose()
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

/// A commit message as title and body.
fn split(message: &str) -> (String, String) {
    let (title, body) = message.split_once('\n').unwrap_or((message, ""));
    (title.to_owned(), body.trim_matches('\n').to_owned())
}

fn utc(text: &str) -> Result<DateTime<Utc>, Error> {
    let date = DateTime::parse_from_rfc3339(text);
    date.map(|d| d.to_utc()).map_err(|_| Error::Unusable(format!("git printed a date that is none: {text}")))
}
