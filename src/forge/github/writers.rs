//! Who wrote commits, as far as GitHub proves it.

use serde_json::Value;

use super::activity::is_login;
use super::answer::{READ, clean};
use super::{GitHub, commit_at, text};
use crate::forge::branches::{LOOKED_BACK, down_to_ours};
use crate::forge::{By, Commit, Error, Written};

impl GitHub {
    /// See [`crate::forge::Branches::written`]: one listing, and once a run the question whose token this is.
    pub(super) async fn writers(&self, tip: &Commit) -> Result<Vec<Written>, Error> {
        let action = "reading who wrote on a branch";
        let path = self.path(&format!("/commits?sha={tip}&per_page={LOOKED_BACK}"));
        let answer = self.client.get(&path).await?.success(action, READ)?;
        let login = self.login().await?;
        let json = answer.json(action)?;
        let listed = json.as_array().into_iter().flatten().map(|commit| {
            let parents = commit["parents"].as_array().into_iter().flatten();
            let parents: Vec<Commit> = parents.map(|p| commit_at(p, "/sha")).collect::<Result<_, _>>()?;
            let written =
                Written { commit: commit_at(commit, "/sha")?, author: author(commit), by: self.by(commit, login) };
            Ok((written, parents))
        });
        let listed: Vec<_> = listed.collect::<Result<_, Error>>()?;
        match listed.first() {
            Some((first, _)) if first.commit == *tip => Ok(down_to_ours(listed)),
            _ => Err(Error::Unusable(format!("{action}: GitHub's listing does not begin with {tip}"))),
        }
    }

    /// Whose token this is, asked once.
    pub(super) async fn login(&self) -> Result<&str, Error> {
        let login = self.login.get_or_try_init(|| async {
            let action = "asking whose token this is";
            let answer = self.client.query("query { viewer { login } }").await?.success(action, READ)?;
            text(&answer.json(action)?, "/data/viewer/login").map(str::to_owned)
        });
        login.await.map(String::as_str)
    }

    /// An author's line can be forged by who pushes; not so GitHub's own signature, which stands for the account that asked
    /// GitHub to make the commit.
    fn by(&self, commit: &Value, login: &str) -> By {
        let of = |pointer: &str| commit.pointer(pointer).and_then(Value::as_str);
        let verified = commit.pointer("/commit/verification/verified").and_then(Value::as_bool) == Some(true);
        // An Enterprise Server signs only where its administrators want it: there the committer has to do.
        let unsigned = self.enterprise && of("/commit/verification/reason") == Some("unsigned");
        let by_github =
            matches!(of("/committer/login"), Some("web-flow")) || unsigned && of("/committer/login").is_none();
        let Some(author) = of("/author/login").filter(|_| by_github && (verified || unsigned)) else {
            return By::Other;
        };
        match is_login(author, login) {
            true => By::Us,
            false if of("/author/type") == Some("Bot") => By::Machine,
            false => By::Other,
        }
    }
}

/// Who wrote a commit, in words: the account, else the name that the commit gives.
fn author(commit: &Value) -> String {
    let of = |pointer: &str| commit.pointer(pointer).and_then(Value::as_str);
    let pushed = of("/committer/login").filter(|login| *login != "web-flow");
    clean(pushed.or_else(|| of("/author/login")).or_else(|| of("/commit/author/name")).unwrap_or("somebody"))
}
