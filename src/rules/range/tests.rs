#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::fmt::Write as _;

use proptest::prelude::*;

use super::interval::Bound;
use super::*;
use crate::rules::tag::{Reading, read};
use crate::rules::version::join;

fn version(text: &str) -> Box<Version> {
    match read(text, None) {
        Reading::Version(version) => version,
        Reading::Other(why) => panic!("{text}: {why:?}"),
    }
}

fn range(text: &str) -> Range {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// The intervals that a range stands for: `>=1.2 <2 || >=4.1`.
fn explained(range: &Range) -> String {
    let one = |interval: &Interval| match (&interval.from, &interval.to) {
        (from, None) if from.numbers.is_empty() => "*".to_owned(),
        (from, None) => format!(">={}", bound(from)),
        (from, Some(to)) if from.numbers.is_empty() => format!("<{}", bound(to)),
        (from, Some(to)) => format!(">={} <{}", bound(from), bound(to)),
    };
    range.alternatives.iter().map(one).collect::<Vec<_>>().join(" || ")
}

fn bound(bound: &Bound) -> String {
    let mut text = join(&bound.numbers);
    for (i, identifier) in bound.prerelease.0.iter().enumerate() {
        write!(text, "{}{identifier}", if i == 0 { '-' } else { '.' }).unwrap();
    }
    text
}

#[test]
fn ranges_as_people_write_them() {
    let ranges = [
        ">=2.9, <4 || ^4.1",
        ">=2.9 <4||^4.1",
        ">= 2.9 < 4",
        ">=2.9<4",
        "1.2",
        "v1.2",
        "=v1.2.3",
        "1.2.3",
        "1.2.3.4",
        "1",
        "*",
        "x",
        "1.x",
        "1.2.x",
        "1.2.*",
        "1.x.x",
        "^1.2.3",
        "^1.2",
        "^1",
        "^0.2.3",
        "^0.0.3",
        "^0.0",
        "^0",
        "^0.0.0",
        "^1.2.3.4",
        "~1.2.3",
        "~1.2",
        "~1",
        "~> 1.2",
        "~>1.2.3",
        "~1.2.3.4",
        ">1.2",
        ">1.2.3",
        "<=1.2",
        "<=1.2.3",
        "<1.2",
        "1.2 - 1.4",
        "1.2.3 - 2.3.4",
        "v1 - v2",
        "1.2 - 2 || >=3.1",
        "18.09",
        ">=2024.06",
        "2024-06-01",
        ">=2.0.0-rc.1",
        "=2.0.0-rc.1",
        "<=2.0.0-rc.1",
        "<2.0.0-rc.1",
        ">2.0.0-rc.1",
        "^2.0.0-beta2",
        "1.2.3+build",
        ">=*",
        ">=1.2.3 <2.0.0-0",
        ">=1.2.0-0",
        "1.2.0-0 - 2.0.0-0",
        "^1.2.0-0",
        "^0.3",
        "^0.x",
        "1.2 - 2",
        "1.X",
        "X.X.X",
        "1.2.3.4 - 1.2.3.9",
        ">=2024.06.1 <2024.10",
        ">=1.2\t<2",
        "99999999999999999999.x",
    ];
    let table = ranges.iter().fold("\n".to_owned(), |mut table, text| {
        writeln!(table, "{text:24} {}", explained(&range(text))).unwrap();
        table
    });
    insta::assert_snapshot!(table);
}

#[test]
fn a_bad_range_shows_the_part_and_how_to_fix_it() {
    let ranges = [
        "",
        "  ",
        "latest",
        ">=1.2, <4 || newest",
        "^1.2 ||",
        "1.2,",
        ",1.2",
        "^1.2 | ^2",
        "==1.2",
        "=>1.2",
        "=<1.2",
        "!=1.3",
        "^1.2 && <1.4",
        ">=1.2 <",
        "^",
        "1.2-1.4",
        "- 1.4",
        "1.2 -",
        "1.2 - <2",
        "1.x.3",
        "^1.2.3-alpine",
        "1.2.3-rancher1",
        ">4 <2",
        "^1 ^2",
        "<*",
        "1.2.3-amd64",
        "≥1.2",
        "1.2.3;2",
        "^^1",
        "=1.2.3-0",
        ">4 <4.0.0-0",
        ">==1",
    ];
    let table = ranges.iter().fold("\n".to_owned(), |mut table, text| {
        let error = text.parse::<Range>().expect_err(text);
        let part = &text[error.at.clone()];
        writeln!(table, "{text:22} at {:?} `{part}`: {error}", error.at).unwrap();
        table
    });
    insta::assert_snapshot!(table);
}

#[test]
fn prereleases_and_short_versions() {
    let cases = [
        ("<2", "2.0.0-rc.1", false),
        ("<2", "1.9.9-rc.1", true),
        ("^1", "2.0.0-rc.1", false),
        ("^2", "2.0.0-rc.1", true),
        ("2.x", "2.0.0-rc.1", true),
        ("^2.0.0", "2.0.0-rc.1", false),
        ("^2.0.0", "2.1.0-rc.1", true),
        (">=2.0.0-rc.2", "2.0.0-rc.10", true),
        (">=2.0.0-rc.2", "2.0.0-rc.1", false),
        ("=2.0.0-rc.2", "2.0.0-rc.2", true),
        ("<2.0.0-0", "2.0.0-rc.1", false),
        ("<=2.0.0-0", "2.0.0", false),
        (">2.0.0-0", "2.0.0-rc.1", true),
        (">=2.0.0-0", "2.0.0-rc.1", true),
        (">=2.0.0-0", "1.9.9", false),
        ("~0", "0.9.9", true),
        ("^0.3", "0.4.0", false),
        ("1.2 - 2", "2.9.9", true),
        ("=1.2.3", "1.2.3-alpine", true),
        (">=3.22", "3.22-x", true),
        ("=2.0.0-rc.2", "2.0.0", false),
        ("=2.0.0-rc.2", "2.0.0-rc.3", false),
        ("<=2.0.0-rc.2", "2.0.0-rc.2", true),
        (">2.0.0-rc.2", "2.0.0-rc.3", true),
        ("<2.0.0-rc.2", "2.0.0-rc.1", true),
        ("<2.0.0-rc.2", "2.0.0", false),
        ("<=1.2", "1.3.0-rc.1", false),
        ("1.2 - 1.4", "1.5.0-rc.1", false),
        (">=16", "16.4", true),
        ("<17", "16.4", true),
        ("^16.2", "16.4", true),
        ("^16.4", "16.4", true),
        ("=16.4", "16.4", true),
        ("<16.5", "16.4", true),
        ("<1.28.2", "1.28", false),
        ("<=1.28.2", "1.28", false),
        ("<1.29", "1.28", true),
        ("^1.27.3", "1.28", true),
        ("^1.27.3", "1.27", false),
        ("1.2.3", "1.2.3.4", true),
        (">1.2.3", "1.2.3.4", false),
        ("<=1.2.3", "1.2.3.4", true),
        ("^1.2", "v1.3.0", true),
        ("^7.2", "7.4.1-alpine", true),
        ("18.9", "18.09", true),
        ("^1", "1.2.3-rancher2", true),
        ("99999999999999999999.x", "99999999999999999999.7", true),
    ];
    for (text, candidate, admitted) in cases {
        assert_eq!(range(text).admits(&version(candidate)), admitted, "{text} admits {candidate}");
    }
    assert!(range("=2.0.0-rc.2").names_prerelease_of(&version("2.0.0-rc.1")));
    assert!(range(">=2.0.0-0").names_prerelease_of(&version("2.0.0-rc.1")));
    assert!(!range("^2").names_prerelease_of(&version("2.0.0-rc.1")));
}

fn comparator() -> impl Strategy<Value = String> {
    let operator = prop::sample::select(vec!["^", "~", "=", ">", ">=", "<", "<="]);
    (operator, prop::collection::vec(0u8..4, 1..=3)).prop_map(|(operator, parts)| {
        operator.to_owned() + &parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
    })
}

proptest! {
    /// If the `semver` crate can read a range, it means the same.
    #[test]
    fn agrees_with_semver(comparators in prop::collection::vec(comparator(), 1..=3)) {
        let text = comparators.join(", ");
        let oracle: semver::VersionReq = text.parse().unwrap();
        let ours = text.parse::<Range>();
        for n in 0..125u64 {
            let (major, minor, patch) = (n / 25, n / 5 % 5, n % 5);
            let theirs = oracle.matches(&semver::Version::new(major, minor, patch));
            let candidate = version(&format!("{major}.{minor}.{patch}"));
            prop_assert_eq!(ours.as_ref().is_ok_and(|range| range.admits(&candidate)), theirs, "{} {}", text, candidate.text);
        }
    }

    /// A prerelease is admitted only if its release is, unless the range names a prerelease of that release.
    #[test]
    fn a_prerelease_follows_its_release(comparators in prop::collection::vec(comparator(), 1..=2), numbers in prop::collection::vec(0u8..5, 1..=4)) {
        if let Ok(range) = comparators.join(" ").parse::<Range>() {
            let release = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
            let prerelease = version(&format!("{release}-rc.1"));
            prop_assert!(!range.admits(&prerelease) || range.admits(&version(&release)));
        }
    }

    /// No text makes the parser fail except with an error inside the text.
    #[test]
    fn never_panics(text in "[ -~]{0,24}") {
        if let Err(error) = text.parse::<Range>() {
            prop_assert!(text.get(error.at).is_some());
        }
    }
}
