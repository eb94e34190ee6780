//! What the manifest says of an image that a file names: whether it is approved, and which mirror replaces it.

mod choice;
mod judge;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::Serialize;

use crate::references::Replacement;

pub(crate) use judge::Judge;

/// The verdict on one reference: the manifest goes before the category, a digest before a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// The mirror's, by an approved digest or tag.
    Approved,
    /// Approved, but pulled past the mirror.
    NotMirrored,
    /// Its repository is approved in other versions.
    OtherVersion,
    Revoked,
    /// By its category or the allowlist, on Docker Hub; the organization's own other images.
    Allowed,
    /// Nobody let it in.
    NotApproved,
    /// Its category, or the resource that names it, could not be judged.
    Unknown,
}

/// What is said of one reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    /// `None` where nothing needs replacing, and where nothing is promoted.
    pub(crate) replacement: Option<Replacement>,
}
