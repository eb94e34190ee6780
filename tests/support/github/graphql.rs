//! GraphQL: `createCommitOnBranch`, whose token it is, where the lines of a file came from, and nothing else.

use base64::Engine as _;
use serde_json::{Value, json};

use super::super::http::{Request, Response};
use super::state::{Access, Pull, State, Token};

/// Where each line of a file came from, word for word as the published schema has `Commit.blame`.
pub const BLAME: &str = "query ($owner: String!, $name: String!, $head: String!, $path: String!) { \
    repository(owner: $owner, name: $name) { object(expression: $head) { ... on Commit { blame(path: $path) { ranges { \
    startingLine endingLine commit { oid committedDate associatedPullRequests(first: 5) { nodes { \
    number baseRefName mergedAt mergeCommit { oid committedDate parents(first: 2) { totalCount } } } } } } } } } } }";

fn error(kind: Option<&str>, text: &str) -> Response {
    let mut error = json!({
        "path": ["createCommitOnBranch"], "locations": [{ "line": 1, "column": 60 }], "message": text,
    });
    if let Some(kind) = kind {
        error["type"] = json!(kind);
    }
    Response::json(200, &json!({ "data": { "createCommitOnBranch": null }, "errors": [error] }))
}

impl State {
    /// Answers `POST /graphql`.
    pub fn graphql(&mut self, request: &Request, token: &Token) -> Response {
        let body = request.json();
        let query = body["query"].as_str().unwrap_or_default();
        if query == "query { viewer { login } }" {
            return Response::json(200, &json!({ "data": { "viewer": { "login": token.who.login() } } }));
        }
        if query == BLAME {
            return self.blame(token, &body["variables"]);
        }
        if query.matches("createCommitOnBranch").count() != 1 || !query.trim_start().starts_with("mutation") {
            let error = json!({ "message": "A query attribute must be specified and must be a string." });
            return Response::json(200, &json!({ "errors": [error] }));
        }
        self.create_commit(token, &body["variables"]["input"]).unwrap_or_else(|refusal| refusal)
    }

    fn blame(&self, token: &Token, variables: &Value) -> Response {
        let of = |name: &str| variables[name].as_str().unwrap_or_default();
        let named = format!("{}/{}", of("owner"), of("name"));
        if !named.eq_ignore_ascii_case(&self.full_name()) || token.may.contents == Access::None {
            let text = format!("Could not resolve to a Repository with the name '{named}'.");
            let error = json!({ "type": "NOT_FOUND", "path": ["repository"], "message": text });
            return Response::json(200, &json!({ "data": { "repository": null }, "errors": [error] }));
        }
        let Some(lines) = self.git.blame(of("head"), of("path")) else {
            let error =
                json!({ "type": "NOT_FOUND", "path": ["repository", "object", "blame"], "message": "no such path" });
            return Response::json(200, &json!({ "data": { "repository": { "object": null } }, "errors": [error] }));
        };
        let mut ranges: Vec<(usize, usize, &String)> = Vec::new();
        for (number, commit) in (1..).zip(&lines) {
            match ranges.last_mut() {
                Some((_, end, of)) if *of == commit => *end = number,
                _ => ranges.push((number, number, commit)),
            }
        }
        let range = |(start, end, commit): &(usize, usize, &String)| json!({ "startingLine": start, "endingLine": end, "commit": self.blamed(token, commit) });
        let ranges: Vec<Value> = ranges.iter().map(range).collect();
        Response::json(200, &json!({ "data": { "repository": { "object": { "blame": { "ranges": ranges } } } } }))
    }

    fn blamed(&self, token: &Token, sha: &str) -> Value {
        let mut commit = self.dated(sha);
        let node = |pull: &Pull| {
            let merge = pull.merge_commit.as_ref().map(|merge| {
                let mut merged = self.dated(merge);
                merged["parents"] = json!({ "totalCount": self.git.commit_info(merge).parents.len() });
                merged
            });
            json!({ "number": pull.number, "baseRefName": pull.base, "mergedAt": pull.merged_at, "mergeCommit": merge })
        };
        let pulls: Vec<Value> =
            self.pulls_with(sha).filter(|_| token.may.pull_requests != Access::None).map(node).collect();
        commit["associatedPullRequests"] = json!({ "nodes": pulls });
        commit
    }

    fn dated(&self, sha: &str) -> Value {
        json!({ "oid": sha, "committedDate": self.git.commit_info(sha).committer.date })
    }

    fn create_commit(&mut self, token: &Token, input: &Value) -> Result<Response, Response> {
        let repository = input["branch"]["repositoryNameWithOwner"].as_str().unwrap_or_default();
        let branch = input["branch"]["branchName"].as_str().unwrap_or_default();
        let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch).to_owned();
        if !repository.eq_ignore_ascii_case(&self.full_name()) || token.may.contents == Access::None {
            let text = format!("Could not resolve to a Repository with the name '{repository}'.");
            return Err(error(Some("NOT_FOUND"), &text));
        }
        if self.archived {
            return Err(error(Some("UNPROCESSABLE"), super::rest::ARCHIVED));
        }
        if token.may.contents < Access::Write {
            return Err(error(Some("FORBIDDEN"), "Resource not accessible by integration"));
        }
        let Some(now) = self.git.branch(&branch) else {
            return Err(error(Some("NOT_FOUND"), &format!("No ref found for refs/heads/{branch}.")));
        };
        if self.protected && branch == self.default_branch {
            let text = "Repository rule violations found\n\nChanges must be made through a pull request.\n\n";
            return Err(error(Some("UNPROCESSABLE"), text));
        }
        let part = |key: &str| input["message"][key].as_str().unwrap_or_default().to_owned();
        let message = format!("{}\n\n{}", part("headline"), part("body"));
        if let Some(why) = self.violation(&branch, false, Some(&message)) {
            return Err(error(Some("UNPROCESSABLE"), &why));
        }
        let expected = input["expectedHeadOid"].as_str().unwrap_or_default();
        if expected != now {
            let text = format!("Expected branch to point to \"{now}\" but it did not. Pull and try again.");
            return Err(error(Some("STALE_DATA"), &text));
        }
        let sha = self.commit_of(token, input, &now)?;
        self.git.update(&format!("refs/heads/{branch}"), &sha, &now);
        self.branch_moved(&branch, &token.who.login());
        let url = format!("{}/commit/{sha}", self.html());
        Ok(Response::json(
            200,
            &json!({ "data": { "createCommitOnBranch": { "commit": { "oid": sha, "url": url } } } }),
        ))
    }

    fn commit_of(&mut self, token: &Token, input: &Value, parent: &str) -> Result<String, Response> {
        let mut files = Vec::new();
        for addition in input["fileChanges"]["additions"].as_array().into_iter().flatten() {
            let path = addition["path"].as_str().unwrap_or_default();
            let contents = addition["contents"].as_str().unwrap_or_default();
            let bytes = base64::engine::general_purpose::STANDARD.decode(contents);
            let Ok(bytes) = bytes else { return Err(error(Some("UNPROCESSABLE"), "contents is not base64")) };
            files.push((path.to_owned(), Some(bytes)));
        }
        for deletion in input["fileChanges"]["deletions"].as_array().into_iter().flatten() {
            files.push((deletion["path"].as_str().unwrap_or_default().to_owned(), None));
        }
        let headline = input["message"]["headline"].as_str().unwrap_or_default();
        let message = match input["message"]["body"].as_str().filter(|b| !b.is_empty()) {
            Some(body) => format!("{headline}\n\n{body}"),
            None => headline.to_owned(),
        };
        let date = self.tick();
        let author = self.signature(&token.who.login(), &date);
        Ok(self.git.commit(Some(parent), &files, &message, &author, &Self::web_flow(&date)))
    }
}
