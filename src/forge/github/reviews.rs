//! Reviews of pull requests, who wrote their commits, and who may write here.

use std::collections::BTreeSet;

use serde_json::Value;

use super::client::{READ, clean, refused, segment};
use super::{Change, Commit, Error, GitHub, commit_at};
use crate::forge::{Review, Verdict};

/// GitHub lists so many commits of a pull request and no more.
const LISTED: usize = 250;

impl GitHub {
    /// See [`super::Social::reviews`]. One whose account is gone, or that is not submitted, is left out.
    pub(super) async fn reviews_of(&self, number: u64) -> Result<Vec<Review>, Error> {
        let path = self.path(&format!("/pulls/{number}/reviews"));
        let listed = self.client.pages(&format!("reading the reviews of #{number}"), &path, &[]).await?;
        Ok(listed.iter().filter_map(review).collect())
    }

    /// See [`super::Social::writers`].
    pub(super) async fn writers_of(&self, number: u64) -> Result<Option<BTreeSet<String>>, Error> {
        let path = self.path(&format!("/pulls/{number}/commits"));
        let commits = self.client.pages(&format!("reading who wrote the commits of #{number}"), &path, &[]).await?;
        let mut all = BTreeSet::new();
        for commit in &commits {
            let wrote = wrote(commit);
            if wrote.is_empty() {
                return Ok(None);
            }
            all.extend(wrote);
        }
        Ok((commits.len() < LISTED && !commits.is_empty()).then_some(all))
    }

    /// See [`super::Social::may_write`].
    pub(super) async fn has_write(&self, login: &str) -> Result<bool, Error> {
        let action = format!("asking what {} may do here", clean(login));
        let path = self.path(&format!("/collaborators/{}/permission", segment(login)));
        let answer = self.client.get(&path).await?;
        match answer.status {
            // No such account.
            404 => Ok(false),
            _ if !answer.done() => Err(refused(&action, &answer, READ)),
            _ => Ok(matches!(answer.json(&action)?["permission"].as_str(), Some("admin" | "maintain" | "write"))),
        }
    }
}

impl GitHub {
    /// See [`super::Forge::history`].
    pub(super) async fn listed(
        &self,
        head: &Commit,
        path: Option<&str>,
        page: u32,
    ) -> Result<(Vec<Change>, bool), Error> {
        let mut query = vec![("sha", head.0.as_str())];
        query.extend(path.map(|path| ("path", path)));
        let action = format!("reading the history of {}", path.unwrap_or("the default branch"));
        let (commits, more) = self.client.page(&action, &self.path("/commits"), &query, page).await?;
        let change = |commit: &Value| {
            let parent = commit.pointer("/parents/0").map(|parent| commit_at(parent, "/sha")).transpose()?;
            Ok(Change { commit: commit_at(commit, "/sha")?, parent })
        };
        Ok((commits.iter().map(change).collect::<Result<_, Error>>()?, more))
    }
}

fn review(review: &Value) -> Option<Review> {
    let verdict = match review["state"].as_str()? {
        "APPROVED" => Verdict::Approved,
        "CHANGES_REQUESTED" => Verdict::ChangesRequested,
        "COMMENTED" => Verdict::Commented,
        "DISMISSED" => Verdict::Dismissed,
        _ => return None,
    };
    Some(Review {
        login: review.pointer("/user/login")?.as_str()?.to_owned(),
        person: review.pointer("/user/type").and_then(Value::as_str) == Some("User"),
        verdict,
        commit: commit_at(review, "/commit_id").ok(),
    })
}

/// The accounts behind a commit, in lower case: its author, its committer unless that is GitHub itself, and the co-authors
/// whose address in the message names their account.
fn wrote(commit: &Value) -> BTreeSet<String> {
    let of = |pointer: &str| commit.pointer(pointer).and_then(Value::as_str).map(str::to_lowercase);
    let committer = of("/committer/login").filter(|login| login != "web-flow");
    let mut all: BTreeSet<String> = of("/author/login").into_iter().chain(committer).collect();
    if !all.is_empty() {
        let message = commit.pointer("/commit/message").and_then(Value::as_str).unwrap_or_default();
        all.extend(message.lines().filter_map(co_author));
    }
    all
}

/// `Co-authored-by: Mona <1234+mona@users.noreply.github.com>`
fn co_author(line: &str) -> Option<String> {
    let line = line.trim().to_lowercase();
    let address = line.strip_prefix("co-authored-by:")?.rsplit_once('<')?.1.trim_end_matches('>');
    let (name, host) = address.split_once('@')?;
    host.starts_with("users.noreply.").then(|| name.split_once('+').map_or(name, |(_, login)| login).to_owned())
}
