//! Aliases: further tags at a mirror, each of which follows the newest approval of its kind.

use super::version::Version;
use super::{Reading, Rule, newest_approval, read};
use crate::image::Tag;

/// The alias that follows the newest approval of all.
const LATEST: &str = "latest";

/// The most numeric parts of an alias.
const PARTS: usize = 3;

/// Whether a tag can be an alias: `latest`, or the first parts of a version (`3`, `v3.1`), with or without its variant
/// (`3-alpine`).
pub(crate) fn is_alias(tag: &Tag) -> bool {
    tag.as_str() == LATEST || numbers(tag).is_some()
}

/// The newest of these approvals that an alias can stand for: of all for `latest`, else of the versions that begin with
/// its parts and go on; of its variant, if it names one.
pub(crate) fn newest_under<'a>(rule: &Rule, alias: &Tag, approved: impl Iterator<Item = &'a Tag>) -> Option<&'a Tag> {
    let Rule::Versions(versions) = rule else { return None };
    if alias.as_str() == LATEST {
        return newest_approval(rule, approved);
    }
    let alias = numbers(alias)?;
    let stands_for = |tag: &&Tag| match versions.read(tag) {
        Reading::Version(version) => begins(&version, &alias),
        Reading::Other(_) => false,
    };
    newest_approval(rule, approved.filter(stands_for))
}

fn begins(version: &Version, alias: &Version) -> bool {
    version.numbers.len() > alias.numbers.len()
        && version.numbers.starts_with(&alias.numbers)
        && (alias.variant.is_empty() || alias.variant == version.variant)
}

fn numbers(tag: &Tag) -> Option<Version> {
    let Reading::Version(version) = read(tag.as_str(), None) else { return None };
    let is_plain = version.prefix.is_empty()
        && version.prerelease.0.is_empty()
        && version.build.is_empty()
        && version.commit.is_none()
        && version.architecture.is_none();
    (is_plain && version.numbers.len() <= PARTS).then_some(*version)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::rules::{Follow, Variant, VersionRule};

    fn newest(variant: Option<&str>, alias: &str, approved: &str) -> Option<String> {
        let variant = variant.map(|variant| Variant::Exactly(variant.to_owned()));
        let follow = Follow::EachMajor;
        let rule = Rule::Versions(VersionRule { range: None, variant, pattern: None, follow, prereleases: false });
        let approved: Vec<Tag> = approved.split(' ').map(|tag| tag.parse().unwrap()).collect();
        newest_under(&rule, &alias.parse().unwrap(), approved.iter()).map(ToString::to_string)
    }

    #[test]
    fn an_alias_follows_the_newest_version_that_begins_with_its_parts() {
        let approved = "3.1.0 3.10.2 30.0.0 3.9.9 2.7 3.1.4";
        let cases = [
            ("latest", Some("30.0.0")),
            ("3", Some("3.10.2")),
            ("v3", Some("3.10.2")),
            ("3.1", Some("3.1.4")),
            ("3.10", Some("3.10.2")),
            ("2", Some("2.7")),
            ("2.7", None),
            ("4", None),
            ("3.1.4", None),
        ];
        for (alias, tag) in cases {
            assert_eq!(newest(None, alias, approved).as_deref(), tag, "{alias}");
        }
        let alpine = "7.2.4-alpine 7.4.1-alpine 8.0.0-bookworm";
        assert_eq!(newest(Some("alpine"), "7", alpine).as_deref(), Some("7.4.1-alpine"));
        assert_eq!(newest(Some("alpine"), "7-alpine", alpine).as_deref(), Some("7.4.1-alpine"));
        assert_eq!(newest(Some("alpine"), "8-alpine", alpine), None);
        assert_eq!(newest(Some("alpine"), "latest", alpine).as_deref(), Some("7.4.1-alpine"), "of the rule's variant");
    }

    #[test]
    fn only_latest_and_first_parts_are_aliases() {
        let is = |text: &str| is_alias(&text.parse().unwrap());
        assert!(["latest", "3", "v3", "3.1", "3.1.2", "3-alpine", "2026"].into_iter().all(is));
        assert!(!["stable", "3.1.2.3", "3-rc1", "sha256-abc.sig", "jdk-21", "3-amd64"].into_iter().any(is));
    }
}
