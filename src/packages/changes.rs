//! How two lists of packages differ.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::purl::ecosystem;
use super::versions::compare;
use super::{Package, PackageChanges, VersionChange};

/// The versions of one package in two images: of some (npm's, for instance) an image holds several.
#[derive(Default)]
struct Versions<'a> {
    from: BTreeMap<&'a str, &'a Package>,
    to: BTreeMap<&'a str, &'a Package>,
}

/// How `to` differs from `from`. Which of two versions is newer is decided by the order of the package's ecosystem; where
/// that does not tell, the one is removed and the other added.
pub(crate) fn changes(from: &[Package], to: &[Package]) -> PackageChanges {
    let mut all: BTreeMap<(&str, &str), Versions<'_>> = BTreeMap::new();
    for package in from {
        all.entry((&package.name, ecosystem(package))).or_default().from.insert(&package.version, package);
    }
    for package in to {
        all.entry((&package.name, ecosystem(package))).or_default().to.insert(&package.version, package);
    }
    let mut changes = PackageChanges::default();
    for ((_, ecosystem), versions) in all {
        versions.add_to(&mut changes, ecosystem);
    }
    let (before, after) = (licences(from), licences(to));
    changes.licences_added = after.difference(&before).map(|licence| (*licence).to_owned()).collect();
    changes.licences_removed = before.difference(&after).map(|licence| (*licence).to_owned()).collect();
    changes
}

/// The packages that lists by others leave unchanged, though the image's own databases show a change, are added to these
/// lists as the databases have them. Returns how many packages these are: they are told apart by their names.
pub(crate) fn complete(lists: [&mut Vec<Package>; 2], databases: [&[Package]; 2]) -> usize {
    let said = changed_names(&changes(lists[0], lists[1]));
    let shown = changed_names(&changes(databases[0], databases[1]));
    let unsaid: BTreeSet<&String> = shown.difference(&said).collect();
    for (list, database) in lists.into_iter().zip(databases) {
        list.retain(|package| !unsaid.contains(&package.name));
        list.extend(database.iter().filter(|package| unsaid.contains(&package.name)).cloned());
    }
    unsaid.len()
}

fn changed_names(changes: &PackageChanges) -> BTreeSet<String> {
    let packages = changes.added.iter().chain(&changes.removed).map(|package| &package.name);
    packages.chain(changes.upgraded.iter().chain(&changes.downgraded).map(|change| &change.name)).cloned().collect()
}

fn licences(packages: &[Package]) -> BTreeSet<&str> {
    packages.iter().flat_map(|package| &package.licences).map(String::as_str).collect()
}

impl Versions<'_> {
    /// Versions that both images hold are no change. Of the others, the newest of the one is compared with the newest of
    /// the other, and so on; what is left over was removed or added.
    fn add_to(mut self, changes: &mut PackageChanges, ecosystem: &str) {
        let both: Vec<&str> = self.from.keys().copied().filter(|version| self.to.contains_key(version)).collect();
        for version in both {
            self.from.remove(version);
            self.to.remove(version);
        }
        let (mut from, mut to) = (newest_first(self.from, ecosystem), newest_first(self.to, ecosystem));
        let pairs = from.len().min(to.len());
        changes.removed.extend(from.drain(pairs..).cloned());
        changes.added.extend(to.drain(pairs..).cloned());
        for (from, to) in from.into_iter().zip(to) {
            let change = VersionChange {
                name: to.name.clone(),
                from: from.version.clone(),
                to: to.version.clone(),
                purl: to.purl.clone(),
            };
            match compare(ecosystem, &from.version, &to.version) {
                Some(Ordering::Less) => changes.upgraded.push(change),
                Some(Ordering::Greater) => changes.downgraded.push(change),
                Some(Ordering::Equal) | None => {
                    changes.removed.push(from.clone());
                    changes.added.push(to.clone());
                }
            }
        }
    }
}

/// What cannot be compared comes last, in the order of its text.
fn newest_first<'a>(versions: BTreeMap<&'a str, &'a Package>, ecosystem: &str) -> Vec<&'a Package> {
    let comparable = |package: &Package| compare(ecosystem, &package.version, &package.version).is_some();
    let (mut known, unknown): (Vec<_>, Vec<_>) = versions.into_values().partition(|package| comparable(package));
    known.sort_by(|a, b| compare(ecosystem, &b.version, &a.version).unwrap_or(Ordering::Equal));
    known.extend(unknown);
    known
}
