//! Reviews of pull requests, who wrote their commits, and who may write here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::PoisonError;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::answer::{READ, clean};
use super::client::segment;
use super::pulls::number;
use super::{GitHub, commit_at};
use crate::forge::{Commit, Error, Merge, Review, Reviewed, Reviews, Verdict};

/// GitHub lists so many commits of a pull request and no more.
const LISTED: usize = 250;
/// How many pull requests one question is about.
const TOGETHER: usize = 25;
/// How many reviews and commits of a pull request one question gives: those that have more are listed by themselves.
const FEW: usize = 100;
/// The same of a commit's authors.
const AUTHORS: usize = 20;
/// The same of its parents.
const PARENTS: usize = 10;

#[async_trait]
impl Reviews for GitHub {
    /// One whose account is gone, that is not submitted or only remarks, is left out.
    async fn reviews(&self, number: u64) -> Result<Vec<Review>, Error> {
        let path = self.path(&format!("/pulls/{number}/reviews"));
        let listed = self.client.pages(&format!("reading the reviews of #{number}"), &path, &[]).await?;
        Ok(listed.iter().filter_map(review).collect())
    }

    /// One question for many; more for a pull request of more than a hundred reviews or
    /// commits, or with a commit whose author GraphQL does not name.
    async fn reviewed(&self, numbers: &BTreeSet<u64>) -> Result<BTreeMap<u64, Reviewed>, Error> {
        let numbers: Vec<u64> = numbers.iter().copied().collect();
        let variables = json!({ "owner": self.owner, "name": self.name });
        let mut all = BTreeMap::new();
        for some in numbers.chunks(TOGETHER) {
            let action = "reading the reviews of pull requests";
            let answer = self.client.ask(action, &query(some), &variables).await?;
            for number in some {
                let pull = &answer[format!("p{number}")];
                let reviews = match given_reviews(pull) {
                    Some(reviews) => reviews,
                    None => self.reviews(*number).await?,
                };
                let writers = match given_writers(pull) {
                    Some(writers) => Some(writers),
                    None => self.writers_of(*number).await?,
                };
                all.insert(*number, Reviewed { reviews, writers });
            }
        }
        Ok(all)
    }

    async fn merged_by(&self, commit: &Commit) -> Result<Option<Merge>, Error> {
        let path = self.path(&format!("/commits/{commit}/pulls"));
        let pulls = self.client.pages("asking which pull request brought a commit", &path, &[]).await?;
        let base = self.default_branch().await?;
        let merged =
            |p: &&Value| p["merged_at"].is_string() && p.pointer("/base/ref").and_then(Value::as_str) == Some(base);
        let merge = |p: &Value| Ok(Merge { number: number(p)?, commit: commit_at(p, "/merge_commit_sha").ok() });
        pulls.iter().find(merged).map(merge).transpose()
    }

    async fn may_write(&self, login: &str) -> Result<bool, Error> {
        let name = login.to_lowercase();
        let known = self.accounts.lock().unwrap_or_else(PoisonError::into_inner).get(&name).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let action = format!("asking what {} may do here", clean(login));
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
    /// The accounts that wrote the commits of a pull request; `None` where that cannot be told of every one.
    async fn writers_of(&self, number: u64) -> Result<Option<BTreeSet<String>>, Error> {
        let path = self.path(&format!("/pulls/{number}/commits"));
        let commits = self.client.pages(&format!("reading who wrote the commits of #{number}"), &path, &[]).await?;
        let known = commits.len() < LISTED && !commits.is_empty();
        let all: Option<Vec<BTreeSet<String>>> = commits.iter().map(|c| wrote(c, self.enterprise)).collect();
        Ok(all.filter(|_| known).map(|all| all.into_iter().flatten().collect()))
    }
}

/// The question for the reviews and writers of these pull requests.
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

/// The nodes of a connection, where those are all.
fn whole(connection: &Value) -> Option<&Vec<Value>> {
    let nodes = connection["nodes"].as_array()?;
    (connection["totalCount"].as_u64() == u64::try_from(nodes.len()).ok()).then_some(nodes)
}

/// All reviews, oldest first; `None` where the answer does not hold them all.
fn given_reviews(pull: &Value) -> Option<Vec<Review>> {
    let mut nodes: Vec<&Value> = whole(&pull["reviews"])?.iter().collect();
    nodes.sort_by_key(|review| review["submittedAt"].as_str());
    let review = |node: &&Value| {
        let (login, kind) = (node.pointer("/author/login")?.as_str()?, node.pointer("/author/__typename")?.as_str()?);
        // Here an App goes by its bare name, which a person may have as well.
        let login = if kind == "Bot" { format!("{login}[bot]") } else { login.to_owned() };
        let commit = commit_at(node, "/commit/oid").ok().map(|commit| commit.0);
        Some(Review { login, person: kind == "User", verdict: verdict(node)?, commit })
    };
    Some(nodes.iter().filter_map(review).collect())
}

/// Everybody who wrote a commit; `None` where the answer does not tell it of every one.
fn given_writers(pull: &Value) -> Option<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    let commits = whole(&pull["commits"]).filter(|commits| !commits.is_empty())?;
    for commit in commits.iter().map(|node| &node["commit"]) {
        let mut authors = whole(&commit["authors"])?.iter();
        let author = account(authors.next()?)?;
        let signed = |what: &str| commit["signature"][what] == true;
        if is_machine(&author) && !(signed("isValid") && signed("wasSignedByGitHub")) {
            return None;
        }
        all.insert(author);
        let committer = Some(&commit["committer"]);
        all.extend(authors.chain(committer).filter_map(named).filter(|login| login != WEB_FLOW));
    }
    Some(all)
}

/// The account of a commit's author, in lower case. GraphQL knows people alone: an App is told by the address that GitHub gave
/// it, from which REST has it too. A person is not: who has no account there has none.
fn account(actor: &Value) -> Option<String> {
    named(actor).filter(|login| login.ends_with("[bot]") || actor.pointer("/user/login").is_some())
}

/// The account of somebody else in a commit, as far as it is named.
fn named(actor: &Value) -> Option<String> {
    let login = actor.pointer("/user/login").and_then(Value::as_str).map(str::to_lowercase);
    login.or_else(|| named_by(&actor["email"].as_str()?.to_lowercase()))
}

/// Whether this is an App's account. Anybody who pushes can write one into a commit, and so pass for no writer of it: it is
/// believed only where GitHub itself made the commit.
fn is_machine(login: &str) -> bool {
    login.ends_with("[bot]")
}

/// GitHub itself, as the committer of what is committed on its pages.
const WEB_FLOW: &str = "web-flow";

fn review(review: &Value) -> Option<Review> {
    Some(Review {
        login: review.pointer("/user/login")?.as_str()?.to_owned(),
        person: review.pointer("/user/type").and_then(Value::as_str) == Some("User"),
        verdict: verdict(review)?,
        commit: commit_at(review, "/commit_id").ok().map(|commit| commit.0),
    })
}

fn verdict(review: &Value) -> Option<Verdict> {
    Some(match review["state"].as_str()? {
        "APPROVED" => Verdict::Approved,
        "CHANGES_REQUESTED" => Verdict::ChangesRequested,
        "DISMISSED" => Verdict::Dismissed,
        _ => return None,
    })
}

/// The accounts behind a commit, in lower case: its author, its committer unless that is GitHub itself, and the co-authors
/// whose address in the message names their account. `None` where the author has no account, or is an App that GitHub does not
/// vouch for. An Enterprise Server signs only where its administrators want it.
fn wrote(commit: &Value, enterprise: bool) -> Option<BTreeSet<String>> {
    let of = |pointer: &str| commit.pointer(pointer).and_then(Value::as_str).map(str::to_lowercase);
    let author = of("/author/login")?;
    let verified = commit.pointer("/commit/verification/verified").and_then(Value::as_bool) == Some(true);
    let by_github = verified && of("/committer/login").as_deref() == Some(WEB_FLOW);
    let unsigned = enterprise && of("/commit/verification/reason").as_deref() == Some("unsigned");
    if is_machine(&author) && !by_github && !unsigned {
        return None;
    }
    let mut all = BTreeSet::from([author]);
    all.extend(of("/committer/login").filter(|login| login != WEB_FLOW));
    let message = commit.pointer("/commit/message").and_then(Value::as_str).unwrap_or_default();
    all.extend(message.lines().filter_map(co_author));
    Some(all)
}

/// `Co-authored-by: Mona <1234+mona@users.noreply.github.com>`
fn co_author(line: &str) -> Option<String> {
    let line = line.trim().to_lowercase();
    named_by(line.strip_prefix("co-authored-by:")?.rsplit_once('<')?.1.trim_end_matches('>'))
}

/// The account that an address of GitHub's own names: `1234+mona@users.noreply.github.com`.
fn named_by(address: &str) -> Option<String> {
    let (name, host) = address.split_once('@')?;
    host.starts_with("users.noreply.").then(|| name.split_once('+').map_or(name, |(_, login)| login).to_owned())
}
