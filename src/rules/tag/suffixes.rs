//! What follows the numbers in a tag.

use crate::rules::number::{Number, digits, dotted, runs};
use crate::rules::version::{Build, Identifier};
use crate::rules::vocabulary::{self, lower};

/// What follows the numbers, read segment by segment.
#[derive(Default)]
pub(super) struct Suffixes {
    pub(super) prerelease: Vec<Identifier>,
    pub(super) build: Vec<Build>,
    pub(super) variant: String,
    pub(super) commit: Option<String>,
    pub(super) architecture: Option<String>,
    /// The word of a prerelease or build that may still take its number from the next segment: `rc-1`, `security-01`.
    open: Open,
    /// After `8u412`, `b08` is a build, not a beta.
    java: bool,
    /// Whether the numbers are just a year: then `CU14` counts its updates and does not stand for CUDA.
    year: bool,
    /// The bare numbers at the end of what was read: builds, unless a variant follows.
    bare: Vec<String>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Open {
    #[default]
    Nothing,
    Prerelease,
    Build,
}

impl Suffixes {
    /// Reads what follows the numbers; `java`: they are a major version and its update, `8u412`; `year`: a year.
    pub(super) fn read(text: &str, java: bool, year: bool) -> Option<Self> {
        let mut suffixes = Self { java, year, ..Self::default() };
        let glued = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        for (i, (separator, segment)) in segments(text).into_iter().enumerate() {
            if segment.is_empty() {
                return None;
            }
            let word = lower(segment);
            let open = std::mem::take(&mut suffixes.open);
            let bare = std::mem::take(&mut suffixes.bare);
            if i == 0 && (glued || separator == '.') {
                let release = separator == '.' && vocabulary::release(&word);
                if !(release || suffixes.prerelease(&word) || suffixes.build_word(&word)) {
                    return None;
                }
            } else if !suffixes.known(separator, &word, open, &bare) {
                suffixes.take_over(&bare, &word);
                suffixes.push_variant(separator, segment);
            }
        }
        Some(suffixes)
    }

    /// Takes a segment that is anything but a piece of a variant.
    fn known(&mut self, separator: char, word: &str, open: Open, bare: &[String]) -> bool {
        self.architecture(word)
            || self.continues(word, open)
            || self.prerelease(word)
            || self.commit(word)
            || self.numbered(separator, word, bare)
            || self.build_word(word)
            || self.counter(word)
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
            self.build.push(Build { word: "b".to_owned(), dated: false, numbers: runs(segment) });
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

    /// Bare numbers, or numbers preceded by `v`: a build, unless they belong to a variant that has begun (`debian-12`)
    /// or that follows them: `bare` are those right before.
    fn numbered(&mut self, separator: char, word: &str, bare: &[String]) -> bool {
        let (lead, number) = word.strip_prefix('v').map_or(("", word), |rest| ("v", rest));
        let head = number.split(['.', 't']).next().unwrap_or_default();
        let dated = digits(head) && vocabulary::dated(head);
        let numbers = if dated { time(number) } else { None }.or_else(|| dotted(number));
        let Some(numbers) = numbers else { return false };
        let plain = !dated && lead.is_empty() && separator != '_';
        if plain && !self.variant.is_empty() {
            return false;
        }
        if plain {
            self.bare = [bare, &[word.to_owned()]].concat();
        }
        let word = if separator == '_' && lead.is_empty() { "_" } else { lead };
        self.build.push(Build { word: word.to_owned(), dated, numbers });
        true
    }

    /// Moves bare numbers right before a variant into it: `22-trixie`. A number with a dot only if a known name of a
    /// system or runtime follows: `3.12-slim`, but not `4.11-full`, which is a count; one with two dots never.
    fn take_over(&mut self, bare: &[String], word: &str) {
        let longest = bare.iter().map(|number| number.matches('.').count()).max().unwrap_or(0);
        let counted = longest > 1 || (longest == 1 && !vocabulary::made_of(vocabulary::stem(word)));
        if self.variant.is_empty() && !counted {
            self.build.truncate(self.build.len() - bare.len());
            self.variant = bare.join("-");
        }
    }

    fn build_word(&mut self, segment: &str) -> bool {
        let (word, rest) = split_number(segment);
        let numbers = dotted(rest.strip_prefix('.').unwrap_or(rest));
        match numbers {
            Some(_) if matches!(word, "cu" | "gdr") && !self.year => false,
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

    /// A counter with an unknown word.
    fn counter(&mut self, segment: &str) -> bool {
        let counter = counter(segment);
        let found = counter.is_some();
        self.build.extend(counter);
        found
    }

    fn push_variant(&mut self, separator: char, segment: &str) {
        if !self.variant.is_empty() {
            self.variant.push(separator);
        }
        self.variant.push_str(segment);
    }
}

/// A word with a number after a dot, `gs.2`, or between two numbers, `0ubuntu3`. A word joined to a number, `php82`,
/// says what the image is made of, and so does a word known for that, `alpine.3`.
fn counter(segment: &str) -> Option<Build> {
    let from_word = segment.trim_start_matches(|c: char| c.is_ascii_digit());
    let before = &segment[..segment.len() - from_word.len()];
    let (word, after) = from_word.split_at(from_word.find(|c: char| !c.is_ascii_alphabetic())?);
    let numbers = if before.is_empty() { dotted(after.strip_prefix('.')?)? } else { dotted(after)? };
    let counts = match before.is_empty() {
        true => !word.is_empty() && !vocabulary::made_of(word),
        false if word == "ubuntu" => !vocabulary::ubuntu(after),
        false => word.len() > 1 && !vocabulary::made_of(word),
    };
    let first = (!before.is_empty()).then(|| Number::new(before));
    let numbers = first.into_iter().chain(numbers).collect();
    let preview = vocabulary::prerelease(word).is_some();
    (counts && !preview).then(|| Build { word: word.to_owned(), dated: false, numbers })
}

/// A date with a time, `20240601t123456z`, as numbers.
fn time(text: &str) -> Option<Vec<Number>> {
    let (date, time) = text.split_once('t')?;
    let time = time.strip_suffix('z').unwrap_or(time);
    (digits(date) && digits(time)).then(|| vec![Number::new(date), Number::new(time)])
}

/// A segment that is a prerelease: a known word with its numbers (`rc.10`, `preview.3.24172`), possibly after numbers
/// (`0.dev`). A single letter needs a number right after it and nothing else.
fn prerelease(segment: &str) -> Option<Vec<Identifier>> {
    let word_at = segment.find(|c: char| c.is_ascii_alphabetic())?;
    let (before, from_word) = segment.split_at(word_at);
    let (word, rest) = split_number(from_word);
    let rank = vocabulary::prerelease(word)?;
    let numbers_before = if before.is_empty() { Vec::new() } else { dotted(before.strip_suffix('.')?)? };
    if vocabulary::single(word) && !(digits(rest.strip_prefix('.').unwrap_or(rest)) && before.is_empty()) {
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
/// letter), written as `.` and `-` here. Two underscores separate like one; the one in `x86_64` does not.
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
