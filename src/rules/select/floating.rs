//! Which tags float, told by the longer ones that are published beside them.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::number::Number;
use super::super::version::Version;

/// From how many series without longer versions, all after the only one that has some, that one is an exception.
const NO_HABIT: usize = 3;

/// The beginnings of longer versions, to tell what floats: a version is floating where something longer is published
/// beside it, that is, with the same parts before its last. `1` and `1.27` float beside `1.27.3`, and so does `1.28`
/// before its first patch is there; `16.4` does not because of `9.6.24`.
///
/// An exception makes no habit: where one series alone has longer versions and three or more after it have none, as with
/// `3.4.1` before `3.5`, `3.6` and `3.7`, only that series' own `3.4` floats. A second series that has some is a habit:
/// between 2.555.1 and 2.568.1 the releases of two parts are of another kind.
///
/// One or two parts float also where bare builds of them are published: `9.4` beside `9.4-1123`.
pub(super) struct FloatingVersions<'a> {
    /// By the parts before the last: the last parts of what has something longer.
    beginnings: HashMap<&'a [Number], Series<'a>>,
    built: HashSet<&'a [Number]>,
}

/// The series under one beginning that have longer versions.
enum Series<'a> {
    /// Several, or one that the others are like.
    Any,
    /// This one alone.
    One(&'a Number),
}

impl<'a> FloatingVersions<'a> {
    pub(super) fn new(versions: impl Iterator<Item = &'a Version> + Clone) -> Self {
        let (mut beginnings, mut built) = (HashMap::new(), HashSet::new());
        for version in versions.clone() {
            begins(&mut beginnings, &version.numbers);
            if version.precision() < 3 && version.build.iter().any(|b| matches!(b.word.as_str(), "" | "_")) {
                built.insert(&*version.numbers);
            }
        }
        habits(&mut beginnings, versions);
        Self { beginnings, built }
    }

    /// Whether the version moves.
    pub(super) fn floats(&self, version: &Version) -> bool {
        self.beside(version) || self.built(version)
    }

    /// Whether longer versions are published beside it.
    pub(super) fn beside(&self, version: &Version) -> bool {
        let Some((last, before)) = version.numbers.split_last() else { return false };
        match self.beginnings.get(before) {
            None => false,
            Some(Series::Any) => true,
            Some(Series::One(series)) => *series == last,
        }
    }

    /// Whether builds of this very version are published beside it.
    pub(super) fn built(&self, version: &Version) -> bool {
        version.build.is_empty() && version.commit.is_none() && self.built.contains(&*version.numbers)
    }
}

/// Notes every beginning of a longer version.
fn begins<'a>(beginnings: &mut HashMap<&'a [Number], Series<'a>>, numbers: &'a [Number]) {
    let mut shorter = numbers;
    while let Some((last, before)) = shorter.split_last().map(|(_, series)| series).and_then(<[Number]>::split_last) {
        match beginnings.get_mut(before) {
            None => _ = beginnings.insert(before, Series::One(last)),
            Some(series) => {
                if matches!(series, Series::One(one) if *one != last) {
                    *series = Series::Any;
                }
                // Whoever noted it first noted what is shorter.
                return;
            }
        }
        shorter = &shorter[..shorter.len() - 1];
    }
}

/// A single series stays alone only where enough after it have nothing longer. Numbers of one part are no series of
/// anything: beside `1.2.3` a `20481` is a counter.
fn habits<'a>(beginnings: &mut HashMap<&'a [Number], Series<'a>>, versions: impl Iterator<Item = &'a Version>) {
    let mut after: HashMap<&[Number], BTreeSet<&Number>> = HashMap::new();
    for version in versions.filter(|version| version.precision() > 1) {
        let Some((last, before)) = version.numbers.split_last() else { continue };
        if matches!(beginnings.get(before), Some(Series::One(one)) if last > *one) {
            after.entry(before).or_default().insert(last);
        }
    }
    for (before, series) in beginnings {
        if after.get(before).is_none_or(|after| after.len() < NO_HABIT) {
            *series = Series::Any;
        }
    }
}
