//! On which platforms vulnerable packages changed.

use std::collections::{BTreeMap, BTreeSet};

use super::platforms::{compared, names};
use super::style::Style;
use crate::difference::{Difference, PlatformDifference};
use crate::vulnerabilities::Vulnerability;

/// What the packages of fixed and new vulnerabilities tell of these.
pub(crate) struct Places<'d> {
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
        Self { platforms, changed, removed }
    }

    /// ` on linux/arm64`, if the package changed there and not on all platforms.
    pub(super) fn on(&self, one: &Vulnerability, style: Style) -> String {
        let Some(on) = self.changed.get(one.package.as_str()).filter(|on| on.len() < self.platforms.len()) else {
            return String::new();
        };
        format!(" on {}", names(on.iter().filter_map(|at| self.platforms.get(*at).copied()), style))
    }

    /// The same for several, if it is the same for all of them.
    pub(super) fn on_one(&self, all: &[Vulnerability], style: Style) -> String {
        let mut places: BTreeSet<String> = all.iter().map(|one| self.on(one, style)).collect();
        let one = places.pop_first().unwrap_or_default();
        if places.is_empty() { one } else { String::new() }
    }

    /// Whether the image has no such package any more.
    pub(super) fn is_removed(&self, one: &Vulnerability) -> bool {
        self.removed.contains(one.package.as_str())
    }
}
