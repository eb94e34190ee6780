//! Who wrote to a branch, as far as GitHub itself shows it: by its activity, or by its own signature if that has no
//! row.

use serde_json::Value;

use super::activity::is_login;
use super::answer::{READ, clean};
use super::{GitHub, commit_at, text};
use crate::forge::{Account, Commit, Error, JOB_LOGIN, Movement, Reviews as _, Told, Written};

/// How many commits are checked to find one that GitHub signed for an account.
const LOOKED_BACK: usize = 30;

/// What the commits of a branch say if its activity does not.
struct Signed {
    /// The newest that GitHub signed for the account.
    own: Option<Commit>,
    /// Whom the newest commit names.
    named: String,
}

impl GitHub {
    /// See [`crate::forge::Branches::written`]: one listing, and once per run the query for whose token this is.
    pub(super) async fn shown(&self, branch: &str, tip: &Commit, account: &Account) -> Result<Written, Error> {
        let login = match account {
            Account::Us => self.login().await?,
            Account::Named(login) => login,
        };
        let (rows, silence) = match self.movements_to(branch, tip).await? {
            Told::Movements(rows) => (rows, None),
            Told::Nothing(why) => (Vec::new(), Some(why)),
        };
        let own = self.newest_by(&rows, login).await?;
        if let Some(row) = rows.iter().find(|row| row.after.as_ref() == Some(tip)) {
            let other = (own.as_ref() != Some(tip)).then(|| mover(row));
            return Ok(Written { own, other, silence: None });
        }
        let Signed { own: signed, named } = self.signed_on(tip, login, &rows).await?;
        let own = signed.or(own);
        if own.as_ref() == Some(tip) {
            return Ok(Written { own, ..Written::default() });
        }
        let silence = silence.unwrap_or_else(|| format!("GitHub's activity does not show who moved {branch} to {tip}"));
        Ok(Written { own, other: Some(format!("somebody who names {named}")), silence: Some(silence) })
    }

    /// The newest commit that an account itself put on a branch: what a merge puts there was written by others. A
    /// person's account can also move branches by hand, but a hand-made commit never has GitHub's signature.
    async fn newest_by(&self, rows: &[Movement], login: &str) -> Result<Option<Commit>, Error> {
        let own = rows.iter().filter(|row| row.actor.as_ref().is_some_and(|actor| is_login(&actor.login, login)));
        for row in own.filter(|row| row.puts()).take(LOOKED_BACK) {
            let (Some(commit), Some(actor)) = (&row.after, &row.actor) else { continue };
            if !actor.person || self.has_signed(commit, login).await? {
                return Ok(Some(commit.clone()));
            }
        }
        Ok(None)
    }

    /// Whether GitHub signed a commit for an account. An Enterprise Server signs only if its administrators want that:
    /// an unsigned commit there counts as signed by whoever is shown to have put it there.
    pub(super) async fn has_signed(&self, commit: &Commit, login: &str) -> Result<bool, Error> {
        let answer = self.client.get(&self.path(&format!("/commits/{commit}"))).await?;
        // A commit that is no longer reachable may be gone.
        if matches!(answer.status, 404 | 422) {
            return Ok(false);
        }
        let action = "reading who signed a commit";
        let json = answer.success(action, READ)?.json(action)?;
        let unsigned = json.pointer("/commit/verification/reason").and_then(Value::as_str) == Some("unsigned");
        Ok(is_signed_for(&json, login) || (self.enterprise && unsigned))
    }

    /// The newest commit that GitHub signed for an account, from the tip down to the first that does not have exactly
    /// one parent. Commits that others are shown to have put there do not count, nor do merges of a pull request:
    /// GitHub signs those in the name of whoever opened it, whoever merged. The job's own token belongs to no account
    /// that could be recognised like this.
    async fn signed_on(&self, tip: &Commit, login: &str, rows: &[Movement]) -> Result<Signed, Error> {
        let action = "reading who wrote to a branch";
        let path = self.path(&format!("/commits?sha={tip}&per_page={LOOKED_BACK}"));
        let json = self.client.get(&path).await?.success(action, READ)?.json(action)?;
        let commits: &[Value] = json.as_array().map_or(&[], Vec::as_slice);
        let mut signed = Signed { own: None, named: commits.first().map(named).unwrap_or_default() };
        let mut next = Some(tip.clone());
        for commit in commits {
            let id = commit_at(commit, "/sha")?;
            if login == JOB_LOGIN || next.as_ref() != Some(&id) {
                break;
            }
            let shown = rows.iter().any(|row| row.after.as_ref() == Some(&id));
            if !shown && is_signed_for(commit, login) && !self.is_merge(&id).await? {
                signed.own = Some(id);
                break;
            }
            let parents = commit["parents"].as_array().map_or(&[][..], Vec::as_slice);
            next = match parents {
                [parent] => Some(commit_at(parent, "/sha")?),
                _ => None,
            };
        }
        Ok(signed)
    }

    /// The token's login, asked once.
    pub(super) async fn login(&self) -> Result<&str, Error> {
        let login = self.login.get_or_try_init(|| async {
            let action = "asking whose token this is";
            let answer = self.client.query("query { viewer { login } }").await?.success(action, READ)?;
            text(&answer.json(action)?, "/data/viewer/login").map(str::to_owned)
        });
        login.await.map(String::as_str)
    }
}

/// Whether GitHub's own signature is for an account as the author.
fn is_signed_for(commit: &Value, login: &str) -> bool {
    let of = |pointer: &str| commit.pointer(pointer).and_then(Value::as_str);
    let verified = commit.pointer("/commit/verification/verified").and_then(Value::as_bool) == Some(true);
    verified && of("/committer/login") == Some("web-flow") && of("/author/login").is_some_and(|a| is_login(a, login))
}

/// Who moved a branch, for messages.
fn mover(row: &Movement) -> String {
    row.actor.as_ref().map_or_else(|| "an account that no longer exists".to_owned(), |actor| clean(&actor.login))
}

/// Whom a commit names, for messages: the committer, else the author.
fn named(commit: &Value) -> String {
    let of = |pointer: &str| commit.pointer(pointer).and_then(Value::as_str);
    let committer = of("/committer/login").filter(|login| *login != "web-flow");
    clean(committer.or_else(|| of("/author/login")).or_else(|| of("/commit/author/name")).unwrap_or("nobody"))
}
