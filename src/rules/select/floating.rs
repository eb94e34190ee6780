//! Which tags float, recognized by the longer ones that are also published.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::number::Number;
use super::super::version::Version;

/// How many two-part releases without longer versions, after the only one with some, make that one an exception.
const NO_HABIT: usize = 3;

/// The versions of a list by what is published beside them: a version floats if something longer exists, with the same
/// parts and more. `1` and `1.27` float beside `1.27.3`; `16.4` does not because of `9.6.24`.
///
/// Its neighbours, which differ only in their last part, float with it: beside `1.27.3`, `1.28` floats even before its
/// first patch. But an exception makes no habit, such as `21.0.12.1` before `21.0.13`, if nothing newer is longer. With
/// two parts that takes more, because such tags usually do float: a single series, and three or more after it, as with
/// `3.4.1` before `3.5`, `3.6` and `3.7`. A second series with longer versions is a habit: between 2.555.1 and 2.568.1
/// the two-part releases are of another kind. One-part numbers are not releases if anything longer exists.
///
/// One or two parts also float beside their bare builds, `9.4` beside `9.4-1123`, with their neighbours up to that, and
/// a single part beside its early prereleases, `26` beside `26-ea-8`, unless other releases have a single part too.
pub(super) struct FloatingVersions<'a> {
    longer: Beside<'a>,
    built: Beside<'a>,
    /// One-part numbers that have early prereleases.
    previewed: HashSet<&'a Number>,
    /// Whether any one-part number is released without any of that.
    counts: bool,
}

/// Why a version floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Floats {
    /// Longer versions are also published.
    Longer,
    /// Builds of it are published.
    Built,
    /// Longer versions or builds of its neighbours are also published.
    Neighbours,
    /// Prereleases of it are published.
    Previewed,
}

/// The versions that have something longer, or a build, beside them.
#[derive(Default)]
struct Beside<'a> {
    all: HashSet<&'a [Number]>,
    /// By the parts before the last.
    series: HashMap<&'a [Number], Series<'a>>,
}

/// The versions with the same beginning that have something beside them.
struct Series<'a> {
    /// The newest of them by its last part.
    newest: &'a Number,
    several: bool,
    /// The releases after it that have nothing beside them, by their last part.
    after: BTreeSet<&'a Number>,
}

impl<'a> FloatingVersions<'a> {
    /// Those of a list; for versions that are not the family's `own`, only one and two parts float beside them.
    pub(super) fn new(versions: impl Iterator<Item = &'a Version> + Clone, own: impl Fn(&Version) -> bool) -> Self {
        let (mut longer, mut built, mut previewed) = (Beside::default(), Beside::default(), HashSet::new());
        for version in versions.clone() {
            longer.add_beginnings(&version.numbers, if own(version) { usize::MAX } else { 2 });
            if version.precision() < 3 && version.build.iter().any(|b| matches!(b.word.as_str(), "" | "_")) {
                built.add(&version.numbers);
            }
            if let ([number], true) = (&*version.numbers, version.prerelease.is_early()) {
                previewed.insert(number);
            }
        }
        for version in versions.clone().filter(|version| is_plain(version) && !version.is_prerelease()) {
            longer.look_past(&version.numbers);
            built.look_past(&version.numbers);
        }
        let mut floating = Self { longer, built, previewed, counts: false };
        floating.counts = versions
            .filter(|v| v.precision() == 1 && is_plain(v) && !v.is_prerelease())
            .any(|v| !floating.previewed.contains(&v.numbers[0]) && floating.told(v).is_none());
        floating
    }

    /// Whether the version floats, and why, if no approval shows what releases look like.
    pub(super) fn floats(&self, version: &Version) -> Option<Floats> {
        self.told(version).or_else(|| self.previewed(version))
    }

    /// Why it floats, judging by longer versions or builds.
    fn told(&self, version: &Version) -> Option<Floats> {
        self.longer(version).or_else(|| self.built(version))
    }

    /// Whether longer versions are published beside it or its neighbours.
    pub(super) fn longer(&self, version: &Version) -> Option<Floats> {
        self.longer.floats(&version.numbers, Floats::Longer, Series::is_habit)
    }

    /// Whether bare builds of it or its neighbours are published.
    pub(super) fn built(&self, version: &Version) -> Option<Floats> {
        let bare = is_plain(version) && version.precision() < 3;
        bare.then(|| self.built.floats(&version.numbers, Floats::Built, |series, _| series.after.is_empty())).flatten()
    }

    /// Whether it is one part, and its release only has prereleases so far.
    pub(super) fn previewed(&self, version: &Version) -> Option<Floats> {
        let [number] = &*version.numbers else { return None };
        let name = is_plain(version) && !version.is_prerelease() && !self.counts;
        (name && self.previewed.contains(number)).then_some(Floats::Previewed)
    }
}

/// Whether the version consists only of numbers.
fn is_plain(version: &Version) -> bool {
    version.build.is_empty() && version.commit.is_none()
}

impl<'a> Beside<'a> {
    /// Adds the shorter versions that may float beside a version, up to this many parts.
    fn add_beginnings(&mut self, numbers: &'a [Number], most: usize) {
        for parts in (1..numbers.len()).rev().filter(|parts| *parts <= most) {
            if !self.add(&numbers[..parts]) {
                // whoever added it first added the shorter ones too
                return;
            }
        }
    }

    fn add(&mut self, numbers: &'a [Number]) -> bool {
        let new = self.all.insert(numbers);
        if let Some((last, before)) = numbers.split_last().filter(|_| new) {
            let series =
                self.series.entry(before).or_insert(Series { newest: last, several: false, after: BTreeSet::new() });
            series.several |= series.newest != last;
            series.newest = series.newest.max(last);
        }
        new
    }

    /// Looks at a release: if it has nothing beside it and is newer than those that have, they may be exceptions.
    fn look_past(&mut self, numbers: &'a [Number]) {
        let Some((last, before)) = numbers.split_last() else { return };
        if let Some(series) = self.series.get_mut(before).filter(|series| last > series.newest) {
            series.after.insert(last);
        }
    }

    fn floats(&self, numbers: &[Number], own: Floats, is_habit: fn(&Series<'a>, usize) -> bool) -> Option<Floats> {
        if self.all.contains(numbers) {
            return Some(own);
        }
        let (_, before) = numbers.split_last()?;
        self.series.get(before).filter(|series| is_habit(series, before.len() + 1)).map(|_| Floats::Neighbours)
    }
}

impl Series<'_> {
    /// Whether the neighbours of this series, with this many parts, float beside longer versions as it does.
    fn is_habit(&self, parts: usize) -> bool {
        match parts {
            1 => true,
            2 => self.several || self.after.len() < NO_HABIT,
            _ => self.after.is_empty(),
        }
    }
}
