//! Reading tags: what of a tag is version, prerelease, build and variant.
//!
//! Tags follow no specification. The grammar below is what well-known projects do; the lists of words are in `words`.
//!
//! ```text
//! tag        = [ prefix ] [ "v" ] numbers [ glued ] *( ("-" | "_" | "__" | ".") segment )
//! prefix     = words and numbers that end in "-" or "_", before the first number of several parts (else of one)
//! numbers    = 1*DIGIT *( "." 1*DIGIT ) | YYYY "-" MM "-" DD | major "u" update   ; in a list that has hashes of
//!              that length, seven digits and more alone are one of them
//! glued      = prerelease | build                  ; 3.13.0rc2, 9.7p1
//! segment    = prerelease | build | commit | architecture | variant
//! ```
//!
//! The `semver` crate reads none of this: it refuses `v1.2.3`, `1.27`, `2024.06.1` and four parts, takes every suffix for
//! a prerelease, and compares `r5` and `r10` as text.

use std::borrow::Cow;

use super::number::{Number, digits, dotted};
use super::version::{Build, Identifier, Prerelease, Suffix, Version};
use super::vocabulary;

/// What a tag is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// A version.
    Version(Box<Version>),
    /// No version, and why.
    Other(NoVersion),
}

/// Why a tag is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoVersion {
    /// A commit hash.
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
            Self::Channel => "names a channel or a build of one, not a version",
            Self::Companion => "belongs to another image: a signature, attestation or fallback",
            Self::Name => "holds no version that can be told",
            Self::Pattern => "the pattern does not match it",
        }
    }
}

/// Reads `text` as a version. `variant`, where the rule names one, is taken for the variant wherever the text ends in
/// it, whatever else the words might mean: `1.2.3-dev` is a prerelease unless the rule says `variant: dev`.
#[must_use]
pub fn read(text: &str, variant: Option<&str>) -> Reading {
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

/// The text in lower case; most tags are already.
fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// Where the version begins: at once, or after a prefix of words, at the number with the most parts.
fn start(text: &str) -> Option<usize> {
    if parts_at(text) > 0 {
        return Some(0);
    }
    // One part alone may follow words, `bookworm-20240612`, but not a piece of a number, `RELEASE.2025-06-13T11`.
    let worded = |at: usize| !text[..at].contains(|c: char| c.is_ascii_digit() || c == '.');
    let after = text.match_indices(['-', '_']).map(|(i, _)| i + 1);
    let places =
        after.map(|at| (parts_at(&text[at..]), at)).filter(|&(parts, at)| parts > 1 || (parts == 1 && worded(at)));
    places.max_by_key(|(parts, at)| (*parts, std::cmp::Reverse(*at))).map(|(_, at)| at)
}

/// How many numeric parts stand at the beginning of `text`.
fn parts_at(text: &str) -> usize {
    let numbers = text.strip_prefix(['v', 'V']).unwrap_or(text);
    if !numbers.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    numbers[..numbers_end(numbers)].split('.').count()
}

/// The length of the dotted number at the beginning of `text`.
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
    let mut suffixes = Suffixes { java, ..Suffixes::default() };
    suffixes.read(rest)?;
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

/// Whether numbers write a day, with all its digits: `20240601`, `2024-06-01`, `2024.06.01`.
fn day(numbers: &str) -> bool {
    let mut parts = numbers.split(['.', '-']);
    let (year, month, day) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let whole = match (month, day) {
        (Some(month), Some(day)) if month.len() == 2 && day.len() == 2 => format!("{year}{month}{day}"),
        _ => year.to_owned(),
    };
    whole.len() == 8 && vocabulary::dated(&whole)
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
    (plausible && ends).then(|| (super::number::runs(date), rest))
}

/// What stands after the numbers, as it is read segment by segment.
#[derive(Default)]
struct Suffixes {
    prerelease: Vec<Identifier>,
    build: Vec<Build>,
    variant: String,
    commit: Option<String>,
    architecture: Option<String>,
    /// The word of a prerelease or build that may still take its number from the next segment: `rc-1`, `security-01`.
    open: Open,
    /// After `8u412` comes a build, `b08`, and no beta.
    java: bool,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Open {
    #[default]
    Nothing,
    Prerelease,
    Build,
}

impl Suffixes {
    fn read(&mut self, text: &str) -> Option<()> {
        let glued = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        for (i, (separator, segment)) in segments(text).into_iter().enumerate() {
            if segment.is_empty() {
                return None;
            }
            let word = lower(segment);
            let open = std::mem::take(&mut self.open);
            if i == 0 && (glued || separator == '.') {
                let release = separator == '.' && vocabulary::release(&word);
                if !(release || self.prerelease(&word) || self.build_word(&word)) {
                    return None;
                }
            } else if !self.known(separator, &word, open) {
                self.push_variant(separator, segment);
            }
        }
        Some(())
    }

    /// Takes a segment that is anything but a piece of a variant.
    fn known(&mut self, separator: char, word: &str, open: Open) -> bool {
        self.architecture(word)
            || self.continues(word, open)
            || self.prerelease(word)
            || self.commit(word)
            || self.numbered(separator, word)
            || self.build_word(word)
    }

    fn architecture(&mut self, word: &str) -> bool {
        let linux = self.variant == "linux" || self.variant.ends_with("-linux");
        if let Some(architecture) =
            self.architecture.as_mut().filter(|_| matches!(word, "v1" | "v2" | "v3" | "v4" | "v5" | "v6" | "v7" | "v8"))
        {
            architecture.push_str(word);
            return true;
        }
        if !(vocabulary::architecture(word) || linux && word == "386") {
            return false;
        }
        if linux {
            self.variant.truncate(self.variant.len() - "linux".len());
            self.variant.truncate(self.variant.trim_end_matches('-').len());
        }
        self.architecture = Some(word.to_owned());
        true
    }

    /// A number that belongs to the word before it: `rc-1`, `security-01`.
    fn continues(&mut self, word: &str, open: Open) -> bool {
        let Some(numbers) = dotted(word) else { return false };
        match open {
            Open::Nothing => return false,
            Open::Prerelease => self.prerelease.extend(numbers.into_iter().map(Identifier::Number)),
            Open::Build => self.build.last_mut().into_iter().for_each(|b| b.numbers.clone_from(&numbers)),
        }
        true
    }

    fn prerelease(&mut self, segment: &str) -> bool {
        let Some(identifiers) = prerelease(segment) else { return false };
        if self.java && segment.starts_with('b') {
            self.build.push(Build { word: "b".to_owned(), dated: false, numbers: super::number::runs(segment) });
            return true;
        }
        self.open = match identifiers.last() {
            Some(Identifier::Word { .. }) => Open::Prerelease,
            _ => Open::Nothing,
        };
        self.prerelease.extend(identifiers);
        true
    }

    fn commit(&mut self, word: &str) -> bool {
        let found = vocabulary::commit(word);
        if found {
            self.commit = Some(word.to_owned());
        }
        found
    }

    /// Bare numbers, or numbers led by `v`: a build, unless they belong to a variant that has begun (`debian-12`).
    fn numbered(&mut self, separator: char, word: &str) -> bool {
        let (lead, bare) = word.strip_prefix('v').map_or(("", word), |rest| ("v", rest));
        let head = bare.split(['.', 't']).next().unwrap_or_default();
        let dated = digits(head) && vocabulary::dated(head);
        let numbers = if dated { time(bare) } else { None }.or_else(|| dotted(bare));
        let Some(numbers) = numbers else { return false };
        if !self.variant.is_empty() && !dated && lead.is_empty() && separator != '_' {
            return false;
        }
        let word = if separator == '_' && lead.is_empty() { "_" } else { lead };
        self.build.push(Build { word: word.to_owned(), dated, numbers });
        true
    }

    fn build_word(&mut self, segment: &str) -> bool {
        let (word, rest) = split_number(segment);
        let numbers = dotted(rest.strip_prefix('.').unwrap_or(rest));
        match numbers {
            Some(numbers) if vocabulary::build(word) => {
                let edition = matches!(word, "ce" | "ee") && !rest.starts_with('.');
                if edition {
                    return false;
                }
                self.build.push(Build { word: word.to_owned(), dated: vocabulary::dated(rest), numbers });
                true
            }
            None if rest.is_empty() && vocabulary::build_apart(word) => {
                self.build.push(Build { word: word.to_owned(), dated: false, numbers: Vec::new() });
                self.open = Open::Build;
                true
            }
            _ => false,
        }
    }

    fn push_variant(&mut self, separator: char, segment: &str) {
        if !self.variant.is_empty() {
            self.variant.push(separator);
        }
        self.variant.push_str(segment);
    }
}

/// A date with a time, `20240601t123456z`, as numbers.
fn time(text: &str) -> Option<Vec<Number>> {
    let (date, time) = text.split_once('t')?;
    let time = time.strip_suffix('z').unwrap_or(time);
    (digits(date) && digits(time)).then(|| vec![Number::new(date), Number::new(time)])
}

/// A segment that is a prerelease: a known word with its numbers (`rc.10`, `preview.3.24172`), possibly after numbers
/// (`0.dev`). A single letter needs a number right after it and nothing more.
fn prerelease(segment: &str) -> Option<Vec<Identifier>> {
    let word_at = segment.find(|c: char| c.is_ascii_alphabetic())?;
    let (before, from_word) = segment.split_at(word_at);
    let (word, rest) = split_number(from_word);
    let rank = vocabulary::prerelease(word)?;
    let numbers_before = if before.is_empty() { Vec::new() } else { dotted(before.strip_suffix('.')?)? };
    if vocabulary::single(word) && !(digits(rest) && before.is_empty()) {
        return None;
    }
    let mut identifiers: Vec<Identifier> = numbers_before.into_iter().map(Identifier::Number).collect();
    identifiers.push(Identifier::Word { rank, text: word.to_owned() });
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    identifiers.extend(rest.split('.').filter(|part| !part.is_empty()).map(identifier));
    Some(identifiers)
}

fn identifier(part: &str) -> Identifier {
    if digits(part) {
        return Identifier::Number(Number::new(part));
    }
    Identifier::Word { rank: vocabulary::prerelease(part).unwrap_or(u8::MAX), text: part.to_owned() }
}

/// The letters (with digits inside, as in `k3s`) before a segment's last number, and the rest of the segment.
fn split_number(segment: &str) -> (&str, &str) {
    let end = segment.find('.').unwrap_or(segment.len());
    let head = segment[..end].trim_end_matches(|c: char| c.is_ascii_digit());
    segment.split_at(head.len())
}

/// The segments of what follows the numbers, each with the separator before it; the first may have `.` or none (a
/// letter), written `.` and `-` here. Two underscores separate as one does; that of `x86_64` separates nothing.
fn segments(text: &str) -> Vec<(char, &str)> {
    let mut found = Vec::new();
    let (mut separator, mut rest) = match text.chars().next() {
        None => return found,
        Some(c @ ('-' | '_' | '.')) => (c, text.strip_prefix("__").unwrap_or(&text[1..])),
        Some(_) => ('-', text),
    };
    loop {
        let end = rest
            .match_indices(['-', '_'])
            .map(|(i, _)| i)
            .find(|&i| !(rest[..i].ends_with("x86") && rest[i..].starts_with("_64")));
        let Some(end) = end else {
            found.push((separator, rest));
            return found;
        };
        found.push((separator, &rest[..end]));
        separator = if rest[end..].starts_with('_') { '_' } else { '-' };
        rest = rest[end..].strip_prefix("__").unwrap_or(&rest[end + 1..]);
    }
}

#[cfg(test)]
mod tests;
