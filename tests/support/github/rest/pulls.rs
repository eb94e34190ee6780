//! Pull requests, issues and their comments.

use serde_json::{Value, json};

use super::answer::{Answer, created, invalid, message, not_found, ok, page};
use crate::support::github::git::Logged;
use crate::support::github::state::{Pull, Review, State, Token, Who};
use crate::support::http::{Request, Response};

impl State {
    pub(super) fn pulls(&mut self, request: &Request, token: &Token, path: &[&str]) -> Answer {
        let number = path.first().and_then(|n| n.parse::<u64>().ok());
        match (request.method.as_str(), number, path.get(1).copied()) {
            ("GET", None, None) => Ok(self.list_pulls(request)),
            ("POST", None, None) => self.create_pull(request, token),
            (method, Some(number), what) => {
                let pull = self.pull(number).ok_or_else(not_found)?.clone();
                self.one_pull(request, token, &pull, method, what)
            }
            _ => Err(not_found()),
        }
    }

    fn one_pull(&mut self, request: &Request, token: &Token, pull: &Pull, method: &str, what: Option<&str>) -> Answer {
        match (method, what) {
            ("GET", None) => ok(&self.pull_json(pull, true)),
            ("PATCH", None) => self.edit_pull(request, token, pull.number),
            ("GET", Some("commits")) => {
                let list: Vec<Value> = self.commits_of(pull).iter().map(|c| self.commit_json(c)).collect();
                Ok(page(request, &self.api, &list))
            }
            ("GET", Some("files")) => {
                let base = self.git.merge_base(&pull.base_sha, &pull.head_sha).ok_or_else(not_found)?;
                Ok(page(request, &self.api, &self.files(&base, &pull.head_sha)))
            }
            ("GET", Some("reviews")) => {
                let all: Vec<&Review> = self.reviews.iter().filter(|r| r.number == pull.number).collect();
                let all: Vec<Value> = all.into_iter().map(|r| self.review_json(r)).collect();
                Ok(page(request, &self.api, &all))
            }
            ("PUT", Some("update-branch")) => {
                let expected = request.json()["expected_head_sha"].as_str().map(str::to_owned);
                if expected.is_some_and(|expected| expected != pull.head_sha) {
                    return Err(message(422, "expected head sha didn\u{2019}t match current head ref."));
                }
                self.update_branch(pull.number, &token.who.login(), false);
                let url = format!("{}/pull/{}", self.html(), pull.number);
                Ok(Response::json(202, &json!({ "message": "Updating pull request branch.", "url": url })))
            }
            ("POST", Some("requested_reviewers")) => self.request_reviewers(request, token, pull.number),
            _ => Err(not_found()),
        }
    }

    /// The commits of a pull request, oldest first.
    pub fn commits_of(&self, pull: &Pull) -> Vec<Logged> {
        let base = self.git.branch(&pull.base).unwrap_or_else(|| pull.base_sha.clone());
        let then = pull.onto.clone().unwrap_or_else(|| pull.base_sha.clone());
        let base = if pull.open { base } else { then };
        self.git.log(&["--reverse", &format!("{base}..{}", pull.head_sha)])
    }

    fn list_pulls(&self, request: &Request) -> Response {
        let state = request.query_value("state").unwrap_or_else(|| "open".to_owned());
        let head = request.query_value("head");
        let base = request.query_value("base");
        let fits = |p: &&Pull| {
            let owner = p.head_repository.as_deref().and_then(|r| r.split_once('/')).map_or("", |(o, _)| o);
            (state == "all" || (state == "open") == p.open)
                && base.as_ref().is_none_or(|b| *b == p.base)
                // A head without an owner filters nothing, as on GitHub.
                && head.as_ref().filter(|h| h.contains(':')).is_none_or(|h| *h == format!("{owner}:{}", p.head))
        };
        let mut list: Vec<&Pull> = self.pulls.iter().filter(fits).collect();
        if request.query_value("direction").as_deref() != Some("asc") {
            list.reverse();
        }
        let list: Vec<Value> = list.into_iter().map(|p| self.pull_json(p, false)).collect();
        page(request, &self.api, &list)
    }

    fn create_pull(&mut self, request: &Request, token: &Token) -> Answer {
        let body = request.json();
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        let (title, head, base, text_body) = (text("title"), text("head"), text("base"), text("body"));
        if token.who == Who::Actions && !self.actions_may_open {
            return Err(message(403, "GitHub Actions is not permitted to create or approve pull requests."));
        }
        if text_body.chars().count() > 65_536 {
            return Err(invalid(
                "PullRequest",
                "body",
                "custom",
                Some("body is too long (maximum is 65536 characters)"),
            ));
        }
        let head = head.strip_prefix(&format!("{}:", self.owner)).unwrap_or(&head).to_owned();
        let Some(base_sha) = self.git.branch(&base) else {
            return Err(invalid("PullRequest", "base", "invalid", None));
        };
        let Some(head_sha) = self.git.branch(&head) else {
            return Err(invalid("PullRequest", "head", "invalid", None));
        };
        if self.git.is_ancestor(&head_sha, &base_sha) {
            let text = format!("No commits between {base} and {head}");
            return Err(invalid("PullRequest", "", "custom", Some(&text)));
        }
        let ours = Some(self.full_name());
        if self.pulls.iter().any(|p| p.open && p.head == head && p.base == base && p.head_repository == ours) {
            let text = format!("A pull request already exists for {}:{head}.", self.owner);
            return Err(invalid("PullRequest", "", "custom", Some(&text)));
        }
        let user = token.who.login();
        let number = self.open(&user, (ours, &head, &head_sha), &base, &title, &text_body);
        let pull = self.pull(number).ok_or_else(not_found)?.clone();
        created(&self.pull_json(&pull, true))
    }

    fn edit_pull(&mut self, request: &Request, token: &Token, number: u64) -> Answer {
        let body = request.json();
        if body["body"].as_str().is_some_and(|b| b.chars().count() > 65_536) {
            return Err(invalid(
                "PullRequest",
                "body",
                "custom",
                Some("body is too long (maximum is 65536 characters)"),
            ));
        }
        let pull = self.pull(number).ok_or_else(not_found)?;
        if let Some(title) = body["title"].as_str() {
            title.clone_into(&mut pull.title);
        }
        if let Some(text) = body["body"].as_str() {
            if *text != *pull.body {
                pull.editor = Some(token.who.login());
            }
            text.clone_into(&mut pull.body);
        }
        match body["state"].as_str() {
            Some("closed") => self.close(number, &token.who.login()),
            Some("open") if pull.dead || pull.merged_at.is_some() => {
                return Err(invalid("PullRequest", "state", "invalid", Some("state cannot be changed.")));
            }
            Some("open") => {
                pull.open = true;
                pull.closed_at = None;
            }
            _ => {}
        }
        let pull = self.pull(number).ok_or_else(not_found)?.clone();
        ok(&self.pull_json(&pull, true))
    }

    fn request_reviewers(&mut self, request: &Request, token: &Token, number: u64) -> Answer {
        let body = request.json();
        let names = |key: &str| -> Vec<String> {
            body[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (people, teams) = (names("reviewers"), names("team_reviewers"));
        if !teams.is_empty() && token.who == Who::Actions {
            return Err(message(422, "Could not resolve to a node with the global id of 'T_0'."));
        }
        if people.iter().any(|p| !self.users.contains_key(p)) || teams.iter().any(|t| !self.teams.contains(t)) {
            let text = "Reviews may only be requested from collaborators. One or more of the users or teams you \
                        specified is not a collaborator of the repository.";
            return Err(message(422, text));
        }
        let author = self.pull(number).map(|p| p.user.clone()).unwrap_or_default();
        if people.contains(&author) {
            return Err(message(422, "Review cannot be requested from pull request author."));
        }
        let pull = self.pull(number).ok_or_else(not_found)?;
        for person in people.into_iter().filter(|p| !pull.reviewers.contains(p)).collect::<Vec<_>>() {
            pull.reviewers.push(person);
        }
        for team in teams.into_iter().filter(|t| !pull.teams.contains(t)).collect::<Vec<_>>() {
            pull.teams.push(team);
        }
        let pull = pull.clone();
        created(&self.pull_json(&pull, false))
    }

    pub(super) fn issues(&mut self, request: &Request, token: &Token, path: &[&str]) -> Answer {
        let number = path.get(1).and_then(|n| n.parse::<u64>().ok());
        match (request.method.as_str(), path) {
            ("GET", ["labels"]) => {
                let all: Vec<Value> = self.labels.iter().map(|l| self.label_json(l)).collect();
                Ok(page(request, &self.api, &all))
            }
            ("GET" | "PATCH", ["issues", "comments", id]) => self.one_comment(request, id),
            ("GET", ["issues"]) => Ok(self.list_issues(request)),
            ("POST", ["issues"]) => self.create_issue(request, token),
            (_, ["issues", _, rest @ ..])
                if number.is_some_and(|n| self.issues.iter().any(|issue| issue.number == n)) =>
            {
                self.one_plain_issue(request, number.unwrap_or_default(), rest)
            }
            (method, ["issues", _, rest @ ..]) => {
                let pull = number.and_then(|n| self.pull(n)).ok_or_else(not_found)?.clone();
                self.one_issue(request, token, &pull, method, rest)
            }
            _ => Err(not_found()),
        }
    }

    fn one_comment(&mut self, request: &Request, id: &str) -> Answer {
        let at = self.comments.iter().position(|c| c.id.to_string() == id).ok_or_else(not_found)?;
        if let Some(body) = request.json()["body"].as_str() {
            body.clone_into(&mut self.comments[at].body);
        }
        ok(&self.comment_json(&self.comments[at]))
    }

    fn one_issue(&mut self, request: &Request, token: &Token, pull: &Pull, method: &str, rest: &[&str]) -> Answer {
        let n = pull.number;
        match (method, rest) {
            ("GET", []) => ok(&self.issue_json(pull)),
            ("GET", ["comments"]) => {
                let all: Vec<Value> =
                    self.comments.iter().filter(|c| c.number == n).map(|c| self.comment_json(c)).collect();
                Ok(page(request, &self.api, &all))
            }
            ("POST", ["comments"]) => {
                let body = request.json()["body"].as_str().unwrap_or_default().to_owned();
                let comment = self.comment(n, &token.who.login(), &body);
                created(&self.comment_json(&comment))
            }
            ("GET", ["events"]) => {
                let all: Vec<Value> =
                    self.events.iter().filter(|e| e.number == n).map(|e| self.event_json(e)).collect();
                Ok(page(request, &self.api, &all))
            }
            ("GET", ["labels"]) => {
                let all: Vec<Value> = pull.labels.iter().map(|l| self.label_json(l)).collect();
                Ok(page(request, &self.api, &all))
            }
            ("POST", ["labels"]) => {
                let body = request.json();
                for name in body["labels"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    self.labels.insert(name.to_owned());
                    if let Some(pull) = self.pull(n).filter(|p| !p.labels.iter().any(|l| l == name)) {
                        pull.labels.push(name.to_owned());
                    }
                }
                let labels = self.pull(n).map(|p| p.labels.clone()).unwrap_or_default();
                ok(&labels.iter().map(|l| self.label_json(l)).collect())
            }
            ("DELETE", ["labels", name]) => {
                let pull = self.pull(n).ok_or_else(not_found)?;
                let at =
                    pull.labels.iter().position(|l| l == name).ok_or_else(|| message(404, "Label does not exist"))?;
                pull.labels.remove(at);
                let labels = pull.labels.clone();
                ok(&labels.iter().map(|l| self.label_json(l)).collect())
            }
            _ => Err(not_found()),
        }
    }
}
