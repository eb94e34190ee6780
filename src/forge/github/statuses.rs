//! Commit statuses, and where a commit stands.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::answer::{READ, STATUSES, Sent, refused};
use super::client::{Verb, encode, pause};
use super::{GitHub, commit_at};
use crate::forge::{Commit, Error, StatusState, Statuses};

/// What GitHub takes as a status's description, in characters.
const DESCRIPTION: usize = 140;

#[async_trait]
impl Statuses for GitHub {
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
        let object = self.commit_object(commit).await?;
        let parents =
            object["parents"].as_array().ok_or_else(|| Error::Unusable(format!("{commit} has no parents")))?;
        parents.iter().map(|p| commit_at(p, "/sha")).collect()
    }

    async fn is_merged(&self, commit: &Commit) -> Result<bool, Error> {
        let action = format!("comparing {commit} with the default branch");
        let range = format!("{commit}...{}", encode(self.default_branch().await?));
        let answer = self.client.get(&self.path(&format!("/compare/{range}?per_page=1"))).await?;
        if !answer.done() {
            return Err(refused(&action, &answer, READ));
        }
        Ok(matches!(answer.json(&action)?["status"].as_str(), Some("ahead" | "identical")))
    }

    async fn is_job(&self) -> Result<bool, Error> {
        Ok(matches!(self.login().await?, "github-actions" | "github-actions[bot]"))
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
