//! Commits by `createCommitOnBranch`: signed by GitHub, complete or not at all, and only on the expected commit.

use base64::Engine as _;
use serde_json::{Value, json};

use super::answer::{ARCHIVED, CONTENTS, Sent, archived, clean, refused, with_kind};
use super::client::pause;
use super::{GitHub, commit_at, text};
use crate::forge::{Branches as _, Commit, Error, NewCommit};

const MUTATION: &str =
    "mutation ($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }";

impl GitHub {
    /// Adds one commit to a branch that must still point to `expected`. If the answer is lost, the branch is read: the
    /// commit is recognised by its parent, message and files. Sending it again is safe because it names `expected`.
    pub(super) async fn commit(&self, branch: &str, expected: &Commit, new: &NewCommit) -> Result<Commit, Error> {
        let body = self.mutation(branch, expected, new);
        let mut lost = None;
        for attempt in 0..3 {
            pause(attempt).await;
            let outcome = match self.client.graphql(&body).await? {
                Sent::Answer(answer) if answer.done() => self.outcome(branch, &answer.json("committing")?).await,
                Sent::Answer(answer) => Err(refused(&format!("committing to {branch}"), &answer, CONTENTS)),
                Sent::Lost(why) => {
                    let now = self.tip(branch).await?;
                    lost = Some(why);
                    match now {
                        Some(now) if now == *expected => continue,
                        _ => Err(Error::Moved { branch: branch.to_owned() }),
                    }
                }
            };
            return match outcome {
                // It may have moved by the commit whose answer was lost.
                Err(Error::Moved { .. }) if lost.is_some() => self.ours(branch, expected, new).await,
                outcome => outcome,
            };
        }
        Err(Error::Unreachable(lost.unwrap_or_default()))
    }

    fn mutation(&self, branch: &str, expected: &Commit, NewCommit { message, files }: &NewCommit) -> Value {
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let additions: Vec<Value> =
            files.iter().map(|f| json!({ "path": f.path, "contents": encode(&f.text) })).collect();
        json!({
            "query": MUTATION,
            "variables": { "input": {
                "branch": { "repositoryNameWithOwner": self.repository(), "branchName": branch },
                "expectedHeadOid": expected.0,
                "message": { "headline": message.headline, "body": message.body },
                "fileChanges": { "additions": additions },
            } },
        })
    }

    async fn outcome(&self, branch: &str, json: &Value) -> Result<Commit, Error> {
        let Some(error) = json["errors"].as_array().and_then(|e| e.first()) else {
            return commit_at(json, "/data/createCommitOnBranch/commit/oid");
        };
        let message = clean(error["message"].as_str().unwrap_or("no message"));
        let refused = |detail: String| Error::Refused { action: format!("committing to {branch}"), detail };
        let needs = format!("{message}: the token needs {CONTENTS} on {}", self.repository());
        match error["type"].as_str().unwrap_or_default() {
            "STALE_DATA" => Err(Error::Moved { branch: branch.to_owned() }),
            "RATE_LIMITED" => Err(Error::RateLimited(message)),
            _ if archived(&message) => Err(refused(format!("{message} {ARCHIVED}"))),
            _ if protection(&message) => Err(Error::Protected { branch: branch.to_owned(), detail: message }),
            "FORBIDDEN" | "INSUFFICIENT_SCOPES" => Err(refused(needs)),
            "NOT_FOUND" if message.contains("Repository") => Err(refused(needs)),
            // Another run deleted it, and may have created it again by now.
            "NOT_FOUND" if message.contains("No ref found") => Err(Error::Moved { branch: branch.to_owned() }),
            _ if message.contains("not accessible") => Err(refused(needs)),
            // A branch that is gone does not point to what was expected.
            _ if self.tip(branch).await?.is_none() => Err(Error::Moved { branch: branch.to_owned() }),
            _ => Err(Error::Unusable(format!("committing to {branch}: {}", with_kind(&message, error)))),
        }
    }

    /// The branch's commit, if it is the one that was to be made.
    async fn ours(&self, branch: &str, expected: &Commit, new: &NewCommit) -> Result<Commit, Error> {
        let moved = || Error::Moved { branch: branch.to_owned() };
        let NewCommit { message, files } = new;
        let now = self.tip(branch).await?.ok_or_else(moved)?;
        let commit = self.commit_object(&now).await?;
        let whole = format!("{}\n\n{}", message.headline, message.body);
        let parents = commit["parents"].as_array().map_or(0, Vec::len);
        let same = parents == 1
            && commit_at(&commit, "/parents/0/sha")? == *expected
            && text(&commit, "/message")?.trim_end() == whole.trim_end();
        if !same {
            return Err(moved());
        }
        for file in files {
            if self.text(&now, &file.path).await?.as_deref() != Some(&file.text) {
                return Err(moved());
            }
        }
        Ok(now)
    }

    /// A commit as stored in git: message, parents, dates.
    pub(super) async fn commit_object(&self, commit: &Commit) -> Result<Value, Error> {
        let action = format!("reading the commit {commit}");
        self.client.get_json(&action, &self.path(&format!("/git/commits/{commit}"))).await
    }
}

/// Whether GitHub's message says that protection or a ruleset refuses a change of a branch.
pub(super) fn protection(message: &str) -> bool {
    const WORDS: [&str; 8] = [
        "protected branch",
        "rule violation",
        "through a pull request",
        "not authorized to push",
        "protected ref",
        "required status check",
        "merge queue",
        "approving review",
    ];
    let message = message.to_lowercase();
    WORDS.iter().any(|words| message.contains(words))
}
