//! The verdicts.

use schemars::JsonSchema;
use serde::Serialize;

use crate::references::Replacement;

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

impl Verdict {
    /// Whether developers may pull it as it stands.
    pub(crate) const fn is_good(self) -> bool {
        matches!(self, Self::Approved | Self::Allowed)
    }

    /// The word in JSON.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::NotMirrored => "not-mirrored",
            Self::OtherVersion => "other-version",
            Self::Revoked => "revoked",
            Self::Allowed => "allowed",
            Self::NotApproved => "not-approved",
            Self::Unknown => "unknown",
        }
    }
}

/// What is said of one reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    /// `None` where nothing needs replacing, and where nothing is promoted.
    pub(crate) replacement: Option<Replacement>,
}
