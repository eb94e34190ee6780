//! A stand-in for GitHub: one repository, with a real bare git repository behind it, pull requests that follow their
//! branches like GitHub's, accounts, tokens and switches for what GitHub refuses. It answers below both `/` and, like
//! GitHub Enterprise Server, `/api/v3` and `/api/graphql`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::{TimeZone as _, Utc};

use super::http::{Action, Exchange, Request, Response, Rule, Server, lock};

mod activity;
pub mod git;
pub mod graphql;
pub mod issues;
mod people;
pub mod rest;
pub mod shapes;
pub mod state;

pub use activity::Silence;
use git::Git;
pub use state::{Access, Comment, Issue, Permissions, Pull, Status, Who};
use state::{State, Token};

/// The options of a stand-in.
#[derive(Clone, Debug)]
pub struct Options {
    pub owner: String,
    pub name: String,
    pub default_branch: String,
    /// Whether its URLs are those of an Enterprise Server.
    pub ghes: bool,
    /// Whose token [`TestGitHub::token`] is.
    pub who: Who,
    /// What that token may do.
    pub may: Permissions,
    /// "Allow GitHub Actions to create and approve pull requests".
    pub actions_may_open: bool,
    /// Whether the default branch accepts changes through pull requests only.
    pub protected: bool,
    /// Files of the first commit.
    pub files: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            owner: "acme".to_owned(),
            name: "images".to_owned(),
            default_branch: "main".to_owned(),
            ghes: false,
            who: Who::Actions,
            may: Permissions::all(Access::Write),
            actions_may_open: true,
            protected: false,
            files: vec![("README.md".to_owned(), "# images\n".to_owned())],
        }
    }
}

/// A running stand-in. Dropping it stops it and removes its repository.
pub struct TestGitHub {
    server: Server,
    state: Arc<Mutex<State>>,
    ghes: bool,
    token: String,
    directory: tempfile::TempDir,
}

/// The token of [`TestGitHub::token`]; tests look for it where it must not appear.
pub const TOKEN: &str = "ghs_StandInToken0123456789abcdefghijkl";

impl TestGitHub {
    pub fn start(options: Options) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let git = Git::init(&directory.path().join("repository.git"), &options.default_branch);
        let mut state = State {
            git,
            server: String::new(),
            api: String::new(),
            owner: options.owner,
            name: options.name,
            default_branch: options.default_branch,
            private: true,
            tokens: [(TOKEN.to_owned(), Token { who: options.who, may: options.may })].into(),
            users: [("octocat", "admin"), ("hubot", "write"), ("reader", "read")]
                .map(|(l, r)| (l.to_owned(), r.to_owned()))
                .into(),
            teams: ["platform".to_owned()].into(),
            labels: ["bug".to_owned()].into(),
            pulls: Vec::new(),
            issues: Vec::new(),
            has_issues: true,
            comments: Vec::new(),
            reviews: Vec::new(),
            statuses: Vec::new(),
            events: Vec::new(),
            actions_may_open: options.actions_may_open,
            protected: options.protected,
            rules: Vec::new(),
            archived: false,
            delete_on_merge: false,
            signs: true,
            unsigned: std::collections::BTreeSet::new(),
            signed: std::collections::BTreeMap::new(),
            rebased: std::collections::BTreeMap::new(),
            activity: Vec::new(),
            silence: Silence::default(),
            now: Utc.with_ymd_and_hms(2026, 11, 21, 10, 0, 0).single().expect("a date"),
            last_id: 100,
        };
        first_commit(&mut state, &options.files);
        let state = Arc::new(Mutex::new(state));
        let handler = Arc::clone(&state);
        let server = Server::start(move |request: &Request| answer(&mut lock(&handler), request));
        let this = Self { server, state, ghes: options.ghes, token: TOKEN.to_owned(), directory };
        let (url, api) = (this.server.url(), this.api());
        let mut state = lock(&this.state);
        state.server = url;
        state.api = api;
        drop(state);
        this
    }

    /// `OWNER/NAME`.
    pub fn repository(&self) -> String {
        lock(&self.state).full_name()
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// The value of `GITHUB_API_URL`.
    pub fn api(&self) -> String {
        format!("{}{}", self.server.url(), if self.ghes { "/api/v3" } else { "" })
    }

    /// The value of `GITHUB_GRAPHQL_URL`.
    pub fn graphql(&self) -> String {
        format!("{}{}", self.server.url(), if self.ghes { "/api/graphql" } else { "/graphql" })
    }

    /// The value of `GITHUB_SERVER_URL`.
    pub fn server(&self) -> String {
        self.server.url()
    }

    /// The HTTP server underneath.
    pub fn http(&self) -> &Server {
        &self.server
    }

    /// The bare repository.
    pub fn git_dir(&self) -> PathBuf {
        self.directory.path().join("repository.git")
    }

    /// Adds another token.
    pub fn add_token(&self, token: &str, who: Who, may: Permissions) {
        lock(&self.state).tokens.insert(token.to_owned(), Token { who, may });
    }

    /// Gives an account a role: `read`, `triage`, `write`, `maintain`, `admin`.
    pub fn add_user(&self, login: &str, role: &str) {
        lock(&self.state).users.insert(login.to_owned(), role.to_owned());
    }

    /// Reads or changes anything.
    pub fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut lock(&self.state))
    }

    /// The commit of a branch.
    pub fn branch(&self, name: &str) -> Option<String> {
        lock(&self.state).git.branch(name)
    }

    /// All branches.
    pub fn branches(&self) -> Vec<String> {
        let references = lock(&self.state).git.references("refs/heads/");
        references.into_iter().filter_map(|(r, _)| r.strip_prefix("refs/heads/").map(str::to_owned)).collect()
    }

    /// A file's text at a branch, commit or reference.
    pub fn read(&self, revision: &str, path: &str) -> Option<String> {
        let bytes = lock(&self.state).git.read(revision, path)?;
        Some(String::from_utf8(bytes).expect("text"))
    }

    /// All pull requests.
    pub fn pulls(&self) -> Vec<Pull> {
        lock(&self.state).pulls.clone()
    }

    /// One pull request.
    pub fn pull(&self, number: u64) -> Pull {
        lock(&self.state).pull(number).expect("a pull request").clone()
    }

    /// The numbers of the open ones.
    pub fn open_pulls(&self) -> Vec<u64> {
        self.pulls().iter().filter(|p| p.open).map(|p| p.number).collect()
    }

    pub fn comments(&self, number: u64) -> Vec<Comment> {
        lock(&self.state).comments.iter().filter(|c| c.number == number).cloned().collect()
    }

    /// The issues that are not pull requests.
    pub fn issues(&self) -> Vec<Issue> {
        lock(&self.state).issues.clone()
    }

    /// Somebody opens an issue; a template may label it, whoever they are.
    pub fn issue_as(&self, login: &str, title: &str, body: &str, labels: &[&str]) -> u64 {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        lock(&self.state).add_issue(login, title, body, labels)
    }

    pub fn statuses(&self) -> Vec<Status> {
        lock(&self.state).statuses.clone()
    }

    /// Switches the protection of the default branch on or off.
    pub fn protect(&self, on: bool) {
        lock(&self.state).protected = on;
    }

    /// The next `times` requests of a method (empty: any) to a path take effect, but their answers are lost.
    pub fn lose_answers(&self, method: &str, path: &str, times: usize) {
        self.server.fault(Rule::new(method, path, Action::Lose).times(times));
    }

    /// The next `times` requests of a method to a path run into the secondary rate limit.
    pub fn secondary_limit(&self, method: &str, path: &str, times: usize, retry_after: u32) {
        let body = r#"{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}"#;
        let headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("retry-after".to_owned(), retry_after.to_string()),
        ];
        self.server.fault(Rule::new(method, path, Action::Answer(403, headers, body.into())).times(times));
    }

    /// The next `times` requests of a method to a path are answered with a status, without effect.
    pub fn fail(&self, method: &str, path: &str, times: usize, status: u16) {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let body = r#"{"message":"Server Error"}"#;
        self.server.fault(Rule::new(method, path, Action::Answer(status, headers, body.into())).times(times));
    }

    /// Adds any fault.
    pub fn fault(&self, rule: Rule) {
        self.server.fault(rule);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.server.clear_faults();
    }

    /// Every request so far.
    pub fn log(&self) -> Vec<Exchange> {
        self.server.log()
    }

    /// The log as lines.
    pub fn lines(&self) -> Vec<String> {
        self.server.lines()
    }

    /// The GraphQL queries so far, by kind, in order.
    pub fn questions(&self) -> Vec<&'static str> {
        let kinds = [
            ("createCommitOnBranch", "commit"),
            ("viewer", "login"),
            ("history(", "line"),
            ("editor {", "editors"),
            ("pullRequest(", "reviews"),
            ("... on Blob", "files"),
        ];
        let graphql = self.log().into_iter().filter(|e| e.request.path.ends_with("/graphql"));
        let kind = |e: Exchange| {
            let query = e.request.json()["query"].as_str().unwrap_or_default().to_owned();
            kinds.iter().find(|(part, _)| query.contains(part)).map_or("other", |(_, kind)| *kind)
        };
        graphql.map(kind).collect()
    }

    /// The lines of requests that may change something.
    pub fn writes(&self) -> Vec<String> {
        let asks = |e: &&Exchange| e.request.json()["query"].as_str().is_some_and(|query| query.starts_with("query "));
        self.log().iter().filter(|e| e.is_write() && !asks(e)).map(Exchange::line).collect()
    }

    /// Forgets the requests so far.
    pub fn clear_log(&self) {
        self.server.clear_log();
    }
}

fn first_commit(state: &mut State, files: &[(String, String)]) {
    let date = state.tick();
    let who = state.signature("octocat", &date);
    let files: Vec<_> = files.iter().map(|(p, t)| (p.clone(), Some(t.clone().into_bytes()))).collect();
    let sha = state.git.commit(None, &files, "First commit", &who, &who);
    let branch = state.default_branch.clone();
    state.set_branch(&branch, Some(&sha), "octocat");
}

fn answer(state: &mut State, request: &Request) -> Response {
    let anonymous = || Token {
        who: Who::User("nobody".to_owned()),
        may: Permissions { contents: Access::Read, ..Permissions::all(Access::None) },
    };
    let token = match request.bearer() {
        Some(token) => state.tokens.get(token).cloned(),
        None if request.method == "GET" && request.segments().contains(&"repos".to_owned()) => match state.private {
            true => return rest::message(404, "Not Found"),
            false => Some(anonymous()),
        },
        None => None,
    };
    let Some(token) = token else {
        return rest::message(
            401,
            if request.bearer().is_some() { "Bad credentials" } else { "Requires authentication" },
        );
    };
    let segments = request.segments();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["graphql"] | ["api", "graphql"]) => state.graphql(request, &token),
        (_, ["api", "v3", ..]) => state.rest(request, &token, &segments[2..]),
        _ => state.rest(request, &token, &segments),
    }
}
