//! Numbers of any size: a tag may contain more digits than fit in an integer.

use std::fmt;

/// A decimal number without an upper bound. Leading zeros do not count: `09` equals `9`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Number {
    /// Fits 64 bits.
    Small(u64),
    /// Does not.
    Big(Digits),
}

/// The digits of a number that does not fit 64 bits; ordered by length, then digit by digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits {
    length: usize,
    text: Box<str>,
}

impl Number {
    pub const ZERO: Self = Self::Small(0);

    /// The number that `digits` writes; the caller must pass only ASCII digits.
    #[must_use]
    pub fn new(digits: &str) -> Self {
        digits.parse().map_or_else(|_| Self::big(digits), Self::Small)
    }

    fn big(digits: &str) -> Self {
        let text = digits.trim_start_matches('0');
        Self::Big(Digits { length: text.len(), text: text.into() })
    }

    /// Whether it may be the year of a calendar version.
    #[must_use]
    pub fn is_year(&self) -> bool {
        matches!(self, Self::Small(1990..=2199))
    }

    /// The number after this one.
    #[must_use]
    pub fn next(&self) -> Self {
        match self {
            Self::Small(n) => n.checked_add(1).map_or_else(|| Self::big("18446744073709551616"), Self::Small),
            Self::Big(digits) => {
                let kept = digits.text.trim_end_matches('9');
                let nines = digits.text.len() - kept.len();
                let (head, last) = kept.split_at(kept.len().saturating_sub(1));
                let raised = last.parse::<u8>().map_or(1, |d| d + 1);
                Self::big(&format!("{head}{raised}{}", "0".repeat(nines)))
            }
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Small(n) => n.fmt(f),
            Self::Big(digits) => f.write_str(&digits.text),
        }
    }
}

/// Every run of digits in `text` as a number, in order.
pub(super) fn runs(text: &str) -> Vec<Number> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).map(Number::new).collect()
}

/// The parts of a dotted number such as `1.27.3`; `None` if `text` is anything else.
pub(super) fn dotted(text: &str) -> Option<Vec<Number>> {
    text.split('.').map(|part| digits(part).then(|| Number::new(part))).collect()
}

/// Whether `text` is one or more ASCII digits.
pub(super) fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn numbers_compare_as_numbers_however_long() {
        let sorted = [
            "0",
            "9",
            "10",
            "18446744073709551615",
            "18446744073709551616",
            "99999999999999999999",
            "100000000000000000000",
        ];
        for pair in sorted.windows(2) {
            assert!(Number::new(pair[0]) < Number::new(pair[1]), "{pair:?}");
        }
        assert_eq!(Number::new("0009"), Number::new("9"));
        assert_eq!(Number::new("000018446744073709551616"), Number::new("18446744073709551616"));
    }

    #[test]
    fn the_next_number_carries() {
        for (n, next) in [
            ("0", "1"),
            ("99", "100"),
            ("18446744073709551615", "18446744073709551616"),
            ("99999999999999999999", "100000000000000000000"),
            ("29999999999999999999", "30000000000000000000"),
            ("20000000000000000001", "20000000000000000002"),
        ] {
            assert_eq!(Number::new(n).next(), Number::new(next));
        }
    }
}
