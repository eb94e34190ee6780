//! Reviews of pull requests, and what is asked about their authors and reviewers.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Authorship, Commit, Error, Merge};
pub use crate::plan::reviews::{Review, Verdict};

/// What people said about pull requests.
#[async_trait]
pub trait Reviews: Send + Sync {
    /// All reviews of a proposal that are more than remarks, oldest first; there may be several by one person.
    async fn reviews(&self, number: u64) -> Result<Vec<Review>, Error>;

    /// The reviews of proposals and who wrote their commits, for many in few requests.
    async fn reviewed(&self, numbers: &BTreeSet<u64>) -> Result<BTreeMap<u64, Reviewed>, Error>;

    /// The proposal that was merged into the default branch and brought a commit there, if any.
    async fn merged_by(&self, commit: &Commit) -> Result<Option<Merge>, Error>;

    /// A proposal that was merged; `None` for one that was not.
    async fn merged(&self, number: u64) -> Result<Option<MergedPull>, Error>;

    /// Whether a commit was made by merging a proposal, into whatever branch.
    async fn is_merge(&self, commit: &Commit) -> Result<bool, Error>;

    /// The newest common ancestor of two commits.
    async fn merge_base(&self, one: &Commit, other: &Commit) -> Result<Commit, Error>;

    /// Whether a ruleset dismisses approvals of proposals for a branch when commits are pushed. Classic branch
    /// protection does not tell.
    async fn dismisses(&self, branch: &str) -> Result<bool, Error>;

    /// Whether an account may write to the repository; one that does not exist may not. Asked once per run.
    async fn may_write(&self, login: &str) -> Result<bool, Error>;
}

/// A proposal that was merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedPull {
    /// Its page.
    pub url: Option<String>,
    pub body: String,
    /// Its branch; `None` for a branch of another repository.
    pub branch: Option<String>,
    pub at: Option<DateTime<Utc>>,
    /// Who merged it, if that is known.
    pub by: Option<String>,
}

/// What is known about a proposal's reviews.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// As in [`Reviews::reviews`].
    pub reviews: Vec<Review>,
    pub authorship: Authorship,
}
