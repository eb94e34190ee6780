//! Branches: created, moved and deleted; a lost answer does no harm because the outcome is read.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::answer::{Answer, CONTENTS, READ, Written, refused};
use super::client::{Verb, encode};
use super::commits::protection;
use super::rules::words;
use super::{Beginnings, GitHub, commit_at, text};
use crate::forge::{self, Account, Branches, Commit, Error, NewCommit, OpenProposal};
use crate::ledger;
use crate::proposal::branch;

/// The outcome of creating a branch.
#[derive(Debug, PartialEq, Eq)]
enum Made {
    Done,
    /// A branch of that name exists, pointing elsewhere.
    Exists,
}

#[async_trait]
impl Branches for GitHub {
    async fn tip(&self, branch: &str) -> Result<Option<Commit>, Error> {
        let action = format!("reading the branch {branch}");
        let answer = self.client.get(&self.path(&format!("/git/ref/heads/{}", encode(branch)))).await?;
        // 409: the repository has no commits at all.
        if matches!(answer.status, 404 | 409) {
            return Ok(None);
        }
        commit_at(&answer.success(&action, READ)?.json(&action)?, "/object/sha").map(Some)
    }

    async fn written(&self, branch: &str, tip: &Commit, account: &Account) -> Result<forge::Written, Error> {
        self.shown(branch, tip, account).await
    }

    async fn append(&self, branch: &str, expected: &Commit, new: &NewCommit) -> Result<Commit, Error> {
        self.commit(branch, expected, new).await
    }

    /// The commit is made on a temporary branch: a pull request whose branch equals its base for a moment closes for
    /// good.
    async fn rewrite(
        &self,
        branch: &str,
        expected: Option<&Commit>,
        base: &Commit,
        new: &NewCommit,
    ) -> Result<Commit, Error> {
        let temporary = self.temporary(branch);
        let moved = async {
            let commit = self.commit_aside(&temporary, base, new).await?;
            self.point(branch, expected, &commit, new).await?;
            Ok(commit)
        }
        .await;
        // What is left behind is swept by a later run.
        if let Err(error) = self.delete_branch(&temporary).await {
            tracing::debug!("the temporary branch {temporary} could not be deleted yet: {error}");
        }
        moved
    }

    /// Deletes the temporary branches left by interrupted runs, and the branches of merged or closed proposals: one
    /// request if there is no branch, or if `open` says which are in use and all are, else two.
    async fn sweep(&self, prefix: &str, open: Option<&[OpenProposal]>) -> Result<bool, Error> {
        let mut branches = self.branches(prefix).await?;
        // Branches of other manifests are theirs to clear.
        let rest = |name: &str| name.strip_prefix(prefix).unwrap_or_default().to_owned();
        branches.retain(|(name, _)| *name != ledger::branch(prefix) && !branch::is_of_another(&rest(name)));
        let (temporary, others): (Vec<_>, Vec<_>) =
            branches.into_iter().partition(|(name, _)| name.starts_with(&format!("{prefix}tmp/")));
        self.clear(temporary.iter().map(|(name, _)| name.as_str())).await?;
        if others.is_empty() {
            return Ok(false);
        }
        let open: BTreeSet<String> = match open {
            Some(open) => open.iter().map(|proposal| proposal.reference().to_owned()).collect(),
            None => self.open_heads().await?,
        };
        let mut finished = Vec::new();
        for (name, tip) in others.iter().filter(|(name, _)| !open.contains(name)) {
            if self.is_finished(name, tip).await? {
                finished.push(name.as_str());
            }
        }
        self.clear(finished.into_iter()).await?;
        Ok(others.iter().any(|(name, _)| open.contains(name)))
    }

    /// Classic branch protection is not included.
    async fn rules(&self, branch: &str) -> Result<Vec<String>, Error> {
        let rules = self.raw_rules(branch).await?;
        let names = self.ruleset_names(&rules).await;
        Ok(rules.iter().map(|rule| words(rule, &names)).collect())
    }
}

impl GitHub {
    /// The ledger's branch, which is never a leftover.
    fn ledger(&self) -> String {
        ledger::branch(&self.branches.read().unwrap_or_else(PoisonError::into_inner).shared)
    }

    /// The temporary branch for a branch.
    fn temporary(&self, branch: &str) -> String {
        let Beginnings { own, shared } = &*self.branches.read().unwrap_or_else(PoisonError::into_inner);
        let rest = branch.strip_prefix(own.as_str()).or_else(|| branch.strip_prefix(shared.as_str())).unwrap_or(branch);
        format!("{own}tmp/{rest}")
    }

    async fn commit_aside(&self, temporary: &str, base: &Commit, new: &NewCommit) -> Result<Commit, Error> {
        // An interrupted run left one: it is taken over.
        if self.create_branch(temporary, base).await? == Made::Exists {
            self.move_branch(temporary, base).await?;
        }
        self.commit(temporary, base, new).await
    }

    async fn point(
        &self,
        branch: &str,
        expected: Option<&Commit>,
        commit: &Commit,
        new: &NewCommit,
    ) -> Result<(), Error> {
        let moved = || Error::Moved { branch: branch.to_owned() };
        match expected {
            None => match self.create_branch(branch, commit).await? {
                Made::Done => Ok(()),
                // A faster run made it: nothing of it must be lost.
                Made::Exists if branch == self.ledger() => Err(moved()),
                Made::Exists if self.is_left_over(branch, new).await? => self.move_branch(branch, commit).await,
                Made::Exists => Err(moved()),
            },
            // REST knows no expected value; the gap between the two requests is as short as possible.
            Some(expected) if self.tip(branch).await?.as_ref() == Some(expected) => {
                self.move_branch(branch, commit).await
            }
            Some(_) => Err(moved()),
        }
    }

    async fn create_branch(&self, branch: &str, commit: &Commit) -> Result<Made, Error> {
        let body = json!({ "ref": format!("refs/heads/{branch}"), "sha": commit.0 });
        let made = |now: Commit| if now == *commit { Made::Done } else { Made::Exists };
        let find = || async move { Ok(self.tip(branch).await?.map(made)) };
        match self.client.write(Verb::Post, &self.path("/git/refs"), &body, find).await? {
            Written::Found(made) => Ok(made),
            Written::Answer(answer) if answer.done() => Ok(Made::Done),
            Written::Answer(answer) if answer.status == 422 && answer.message().contains("already exists") => {
                Ok(Made::Exists)
            }
            Written::Answer(answer) => Err(refused_branch(branch, "making", &answer)),
        }
    }

    async fn move_branch(&self, branch: &str, commit: &Commit) -> Result<(), Error> {
        let path = self.path(&format!("/git/refs/heads/{}", encode(branch)));
        let find = || async move { Ok(self.tip(branch).await?.filter(|now| now == commit)) };
        match self.client.write(Verb::Patch, &path, &json!({ "sha": commit.0, "force": true }), find).await? {
            Written::Found(_) => Ok(()),
            Written::Answer(answer) if answer.done() => Ok(()),
            Written::Answer(answer) if answer.status == 422 && answer.message().contains("does not exist") => {
                Err(Error::Moved { branch: branch.to_owned() })
            }
            Written::Answer(answer) => Err(refused_branch(branch, "moving", &answer)),
        }
    }

    /// Deletes a branch; no error if it is gone already.
    pub(super) async fn delete_branch(&self, branch: &str) -> Result<(), Error> {
        let path = self.path(&format!("/git/refs/heads/{}", encode(branch)));
        let answer = self.client.again(Verb::Delete, &path, &Value::Null).await?;
        match answer.status {
            404 => Ok(()),
            422 if answer.message().contains("does not exist") => Ok(()),
            _ if answer.done() => Ok(()),
            _ if protection(&answer.message()) => Err(self.undeletable(branch, &answer.message()).await),
            _ => Err(refused_branch(branch, "deleting", &answer)),
        }
    }

    /// Says which rules prevent the deletion of a branch, as far as they can be read; else what GitHub said.
    async fn undeletable(&self, branch: &str, said: &str) -> Error {
        let mut rules = self.raw_rules(branch).await.unwrap_or_default();
        rules.retain(|rule| rule["type"] == "deletion");
        let names = self.ruleset_names(&rules).await;
        let known: Vec<String> = rules.iter().map(|rule| words(rule, &names)).collect();
        let detail = if known.is_empty() { said.to_owned() } else { known.join("; ") };
        Error::Undeletable { branch: branch.to_owned(), detail }
    }

    /// Deletes branches that are no longer used. Those that rules protect are reported once per run and do not stop the
    /// others.
    pub(super) async fn clear(&self, branches: impl Iterator<Item = &str> + Send) -> Result<(), Error> {
        let mut kept: Vec<(&str, String)> = Vec::new();
        for branch in branches {
            match self.delete_branch(branch).await {
                Err(Error::Undeletable { detail, .. }) => kept.push((branch, detail)),
                done => done?,
            }
        }
        let first_time =
            |branch: &str| self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(branch.to_owned());
        kept.retain(|(branch, _)| first_time(branch));
        if let Some((branch, detail)) = kept.first() {
            let others = match kept.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            tracing::warn!("the branch {branch}{others} is no longer used, but cannot be deleted: {detail}");
        }
        Ok(())
    }

    async fn branches(&self, prefix: &str) -> Result<Vec<(String, Commit)>, Error> {
        let action = "listing branches";
        let path = self.path(&format!("/git/matching-refs/heads/{}", encode(prefix)));
        let json = self.client.get_json(action, &path).await?;
        let all = json.as_array().into_iter().flatten().map(|reference| {
            let name = text(reference, "/ref")?.strip_prefix("refs/heads/").unwrap_or_default().to_owned();
            Ok((name, commit_at(reference, "/object/sha")?))
        });
        let all: Vec<_> = all.collect::<Result<_, Error>>()?;
        Ok(all.into_iter().filter(|(name, _)| name.starts_with(prefix)).collect())
    }
}

fn refused_branch(branch: &str, what: &str, answer: &Answer) -> Error {
    let message = answer.message();
    match protection(&message) {
        true => Error::Protected { branch: branch.to_owned(), detail: message },
        false => refused(&format!("{what} the branch {branch}"), answer, CONTENTS),
    }
}
