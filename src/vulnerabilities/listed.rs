//! Lists of vulnerabilities, which can be long, and their numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Excepted, Severity, Vulnerability};

/// How many vulnerabilities of each severity there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SeverityCounts(BTreeMap<Severity, usize>);

impl SeverityCounts {
    pub(crate) fn of(&self, severity: Severity) -> usize {
        self.0.get(&severity).copied().unwrap_or_default()
    }

    pub(crate) fn total(&self) -> usize {
        self.0.values().sum()
    }

    /// The worst severity; `None` if there are no vulnerabilities.
    pub(crate) fn worst(&self) -> Option<Severity> {
        self.0.keys().next().copied()
    }

    fn add(&mut self, severity: Severity, count: usize) {
        if count > 0 {
            *self.0.entry(severity).or_default() += count;
        }
    }
}

impl FromIterator<Severity> for SeverityCounts {
    fn from_iter<I: IntoIterator<Item = Severity>>(severities: I) -> Self {
        let mut counts = Self::default();
        severities.into_iter().for_each(|severity| counts.add(severity, 1));
        counts
    }
}

/// Vulnerabilities, the most serious first. Clones share them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct VulnerabilityList {
    named: Arc<[Vulnerability]>,
    /// How many are left out at the end, by their severity and whether they are known to be exploited.
    further: BTreeMap<(Severity, bool), usize>,
}

impl VulnerabilityList {
    /// Those that are not left out.
    pub(crate) fn named(&self) -> &[Vulnerability] {
        &self.named
    }

    /// How many are left out.
    pub(crate) fn further(&self) -> usize {
        self.further.values().sum()
    }

    /// How many there are, named or not.
    pub(crate) fn count(&self) -> usize {
        self.named.len() + self.further()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many there are of each severity, named or not.
    pub(crate) fn severities(&self) -> SeverityCounts {
        let mut counts: SeverityCounts = self.named.iter().map(|one| one.severity).collect();
        self.further.iter().for_each(|((severity, _), count)| counts.add(*severity, *count));
        counts
    }

    /// Those of which this holds, given their severity and whether they are known to be exploited.
    pub(crate) fn filtered(&self, holds: impl Fn(Severity, bool) -> bool) -> Self {
        let named = self.named.iter().filter(|one| holds(one.severity, one.known_exploited)).cloned();
        let further = self.further.iter().filter(|((severity, exploited), _)| holds(*severity, *exploited));
        Self { named: named.collect(), further: further.map(|(class, count)| (*class, *count)).collect() }
    }

    /// Leaves all but the first out.
    pub(crate) fn truncate(&mut self, count: usize) {
        let Some((kept, rest)) = self.named.split_at_checked(count).filter(|(_, rest)| !rest.is_empty()) else {
            return;
        };
        for one in rest {
            *self.further.entry((one.severity, one.known_exploited)).or_default() += 1;
        }
        self.named = kept.into();
    }
}

impl From<Vec<Vulnerability>> for VulnerabilityList {
    fn from(named: Vec<Vulnerability>) -> Self {
        Self { named: named.into(), further: BTreeMap::new() }
    }
}

impl FromIterator<Vulnerability> for VulnerabilityList {
    fn from_iter<I: IntoIterator<Item = Vulnerability>>(named: I) -> Self {
        Self { named: named.into_iter().collect(), further: BTreeMap::new() }
    }
}

/// Vulnerabilities that do not count. Clones share them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ExceptedList {
    pub named: Arc<[Excepted]>,
    /// How many are left out at the end.
    pub further: usize,
}

impl ExceptedList {
    /// How many there are, named or not.
    pub(crate) fn count(&self) -> usize {
        self.named.len() + self.further
    }

    /// Leaves all but the first out.
    pub(crate) fn truncate(&mut self, count: usize) {
        let Some((kept, rest)) = self.named.split_at_checked(count).filter(|(_, rest)| !rest.is_empty()) else {
            return;
        };
        self.further += rest.len();
        self.named = kept.into();
    }
}

impl FromIterator<Excepted> for ExceptedList {
    fn from_iter<I: IntoIterator<Item = Excepted>>(named: I) -> Self {
        Self { named: named.into_iter().collect(), further: 0 }
    }
}
