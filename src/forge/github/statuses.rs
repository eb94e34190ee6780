//! Commit statuses, and where a commit is.

use async_trait::async_trait;
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::answer::{STATUSES, Written};
use super::client::{Verb, encode};
use super::{GitHub, commit_at};
use crate::forge::{Brought, Commit, Error, JOB_LOGIN, StatusState, Statuses};

/// The longest status description that GitHub accepts, in characters.
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
                // `pending` is not one of our verdicts.
                return Ok(StatusState::deserialize(&status["state"]).ok().map(|state| (state, description)));
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
        let body = json!({ "state": state, "context": context, "description": description });
        let wanted = Some((state, description));
        let find = || async { Ok(Some(self.status(commit, context).await?).filter(|now| *now == wanted)) };
        match self.client.write(Verb::Post, &self.path(&format!("/statuses/{commit}")), &body, find).await? {
            Written::Found(_) => Ok(()),
            Written::Answer(answer) => answer.success(&format!("setting a status of {commit}"), STATUSES).map(drop),
        }
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
        let json = self.client.get_json(&action, &self.path(&format!("/compare/{range}?per_page=1"))).await?;
        Ok(matches!(json["status"].as_str(), Some("ahead" | "identical")))
    }

    async fn brings(&self, commit: &Commit) -> Result<Brought, Error> {
        let action = format!("reading what {commit} would change");
        let range = format!("{}...{commit}", encode(self.default_branch().await?));
        let json = self.client.get_json(&action, &self.path(&format!("/compare/{range}?per_page=100"))).await?;
        let list = |name: &str| json[name].as_array().map_or(&[][..], Vec::as_slice);
        let names = list("files").iter().flat_map(|file| [&file["filename"], &file["previous_filename"]]);
        Ok(Brought {
            base: commit_at(&json, "/merge_base_commit/sha")?,
            commits: list("commits").iter().map(|commit| commit_at(commit, "/sha")).collect::<Result<_, _>>()?,
            files: names.filter_map(Value::as_str).map(str::to_owned).collect(),
        })
    }

    async fn is_job(&self) -> Result<bool, Error> {
        Ok(matches!(self.login().await?, "github-actions" | JOB_LOGIN))
    }
}
