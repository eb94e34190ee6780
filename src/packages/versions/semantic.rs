//! The order of Semantic Versioning 2.0.0, "Precedence", for any count of numbers, with or without `v` or Go's `go`.

use std::cmp::Ordering;

use super::numbers::{Number, compare_padded, dotted};

/// A version; what stands after `+` has no order.
struct Version<'a> {
    numbers: Vec<Number<'a>>,
    pre_release: Option<Vec<Identifier<'a>>>,
}

/// Numbers come before words.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identifier<'a> {
    Number(Number<'a>),
    Word(&'a str),
}

/// `None` if one of them is no such version.
pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (Version::read(a)?, Version::read(b)?);
    let numbers = compare_padded(&a.numbers, &b.numbers, &Number::default());
    // The release itself comes after what precedes it.
    Some(
        numbers
            .then_with(|| a.pre_release.is_none().cmp(&b.pre_release.is_none()))
            .then(a.pre_release.cmp(&b.pre_release)),
    )
}

impl<'a> Version<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix("go").or_else(|| text.strip_prefix('v')).unwrap_or(text);
        let text = text.split_once('+').map_or(text, |(rest, _)| rest);
        let (numbers, pre_release) = text.split_once('-').map_or((text, None), |(numbers, pre)| (numbers, Some(pre)));
        let identifier = |text| Number::read(text).map_or(Identifier::Word(text), Identifier::Number);
        let pre_release = pre_release.map(|text| text.split('.').map(identifier).collect());
        Some(Self { numbers: dotted(numbers)?, pre_release })
    }
}
