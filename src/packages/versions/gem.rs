//! RubyGems' order: numbers and words; a version with a word is a pre-release.

use std::cmp::Ordering;

use super::numbers::{Number, compare_padded, runs};

/// Words come before numbers.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    Word(&'a str),
    Number(Number<'a>),
}

/// `None` if one of them is no such version.
pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    // `1.0-x` is short for `1.0.pre.x`.
    let (a, b) = (a.replace('-', ".pre."), b.replace('-', ".pre."));
    let missing = Segment::Number(Number::default());
    Some(compare_padded(&segments(&a)?, &segments(&b)?, &missing))
}

fn segments(text: &str) -> Option<Vec<Segment<'_>>> {
    let is_version = text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    let segment = |run| Number::read(run).map_or(Segment::Word(run), Segment::Number);
    is_version.then(|| runs(text, |c| c == '.').into_iter().map(segment).collect())
}
