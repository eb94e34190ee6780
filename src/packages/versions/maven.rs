//! Maven's order, as far as ordinary versions go: numbers, and qualifiers of which some come before the release.

use std::cmp::Ordering;

use super::numbers::{Number, compare_padded, runs};

/// One part of a version, in Maven's order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Alpha,
    Beta,
    Milestone,
    Candidate,
    Snapshot,
    /// Zero, `ga`, `final`, `release`, or nothing.
    Release,
    ServicePack,
    Word(&'a str),
    Number(Number<'a>),
}

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    compare_padded(&parts(&a), &parts(&b), &Part::Release)
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let part = |run| match (run, Number::read(run)) {
        (_, Some(number)) if number.is_zero() => Part::Release,
        (_, Some(number)) => Part::Number(number),
        ("alpha" | "a", None) => Part::Alpha,
        ("beta" | "b", None) => Part::Beta,
        ("milestone" | "m", None) => Part::Milestone,
        ("rc" | "cr", None) => Part::Candidate,
        ("snapshot", None) => Part::Snapshot,
        ("ga" | "final" | "release", None) => Part::Release,
        ("sp", None) => Part::ServicePack,
        (word, None) => Part::Word(word),
    };
    runs(text, |c| matches!(c, '.' | '-' | '_')).into_iter().map(part).collect()
}
