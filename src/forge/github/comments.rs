//! Comments on proposals, and who wrote them.

use serde_json::{Value, json};

use super::client::{PULLS, pause, refused};
use super::{Error, GitHub, Sent, Verb};

impl GitHub {
    /// See [`super::Social::own_comments`].
    pub(super) async fn comments_of_ours(&self, number: u64) -> Result<Vec<String>, Error> {
        let login = self.login().await?;
        let path = self.path(&format!("/issues/{number}/comments"));
        let comments = self.client.pages("reading a proposal's comments", &path, &[]).await?;
        Ok(comments.iter().filter(|c| by(c, login)).filter_map(|c| c["body"].as_str()).map(str::to_owned).collect())
    }

    /// See [`super::Social::reply`]. After a lost answer what stands there is read before anything is written again.
    pub(super) async fn comment_marked(&self, number: u64, mark: &str, body: &str) -> Result<(), Error> {
        let path = self.path(&format!("/issues/{number}/comments"));
        let text = format!("{body}\n\n{mark}");
        let mut lost = String::new();
        for attempt in 0..3 {
            pause(attempt).await;
            if self.comments_of_ours(number).await?.iter().any(|said| said.contains(mark)) {
                return Ok(());
            }
            match self.client.send(Verb::Post, &path, &json!({ "body": text })).await? {
                Sent::Answer(answer) if answer.done() => return Ok(()),
                Sent::Answer(answer) => {
                    return Err(refused(&format!("answering a comment on #{number}"), &answer, PULLS));
                }
                Sent::Lost(why) => lost = why,
            }
        }
        Err(Error::Unreachable(lost))
    }
}

/// Whether the account `login` wrote it. An App's account has `[bot]` behind its name in some answers.
fn by(comment: &Value, login: &str) -> bool {
    let author = comment.pointer("/user/login").and_then(Value::as_str);
    author.is_some_and(|author| author == login || author.strip_suffix("[bot]") == Some(login))
}
