//! The rules of a branch in words, each with what to change: used to explain a ruleset's refusal.

use std::collections::BTreeMap;

use serde_json::Value;

use super::GitHub;
use super::answer::clean;
use super::client::encode;
use crate::forge::Error;

const BYPASS: &str = "let the App that this token belongs to bypass it";

impl GitHub {
    /// The rules as returned by GitHub.
    pub(super) async fn raw_rules(&self, branch: &str) -> Result<Vec<Value>, Error> {
        let path = self.path(&format!("/rules/branches/{}", encode(branch)));
        self.client.pages(&format!("reading the rules of {branch}"), &path, &[]).await
    }

    /// The names of the rulesets these rules belong to. Only a help: if they cannot be read, their numbers have to do.
    pub(super) async fn ruleset_names(&self, rules: &[Value]) -> BTreeMap<u64, String> {
        if rules.is_empty() {
            return BTreeMap::new();
        }
        let listed = self.client.pages("listing rulesets", &self.path("/rulesets"), &[]).await.unwrap_or_default();
        let named = |ruleset: &Value| Some((ruleset["id"].as_u64()?, clean(ruleset["name"].as_str()?)));
        listed.iter().filter_map(named).collect()
    }
}

pub(super) fn words(rule: &Value, names: &BTreeMap<u64, String>) -> String {
    let text = |key: &str| clean(rule[key].as_str().unwrap_or_default());
    let id = match rule["ruleset_id"].as_u64() {
        Some(id) => names.get(&id).map_or_else(|| format!("ruleset {id}"), |name| format!("ruleset `{name}` ({id})")),
        None => "a ruleset".to_owned(),
    };
    let kind = text("type");
    let (what, cure) = match kind.as_str() {
        "pull_request" => ("only accepts changes by pull request".to_owned(), BYPASS.to_owned()),
        "merge_queue" => ("only accepts changes through its merge queue".to_owned(), BYPASS.to_owned()),
        "required_status_checks" => ("requires status checks before a change".to_owned(), BYPASS.to_owned()),
        "update" => ("restricts updates".to_owned(), BYPASS.to_owned()),
        "creation" => ("restricts the creation of branches".to_owned(), excepted("create")),
        "deletion" => ("restricts deletions".to_owned(), excepted("delete")),
        "non_fast_forward" => ("blocks force pushes".to_owned(), excepted("move")),
        "commit_message_pattern" => (
            format!("requires commit messages that {}", pattern(rule)),
            "set `proposals.commit-message` (or `proposals.sign-off`) accordingly".to_owned(),
        ),
        "branch_name_pattern" => (
            format!("requires branch names that {}", pattern(rule)),
            "set `proposals.branch-prefix` accordingly".to_owned(),
        ),
        "commit_author_email_pattern" | "committer_email_pattern" => {
            (format!("requires email addresses in commits that {}", pattern(rule)), BYPASS.to_owned())
        }
        other => (format!("requires `{other}`"), BYPASS.to_owned()),
    };
    format!("{id} of {} {what}: {cure}", text("ruleset_source"))
}

fn excepted(what: &str) -> String {
    format!("exclude the branches under `proposals.branch-prefix`, which Wharfinger has to {what}, or {BYPASS}")
}

/// `start with "chore: "`
fn pattern(rule: &Value) -> String {
    let of = |key: &str| clean(rule["parameters"][key].as_str().unwrap_or_default());
    let negated = rule["parameters"]["negate"] == true;
    let verb = match of("operator").as_str() {
        "starts_with" => "start with",
        "ends_with" => "end with",
        "contains" => "contain",
        _ => "match",
    };
    format!("{}{verb} `{}`", if negated { "do not " } else { "" }, of("pattern"))
}
