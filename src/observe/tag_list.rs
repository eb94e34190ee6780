//! The tags of a source, listed once in a run.

use std::collections::BTreeSet;
use std::sync::{Arc, Once};

use crate::content::companion::is_companion;
use crate::image::Tag;
use crate::registry::Error;

/// All tags of a source.
pub(super) struct TagList {
    /// `None` if the repository does not exist.
    pub(super) all: Option<Arc<Vec<Tag>>>,
    /// Those that may be signatures and the like.
    pub(super) companions: Arc<BTreeSet<Tag>>,
    /// Why the registry does not list them.
    pub(super) declined: Option<Error>,
    /// Whether this was reported.
    pub(super) said: Once,
}

impl TagList {
    pub(super) fn of(all: Option<Vec<Tag>>) -> Self {
        let companions = all.iter().flatten().filter(|tag| is_companion(tag)).cloned().collect();
        Self { all: all.map(Arc::new), companions: Arc::new(companions), declined: None, said: Once::new() }
    }
}
