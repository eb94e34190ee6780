//! The REST endpoints.

use serde_json::{Value, json};

use super::super::http::{Request, Response};
use super::git::Logged;
use super::shapes::base64_lines;
use super::state::{Access, Pull, Review, State, Status, Token, Who};

/// What GitHub says of a write to an archived repository.
pub const ARCHIVED: &str = "Repository was archived so is read-only.";

/// An answer, or the refusal that stands instead.
type Answer = Result<Response, Response>;

pub fn ok(value: &Value) -> Answer {
    Ok(Response::json(200, value))
}

pub fn created(value: &Value) -> Answer {
    Ok(Response::json(201, value))
}

pub fn message(status: u16, text: &str) -> Response {
    let body =
        json!({ "message": text, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() });
    Response::json(status, &body)
}

fn not_found() -> Response {
    message(404, "Not Found")
}

fn invalid(resource: &str, field: &str, code: &str, text: Option<&str>) -> Response {
    let mut error = json!({ "resource": resource, "code": code });
    if !field.is_empty() {
        error["field"] = json!(field);
    }
    if let Some(text) = text {
        error["message"] = json!(text);
    }
    let body = json!({
        "message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.github.com/rest", "status": "422",
    });
    Response::json(422, &body)
}

/// One page of a listing, with `Link`.
pub fn page(request: &Request, api: &str, items: &[Value]) -> Response {
    let number = |name: &str, default: usize| {
        request.query_value(name).and_then(|v| v.parse::<usize>().ok()).filter(|n| *n > 0).unwrap_or(default)
    };
    let per_page = number("per_page", 30).min(100);
    let page = number("page", 1);
    let some: Vec<&Value> = items.iter().skip((page - 1) * per_page).take(per_page).collect();
    let response = Response::json(200, &json!(some));
    let last = items.len().div_ceil(per_page).max(1);
    if page >= last {
        return response;
    }
    let origin = api.split('/').take(3).collect::<Vec<_>>().join("/");
    let link = |page: usize, relation: &str| {
        let mut pairs = request.query_pairs();
        pairs.retain(|(k, _)| k != "page");
        pairs.push(("page".to_owned(), page.to_string()));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("<{origin}{}?{query}>; rel=\"{relation}\"", request.path)
    };
    response.header("link", format!("{}, {}", link(page + 1, "next"), link(last, "last")))
}

impl State {
    /// Answers a REST request; `path` is what follows the API's base, decoded, split at slashes.
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

    /// Refuses what the token may not: 403 to Apps, 404 to people, as GitHub does.
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

    fn contents(&mut self, request: &Request, token: &Token, path: &[&str]) -> Answer {
        match (request.method.as_str(), path) {
            ("GET", ["contents", file @ ..]) => self.get_contents(request, &file.join("/")),
            ("GET", ["branches", branch @ ..]) => self.get_branch(&branch.join("/")),
            ("GET", ["git", "ref", name @ ..]) => {
                let reference = format!("refs/{}", name.join("/"));
                let sha = self.git.resolve(&reference).ok_or_else(not_found)?;
                ok(&self.ref_json(&reference, &sha))
            }
            ("GET", ["git", "matching-refs", name @ ..]) => {
                let ending = if request.path.ends_with('/') { "/" } else { "" };
                let all = self.git.references(&format!("refs/{}{ending}", name.join("/")));
                ok(&all.iter().map(|(r, s)| self.ref_json(r, s)).collect())
            }
            ("POST", ["git", "refs"]) => self.create_ref(request, token),
            ("PATCH", ["git", "refs", name @ ..]) => {
                self.update_ref(request, token, &format!("refs/{}", name.join("/")))
            }
            ("DELETE", ["git", "refs", name @ ..]) => self.delete_ref(token, &format!("refs/{}", name.join("/"))),
            ("GET", ["git", "commits", sha]) => {
                let sha = self.git.resolve(sha).ok_or_else(not_found)?;
                ok(&self.git_commit_json(&self.git.commit_info(&sha)))
            }
            ("GET", ["git", "trees", tree @ ..]) => self.get_tree(request, &tree.join("/")),
            ("GET", ["commits"]) => self.list_commits(request),
            ("GET", ["commits", sha, "pulls"]) => self.pulls_of_commit(request, sha),
            ("GET", ["commits", reference @ .., "statuses"]) => {
                let sha = self.git.resolve(&reference.join("/")).ok_or_else(not_found)?;
                let all: Vec<Value> =
                    self.statuses.iter().rev().filter(|s| s.sha == sha).map(|s| self.status_json(s)).collect();
                Ok(page(request, &self.api, &all))
            }
            ("GET", ["commits", reference @ ..]) => self.get_commit(&reference.join("/")),
            ("GET", ["compare", range @ ..]) => self.compare(&range.join("/")),
            _ => Err(not_found()),
        }
    }

    fn get_contents(&self, request: &Request, path: &str) -> Answer {
        let reference = request.query_value("ref").unwrap_or_else(|| self.default_branch.clone());
        let commit = self.git.resolve(&reference).ok_or_else(not_found)?;
        let raw = request.header("accept").is_some_and(|a| a.contains("raw"));
        let found = self.git.tree(&commit, path, false).into_iter().find(|e| e.path == path);
        match found {
            Some(entry) if entry.kind == "blob" => {
                let bytes = self.git.blob(&entry.sha);
                if raw {
                    let kind = "application/vnd.github.raw+json; charset=utf-8";
                    return Ok(Response::new(200).header("content-type", kind).body(bytes));
                }
                let mut value = self.content_json(&commit, path, &entry.sha, entry.size, "file");
                let large = entry.size > 1_000_000;
                value["encoding"] = json!(if large { "none" } else { "base64" });
                value["content"] = json!(if large { String::new() } else { base64_lines(&bytes) });
                ok(&value)
            }
            None if !path.is_empty() => Err(not_found()),
            _ => {
                let directory = if path.is_empty() { String::new() } else { format!("{path}/") };
                let entries = self.git.tree(&commit, &directory, false).into_iter().take(1000);
                let list: Vec<Value> = entries
                    .map(|e| {
                        let kind = if e.kind == "tree" { "dir" } else { "file" };
                        self.content_json(&commit, &e.path, &e.sha, e.size, kind)
                    })
                    .collect();
                ok(&json!(list))
            }
        }
    }

    fn get_branch(&self, branch: &str) -> Answer {
        let sha = self.git.branch(branch).ok_or_else(|| message(404, "Branch not found"))?;
        let url = format!("{}/branches/{branch}", self.repository_api());
        ok(&json!({
            "name": branch, "commit": self.commit_json(&self.git.commit_info(&sha)),
            "_links": { "self": url, "html": format!("{}/tree/{branch}", self.html()) },
            "protected": self.protected && branch == self.default_branch,
            "protection": { "enabled": false, "required_status_checks": { "enforcement_level": "off", "contexts": [], "checks": [] } },
            "protection_url": format!("{url}/protection"),
        }))
    }

    fn create_ref(&mut self, request: &Request, token: &Token) -> Answer {
        let body = request.json();
        let (Some(reference), Some(sha)) = (body["ref"].as_str(), body["sha"].as_str()) else {
            return Err(message(422, "Invalid request.\n\n\"ref\", \"sha\" weren't supplied."));
        };
        if !reference.starts_with("refs/") || !self.git.valid(reference) {
            return Err(message(422, &format!("{reference} is not a valid ref name.")));
        }
        let Some(commit) = self.git.resolve(sha).filter(|c| c == sha) else {
            return Err(message(422, "Object does not exist"));
        };
        if self.git.resolve(reference).is_some() {
            return Err(message(422, "Reference already exists"));
        }
        let branch = reference.strip_prefix("refs/heads/").unwrap_or(reference);
        let fresh = !self.git.branch(&self.default_branch).is_some_and(|main| self.git.is_ancestor(&commit, &main));
        let said = fresh.then(|| self.git.commit_info(&commit).message);
        if let Some(why) = self.violation(branch, true, said.as_deref()) {
            return Err(message(422, &why));
        }
        if !self.git.update(reference, &commit, &"0".repeat(40)) {
            return Err(message(422, "Reference update failed"));
        }
        self.moved(reference, &token.who.login());
        created(&self.ref_json(reference, sha))
    }

    fn moved(&mut self, reference: &str, actor: &str) {
        if let Some(branch) = reference.strip_prefix("refs/heads/") {
            self.branch_moved(branch, actor);
        }
    }

    fn update_ref(&mut self, request: &Request, token: &Token, reference: &str) -> Answer {
        let body = request.json();
        let sha = body["sha"].as_str().unwrap_or_default().to_owned();
        let Some(now) = self.git.resolve(reference) else { return Err(message(422, "Reference does not exist")) };
        if self.git.resolve(&sha).is_none() {
            return Err(message(422, "Object does not exist"));
        }
        if self.protected && reference.strip_prefix("refs/heads/") == Some(&self.default_branch) {
            return Err(message(
                422,
                "Repository rule violations found\n\nChanges must be made through a pull request.\n\n",
            ));
        }
        if body["force"] != json!(true) && !self.git.is_ancestor(&now, &sha) {
            return Err(message(422, "Update is not a fast forward"));
        }
        self.git.update(reference, &sha, &now);
        self.moved(reference, &token.who.login());
        ok(&self.ref_json(reference, &sha))
    }

    fn delete_ref(&mut self, token: &Token, reference: &str) -> Answer {
        if self.git.resolve(reference).is_none() {
            return Err(message(422, "Reference does not exist"));
        }
        self.git.delete(reference);
        self.moved(reference, &token.who.login());
        Ok(Response::new(204))
    }

    fn get_tree(&self, request: &Request, tree: &str) -> Answer {
        let commit = self.git.resolve(tree).ok_or_else(not_found)?;
        let recursive = request.query_value("recursive").is_some();
        let api = self.repository_api();
        let entries: Vec<Value> = self
            .git
            .tree(&commit, "", recursive)
            .iter()
            .map(|e| {
                let url = format!("{api}/git/{}s/{}", e.kind, e.sha);
                json!({ "path": e.path, "mode": e.mode, "type": e.kind, "sha": e.sha, "size": e.size, "url": url })
            })
            .collect();
        let sha = self.git.commit_info(&commit).tree;
        ok(&json!({ "sha": sha, "url": format!("{api}/git/trees/{sha}"), "tree": entries, "truncated": false }))
    }

    fn list_commits(&self, request: &Request) -> Answer {
        let start = request.query_value("sha").unwrap_or_else(|| self.default_branch.clone());
        let start = self.git.resolve(&start).ok_or_else(not_found)?;
        let path = request.query_value("path");
        let mut args = vec![start.as_str()];
        if let Some(path) = &path {
            args.extend(["--", path]);
        }
        let commits: Vec<Value> = self.git.log(&args).iter().map(|c| self.commit_json(c)).collect();
        Ok(page(request, &self.api, &commits))
    }

    fn pulls_of_commit(&self, request: &Request, sha: &str) -> Answer {
        let sha = self.git.resolve(sha).ok_or_else(not_found)?;
        let all: Vec<Value> = self.pulls_with(&sha).map(|p| self.pull_json(p, false)).collect();
        Ok(page(request, &self.api, &all))
    }

    /// The pull requests that brought, or would bring, a commit.
    pub fn pulls_with<'a>(&'a self, sha: &'a str) -> impl Iterator<Item = &'a Pull> {
        let with = |p: &&Pull| {
            p.merge_commit.as_deref() == Some(sha)
                || self.rebased.get(sha) == Some(&p.number)
                || (self.git.is_ancestor(sha, &p.head_sha) && !self.git.is_ancestor(sha, &p.base_sha))
        };
        self.pulls.iter().filter(with)
    }

    fn get_commit(&self, reference: &str) -> Answer {
        let Some(sha) = self.git.resolve(reference) else {
            return Err(message(422, &format!("No commit found for SHA: {reference}")));
        };
        let commit = self.git.commit_info(&sha);
        let mut value = self.commit_json(&commit);
        value["stats"] = json!({ "additions": 1, "deletions": 0, "total": 1 });
        value["files"] = match commit.parents.first() {
            Some(parent) => json!(self.files(parent, &sha)),
            None => json!([]),
        };
        ok(&value)
    }

    fn files(&self, from: &str, to: &str) -> Vec<Value> {
        let api = self.repository_api();
        let changed = self.git.changed(from, to);
        changed
            .iter()
            .map(|(letter, path)| {
                let status = match letter.as_str() {
                    "A" => "added",
                    "D" => "removed",
                    _ => "modified",
                };
                let blob = format!("{}/blob/{to}/{path}", self.html());
                json!({
                    "sha": to, "filename": path, "status": status, "additions": 1, "deletions": 0, "changes": 1,
                    "blob_url": blob, "raw_url": format!("{blob}?raw=1"), "contents_url": format!("{api}/contents/{path}?ref={to}"),
                    "patch": self.git.patch(from, to, path),
                })
            })
            .collect()
    }

    fn compare(&self, range: &str) -> Answer {
        let (base, head) = range.split_once("...").ok_or_else(not_found)?;
        let base = self.git.resolve(base).ok_or_else(not_found)?;
        let head = self.git.resolve(head).ok_or_else(not_found)?;
        let merge_base = self.git.merge_base(&base, &head).ok_or_else(not_found)?;
        let ahead = self.git.log(&["--reverse", &format!("{base}..{head}")]);
        let behind = self.git.log(&[&format!("{head}..{base}")]).len();
        let status = match (ahead.len(), behind) {
            (0, 0) => "identical",
            (_, 0) => "ahead",
            (0, _) => "behind",
            _ => "diverged",
        };
        let commits: Vec<Value> = ahead.iter().map(|c| self.commit_json(c)).collect();
        let url = format!("{}/compare/{range}", self.html());
        ok(&json!({
            "url": format!("{}/compare/{range}", self.repository_api()), "html_url": url, "permalink_url": url,
            "diff_url": format!("{url}.diff"), "patch_url": format!("{url}.patch"),
            "base_commit": self.commit_json(&self.git.commit_info(&base)),
            "merge_base_commit": self.commit_json(&self.git.commit_info(&merge_base)), "status": status,
            "ahead_by": ahead.len(), "behind_by": behind, "total_commits": commits.len(), "commits": commits,
            "files": self.files(&merge_base, &head),
        }))
    }

    fn set_status(&mut self, request: &Request, token: &Token, sha: &str) -> Answer {
        let body = request.json();
        let state = body["state"].as_str().unwrap_or_default().to_owned();
        if self.git.resolve(sha).as_deref() != Some(sha) {
            return Err(message(422, &format!("No commit found for SHA: {sha}")));
        }
        if !["error", "failure", "pending", "success"].contains(&state.as_str()) {
            return Err(invalid("Status", "state", "custom", Some("state is not included in the list")));
        }
        let description = body["description"].as_str().map(str::to_owned);
        if description.as_ref().is_some_and(|d| d.chars().count() > 140) {
            return Err(invalid(
                "Status",
                "description",
                "custom",
                Some("description is too long (maximum is 140 characters)"),
            ));
        }
        let status = Status {
            id: self.next_id(),
            sha: sha.to_owned(),
            state,
            context: body["context"].as_str().unwrap_or("default").to_owned(),
            description,
            user: token.who.login(),
            at: self.tick(),
        };
        self.statuses.push(status.clone());
        created(&self.status_json(&status))
    }

    fn pulls(&mut self, request: &Request, token: &Token, path: &[&str]) -> Answer {
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
            ("POST", Some("requested_reviewers")) => self.request_reviewers(request, token, pull.number),
            _ => Err(not_found()),
        }
    }

    /// The commits of a pull request, oldest first.
    pub fn commits_of(&self, pull: &Pull) -> Vec<Logged> {
        let base = self.git.branch(&pull.base).unwrap_or_else(|| pull.base_sha.clone());
        let base = if pull.open { base } else { pull.base_sha.clone() };
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
                // A head without an owner filters nothing, as GitHub has it.
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

    fn issues(&mut self, request: &Request, token: &Token, path: &[&str]) -> Answer {
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

fn rate_limit() -> Value {
    let limit = json!({ "limit": 5000, "used": 0, "remaining": 5000, "reset": 1_800_000_000 });
    json!({ "resources": { "core": limit, "search": limit, "graphql": limit }, "rate": limit })
}
