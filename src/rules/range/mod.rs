//! Ranges of versions as people write them, with npm's meaning.
//!
//! The `semver` crate's `VersionReq` does not decide: it does not know `||`, hyphen ranges, `v`, `~>`, leading zeros or
//! four parts, and has its own rule for prereleases. The tests compare this module with it where both can read a range.

use std::fmt;
use std::str::FromStr;

use super::version::Version;

mod interval;
mod parse;

use interval::Interval;
pub(crate) use parse::RangeError;

/// A range of versions: alternatives (`||`) of comparators that must all hold.
///
/// A comparator's version stands for every version that begins with its parts, as in npm: `1.2` is `1.2.x`, `>1.2`
/// begins at `1.3`, `<=1.2` ends before `1.3`. It may have any number of parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    text: String,
    alternatives: Vec<Interval>,
}

impl Range {
    /// Whether the range admits a version. A prerelease is admitted only if its release is: `<2` does not admit
    /// `2.0.0-rc.1`. A version with fewer parts than a bound is admitted only if all that it may stand for is:
    /// `<1.28.2` excludes the tag `1.28`.
    #[must_use]
    pub fn admits(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|interval| interval.admits(version))
    }

    /// Whether the range itself names a prerelease of the version's release and so wants it: `=2.0.0-rc.1`.
    #[must_use]
    pub fn names_prerelease_of(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|interval| interval.names_prerelease_of(version))
    }
}

impl FromStr for Range {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        Ok(Self { text: text.to_owned(), alternatives: parse::alternatives(text)? })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
