//! GitHub: REST by octocrab; of GraphQL `createCommitOnBranch`, whose commits GitHub signs itself, whose token this is, and
//! what REST would take a request each for: the states of a branch, files at many commits, reviews of many pull requests.
//!
//! A proposal is a pull request whose head repository is this one: a fork's counts for nothing, whatever its branch is
//! called and whatever its body says.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use super::{
    By, Change, Commit, Declined, Error, FileChange, Forge, Head, LOOKED_BACK, Line, Message, OpenProposal, Opened,
    Social, Written, down_to_ours,
};
use client::{Client, Sent, Verb};

pub mod access;
mod client;
mod comments;
mod commits;
mod files;
mod history;
mod issues;
mod pulls;
mod refs;
mod reviews;
mod rules;
mod social;
mod writers;

/// One repository on GitHub or a GitHub Enterprise Server.
#[derive(Debug)]
pub struct GitHub {
    client: Client,
    owner: String,
    name: String,
    branch_prefix: RwLock<String>,
    default_branch: OnceCell<String>,
    /// Whose token it is.
    login: OnceCell<String>,
    /// Whether this is an Enterprise Server, where GitHub's own signatures are a setting.
    enterprise: bool,
    /// Files at commits, which never change.
    texts: Mutex<BTreeMap<(String, String), String>>,
    /// Accounts, in lower case, and whether they may write.
    accounts: Mutex<BTreeMap<String, bool>>,
}

impl GitHub {
    /// The repository `OWNER/NAME` at the API `api` and the GraphQL endpoint `graphql` (both taken as they are).
    /// Temporary branches begin with `branch_prefix`. Needs a running tokio runtime.
    ///
    /// # Errors
    /// Where the repository's name, an address or the token cannot be used at all; nothing is asked yet.
    pub fn new(
        http: &reqwest::Client,
        api: &Url,
        graphql: &Url,
        repository: &str,
        token: &SecretString,
        branch_prefix: &str,
    ) -> Result<Self, Error> {
        let (owner, name) = repository
            .split_once('/')
            .filter(|(owner, name)| !owner.is_empty() && !name.is_empty() && !name.contains('/'))
            .ok_or_else(|| Error::Unusable(format!("{repository:?} is no repository: OWNER/NAME is")))?;
        Ok(Self {
            client: Client::new(http, api, graphql, token)?,
            owner: owner.to_owned(),
            name: name.to_owned(),
            branch_prefix: RwLock::new(branch_prefix.to_owned()),
            default_branch: OnceCell::new(),
            login: OnceCell::new(),
            enterprise: api.path().trim_end_matches('/') == "/api/v3",
            texts: Mutex::default(),
            accounts: Mutex::default(),
        })
    }

    /// Makes temporary branches begin with another prefix: the manifest says it, and is itself read from here.
    pub fn begin_branches_with(&self, prefix: &str) {
        prefix.clone_into(&mut self.branch_prefix.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// `OWNER/NAME`.
    #[must_use]
    pub fn repository(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// A path of the REST API below the repository.
    fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{}{rest}", client::encode(&self.owner), client::encode(&self.name))
    }
}

#[async_trait]
impl Forge for GitHub {
    async fn head(&self) -> Result<Head, Error> {
        let branch = self.default_branch().await?.to_owned();
        let commit = self.branch_commit(&branch).await?;
        let empty = || Error::Unusable(format!("{} has no commit on its default branch {branch}", self.repository()));
        Ok(Head { commit: commit.ok_or_else(empty)?, branch })
    }

    async fn read(&self, at: &Commit, path: &str) -> Result<Option<String>, Error> {
        self.text(at, path).await
    }

    async fn tip(&self, branch: &str) -> Result<Option<Commit>, Error> {
        self.branch_commit(branch).await
    }

    async fn written(&self, _branch: &str, tip: &Commit) -> Result<Vec<Written>, Error> {
        self.writers(tip).await
    }

    async fn list(&self, at: &Commit, directory: &str) -> Result<Vec<String>, Error> {
        self.directory(at, directory).await
    }

    async fn proposals(&self, prefix: &str) -> Result<Vec<OpenProposal>, Error> {
        self.open_proposals(prefix).await
    }

    async fn declined(&self, branch: &str) -> Result<Vec<Declined>, Error> {
        self.closed_by_people(branch).await
    }

    async fn append(
        &self,
        branch: &str,
        expected: &Commit,
        message: &Message,
        files: &[FileChange],
    ) -> Result<Commit, Error> {
        self.commit(branch, expected, message, files).await
    }

    async fn rewrite(
        &self,
        branch: &str,
        expected: Option<&Commit>,
        base: &Commit,
        message: &Message,
        files: &[FileChange],
    ) -> Result<Commit, Error> {
        self.replace_branch(branch, expected, base, message, files).await
    }

    async fn open(&self, branch: &str, title: &str, body: &str) -> Result<Opened, Error> {
        self.open_pull(branch, title, body).await
    }

    async fn edit(&self, proposal: &OpenProposal, title: &str, body: &str) -> Result<(), Error> {
        self.edit_pull(number_of(proposal)?, title, body).await
    }

    async fn close(&self, proposal: &OpenProposal, reason: &str) -> Result<(), Error> {
        self.close_pull(number_of(proposal)?, &proposal.branch, reason).await
    }

    async fn history(&self, head: &Commit, path: Option<&str>, page: u32) -> Result<(Vec<Change>, bool), Error> {
        self.listed(head, path, page).await
    }

    async fn line(&self, from: &Commit, paths: &[String]) -> Result<Line, Error> {
        self.own_line(from, paths).await
    }

    async fn read_all(&self, files: &[(Commit, String)]) -> Result<Vec<Option<String>>, Error> {
        self.texts_at(files).await
    }

    async fn sweep(&self, prefix: &str) -> Result<(), Error> {
        self.delete_leftovers(prefix, None).await
    }

    async fn sweep_beside(&self, prefix: &str, open: &[OpenProposal]) -> Result<(), Error> {
        let open = open.iter().map(|proposal| proposal.branch.clone()).collect();
        self.delete_leftovers(prefix, Some(open)).await
    }

    fn social(&self) -> Option<&dyn Social> {
        Some(self)
    }
}

fn number_of(proposal: &OpenProposal) -> Result<u64, Error> {
    proposal.number.ok_or_else(|| Error::Unusable(format!("the proposal of {} has no number", proposal.branch)))
}

/// A text in GitHub's JSON, by its path of keys.
fn text<'a>(json: &'a Value, pointer: &str) -> Result<&'a str, Error> {
    json.pointer(pointer)
        .and_then(Value::as_str)
        .ok_or_else(|| Error::Unusable(format!("GitHub's answer has no text at {pointer}")))
}

/// A commit's id in GitHub's JSON, by its path of keys. Anything else would end up in URLs.
fn commit_at(json: &Value, pointer: &str) -> Result<Commit, Error> {
    let id = text(json, pointer)?;
    if id.len() < 40 || id.len() > 64 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Error::Unusable(format!("GitHub's answer has no commit at {pointer}")));
    }
    Ok(Commit(id.to_owned()))
}
