//! Issues that are not pull requests, and the listing of both.

use serde_json::{Value, json};

use super::super::http::{Request, Response};
use super::rest::{created, message, ok, page};
use super::state::{Issue, State, Token};

impl State {
    pub fn add_issue(&mut self, login: &str, title: &str, body: &str, labels: Vec<String>) -> u64 {
        let (number, created_at) = (self.next_number(), self.tick());
        self.labels.extend(labels.iter().cloned());
        self.issues.push(Issue {
            number,
            title: title.to_owned(),
            body: body.to_owned(),
            user: login.to_owned(),
            open: true,
            state_reason: None,
            labels,
            created_at,
            closed_at: None,
        });
        number
    }

    /// `GET /issues`: pull requests are issues too.
    pub fn list_issues(&self, request: &Request) -> Response {
        let wanted = |name: &str| request.query_value(name);
        let state = wanted("state").unwrap_or_else(|| "open".to_owned());
        let mut all: Vec<(u64, bool, &str, &Vec<String>, Value)> = Vec::new();
        all.extend(
            self.issues.iter().map(|i| (i.number, i.open, i.user.as_str(), &i.labels, self.plain_issue_json(i))),
        );
        all.extend(self.pulls.iter().map(|p| (p.number, p.open, p.user.as_str(), &p.labels, self.issue_json(p))));
        all.retain(|(_, open, user, labels, _)| {
            (state == "all" || (state == "open") == *open)
                && wanted("creator").is_none_or(|creator| creator == *user)
                && wanted("labels").is_none_or(|asked| asked.split(',').all(|l| labels.iter().any(|have| have == l)))
        });
        all.sort_by_key(|(number, ..)| *number);
        if wanted("direction").as_deref() != Some("asc") {
            all.reverse();
        }
        let all: Vec<Value> = all.into_iter().map(|(.., json)| json).collect();
        page(request, &self.api, &all)
    }

    /// `POST /issues`.
    pub fn create_issue(&mut self, request: &Request, token: &Token) -> Result<Response, Response> {
        let body = request.json();
        if !self.has_issues {
            return Err(message(410, "Issues are disabled for this repo"));
        }
        let (title, text) = (body["title"].as_str().unwrap_or_default(), body["body"].as_str().unwrap_or_default());
        if title.is_empty() || text.chars().count() > 65_536 {
            return Err(message(422, "Validation Failed"));
        }
        let labels =
            body["labels"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        self.add_issue(&token.who.login(), title, text, labels);
        created(&self.plain_issue_json(self.issues.last().expect("the issue")))
    }

    /// `PATCH /issues/{number}` and its labels.
    pub fn one_plain_issue(&mut self, request: &Request, number: u64, rest: &[&str]) -> Result<Response, Response> {
        let now = self.tick();
        let body = request.json();
        let issue = self.issues.iter_mut().find(|issue| issue.number == number).expect("the issue");
        match (request.method.as_str(), rest) {
            ("GET", []) => {}
            ("PATCH", []) => {
                for (key, at) in [("title", &mut issue.title), ("body", &mut issue.body)] {
                    if let Some(text) = body[key].as_str() {
                        text.clone_into(at);
                    }
                }
                if let Some(state) = body["state"].as_str() {
                    issue.open = state == "open";
                    issue.closed_at = (!issue.open).then_some(now);
                    issue.state_reason = body["state_reason"].as_str().map(str::to_owned);
                }
            }
            ("POST", ["labels"]) => {
                let names = body["labels"].as_array().into_iter().flatten().filter_map(Value::as_str);
                issue.labels.extend(names.map(str::to_owned));
                let labels: Vec<String> = issue.labels.clone();
                return ok(&labels.iter().map(|label| self.label_json(label)).collect());
            }
            _ => return Err(message(404, "Not Found")),
        }
        let issue = issue.clone();
        ok(&self.plain_issue_json(&issue))
    }

    fn plain_issue_json(&self, issue: &Issue) -> Value {
        let url = format!("{}/issues/{}", self.repository_api(), issue.number);
        json!({
            "id": 8000 + issue.number, "node_id": format!("I_{}", issue.number), "url": url,
            "repository_url": self.repository_api(), "labels_url": format!("{url}/labels{{/name}}"),
            "comments_url": format!("{url}/comments"), "events_url": format!("{url}/events"),
            "html_url": format!("{}/issues/{}", self.html(), issue.number), "number": issue.number,
            "state": if issue.open { "open" } else { "closed" }, "state_reason": issue.state_reason, "title": issue.title,
            "user": self.user_json(&issue.user), "body": issue.body,
            "labels": issue.labels.iter().map(|l| self.label_json(l)).collect::<Vec<_>>(), "assignee": null,
            "assignees": [], "milestone": null, "locked": false, "active_lock_reason": null, "comments": 0,
            "closed_at": issue.closed_at, "created_at": issue.created_at,
            "updated_at": issue.closed_at.as_ref().unwrap_or(&issue.created_at), "author_association": "CONTRIBUTOR",
        })
    }
}
