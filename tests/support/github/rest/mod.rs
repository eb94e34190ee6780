//! The REST endpoints.

use serde_json::{Value, json};

use super::super::http::{Request, Response};
use super::state::{Access, State, Token, Who};

mod answer;
mod contents;
mod pulls;

use answer::{Answer, not_found};
pub use answer::{created, message, ok, page};

/// GitHub's message for a write to an archived repository.
pub const ARCHIVED: &str = "Repository was archived so is read-only.";

impl State {
    /// Answers a REST request; `path` is the part after the API's base, decoded, split at slashes.
    pub fn rest(&mut self, request: &Request, token: &Token, path: &[String]) -> Response {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let answer = match parts.as_slice() {
            ["user"] => self.get_user(token),
            ["rate_limit"] => ok(&rate_limit()),
            ["installation", "repositories"] => match token.who {
                Who::User(_) => Err(message(403, "You must authenticate with an installation access token")),
                _ => ok(&json!({ "total_count": 1, "repositories": [self.repository_json(&self.full_name())] })),
            },
            ["repos", owner, name, rest @ ..]
                if owner.eq_ignore_ascii_case(&self.owner) && name.eq_ignore_ascii_case(&self.name) =>
            {
                self.repository(request, token, rest)
            }
            // A fork, of which the token may read what is public.
            ["repos", owner, name, "activity"] if request.method == "GET" => {
                self.list_activity(request, &format!("{owner}/{name}"))
            }
            _ => Err(not_found()),
        };
        answer.unwrap_or_else(|refusal| refusal)
    }

    fn get_user(&self, token: &Token) -> Answer {
        match &token.who {
            Who::User(login) => {
                let mut user = self.user_json(login);
                let more = json!({
                    "name": login, "company": null, "blog": "", "location": null, "email": null, "hireable": null,
                    "bio": null, "twitter_username": null, "public_repos": 1, "public_gists": 0, "followers": 0,
                    "following": 0, "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
                });
                if let (Some(to), Value::Object(from)) = (user.as_object_mut(), more) {
                    to.extend(from);
                }
                ok(&user)
            }
            _ => Err(message(403, "Resource not accessible by integration")),
        }
    }

    /// Refuses what the token may not do: 403 to Apps, 404 to people, like GitHub.
    fn need(&self, token: &Token, has: Access, needs: Access) -> Result<(), Response> {
        match token.who {
            _ if has >= needs => Ok(()),
            Who::User(_) => Err(not_found()),
            _ => Err(message(403, "Resource not accessible by integration")),
        }
    }

    fn repository(&mut self, request: &Request, token: &Token, path: &[&str]) -> Answer {
        let method = request.method.as_str();
        let needs = if method == "GET" { Access::Read } else { Access::Write };
        if self.archived && method != "GET" {
            return Err(message(403, ARCHIVED));
        }
        match path.first().copied() {
            None | Some("installation" | "collaborators" | "rules" | "rulesets" | "teams" | "actions") => {
                self.about(request, token, path)
            }
            Some("pulls") => {
                self.need(token, token.may.pull_requests, needs)?;
                self.pulls(request, token, &path[1..])
            }
            Some("issues" | "labels") => {
                self.need(token, token.may.issues.max(token.may.pull_requests), needs)?;
                self.issues(request, token, path)
            }
            Some("statuses") => {
                self.need(token, token.may.statuses, needs)?;
                self.set_status(request, token, path.get(1).copied().unwrap_or_default())
            }
            _ => {
                self.need(token, token.may.contents, needs)?;
                self.contents(request, token, path)
            }
        }
    }

    fn about(&self, request: &Request, token: &Token, path: &[&str]) -> Answer {
        if request.method != "GET" {
            return Err(not_found());
        }
        match path {
            [] => {
                let mut repository = self.repository_json(&self.full_name());
                let write = token.may.contents == Access::Write;
                repository["permissions"] =
                    json!({ "admin": false, "maintain": false, "push": write, "triage": write, "pull": true });
                ok(&repository)
            }
            ["collaborators", login, "permission"] => {
                let role = self.users.get(*login).map_or("read", String::as_str);
                let permission = match role {
                    "triage" => "read",
                    "maintain" => "write",
                    other => other,
                };
                let mut user = self.user_json(login);
                user["role_name"] = json!(role);
                ok(&json!({ "permission": permission, "role_name": role, "user": user }))
            }
            ["rules", "branches", branch @ ..] => {
                let branch = branch.join("/");
                let mut rules = if self.protected && branch == self.default_branch {
                    vec![json!({
                        "type": "pull_request", "ruleset_source_type": "Repository", "ruleset_source": self.full_name(),
                        "ruleset_id": 42,
                        "parameters": {
                            "dismiss_stale_reviews_on_push": false, "require_code_owner_review": false,
                            "require_last_push_approval": false, "required_approving_review_count": 1,
                            "required_review_thread_resolution": false,
                        },
                    })]
                } else {
                    Vec::new()
                };
                for (_, kind, parameters) in
                    self.rules.iter().filter(|(prefix, ..)| branch.starts_with(prefix.as_str()))
                {
                    let mut rule = json!({
                        "type": kind, "ruleset_source_type": "Organization", "ruleset_source": self.owner,
                        "ruleset_id": 43,
                    });
                    if !parameters.is_null() {
                        rule["parameters"] = parameters.clone();
                    }
                    rules.push(rule);
                }
                Ok(page(request, &self.api, &rules))
            }
            ["rulesets"] => {
                let ruleset = |id: u64, name: &str, kind: &str, source: &str| {
                    json!({
                        "id": id, "name": name, "target": "branch", "source_type": kind, "source": source,
                        "enforcement": "active", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
                    })
                };
                let own = self.protected.then(|| ruleset(42, "Default branch", "Repository", &self.full_name()));
                let above = (!self.rules.is_empty()).then(|| ruleset(43, "House style", "Organization", &self.owner));
                let all: Vec<Value> = own.into_iter().chain(above).collect();
                Ok(page(request, &self.api, &all))
            }
            ["teams"] => {
                let teams: Vec<Value> = self.teams.iter().map(|t| self.team_json(t)).collect();
                Ok(page(request, &self.api, &teams))
            }
            ["actions", "permissions", "workflow"] => ok(&json!({
                "default_workflow_permissions": "read", "can_approve_pull_request_reviews": self.actions_may_open,
            })),
            _ => Err(not_found()),
        }
    }
}

fn rate_limit() -> Value {
    let limit = json!({ "limit": 5000, "used": 0, "remaining": 5000, "reset": 1_800_000_000 });
    json!({ "resources": { "core": limit, "search": limit, "graphql": limit }, "rate": limit })
}
