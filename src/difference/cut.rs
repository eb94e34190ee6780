//! One bound on what the lists of all differences of a run take in memory.
//!
//! Each difference may take the same; what small ones leave is for the others. Which part of a list is kept depends on the
//! sizes of all complete lists alone: so differences may be added in any order.

use std::collections::{BTreeMap, BTreeSet};

use super::account::{Difference, PlatformDifference, Whole};
use super::config::{ConfigChange, Field};
use super::words::{Places, hidden};
use crate::layers::{FileChange, FileKind};
use crate::packages::{LicenceNames, PackageChanges};
use crate::vulnerabilities::{Excepted, Vulnerability, VulnerabilityList};

/// The most bytes that the lists of several differences take. One alone has bounds of its own.
const ROOM: usize = 3 << 20;

/// How often a run holds what is not shared: in the difference, in its form for programs, in the run's results, and in
/// the document that is made of them.
const COPIES: usize = 4;

/// The longest text in a configuration of which something is left out, in bytes.
const TEXT: usize = 500;

/// Leaves out of the longest lists what there is no room for, and counts it.
pub(crate) fn fit<'d>(differences: impl IntoIterator<Item = &'d mut Difference>) {
    fit_into(ROOM, differences);
}

pub(super) fn fit_into<'d>(room: usize, differences: impl IntoIterator<Item = &'d mut Difference>) {
    let mut all: Vec<&mut Difference> = differences.into_iter().collect();
    all.iter_mut().for_each(|difference| release(difference));
    let sizes: Vec<Vec<usize>> = all.iter().map(|difference| sizes(difference)).collect();
    let each = share(sizes.iter().map(|sizes| sizes.iter().sum()).collect(), room);
    for (difference, sizes) in all.into_iter().zip(sizes) {
        if sizes.iter().sum::<usize>() > each {
            cut(difference, share(sizes.clone(), each), sizes);
        }
    }
}

/// The most that each may take so that all fit. It is rounded down, so that it does not change with every addition.
fn share(mut sizes: Vec<usize>, room: usize) -> usize {
    sizes.sort_unstable();
    let (mut left, mut others) = (room, sizes.len());
    for size in sizes {
        let each = left / others;
        if size > each {
            let rounded_off = each.checked_ilog2().unwrap_or_default().saturating_sub(3);
            return each >> rounded_off << rounded_off;
        }
        (left, others) = (left - size, others - 1);
    }
    usize::MAX
}

/// Lets go of the packages that do not differ. Platforms often share their lists, and go on to.
fn release(difference: &mut Difference) {
    each_once(&mut difference.platforms, PackageChanges::alone);
}

/// Replaces the packages of every platform; what platforms share is replaced once.
fn each_once(platforms: &mut [PlatformDifference], replace: impl Fn(&PackageChanges) -> PackageChanges) {
    let mut done: Vec<[PackageChanges; 2]> = Vec::new();
    for platform in platforms {
        let before = std::mem::take(&mut platform.packages);
        let known = done.iter().find(|[was, _]| was.is_shared_with(&before));
        let after = match known {
            Some([_, after]) => PackageChanges {
                licences_added: before.licences_added.clone(),
                licences_removed: before.licences_removed.clone(),
                ..after.clone()
            },
            None => replace(&before),
        };
        platform.packages = after.clone();
        done.push([before, after]);
    }
}

/// The bytes that each list takes, or took when it was complete.
fn sizes(difference: &Difference) -> Vec<usize> {
    if let Some(whole) = &difference.whole {
        return whole.sizes.clone();
    }
    let mut sizes = Vec::new();
    for (at, platform) in difference.platforms.iter().enumerate() {
        let packages = &platform.packages;
        let is_held = difference.platforms[..at].iter().any(|other| other.packages.is_shared_with(packages));
        sizes.extend(if is_held { [0; 4] } else { packages.sizes() });
        let licences = [&packages.licences_added, &packages.licences_removed];
        sizes.extend(licences.map(|licences| licences.names.iter().map(|name| licence(name)).sum::<usize>()));
        sizes.push(platform.files.iter().map(file).sum());
        sizes.push(platform.config.iter().map(setting).sum());
    }
    let vulnerabilities = &difference.vulnerabilities;
    let lists = [&vulnerabilities.fixed, &vulnerabilities.new];
    sizes.extend(lists.map(|list| list.named().iter().map(vulnerability).sum::<usize>()));
    sizes.push(vulnerabilities.excepted.named.iter().map(exception).sum());
    sizes
}

fn licence(name: &str) -> usize {
    COPIES * (size_of::<String>() + name.len())
}

fn file(file: &FileChange) -> usize {
    COPIES * (size_of::<FileChange>() + file.path.len())
}

fn setting(change: &ConfigChange) -> usize {
    let texts = [&change.from, &change.to].into_iter().flatten();
    COPIES * (size_of::<ConfigChange>() + texts.map(String::len).sum::<usize>())
}

fn vulnerability(one: &Vulnerability) -> usize {
    size_of::<Vulnerability>() + one.id.len() + one.package.len()
}

fn exception(one: &Excepted) -> usize {
    size_of::<Excepted>() + one.id.len() + one.package.len() + one.reason.len()
}

/// Leaves each list as much as fits into so many bytes: the most important first, which needs to be found out only once.
fn cut(difference: &mut Difference, each: usize, sizes: Vec<usize>) {
    let is_first = difference.whole.is_none();
    if is_first {
        difference.whole = Some(Box::new(whole(difference, sizes)));
        difference.platforms.iter_mut().for_each(arrange);
    }
    let ranks = if is_first { ranks(difference) } else { BTreeMap::new() };
    let rank = |name: &str| ranks.get(name).copied().unwrap_or(usize::MAX);
    each_once(&mut difference.platforms, |packages| packages.first(each, is_first.then_some(&rank)));
    for platform in &mut difference.platforms {
        shorten(&mut platform.packages.licences_added, each);
        shorten(&mut platform.packages.licences_removed, each);
        let files = platform.files.split_off(fitting(platform.files.iter().map(file), each));
        files.iter().for_each(|file| *platform.files_omitted.entry(file.what).or_default() += 1);
        let decisive = platform.config.iter().take_while(|change| is_decisive(change.field)).count();
        let settings = fitting(platform.config.iter().map(setting), each).max(decisive);
        let settings = platform.config.split_off(settings);
        settings.iter().for_each(|change| *platform.config_omitted.entry(change.field).or_default() += 1);
    }
    let vulnerabilities = &mut difference.vulnerabilities;
    for list in [&mut vulnerabilities.fixed, &mut vulnerabilities.new] {
        list.truncate(fitting(list.named().iter().map(vulnerability), each));
    }
    let excepted = &mut vulnerabilities.excepted;
    excepted.truncate(fitting(excepted.named.iter().map(exception), each));
}

/// How many of these sizes fit.
fn fitting(sizes: impl Iterator<Item = usize>, bytes: usize) -> usize {
    let sums = sizes.scan(0, |sum: &mut usize, size| {
        *sum += size;
        Some(*sum)
    });
    sums.take_while(|sum| *sum <= bytes).count()
}

fn shorten(licences: &mut LicenceNames, bytes: usize) {
    let kept = fitting(licences.names.iter().map(|name| licence(name)), bytes);
    licences.further += licences.names.len() - kept;
    licences.names = std::mem::take(&mut licences.names).into_iter().take(kept).collect();
}

/// Sentences rely on these: they are never left out.
const fn is_decisive(field: Field) -> bool {
    matches!(field, Field::User | Field::Entrypoint)
}

/// Files and configuration, the most important first; texts no longer than anything shows.
fn arrange(platform: &mut PlatformDifference) {
    platform.files.sort_by_key(|file| file.what);
    platform.config.sort_by_key(|change| match change.field {
        field if is_decisive(field) => 0,
        Field::Env | Field::Label => 2,
        _ => 1,
    });
    let texts = platform.config.iter_mut().flat_map(|change| [&mut change.from, &mut change.to]);
    texts.flatten().for_each(|text| {
        text.truncate(text.floor_char_boundary(TEXT));
        text.shrink_to_fit();
    });
}

/// The packages that vulnerabilities are in, the most serious first.
fn ranks(difference: &Difference) -> BTreeMap<String, usize> {
    let changes = &difference.vulnerabilities;
    let mut ranks = BTreeMap::new();
    for one in changes.new.named().iter().chain(changes.fixed.named()) {
        let next = ranks.len();
        ranks.entry(one.package.clone()).or_insert(next);
    }
    ranks
}

/// What is said of complete lists.
fn whole(difference: &Difference, sizes: Vec<usize>) -> Whole {
    let platforms = &difference.platforms;
    let removed: BTreeSet<&str> =
        platforms.iter().flat_map(|platform| platform.packages.removed.iter()).map(|package| package.name).collect();
    let downgraded: BTreeSet<_> = platforms.iter().flat_map(|platform| platform.packages.downgraded.iter()).collect();
    let licences = || platforms.iter().map(|platform| &platform.packages.licences_added);
    let named: BTreeSet<&String> = licences().flat_map(|licences| &licences.names).collect();
    let files: BTreeSet<&FileChange> = platforms.iter().flat_map(|platform| &platform.files).collect();
    let mut kinds = BTreeMap::<FileKind, usize>::new();
    files.into_iter().for_each(|file| *kinds.entry(file.what).or_default() += 1);
    let places = Places::of(difference);
    Whole {
        sizes,
        hidden: hidden(difference),
        removed: removed.len(),
        downgraded: downgraded.len(),
        licences: named.len() + licences().map(|licences| licences.further).max().unwrap_or_default(),
        files: kinds,
        fixed_by_removal: places.fixed_by_removal(),
        places: places.common(),
    }
}

impl Difference {
    /// How many entries of lists are left out; `None` if none are.
    pub(crate) fn omitted(&self) -> Option<usize> {
        self.whole.as_ref()?;
        let of_platform = |platform: &PlatformDifference| {
            let PackageChanges { licences_added, licences_removed, omitted, .. } = &platform.packages;
            let settings = platform.config_omitted.values().chain(platform.files_omitted.values()).sum::<usize>();
            omitted.total() + licences_added.further + licences_removed.further + settings
        };
        let vulnerabilities = &self.vulnerabilities;
        let further = |list: &VulnerabilityList| list.further();
        let of_image =
            further(&vulnerabilities.fixed) + further(&vulnerabilities.new) + vulnerabilities.excepted.further;
        Some(self.platforms.iter().map(of_platform).sum::<usize>() + of_image)
    }
}
