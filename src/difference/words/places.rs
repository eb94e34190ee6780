//! On which platforms vulnerable packages changed.

use std::collections::{BTreeMap, BTreeSet};

use super::platforms::{compared, names};
use super::style::Style;
use crate::difference::{Difference, PlatformDifference};
use crate::vulnerabilities::{Vulnerability, VulnerabilityChanges};

/// What the packages of fixed and new vulnerabilities tell of these.
pub(crate) struct Places<'d> {
    difference: &'d Difference,
    platforms: Vec<&'d PlatformDifference>,
    /// By package, the platforms on which it changed.
    changed: BTreeMap<&'d str, BTreeSet<usize>>,
    /// Packages that no platform has any more.
    removed: BTreeSet<&'d str>,
}

impl<'d> Places<'d> {
    pub(crate) fn of(difference: &'d Difference) -> Self {
        let changes = &difference.vulnerabilities;
        let vulnerable: BTreeSet<&str> =
            changes.new.named().iter().chain(changes.fixed.named()).map(|v| v.package.as_str()).collect();
        let platforms = compared(difference);
        let (mut changed, mut removed) = (BTreeMap::<&str, BTreeSet<usize>>::new(), BTreeSet::new());
        let mut stays: BTreeSet<&str> = BTreeSet::new();
        for (at, platform) in platforms.iter().enumerate() {
            let packages = &platform.packages;
            let gone = packages.removed.iter().map(|package| package.name);
            let versions = packages.upgraded.iter().chain(packages.downgraded.iter()).map(|change| change.name);
            let here = versions.chain(packages.added.iter().map(|package| package.name));
            for name in gone.filter(|name| vulnerable.contains(name)) {
                removed.insert(name);
                changed.entry(name).or_default().insert(at);
            }
            for name in here.filter(|name| vulnerable.contains(name)) {
                stays.insert(name);
                changed.entry(name).or_default().insert(at);
            }
        }
        removed.retain(|name| !stays.contains(name));
        Self { difference, platforms, changed, removed }
    }

    /// ` on linux/arm64`, if the package changed there and not on all platforms.
    pub(super) fn on(&self, one: &Vulnerability, style: Style) -> String {
        self.place(one).map(|on| self.words(on, style)).unwrap_or_default()
    }

    /// The same for all fixed vulnerabilities, if it is the same for all of them.
    pub(super) fn of_fixed(&self, style: Style) -> String {
        let [fixed, _] = self.common();
        fixed.map(|on| self.words(&on, style)).unwrap_or_default()
    }

    /// The same for all new ones.
    pub(super) fn of_new(&self, style: Style) -> String {
        let [_, new] = self.common();
        new.map(|on| self.words(&on, style)).unwrap_or_default()
    }

    /// Where the packages of all fixed vulnerabilities changed, and of all new ones; `None` if they are not the same for
    /// all of them, or all platforms.
    pub(in crate::difference) fn common(&self) -> [Option<BTreeSet<usize>>; 2] {
        if let Some(whole) = &self.difference.whole {
            return whole.places.clone();
        }
        let VulnerabilityChanges { fixed, new, .. } = &self.difference.vulnerabilities;
        [fixed, new].map(|all| {
            let mut places = all.named().iter().map(|one| self.place(one));
            let first = places.next()??;
            places.all(|place| place == Some(first)).then(|| first.clone())
        })
    }

    /// How many vulnerabilities are fixed because their package was removed.
    pub(in crate::difference) fn fixed_by_removal(&self) -> usize {
        let fixed = self.difference.vulnerabilities.fixed.named().iter();
        let whole = self.difference.whole.as_ref().map(|whole| whole.fixed_by_removal);
        whole.unwrap_or_else(|| fixed.filter(|one| self.is_removed(one)).count())
    }

    /// The positions of the platforms, if the package changed there and not on all of them.
    fn place(&self, one: &Vulnerability) -> Option<&BTreeSet<usize>> {
        self.changed.get(one.package.as_str()).filter(|on| on.len() < self.platforms.len())
    }

    fn words(&self, on: &BTreeSet<usize>, style: Style) -> String {
        format!(" on {}", names(on.iter().filter_map(|at| self.platforms.get(*at).copied()), style))
    }

    /// Whether the image has no such package any more.
    pub(super) fn is_removed(&self, one: &Vulnerability) -> bool {
        self.removed.contains(one.package.as_str())
    }
}
