//! The default branch's own line, for a judgement: its states, what introduced each, and how those were reviewed.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::state::State;
use crate::plan::reviews::Opinion;

/// The states of the default branch, newest first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// Never empty: the first is the head.
    pub(crate) steps: Vec<Step>,
    pub(crate) base: Base,
    /// How many reviews were required before the oldest step, as far as that is known, if the line was cut.
    pub(crate) asked_before: u32,
}

/// A commit of the line that changes the manifest, or a file that it names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) commit: String,
    /// When it was committed.
    pub(crate) at: DateTime<Utc>,
    pub(crate) by: By,
    pub(crate) state: Arc<State>,
}

/// What introduced a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// A merged pull request.
    Pull(u64),
    /// A push by our own account.
    Ours,
    /// A push by anybody else.
    Pushed,
    /// A push that bypassed the branch's previous head: everything that it put in its place.
    Detour,
}

/// What is known about what precedes the oldest step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// There is nothing older.
    Beginning,
    /// A record of ours says that everything up to it was reviewed.
    Settled,
    /// Older steps were not read.
    Cut,
}

/// What is known about merged pull requests, by number.
pub(crate) type Pulls = BTreeMap<u64, Pull>;

/// How a merged pull request was reviewed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pull {
    /// Each person's latest review, with the manifest at the commit that it is about; `None` if that is unknown.
    pub(crate) reviews: Vec<(Opinion, Option<Arc<State>>)>,
    /// What our own account pushed as its head, if it is the recording pull request.
    pub(crate) record: Option<Arc<State>>,
}
