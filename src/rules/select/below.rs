//! What a version is compared with: for its proposal, and for the check of an approval.

use super::super::lines::line_of;
use super::super::version::Version;
use super::super::{Reading, Rule, VersionRule};
use super::family::{Family, wanted_variant};
use crate::image::Tag;

/// The approval that a version is compared with: the newest in its line, else the newest below it in its family, in any
/// line. `approved` is in the manifest's order; among equal versions the last counts.
///
/// A line's newest is of the rule's variant, if there is such an approval. A floating tag is only compared with itself.
/// What the rule cannot read has no family: it is compared with the newest approval, or with the last one if none can
/// be read.
pub(crate) fn compared_with<'a>(rule: &Rule, approved: impl Iterator<Item = &'a Tag>, to: &Tag) -> Option<&'a Tag> {
    let mut latest_first: Vec<&Tag> = approved.collect();
    latest_first.reverse();
    let Rule::Versions(versions) = rule else { return latest_first.into_iter().find(|tag| *tag == to) };
    let Reading::Version(version) = versions.read(to) else { return newest(versions, &latest_first) };
    let line = line_of(rule, to);
    let own: Vec<&Tag> = latest_first.iter().copied().filter(|tag| line_of(rule, tag) == line).collect();
    newest(versions, &own).or_else(|| below(versions, &latest_first, &version))
}

/// The newest approval of all lines; of floating tags, the one that the rule names first.
pub(crate) fn newest_approval<'a>(rule: &Rule, approved: impl Iterator<Item = &'a Tag>) -> Option<&'a Tag> {
    let mut latest_first: Vec<&Tag> = approved.collect();
    latest_first.reverse();
    match rule {
        Rule::Versions(versions) => newest(versions, &latest_first),
        Rule::Tags(tags) => tags
            .iter()
            .find_map(|tag| latest_first.iter().copied().find(|approved| *approved == tag))
            .or_else(|| latest_first.first().copied()),
    }
}

/// All approvals, each newer than the next: those of the rule's variant first, and last what the rule cannot read, the last in
/// the manifest first. Floating tags are in the rule's order.
pub(crate) fn newest_first<'a>(rule: &Rule, approved: impl Iterator<Item = &'a Tag>) -> Vec<&'a Tag> {
    let mut latest_first: Vec<&Tag> = approved.collect();
    latest_first.reverse();
    let versions = match rule {
        Rule::Versions(versions) => versions,
        Rule::Tags(tags) => {
            latest_first.sort_by_key(|approved| tags.iter().position(|tag| tag == *approved).unwrap_or(tags.len()));
            return latest_first;
        }
    };
    let mut read = read(versions, &latest_first);
    let other = |v: &Version| versions.variant.is_some() && !wanted_variant(v, versions);
    read.sort_by(|a, b| other(&a.version).cmp(&other(&b.version)).then_with(|| b.version.precedence(&a.version)));
    let unread = latest_first.iter().copied().filter(|tag| matches!(versions.read(tag), Reading::Other(_)));
    read.into_iter().map(|approval| approval.tag).chain(unread).collect()
}

/// Whether a tag is of the kind that an image with this rule and these approvals follows: a version of an approval's
/// family or, while nothing is approved, of the rule's variant; or one of the rule's floating tags.
pub(crate) fn is_followed<'a>(rule: &Rule, mut approved: impl Iterator<Item = &'a Tag>, tag: &Tag) -> bool {
    let versions = match rule {
        Rule::Tags(tags) => return tags.contains(tag),
        Rule::Versions(versions) => versions,
    };
    let Reading::Version(version) = versions.read(tag) else { return false };
    let family = Family::shape(&version, versions);
    let kin = |approved: &Tag| match versions.read(approved) {
        Reading::Version(approved) => family.is_kin_of(&approved),
        Reading::Other(_) => false,
    };
    wanted_variant(&version, versions) || approved.any(kin)
}

/// The newest approval below a version in its family.
fn below<'a>(rule: &VersionRule, latest_first: &[&'a Tag], version: &Version) -> Option<&'a Tag> {
    let family = Family::shape(version, rule);
    let is_below = |v: &Version| family.is_kin_of(v) && v.precedence(version).is_lt();
    newest_of(read(rule, latest_first).into_iter().filter(|approval| is_below(&approval.version)))
}

/// The newest approval, of the rule's variant if there is such an approval.
fn newest<'a>(rule: &VersionRule, latest_first: &[&'a Tag]) -> Option<&'a Tag> {
    let followed = |v: &Version| rule.variant.is_none() || wanted_variant(v, rule);
    newest_of(read(rule, latest_first).into_iter().filter(|approval| followed(&approval.version)))
        .or_else(|| newest_of(read(rule, latest_first).into_iter()))
        .or_else(|| latest_first.first().copied())
}

struct Approval<'a> {
    tag: &'a Tag,
    version: Box<Version>,
}

fn read<'a>(rule: &VersionRule, tags: &[&'a Tag]) -> Vec<Approval<'a>> {
    let approval = |&tag| match rule.read(tag) {
        Reading::Version(version) => Some(Approval { tag, version }),
        Reading::Other(_) => None,
    };
    tags.iter().filter_map(approval).collect()
}

/// The newest; the first among equal ones.
fn newest_of<'a>(approvals: impl Iterator<Item = Approval<'a>>) -> Option<&'a Tag> {
    let newer = |newest: Approval<'a>, other: Approval<'a>| {
        if other.version.precedence(&newest.version).is_gt() { other } else { newest }
    };
    approvals.reduce(newer).map(|approval| approval.tag)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::rules::{Follow, Variant};

    fn rule(follow: Follow, variant: Option<&str>) -> Rule {
        let variant = variant.map(|text| match text {
            "*" => Variant::Any,
            text => Variant::Exactly(text.to_owned()),
        });
        Rule::Versions(VersionRule { range: None, variant, pattern: None, follow, prereleases: false })
    }

    fn compared(rule: &Rule, approved: &str, to: &str) -> Option<String> {
        let approved: Vec<Tag> = approved.split_whitespace().map(|tag| tag.parse().unwrap()).collect();
        compared_with(rule, approved.iter(), &to.parse().unwrap()).map(ToString::to_string)
    }

    #[test]
    fn the_newest_comes_first_and_what_cannot_be_read_last() {
        let sorted = |rule: &Rule, approved: &str| {
            let approved: Vec<Tag> = approved.split_whitespace().map(|tag| tag.parse().unwrap()).collect();
            let sorted = newest_first(rule, approved.iter());
            assert_eq!(sorted.first().copied(), newest_approval(rule, approved.iter()));
            sorted.into_iter().map(Tag::as_str).collect::<Vec<_>>().join(" ")
        };
        let any = rule(Follow::Latest, None);
        assert_eq!(sorted(&any, "3.2.1 edge 3.10.0 3.9.1 nightly"), "3.10.0 3.9.1 3.2.1 nightly edge");
        let alpine = rule(Follow::Latest, Some("alpine"));
        assert_eq!(sorted(&alpine, "3.1.0-alpine 3.2.0 3.1.1-alpine"), "3.1.1-alpine 3.1.0-alpine 3.2.0");
        let floating = Rule::Tags(["stable", "edge"].map(|tag| tag.parse().unwrap()).into());
        assert_eq!(sorted(&floating, "old edge stable"), "stable edge old");
    }

    #[test]
    fn a_new_line_is_compared_with_the_newest_approval_of_its_family_below_it() {
        let approved = "3.2.1 3.1.4 3.1.3 2.9.9 4.1.0 3.1.9-alpine";
        let minor = rule(Follow::EachMinor, None);
        let cases = [
            ("3.2.2", Some("3.2.1")),
            ("3.2.0", Some("3.2.1")),
            ("3.3.0", Some("3.2.1")),
            ("4.0.0", Some("3.2.1")),
            ("4.2.0", Some("4.1.0")),
            ("3.0.0", Some("2.9.9")),
            ("2.8.0", None),
        ];
        for (to, from) in cases {
            assert_eq!(compared(&minor, approved, to).as_deref(), from, "{to}");
        }
        let major = rule(Follow::EachMajor, None);
        assert_eq!(compared(&major, approved, "5.0.0").as_deref(), Some("4.1.0"));
        assert_eq!(compared(&major, approved, "3.3.0").as_deref(), Some("3.2.1"));
        assert_eq!(compared(&major, "4.1.0", "3.9.0"), None, "an approval only above");
        let all = rule(Follow::All, None);
        assert_eq!(compared(&all, approved, "3.1.5").as_deref(), Some("3.1.4"));
        assert_eq!(compared(&all, approved, "2.9.0"), None);
        assert_eq!(compared(&all, "", "2.9.0"), None);
    }

    #[test]
    fn a_variant_is_another_family_and_its_numbers_are_not() {
        let any = rule(Follow::EachMinor, Some("*"));
        let approved = "1.27.3-alpine3.20 1.26.0-bookworm 1.25.0";
        assert_eq!(compared(&any, approved, "1.28.0-alpine3.21").as_deref(), Some("1.27.3-alpine3.20"));
        assert_eq!(compared(&any, approved, "1.28.0-bookworm").as_deref(), Some("1.26.0-bookworm"));
        assert_eq!(compared(&any, approved, "1.28.0").as_deref(), Some("1.25.0"));
        assert_eq!(compared(&any, approved, "1.28.0-slim"), None);
        let one = rule(Follow::EachMinor, Some("alpine"));
        assert_eq!(compared(&one, "1.27.3 1.26.0-alpine", "1.28.0-alpine").as_deref(), Some("1.26.0-alpine"));
        let prefixed = compared(&rule(Follow::EachMinor, None), "jdk-21.0.1 17.0.1 17.0.9-amd64", "21.1.0");
        assert_eq!(prefixed.as_deref(), Some("17.0.1"), "another prefix, another architecture");
    }

    #[test]
    fn on_one_line_the_newest_counts_and_of_equal_ones_the_last() {
        let latest = rule(Follow::Latest, None);
        assert_eq!(compared(&latest, "3.1.0 3.0.0", "3.2.0").as_deref(), Some("3.1.0"));
        assert_eq!(compared(&latest, "3.1.0 3.0.0", "3.0.1").as_deref(), Some("3.1.0"), "a downgrade");
        assert_eq!(compared(&latest, "v3.1.0 3.1.0 2.0", "3.2.0").as_deref(), Some("3.1.0"));
        let alpine = rule(Follow::Latest, Some("alpine"));
        assert_eq!(compared(&alpine, "3.1.0-alpine 3.2.0", "3.3.0-alpine").as_deref(), Some("3.1.0-alpine"));
        assert_eq!(
            compared(&alpine, "3.1.0 3.2.0", "3.3.0-alpine").as_deref(),
            Some("3.2.0"),
            "the only ones there are"
        );
    }

    #[test]
    fn the_newest_approval_is_of_any_line() {
        let newest = |rule: &Rule, approved: &str| {
            let approved: Vec<Tag> = approved.split_whitespace().map(|tag| tag.parse().unwrap()).collect();
            newest_approval(rule, approved.iter()).map(ToString::to_string)
        };
        assert_eq!(newest(&rule(Follow::EachMinor, None), "3.2.0 4.0.1 3.3.0").as_deref(), Some("4.0.1"));
        assert_eq!(newest(&rule(Follow::All, Some("alpine")), "3.2.0-alpine 4.0.1").as_deref(), Some("3.2.0-alpine"));
        assert_eq!(newest(&rule(Follow::Latest, None), "testing stable").as_deref(), Some("stable"));
        assert_eq!(newest(&rule(Follow::Latest, None), ""), None);
        let tags = Rule::Tags(vec!["stable".parse().unwrap(), "edge".parse().unwrap()]);
        assert_eq!(newest(&tags, "edge stable").as_deref(), Some("stable"));
        assert_eq!(newest(&tags, "3.1.0 3.2.0").as_deref(), Some("3.2.0"), "from before the rule named tags");
    }

    #[test]
    fn a_tag_is_followed_by_the_rule_of_its_family() {
        let followed = |rule: &Rule, approved: &str, tag: &str| {
            let approved: Vec<Tag> = approved.split_whitespace().map(|tag| tag.parse().unwrap()).collect();
            is_followed(rule, approved.iter(), &tag.parse().unwrap())
        };
        let (plain, alpine) = (rule(Follow::Latest, None), rule(Follow::Latest, Some("alpine")));
        assert!(followed(&plain, "7.2", "7.0") && followed(&plain, "", "7.0"));
        assert!(!followed(&plain, "7.2", "7.0-alpine") && followed(&plain, "7.2-alpine", "7.0-alpine"));
        assert!(followed(&alpine, "7.2-alpine", "7.0-alpine") && followed(&alpine, "", "7.0-alpine"));
        assert!(!followed(&alpine, "7.2-alpine", "7.0") && !followed(&plain, "7.2", "latest"));
        let tags = Rule::Tags(vec!["stable".parse().unwrap()]);
        assert!(followed(&tags, "", "stable") && !followed(&tags, "3.1.0", "3.1.0"));
    }

    #[test]
    fn what_cannot_be_read_is_compared_all_the_same() {
        let latest = rule(Follow::Latest, None);
        assert_eq!(compared(&latest, "testing stable", "3.2.0").as_deref(), Some("stable"));
        assert_eq!(compared(&latest, "3.1.0 stable", "3.2.0").as_deref(), Some("3.1.0"));
        let minor = rule(Follow::EachMinor, None);
        assert_eq!(compared(&minor, "3.1.0 3.0.0", "stable").as_deref(), Some("3.1.0"));
        assert_eq!(compared(&minor, "testing", "3.1.0"), None, "of no family");
        let tags = Rule::Tags(vec!["stable".parse().unwrap(), "edge".parse().unwrap()]);
        assert_eq!(compared(&tags, "stable edge", "stable").as_deref(), Some("stable"));
        assert_eq!(compared(&tags, "stable 3.1.0", "edge"), None);
    }
}
