//! The default branch's own line as a judgement takes it: its states, what brought each, and how those were reviewed.

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
    /// How many reviews were asked for before the oldest step, as far as that is known where the line was cut.
    pub(crate) asked_before: u32,
}

/// A commit of the line after which the manifest, or a file that it names, is another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) commit: String,
    /// When it was committed.
    pub(crate) at: DateTime<Utc>,
    pub(crate) by: By,
    pub(crate) state: Arc<State>,
}

/// What brought a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// A merged pull request.
    Pull(u64),
    /// A push of our own account.
    Ours,
    /// A push of anybody else.
    Pushed,
    /// A push that led around what the branch pointed to: all that it put in place of that.
    Detour,
}

/// What is known of the oldest step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// There is nothing older.
    Beginning,
    /// A record of ours says that everything up to it was reviewed.
    Settled,
    /// What is older was not read.
    Cut,
}

/// What is known of merged pull requests, by number.
pub(crate) type Pulls = BTreeMap<u64, Pull>;

/// How a merged pull request was reviewed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pull {
    /// Each person's latest review, and what the manifest was at the commit that it is about; `None` where that is not known.
    pub(crate) reviews: Vec<(Opinion, Option<Arc<State>>)>,
    /// What our own account pushed as its head, where it is the recording pull request.
    pub(crate) record: Option<Arc<State>>,
}
