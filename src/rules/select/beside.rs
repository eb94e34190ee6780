//! What is published beside a family: newer versions that cannot follow what is approved.

use std::cmp::Ordering;

use super::super::version::{Suffix, Version};
use super::super::{Reason, VersionRule};
use super::family::wanted_version;
use super::rows::Row;
use super::start::Start;
use crate::rules::vocabulary;

/// The row of the newest version that is newer than `current`, the newest approval of a line, wanted by the rule and of
/// another precision, build word or variant. What is most like the approval goes before what is newer.
pub(super) fn beside<'v>(
    rule: &VersionRule,
    start: &Start<'_>,
    current: &Version,
    rows: impl Iterator<Item = (usize, &'v Row<'v>)>,
) -> Option<usize> {
    let newer = rows.filter_map(|(at, row)| {
        let reason = row.judgement.as_ref()?.reason;
        let version = row.version.filter(|version| {
            matches!(reason, Reason::OtherVariant | Reason::OtherPrecision)
                && goes_on(version, current)
                && wanted_version(version, rule)
        })?;
        Some((likeness(version, current), version, at))
    });
    let mut newer: Vec<(u8, &Version, usize)> = newer.collect();
    newer.sort_unstable_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)));
    newer.into_iter().find(|(_, version, _)| !moves(version, start)).map(|(_, _, at)| at)
}

/// Whether a person would take it for what comes after `current`.
fn goes_on(version: &Version, current: &Version) -> bool {
    version.architecture == current.architecture
        && version.commit.is_some() == current.commit.is_some()
        && version.numbering().is_like(current.numbering())
        && Suffix(version.prefix.clone()).is_like(&Suffix(current.prefix.clone()))
        && !version.unknown_counters().any(vocabulary::channel)
        && is_newer(version, current)
}

/// Whether it is newer. What only adds parts to an approved `1.28` is not: that tag moves and so has it.
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

/// How like the approval it is: of its variant, of one that differs in numbers, of any.
fn likeness(version: &Version, current: &Version) -> u8 {
    match () {
        () if version.variant == current.variant => 2,
        () if version.variant.is_like(&current.variant) => 1,
        () => 0,
    }
}

fn moves(version: &Version, start: &Start<'_>) -> bool {
    version.build.is_empty() && start.floating().floats(version).is_some()
}
