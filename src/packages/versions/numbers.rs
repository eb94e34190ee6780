//! What versions consist of: numbers of any length, and lists of parts.

use std::cmp::Ordering;

/// A number of any length, in order of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Number<'a> {
    length: usize,
    /// Without leading zeros.
    digits: &'a str,
}

impl<'a> Number<'a> {
    /// No digits are zero.
    pub(super) fn of(digits: &'a str) -> Self {
        let digits = digits.trim_start_matches('0');
        Self { length: digits.len(), digits }
    }

    /// `None` if it is not one.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        is_number(text).then(|| Self::of(text))
    }

    pub(super) fn is_zero(self) -> bool {
        self.length == 0
    }
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The numbers of a text that consists of numbers and dots only.
pub(super) fn dotted(text: &str) -> Option<Vec<Number<'_>>> {
    text.split('.').map(Number::read).collect()
}

/// Compares two versions that consist of numbers and dots only, perhaps after a `v`.
pub(super) fn compare_dotted(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (a.strip_prefix('v').unwrap_or(a), b.strip_prefix('v').unwrap_or(b));
    Some(compare_padded(&dotted(a)?, &dotted(b)?, &Number::default()))
}

/// Compares two lists part by part; what the shorter one lacks is `missing`.
pub(super) fn compare_padded<T: Ord>(a: &[T], b: &[T], missing: &T) -> Ordering {
    let differing = (0..a.len().max(b.len())).map(|at| a.get(at).unwrap_or(missing).cmp(b.get(at).unwrap_or(missing)));
    differing.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// The leading part of a text whose characters are of one kind, and the rest.
pub(super) fn split_while(text: &str, is_part: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()))
}

/// Parts of digits and of other characters, by turns, without the separators between them.
pub(super) fn runs(text: &str, is_separator: impl Fn(char) -> bool + Copy) -> Vec<&str> {
    let mut runs = Vec::new();
    for mut part in text.split(is_separator) {
        while let Some(first) = part.chars().next() {
            let run;
            (run, part) = split_while(part, |c| c.is_ascii_digit() == first.is_ascii_digit());
            runs.push(run);
        }
    }
    runs
}
