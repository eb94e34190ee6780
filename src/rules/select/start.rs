//! Where an image without approvals starts.

use std::cell::OnceCell;
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

use super::super::number::Number;
use super::super::version::{Numbering, Version};
use super::super::{Follow, Variant, VersionRule, vocabulary};
use super::family::{Family, may_begin, wanted_version};
use super::floating::{FloatingVersions, Floats};
use super::readings::Readings;

/// How many newer releases with a build or a commit it takes for the plain ones to count as abandoned.
pub(super) const LEFT_BEHIND: usize = 3;

/// How many tags that may move are checked, newest first, for what they move with.
const LOOKED_AT: usize = 20;

/// Where an image begins. All series are considered together, so that no stray series (a lone `20240601`, a `4` before
/// its first release) becomes a line; and only on demand, since that takes the whole list.
pub(super) struct Start<'a> {
    rule: &'a VersionRule,
    tags: &'a Readings<'a>,
    floating: OnceCell<FloatingVersions<'a>>,
    family: OnceCell<Option<Family>>,
}

impl<'a> Start<'a> {
    pub(super) const fn new(rule: &'a VersionRule, tags: &'a Readings<'a>) -> Self {
        Self { rule, tags, floating: OnceCell::new(), family: OnceCell::new() }
    }

    /// What floats, whatever the images are made of: `21` also moves beside `21.0.11_10-jdk`.
    pub(super) fn floating(&self) -> &FloatingVersions<'a> {
        let versions = || self.tags.versions().filter(|version| version.prefix.is_empty());
        self.floating.get_or_init(|| FloatingVersions::new(versions(), |version| may_begin(version, self.rule)))
    }

    /// The family of one series: if the rule accepts any suffix, each may have its own.
    pub(super) fn family<'v>(&self, series: impl Iterator<Item = &'v Version>) -> Option<Family> {
        let family = self.family.get_or_init(|| first(self.tags.versions(), self.rule, self.floating())).clone()?;
        if self.rule.variant != Some(Variant::Any) {
            return Some(family);
        }
        first(series, self.rule, self.floating()).filter(|own| own.counts_like(&family))
    }
}

/// The family to begin with: no prefix, no variant but the rule's, no architecture; nothing that floats, and no days if
/// there is anything else; no builds and commits, unless plain versions were [abandoned](left_behind). `None` if there
/// is nothing to follow, or only what is older than a tag that moves.
fn first<'v>(
    versions: impl Iterator<Item = &'v Version>,
    rule: &VersionRule,
    floating: &FloatingVersions<'_>,
) -> Option<Family> {
    let rank = |v: &Version| (floating.floats(v).is_none(), v.numbering() != Numbering::Day);
    let all: Vec<&Version> = versions.collect();
    let eligible: Vec<&Version> =
        all.iter().copied().filter(|v| may_begin(v, rule) && wanted_version(v, rule)).collect();
    let best = eligible.iter().map(|v| rank(v)).max()?;
    let moving = moving(&eligible, &all, floating);
    let (plain, marked): (Vec<&Version>, Vec<&Version>) =
        eligible.into_iter().filter(|v| rank(v) == best).partition(|v| v.build.is_empty() && v.commit.is_none());
    let newer = left_behind(&plain, &marked);
    let among = if plain.is_empty() { released(marked) } else { newer.unwrap_or(plain) };
    let newest = among.into_iter().max_by(|a, b| better(a, b))?;
    // what is older than a tag that moves was abandoned for what that moves with
    let left = rule.follow == Follow::Latest && moving.is_some_and(|moving| *moving > *newest.numbers);
    (!left).then(|| Family::shape(newest, rule))
}

/// The newest number that moves with longer or built releases.
fn moving<'v>(eligible: &[&'v Version], all: &[&Version], floating: &FloatingVersions<'_>) -> Option<&'v [Number]> {
    let moves = |v: &&&Version| matches!(floating.floats(v), Some(Floats::Longer | Floats::Built));
    let mut numbers: Vec<&[Number]> = eligible.iter().filter(moves).map(|v| &*v.numbers).collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers.dedup();
    let with = |v: &Version, numbers: &[Number]| {
        let more = v.precision() > numbers.len() || !v.build.is_empty();
        more && !v.is_prerelease() && v.numbers.starts_with(numbers)
    };
    numbers.into_iter().take(LOOKED_AT).find(|numbers| all.iter().any(|v| with(v, numbers)))
}

/// The releases among versions with builds and commits: those whose build words are known, else those whose unknown
/// word is the same everywhere. A word that names a test or a pull request never begins an image.
fn released(marked: Vec<&Version>) -> Vec<&Version> {
    let (known, unknown): (Vec<&Version>, Vec<&Version>) =
        marked.into_iter().partition(|version| version.unknown_counters().next().is_none());
    let words: BTreeSet<&str> = unknown.iter().flat_map(|version| version.unknown_counters()).collect();
    let sole = words.len() == 1 && !words.iter().any(|word| vocabulary::unreleased(word));
    if known.is_empty() && sole { unknown } else { known }
}

/// The part of `marked` that continues abandoned plain versions: above the newest of those are three or more releases
/// that count alike and were published with a build only. So `v3.2.0` is not where to begin once `v3.3.0-1` to
/// `v4.0.5-0` exist. How many plain ones there ever were does not matter: no older tag changes a choice.
///
/// Snapshots of a coming release do not mislead: they share the number of that one release. A commit beside a number
/// that counts is how every push is published, whatever its number; only beside a day does it distinguish releases.
fn left_behind<'v>(plain: &[&'v Version], marked: &[&'v Version]) -> Option<Vec<&'v Version>> {
    let newest = plain.iter().max_by(|a, b| a.precedence(b))?;
    let goes_on = |v: &&Version| {
        v.numbers > newest.numbers
            && v.precision() >= newest.precision()
            && v.numbering() == newest.numbering()
            && (v.commit.is_none() || v.numbering() == Numbering::Day)
            && v.unknown_counters().next().is_none()
    };
    let newer: Vec<&Version> = marked.iter().copied().filter(goes_on).collect();
    let releases: BTreeSet<&[Number]> = newer.iter().map(|v| &*v.numbers).collect();
    (releases.len() >= LEFT_BEHIND).then_some(newer)
}

/// The newest; of equal ones, the one with the fewest words.
fn better(a: &Version, b: &Version) -> Ordering {
    let wordless = |v: &Version| Reverse((v.build.len(), v.commit.is_some()));
    (&a.numbers, &a.prerelease)
        .cmp(&(&b.numbers, &b.prerelease))
        .then_with(|| wordless(a).cmp(&wordless(b)))
        .then_with(|| (!a.variant.is_empty()).cmp(&!b.variant.is_empty()))
        .then_with(|| b.variant.kind().cmp(&a.variant.kind()))
        .then_with(|| a.cmp(b))
}
