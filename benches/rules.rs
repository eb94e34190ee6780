//! How long it takes to read 20,000 tags and to decide: one query to the rules, and a whole round of queries and
//! answers. Plain timing on one core: `cargo bench --bench rules` prints the figures.

#![expect(clippy::print_stdout, reason = "the figures are the result")]

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use wharfinger::internals::image::{Digest, Tag};
use wharfinger::internals::rules::{
    Fact, Facts, Follow, NotShorter, Readiness, Readings, Rule, Selection, Subject, VersionRule,
};

/// The program's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many tags the list has.
const TAGS: u64 = 20_000;
/// How often each figure is measured; the minimum is printed, as disturbances only add time.
const RUNS: usize = 21;

/// A list like those of large projects: releases, prereleases, variants, floating tags and commits.
fn tags() -> Vec<Tag> {
    let shapes =
        ["", "-alpine", "-alpine3.20", "-slim-bookworm", "-rc.1", "-amd64", "-debian-12-r3", "-windows-ltsc2022"];
    let of = |n: u64| match n % 10 {
        8 => format!("sha-{:07x}", n * 7919),
        9 => format!("{}.{}", n / 1_000, n / 100 % 10),
        _ => format!("{}.{}.{}{}", n / 1_000, n / 100 % 10, n / 10 % 10, shapes[usize::try_from(n % 8).unwrap_or(0)]),
    };
    (0..TAGS).filter_map(|n| of(n).parse().ok()).collect()
}

fn digest(tag: &Tag) -> Digest {
    Digest::sha256(tag.as_str().as_bytes())
}

fn subject(follow: Follow, range: &str) -> Subject {
    let approved: Option<Tag> = "10.5.0".parse().ok();
    let rule = VersionRule { range: range.parse().ok(), variant: None, pattern: None, follow, prereleases: false };
    Subject {
        rule: Rule::Versions(rule),
        approved: approved.into_iter().map(|tag| (tag.clone(), digest(&tag))).collect(),
        rejected: Vec::new(),
        revoked: Vec::new(),
        cooldown: Duration::from_secs(86_400),
        fixes: None,
        rebuilds: true,
        keep: None,
        ask_readiness: true,
        ask_signatures: false,
    }
}

/// Answers every query until there are none; returns the selection and the number of queries.
fn settle(subject: &Subject, tags: &[Tag], now: DateTime<Utc>) -> (Selection, usize) {
    let (readings, mut facts) = (Readings::of(&subject.rule, tags), Facts::default());
    let inquiry = readings.inquire(subject, now);
    for round in 1.. {
        let missing = inquiry.missing(&facts);
        if missing.is_empty() {
            return (inquiry.answer(&facts), round);
        }
        for fact in missing {
            match fact {
                Fact::Digest(tag) => {
                    let answer = Some(digest(&tag));
                    facts.digests.insert(tag, answer);
                }
                Fact::PublicSince(tag, digest) => {
                    facts.public_since.insert(
                        (tag, digest),
                        Some(wharfinger::internals::rules::Since::published(DateTime::UNIX_EPOCH)),
                    );
                }
                Fact::History(tag) => {
                    facts.history.insert(tag, Vec::new());
                }
                Fact::Fixes(tag, digest) => {
                    let not = NotShorter { why: String::new(), is_unknown: false };
                    facts.fixes.insert((tag, digest), Err(not));
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
    (Selection::default(), 0)
}

/// The minimum time that the work took, in milliseconds.
fn least(mut work: impl FnMut()) -> f64 {
    let mut time = || {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64() * 1_000.0
    };
    (0..RUNS).map(|_| time()).fold(f64::INFINITY, f64::min)
}

fn main() {
    let (tags, now) = (tags(), Utc::now());
    for (name, follow, range) in [
        ("latest", Follow::Latest, ">=10"),
        ("each-major", Follow::EachMajor, ">=5"),
        ("each-minor", Follow::EachMinor, ">=5"),
        ("all", Follow::All, ">=10"),
    ] {
        let subject = subject(follow, range);
        let once = least(|| {
            let (readings, facts) = (Readings::of(&subject.rule, &tags), Facts::default());
            let inquiry = readings.inquire(&subject, now);
            drop(std::hint::black_box((inquiry.missing(&facts), inquiry.answer(&facts))));
        });
        let (selection, questions) = settle(&subject, &tags, now);
        let settled = least(|| drop(std::hint::black_box(settle(&subject, &tags, now))));
        let (lines, count) = (selection.lines.len(), tags.len());
        println!(
            "{name:<10} {count} tags, {lines} lines: {once:.1} ms a decision, {settled:.1} ms settled in {questions}"
        );
    }
}
