#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::time::Duration;

use super::super::*;

/// A rule with nothing approved; everything after `-rejected` is rejected.
fn subject(range: Option<&str>, variant: Option<&str>, pattern: Option<&str>) -> Subject {
    let rule = VersionRule {
        range: range.map(|r| r.parse::<Range>().unwrap()),
        variant: variant.map(|v| Variant::Exactly(v.to_owned())),
        pattern: pattern.map(|p| p.parse().unwrap()),
        follow: Follow::Latest,
        prereleases: false,
    };
    Subject {
        rule: Rule::Versions(rule),
        approved: Vec::new(),
        rejected: Vec::new(),
        revoked: Vec::new(),
        cooldown: Duration::from_secs(60),
        fixes: None,
        rebuilds: true,
        keep: None,
        ask_readiness: true,
        ask_signatures: false,
    }
}

fn tags(list: &str) -> Vec<Tag> {
    list.split(' ').map(|t| t.parse().unwrap()).collect()
}

/// One round: what is missing, and the verdicts on the tags so far.
pub(in crate::rules) fn asked(subject: &Subject, tags: &[Tag], facts: &Facts) -> (Vec<Fact>, Selection) {
    let readings = Readings::of(&subject.rule, tags);
    let inquiry = readings.inquire(subject, DateTime::UNIX_EPOCH);
    (inquiry.missing(facts), inquiry.answer(facts))
}

/// The suggestion for the list; tried by following the sentence literally, as a person would.
fn told(mut subject: Subject, list: &str) -> String {
    let tags = tags(list);
    let (_, selection) = asked(&subject, &tags, &Facts::default());
    let Some(told) = notices(&subject, &tags, &selection).into_iter().find_map(|notice| notice.suggestion) else {
        return "-".to_owned();
    };
    apply(&mut subject, &told);
    let promised = told.rsplit_once("would pick ").map(|(_, tag)| tag.to_owned());
    let (missing, _) = asked(&subject, &tags, &Facts::default());
    let Fact::Digest(looked_at) = missing.first().unwrap_or_else(|| panic!("{told} picks nothing")) else {
        panic!("{told}: {missing:?}")
    };
    assert!(promised.is_none_or(|promised| promised == looked_at.as_str()), "{told}: {looked_at}");
    told
}

/// Makes the change that the sentence describes.
pub(in crate::rules) fn apply(subject: &mut Subject, told: &str) {
    let keys: Vec<&str> = told.split('`').skip(1).step_by(2).collect();
    for key in keys {
        let Rule::Versions(rule) = &mut subject.rule else { panic!("{told}") };
        match key.split_once(": ") {
            None if key == "variant" => rule.variant = None,
            None if key == "pattern" => rule.pattern = None,
            None if key == "rejected" => subject.rejected.clear(),
            Some(("prereleases", "true")) => rule.prereleases = true,
            Some(("variant", suffix)) => rule.variant = Some(Variant::Exactly(suffix.trim_matches('"').to_owned())),
            Some(("versions", range)) => rule.range = Some(range.trim_matches('\'').parse().unwrap()),
            Some(("pattern", pattern)) => rule.pattern = Some(pattern.trim_matches('\'').parse().unwrap()),
            Some(("tags", names)) => subject.rule = Rule::Tags(tags(names.trim_matches(['[', ']']))),
            _ => panic!("{told} names {key}"),
        }
    }
}

fn suggested(range: Option<&str>, variant: Option<&str>, pattern: Option<&str>, list: &str) -> String {
    told(subject(range, variant, pattern), list)
}

#[test]
fn a_rule_that_picks_something_is_told_nothing() {
    insta::assert_snapshot!(suggested(None, None, None, "1.2.3 latest"), @"-");
    insta::assert_snapshot!(suggested(None, None, None, "v1.2.3 v1.2.4"), @"-");
    insta::assert_snapshot!(suggested(None, None, None, "16.4 16.5 latest"), @"-");
}

#[test]
fn a_range_that_admits_nothing_is_told_another() {
    insta::assert_snapshot!(suggested(Some("^4"), None, None, "3.1.0 3.2.0"), @"the newest version is 3.2.0; `versions: ^3` would pick 3.2.0");
    insta::assert_snapshot!(suggested(Some("<2"), None, None, "2.0.0 2.1.0 v2.2.0 latest"), @"the newest version is v2.2.0; `versions: ^2` would pick v2.2.0");
    insta::assert_snapshot!(suggested(Some("<1.28.2"), None, None, "1.28"), @"the newest version is 1.28; `versions: ^1` would pick 1.28");
    insta::assert_snapshot!(suggested(Some("^3"), Some("alpine"), None, "2.1.0-alpine 3.0.0"), @"without `variant` it would pick 3.0.0");
    insta::assert_snapshot!(suggested(Some("^3"), Some("alpine"), None, "2.1.0-alpine 2.1.0"), @"the newest version is 2.1.0-alpine; `versions: ^2` would pick 2.1.0-alpine");
}

#[test]
fn prereleases_variants_and_prefixes_are_told() {
    insta::assert_snapshot!(suggested(None, None, None, "1.2.3-rc.1 1.2.3-rc.2 latest"), @"`prereleases: true` would pick 1.2.3-rc.2");
    insta::assert_snapshot!(suggested(None, None, None, "1.2.3-slim 1.2.3-alpine 1.2.4-alpine 1.2.4-amd64"), @"`variant: alpine` would pick 1.2.4-alpine");
    insta::assert_snapshot!(suggested(None, Some("debian"), None, "1.2.3-slim 1.2.3"), @"without `variant` it would pick 1.2.3");
    insta::assert_snapshot!(suggested(None, None, None, "jdk-21.0.4_7 jdk-21.0.5_11"), @"`pattern: 'jdk-(?<version>.+)'` would pick jdk-21.0.5_11");
    insta::assert_snapshot!(suggested(None, None, None, "RELEASE.2025-06-13T11-33-47Z RELEASE.2025-09-07T16-13-09Z latest"), @r"`pattern: 'RELEASE\.(?<version>.+)Z'` would pick RELEASE.2025-09-07T16-13-09Z");
}

#[test]
fn a_pattern_that_matches_nothing_is_told_another_or_none() {
    insta::assert_snapshot!(suggested(None, None, Some("v(?<version>.+)"), "1.2.3"), @"without `pattern` it would pick 1.2.3");
    insta::assert_snapshot!(suggested(None, None, Some("r(?<version>.+)"), "jdk-21.0.4 jdk-21.0.5"), @"`pattern: 'jdk-(?<version>.+)'` would pick jdk-21.0.5");
}

#[test]
fn without_any_version_a_floating_tag_is_told() {
    insta::assert_snapshot!(suggested(None, None, None, "latest edge stable"), @"no version can be followed; `tags: [stable]` follows that tag by digest");
    insta::assert_snapshot!(suggested(None, None, None, "0a1b2c3"), @"-");
}

#[test]
fn where_all_is_rejected_the_entry_is_named() {
    let mut subject = subject(Some("^3"), None, None);
    subject.rejected = tags("3.1.0 3.2.0").into_iter().map(|tag| (tag, None)).collect();
    insta::assert_snapshot!(told(subject, "2.0.0 3.1.0 3.2.0"), @"everything that the rule admits is rejected; without its `rejected` entry it would pick 3.2.0");
}

#[test]
fn where_all_waits_nothing_is_told() {
    let subject = subject(None, None, None);
    let list = tags("1.2.3 1.2.4-rc.1");
    let (tag, digest) = (list[0].clone(), Digest::sha256(b"1.2.3"));
    let mut facts = Facts::default();
    facts.digests.insert(tag.clone(), Some(digest.clone()));
    facts.public_since.insert((tag, digest), Some(Since::published(DateTime::UNIX_EPOCH)));
    facts.history.insert(list[0].clone(), Vec::new());
    let (missing, selection) = asked(&subject, &list, &facts);
    assert!(missing.is_empty());
    assert_eq!(selection.lines[0].waiting[0].until, Some(DateTime::UNIX_EPOCH + Duration::from_secs(60)));
    assert_eq!(notices(&subject, &list, &selection), Vec::new());
}
