//! Proposals: listed, opened, edited, closed.

use async_trait::async_trait;

use super::write::RefMove;
use super::{CLOSED, GitForge, OPEN};
use crate::forge::{Branches as _, Commit, Declined, Error, Message, OpenProposal, Opened, Proposals};
use crate::ledger;
use crate::proposal::metadata;

#[async_trait]
impl Proposals for GitForge {
    async fn proposals(&self, prefix: &str) -> Result<Vec<OpenProposal>, Error> {
        let unmerged = format!("--no-merged=refs/heads/{}", self.default_branch().await?);
        let format = "--format=%(refname:lstrip=2)%00%(objectname)%00%(authorname)%00%(contents)%00";
        let named = beginning("refs/heads/", prefix);
        let args = ["for-each-ref", &unmerged, format].into_iter().chain(named.iter().map(String::as_str));
        let text = self.git.text(&args.collect::<Vec<_>>(), b"").await?;
        let fields: Vec<&str> = text.split('\0').collect();
        let mut proposals = Vec::new();
        if fields.len() < 4 {
            return Ok(proposals);
        }
        let ours = self.references(&[], &texts(&beginning(OPEN, prefix))).await?;
        for field in fields.chunks_exact(4) {
            let branch = field[0].trim_start_matches('\n').to_owned();
            if branch == ledger::branch(prefix) || branch.starts_with(&format!("{prefix}tmp/")) {
                continue;
            }
            let (title, body) = split(field[3]);
            let head = Commit(field[1].to_owned());
            let touched = self.touched(&head, &body, ours.get(&format!("{OPEN}{branch}"))).await?;
            proposals.push(OpenProposal {
                number: None,
                url: branch.clone(),
                vouched: !touched,
                touched,
                stale: false,
                edited_by: None,
                author: field[2].to_owned(),
                labels: Vec::new(),
                elsewhere: None,
                former: None,
                branch,
                head,
                title,
                body,
            });
        }
        Ok(proposals)
    }

    async fn proposals_of(&self, branch: &str) -> Result<Vec<OpenProposal>, Error> {
        // A branch that does not exist has no proposal: no process needed.
        if self.tip(branch).await?.is_none() {
            return Ok(Vec::new());
        }
        let mut open = self.proposals(branch).await?;
        open.retain(|proposal| proposal.branch == branch);
        Ok(open)
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

    async fn open(&self, branch: &str, title: &str, body: &str) -> Result<Opened, Error> {
        let head = self.resolve(&format!("refs/heads/{branch}")).await?;
        let head = head.ok_or_else(|| Error::Unusable(format!("there is no branch {branch} to open")))?;
        self.reword(branch, &head, title, body).await?;
        let author = self.git.line(&["log", "-1", "--format=%an", &format!("refs/heads/{branch}")]).await?;
        Ok(Opened { number: None, url: branch.to_owned(), author })
    }

    async fn edit(&self, proposal: &OpenProposal, title: &str, body: &str) -> Result<(), Error> {
        let branch = proposal.reference();
        let head = self.resolve(&format!("refs/heads/{branch}")).await?;
        let head = head.ok_or_else(|| Error::Moved { branch: branch.to_owned() })?;
        self.reword(branch, &head, title, body).await
    }

    /// A branch that this program deletes does not count as declined.
    async fn close(&self, proposal: &OpenProposal, _reason: &str) -> Result<(), Error> {
        let (branch, head) = (proposal.reference(), &proposal.head);
        self.refuse_checked_out(branch).await?;
        let open = format!("{OPEN}{branch}");
        let mut changes = vec![RefMove::delete(format!("refs/heads/{branch}")).from(head)];
        if self.resolve(&open).await?.is_some() {
            changes.push(RefMove::delete(open));
        }
        if self.swap(&changes).await? { Ok(()) } else { Err(Error::Moved { branch: branch.to_owned() }) }
    }
}

impl GitForge {
    /// Title and body: the message of a commit.
    async fn message(&self, commit: &Commit) -> Result<(String, String), Error> {
        Ok(split(&self.git.text(&["log", "-1", "--format=%B", &commit.0], b"").await?))
    }

    /// Whether a branch has commits that this program did not write; `ours` is what is remembered about it. If nothing
    /// is, as in a fresh clone, a single commit with our metadata is ours.
    async fn touched(&self, head: &Commit, body: &str, ours: Option<&Commit>) -> Result<bool, Error> {
        if let Some(ours) = ours {
            return Ok(ours != head);
        }
        let range = format!("refs/heads/{}..{head}", self.default_branch().await?);
        let count = self.git.line(&["rev-list", "--count", &range]).await?;
        Ok(count != "1" || metadata::read(body).is_none())
    }

    /// Gives the tip of a branch a new message: title and body of the proposal.
    async fn reword(&self, branch: &str, head: &Commit, title: &str, body: &str) -> Result<(), Error> {
        let (old_title, old_body) = self.message(head).await?;
        if old_title == title && old_body == body.trim_matches('\n') {
            return Ok(());
        }
        self.refuse_checked_out(branch).await?;
        let parts = self.git.line(&["rev-parse", &format!("{head}^{{tree}}"), &format!("{head}^1")]).await?;
        let Some((tree, parent)) = parts.split_once('\n') else {
            return Err(Error::Unusable(format!("{head} has no tree or no parent")));
        };
        let message = Message { headline: title.to_owned(), body: body.to_owned() };
        let commit = self.commit_tree(tree, parent, &message).await?;
        self.point(branch, Some(head), &commit).await
    }

    /// What this program proposed on a branch that a person deleted without merging it.
    async fn deleted_by_a_person(&self, branch: &str) -> Result<Option<Commit>, Error> {
        let (reference, open) = (format!("refs/heads/{branch}"), format!("{OPEN}{branch}"));
        let mut now = self.references(&[], &[&reference, &open]).await?;
        let gone = !now.contains_key(&reference);
        match now.remove(&open) {
            Some(proposed) if gone && !self.merged(&proposed).await? => Ok(Some(proposed)),
            _ => Ok(None),
        }
    }

    /// Files every proposal that was merged or closed since: merged ones are forgotten, closed ones are kept as closed.
    /// Covers branches that begin with `prefix`.
    pub(super) async fn file_closed(&self, prefix: &str) -> Result<(), Error> {
        let (heads, open) = (beginning("refs/heads/", prefix), beginning(OPEN, prefix));
        let now = self.references(&[], &[texts(&heads), texts(&open)].concat()).await?;
        if !now.keys().any(|reference| reference.starts_with(OPEN)) {
            return Ok(());
        }
        let contained = format!("--merged=refs/heads/{}", self.default_branch().await?);
        let merged = self.references(&[&contained], &texts(&open)).await?;
        for (reference, proposed) in &now {
            let Some(branch) = reference.strip_prefix(OPEN) else { continue };
            let forgotten = RefMove::delete(reference.clone()).from(proposed);
            if merged.contains_key(reference) {
                self.swap(&[forgotten]).await?;
            } else if !now.contains_key(&format!("refs/heads/{branch}")) {
                let kept = match self.closed(branch).await?.len() {
                    0 => format!("{CLOSED}{branch}"),
                    n => format!("{CLOSED}{branch}+{}", n + 1),
                };
                self.swap(&[RefMove::set(kept, proposed), forgotten]).await?;
            }
        }
        Ok(())
    }

    /// The references to the closed proposals of a branch.
    async fn closed(&self, branch: &str) -> Result<Vec<(String, Commit)>, Error> {
        let first = format!("{CLOSED}{branch}");
        let numbered = format!("{first}+");
        let parent = first.rsplit_once('/').map_or(CLOSED, |(parent, _)| parent);
        let all = self.references(&[], &[parent]).await?;
        Ok(all.into_iter().filter(|(name, _)| *name == first || name.starts_with(&numbered)).collect())
    }
}

/// The patterns for references in a directory that begin with `prefix`; git itself takes a pattern for a whole name or
/// a directory.
fn beginning(directory: &str, prefix: &str) -> Vec<String> {
    let whole = format!("{directory}{prefix}");
    match prefix.ends_with('/') {
        true => vec![whole],
        false => vec![format!("{whole}*"), format!("{whole}*/**"), whole],
    }
}

fn texts(patterns: &[String]) -> Vec<&str> {
    patterns.iter().map(String::as_str).collect()
}

/// Splits a commit message into title and body.
fn split(message: &str) -> (String, String) {
    let (title, body) = message.split_once('\n').unwrap_or((message, ""));
    (title.to_owned(), body.trim_matches('\n').to_owned())
}
