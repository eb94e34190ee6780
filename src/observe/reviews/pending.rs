//! An approval whose reviews are asked about, and the change of the default branch that brought it.

use chrono::{DateTime, Utc};

use crate::forge::Commit;
use crate::plan::Key;
use crate::plan::reviews::Subject;

/// An approval that is still to be promoted.
pub(super) struct PendingApproval {
    pub(super) key: Key,
    pub(super) subject: Subject,
    /// The path of the file that declares its image.
    pub(super) path: String,
}

/// The change of the default branch that brought an approval.
#[derive(Debug, Clone)]
pub(super) struct Introduction {
    pub(super) commit: Commit,
    /// When that was committed.
    pub(super) at: DateTime<Utc>,
    pub(super) pull: Option<u64>,
    /// How many reviews the strictest of the policies before and after it asks for.
    pub(super) required: u32,
}

/// An approval that needs reviews, and what brought it.
#[derive(Clone, Copy)]
pub(super) struct Introduced<'a> {
    pub(super) approval: &'a PendingApproval,
    pub(super) by: &'a Introduction,
}
