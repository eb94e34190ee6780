//! What another tool copies.

use crate::diag::Span;
use crate::image::{Digest, Platform, Repository, Tag};

/// One image that a configuration names, and which of its tags.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) source: Repository,
    /// Where the tool puts it; `None` if the configuration does not tell.
    pub(super) target: Option<Repository>,
    pub(super) tags: Tags,
    /// Tags that are not copied though they match.
    pub(super) denied: Vec<Tag>,
    /// The platforms; none means all.
    pub(super) platforms: Vec<Platform>,
    /// Where the configuration says so.
    pub(super) at: Span,
}

/// Which tags are copied.
#[derive(Debug)]
pub(super) enum Tags {
    /// These and no others.
    Named(Vec<NamedTag>),
    /// Versions in a range.
    Versions(Versions),
    /// What this regular expression matches as a whole.
    Matching(String),
    /// Every tag.
    All,
}

/// One tag, and the digest that the configuration pins it to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedTag {
    pub(super) tag: Tag,
    pub(super) digest: Option<Digest>,
}

/// A range in this program's syntax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Versions {
    pub(super) range: String,
    /// Whether it was written so that prereleases match.
    pub(super) prereleases: bool,
}
