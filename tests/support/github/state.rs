//! What the stand-in keeps besides git: accounts, tokens, pull requests and what belongs to them; and how pull requests
//! follow their branches.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, SecondsFormat, Utc};

use super::activity::{Movement, Silence};
use super::git::{Git, Logged, Signature};

/// Whose token it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The job's own token: `github-actions[bot]`.
    Actions,
    /// An App's installation token: `NAME[bot]`.
    App(String),
    /// A personal token.
    User(String),
}

impl Who {
    pub fn login(&self) -> String {
        match self {
            Self::Actions => "github-actions[bot]".to_owned(),
            Self::App(name) => format!("{name}[bot]"),
            Self::User(login) => login.clone(),
        }
    }
}

/// What a token may do with one kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    None,
    Read,
    Write,
}

/// A token's permissions, named as in a workflow's `permissions`.
#[derive(Clone, Debug)]
pub struct Permissions {
    pub contents: Access,
    pub pull_requests: Access,
    pub issues: Access,
    pub statuses: Access,
}

impl Permissions {
    pub fn all(access: Access) -> Self {
        Self { contents: access, pull_requests: access, issues: access, statuses: access }
    }
}

#[derive(Clone, Debug)]
pub struct Token {
    pub who: Who,
    pub may: Permissions,
}

/// A pull request.
#[derive(Clone, Debug)]
pub struct Pull {
    pub number: u64,
    pub title: String,
    pub body: String,
    /// Who last edited the body; `None` if nobody did.
    pub editor: Option<String>,
    pub user: String,
    /// `OWNER/NAME` of the head's repository; `None` if the fork was deleted.
    pub head_repository: Option<String>,
    pub head: String,
    pub head_sha: String,
    pub base: String,
    pub base_sha: String,
    /// What the base pointed to just before it was merged.
    pub onto: Option<String>,
    pub open: bool,
    pub draft: bool,
    /// It lost its commits or its branch: it cannot be reopened.
    pub dead: bool,
    pub created_at: String,
    pub closed_at: Option<String>,
    pub merged_at: Option<String>,
    pub merged_by: Option<String>,
    pub merge_commit: Option<String>,
    pub labels: Vec<String>,
    pub reviewers: Vec<String>,
    pub teams: Vec<String>,
}

/// An issue that is not a pull request; both share one counter.
#[derive(Clone, Debug)]
pub struct Issue {
    pub number: u64,
    pub title: String,
    pub body: String,
    pub user: String,
    pub open: bool,
    pub state_reason: Option<String>,
    pub labels: Vec<String>,
    pub created_at: String,
    pub closed_at: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Comment {
    pub id: u64,
    pub number: u64,
    pub user: String,
    pub body: String,
    pub at: String,
}

#[derive(Clone, Debug)]
pub struct Review {
    pub id: u64,
    pub number: u64,
    pub user: String,
    pub state: String,
    pub commit: String,
    pub at: String,
}

#[derive(Clone, Debug)]
pub struct Status {
    pub id: u64,
    pub sha: String,
    pub state: String,
    pub context: String,
    pub description: Option<String>,
    pub user: String,
    pub at: String,
}

#[derive(Clone, Debug)]
pub struct Event {
    pub id: u64,
    pub number: u64,
    pub event: String,
    pub actor: String,
    pub at: String,
}

/// Everything the stand-in knows.
pub struct State {
    pub git: Git,
    /// `http://127.0.0.1:PORT`.
    pub server: String,
    /// The address of its API.
    pub api: String,
    pub owner: String,
    pub name: String,
    pub default_branch: String,
    pub private: bool,
    pub tokens: BTreeMap<String, Token>,
    /// Accounts with a role in the repository: `read`, `triage`, `write`, `maintain` or `admin`.
    pub users: BTreeMap<String, String>,
    pub teams: BTreeSet<String>,
    pub labels: BTreeSet<String>,
    pub pulls: Vec<Pull>,
    pub issues: Vec<Issue>,
    /// Whether the repository has issues.
    pub has_issues: bool,
    pub comments: Vec<Comment>,
    pub reviews: Vec<Review>,
    pub statuses: Vec<Status>,
    pub events: Vec<Event>,
    /// "Allow GitHub Actions to create and approve pull requests".
    pub actions_may_open: bool,
    /// The default branch accepts changes through pull requests only.
    pub protected: bool,
    /// Rules of rulesets: the prefix of their branches' names, the type and the parameters.
    pub rules: Vec<(String, &'static str, serde_json::Value)>,
    /// Whether the repository is archived: everything can be read, and nothing written.
    pub archived: bool,
    /// Whether a merge deletes the head's branch.
    pub delete_on_merge: bool,
    /// Whether GitHub signs what is committed on its pages and by its API.
    pub signs: bool,
    /// Commits that name GitHub as their committer and were not signed by it.
    pub unsigned: BTreeSet<String>,
    /// Commits that carry a person's own verified signature, with the person.
    pub signed: BTreeMap<String, String>,
    /// Commits that a rebase made, with their pull request.
    pub rebased: BTreeMap<String, u64>,
    /// How branches moved, oldest first.
    pub activity: Vec<Movement>,
    pub silence: Silence,
    pub now: DateTime<Utc>,
    pub last_id: u64,
}

impl State {
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Advances the clock by a second.
    pub fn tick(&mut self) -> String {
        self.now += Duration::seconds(1);
        self.now.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn next_number(&self) -> u64 {
        let last = self.pulls.last().map(|p| p.number).max(self.issues.last().map(|i| i.number));
        last.map_or(1, |last| last + 1)
    }

    /// The id of an account, the same for every call.
    pub fn id_of(&self, login: &str) -> u64 {
        match login {
            "github-actions[bot]" => 41_898_282,
            "web-flow" => 19_864_447,
            _ => 1000 + login.bytes().fold(7u64, |id, b| (id * 31 + u64::from(b)) % 1_000_000),
        }
    }

    /// The identity with which an account signs commits made for it.
    pub fn signature(&self, login: &str, date: &str) -> Signature {
        let email = format!("{}+{login}@users.noreply.github.com", self.id_of(login));
        Signature { name: login.to_owned(), email, date: date.to_owned() }
    }

    /// The identity with which GitHub signs commits made on its site or by `createCommitOnBranch`.
    pub fn web_flow(date: &str) -> Signature {
        Signature { name: "GitHub".to_owned(), email: "noreply@github.com".to_owned(), date: date.to_owned() }
    }

    /// Whose verified signature a commit carries: GitHub's own (`web-flow`), or a person's.
    pub fn signer(&self, commit: &Logged) -> Option<String> {
        let own = self.signed.get(&commit.sha).cloned();
        let by_github =
            commit.committer.email == "noreply@github.com" && self.signs && !self.unsigned.contains(&commit.sha);
        own.or_else(|| by_github.then(|| "web-flow".to_owned()))
    }

    /// Why rulesets refuse to let a branch become a commit, in GitHub's words.
    pub fn violation(&self, branch: &str, new: bool, message: Option<&str>) -> Option<String> {
        let fits = |text: &str, rule: &serde_json::Value| {
            let pattern = rule["pattern"].as_str().unwrap_or_default();
            match rule["operator"].as_str().unwrap_or_default() {
                "starts_with" => text.starts_with(pattern),
                "contains" => text.contains(pattern),
                _ => regex::Regex::new(pattern).expect("a pattern").is_match(text),
            }
        };
        let refused =
            self.rules.iter().filter(|(prefix, ..)| branch.starts_with(prefix.as_str())).find_map(|(_, kind, rule)| {
                match *kind {
                    "branch_name_pattern" if new && !fits(branch, rule) => {
                        Some("Branch name must match a given pattern")
                    }
                    "commit_message_pattern" if message.is_some_and(|m| !fits(m, rule)) => {
                        Some("Commit message must match a given pattern")
                    }
                    "creation" if new => Some("Cannot create ref due to creations being restricted."),
                    _ => None,
                }
            });
        refused.map(|why| format!("Repository rule violations found\n\n{why}\n\n"))
    }

    pub fn pull(&mut self, number: u64) -> Option<&mut Pull> {
        self.pulls.iter_mut().find(|p| p.number == number)
    }

    pub fn event(&mut self, number: u64, event: &str, actor: &str) {
        let at = self.tick();
        let id = self.next_id();
        self.events.push(Event { id, number, event: event.to_owned(), actor: actor.to_owned(), at });
    }

    pub fn comment(&mut self, number: u64, user: &str, body: &str) -> Comment {
        let at = self.tick();
        let id = self.next_id();
        let comment = Comment { id, number, user: user.to_owned(), body: body.to_owned(), at };
        self.comments.push(comment.clone());
        comment
    }

    pub fn close(&mut self, number: u64, actor: &str) {
        let at = self.tick();
        if let Some(pull) = self.pull(number).filter(|p| p.open) {
            pull.open = false;
            pull.closed_at = Some(at);
            self.event(number, "closed", actor);
        }
    }

    /// Opens a pull request whose head commit is in the repository's object store.
    pub fn open(&mut self, user: &str, head: (Option<String>, &str, &str), base: &str, title: &str, body: &str) -> u64 {
        let number = self.next_number();
        let created_at = self.tick();
        let base_sha = self.git.branch(base).expect("the base exists");
        self.pulls.push(Pull {
            number,
            title: title.to_owned(),
            body: body.to_owned(),
            editor: None,
            user: user.to_owned(),
            head_repository: head.0,
            head: head.1.to_owned(),
            head_sha: head.2.to_owned(),
            base: base.to_owned(),
            base_sha,
            onto: None,
            open: true,
            draft: false,
            dead: false,
            created_at,
            closed_at: None,
            merged_at: None,
            merged_by: None,
            merge_commit: None,
            labels: Vec::new(),
            reviewers: Vec::new(),
            teams: Vec::new(),
        });
        self.refresh(number);
        number
    }

    /// Writes `refs/pull/N/head` and, if it merges cleanly, `refs/pull/N/merge`.
    pub fn refresh(&mut self, number: u64) {
        let date = self.now.to_rfc3339_opts(SecondsFormat::Secs, true);
        let Some(pull) = self.pull(number).cloned() else { return };
        self.git.update(&format!("refs/pull/{number}/head"), &pull.head_sha, "");
        let Some(base) = self.git.branch(&pull.base) else { return };
        let Some(tree) = self.git.merge_tree(&base, &pull.head_sha) else { return };
        let message = format!("Merge {} into {base}", pull.head_sha);
        let author = self.signature(&pull.user, &date);
        let merge = self.git.commit_tree(&tree, &[&base, &pull.head_sha], &message, &author, &Self::web_flow(&date));
        self.git.update(&format!("refs/pull/{number}/merge"), &merge, "");
    }

    /// What GitHub does with pull requests when a branch was moved or deleted by `actor`.
    pub fn branch_moved(&mut self, branch: &str, actor: &str) {
        let full_name = self.full_name();
        let tip = self.git.branch(branch);
        let open: Vec<Pull> = self.pulls.iter().filter(|p| p.open).cloned().collect();
        for pull in open {
            if pull.head == branch && pull.head_repository.as_deref() == Some(&full_name) {
                self.follow_head(&pull, tip.as_deref(), actor);
            } else if pull.base == branch {
                match &tip {
                    Some(tip) if self.git.is_ancestor(&pull.head_sha, tip) => self.mark_merged(pull.number, tip, actor),
                    _ => self.refresh(pull.number),
                }
            }
        }
    }

    fn follow_head(&mut self, pull: &Pull, tip: Option<&str>, actor: &str) {
        let base = self.git.branch(&pull.base).expect("the base exists");
        let number = pull.number;
        match tip {
            None => self.kill(number, actor),
            Some(tip) if self.git.is_ancestor(tip, &base) => {
                self.set_head(number, tip);
                self.kill(number, actor);
            }
            Some(tip) => {
                self.set_head(number, tip);
                self.refresh(number);
            }
        }
    }

    fn set_head(&mut self, number: u64, tip: &str) {
        if let Some(pull) = self.pull(number) {
            tip.clone_into(&mut pull.head_sha);
        }
    }

    /// Closed for good: no branch, or no commits of its own.
    fn kill(&mut self, number: u64, actor: &str) {
        self.close(number, actor);
        if let Some(pull) = self.pull(number) {
            pull.dead = true;
        }
    }

    pub fn mark_merged(&mut self, number: u64, commit: &str, actor: &str) {
        let at = self.tick();
        let base = self.pull(number).map(|pull| pull.base.clone());
        let onto = base.and_then(|base| self.git.branch(&base));
        if let Some(pull) = self.pull(number) {
            pull.open = false;
            pull.closed_at = Some(at.clone());
            pull.merged_at = Some(at);
            pull.merged_by = Some(actor.to_owned());
            pull.merge_commit = Some(commit.to_owned());
            pull.onto = onto.filter(|onto| onto != commit);
        }
        self.event(number, "merged", actor);
        self.event(number, "closed", actor);
    }
}
