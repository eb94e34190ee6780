//! What is published outside a family: newer versions that cannot follow the approval.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::super::number::digits;
use super::super::version::{Suffix, Version};
use super::super::{Reason, VersionRule};
use super::family::wanted_version;
use super::floating::Floats;
use super::rows::Row;
use super::start::{LEFT_BEHIND, Start};
use crate::rules::vocabulary;

/// The row of the newest version that is newer than `current`, the newest approval of a line, wanted by the rule and of
/// another precision, build word or variant. Similarity to the approval counts more than being newer.
pub(super) fn beside<'v>(
    rule: &VersionRule,
    start: &Start<'_>,
    current: &Version,
    rows: impl Iterator<Item = (usize, &'v Row<'v>)> + Clone,
) -> Option<usize> {
    let versions = rows.clone().filter_map(|(_, row)| row.version);
    let alone = number(current).is_some() && is_alone(current, versions);
    let newer = rows.filter_map(|(at, row)| {
        let reason = row.judgement.as_ref()?.reason;
        let version = row.version.filter(|version| {
            matches!(reason, Reason::OtherVariant | Reason::OtherPrecision | Reason::OtherPrefix)
                && goes_on(version, current)
                && (is_newer(version, current) || (alone && counts_on(version, current)))
                && wanted_version(version, rule)
        })?;
        Some((likeness(version, current), version, at))
    });
    let mut newer: Vec<(u8, &Version, usize)> = newer.collect();
    if current.build.is_empty() && !has_left(&newer) {
        newer.retain(|(_, version, _)| version.build.iter().all(|build| vocabulary::repair(&build.word)));
    }
    newer.sort_unstable_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)));
    newer.into_iter().find(|(_, version, _)| !moves(version, current, start)).map(|(_, _, at)| at)
}

/// Whether enough releases were published with builds only: then these are not snapshots of a coming release.
fn has_left(newer: &[(u8, &Version, usize)]) -> bool {
    let built =
        newer.iter().filter(|(_, version, _)| !version.build.is_empty()).map(|(_, version, _)| &version.numbers);
    built.collect::<BTreeSet<_>>().len() >= LEFT_BEHIND
}

/// Whether a person would see it as a possible successor of `current`. It may drop an architecture or commit that the
/// approval has, but must not add one.
fn goes_on(version: &Version, current: &Version) -> bool {
    let like_prefix = Suffix(version.prefix.clone()).is_like(&Suffix(current.prefix.clone()));
    let unreleased = |word: &str| vocabulary::unreleased(vocabulary::stem(word));
    let (mut counters, mut words) = (version.unknown_counters(), version.variant.0.split(['-', '_', '.']));
    (version.architecture.is_none() || version.architecture == current.architecture)
        && (version.commit.is_none() || current.commit.is_some())
        && version.numbering().is_like(current.numbering())
        && (version.prefix.is_empty() || like_prefix)
        && (current.unknown_counters().next().is_some() || !counters.any(unreleased))
        && (version.variant == current.variant || !words.any(unreleased))
}

/// Whether it is the same version and only the leading number of its variant is greater: `22-bookworm` after
/// `3-bookworm`. If the other releases have other numbers, it may well be a counter.
fn counts_on(version: &Version, current: &Version) -> bool {
    version.numbers == current.numbers
        && number(current).is_some()
        && version.variant.is_like(&current.variant)
        && version.variant > current.variant
}

/// The leading number of a variant: `22` of `22-bookworm`.
fn number(version: &Version) -> Option<&str> {
    version.variant.0.split_once('-').map(|(number, _)| number).filter(|number| digits(number))
}

/// Whether other releases have variants of this kind, but none this very one.
fn is_alone<'v>(current: &Version, versions: impl Iterator<Item = &'v Version>) -> bool {
    let others = versions.filter(|other| other.numbers != current.numbers).map(|other| &other.variant);
    let alike: Vec<&Suffix> = others.filter(|variant| variant.is_like(&current.variant)).collect();
    !alike.is_empty() && !alike.contains(&&current.variant)
}

/// Whether it is newer. One that only adds parts to an approved `1.28` is not: that tag moves, and has moved there.
fn is_newer(version: &Version, current: &Version) -> bool {
    let follows = current.build.is_empty() && current.commit.is_none() && !current.dated && current.precision() < 3;
    match version.numbers.cmp(&current.numbers) {
        Ordering::Less => false,
        Ordering::Greater => !(follows && version.numbers.starts_with(&current.numbers)),
        Ordering::Equal => match (&*version.build, &*current.build) {
            ([repair, ..], []) => vocabulary::repair(&repair.word),
            ([first, ..], [approved, ..]) => first.word == approved.word && version.build > current.build,
            _ => false,
        },
    }
}

/// How similar it is to the approval: same variant, a variant that differs in numbers only, any.
fn likeness(version: &Version, current: &Version) -> u8 {
    match () {
        () if version.variant == current.variant => 2,
        () if version.variant.is_like(&current.variant) => 1,
        () => 0,
    }
}

fn moves(version: &Version, current: &Version, start: &Start<'_>) -> bool {
    let floats = start.floating().floats(version);
    // after an approved build, a version that merely has built neighbours does not float
    let neighbour = floats == Some(Floats::Neighbours) && !current.build.is_empty();
    version.build.is_empty() && floats.is_some() && !neighbour
}
