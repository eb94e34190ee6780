//! Alpine's order: `1.2.3b_rc1_p2-r4`. Suffixes such as `_rc` come before the release, `_p` and those of version control
//! after it.

use std::cmp::Ordering;

use super::numbers::{Number, compare_padded, is_number, split_while};

/// Suffixes before and after the release itself, in order.
const BEFORE: [&str; 4] = ["alpha", "beta", "pre", "rc"];
const AFTER: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

/// A version of a package of Alpine Linux.
struct Version<'a> {
    numbers: Vec<&'a str>,
    letter: Option<char>,
    suffixes: Vec<Suffix<'a>>,
    revision: Option<Number<'a>>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Suffix<'a> {
    Before(usize, Number<'a>),
    None,
    After(usize, Number<'a>),
}

/// `None` if one of them is no such version.
pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (Version::read(a)?, Version::read(b)?);
    let both = a.numbers.iter().zip(&b.numbers).enumerate();
    let differing = both.map(|(at, (a, b))| compare_component(at, a, b)).find(|order| order.is_ne());
    let order = differing
        .unwrap_or_else(|| a.numbers.len().cmp(&b.numbers.len()))
        .then_with(|| a.letter.cmp(&b.letter))
        .then_with(|| compare_padded(&a.suffixes, &b.suffixes, &Suffix::None))
        .then_with(|| a.revision.cmp(&b.revision));
    Some(order)
}

impl<'a> Version<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let revision = text.rsplit_once("-r").and_then(|(rest, number)| Some((rest, Number::read(number)?)));
        let (text, revision) = revision.map_or((text, None), |(rest, number)| (rest, Some(number)));
        // The hash of a commit has no order.
        let text = text.split_once('~').map_or(text, |(rest, _)| rest);
        let mut parts = text.split('_');
        let (numbers, letter) = split_while(parts.next()?, |c| c.is_ascii_digit() || c == '.');
        let mut letters = letter.chars();
        let letter = letters.next();
        if letter.is_some_and(|letter| !letter.is_ascii_lowercase()) || letters.next().is_some() {
            return None;
        }
        let numbers: Vec<&str> = numbers.split('.').collect();
        let suffixes = parts.map(Suffix::read).collect::<Option<_>>()?;
        numbers.iter().all(|number| is_number(number)).then_some(Self { numbers, letter, suffixes, revision })
    }
}

impl<'a> Suffix<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (name, digits) = split_while(text, |c| c.is_ascii_lowercase());
        let number = if digits.is_empty() { Number::default() } else { Number::read(digits)? };
        let at = |names: &[&str]| names.iter().position(|known| *known == name);
        at(&BEFORE).map(|at| Self::Before(at, number)).or_else(|| at(&AFTER).map(|at| Self::After(at, number)))
    }
}

/// After the first number, one with a leading zero is a fraction: `1.05` comes before `1.1`.
fn compare_component(at: usize, a: &str, b: &str) -> Ordering {
    let is_fraction = at > 0 && (a.starts_with('0') || b.starts_with('0'));
    if is_fraction { a.cmp(b) } else { Number::of(a).cmp(&Number::of(b)) }
}
