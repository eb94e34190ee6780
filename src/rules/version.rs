//! What a tag says when it is read as a version, and the order of versions.

use std::cmp::Ordering;
use std::fmt;

use super::number::Number;
use super::vocabulary;

/// A tag read as a version: `PREFIX? v? NUMBERS PRERELEASE? BUILD* VARIANT? COMMIT? ARCHITECTURE?`, where everything
/// after the numbers may be in any order that people use.
///
/// The order is total: first what makes a version newer (numbers, prerelease, build, tie-breaking groups of a pattern:
/// see [`Version::precedence`]), then the rest, so that two tags are equal only if they are the same text. Numeric parts
/// compare as numbers, `1.2` before `1.2.0`; a prerelease before its release; no build before any build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The numeric parts, at least one: `1.27.3`, `2024.06.1`, `20240601`.
    pub numbers: Vec<Number>,
    /// The prerelease: `rc.10`, `beta1`; empty for a release.
    pub prerelease: Prerelease,
    /// Builds of the same version, in the tag's order: `-rancher2`, `-20241219`, `_7`, `-r3`.
    pub build: Vec<Build>,
    /// The digits of a pattern's further groups, which break ties.
    pub ties: Vec<Vec<Number>>,
    /// What the image is made of: `alpine3.20`, `slim-bookworm`, without the leading `-`; empty for none.
    pub variant: Suffix,
    /// What precedes the version, except `v`: `jdk-`, `windows-2022-`; mostly empty.
    pub prefix: String,
    /// Whether a `v` precedes the numbers.
    pub v: bool,
    /// Whether the numbers are a date, or one with a time: `20240601`, `2024-06-01`, `2024.06.01`, `20240601123456`.
    pub dated: bool,
    /// A commit hash next to the version: `-8b53cabe0`.
    pub commit: Option<String>,
    /// The architecture of a tag for one of several: `amd64`, `arm64v8`. Never followed like a variant by accident.
    pub architecture: Option<String>,
    /// The part of the tag that was read, as written: this distinguishes `18.09` from `18.9`.
    pub text: String,
}

impl Version {
    /// Compares what makes one version newer than another and nothing else: `v1.2` and `1.2`, or `1.2-alpine` and
    /// `1.2-slim`, are equal here.
    #[must_use]
    pub fn precedence(&self, other: &Self) -> Ordering {
        (&self.numbers, &self.prerelease, &self.build, &self.ties).cmp(&(
            &other.numbers,
            &other.prerelease,
            &other.build,
            &other.ties,
        ))
    }

    /// Whether it consists only of numbers, with or without `v`.
    #[must_use]
    pub fn is_numbers(&self) -> bool {
        let words = self.prefix.is_empty() && self.variant.is_empty() && self.architecture.is_none();
        words && self.prerelease.0.is_empty() && self.build.is_empty() && self.commit.is_none()
    }

    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        !self.prerelease.0.is_empty()
    }

    /// What its family looks like, for people: `<version>-alpine#`, `windows-2022-<version>`, `<version>-k3s#`.
    #[must_use]
    pub fn family(&self) -> String {
        let mut family = format!("{}<version>", self.prefix);
        for build in &self.build {
            let number = if build.dated { "<date>" } else { "#" };
            let lead = if build.word == "_" { "" } else { "-" };
            family.push_str(&format!("{lead}{}{number}", build.word));
        }
        let variant = Some(self.variant.kind()).filter(|kind| !kind.is_empty());
        let commit = self.commit.as_ref().map(|_| "<commit>".to_owned());
        for part in [variant, commit, self.architecture.clone()].into_iter().flatten() {
            family.push('-');
            family.push_str(&part);
        }
        family
    }

    #[must_use]
    pub fn numbering(&self) -> Numbering {
        match &*self.numbers {
            _ if self.dated => Numbering::Day,
            [Number::Small(alone)] if vocabulary::since_1970(*alone) => Numbering::Day,
            [first, ..] if first.is_year() => Numbering::Year,
            _ => Numbering::Count,
        }
    }

    /// The words of its builds that are not among the known ones.
    pub fn unknown_counters(&self) -> impl Iterator<Item = &str> {
        let words = self.build.iter().map(|build| build.word.as_str());
        words.filter(|word| !matches!(*word, "" | "_" | "b") && !vocabulary::build(word))
    }

    #[must_use]
    pub fn precision(&self) -> usize {
        self.numbers.len()
    }

    /// The numeric parts, the prerelease and the builds as text, without what the family says: `1.27.3`, `1.29.3-k3s1`.
    #[must_use]
    pub fn release(&self) -> String {
        let mut text = join(&self.numbers);
        for (i, identifier) in self.prerelease.0.iter().enumerate() {
            text.push(if i == 0 { '-' } else { '.' });
            text.push_str(&identifier.to_string());
        }
        for build in &self.build {
            text.push_str(&build.to_string());
        }
        text
    }
}

/// How version numbers continue from one to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Numbering {
    /// They count: `1.27.3`.
    Count,
    /// They start with the year: `2024.6.1`, `2025.01.0`.
    Year,
    /// They are a date or a moment: `20240601`, `2024-06-01`, `2024.06.01`, `20240601123456`, `1718000000`.
    Day,
}

impl Numbering {
    /// Whether versions of both kinds may follow each other. A day is never newer than a count: `2024-06-01` next to
    /// `1.4.2` is a snapshot. A project that starts to begin its numbers with the year continues (`5.26.0`, then
    /// `2025.01.0`).
    #[must_use]
    pub const fn is_like(self, other: Self) -> bool {
        !matches!((self, other), (Self::Day, Self::Count) | (Self::Count, Self::Day))
    }
}

/// Numbers with dots between them.
pub(super) fn join(numbers: &[Number]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

/// The identifiers of a prerelease; empty for a release, which is newer than all its prereleases.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prerelease(pub Vec<Identifier>);

impl Prerelease {
    /// Whether it precedes the final stage of a release: `dev`, `alpha`, `ea`, but not `beta` or `rc`.
    pub(super) fn is_early(&self) -> bool {
        self.0.iter().any(|identifier| matches!(identifier, Identifier::Word { rank: 0..=3, .. }))
    }
}

impl Ord for Prerelease {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.is_empty().cmp(&other.0.is_empty()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Prerelease {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One part of a prerelease. Numbers compare as numbers and come before words, as in semantic versions; words are in
/// the order in which projects use them (`dev`, `alpha`, `beta`, `rc`), not in alphabetical order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identifier {
    /// `10` of `rc.10`.
    Number(Number),
    /// `rc` of `rc.10`.
    Word {
        /// The place among prerelease words.
        rank: u8,
        /// The word in lower case.
        text: String,
    },
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word { text, .. } => f.write_str(text),
        }
    }
}

/// One build suffix: the same version made again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Build {
    /// Its word in lower case (`k3s`, `rancher`, `r`), `_` if an underscore precedes bare numbers, else empty.
    pub word: String,
    /// Whether its first number is a date or a time: dates and counters are different habits.
    pub dated: bool,
    pub numbers: Vec<Number>,
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lead = if self.word == "_" { "" } else { "-" };
        write!(f, "{lead}{}{}", self.word, join(&self.numbers))
    }
}

/// A suffix whose digits compare as numbers: `alpine3.9` comes before `alpine3.20`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Suffix(pub String);

impl Suffix {
    /// The suffix with every number abstracted, so that `alpine3.19` and `alpine3.20` are of one kind.
    #[must_use]
    pub fn kind(&self) -> String {
        self.kind_chars().collect()
    }

    /// Whether two suffixes differ only in their numbers.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.0 == other.0 || self.kind_chars().eq(other.kind_chars())
    }

    /// Whether the other one is the same or a newer one of its kind, so that this one adds nothing.
    pub(super) fn is_replaced_by(&self, other: &Self) -> bool {
        self.is_like(other) && self <= other
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The characters of the kind; a number, dots in it included, is one `#`.
    fn kind_chars(&self) -> impl Iterator<Item = char> {
        let mut number = false;
        self.0.chars().filter_map(move |c| {
            let before = number;
            number = c.is_ascii_digit() || (before && c == '.');
            match (before, number) {
                (true, true) => None,
                (false, true) => Some('#'),
                (_, false) => Some(c),
            }
        })
    }

    /// The runs of digits without leading zeros, each preceded by its length: so they compare as numbers.
    fn runs(&self) -> impl Iterator<Item = (usize, &str)> {
        let runs = self.0.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty());
        runs.map(|run| run.trim_start_matches('0')).map(|run| (run.len(), run))
    }
}

impl Ord for Suffix {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.0 == other.0 {
            return Ordering::Equal;
        }
        let kinds = self.kind_chars().cmp(other.kind_chars());
        kinds.then_with(|| self.runs().cmp(other.runs())).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Suffix {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
