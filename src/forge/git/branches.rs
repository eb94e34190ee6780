//! Branches: read, and moved by compare-and-swap.

use async_trait::async_trait;

use super::write::RefMove;
use super::{GitForge, OPEN, WROTE};
use crate::forge::{Account, Branches, Commit, Error, NewCommit, OpenProposal, Written};

#[async_trait]
impl Branches for GitForge {
    async fn tip(&self, branch: &str) -> Result<Option<Commit>, Error> {
        self.resolve(&format!("refs/heads/{branch}")).await
    }

    /// What this program put there is remembered; if nothing is, as in a fresh clone, nothing is ours.
    async fn written(&self, branch: &str, tip: &Commit, _account: &Account) -> Result<Written, Error> {
        let (open, wrote) = (format!("{OPEN}{branch}"), format!("{WROTE}{branch}"));
        let own = self.resolve_all(&[&open, &wrote]).await?.into_iter().find_map(|commit| commit);
        let other = match own.as_ref() == Some(tip) {
            true => None,
            false => Some(crate::text::excerpt(&self.git.line(&["log", "-1", "--format=%an", &tip.0]).await?, 100)),
        };
        Ok(Written { own, other, silence: None })
    }

    /// If the branch is checked out, its work tree follows. The default branch is pushed to the origin if that brings
    /// nothing else there.
    async fn append(&self, branch: &str, expected: &Commit, new: &NewCommit) -> Result<Commit, Error> {
        let _one_at_a_time = self.lock().await?;
        let (reference, open) = (format!("refs/heads/{branch}"), format!("{OPEN}{branch}"));
        let now = self.resolve_all(&[&reference, &open]).await?;
        let is_open = matches!(now[..], [_, Some(_)]);
        if now.first() != Some(&Some(expected.clone())) {
            return Err(Error::Moved { branch: branch.to_owned() });
        }
        let (commit, tree) = tokio::try_join!(self.commit_on(expected, new), self.checked_out(branch))?;
        if let Some(tree) = &tree {
            self.follow(branch, tree, expected, &commit).await?;
        }
        let is_default = !is_open && self.default_branch().await? == branch;
        let note = if is_default { self.note_unpushed(branch, &commit) } else { None };
        let moves: Vec<RefMove> =
            std::iter::once(RefMove::set(reference, &commit).from(expected)).chain(note).collect();
        let moved = self.swap(&moves).await?;
        if !moved {
            if let Some(tree) = &tree {
                self.follow(branch, tree, &commit, expected).await?;
            }
            return Err(Error::Moved { branch: branch.to_owned() });
        }
        if is_open {
            self.swap(&[RefMove::set(open, &commit)]).await?;
        } else if is_default {
            self.push_records(branch).await?;
        } else {
            self.swap(&[RefMove::set(format!("{WROTE}{branch}"), &commit)]).await?;
        }
        Ok(commit)
    }

    async fn foresee(&self, branch: &str, at: &Commit, files: &[String]) -> Result<Option<String>, Error> {
        if !files.is_empty()
            && let Some(tree) = self.checked_out(branch).await?
        {
            self.would_follow(branch, &tree, at, files).await?;
        }
        let foreseen = self.foreseen(branch, !files.is_empty()).await?;
        if !files.is_empty() {
            self.start_writers();
        }
        Ok(foreseen)
    }

    async fn deliver(&self, branch: &str) -> Result<bool, Error> {
        self.push_records(branch).await
    }

    async fn rewrite(
        &self,
        branch: &str,
        expected: Option<&Commit>,
        base: &Commit,
        new: &NewCommit,
    ) -> Result<Commit, Error> {
        self.refuse_checked_out(branch).await?;
        self.file_closed(branch).await?;
        let reference = format!("refs/heads/{branch}");
        let now = self.resolve(&reference).await?;
        // A merged branch is finished: a new proposal may take its name.
        let free = match (&now, expected) {
            (Some(tip), None) => self.merged(tip).await?,
            (now, expected) => now.as_ref() == expected,
        };
        if !free {
            return Err(Error::Moved { branch: branch.to_owned() });
        }
        let commit = self.commit_on(base, new).await?;
        self.point(branch, now.as_ref(), &commit).await?;
        Ok(commit)
    }

    /// No run of this forge leaves anything behind. What people closed is filed by runs that read proposals.
    async fn sweep(&self, prefix: &str, open: Option<&[OpenProposal]>) -> Result<bool, Error> {
        if open.is_some() {
            self.file_closed(prefix).await?;
        }
        Ok(true)
    }
}
