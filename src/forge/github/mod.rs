//! GitHub: REST by octocrab; by GraphQL `createCommitOnBranch`, whose commits GitHub signs itself, whose token this is,
//! and what would need one REST request each: the states of a branch, files at many commits, reviews of many pull
//! requests.
//!
//! A proposal is a pull request whose head repository is this one: a fork's never counts, whatever its branch is called
//! and whatever its body says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use super::{Accounts, Commit, Error, Forge, Line};
use client::Client;

pub(crate) mod access;
mod activity;
mod answer;
mod authors;
mod branches;
mod client;
mod commits;
mod contents;
mod conversation;
mod heads;
mod issues;
mod line;
mod pulls;
mod reviews;
mod rules;
mod statuses;
mod writers;

/// One repository on GitHub or a GitHub Enterprise Server.
#[derive(Debug)]
pub struct GitHub {
    client: Client,
    owner: String,
    name: String,
    branches: RwLock<Beginnings>,
    default_branch: OnceCell<String>,
    /// The token's login.
    login: OnceCell<String>,
    /// Whether this is an Enterprise Server, where GitHub's own signatures are optional.
    enterprise: bool,
    /// Files at commits, which never change.
    texts: Mutex<BTreeMap<(String, String), String>>,
    /// Pieces of branches' first-parent histories, by where they begin and the requested files.
    lines: Mutex<BTreeMap<(Commit, Vec<String>), Line>>,
    /// Accounts, in lower case, and whether they may write.
    accounts: Mutex<BTreeMap<String, bool>>,
    /// How branches moved, as far as it was read.
    activity: activity::Lists,
    /// Branches already reported as impossible to delete.
    kept: Mutex<BTreeSet<String>>,
}

/// The prefixes of branch names.
#[derive(Debug)]
struct Beginnings {
    /// The one of this manifest.
    own: String,
    /// The one that all manifests of the repository share.
    shared: String,
}

impl GitHub {
    /// The repository `OWNER/NAME` at the API `api` and the GraphQL endpoint `graphql` (both used as they are).
    /// Temporary branches begin with `branch_prefix`. Needs a running tokio runtime.
    ///
    /// # Errors
    /// If the repository's name, an address or the token cannot be used at all; nothing is requested yet.
    pub fn new(
        http: &reqwest::Client,
        api: &Url,
        graphql: &Url,
        repository: &str,
        token: &SecretString,
        branch_prefix: &str,
    ) -> Result<Self, Error> {
        Self::build(Client::new(http, api, graphql, Some(token))?, api, repository, branch_prefix)
    }

    /// The repository `OWNER/NAME` for reading files at commits, without a token if it is public.
    ///
    /// # Errors
    /// As [`GitHub::new`].
    pub(crate) fn reader(
        http: &reqwest::Client,
        api: &Url,
        graphql: &Url,
        repository: &str,
        token: Option<&SecretString>,
    ) -> Result<Self, Error> {
        Self::build(Client::new(http, api, graphql, token)?, api, repository, "")
    }

    fn build(client: Client, api: &Url, repository: &str, branch_prefix: &str) -> Result<Self, Error> {
        let (owner, name) = repository
            .split_once('/')
            .filter(|(owner, name)| !owner.is_empty() && !name.is_empty() && !name.contains('/'))
            .ok_or_else(|| Error::Unusable(format!("{repository:?} is not a repository: write OWNER/NAME")))?;
        Ok(Self {
            client,
            owner: owner.to_owned(),
            name: name.to_owned(),
            branches: RwLock::new(Beginnings { own: branch_prefix.to_owned(), shared: branch_prefix.to_owned() }),
            default_branch: OnceCell::new(),
            login: OnceCell::new(),
            enterprise: api.path().trim_end_matches('/') == "/api/v3",
            texts: Mutex::default(),
            lines: Mutex::default(),
            accounts: Mutex::default(),
            activity: activity::Lists::default(),
            kept: Mutex::default(),
        })
    }

    /// The same, with a time limit for requests, including their answers.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.client.timeout = timeout;
        self
    }

    /// Makes temporary branches begin with `own`, and the ledger's with `shared`: the manifest, itself read from here,
    /// says so.
    pub fn begin_branches_with(&self, own: &str, shared: &str) {
        let beginnings = Beginnings { own: own.to_owned(), shared: shared.to_owned() };
        *self.branches.write().unwrap_or_else(PoisonError::into_inner) = beginnings;
    }

    /// `OWNER/NAME`.
    #[must_use]
    pub fn repository(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// A REST API path below the repository.
    fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{}{rest}", client::encode(&self.owner), client::encode(&self.name))
    }
}

impl Forge for GitHub {
    fn accounts(&self) -> Option<&dyn Accounts> {
        Some(self)
    }
}

impl Accounts for GitHub {}

/// A text in GitHub's JSON, by its JSON pointer.
fn text<'a>(json: &'a Value, pointer: &str) -> Result<&'a str, Error> {
    json.pointer(pointer)
        .and_then(Value::as_str)
        .ok_or_else(|| Error::Unusable(format!("GitHub's response has no text at {pointer}")))
}

/// A time in GitHub's JSON, by its JSON pointer.
fn time_at(json: &Value, pointer: &str) -> Result<DateTime<Utc>, Error> {
    let text = text(json, pointer)?;
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|time| time.to_utc())
        .map_err(|_| Error::Unusable(format!("GitHub's response has {text:?} in place of a time")))
}

/// A commit's id in GitHub's JSON, by its JSON pointer. Checked because it ends up in URLs.
fn commit_at(json: &Value, pointer: &str) -> Result<Commit, Error> {
    let id = text(json, pointer)?;
    if id.len() < 40 || id.len() > 64 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Error::Unusable(format!("GitHub's response has no commit at {pointer}")));
    }
    Ok(Commit(id.to_owned()))
}
