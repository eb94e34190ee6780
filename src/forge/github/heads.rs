//! Whether proposals are as this program left them, as far as GitHub itself shows who did what.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::GitHub;
use super::activity::is_login;
use crate::forge::{Commit, Error, Movement, Statuses as _, Told};

/// How many pull requests one query covers.
const TOGETHER: usize = 50;
/// How often a branch may have been updated from its base since this program moved it.
const UPDATES: usize = 30;

impl GitHub {
    /// Who last edited the bodies of these pull requests; nobody if a body was never edited. One query for many.
    pub(super) async fn editors(&self, numbers: &[u64]) -> Result<BTreeMap<u64, String>, Error> {
        let variables = json!({ "owner": self.owner, "name": self.name });
        let mut editors = BTreeMap::new();
        for some in numbers.chunks(TOGETHER) {
            let answer = self.client.ask("reading who edited proposals", &query(some), &variables).await?;
            let editor = |number: &u64| Some((*number, editor(&answer[format!("p{number}")])?));
            editors.extend(some.iter().filter_map(editor));
        }
        Ok(editors)
    }

    /// Whether GitHub says that an account is this program's, or the one that opened a pull request: this program's
    /// former account, if it had one; of a person's pull request nothing counts anyway.
    pub(super) async fn is_ours_or(&self, author: &str, login: &str) -> Result<bool, Error> {
        Ok(is_login(login, author) || is_login(login, self.login().await?))
    }

    /// Whether somebody else is shown to have moved a proposal's branch to its head, or it is a person's pull request.
    /// "Update branch" merges the previous head with the default branch, so its previous head is checked. If nobody is
    /// shown to have moved it, only its content tells.
    pub(super) async fn moved_by_others(&self, branch: &str, head: &Commit, author: &str) -> Result<bool, Error> {
        let own = self.login().await?;
        if !author.ends_with("[bot]") && !is_login(author, own) {
            return Ok(true);
        }
        let Told::Movements(rows) = self.movements_to(branch, head).await? else { return Ok(false) };
        let mut at = head.clone();
        for _ in 0..UPDATES {
            let Some(row) = rows.iter().find(|row| row.after.as_ref() == Some(&at)) else { return Ok(false) };
            if row.puts() && self.is_by(row, &[own, author]).await? {
                return Ok(false);
            }
            match &row.before {
                Some(former) if self.updates(former, &at).await? => at = former.clone(),
                _ => return Ok(true),
            }
        }
        Ok(true)
    }

    /// Whether one of these accounts did it. A person's account can also push by hand, but a hand-made commit never has
    /// GitHub's signature.
    async fn is_by(&self, row: &Movement, logins: &[&str]) -> Result<bool, Error> {
        let (Some(actor), Some(commit)) = (&row.actor, &row.after) else { return Ok(false) };
        let Some(login) = logins.iter().find(|login| is_login(&actor.login, login)) else { return Ok(false) };
        Ok(!actor.person || self.has_signed(commit, login).await?)
    }

    /// Whether a commit combines a former head and a commit of the default branch: a merge of both, or one commit on
    /// the latter.
    async fn updates(&self, former: &Commit, commit: &Commit) -> Result<bool, Error> {
        let parents = self.parents(commit).await?;
        let base = match parents.as_slice() {
            [base] => base,
            [first, base] if first == former => base,
            _ => return Ok(false),
        };
        Ok(base != former && self.is_merged(base).await?)
    }
}

/// The query for the editors of these pull requests.
fn query(numbers: &[u64]) -> String {
    let mut pulls = String::new();
    for number in numbers {
        let _ = write!(pulls, " p{number}: pullRequest(number: {number}) {{ ...asked }}");
    }
    format!(
        "query ($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{{pulls} }} }} \
         fragment asked on PullRequest {{ editor {{ login __typename }} }}"
    )
}

/// Here an App has its bare name, which a person may have as well.
fn editor(pull: &Value) -> Option<String> {
    let login = pull.pointer("/editor/login")?.as_str()?;
    let app = pull.pointer("/editor/__typename").and_then(Value::as_str) == Some("Bot");
    Some(if app { format!("{login}[bot]") } else { login.to_owned() })
}
