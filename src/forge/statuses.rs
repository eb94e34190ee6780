//! Statuses of commits, and what a verdict on a commit is based on.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Commit, Error};

/// The account of a job's own token: every workflow of the repository.
pub(crate) const JOB_LOGIN: &str = "github-actions[bot]";

/// Statuses of commits, and where those commits are.
#[async_trait]
pub trait Statuses: Send + Sync {
    /// The state (`success`, `failure`, ...) and description of the newest commit status in this context, if any.
    async fn status(&self, commit: &Commit, context: &str) -> Result<Option<(StatusState, String)>, Error>;

    /// Sets a commit status.
    async fn set_status(
        &self,
        commit: &Commit,
        context: &str,
        state: StatusState,
        description: &str,
    ) -> Result<(), Error>;

    /// The parents of a commit, first parent first.
    async fn parents(&self, commit: &Commit) -> Result<Vec<Commit>, Error>;

    /// Whether the default branch contains a commit.
    async fn is_merged(&self, commit: &Commit) -> Result<bool, Error>;

    /// What merging a commit into the default branch would bring.
    async fn brings(&self, commit: &Commit) -> Result<Brought, Error>;

    /// Whether this is a job's own token: it starts no workflows, so nothing but this run posts a status.
    async fn is_job(&self) -> Result<bool, Error>;
}

/// What merging a commit into the default branch would bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// Their newest common ancestor.
    pub base: Commit,
    /// The commits that the default branch lacks, oldest first, at most a hundred.
    pub commits: Vec<Commit>,
    /// The files that differ from the base, at most three hundred.
    pub files: BTreeSet<String>,
}

/// The state of a commit status, as GitHub writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusState {
    /// Nothing wrong.
    Success,
    /// Findings or diagnostics.
    Failure,
    /// It could not be determined.
    Error,
}
