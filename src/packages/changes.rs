//! How two lists of packages differ.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::list::List;
use super::purl::ecosystem;
use super::versions::compare;
use super::{LicenceNames, Package, PackageChanges, PackageCounts, Packages, VersionChanges};

/// The most licences that are named as new, and as gone.
const LICENCES: usize = 1_000;

/// Two lists, and the positions in them of what differs: lists can be long, so nothing is copied.
struct Differing<'a> {
    from: &'a Packages,
    to: &'a Packages,
    added: Vec<u32>,
    removed: Vec<u32>,
    upgraded: Vec<Moved>,
    downgraded: Vec<Moved>,
}

/// One package in both lists.
#[derive(Clone, Copy)]
struct Moved {
    from: u32,
    to: u32,
}

/// How `to` differs from `from`. Which of two versions is newer is decided by the order of the package's ecosystem; where
/// that does not tell, the one is removed and the other added.
pub(crate) fn changes(from: &Packages, to: &Packages) -> PackageChanges {
    let (licences_added, licences_removed) = {
        let (before, after) = (licences(from), licences(to));
        (only(&after, &before), only(&before, &after))
    };
    let Differing { added, removed, upgraded, downgraded, .. } = Differing::of(from, to);
    let moved = |all: &[Moved]| {
        let (of_former, of_new): (Vec<u32>, Vec<u32>) = all.iter().map(|one| (one.from, one.to)).unzip();
        VersionChanges::select(from, to, &of_former, &of_new)
    };
    PackageChanges {
        added: to.select(&added),
        removed: from.select(&removed),
        upgraded: moved(&upgraded),
        downgraded: moved(&downgraded),
        licences_added,
        licences_removed,
        omitted: PackageCounts::default(),
    }
}

/// The licences that only `these` have.
fn only(these: &BTreeSet<&str>, those: &BTreeSet<&str>) -> LicenceNames {
    let all = these.difference(those);
    let further = all.clone().count().saturating_sub(LICENCES);
    LicenceNames { names: all.take(LICENCES).map(|licence| (*licence).to_owned()).collect(), further }
}

/// The packages that lists by others leave unchanged, though the image's own databases show a change, are added to these
/// lists as the databases have them. Returns how many packages these are: they are told apart by their names.
///
/// # Errors
/// If a list would have too many packages then, in words.
pub(crate) fn complete(lists: [&mut Packages; 2], databases: [&Packages; 2]) -> Result<usize, String> {
    let shown = Differing::of(databases[0], databases[1]).names();
    if shown.is_empty() {
        return Ok(0);
    }
    let unsaid: Vec<&str> = {
        let said = Differing::of(lists[0], lists[1]).names();
        shown.into_iter().filter(|name| said.binary_search(name).is_err()).collect()
    };
    if unsaid.is_empty() {
        return Ok(0);
    }
    let is_unsaid = |name: &str| unsaid.binary_search(&name).is_ok();
    for (list, database) in lists.into_iter().zip(databases) {
        let kept = list.iter().filter(|package| !is_unsaid(package.name));
        let mut list_of_both = List::default();
        for package in kept.chain(database.iter().filter(|package| is_unsaid(package.name))) {
            list_of_both.push(package).map_err(|why| format!("with the databases in layers, {why}"))?;
        }
        *list = list_of_both.unsorted();
    }
    Ok(unsaid.len())
}

fn licences(packages: &Packages) -> BTreeSet<&str> {
    packages.iter().flat_map(super::Package::licences).collect()
}

impl<'a> Differing<'a> {
    fn of(from: &'a Packages, to: &'a Packages) -> Self {
        let (added, removed, upgraded, downgraded) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut differing = Self { from, to, added, removed, upgraded, downgraded };
        let (was, is) = (sorted(from), sorted(to));
        let (mut was, mut is) = (was.as_slice(), is.as_slice());
        while let Some(kind) = first(from, was).into_iter().chain(first(to, is)).min() {
            let count = |list: &Packages, at: &[u32]| at.partition_point(|at| kind_of(list.at(*at)) == kind);
            let (of_former, rest_of_former) = was.split_at(count(from, was));
            let (of_new, rest_of_new) = is.split_at(count(to, is));
            differing.add(of_former, of_new, kind.1);
            (was, is) = (rest_of_former, rest_of_new);
        }
        differing
    }

    /// Adds one package: of some (npm's, for instance) an image holds several versions. Versions that both images hold
    /// are no change. Of the others, the newest of the one is compared with the newest of the other, and so on; what is
    /// left over was removed or added.
    fn add(&mut self, from: &[u32], to: &[u32], ecosystem: &str) {
        let (was, is) = (self.from, self.to);
        let has = |list: &Packages, at: &[u32], version: &str| {
            at.binary_search_by(|at| list.at(*at).version.cmp(version)).is_ok()
        };
        let former: Vec<u32> = from.iter().copied().filter(|at| !has(is, to, was.at(*at).version)).collect();
        let new: Vec<u32> = to.iter().copied().filter(|at| !has(was, from, is.at(*at).version)).collect();
        let (mut former, mut new) = (newest_first(was, former, ecosystem), newest_first(is, new, ecosystem));
        let pairs = former.len().min(new.len());
        self.removed.extend(former.drain(pairs..));
        self.added.extend(new.drain(pairs..));
        for (from, to) in former.into_iter().zip(new) {
            match compare(ecosystem, was.at(from).version, is.at(to).version) {
                Some(Ordering::Less) => self.upgraded.push(Moved { from, to }),
                Some(Ordering::Greater) => self.downgraded.push(Moved { from, to }),
                Some(Ordering::Equal) | None => {
                    self.removed.push(from);
                    self.added.push(to);
                }
            }
        }
    }

    /// The names of all packages that differ, in order, each once.
    fn names(&self) -> Vec<&'a str> {
        let moved = self.upgraded.iter().chain(&self.downgraded).map(|moved| moved.to);
        let new = moved.chain(self.added.iter().copied()).map(|at| self.to.at(at).name);
        let mut names: Vec<&str> = new.chain(self.removed.iter().map(|at| self.from.at(*at).name)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Name and ecosystem, which tell packages apart.
fn kind_of(package: Package<'_>) -> (&str, &str) {
    (package.name, ecosystem(package))
}

fn first<'a>(list: &'a Packages, at: &[u32]) -> Option<(&'a str, &'a str)> {
    at.first().map(|at| kind_of(list.at(*at)))
}

/// The positions of packages in order of names, ecosystems and versions, each once.
fn sorted(list: &Packages) -> Vec<u32> {
    let key = |at: &u32| (kind_of(list.at(*at)), list.at(*at).version);
    let mut positions: Vec<u32> = (0..u32::try_from(list.len()).unwrap_or_default()).collect();
    positions.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
    positions.dedup_by(|a, b| key(a) == key(b));
    positions
}

/// What cannot be compared comes last, in the order of its text.
fn newest_first(list: &Packages, positions: Vec<u32>, ecosystem: &str) -> Vec<u32> {
    let version = |at: &u32| list.at(*at).version;
    let is_comparable = |at: &u32| compare(ecosystem, version(at), version(at)).is_some();
    let (mut known, unknown): (Vec<u32>, Vec<u32>) = positions.into_iter().partition(is_comparable);
    known.sort_by(|a, b| compare(ecosystem, version(b), version(a)).unwrap_or(Ordering::Equal));
    known.extend(unknown);
    known
}
