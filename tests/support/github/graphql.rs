//! GraphQL: `createCommitOnBranch`, whose token it is, the history with what files held, files at commits, reviews of
//! pull requests, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use serde_json::{Value, json};

use super::super::http::{Request, Response};
use super::git::Signature;
use super::state::{Access, Pull, Review, State, Token};

/// The newest commits that lead to one, with this many files, by the published schema's `Commit.history` and
/// `Commit.file`.
pub fn history_query(files: usize) -> String {
    let names: String = (0..files).map(|at| format!(", $p{at}: String!")).collect();
    let asked: String = (0..files).map(|at| format!(" f{at}: file(path: $p{at}) {{ type oid }}")).collect();
    format!(
        "query ($owner: String!, $name: String!, $from: String!{names}) {{ repository(owner: $owner, name: $name) {{ \
         object(expression: $from) {{ ... on Commit {{ history(first: 100) {{ nodes {{ oid committedDate \
         message author {{ email user {{ login }} }} signature {{ isValid wasSignedByGitHub }} \
         parents(first: 1) {{ nodes {{ oid }} }} associatedPullRequests(first: 5) {{ nodes {{ number baseRefName mergedAt \
         mergeCommit {{ oid }} headRefName headRefOid isCrossRepository }} }}{asked} }} }} }} }} }} }}"
    )
}

/// This many files at commits, by `Repository.object` and `Blob`.
pub fn files_query(files: usize) -> String {
    let names: String = (0..files).map(|at| format!(", $e{at}: String!")).collect();
    let asked = |at| format!(" t{at}: object(expression: $e{at}) {{ ... on Blob {{ text isTruncated }} }}");
    let asked: String = (0..files).map(asked).collect();
    format!("query ($owner: String!, $name: String!{names}) {{ repository(owner: $owner, name: $name) {{{asked} }} }}")
}

/// Reviews and commits of these pull requests, by `PullRequest.reviews`, `.commits` and `Commit.authors`.
pub fn reviews_query(numbers: &[u64]) -> String {
    let asked: String = numbers.iter().map(|n| format!(" p{n}: pullRequest(number: {n}) {{ ...asked }}")).collect();
    format!(
        "query ($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{{asked} }} }} \
         fragment asked on PullRequest {{ headRefName headRefOid mergedAt headRepository {{ nameWithOwner }} reviews(first: 100) {{ totalCount nodes {{ state submittedAt \
         author {{ login __typename }} commit {{ oid }} }} }} commits(first: 100) {{ totalCount nodes {{ commit {{ \
         oid parents(first: 10) {{ totalCount nodes {{ oid }} }} signature {{ isValid wasSignedByGitHub signer {{ login }} }} \
         committer {{ email user {{ login }} }} authors(first: 20) {{ totalCount nodes {{ email user {{ login }} }} }} }} }} }} }}"
    )
}

/// Who last edited the bodies of these pull requests, by `PullRequest.editor`.
pub fn editors_query(numbers: &[u64]) -> String {
    let asked: String = numbers.iter().map(|n| format!(" p{n}: pullRequest(number: {n}) {{ ...asked }}")).collect();
    format!(
        "query ($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{{asked} }} }} \
         fragment asked on PullRequest {{ editor {{ login __typename }} }}"
    )
}

/// The pull requests that a query names.
pub fn numbers_asked(query: &str) -> Vec<u64> {
    let named = query.split("pullRequest(number: ").skip(1);
    named.filter_map(|rest| rest.split_once(')')?.0.parse().ok()).collect()
}

/// A history whose pull requests the token may not see.
fn without_pulls(mut repository: Value) -> Response {
    let mut errors = Vec::new();
    let nodes = repository["object"]["history"]["nodes"].as_array_mut().expect("a history");
    for (at, node) in nodes.iter_mut().enumerate() {
        node["associatedPullRequests"] = Value::Null;
        let path = json!(["repository", "object", "history", "nodes", at, "associatedPullRequests"]);
        errors.push(json!({ "type": "FORBIDDEN", "path": path, "message": "Resource not accessible by integration" }));
    }
    Response::json(200, &json!({ "data": { "repository": repository }, "errors": errors }))
}

/// The size from which GitHub truncates a blob's text.
const TRUNCATED: usize = 512_000;

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
        if let Some(answer) = self.asked(token, query, &body["variables"]) {
            return answer;
        }
        if query.matches("createCommitOnBranch").count() != 1 || !query.trim_start().starts_with("mutation") {
            let error = json!({ "message": "A query attribute must be specified and must be a string." });
            return Response::json(200, &json!({ "errors": [error] }));
        }
        self.create_commit(token, &body["variables"]["input"]).unwrap_or_else(|refusal| refusal)
    }

    /// The answer to a query about the repository; `None` if it is unknown here.
    fn asked(&self, token: &Token, query: &str, variables: &Value) -> Option<Response> {
        let count = |letter: &str| (0..).take_while(|at| variables[format!("{letter}{at}")].is_string()).count();
        let repository = if query == history_query(count("p")) {
            self.history(variables, count("p"))
        } else if query == files_query(count("e")) {
            self.files_at(variables, count("e"))
        } else {
            let numbers = numbers_asked(query);
            let asked: fn(&Self, &Pull) -> Value = match () {
                () if numbers.is_empty() => return None,
                () if query == reviews_query(&numbers) => Self::pull_asked,
                () if query == editors_query(&numbers) => Self::editor_asked,
                () => return None,
            };
            match self.pulls_asked(token, &numbers, asked) {
                Ok(pulls) => pulls,
                Err(refusal) => return Some(refusal),
            }
        };
        let refused = token.may.pull_requests == Access::None && !repository["object"]["history"].is_null();
        let named = ["owner", "name"].map(|name| variables[name].as_str().unwrap_or_default()).join("/");
        if !named.eq_ignore_ascii_case(&self.full_name()) || token.may.contents == Access::None {
            let text = format!("Could not resolve to a Repository with the name '{named}'.");
            let error = json!({ "type": "NOT_FOUND", "path": ["repository"], "message": text });
            return Some(Response::json(200, &json!({ "data": { "repository": null }, "errors": [error] })));
        }
        if refused {
            return Some(without_pulls(repository));
        }
        Some(Response::json(200, &json!({ "data": { "repository": repository } })))
    }

    fn history(&self, variables: &Value, files: usize) -> Value {
        let from = variables["from"].as_str().unwrap_or_default();
        let path = |at: usize| variables[format!("p{at}")].as_str().unwrap_or_default();
        let with = self.by_commit();
        let node = |commit: &super::git::Logged| {
            let parents: Vec<Value> = commit.parents.iter().take(1).map(|oid| json!({ "oid": oid })).collect();
            let signature =
                self.signer(commit).map(|who| json!({ "isValid": true, "wasSignedByGitHub": who == "web-flow" }));
            let pull = |pull: &Pull| {
                let merge = pull.merge_commit.as_ref().map(|oid| json!({ "oid": oid }));
                let own = pull.head_repository.as_deref() == Some(&*self.full_name());
                json!({
                    "number": pull.number, "baseRefName": pull.base, "mergedAt": pull.merged_at, "mergeCommit": merge,
                    "headRefName": pull.head, "headRefOid": pull.head_sha, "isCrossRepository": !own,
                })
            };
            let pulls = with.get(&commit.sha).into_iter().flatten().copied();
            let mut node = json!({
                "oid": commit.sha, "committedDate": commit.committer.date, "parents": { "nodes": parents },
                "message": commit.message, "author": self.actor(&commit.author), "signature": signature,
                "associatedPullRequests": { "nodes": pulls.map(pull).collect::<Vec<_>>() },
            });
            for at in 0..files {
                let entry = self.git.tree(&commit.sha, path(at), false).into_iter().find(|e| e.path == path(at));
                node[format!("f{at}")] = entry.map_or(Value::Null, |e| json!({ "type": e.kind, "oid": e.sha }));
            }
            node
        };
        let Some(from) = self.git.resolve(from) else { return json!({ "object": null }) };
        let nodes: Vec<Value> = self.git.log(&["-100", &from]).iter().map(node).collect();
        json!({ "object": { "history": { "nodes": nodes } } })
    }

    /// The pull requests by the commits that they brought, or would bring.
    fn by_commit(&self) -> BTreeMap<String, Vec<&Pull>> {
        let mut all: BTreeMap<String, Vec<&Pull>> = BTreeMap::new();
        for pull in &self.pulls {
            let rebased = self.rebased.iter().filter(|(_, number)| **number == pull.number).map(|(sha, _)| sha.clone());
            let mut shas: BTreeSet<String> = rebased.chain(pull.merge_commit.clone()).collect();
            shas.extend(self.commits_of(pull).into_iter().map(|commit| commit.sha));
            shas.into_iter().for_each(|sha| all.entry(sha).or_default().push(pull));
        }
        all
    }

    fn files_at(&self, variables: &Value, files: usize) -> Value {
        let file = |at: usize| {
            let (commit, path) =
                variables[format!("e{at}")].as_str().and_then(|e| e.split_once(':')).unwrap_or_default();
            let Some(bytes) = self.git.read(commit, path) else { return Value::Null };
            let kept = &bytes[..bytes.len().min(TRUNCATED)];
            json!({ "text": String::from_utf8_lossy(kept), "isTruncated": kept.len() < bytes.len() })
        };
        Value::Object((0..files).map(|at| (format!("t{at}"), file(at))).collect())
    }

    fn pulls_asked(&self, token: &Token, numbers: &[u64], asked: fn(&Self, &Pull) -> Value) -> Result<Value, Response> {
        let mut answer = serde_json::Map::new();
        for number in numbers {
            let alias = format!("p{number}");
            let pull = self.pulls.iter().find(|pull| pull.number == *number);
            let refused = |kind: &str, text: String| {
                let error = json!({ "type": kind, "path": ["repository", &alias], "message": text });
                Response::json(200, &json!({ "data": { "repository": { &alias: null } }, "errors": [error] }))
            };
            if token.may.pull_requests == Access::None {
                return Err(refused("FORBIDDEN", "Resource not accessible by integration".to_owned()));
            }
            let missing = || format!("Could not resolve to a PullRequest with the number of {number}.");
            let pull = pull.ok_or_else(|| refused("NOT_FOUND", missing()))?;
            answer.insert(alias.clone(), asked(self, pull));
        }
        Ok(Value::Object(answer))
    }

    /// Here an App has its bare name.
    fn editor_asked(&self, pull: &Pull) -> Value {
        let editor = pull.editor.as_deref().map(|login| match login.strip_suffix("[bot]") {
            Some(name) => json!({ "login": name, "__typename": "Bot" }),
            None => json!({ "login": login, "__typename": "User" }),
        });
        json!({ "editor": editor })
    }

    fn pull_asked(&self, pull: &Pull) -> Value {
        let review = |review: &&Review| {
            let (login, kind) = match review.user.strip_suffix("[bot]") {
                Some(name) => (name, "Bot"),
                None => (review.user.as_str(), "User"),
            };
            json!({
                "state": review.state, "submittedAt": review.at, "author": { "login": login, "__typename": kind },
                "commit": { "oid": review.commit },
            })
        };
        let reviews: Vec<&Review> = self.reviews.iter().filter(|review| review.number == pull.number).collect();
        let commits = self.commits_of(pull);
        let first = |nodes: Vec<Value>, total: usize| json!({ "totalCount": total, "nodes": nodes });
        let commit = |commit: &super::git::Logged| {
            let mut authors = vec![self.actor(&commit.author)];
            authors.extend(commit.message.lines().filter_map(|line| self.co_author(line)));
            let total = authors.len();
            authors.truncate(20);
            let signature = self.signer(commit).map(|signer| {
                let by_github = signer == "web-flow";
                let whose = (!by_github).then(|| json!({ "login": signer }));
                json!({ "isValid": true, "wasSignedByGitHub": by_github, "signer": whose })
            });
            let parents: Vec<Value> = commit.parents.iter().map(|oid| json!({ "oid": oid })).collect();
            let parents = first(parents.iter().take(10).cloned().collect(), parents.len());
            json!({ "commit": {
                "oid": commit.sha, "parents": parents, "signature": signature, "committer": self.actor(&commit.committer), "authors": first(authors, total),
            } })
        };
        json!({
            "headRefName": pull.head, "headRefOid": pull.head_sha, "mergedAt": pull.merged_at,
            "headRepository": pull.head_repository.as_ref().map(|name| json!({ "nameWithOwner": name })),
            "reviews": first(reviews.iter().take(100).map(review).collect(), reviews.len()),
            "commits": first(commits.iter().take(100).map(commit).collect(), commits.len()),
        })
    }

    /// A person in a commit: of the accounts that an address belongs to, GraphQL names only those of people.
    fn actor(&self, who: &Signature) -> Value {
        let login = self.account(who).filter(|login| !login.ends_with("[bot]"));
        json!({ "email": who.email, "user": login.map(|login| json!({ "login": login })) })
    }

    fn co_author(&self, line: &str) -> Option<Value> {
        let (name, email) = line.strip_prefix("Co-authored-by: ")?.trim_end_matches('>').split_once(" <")?;
        Some(self.actor(&Signature { name: name.to_owned(), email: email.to_owned(), date: String::new() }))
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
        self.set_branch(&branch, Some(&sha), &token.who.login());
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
