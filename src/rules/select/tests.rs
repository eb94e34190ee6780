#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::fmt::Write as _;
use std::time::Duration;

use chrono::TimeZone as _;

use super::super::*;
use super::Readings;

pub(super) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

/// What tags resolve to in these tests: a digest made from the tag's name.
pub(super) fn digest(text: &str) -> Digest {
    Digest::sha256(text.as_bytes())
}

pub(super) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 9, 0, 0).unwrap()
}

fn rule() -> VersionRule {
    VersionRule { range: None, variant: None, pattern: None, follow: Follow::Latest, prereleases: false }
}

pub(super) fn subject(rule: VersionRule, approved: &[&str]) -> Subject {
    Subject {
        rule: Rule::Versions(rule),
        approved: approved.iter().map(|t| (tag(t), digest(t))).collect(),
        rejected: Vec::new(),
        revoked: Vec::new(),
        cooldown: Duration::ZERO,
        fixes: None,
        rebuilds: false,
        keep: None,
        ask_readiness: false,
        ask_signatures: false,
    }
}

pub(super) fn tags(list: &str) -> Vec<Tag> {
    list.split_whitespace().map(tag).collect()
}

/// Supplies missing facts with what every tag resolves to, until nothing is missing.
pub(super) fn settle(subject: &Subject, tags: &[Tag], facts: &mut Facts) -> Selection {
    settle_by(subject, tags, facts, |_| None)
}

/// The same with ages: 3 is old and ready everywhere; less makes some tags too young, of unknown age, or not ready.
pub(super) fn settle_with(subject: &Subject, tags: &[Tag], age: u8) -> Selection {
    let mut facts = Facts::default();
    for digest in tags.iter().map(|tag| digest(tag.as_str())).filter(barred) {
        match digest.hex().as_bytes()[1] % 2 {
            0 => drop(facts.declined.insert(digest)),
            _ => drop(facts.unsigned.insert(digest, "no signature".to_owned())),
        }
    }
    settle_by(subject, tags, &mut facts, |tag| {
        let kind = if age == 3 { 3 } else { tag.as_str().bytes().map(usize::from).sum::<usize>() % 4 };
        match kind {
            0 => Some(now()),
            1 => Some(now() - chrono::TimeDelta::hours(1)),
            2 => None,
            _ => Some(now() - chrono::TimeDelta::days(9)),
        }
    })
}

/// Some digests that [`settle_with`] treats as declined or unsigned, one in sixteen.
pub(super) fn barred(digest: &Digest) -> bool {
    digest.hex().starts_with('0')
}

fn settle_by(
    subject: &Subject,
    tags: &[Tag],
    facts: &mut Facts,
    since: impl Fn(&Tag) -> Option<DateTime<Utc>>,
) -> Selection {
    let readings = Readings::of(&subject.rule, tags);
    let inquiry = readings.inquire(subject, now());
    for _ in 0..ROUNDS {
        let missing = inquiry.missing(facts);
        if missing.is_empty() {
            return inquiry.answer(facts);
        }
        for fact in missing {
            match fact {
                Fact::Digest(tag) => {
                    facts.digests.insert(tag.clone(), Some(digest(tag.as_str())));
                }
                Fact::PublicSince(tag, digest) => {
                    facts.public_since.insert((tag.clone(), digest), since(&tag).map(Since::published));
                }
                Fact::History(tag) => {
                    facts.history.insert(tag, Vec::new());
                }
                Fact::Fixes(tag, digest) => {
                    facts.fixes.insert((tag, digest), Err(crate::rules::NotShorter::known("nothing")));
                }
                Fact::Readiness(_, digest) => {
                    facts.readiness.insert(digest, Readiness::Ready);
                }
                Fact::Signatures(_, digest) => {
                    facts.signed.insert(digest);
                }
            }
        }
    }
    panic!("undecided after {ROUNDS} rounds");
}

pub(super) fn render(selection: &Selection) -> String {
    let mut text = String::new();
    for line in &selection.lines {
        let tag = |t: Option<&Tag>| t.map_or("-", Tag::as_str).to_owned();
        let chosen = line.chosen.as_ref();
        write!(text, "{}: {} -> {}", line.name, tag(line.current.as_ref().map(|c| &c.0)), tag(chosen.map(|c| &c.tag)))
            .unwrap();
        if chosen.is_some_and(|c| c.rebuild) {
            text.push_str(" (rebuild)");
        }
        if chosen.is_some_and(|c| c.prefix_changed) {
            text.push_str(" (prefix changed)");
        }
        for (retired, _) in &line.retired {
            write!(text, " retires {retired}").unwrap();
        }
        for waiting in &line.waiting {
            write!(text, " waits {} ({:?})", waiting.tag, waiting.reason).unwrap();
        }
        text.push('\n');
    }
    for t in &selection.tags {
        writeln!(
            text,
            "  {:24} {:9} {:15} {}",
            t.tag.as_str(),
            format!("{:?}", t.verdict),
            format!("{:?}", t.reason),
            t.detail
        )
        .unwrap();
    }
    text
}

fn decided(subject: &Subject, list: &str) -> String {
    render(&settle(subject, &tags(list), &mut Facts::default()))
}

/// A subject made from words: `range=`, `variant=`, `pattern=`, `follow=`, `approved=a,b`, `rejected=`, `until:`,
/// `revoked=`, `cooldown=days`, `keep=`, and the words `prereleases`, `rebuilds`.
pub(super) fn case(words: &str) -> Subject {
    let mut subject = subject(rule(), &[]);
    let Rule::Versions(mut rule) = subject.rule else { unreachable!() };
    let list = |value: &str| value.split(',').map(|t| (tag(t), digest(t))).collect::<Vec<_>>();
    for word in words.split(' ').filter(|w| !w.is_empty()) {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        match name {
            "range" => rule.range = Some(value.replace('_', " ").parse().unwrap()),
            "variant" if value == "*" => rule.variant = Some(Variant::Any),
            "variant" => rule.variant = Some(Variant::Exactly(value.to_owned())),
            "pattern" => rule.pattern = Some(value.parse().unwrap()),
            "follow" => {
                rule.follow = match value {
                    "each-minor" => Follow::EachMinor,
                    "each-major" => Follow::EachMajor,
                    "all" => Follow::All,
                    other => panic!("{other}"),
                }
            }
            "prereleases" => rule.prereleases = true,
            "rebuilds" => subject.rebuilds = true,
            "approved" => subject.approved = list(value),
            "revoked" => subject.revoked = list(value),
            "rejected" => subject.rejected = list(value).into_iter().map(|(t, _)| (t, None)).collect(),
            "rejected-until" => {
                let (t, day) = value.split_once(':').unwrap();
                subject.rejected.push((tag(t), Some(day.parse().unwrap())));
            }
            "cooldown" => subject.cooldown = Duration::from_secs(value.parse::<u64>().unwrap() * 86_400),
            "keep" => subject.keep = Some(value.parse().unwrap()),
            other => panic!("{other}"),
        }
    }
    Subject { rule: Rule::Versions(rule), ..subject }
}

/// Rules, lists and their results, as one text.
fn cases(cases: &[(&str, &str)]) -> String {
    let one = |(words, list): &(&str, &str)| format!("## {words}\n{}", decided(&case(words), list));
    format!("\n{}", cases.iter().map(one).collect::<Vec<_>>().join("\n"))
}

#[test]
fn ordinary_versions() {
    insta::assert_snapshot!(cases(&[
        (
            "range=>=2.9,_<4 approved=3.1.0",
            "latest 2.9.0 3.1.0 3.1.1 3.2.0 3 3.2 4.0.0 3.2.1-rc.1 3.2.0-alpine 3.2.0-amd64 main-1a2b3c4"
        ),
        ("approved=1.27-alpine", "1.27-alpine 1.28-alpine 1.28.1-alpine 1.28 1.29.0 1-alpine"),
        (
            "variant=alpine range=^7.2",
            "7.2.4-alpine 7.2.5-alpine 7.2.5-alpine3.20 7.2-alpine 7-alpine 7.4-rc2-alpine 7.2.5 8.0.1-alpine alpine"
        ),
        ("approved=9.8.8", "9.8.8 9.8.9 9.8.10"),
    ]));
}

#[test]
fn nothing_approved_yet() {
    insta::assert_snapshot!(cases(&[
        ("", "1 1.27 1.27.3 1.28 1.27.3-alpine"),
        ("", "16 16.3 16.4 9.6 9.6.24 17rc1 16.4-alpine"),
        ("range=^2", "2.470 2.452.2 2.452.3"),
        ("", "v1.29.3-k3s1 v1.29.4-k3s1 v1.29.4-k3s2 v1.29.4-k3s2-amd64 v1.30.0-rc1-k3s1"),
        ("", "3.5.12-0 3.5.13-0 3.5.9-0"),
        ("", "v20231011-8b53cabe0 v20231226-1a7112e06"),
        ("", "jdk-21.0.4_7 jdk-21.0.5_11"),
        ("", "windows-2022-3.1.8 3.1.8 3.1.8-debug"),
        ("", "20240601 20240701 edge 3.20.1 3.20.2 3.20"),
        ("", "20240601 20240701 latest"),
        ("", "latest edge main-1a2b3c4 0a1b2c3 sha-0a1b2c3"),
        ("variant=*", "1.27.3 1.27.3-alpine3.20 1.27.3-bookworm 1.27.2-alpine3.19 1.27.3-amd64"),
        ("variant=*", "0.0.0-devel 0.2.0-1 0.2.1-1 3.0.0-1234567 3.0.0.0-10 3.1.0.0-10"),
    ]));
}

#[test]
fn habits() {
    insta::assert_snapshot!(cases(&[
        ("approved=v1.2.3", "v1.2.3 1.2.3 v1.2.4 1.2.4"),
        ("approved=1.2.3", "v1.2.3 1.2.3 v1.2.4 1.2.4"),
        ("approved=v1.2.3", "v1.2.3 v1.2.4 1.3.0"),
        ("approved=v1.2.3 rejected=v1.3.0", "v1.2.3 v1.3.0 1.3.0"),
        ("approved=v1.29.3-k3s1", "v1.29.3-k3s1 v1.29.3-k3s2 v1.29.3 v1.29.10-k3s1 v1.29.10-rke2r1 v1.29.11"),
        ("approved=v4.10.0-20251226", "v4.10.0-20251226 v4.10.0-20260101 v4.10.0 v4.10.0-3 v4.11.0"),
        ("approved=jdk-21.0.4_7", "jdk-21.0.4_7 jdk-21.0.5_11 jdk-21.0.5_9 21.0.6_1 jdk-22_36"),
        ("approved=windows-2022-3.1.8", "windows-2022-3.1.8 windows-2022-3.1.9 3.1.9 windows-2019-3.1.9"),
        ("approved=1.2.3-amd64", "1.2.3-amd64 1.2.4-amd64 1.2.4-arm64 1.2.4"),
        (
            "approved=v1.35.9-1768828720-0123456789abcdef0123456789abcdef01234567",
            "v1.35.9-1768828720-0123456789abcdef0123456789abcdef01234567 v1.35.9-1768900000-1123456789abcdef0123456789abcdef01234567 v1.36.0-1123456789abcdef0123456789abcdef01234567"
        ),
        ("approved=20240601", "20240601 20240701 3.20.1 202407"),
        ("approved=18.09", "18.09 18.9 18.10 19.03"),
        (
            "variant=* approved=1.27.3-alpine3.20",
            "1.27.3-alpine3.20 1.27.3-alpine3.21 1.27.3-bookworm 1.27.4-bookworm 1.27.3-alpine3.20-slim"
        ),
        ("variant=* approved=1.27.3-alpine3.19", "1.27.3-alpine3.19 1.27.4-alpine3.9 1.27.4-alpine3.21 1.27.5"),
        ("variant=bookworm approved=1.27.3-alpine", "1.27.3-alpine 1.27.3-bookworm 1.27.2-bookworm 1.27.4-alpine"),
        ("approved=1.0.0-alpha.1 prereleases", "1.0.0-alpha.1 1.0.0-b9 1.0.0-b10 1.0.0-rc.1-alpine"),
        ("approved=2.0.0-rc.1", "2.0.0-rc.1 2.0.0-rc.2 2.0.0"),
        ("range==2.0.0-rc.2", "2.0.0-rc.1 2.0.0-rc.2 2.0.0"),
    ]));
}

#[test]
fn lines() {
    insta::assert_snapshot!(cases(&[
        (
            "follow=each-minor range=>=3_<4 approved=3.1.4,3.2.0",
            "3.0.9 3.1.3 3.1.4 3.1.5 3.2.0 3.2.0-rc.1 3.3.0 3 3.1 4.0.0"
        ),
        ("follow=each-major approved=15.6,16.2", "9.6.24 15.6 15.7 16.2 16.3 17.0 17rc1 16"),
        ("follow=all approved=1.1.0,1.3.0", "1.0.0 1.1.0 1.2.0 v1.2.0 1.3.0 1.4.0 1.4.1-rc.1"),
        ("follow=all range=>=1.4", "1.3.0 1.4.0 1.4.1"),
        ("follow=all variant=* approved=2-alpine3.20", "2-alpine3 2-alpine3.9 2-alpine3.20 2-alpine3.21 3-alpine3.9"),
        ("follow=each-minor keep=2 approved=3.1.1,3.1.3,3.1.2,3.2.0", "3.1.1 3.1.2 3.1.3 3.1.4 3.2.0"),
        ("keep=1 approved=1.0.0", "1.0.0 1.1.0"),
        ("keep=1 approved=1.0.0,1.1.0", "1.0.0 1.1.0"),
        (
            "follow=each-major variant=* approved=1.27.3-alpine3.20",
            "1.27.3-alpine3.20 1.27.4-alpine3.20 2.0.0-bookworm"
        ),
    ]));
}

#[test]
fn what_a_person_said() {
    insta::assert_snapshot!(cases(&[
        ("approved=3.1.0 rejected=3.2.0", "3.1.0 3.1.1 3.2.0"),
        ("approved=3.1.0 rejected-until=3.2.0:2026-11-21 rejected-until=3.1.1:2026-11-20", "3.1.0 3.1.1 3.2.0"),
        ("approved=3.1.0 rejected=3.1.0 rebuilds", "3.1.0"),
        ("approved=3.0.8,3.0.9 revoked=3.0.9 rebuilds", "3.0.8 3.0.9"),
        ("revoked=3.0.9", "3.0.8 3.0.9"),
        ("range=<3 approved=3.1.0,2.9.0 rebuilds", "2.9.0 2.9.1 3.1.0"),
    ]));
}

#[test]
fn patterns() {
    insta::assert_snapshot!(cases(&[
        (
            r"pattern=RELEASE\.(?<version>.+)Z approved=RELEASE.2025-06-13T11-33-47Z",
            "RELEASE.2025-06-13T11-33-47Z RELEASE.2025-09-07T16-13-09Z RELEASE.2025-09-07T16-13-09Z-cpuv1 RELEASE.2024-09-07T16-13-09Z latest"
        ),
        (
            r"pattern=v(?<version>\d+\.\d+)-(?<stamp>\d+)-(?<sha>[0-9a-f]+)",
            "v1.36-1768828720-aa1 v1.36-1768900000-001 v1.35-1999999999-bb"
        ),
        (
            r"pattern=RELEASE\.(?<version>.+)Z range=>=2025.7",
            "RELEASE.2025-06-13T11-33-47Z RELEASE.2025-09-07T16-13-09Z"
        ),
    ]));
}
