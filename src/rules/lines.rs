//! What a rule says of one tag alone, without the list that it stands in.

use super::version::join;
use super::{Follow, Reading, Rule};
use crate::image::Tag;

/// The name of the line that a tag belongs to, as [`super::Line`] has it: `latest`, a major, a minor, a version, or
/// `tag/<name>`. What a rule cannot read belongs to `latest`.
pub(crate) fn line_of(rule: &Rule, tag: &Tag) -> String {
    let Rule::Versions(rule) = rule else { return format!("tag/{tag}") };
    let whole = || "latest".to_owned();
    let Reading::Version(version) = rule.read(tag) else { return whole() };
    let series = |parts: usize| version.numbers.get(..parts).map_or_else(whole, join);
    match rule.follow {
        Follow::Latest => whole(),
        Follow::EachMajor => series(1),
        Follow::EachMinor => series(2),
        Follow::All if rule.pattern.is_some() => version.text.clone(),
        Follow::All => version.release(),
    }
}

/// Why the rule's range does not admit a tag. `None` where it does, and where that cannot be said: there is no range, or
/// the tag is no version under the rule.
pub(crate) fn out_of_range(rule: &Rule, tag: &Tag) -> Option<String> {
    let Rule::Versions(rule) = rule else { return None };
    let Reading::Version(version) = rule.read(tag) else { return None };
    let range = rule.range.as_ref().filter(|range| !range.admits(&version))?;
    Some(format!("not in `{range}`"))
}

/// Whether both tags are versions and differ in their first number.
pub(crate) fn is_other_major(rule: &Rule, from: &Tag, to: &Tag) -> bool {
    parts(rule, from, to).is_some_and(|(from, to)| from.first() != to.first())
}

/// Whether both tags are versions of three parts or more that differ in none of the first two.
pub(crate) fn is_patch(rule: &Rule, from: &Tag, to: &Tag) -> bool {
    parts(rule, from, to).is_some_and(|(from, to)| from.len() > 2 && to.len() > 2 && from[..2] == to[..2])
}

fn parts(rule: &Rule, from: &Tag, to: &Tag) -> Option<(Vec<super::Number>, Vec<super::Number>)> {
    let Rule::Versions(rule) = rule else { return None };
    match (rule.read(from), rule.read(to)) {
        (Reading::Version(from), Reading::Version(to)) => Some((from.numbers, to.numbers)),
        _ => None,
    }
}
