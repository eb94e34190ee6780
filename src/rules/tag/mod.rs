//! Reading tags: what of a tag is version, prerelease, build and variant.
//!
//! Tags follow no specification. The grammar below is what well-known projects do; the lists of words are in `vocabulary`.
//!
//! ```text
//! tag        = [ prefix ] [ "v" ] numbers [ glued ] *( ("-" | "_" | "__" | ".") segment )
//! prefix     = words and numbers that end in "-" or "_", before the first number of several parts (else of one)
//! numbers    = 1*DIGIT *( "." 1*DIGIT ) | YYYY "-" MM "-" DD | major "u" update   ; in a list that has hashes of
//!              that length, seven digits and more alone are one of them
//! glued      = prerelease | build                  ; 3.13.0rc2, 9.7p1
//! segment    = prerelease | build | commit | architecture | variant
//! build      = known word with its number | bare number, where no variant follows it | counter
//! counter    = word "." number | number word number     ; gs.2, 0ubuntu3; not php82, which is a variant
//! ```
//!
//! The `semver` crate reads none of this: it refuses `v1.2.3`, `1.27`, `2024.06.1` and four parts, takes every suffix for
//! a prerelease, and compares `r5` and `r10` as text.

use super::number::{Number, dotted, runs};
use super::version::{Prerelease, Suffix, Version};
use super::vocabulary::{self, lower};

mod suffixes;

use suffixes::Suffixes;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    Version(Box<Version>),
    /// Not a version, and why.
    Other(NoVersion),
}

/// Why a tag is not a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoVersion {
    Commit,
    /// A moving channel, a branch, a pull request.
    Channel,
    /// A signature or other companion of an image, by cosign's naming.
    Companion,
    /// Anything else.
    Name,
    /// The rule's pattern does not match it.
    Pattern,
}

impl NoVersion {
    /// The reason in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "a commit hash",
            Self::Channel => "names a channel or a build of it, not a version",
            Self::Companion => "belongs to another image: a signature, attestation or fallback",
            Self::Name => "contains no recognizable version",
            Self::Pattern => "the pattern does not match it",
        }
    }
}

/// Reads `text` as a version. If the rule names a `variant`, it counts as the variant whenever the text ends in it,
/// whatever else the words might mean: `1.2.3-dev` is a prerelease unless the rule says `variant: dev`, and the number
/// in `17.5-3-bookworm` belongs to the variant unless the rule says `variant: bookworm`.
pub(crate) fn read(text: &str, variant: Option<&str>) -> Reading {
    let declared = variant.and_then(|v| {
        let rest = text.strip_suffix(v)?.strip_suffix(['-', '_'])?;
        match parse(rest) {
            Reading::Version(mut version) if version.variant.is_empty() && version.architecture.is_none() => {
                version.variant = Suffix(v.to_owned());
                text.clone_into(&mut version.text);
                Some(version)
            }
            _ => None,
        }
    });
    declared.map_or_else(|| parse(text), Reading::Version)
}

fn parse(text: &str) -> Reading {
    let first = text.split(['-', '_', '.']).next().unwrap_or_default();
    if text.starts_with("sha256-") || text.starts_with("sha512-") {
        return Reading::Other(NoVersion::Companion);
    }
    if vocabulary::hash(text) || vocabulary::hash(first) {
        return Reading::Other(NoVersion::Commit);
    }
    if vocabulary::channel(&lower(first)) {
        return Reading::Other(NoVersion::Channel);
    }
    start(text)
        .and_then(|at| version(&text[..at], &text[at..], text))
        .map_or(Reading::Other(NoVersion::Name), |version| Reading::Version(Box::new(version)))
}

/// Where the version begins: at the start, or after a prefix of words, at the number with the most parts.
fn start(text: &str) -> Option<usize> {
    if parts_at(text) > 0 {
        return Some(0);
    }
    // A single part may follow words, `bookworm-20240612`, but not a piece of a number, `RELEASE.2025-06-13T11`.
    let worded = |at: usize| !text[..at].contains(|c: char| c.is_ascii_digit() || c == '.');
    let after = text.match_indices(['-', '_']).map(|(i, _)| i + 1);
    let places =
        after.map(|at| (parts_at(&text[at..]), at)).filter(|&(parts, at)| parts > 1 || (parts == 1 && worded(at)));
    places.max_by_key(|(parts, at)| (*parts, std::cmp::Reverse(*at))).map(|(_, at)| at)
}

/// How many numeric parts `text` begins with.
fn parts_at(text: &str) -> usize {
    let numbers = text.strip_prefix(['v', 'V']).unwrap_or(text);
    if !numbers.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    numbers[..numbers_end(numbers)].split('.').count()
}

/// The length of the dotted number that `text` begins with.
fn numbers_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let mut end = 0;
    while digit(end) || (end > 0 && bytes.get(end) == Some(&b'.') && digit(end + 1)) {
        end += 1;
    }
    end
}

fn version(prefix: &str, text: &str, whole: &str) -> Option<Version> {
    let (v, text) = text.strip_prefix(['v', 'V']).map_or((false, text), |rest| (true, rest));
    let (numbers, rest) = numbers(text)?;
    let dated = day(&text[..text.len() - rest.len()]);
    let java = numbers.len() == 2 && !text[..text.len() - rest.len()].contains(['.', '-']);
    let year = matches!(&*numbers, [year] if year.is_year());
    let suffixes = Suffixes::read(rest, java, year)?;
    Some(Version {
        numbers,
        prerelease: Prerelease(suffixes.prerelease),
        build: suffixes.build,
        ties: Vec::new(),
        variant: Suffix(suffixes.variant),
        prefix: prefix.to_owned(),
        v,
        dated,
        commit: suffixes.commit,
        architecture: suffixes.architecture,
        text: whole.to_owned(),
    })
}

/// The numeric parts and what follows them.
fn numbers(text: &str) -> Option<(Vec<Number>, &str)> {
    if let Some((date, rest)) = calendar(text) {
        return Some((date, rest));
    }
    let (head, rest) = text.split_at(numbers_end(text));
    let mut numbers = dotted(head)?;
    if let Some(update) = rest.strip_prefix('u').filter(|_| numbers.len() == 1) {
        let (digits, rest) =
            update.split_at(update.len() - update.trim_start_matches(|c: char| c.is_ascii_digit()).len());
        if !digits.is_empty() {
            numbers.push(Number::new(digits));
            return Some((numbers, rest));
        }
    }
    Some((numbers, rest))
}

/// Whether the numbers are a full date, `20240601`, `2024-06-01`, `2024.06.01`, possibly with a time, `20240601123456`.
fn day(numbers: &str) -> bool {
    let mut parts = numbers.split(['.', '-']);
    let (year, month, day) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let whole = match (month, day) {
        (Some(month), Some(day)) if month.len() == 2 && day.len() == 2 => format!("{year}{month}{day}"),
        _ => year.to_owned(),
    };
    vocabulary::dated(&whole)
}

/// A date with hyphens, `2024-06-01`, is three numeric parts.
fn calendar(text: &str) -> Option<(Vec<Number>, &str)> {
    let date = text.get(..10)?;
    let rest = &text[10..];
    let bytes = date.as_bytes();
    let shaped =
        bytes.iter().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { *b == b'-' } else { b.is_ascii_digit() });
    let plausible = shaped && vocabulary::dated(&date.replace('-', ""));
    let ends = !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    (plausible && ends).then(|| (runs(date), rest))
}

#[cfg(test)]
mod tests;
