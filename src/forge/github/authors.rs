//! Who wrote the commits of pull requests: whom their commits name, and who put them on their branches.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use serde_json::Value;

use super::activity::{List, is_login};
use super::{GitHub, commit_at, text};
use crate::forge::authorship::{PullCommit, PullHead, Signature, View, authorship, life, reaches_base};
use crate::forge::{self, Actor, Authorship, Error, Movement};

/// GitHub lists this many commits of a pull request and no more.
const LISTED: usize = 250;
/// From this many pull requests on, the activity of all branches is read before that of each.
const MANY: usize = 3;
/// Pages of a hundred movements that are read at most for all branches, and for one.
const WIDE: u32 = 10;
const NARROW: u32 = 3;

const GAP: &str = "the repository's activity does not reach back that far, and it has no verified signature: have it \
                   pushed again, or sign commits";
const TOO_MANY: &str = "GitHub lists at most 250 commits of a pull request: revert the change and propose it again";
const NO_FORK: &str = "the fork that it came from no longer exists: propose the change again";

/// A pull request's commits and where they came from.
#[derive(Debug)]
pub(super) struct PullCommits {
    commits: Vec<PullCommit>,
    /// `OWNER/NAME` of its branch; `None` if that repository is gone.
    repository: Option<String>,
    head: PullHead,
}

impl GitHub {
    /// A pull request from GraphQL's answer; its commits are listed if the answer does not have all of them.
    pub(super) async fn pull_commits(&self, number: u64, pull: &Value) -> Result<PullCommits, Error> {
        let commits = match given_commits(pull) {
            Some(commits) => commits,
            None => self.listed_commits(number).await?,
        };
        let own = self.repository();
        let repository = pull.pointer("/headRepository/nameWithOwner").and_then(Value::as_str);
        let merged = pull["mergedAt"].as_str().and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        Ok(PullCommits {
            commits,
            repository: repository.map(|name| if name.eq_ignore_ascii_case(&own) { own } else { name.to_owned() }),
            head: PullHead {
                branch: text(pull, "/headRefName")?.to_owned(),
                commit: commit_at(pull, "/headRefOid")?,
                merged: merged.map(|at| at.to_utc()),
            },
        })
    }

    async fn listed_commits(&self, number: u64) -> Result<Vec<PullCommit>, Error> {
        let path = self.path(&format!("/pulls/{number}/commits"));
        let commits = self.client.pages(&format!("reading who wrote the commits of #{number}"), &path, &[]).await?;
        commits.iter().map(listed_commit).collect()
    }

    /// Who wrote these pull requests. For many, the movements come from the list of all branches; for one, whose branch
    /// may be gone and have no list any more, only if its own list does not tell.
    pub(super) async fn authorships(
        &self,
        pulls: BTreeMap<u64, PullCommits>,
    ) -> Result<BTreeMap<u64, Authorship>, Error> {
        let own = self.repository();
        let ours: Vec<&PullCommits> = pulls.values().filter(|pull| pull.repository.as_ref() == Some(&own)).collect();
        if ours.len() >= MANY {
            let wide = List { repository: own, branch: None };
            self.list_movements(&wide, WIDE, |all| ours.iter().all(|pull| pull.is_told(all))).await?;
        }
        let mut found = BTreeMap::new();
        for (number, pull) in &pulls {
            found.insert(*number, self.authorship(pull).await?);
        }
        Ok(found)
    }

    async fn authorship(&self, pull: &PullCommits) -> Result<Authorship, Error> {
        let Told { movements, untold } = match &pull.repository {
            Some(repository) => self.movements_of(repository, pull).await?,
            None => Told { movements: Vec::new(), untold: NO_FORK.to_owned() },
        };
        let life = life(&movements, &pull.head);
        let own = match life.iter().any(|m| m.actor.as_ref().is_some_and(|actor| !actor.person)) {
            true => self.login().await?,
            false => "",
        };
        let is_us = |actor: &Actor| !own.is_empty() && is_login(&actor.login, own);
        let authorship = authorship(&pull.commits, &life, View { is_us: &is_us, untold: &untold });
        let more = (pull.commits.len() >= LISTED).then(|| TOO_MANY.to_owned());
        Ok(Authorship { more, ..authorship })
    }

    /// The movements that tell most about a pull request's branch: those of all branches read so far, its own, those of
    /// all branches back to its beginning.
    async fn movements_of(&self, repository: &str, pull: &PullCommits) -> Result<Told, Error> {
        let list = |branch: Option<&String>| List { repository: repository.to_owned(), branch: branch.cloned() };
        let (wide, narrow) = (list(None), list(Some(&pull.head.branch)));
        let mut best = Told { movements: Vec::new(), untold: GAP.to_owned() };
        for (list, pages) in [(&wide, 0), (&narrow, NARROW), (&wide, WIDE)] {
            // What is missing from the complete list of all branches is in no list.
            if list.branch.is_some() && self.is_read_through(&wide).await {
                break;
            }
            match self.list_movements(list, pages, |all| pull.is_told(all)).await? {
                forge::Told::Movements(movements) => {
                    if life(&movements, &pull.head).len() > life(&best.movements, &pull.head).len() {
                        best.movements = movements;
                    }
                }
                forge::Told::Nothing(why) if list.branch.is_none() => return Ok(Told { untold: why, ..best }),
                forge::Told::Nothing(_) => {}
            }
            if pull.is_told(&best.movements) {
                break;
            }
        }
        Ok(best)
    }
}

impl PullCommits {
    /// Whether movements account for all of its commits.
    fn is_told(&self, movements: &[Movement]) -> bool {
        reaches_base(&life(movements, &self.head), &self.commits)
    }
}

/// Movements, and why a commit that none of them brought is not accounted for.
struct Told {
    movements: Vec<Movement>,
    untold: String,
}

/// The nodes of a connection, if they are complete.
pub(super) fn whole(connection: &Value) -> Option<&Vec<Value>> {
    let nodes = connection["nodes"].as_array()?;
    (connection["totalCount"].as_u64() == u64::try_from(nodes.len()).ok()).then_some(nodes)
}

/// The commits, if the answer has all of them, each with all authors and parents.
fn given_commits(pull: &Value) -> Option<Vec<PullCommit>> {
    whole(&pull["commits"])?.iter().map(|node| given_commit(&node["commit"])).collect()
}

fn given_commit(commit: &Value) -> Option<PullCommit> {
    let authors = whole(&commit["authors"])?;
    let parents = whole(&commit["parents"])?.iter().map(|parent| commit_at(parent, "/oid").ok());
    let signed = |what: &str| commit["signature"][what] == true;
    let signer = commit.pointer("/signature/signer/login").and_then(Value::as_str).map(str::to_lowercase);
    let signature = match (signed("isValid"), signed("wasSignedByGitHub"), signer) {
        (true, true, _) => Signature::GitHub,
        (true, false, Some(signer)) => Signature::Person(signer),
        _ => Signature::None,
    };
    let named: BTreeSet<String> = authors.iter().chain([&commit["committer"]]).filter_map(named).collect();
    Some(PullCommit {
        commit: commit_at(commit, "/oid").ok()?,
        parents: parents.collect::<Option<_>>()?,
        author: authors.first().and_then(self::named),
        named: named.into_iter().filter(|login| login != WEB_FLOW).collect(),
        signature,
    })
}

/// The account that a commit names. GraphQL knows only people: an App is recognised by the address that GitHub gave it,
/// which REST uses too.
pub(super) fn named(actor: &Value) -> Option<String> {
    let login = actor.pointer("/user/login").and_then(Value::as_str).map(str::to_lowercase);
    login.or_else(|| named_by(&actor["email"].as_str()?.to_lowercase()))
}

/// GitHub itself, as the committer of what is committed on its pages.
const WEB_FLOW: &str = "web-flow";

/// A commit as listed by REST: the signer is the committer it names.
fn listed_commit(commit: &Value) -> Result<PullCommit, Error> {
    let of = |pointer: &str| commit.pointer(pointer).and_then(Value::as_str).map(str::to_lowercase);
    let verified = commit.pointer("/commit/verification/verified").and_then(Value::as_bool) == Some(true);
    let (author, committer) = (of("/author/login"), of("/committer/login"));
    let signature = match committer.clone().filter(|_| verified) {
        Some(committer) if committer == WEB_FLOW => Signature::GitHub,
        Some(committer) => Signature::Person(committer),
        None => Signature::None,
    };
    let message = commit.pointer("/commit/message").and_then(Value::as_str).unwrap_or_default();
    let committer = committer.filter(|login| login != WEB_FLOW);
    let parents = commit["parents"].as_array().into_iter().flatten();
    Ok(PullCommit {
        commit: commit_at(commit, "/sha")?,
        parents: parents.map(|parent| commit_at(parent, "/sha")).collect::<Result<_, _>>()?,
        named: author.iter().cloned().chain(committer).chain(message.lines().filter_map(co_author)).collect(),
        author,
        signature,
    })
}

/// `Co-authored-by: Mona <1234+mona@users.noreply.github.com>`
fn co_author(line: &str) -> Option<String> {
    let line = line.trim().to_lowercase();
    named_by(line.strip_prefix("co-authored-by:")?.rsplit_once('<')?.1.trim_end_matches('>'))
}

/// The account that one of GitHub's own addresses names: `1234+mona@users.noreply.github.com`.
fn named_by(address: &str) -> Option<String> {
    let (name, host) = address.split_once('@')?;
    host.starts_with("users.noreply.").then(|| name.split_once('+').map_or(name, |(_, login)| login).to_owned())
}
