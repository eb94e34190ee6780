//! Labels, reviewers and commit statuses.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::client::{PULLS, STATUSES, pause, refused, segment};
use super::{Commit, Error, GitHub, Sent, Social, Verb};
use crate::forge::{Merge, OwnIssue, Review, Reviewed, StatusState};

/// What GitHub takes as a status's description, in characters.
const DESCRIPTION: usize = 140;

#[async_trait]
impl Social for GitHub {
    async fn label(&self, number: u64, labels: &[String]) -> Result<(), Error> {
        let action = format!("labelling pull request #{number}");
        self.ask(&format!("/issues/{number}/labels"), &json!({ "labels": labels }), &action).await
    }

    async fn unlabel(&self, number: u64, label: &str) -> Result<(), Error> {
        let path = self.path(&format!("/issues/{number}/labels/{}", segment(label)));
        let answer = self.client.again(Verb::Delete, &path, &Value::Null).await?;
        match answer.status {
            404 => Ok(()),
            _ if answer.done() => Ok(()),
            _ => Err(refused(&format!("taking a label off pull request #{number}"), &answer, PULLS)),
        }
    }

    async fn is_job(&self) -> Result<bool, Error> {
        Ok(matches!(self.login().await?, "github-actions" | "github-actions[bot]"))
    }

    async fn request_reviewer(&self, number: u64, login: &str) -> Result<(), Error> {
        let action = format!("asking {login} for a review of #{number}");
        self.ask(&format!("/pulls/{number}/requested_reviewers"), &json!({ "reviewers": [login] }), &action).await
    }

    async fn request_team(&self, number: u64, slug: &str) -> Result<(), Error> {
        let action = format!("asking the team {slug} for a review of #{number} (the job's own token cannot ask teams)");
        self.ask(&format!("/pulls/{number}/requested_reviewers"), &json!({ "team_reviewers": [slug] }), &action).await
    }

    async fn status(&self, commit: &Commit, context: &str) -> Result<Option<(StatusState, String)>, Error> {
        let path = self.path(&format!("/commits/{commit}/statuses"));
        let (mut page, mut more) = (1, true);
        while more {
            let found;
            (found, more) = self.client.page("reading commit statuses", &path, &[], page).await?;
            page += 1;
            if let Some(status) = found.iter().find(|s| s["context"] == context) {
                let description = status["description"].as_str().unwrap_or_default().to_owned();
                return Ok(state(status).map(|state| (state, description)));
            }
        }
        Ok(None)
    }

    async fn set_status(
        &self,
        commit: &Commit,
        context: &str,
        state: StatusState,
        description: &str,
    ) -> Result<(), Error> {
        let description: String = description.chars().take(DESCRIPTION).collect();
        let body = json!({ "state": name(state), "context": context, "description": description });
        let mut lost = String::new();
        for attempt in 0..3 {
            pause(attempt).await;
            match self.client.send(Verb::Post, &self.path(&format!("/statuses/{commit}")), &body).await? {
                Sent::Answer(answer) if answer.done() => return Ok(()),
                Sent::Answer(answer) => {
                    return Err(refused(&format!("setting a status of {commit}"), &answer, STATUSES));
                }
                Sent::Lost(why) => lost = why,
            }
            if self.status(commit, context).await? == Some((state, description.clone())) {
                return Ok(());
            }
        }
        Err(Error::Unreachable(lost))
    }

    async fn parents(&self, commit: &Commit) -> Result<Vec<Commit>, Error> {
        self.parents_of(commit).await
    }

    async fn is_merged(&self, commit: &Commit) -> Result<bool, Error> {
        self.default_branch_holds(commit).await
    }

    async fn rules(&self, branch: &str) -> Result<Vec<String>, Error> {
        self.rules_of(branch).await
    }

    async fn merged_by(&self, commit: &Commit) -> Result<Option<Merge>, Error> {
        Ok(self.merged_pull_of(commit).await?.map(|(number, commit)| Merge { number, commit }))
    }

    async fn reviews(&self, number: u64) -> Result<Vec<Review>, Error> {
        self.reviews_of(number).await
    }

    async fn reviewed(&self, numbers: &BTreeSet<u64>) -> Result<BTreeMap<u64, Reviewed>, Error> {
        self.reviews_of_many(numbers).await
    }

    async fn may_write(&self, login: &str) -> Result<bool, Error> {
        self.has_write(login).await
    }

    async fn own_comments(&self, number: u64) -> Result<Vec<String>, Error> {
        self.comments_of_ours(number).await
    }

    async fn comment(&self, number: u64, mark: &str, text: &str) -> Result<(), Error> {
        self.comment_marked(number, mark, text).await
    }

    async fn own_issues(&self, label: &str, mark: &str) -> Result<Vec<OwnIssue>, Error> {
        self.issues_of_ours(label, mark).await
    }

    async fn open_issue(&self, label: &str, mark: &str, title: &str, body: &str) -> Result<OwnIssue, Error> {
        self.open_own_issue(label, mark, title, body).await
    }

    async fn write_issue(&self, issue: &OwnIssue, label: &str) -> Result<(), Error> {
        self.write_own_issue(issue, label).await
    }
}

impl GitHub {
    /// Adds what is there once however often it is added.
    async fn ask(&self, path: &str, body: &Value, action: &str) -> Result<(), Error> {
        let answer = self.client.again(Verb::Post, &self.path(path), body).await?;
        if answer.done() { Ok(()) } else { Err(refused(action, &answer, PULLS)) }
    }
}

fn name(state: StatusState) -> &'static str {
    match state {
        StatusState::Success => "success",
        StatusState::Failure => "failure",
        StatusState::Error => "error",
    }
}

/// `pending` is no verdict of ours.
fn state(status: &Value) -> Option<StatusState> {
    match status["state"].as_str()? {
        "success" => Some(StatusState::Success),
        "failure" => Some(StatusState::Failure),
        "error" => Some(StatusState::Error),
        _ => None,
    }
}
