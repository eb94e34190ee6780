//! Whose token this is and what it may do, as far as reading shows.

use serde_json::Value;

use super::answer::READ;
use super::client::encode;
use super::rules::words;
use super::{GitHub, text};
use crate::forge::Error;

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub login: String,
    /// Whether it belongs to an installation, that is, to a job or an App.
    pub installation: bool,
    /// The scopes of a classic token, if GitHub names them.
    pub scopes: Option<Vec<String>>,
}

/// What GitHub tells this token about the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub default_branch: String,
    pub private: bool,
    /// Whether the user may push; for installations GitHub says nothing reliable.
    pub push: Option<bool>,
}

/// A rule of a branch: its type, and a description with what to change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// The type, as GitHub names it.
    pub kind: String,
    pub words: String,
    /// What it requires of pull requests.
    pub review: Option<ReviewRule>,
    /// Patterns of files that it keeps from being pushed.
    pub files: Vec<String>,
}

/// What a rule requires of the reviews of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReviewRule {
    pub approvals: u64,
    /// Whether somebody other than the last pusher must approve.
    pub last_push: bool,
    /// Whether the owners of changed files must approve.
    pub code_owners: bool,
}

/// What is read to check that reading is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readable {
    Contents,
    PullRequests,
    /// Labels, which belong to issues.
    Issues,
    Statuses,
}

impl GitHub {
    /// Whose token this is. For people, REST tells, with the scopes of a classic token; installations, which REST
    /// refuses, are asked by GraphQL.
    pub async fn holder(&self) -> Result<Holder, Error> {
        let action = "asking whose token this is";
        let answer = self.client.get("/user").await?;
        if answer.status == 403 {
            return Ok(Holder { login: self.login().await?.to_owned(), installation: true, scopes: None });
        }
        let answer = answer.success(action, READ)?;
        let login = text(&answer.json(action)?, "/login")?.to_owned();
        let scopes = answer.header("x-oauth-scopes").map(|scopes| {
            let scopes = scopes.split(',').map(|scope| super::answer::clean(scope.trim()));
            scopes.filter(|scope| !scope.is_empty()).collect()
        });
        Ok(Holder { login, installation: false, scopes })
    }

    /// What GitHub says about the repository.
    pub async fn about(&self, installation: bool) -> Result<About, Error> {
        let action = format!("reading the repository {}", self.repository());
        let json = self.client.get_json(&action, &self.path("")).await?;
        Ok(About {
            default_branch: text(&json, "/default_branch")?.to_owned(),
            private: json["private"].as_bool().unwrap_or(true),
            push: json.pointer("/permissions/push").and_then(Value::as_bool).filter(|_| !installation),
        })
    }

    /// Refused if this may not be read; for the default branch, also returns whether it is protected.
    pub async fn may_read(&self, what: Readable, default_branch: &str) -> Result<Option<bool>, Error> {
        let branch = encode(default_branch);
        let (path, action, needs) = match what {
            Readable::Contents => (format!("/branches/{branch}"), "reading the default branch", "`contents: read`"),
            Readable::PullRequests => {
                ("/pulls?per_page=1".to_owned(), "listing pull requests", "`pull-requests: read`")
            }
            Readable::Issues => ("/labels?per_page=1".to_owned(), "listing labels", "`issues: read`"),
            Readable::Statuses => {
                (format!("/commits/{branch}/statuses?per_page=1"), "listing commit statuses", "`statuses: read`")
            }
        };
        let answer = self.client.get(&self.path(&path)).await?;
        // A repository without commits has no branch.
        if answer.status == 404 && answer.message().contains("Branch not found") {
            return Ok(None);
        }
        Ok(answer.success(action, needs)?.json(action)?["protected"].as_bool())
    }

    /// Whether a job's own token may open pull requests according to the repository's settings.
    pub async fn actions_may_open(&self) -> Result<bool, Error> {
        let action = "reading what Actions may do";
        let answer = self.client.get(&self.path("/actions/permissions/workflow")).await?;
        let json = answer.success(action, "`administration: read`")?.json(action)?;
        let may = json["can_approve_pull_request_reviews"].as_bool();
        may.ok_or_else(|| Error::Unusable(format!("{action}: GitHub's response does not say it")))
    }

    /// What a branch's classic protection blocks; `None` if this token may not see it.
    pub async fn protection_found(&self, branch: &str) -> Result<Option<Vec<Rule>>, Error> {
        let action = format!("reading the protection of {branch}");
        let answer = self.client.get(&self.path(&format!("/branches/{}/protection", encode(branch)))).await?;
        // Only administrators may see it.
        if matches!(answer.status, 403 | 404) {
            return Ok(None);
        }
        let json = answer.success(&action, "`administration: read`")?.json(&action)?;
        let all = [
            ("required_pull_request_reviews", "pull_request", "only accepts changes by pull request"),
            ("required_status_checks", "required_status_checks", "requires status checks before a change"),
            ("restrictions", "update", "restricts who may push"),
        ];
        let locked = json.pointer("/lock_branch/enabled") == Some(&Value::Bool(true));
        let locked = locked.then_some(("update", "is read-only"));
        let found =
            all.into_iter().filter(|(member, ..)| json[*member].is_object()).map(|(_, kind, what)| (kind, what));
        let rule = |(kind, what): (&str, &str)| Rule {
            kind: kind.to_owned(),
            words: format!("the protection of {branch} {what}: let the account that this token belongs to bypass it"),
            review: (kind == "pull_request")
                .then(|| review(&json["required_pull_request_reviews"], "require_code_owner_reviews")),
            files: Vec::new(),
        };
        Ok(Some(found.chain(locked).map(rule).collect()))
    }

    /// The rules of a branch, which need not exist, whether or not this token may bypass them.
    pub async fn rules_found(&self, branch: &str) -> Result<Vec<Rule>, Error> {
        let kind = |rule: &Value| super::answer::clean(rule["type"].as_str().unwrap_or_default());
        let rules = self.raw_rules(branch).await?;
        let names = self.ruleset_names(&rules).await;
        let rule = |rule: &Value| {
            let (kind, parameters) = (kind(rule), &rule["parameters"]);
            let asks = (kind == "pull_request").then(|| review(parameters, "require_code_owner_review"));
            let files = parameters["restricted_file_paths"].as_array().into_iter().flatten();
            let files = files.filter_map(|file| file.as_str().map(str::to_owned)).collect();
            Rule { kind, words: words(rule, &names), review: asks, files }
        };
        Ok(rules.iter().map(rule).collect())
    }
}

/// What a pull request rule requires; protections and rulesets have different names for the owners' review.
fn review(rule: &Value, code_owners: &str) -> ReviewRule {
    ReviewRule {
        approvals: rule["required_approving_review_count"].as_u64().unwrap_or(0),
        last_push: rule["require_last_push_approval"] == true,
        code_owners: rule[code_owners] == true,
    }
}
