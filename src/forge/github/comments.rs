//! Comments on proposals, and who wrote them.

use serde_json::{Value, json};

use super::client::{PULLS, pause, refused};
use super::{Error, GitHub, Sent, Verb};

impl GitHub {
    /// See [`super::Social::own_comments`].
    pub(super) async fn comments_of_ours(&self, number: u64) -> Result<Vec<String>, Error> {
        let login = self.login().await?;
        let comments = self.comments(number).await?;
        Ok(comments.iter().filter(|c| by(c, login)).filter_map(|c| c["body"].as_str()).map(str::to_owned).collect())
    }

    /// See [`super::Social::reply`].
    pub(super) async fn comment_marked(&self, number: u64, mark: &str, body: &str) -> Result<(), Error> {
        let login = self.login().await?;
        let said = |c: &Value| by(c, login) && c["body"].as_str().is_some_and(|text| text.contains(mark));
        self.comment_unless(number, &format!("{body}\n\n{mark}"), "answering a comment on", said).await
    }

    /// Comments, unless those very words stand there.
    pub(super) async fn comment_once(&self, number: u64, body: &str) -> Result<(), Error> {
        let said = |c: &Value| c["body"].as_str() == Some(body);
        self.comment_unless(number, body, "commenting on pull request", said).await
    }

    /// Whether an account wrote a comment that holds `words`.
    pub(super) async fn said(&self, number: u64, login: &str, words: &str) -> Result<bool, Error> {
        let by = |c: &Value| c.pointer("/user/login").and_then(Value::as_str) == Some(login);
        let holds = |c: &Value| c["body"].as_str().is_some_and(|b| b.contains(words));
        Ok(self.comments(number).await?.iter().any(|c| by(c) && holds(c)))
    }

    async fn comments(&self, number: u64) -> Result<Vec<Value>, Error> {
        let path = self.path(&format!("/issues/{number}/comments"));
        self.client.pages("reading a proposal's comments", &path, &[]).await
    }

    /// Comments, unless a comment that counts as said stands there. After a lost answer what stands there is read before
    /// anything is written again.
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
                Sent::Answer(answer) if answer.done() => return Ok(()),
                Sent::Answer(answer) => return Err(refused(&format!("{action} #{number}"), &answer, PULLS)),
                Sent::Lost(why) => lost = why,
            }
        }
        Err(Error::Unreachable(lost))
    }
}

/// Whether the account `login` wrote it. An App's account has `[bot]` behind its name in some answers.
pub(super) fn by(comment: &Value, login: &str) -> bool {
    let author = comment.pointer("/user/login").and_then(Value::as_str);
    author.is_some_and(|author| author == login || author.strip_suffix("[bot]") == Some(login))
}
