//! What a rule says about a single tag, without the rest of the list.

use std::cmp::Ordering;

use super::version::{Version, join};
use super::{Follow, Number, Reading, Rule, VersionRule};
use crate::image::Tag;

/// The line of tags that belong to no series, and of everything if all versions share one line.
pub(super) const WHOLE: &str = "latest";

/// The name of a tag's line, as in [`super::Line`]: `latest`, a major, a minor, a version, or `tag/<name>`. What a rule
/// cannot read belongs to `latest`.
pub(crate) fn line_of(rule: &Rule, tag: &Tag) -> String {
    let Rule::Versions(rule) = rule else { return format!("tag/{tag}") };
    let whole = || WHOLE.to_owned();
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

/// Why the rule's range does not admit a tag. `None` if it does, or if that cannot be said: there is no range, or the
/// tag is not a version under the rule.
pub(crate) fn out_of_range(rule: &Rule, tag: &Tag) -> Option<String> {
    let Rule::Versions(rule) = rule else { return None };
    let Reading::Version(version) = rule.read(tag) else { return None };
    let range = rule.range.as_ref().filter(|range| !range.admits(&version))?;
    Some(format!("not in `{range}`"))
}

/// The line that an update begins, compared with a version of another line: with `follow` each-minor or each-major.
/// Says nothing if every version is its own line.
pub(crate) fn line_begun(rule: &Rule, from: &Tag, to: &Tag) -> Option<String> {
    versions(rule, from, to).and_then(|_| series_of(rule, to)).filter(|line| line_of(rule, from) != *line)
}

/// The name of a tag's line, if lines are release series, minor or major, and the tag belongs to one.
pub(crate) fn series_of(rule: &Rule, tag: &Tag) -> Option<String> {
    let Rule::Versions(VersionRule { follow: Follow::EachMajor | Follow::EachMinor, .. }) = rule else { return None };
    Some(line_of(rule, tag)).filter(|line| line != WHOLE)
}

/// How `to` compares with `from`: newer (`Greater`), older (`Less`), or another tag of the same version. `None` if that
/// cannot be said: one is not a version under the rule, one is a day and the other counts, `from` is a release within
/// `to` (`1.27` after `1.27.3`), or they were built in different ways.
pub(crate) fn order_of(rule: &Rule, from: &Tag, to: &Tag) -> Option<Ordering> {
    let (from, to) = versions(rule, from, to)?;
    let shorter = to.numbers.len() < from.numbers.len() && from.numbers.starts_with(&to.numbers);
    let released = (&to.numbers, &to.prerelease).cmp(&(&from.numbers, &from.prerelease));
    let builds = |version: &Version| version.build.iter().map(|b| (b.word.clone(), b.dated)).collect::<Vec<_>>();
    let built = [&from, &to].iter().all(|version| !version.build.is_empty());
    if !to.numbering().is_like(from.numbering())
        || shorter
        || (released.is_eq() && built && builds(&from) != builds(&to))
    {
        return None;
    }
    let variants = || if to.variant.is_like(&from.variant) { to.variant.cmp(&from.variant) } else { Ordering::Equal };
    Some(to.precedence(&from).then_with(variants))
}

/// Whether `to` is newer and writes a `v` where `from` has none, or the other way round.
pub(crate) fn is_other_habit(rule: &Rule, from: &Tag, to: &Tag) -> bool {
    versions(rule, from, to).is_some_and(|(from, to)| from.v != to.v)
        && order_of(rule, from, to) == Some(Ordering::Greater)
}

/// Whether both tags are versions and differ in their first number.
pub(crate) fn is_other_major(rule: &Rule, from: &Tag, to: &Tag) -> bool {
    parts(rule, from, to).is_some_and(|(from, to)| from.first() != to.first())
}

/// Whether both tags are versions of three or more parts with the same first two.
pub(crate) fn is_patch(rule: &Rule, from: &Tag, to: &Tag) -> bool {
    parts(rule, from, to).is_some_and(|(from, to)| from.len() > 2 && to.len() > 2 && from[..2] == to[..2])
}

fn parts(rule: &Rule, from: &Tag, to: &Tag) -> Option<(Vec<Number>, Vec<Number>)> {
    versions(rule, from, to).map(|(from, to)| (from.numbers, to.numbers))
}

fn versions(rule: &Rule, from: &Tag, to: &Tag) -> Option<(Box<Version>, Box<Version>)> {
    let Rule::Versions(rule) = rule else { return None };
    match (rule.read(from), rule.read(to)) {
        (Reading::Version(from), Reading::Version(to)) => Some((from, to)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::rules::Variant;

    fn rule(follow: Follow, variant: Option<Variant>) -> Rule {
        Rule::Versions(VersionRule { range: None, variant, pattern: None, follow, prereleases: false })
    }

    #[test]
    fn an_order_is_only_said_where_there_is_one() {
        let any = rule(Follow::Latest, Some(Variant::Any));
        let cases = [
            ("3.0.0", "3.1.0", Some(Ordering::Greater)),
            ("3.1.0", "3.0.0", Some(Ordering::Less)),
            ("3.10.0", "3.9.9", Some(Ordering::Less)),
            ("3.1.0", "3.1.0-rc.1", Some(Ordering::Less)),
            ("1.29.3-k3s2", "1.29.3-k3s1", Some(Ordering::Less)),
            ("1.29.3-k3s1", "1.29.3", Some(Ordering::Less)),
            ("1.29.3-k3s1", "1.29.3-rancher1", None),
            ("1.29.3-k3s1", "1.29.4-rancher1", Some(Ordering::Greater)),
            ("9.4-1227", "9.4-20241219", None),
            ("7.2-alpine3.20", "7.2-alpine3.19", Some(Ordering::Less)),
            ("7.2-alpine3.20", "7.2-bookworm", Some(Ordering::Equal)),
            ("v3.1.0", "3.1.0", Some(Ordering::Equal)),
            ("20240601", "20240501", Some(Ordering::Less)),
            ("20240601", "1.4.2", None),
            ("1.27.3", "1.27", None),
            ("1.27", "1.27.3", Some(Ordering::Greater)),
            ("stable", "3.1.0", None),
            ("3.1.0", "stable", None),
        ];
        for (from, to, order) in cases {
            assert_eq!(order_of(&any, &from.parse().unwrap(), &to.parse().unwrap()), order, "{from} -> {to}");
        }
        let tags = Rule::Tags(vec!["stable".parse().unwrap()]);
        assert_eq!(order_of(&tags, &"1.0".parse().unwrap(), &"1.1".parse().unwrap()), None);
    }

    #[test]
    fn a_line_begins_where_lines_are_series() {
        let begun = |follow, from: &str, to: &str| {
            line_begun(&rule(follow, None), &from.parse().unwrap(), &to.parse().unwrap())
        };
        assert_eq!(begun(Follow::EachMinor, "3.1.4", "3.2.0").as_deref(), Some("3.2"));
        assert_eq!(begun(Follow::EachMinor, "3.1.4", "3.1.5"), None);
        assert_eq!(begun(Follow::EachMajor, "3.1.4", "4.0.0").as_deref(), Some("4"));
        assert_eq!(begun(Follow::EachMajor, "3.1.4", "3.2.0"), None);
        assert_eq!(begun(Follow::EachMinor, "stable", "3.2.0"), None, "what is no version is of no line");
        assert_eq!(begun(Follow::EachMinor, "3.1.4", "4"), None, "of no minor");
        assert_eq!(begun(Follow::Latest, "3.1.4", "4.0.0"), None);
        assert_eq!(begun(Follow::All, "3.1.4", "3.1.5"), None);
    }
}
