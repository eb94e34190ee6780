//! Ranges of versions as people write them, with npm's meaning.
//!
//! The `semver` crate's `VersionReq` is not used to decide: it knows no `||`, hyphen ranges, `v`, `~>`, leading zeros or
//! four parts, and admits prereleases by a rule of its own. The tests hold this module against it where both can read.

use std::fmt;
use std::ops::Range as Bytes;
use std::str::FromStr;

use super::number::Number;
use super::version::{Prerelease, Version, join};

mod parse;

/// A range of versions: alternatives (`||`) of comparators that must all hold.
///
/// A comparator's version stands for every version that begins with its parts, as in npm: `1.2` is `1.2.x`, `>1.2`
/// begins at `1.3`, `<=1.2` ends before `1.3`. It may have any number of parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    text: String,
    alternatives: Vec<Interval>,
}

/// Why a text is no range, and where in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RangeError {
    /// What is wrong, and how to mend it.
    pub message: String,
    /// Byte offsets of the offending part in the range's text.
    pub at: Bytes<usize>,
}

/// From a version on, up to but without another. Every conjunction of comparators is one interval.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Interval {
    from: Bound,
    to: Option<Bound>,
    /// The comparators' own prereleases: one who writes `>=2.0.0-rc.1` asks for prereleases of `2.0.0`.
    named: Vec<Vec<Number>>,
}

/// A place between versions. `partial` bounds (`2`, `2.x`) stand before the prereleases of `2.0.0`; full ones (`2.0.0`)
/// stand between them and the release.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    numbers: Vec<Number>,
    prerelease: Prerelease,
    partial: bool,
}

impl Default for Bound {
    /// Before everything.
    fn default() -> Self {
        Self { numbers: Vec::new(), prerelease: Prerelease::default(), partial: true }
    }
}

impl Range {
    /// Whether the range admits a version. A prerelease is admitted only where its release is: `<2` does not admit
    /// `2.0.0-rc.1`. A version with fewer parts than a bound is admitted only where all it may stand for is: under
    /// `<1.28.2` the tag `1.28` is out.
    #[must_use]
    pub fn admits(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|interval| interval.admits(version))
    }

    /// Whether the range itself names a prerelease of the version's release and so asks for it: `=2.0.0-rc.1`.
    #[must_use]
    pub fn names_prerelease_of(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|i| i.named.iter().any(|numbers| same(numbers, &version.numbers)))
    }
}

impl Interval {
    fn admits(&self, version: &Version) -> bool {
        self.from.begins(version) && self.to.as_ref().is_none_or(|to| to.ends(version))
    }

    fn is_empty(&self) -> bool {
        let Some(to) = &self.to else { return false };
        match padded(&self.from.numbers, &to.numbers) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => {
                to.prerelease.0.is_empty() || (!self.from.partial && to.prerelease <= self.from.prerelease)
            }
        }
    }
}

impl Bound {
    /// Whether `version` stands at or after this bound.
    fn begins(&self, version: &Version) -> bool {
        match padded(&version.numbers, &self.numbers) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => self.partial || version.prerelease >= self.prerelease,
        }
    }

    /// Whether `version`, and every version it may stand for, stands before this bound.
    fn ends(&self, version: &Version) -> bool {
        if !self.prerelease.0.is_empty() {
            return match padded(&version.numbers, &self.numbers) {
                std::cmp::Ordering::Equal => version.prerelease < self.prerelease,
                order => order.is_lt(),
            };
        }
        // `1.28` before the bound `1.28.2` may stand for `1.28.5`; before `1.29` it stands for nothing beyond.
        let short = version.precision() < self.numbers.len() && self.numbers.starts_with(&version.numbers);
        !short && padded(&version.numbers, &self.numbers).is_lt()
    }
}

/// Compares numeric parts as if the shorter had zeros after it.
fn padded(a: &[Number], b: &[Number]) -> std::cmp::Ordering {
    let part = |numbers: &[Number], i: usize| numbers.get(i).cloned().unwrap_or(Number::ZERO);
    (0..a.len().max(b.len()))
        .map(|i| part(a, i).cmp(&part(b, i)))
        .find(|o| o.is_ne())
        .unwrap_or(std::cmp::Ordering::Equal)
}

fn same(a: &[Number], b: &[Number]) -> bool {
    padded(a, b).is_eq()
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

impl Range {
    /// The intervals that the range comes to: `>=1.2 <2 || >=4.1`.
    #[must_use]
    pub fn explained(&self) -> String {
        let one = |interval: &Interval| match (&interval.from, &interval.to) {
            (from, None) if from.numbers.is_empty() => "*".to_owned(),
            (from, None) => format!(">={from}"),
            (from, Some(to)) if from.numbers.is_empty() => format!("<{to}"),
            (from, Some(to)) => format!(">={from} <{to}"),
        };
        self.alternatives.iter().map(one).collect::<Vec<_>>().join(" || ")
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&join(&self.numbers))?;
        for (i, identifier) in self.prerelease.0.iter().enumerate() {
            write!(f, "{}{identifier}", if i == 0 { '-' } else { '.' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
