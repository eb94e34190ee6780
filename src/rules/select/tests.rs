#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::fmt::Write as _;
use std::time::Duration;

use chrono::TimeZone as _;

use super::super::*;
use super::select as ask;

pub(super) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

/// What the tags of these tests answer: a digest made from the tag's name.
fn digest(text: &str) -> Digest {
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
        rebuilds: false,
        keep: None,
        ask_readiness: false,
    }
}

fn tags(list: &str) -> Vec<Tag> {
    list.split_whitespace().map(tag).collect()
}

/// Answers what is missing with what every tag answers, until nothing is.
fn settle(subject: &Subject, tags: &[Tag], facts: &mut Facts) -> Selection {
    settle_by(subject, tags, facts, |_| None)
}

/// The same with ages: 3 is old enough and ready everywhere, less makes some tags too young, of unknown age, or not ready.
pub(super) fn settle_with(subject: &Subject, tags: &[Tag], age: u8) -> Selection {
    settle_by(subject, tags, &mut Facts::default(), |tag| {
        let kind = if age == 3 { 3 } else { tag.as_str().bytes().map(usize::from).sum::<usize>() % 4 };
        match kind {
            0 => Some(now()),
            1 => Some(now() - chrono::TimeDelta::hours(1)),
            2 => None,
            _ => Some(now() - chrono::TimeDelta::days(9)),
        }
    })
}

fn settle_by(
    subject: &Subject,
    tags: &[Tag],
    facts: &mut Facts,
    since: impl Fn(&Tag) -> Option<DateTime<Utc>>,
) -> Selection {
    for _ in 0..ROUNDS {
        let selection = ask(subject, tags, facts, now());
        if selection.missing.is_empty() {
            return selection;
        }
        for fact in selection.missing {
            match fact {
                Fact::Digest(tag) => {
                    facts.digests.insert(tag.clone(), Some(digest(tag.as_str())));
                }
                Fact::PublicSince(tag, digest) => {
                    facts.public_since.insert((tag.clone(), digest), since(&tag));
                }
                Fact::Readiness(_, digest) => {
                    facts.readiness.insert(digest, Readiness::Ready);
                }
            }
        }
    }
    panic!("undecided after {ROUNDS} rounds");
}

fn render(selection: &Selection) -> String {
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

#[test]
fn ordinary_versions() {
    let rule = VersionRule { range: Some(">=2.9, <4".parse().unwrap()), ..rule() };
    insta::assert_snapshot!(decided(
        &subject(rule, &["3.1.0"]),
        "latest 2.9.0 3.1.0 3.1.1 3.2.0 3 3.2 4.0.0 3.2.1-rc.1 3.2.0-alpine 3.2.0-amd64 main-1a2b3c4"
    ));
}

#[test]
fn the_approvals_precision_and_variant_win() {
    insta::assert_snapshot!(decided(
        &subject(rule(), &["1.27-alpine"]),
        "1.27-alpine 1.28-alpine 1.28.1-alpine 1.28 1.29.0 1-alpine"
    ));
}

#[test]
fn nothing_approved_yet() {
    insta::assert_snapshot!(decided(&subject(rule(), &[]), "1 1.27 1.27.3 1.28 1.27.3-alpine"));
    insta::assert_snapshot!(decided(&subject(rule(), &[]), "16 16.3 16.4 9.6 9.6.24 17rc1 16.4-alpine"));
}
