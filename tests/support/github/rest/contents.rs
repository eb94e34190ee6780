//! Files, branches, commits and their statuses.

use serde_json::{Value, json};

use super::answer::{Answer, created, invalid, message, not_found, ok, page};
use crate::support::github::shapes::base64_lines;
use crate::support::github::state::{Pull, State, Status, Token};
use crate::support::http::{Request, Response};

impl State {
    pub(super) fn contents(&mut self, request: &Request, token: &Token, path: &[&str]) -> Answer {
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
            ("GET", ["activity"]) => self.list_activity(request, &self.full_name()),
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
        self.moves(reference, Some(&commit), &token.who.login());
        created(&self.ref_json(reference, sha))
    }

    fn moves(&mut self, reference: &str, to: Option<&str>, actor: &str) {
        match (reference.strip_prefix("refs/heads/"), to) {
            (Some(branch), _) => self.set_branch(branch, to, actor),
            (None, Some(sha)) => drop(self.git.update(reference, sha, "")),
            (None, None) => self.git.delete(reference),
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
        self.moves(reference, Some(&sha), &token.who.login());
        ok(&self.ref_json(reference, &sha))
    }

    fn delete_ref(&mut self, token: &Token, reference: &str) -> Answer {
        if self.git.resolve(reference).is_none() {
            return Err(message(422, "Reference does not exist"));
        }
        let branch = reference.strip_prefix("refs/heads/").unwrap_or_default();
        if self.rules.iter().any(|(prefix, kind, _)| *kind == "deletion" && branch.starts_with(prefix.as_str())) {
            return Err(message(422, "Repository rule violations found\n\nCannot delete this protected ref.\n\n"));
        }
        self.moves(reference, None, &token.who.login());
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

    pub(super) fn files(&self, from: &str, to: &str) -> Vec<Value> {
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

    pub(super) fn set_status(&mut self, request: &Request, token: &Token, sha: &str) -> Answer {
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
}
