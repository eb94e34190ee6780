//! Constraints against what the libraries themselves admit.

use crate::image::Tag;
use crate::import::constraint::{Dialect, versions};
use crate::rules::{Range, Reading, Version, read};

/// Each line: library, constraint, and which of the versions `{0..3}.{0..3}.{0..2}` it admits, or `ERROR`; made by
/// Masterminds/semver 3, blang/semver 4 and regclient's internal/semver. Some of blang's are missing, of which it makes
/// what nobody means: `!=1.2.x` admits nothing, `1.1.1 - 2` is `1.1.1`, and `^1.2.x`, which it does not have, `1.2.0`.
const ADMITTED: &str = include_str!("constraints.tsv");

fn version(text: &str) -> Box<Version> {
    let tag: Tag = text.parse().unwrap();
    match read(tag.as_str(), None) {
        Reading::Version(version) => version,
        Reading::Other(_) => panic!("{text}"),
    }
}

#[test]
fn a_range_admits_what_the_library_admits() {
    let grid: Vec<String> =
        (0..4).flat_map(|a| (0..4).flat_map(move |b| (0..3).map(move |c| format!("{a}.{b}.{c}")))).collect();
    let (mut carried, mut refused) = (0, Vec::new());
    for line in ADMITTED.lines() {
        let [library, constraint, admitted] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let dialect = match library {
            "masterminds" => Dialect::Masterminds,
            "blang" => Dialect::Blang,
            _ => Dialect::Regclient,
        };
        if admitted == "ERROR" {
            continue;
        }
        let Ok(found) = versions(dialect, constraint) else {
            refused.push(format!("{library} {constraint}: {admitted}"));
            continue;
        };
        let range: Range = found.range.parse().unwrap();
        let found: Vec<&str> = grid.iter().filter(|text| range.admits(&version(text))).map(String::as_str).collect();
        assert_eq!(found.join(" "), admitted, "{library} {constraint}: {range}");
        carried += 1;
    }
    assert_eq!(refused, [""; 0], "what a library reads is carried over");
    assert!(carried > 100, "{carried}");
}

#[test]
fn what_is_no_constraint_is_refused_with_its_reason() {
    for (dialect, text) in [
        (Dialect::Masterminds, ""),
        (Dialect::Masterminds, ">="),
        (Dialect::Masterminds, "latest"),
        (Dialect::Masterminds, ">2 <1"),
        (Dialect::Regclient, ">=1, <2"),
        (Dialect::Regclient, ">= x"),
        (Dialect::Blang, "^1.2.3"),
        (Dialect::Blang, "><1.0.0"),
    ] {
        let why = versions(dialect, text).unwrap_err();
        assert!(!why.is_empty(), "{text}");
    }
}

#[test]
fn prereleases_are_wanted_where_a_constraint_names_one() {
    assert!(!versions(Dialect::Masterminds, ">=1.2").unwrap().prereleases);
    let all = versions(Dialect::Masterminds, ">=1.2.0-0").unwrap();
    assert_eq!((all.range.as_str(), all.prereleases), (">=1.2.0", true));
    assert!(versions(Dialect::Regclient, ">=1.2.0-rc.1").unwrap().prereleases);
    assert!(!versions(Dialect::Masterminds, "1.2 - 2").unwrap().prereleases);
}
