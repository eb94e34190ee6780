//! Labels, review requests and comments, and who wrote the comments.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::GitHub;
use super::answer::{PULLS, Sent};
use super::client::{Verb, pause, segment};
use crate::forge::{Conversation, Error};
use crate::text::names_there_are;

#[async_trait]
impl Conversation for GitHub {
    async fn label(&self, number: u64, labels: &[String]) -> Result<(), Error> {
        let action = format!("labelling pull request #{number}");
        self.add(&format!("/issues/{number}/labels"), &json!({ "labels": labels }), &action).await
    }

    async fn unlabel(&self, number: u64, label: &str) -> Result<(), Error> {
        let path = self.path(&format!("/issues/{number}/labels/{}", segment(label)));
        let answer = self.client.again(Verb::Delete, &path, &Value::Null).await?;
        if answer.status == 404 {
            return Ok(());
        }
        answer.success(&format!("removing a label from pull request #{number}"), PULLS).map(drop)
    }

    async fn request_reviewer(&self, number: u64, login: &str) -> Result<(), Error> {
        let action = format!("requesting a review of #{number} from {login}");
        self.add(&format!("/pulls/{number}/requested_reviewers"), &json!({ "reviewers": [login] }), &action).await
    }

    async fn request_team(&self, number: u64, slug: &str) -> Result<(), Error> {
        let action =
            format!("requesting a review of #{number} from the team {slug} (the job's own token cannot request teams)");
        let body = json!({ "team_reviewers": [slug] });
        match self.add(&format!("/pulls/{number}/requested_reviewers"), &body, &action).await {
            Err(Error::Invalid { action, detail }) => {
                let teams = self.known_teams(slug).await.map(|teams| format!("; {teams}"));
                Err(Error::Invalid { action, detail: detail + &teams.unwrap_or_default() })
            }
            done => done,
        }
    }

    async fn own_comments(&self, number: u64) -> Result<Vec<String>, Error> {
        let login = self.login().await?;
        let comments = self.comments(number).await?;
        Ok(comments.iter().filter(|c| by(c, login)).filter_map(|c| c["body"].as_str()).map(str::to_owned).collect())
    }

    async fn comment(&self, number: u64, mark: &str, text: &str) -> Result<(), Error> {
        let login = self.login().await?;
        let said = |c: &Value| by(c, login) && c["body"].as_str().is_some_and(|said| said.contains(mark));
        self.comment_unless(number, &format!("{text}\n\n{mark}"), "answering a comment on", said).await
    }
}

impl GitHub {
    /// The team probably meant by a name that does not exist, else the teams with access to the repository; `None` if
    /// there are none, if this one is among them, or if they cannot be listed.
    async fn known_teams(&self, slug: &str) -> Option<String> {
        let teams = self.client.pages("listing teams", &self.path("/teams"), &[]).await.ok()?;
        let slugs: Vec<String> = teams.iter().filter_map(|team| team["slug"].as_str()).map(str::to_owned).collect();
        names_there_are(slug, &slugs).filter(|_| !slugs.iter().any(|known| known == slug))
    }

    /// Adds something that exists once however often it is added.
    async fn add(&self, path: &str, body: &Value, action: &str) -> Result<(), Error> {
        self.client.again(Verb::Post, &self.path(path), body).await?.success(action, PULLS).map(drop)
    }

    /// Comments, unless a comment with this exact text exists.
    pub(super) async fn comment_once(&self, number: u64, body: &str) -> Result<(), Error> {
        let said = |c: &Value| c["body"].as_str() == Some(body);
        self.comment_unless(number, body, "commenting on pull request", said).await
    }

    /// Whether an account wrote a comment that contains `words`.
    pub(super) async fn has_comment_by(&self, number: u64, login: &str, words: &str) -> Result<bool, Error> {
        let by = |c: &Value| c.pointer("/user/login").and_then(Value::as_str) == Some(login);
        let holds = |c: &Value| c["body"].as_str().is_some_and(|b| b.contains(words));
        Ok(self.comments(number).await?.iter().any(|c| by(c) && holds(c)))
    }

    async fn comments(&self, number: u64) -> Result<Vec<Value>, Error> {
        let path = self.path(&format!("/issues/{number}/comments"));
        self.client.pages("reading a proposal's comments", &path, &[]).await
    }

    /// Comments, unless an existing comment already says it. After a lost answer, the comments are read before anything
    /// is written again.
    async fn comment_unless(
        &self,
        number: u64,
        body: &str,
        action: &str,
        said: impl Fn(&Value) -> bool + Send + Sync,
    ) -> Result<(), Error> {
        let path = self.path(&format!("/issues/{number}/comments"));
        let mut lost = String::new();
        for attempt in 0..3 {
            pause(attempt).await;
            if self.comments(number).await?.iter().any(&said) {
                return Ok(());
            }
            match self.client.send(Verb::Post, &path, &json!({ "body": body })).await? {
                Sent::Answer(answer) => return answer.success(&format!("{action} #{number}"), PULLS).map(drop),
                Sent::Lost(why) => lost = why,
            }
        }
        Err(Error::Unreachable(lost))
    }
}

/// Whether the account `login` wrote it. In some answers an App's login ends in `[bot]`.
pub(super) fn by(comment: &Value, login: &str) -> bool {
    let author = comment.pointer("/user/login").and_then(Value::as_str);
    author.is_some_and(|author| author == login || author.strip_suffix("[bot]") == Some(login))
}
