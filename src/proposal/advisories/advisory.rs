//! An advisory, whatever form it was written in.

use crate::image::{Digest, Location};

/// One advisory that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Advisory {
    /// Its identifier, as in its document.
    pub(super) id: String,
    /// What it is about, in the words of its document.
    pub(super) summary: String,
    pub(super) affected: Vec<Affected>,
}

/// One image that an advisory names, with what of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Affected {
    /// The image; `None` if only bytes are named.
    pub(super) source: Option<Location>,
    pub(super) digest: Option<Digest>,
    /// Versions or tags.
    pub(super) versions: Vec<String>,
    /// Ranges of versions, each as its events.
    pub(super) ranges: Vec<Vec<Event>>,
}

/// One event of a range, with the version as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Introduced(String),
    Fixed(String),
    LastAffected(String),
    Limit(String),
}
