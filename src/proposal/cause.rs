//! Why something is removed from the manifest.

use std::fmt;

use chrono::NaiveDate;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// The line has as many newer approvals as `keep` says.
    Keep,
    /// The range no longer admits it; in words.
    OutOfRange(String),
    /// A person rejected it after it was approved; with the reason.
    Rejected(String),
    /// Upstream has neither the tag nor the digest.
    Gone,
    /// Nobody has pulled it for as long as `keep` says; in words.
    Unused(String),
    /// The manifest revokes it; with the reason.
    Revoked(String),
    /// Fewer people reviewed it than the policy requires; in words.
    Unreviewed(String),
    Expired(NaiveDate),
}

impl Cause {
    /// The part of the branch's name if this is a separate proposal. Others share their line's.
    pub(crate) const fn own_branch(&self) -> Option<&'static str> {
        match self {
            Self::Revoked(_) => Some("revoked"),
            Self::Unreviewed(_) => Some("unreviewed"),
            Self::Keep | Self::OutOfRange(_) | Self::Rejected(_) | Self::Gone | Self::Unused(_) | Self::Expired(_) => {
                None
            }
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("more than `keep` keeps of its line"),
            Self::OutOfRange(why) | Self::Unused(why) => f.write_str(why),
            Self::Rejected(reason) => write!(f, "rejected: {reason}"),
            Self::Gone => f.write_str("upstream no longer has this tag or this digest"),
            Self::Revoked(reason) => write!(f, "revoked: {reason}"),
            Self::Unreviewed(why) => f.write_str(why),
            Self::Expired(last) => write!(f, "its rejection ended on {last}"),
        }
    }
}
