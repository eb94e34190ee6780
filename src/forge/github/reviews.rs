//! Reviews of pull requests, who wrote their commits, and who may write here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::PoisonError;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::answer::{READ, clean};
use super::authors::whole;
use super::client::segment;
use super::pulls::number;
use super::{GitHub, commit_at};
use crate::forge::{Commit, Error, Merge, MergedHead, MergedPull, Review, Reviewed, Reviews, Verdict};

/// How many pull requests one query covers.
const TOGETHER: usize = 25;
/// How many reviews and commits of a pull request one query returns: any that have more are listed separately.
const FEW: usize = 100;
/// The same for a commit's authors.
const AUTHORS: usize = 20;
/// The same for its parents.
const PARENTS: usize = 10;

#[async_trait]
impl Reviews for GitHub {
    /// Reviews that are not submitted, only remarks, or by a deleted account are left out.
    async fn reviews(&self, number: u64) -> Result<Vec<Review>, Error> {
        let path = self.path(&format!("/pulls/{number}/reviews"));
        let listed = self.client.pages(&format!("reading the reviews of #{number}"), &path, &[]).await?;
        Ok(listed.iter().filter_map(review).collect())
    }

    /// One query for many; more for a pull request with more than a hundred reviews or commits, and for how branches
    /// moved.
    async fn reviewed(&self, numbers: &BTreeSet<u64>) -> Result<BTreeMap<u64, Reviewed>, Error> {
        let numbers: Vec<u64> = numbers.iter().copied().collect();
        let variables = json!({ "owner": self.owner, "name": self.name });
        let (mut reviews, mut commits) = (BTreeMap::new(), BTreeMap::new());
        for some in numbers.chunks(TOGETHER) {
            let action = "reading the reviews of pull requests";
            let answer = self.client.ask(action, &query(some), &variables).await?;
            for number in some {
                let pull = &answer[format!("p{number}")];
                let given = match given_reviews(pull) {
                    Some(reviews) => reviews,
                    None => self.reviews(*number).await?,
                };
                reviews.insert(*number, given);
                commits.insert(*number, self.pull_commits(*number, pull).await?);
            }
        }
        let mut authorships = self.authorships(commits).await?;
        let reviewed = |(number, reviews)| {
            let authorship = authorships.remove(&number).unwrap_or_default();
            (number, Reviewed { reviews, authorship })
        };
        Ok(reviews.into_iter().map(reviewed).collect())
    }

    async fn is_merge(&self, commit: &Commit) -> Result<bool, Error> {
        let pulls = self.pulls_with(commit).await?;
        Ok(pulls.iter().any(|pull| commit_at(pull, "/merge_commit_sha").is_ok_and(|merge| merge == *commit)))
    }

    async fn dismisses(&self, branch: &str) -> Result<bool, Error> {
        let rules = self.raw_rules(branch).await?;
        let dismisses = |rule: &Value| rule["parameters"]["dismiss_stale_reviews_on_push"] == true;
        Ok(rules.iter().any(|rule| rule["type"] == "pull_request" && dismisses(rule)))
    }

    async fn merge_base(&self, one: &Commit, other: &Commit) -> Result<Commit, Error> {
        let action = format!("reading where {one} and {other} diverged");
        let path = self.path(&format!("/compare/{one}...{other}?per_page=1"));
        commit_at(&self.client.get_json(&action, &path).await?, "/merge_base_commit/sha")
    }

    async fn merged_by(&self, commit: &Commit) -> Result<Option<Merge>, Error> {
        let pulls = self.pulls_with(commit).await?;
        let base = self.default_branch().await?;
        let merged =
            |p: &&Value| p["merged_at"].is_string() && p.pointer("/base/ref").and_then(Value::as_str) == Some(base);
        let merge = |p: &Value| {
            let own = p.pointer("/head/repo/full_name").and_then(Value::as_str) == Some(&self.repository());
            let head =
                |branch: &str| Some(MergedHead { branch: branch.to_owned(), commit: commit_at(p, "/head/sha").ok()? });
            let head = p.pointer("/head/ref").and_then(Value::as_str).filter(|_| own).and_then(head);
            Ok(Merge { number: number(p)?, commit: commit_at(p, "/merge_commit_sha").ok(), head })
        };
        pulls.iter().find(merged).map(merge).transpose()
    }

    async fn merged(&self, number: u64) -> Result<Option<MergedPull>, Error> {
        let action = format!("reading #{number}");
        let pull = self.client.get_json(&action, &self.path(&format!("/pulls/{number}"))).await?;
        let text = |at: &str| pull.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let own = text("/head/repo/full_name") == Some(self.repository());
        Ok(pull["merged_at"].is_string().then(|| MergedPull {
            url: text("/html_url"),
            body: text("/body").unwrap_or_default(),
            branch: text("/head/ref").filter(|_| own),
            at: time(&pull["merged_at"]),
            by: text("/merged_by/login"),
        }))
    }

    async fn may_write(&self, login: &str) -> Result<bool, Error> {
        let name = login.to_lowercase();
        let known = self.accounts.lock().unwrap_or_else(PoisonError::into_inner).get(&name).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let action = format!("asking for the permissions of {}", clean(login));
        let path = self.path(&format!("/collaborators/{}/permission", segment(login)));
        let answer = self.client.get(&path).await?;
        let may = match answer.status {
            // No such account.
            404 => false,
            _ => {
                let json = answer.success(&action, READ)?.json(&action)?;
                matches!(json["permission"].as_str(), Some("admin" | "maintain" | "write"))
            }
        };
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).insert(name, may);
        Ok(may)
    }
}

impl GitHub {
    /// The pull requests that a commit belongs to, or that made it.
    async fn pulls_with(&self, commit: &Commit) -> Result<Vec<Value>, Error> {
        let path = self.path(&format!("/commits/{commit}/pulls"));
        self.client.pages("asking which pull request a commit came from", &path, &[]).await
    }
}

/// The query for the reviews and authors of these pull requests.
fn query(numbers: &[u64]) -> String {
    let mut pulls = String::new();
    for number in numbers {
        let _ = write!(pulls, " p{number}: pullRequest(number: {number}) {{ ...asked }}");
    }
    let person = "email user { login }";
    format!(
        "query ($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{{pulls} }} }} \
         fragment asked on PullRequest {{ \
         headRefName headRefOid mergedAt headRepository {{ nameWithOwner }} \
         reviews(first: {FEW}) {{ totalCount nodes {{ state submittedAt author {{ login __typename }} commit {{ oid }} }} }} \
         commits(first: {FEW}) {{ totalCount nodes {{ commit {{ oid parents(first: {PARENTS}) {{ totalCount nodes {{ oid }} }} \
         signature {{ isValid wasSignedByGitHub signer {{ login }} }} committer {{ {person} }} authors(first: {AUTHORS}) {{ totalCount nodes {{ {person} }} }} }} }} }} }}"
    )
}

/// All reviews, oldest first; `None` if the answer does not have them all.
fn given_reviews(pull: &Value) -> Option<Vec<Review>> {
    let mut nodes: Vec<&Value> = whole(&pull["reviews"])?.iter().collect();
    nodes.sort_by_key(|review| review["submittedAt"].as_str());
    let review = |node: &&Value| {
        let (login, kind) = (node.pointer("/author/login")?.as_str()?, node.pointer("/author/__typename")?.as_str()?);
        // Here an App has its bare name, which a person may have as well.
        let login = if kind == "Bot" { format!("{login}[bot]") } else { login.to_owned() };
        let commit = commit_at(node, "/commit/oid").ok().map(|commit| commit.0);
        Some(Review { login, person: kind == "User", verdict: verdict(node)?, commit, at: time(&node["submittedAt"]) })
    };
    Some(nodes.iter().filter_map(review).collect())
}

fn review(review: &Value) -> Option<Review> {
    Some(Review {
        login: review.pointer("/user/login")?.as_str()?.to_owned(),
        person: review.pointer("/user/type").and_then(Value::as_str) == Some("User"),
        verdict: verdict(review)?,
        commit: commit_at(review, "/commit_id").ok().map(|commit| commit.0),
        at: time(&review["submitted_at"]),
    })
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str()?.parse().ok()
}

fn verdict(review: &Value) -> Option<Verdict> {
    Some(match review["state"].as_str()? {
        "APPROVED" => Verdict::Approved,
        "CHANGES_REQUESTED" => Verdict::ChangesRequested,
        "DISMISSED" => Verdict::Dismissed,
        _ => return None,
    })
}
