//! GraphQL: `createCommitOnBranch`, whose token it is, and nothing else.

use base64::Engine as _;
use serde_json::{Value, json};

use super::super::http::{Request, Response};
use super::state::{Access, State, Token};

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
        if query.matches("createCommitOnBranch").count() != 1 || !query.trim_start().starts_with("mutation") {
            let error = json!({ "message": "A query attribute must be specified and must be a string." });
            return Response::json(200, &json!({ "errors": [error] }));
        }
        self.create_commit(token, &body["variables"]["input"]).unwrap_or_else(|refusal| refusal)
    }

    fn create_commit(&mut self, token: &Token, input: &Value) -> Result<Response, Response> {
        let repository = input["branch"]["repositoryNameWithOwner"].as_str().unwrap_or_default();
        let branch = input["branch"]["branchName"].as_str().unwrap_or_default();
        let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch).to_owned();
        if !repository.eq_ignore_ascii_case(&self.full_name()) || token.may.contents == Access::None {
            let text = format!("Could not resolve to a Repository with the name '{repository}'.");
            return Err(error(Some("NOT_FOUND"), &text));
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
