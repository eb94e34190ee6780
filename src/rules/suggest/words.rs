//! Patterns made from the tags that they should match.

use std::collections::BTreeMap;

use crate::image::Tag;
use crate::rules::tag::{NoVersion, Reading, read};
use crate::rules::version::Version;
use crate::rules::vocabulary::{self, lower};

/// The words around the version of a tag, `jdk-` and `-alpine`, or around its digits if no version is recognizable:
/// `RELEASE.` and `Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Words<'t> {
    before: &'t str,
    after: &'t str,
}

impl<'t> Words<'t> {
    /// Those of a tag that begins with words; `None` for tags that name a commit, a pull request or another image's
    /// companion.
    pub(super) fn of(tag: &'t Tag) -> Option<Self> {
        if is_passing(tag) {
            return None;
        }
        let tag = tag.as_str();
        if let Reading::Version(version) = read(tag, None) {
            let before = &tag[..version.prefix.len() + usize::from(version.v)];
            let after = made_of(tag, &version).unwrap_or_default();
            return (!version.prefix.is_empty()).then_some(Self { before, after });
        }
        let digit = |c: char| c.is_ascii_digit();
        let (first, last) = (tag.find(digit).filter(|first| *first > 0)?, tag.rfind(digit)?);
        let after = match read(&tag[first..], None) {
            Reading::Version(version) => made_of(tag, &version),
            Reading::Other(_) => None,
        };
        Some(Self { before: &tag[..first], after: after.unwrap_or(&tag[last + 1..]) })
    }

    /// Whether there is more than a short number between the words: `26` usually moves.
    fn is_precise(self, tag: &Tag) -> bool {
        let between = &tag.as_str()[self.before.len()..tag.as_str().len() - self.after.len()];
        between.len() >= 8 || !between.bytes().all(|b| b.is_ascii_digit())
    }

    pub(super) const fn length(self) -> usize {
        self.before.len() + self.after.len()
    }

    /// The patterns for tags with these words, the plainest first: with anything between the words, from a digit on,
    /// and with only numbers.
    pub(super) fn patterns(self) -> [String; 3] {
        ["(?<version>.+)", r"(?<version>v?\d.*)", r"(?<version>v?\d[\d.]*)"].map(|version| {
            let v = self.before.ends_with('v') && version.contains("v?");
            let before = if v { &self.before[..self.before.len() - 1] } else { self.before };
            format!("{}{version}{}", escape(before), escape(self.after))
        })
    }
}

/// The words of a list of tags, those around most precise versions first, then the shortest.
pub(super) fn families<'t>(tags: impl Iterator<Item = &'t Tag>) -> Vec<Words<'t>> {
    let mut found: BTreeMap<Words<'t>, usize> = BTreeMap::new();
    for (tag, words) in tags.filter_map(|tag| Some((tag, Words::of(tag)?))) {
        *found.entry(words).or_default() += usize::from(words.is_precise(tag));
    }
    let mut found: Vec<(Words<'t>, usize)> = found.into_iter().collect();
    found.sort_by_key(|(words, count)| (std::cmp::Reverse(*count), words.length()));
    found.into_iter().map(|(words, _)| words).collect()
}

/// The end of a tag that says what the image is made of: `-php8.2-apache`.
pub(super) fn made_of<'t>(tag: &'t str, version: &Version) -> Option<&'t str> {
    let rest = tag.strip_suffix(&version.variant.0).filter(|_| !version.variant.is_empty())?;
    Some(&tag[rest.trim_end_matches(['-', '_']).len()..])
}

/// Whether a tag names a commit, a pull request, one architecture or another image's companion.
fn is_passing(tag: &Tag) -> bool {
    let words = tag.as_str().split(['-', '_', '.']);
    let foreign = |word: &str| vocabulary::passing(word) || vocabulary::architecture(word);
    words.into_iter().any(|word| vocabulary::hash(word) || foreign(&lower(word)))
        || matches!(read(tag.as_str(), None), Reading::Other(NoVersion::Commit | NoVersion::Companion))
}

/// The patterns of tags that begin with a digit and hold words between their numbers, `2026w14`; the commonest first.
pub(super) fn shapes<'t>(tags: impl Iterator<Item = &'t Tag>) -> Vec<String> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let digit = |c: char| c.is_ascii_digit();
    for tag in tags.filter(|tag| tag.as_str().starts_with(digit) && tag.as_str().ends_with(digit) && !is_passing(tag)) {
        let pattern = |piece: Piece<'_>| match piece {
            Piece::Number => r"\d+".to_owned(),
            Piece::Words(words) => escape(words),
        };
        if tag.as_str().bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        let shape: String = pieces(tag.as_str()).into_iter().map(pattern).collect();
        *found.entry(format!("(?<version>{shape})")).or_default() += 1;
    }
    let mut found: Vec<(String, usize)> = found.into_iter().collect();
    found.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    found.into_iter().map(|(shape, _)| shape).collect()
}

/// A pattern that reads both tags, with the extra parts of one of them being optional:
/// `(?<version>\d+)(?:\.(?<b>\d+))?-jre`. Numbers after the version break ties. `ending` is what both end in. `None`
/// unless one is the other with something inserted.
pub(super) fn between(one: &str, other: &str, ending: &str) -> Option<String> {
    let (one, other) = (pieces(one.strip_suffix(ending)?), pieces(other.strip_suffix(ending)?));
    let alike = |(a, b): &(&Piece<'_>, &Piece<'_>)| a == b;
    let start = one.iter().zip(&other).take_while(alike).count();
    let (one_left, other_left) = (&one[start..], &other[start..]);
    let end = one_left.iter().rev().zip(other_left.iter().rev()).take_while(alike).count();
    let (more, less) = if one_left.len() > other_left.len() { (one_left, other_left) } else { (other_left, one_left) };
    if less.len() != end {
        return None;
    }
    let (middle, tail) = more.split_at(more.len() - end);
    let mut writer = Writer::default();
    writer.put(&one[..start]);
    if !writer.has_version || middle.is_empty() {
        return None;
    }
    writer.text.push_str("(?:");
    writer.put(middle);
    writer.text.push_str(")?");
    writer.put(tail);
    Some(format!("{}{}", writer.text, escape(ending)))
}

/// A run of digits, or what is between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'t> {
    Number,
    Words(&'t str),
}

fn pieces(mut text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    while let Some(first) = text.chars().next() {
        let number = first.is_ascii_digit();
        let (piece, rest) = text.split_at(text.find(|c: char| c.is_ascii_digit() != number).unwrap_or(text.len()));
        found.push(if number { Piece::Number } else { Piece::Words(piece) });
        text = rest;
    }
    found
}

/// Writes pieces as a pattern: the first numbers are the version, each later one gets its own group.
#[derive(Default)]
struct Writer {
    text: String,
    has_version: bool,
    groups: u8,
}

impl Writer {
    fn put(&mut self, pieces: &[Piece<'_>]) {
        let mut rest = pieces;
        if let Some(at) = pieces.iter().position(|piece| *piece == Piece::Number).filter(|_| !self.has_version) {
            let dotted = |pair: &&[Piece<'_>]| **pair == [Piece::Words("."), Piece::Number];
            let parts = pieces[at + 1..].chunks(2).take_while(dotted).count();
            pieces[..at].iter().for_each(|piece| self.piece(*piece));
            self.text.push_str(r"(?<version>\d+");
            self.text.push_str(&r"\.\d+".repeat(parts));
            self.text.push(')');
            self.has_version = true;
            rest = &pieces[at + 1 + 2 * parts..];
        }
        rest.iter().for_each(|piece| self.piece(*piece));
    }

    fn piece(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Words(words) => self.text.push_str(&escape(words)),
            Piece::Number => {
                self.groups += 1;
                self.text.push_str(&format!(r"(?<n{}>\d+)", self.groups));
            }
        }
    }
}

/// As written in a pattern; a hyphen needs no escape outside brackets.
fn escape(text: &str) -> String {
    regex::escape(text).replace(r"\-", "-")
}
