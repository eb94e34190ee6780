//! Whether an advisory names an approval.

use std::cmp::Ordering;

use super::advisory::{Advisory, Affected, Event};
use crate::image::Tag;
use crate::manifest::{Approval, Image};
use crate::rules::{Reading, Rule, Version, read};
use crate::text::excerpt;

/// Whether it names the approved bytes or their version. Bytes are the same wherever they are.
///
/// # Errors
/// A range that cannot be compared with the image's versions.
pub(super) fn names(advisory: &Advisory, image: &Image, approval: &Approval) -> Result<bool, String> {
    for affected in &advisory.affected {
        let bytes = [Some(&approval.digest), approval.mirrored.as_ref()];
        if affected.digest.as_ref().is_some_and(|digest| bytes.contains(&Some(digest))) {
            return Ok(true);
        }
        if affected.source.as_ref() == Some(&image.source) {
            let named = names_version(affected, image, approval);
            if named.map_err(|why| format!("{}: {why}", excerpt(&advisory.id, 60)))? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn names_version(affected: &Affected, image: &Image, approval: &Approval) -> Result<bool, String> {
    let tag = &approval.tag;
    if affected.versions.iter().any(|version| version == tag.as_str()) {
        return Ok(true);
    }
    if affected.ranges.iter().any(|events| is_all(events)) {
        return Ok(true);
    }
    let Some(version) = version_of(image, tag) else { return Ok(false) };
    // A plain version names all variants of it.
    let listed = affected.versions.iter().filter_map(|text| written(image, text));
    let is_plain = |version: &Version| version.variant.is_empty() && version.build.is_empty();
    let mut plain = listed.filter(|listed| is_plain(listed) && listed.architecture.is_none());
    if plain.any(|listed| (&listed.numbers, &listed.prerelease) == (&version.numbers, &version.prerelease)) {
        return Ok(true);
    }
    for events in &affected.ranges {
        if holds(events, image, &version)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a range begins before all versions and never ends: it also names tags that are no versions.
fn is_all(events: &[Event]) -> bool {
    events.iter().all(|event| match event {
        Event::Introduced(text) => text == "0",
        Event::Limit(text) => text == "*",
        Event::Fixed(_) | Event::LastAffected(_) => false,
    })
}

/// Whether a version is within a range: the events in the order of their versions, each of which begins or ends it
/// (OSV schema, "Evaluation"). Days and counts are not compared with each other.
fn holds(events: &[Event], image: &Image, version: &Version) -> Result<bool, String> {
    let (mut turns, mut limits) = (Vec::new(), Vec::new());
    for event in events {
        let Some(at) = place(event, image)? else { continue };
        if at.as_ref().is_some_and(|at| !at.numbering().is_like(version.numbering())) {
            return Ok(false);
        }
        let order = at.as_ref().map_or(Ordering::Greater, |at| version.precedence(at));
        match event {
            Event::Limit(_) => limits.push(order),
            _ => turns.push((at, event, order)),
        }
    }
    let below = |one: &Option<Box<Version>>, other: &Option<Box<Version>>| match (one, other) {
        (Some(one), Some(other)) => one.precedence(other),
        (one, other) => one.is_some().cmp(&other.is_some()),
    };
    turns.sort_by(|(one, ..), (other, ..)| below(one, other));
    let affected = turns.iter().fold(false, |affected, (_, event, order)| match event {
        Event::Introduced(_) if order.is_ge() => true,
        Event::Fixed(_) if order.is_ge() => false,
        Event::LastAffected(_) if order.is_gt() => false,
        _ => affected,
    });
    Ok(affected && (limits.is_empty() || limits.iter().any(|order| order.is_lt())))
}

/// The version of an event, `Some(None)` for `0`, which is before all; `None` for a limit that is none.
fn place(event: &Event, image: &Image) -> Result<Option<Option<Box<Version>>>, String> {
    let text = match event {
        Event::Introduced(text) if text == "0" => return Ok(Some(None)),
        Event::Limit(text) if text == "*" => return Ok(None),
        Event::Introduced(text) | Event::Fixed(text) | Event::LastAffected(text) | Event::Limit(text) => text,
    };
    let unread = || format!("`{}` in a range is no version of {}", excerpt(text, 100), image.source);
    written(image, text).map(|version| Some(Some(version))).ok_or_else(unread)
}

/// A tag as its image's rule reads it; `None` for one that is no version.
fn version_of(image: &Image, tag: &Tag) -> Option<Box<Version>> {
    let Rule::Versions(rule) = &image.rule else { return None };
    match rule.read(tag) {
        Reading::Version(version) => Some(version),
        Reading::Other(_) => None,
    }
}

/// A version of an advisory: as the image's tags are read, else as a plain version.
fn written(image: &Image, text: &str) -> Option<Box<Version>> {
    let tag: Option<Tag> = text.parse().ok();
    tag.and_then(|tag| version_of(image, &tag)).or_else(|| match read(text, None) {
        Reading::Version(version) => Some(version),
        Reading::Other(_) => None,
    })
}
