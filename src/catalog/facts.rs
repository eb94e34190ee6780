//! What the catalogue is made of besides the manifest.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::model::{CatalogPlatform, CatalogWaiting};
use crate::plan::{Key, State};
use crate::policy::Standing;

/// What was found out. What was not asked is absent.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// What the mirrors have of each approval that they answered for; `None` if no mirror was asked.
    pub(crate) held: Option<BTreeMap<Key, Held>>,
    /// The aliases that resolve to what they follow; `None` if no mirror was asked.
    pub(crate) aliases: Option<BTreeSet<Key>>,
    /// Which pull request brought an approval, and when, as the history tells.
    pub(crate) came: BTreeMap<Key, (Option<u64>, NaiveDate)>,
    /// The pull requests that brought approvals.
    pub(crate) merged: BTreeMap<u64, Merged>,
    /// What is newer than what is approved, by the image's position in the manifest.
    pub(crate) waiting: BTreeMap<usize, Vec<CatalogWaiting>>,
    /// Where the sources stand, likewise.
    pub(crate) standings: BTreeMap<usize, Standing>,
    /// What could not be found out, in words.
    pub(crate) unknown: Vec<String>,
}

/// What a mirror has of one approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) state: State,
    pub(crate) platforms: Vec<CatalogPlatform>,
}

/// A pull request that brought approvals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Merged {
    pub(crate) url: Option<String>,
    /// Who approved it.
    pub(crate) reviewers: Vec<String>,
}
