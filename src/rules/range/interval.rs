//! Intervals of versions: the meaning of each alternative of a range.

use std::cmp::Ordering;

use crate::rules::number::Number;
use crate::rules::version::{Prerelease, Version};

/// From one version up to, but not including, another. Every conjunction of comparators is one interval.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Interval {
    pub(super) from: Bound,
    pub(super) to: Option<Bound>,
    /// The comparators' own prereleases: whoever writes `>=2.0.0-rc.1` wants prereleases of `2.0.0`.
    pub(super) named: Vec<Vec<Number>>,
}

/// A place between versions. `partial` bounds (`2`, `2.x`) come before the prereleases of `2.0.0`; full ones (`2.0.0`)
/// come between them and the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) numbers: Vec<Number>,
    pub(super) prerelease: Prerelease,
    pub(super) partial: bool,
}

impl Default for Bound {
    /// Before everything.
    fn default() -> Self {
        Self { numbers: Vec::new(), prerelease: Prerelease::default(), partial: true }
    }
}

impl Interval {
    pub(super) fn admits(&self, version: &Version) -> bool {
        self.from.begins(version) && self.to.as_ref().is_none_or(|to| to.ends(version))
    }

    /// Whether a comparator names a prerelease of the version's release.
    pub(super) fn names_prerelease_of(&self, version: &Version) -> bool {
        self.named.iter().any(|numbers| padded(numbers, &version.numbers).is_eq())
    }

    /// The intersection.
    pub(super) fn intersect(self, other: Self) -> Self {
        let from = if lower_order(&other.from, &self.from).is_gt() { other.from } else { self.from };
        let to = match (self.to, other.to) {
            (Some(a), Some(b)) => Some(if upper_order(&b, &a).is_lt() { b } else { a }),
            (a, b) => a.or(b),
        };
        Self { from, to, named: [self.named, other.named].concat() }
    }

    /// Whether it contains no version.
    pub(super) fn is_empty(&self) -> bool {
        let Some(to) = &self.to else { return false };
        match padded(&self.from.numbers, &to.numbers) {
            Ordering::Less => false,
            Ordering::Greater => true,
            Ordering::Equal => {
                to.prerelease.0.is_empty() || (!self.from.partial && to.prerelease <= self.from.prerelease)
            }
        }
    }
}

impl Bound {
    /// Whether `version` is at or after this bound.
    fn begins(&self, version: &Version) -> bool {
        match padded(&version.numbers, &self.numbers) {
            Ordering::Less => false,
            Ordering::Greater => true,
            Ordering::Equal => self.partial || version.prerelease >= self.prerelease,
        }
    }

    /// Whether `version`, and every version that it may stand for, is before this bound.
    fn ends(&self, version: &Version) -> bool {
        if !self.prerelease.0.is_empty() {
            return match padded(&version.numbers, &self.numbers) {
                Ordering::Equal => version.prerelease < self.prerelease,
                order => order.is_lt(),
            };
        }
        // With the bound `1.28.2`, `1.28` may stand for `1.28.5`; with `1.29`, for nothing beyond.
        let short = version.precision() < self.numbers.len() && self.numbers.starts_with(&version.numbers);
        !short && padded(&version.numbers, &self.numbers).is_lt()
    }
}

/// Compares numeric parts as if the shorter one were padded with zeros.
fn padded(a: &[Number], b: &[Number]) -> Ordering {
    let part = |numbers: &[Number], i: usize| numbers.get(i).cloned().unwrap_or(Number::ZERO);
    (0..a.len().max(b.len())).map(|i| part(a, i).cmp(&part(b, i))).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// Which lower bound is higher: before the prereleases, at one of them, at the release.
fn lower_order(a: &Bound, b: &Bound) -> Ordering {
    let place = |bound: &Bound| !bound.partial;
    padded(&a.numbers, &b.numbers).then(place(a).cmp(&place(b))).then_with(|| a.prerelease.cmp(&b.prerelease))
}

/// Which upper bound is higher: one without a prerelease admits none.
fn upper_order(a: &Bound, b: &Bound) -> Ordering {
    let place = |bound: &Bound| !bound.prerelease.0.is_empty();
    padded(&a.numbers, &b.numbers).then(place(a).cmp(&place(b))).then_with(|| a.prerelease.cmp(&b.prerelease))
}
