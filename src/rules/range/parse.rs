//! The text of a range.

use std::ops::Range as Bytes;

use super::interval::{Bound, Interval};
use crate::rules::number::{Number, dotted};
use crate::rules::tag::{Reading, read};
use crate::rules::version::{Identifier, Prerelease};

/// Why a text is not a range, and where in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RangeError {
    /// What is wrong, and how to fix it.
    pub message: String,
    /// Byte offsets of the offending part in the range's text.
    pub at: Bytes<usize>,
}

/// A piece of the range's text and its position.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a str,
    start: usize,
}

impl<'a> Part<'a> {
    fn error(self, message: impl Into<String>) -> RangeError {
        RangeError { message: message.into(), at: self.start..self.start + self.text.len() }
    }

    fn no_version(self) -> RangeError {
        self.error(format!(
            "`{}` is not a version; write numbers with dots between them, such as `^1.2`, `>=1.2 <2` or `1.x`",
            self.text
        ))
    }

    fn more_than_a_version(self) -> RangeError {
        self.error(format!(
            "`{}` contains more than a version and a prerelease; a hyphen range needs spaces: `1.2 - 1.4`",
            self.text
        ))
    }

    fn trim(self) -> Self {
        let start = self.start + self.text.len() - self.text.trim_start().len();
        Self { text: self.text.trim(), start }
    }

    /// The pieces between separators.
    fn split(self, separator: &'a str) -> impl Iterator<Item = Part<'a>> {
        let mut start = self.start;
        self.text.split(separator).map(move |text| {
            let part = Part { text, start };
            start += text.len() + separator.len();
            part
        })
    }

    fn from(self, at: usize) -> Self {
        Self { text: &self.text[at..], start: self.start + at }
    }

    fn to(self, end: usize) -> Self {
        Self { text: &self.text[..end], start: self.start }
    }
}

/// The alternatives between `||`.
pub(super) fn alternatives(text: &str) -> Result<Vec<Interval>, RangeError> {
    let whole = Part { text, start: 0 };
    if text.trim().is_empty() {
        return Err(whole.error("the range is empty; `*` admits every release"));
    }
    if let Some(at) = text.find('|').filter(|_| text.matches('|').count() % 2 == 1 && !text.contains("||")) {
        return Err(whole.from(at).to(1).error("alternatives are written with `||`"));
    }
    whole.split("||").map(|part| conjunction(part, whole)).collect()
}

/// The comparators of one alternative, all of which must hold.
fn conjunction(part: Part<'_>, whole: Part<'_>) -> Result<Interval, RangeError> {
    let trimmed = part.trim();
    if trimmed.text.is_empty() {
        return Err(whole.error("`||` needs a range on both sides; `*` admits every release"));
    }
    let mut interval = Interval::default();
    for clause in trimmed.split(",") {
        let clause = clause.trim();
        if clause.text.is_empty() {
            return Err(trimmed.error("a comma needs a condition on both sides, as in `>=1.2, <2`"));
        }
        for next in clause_intervals(clause)? {
            interval = interval.intersect(next);
        }
    }
    if interval.is_empty() {
        return Err(
            trimmed.error(format!("no version can match `{}`; alternatives are written with `||`", trimmed.text))
        );
    }
    Ok(interval)
}

/// The comparators between two commas: a hyphen range, or comparators with or without spaces between them.
fn clause_intervals(clause: Part<'_>) -> Result<Vec<Interval>, RangeError> {
    let tokens = tokens(clause)?;
    let mut intervals = Vec::new();
    let mut i = 0;
    while let Some((operator, version)) = tokens.get(i) {
        match (tokens.get(i + 1), tokens.get(i + 2)) {
            (Some((None, dash)), Some((None, to))) if dash.text == "-" && operator.is_none() => {
                intervals.push(comparator(Operator::AtLeast, *version)?);
                intervals.push(comparator(Operator::AtMost, *to)?);
                i += 3;
            }
            (Some((_, dash)), _) if dash.text == "-" => {
                return Err(clause.error("a hyphen range needs a version on both sides and no operator: `1.2 - 1.4`"));
            }
            _ => {
                intervals.push(comparator(operator.unwrap_or(Operator::Equal), *version)?);
                i += 1;
            }
        }
    }
    Ok(intervals)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    Above,
    AtLeast,
    Below,
    AtMost,
    Caret,
    Tilde,
}

/// Cuts a clause into versions, each with the operator before it.
fn tokens(clause: Part<'_>) -> Result<Vec<(Option<Operator>, Part<'_>)>, RangeError> {
    let mut tokens = Vec::new();
    let mut rest = clause;
    loop {
        rest = rest.trim();
        if rest.text.is_empty() {
            return Ok(tokens);
        }
        let length = rest.text.find(|c: char| !is_operator(c)).unwrap_or(rest.text.len());
        let operator = operator(rest.to(length))?;
        let after = rest.from(length).trim();
        let end = after.text.find(|c: char| c.is_whitespace() || is_operator(c)).unwrap_or(after.text.len());
        let version = after.to(end);
        if version.text.is_empty() {
            return Err(rest.to(length).error(format!("`{}` has no version after it", rest.to(length).text)));
        }
        tokens.push((operator, version));
        rest = after.from(end);
    }
}

const fn is_operator(c: char) -> bool {
    matches!(c, '^' | '~' | '=' | '<' | '>' | '!' | '&' | '|')
}

fn operator(part: Part<'_>) -> Result<Option<Operator>, RangeError> {
    Ok(Some(match part.text {
        "" => return Ok(None),
        "=" => Operator::Equal,
        ">" => Operator::Above,
        ">=" => Operator::AtLeast,
        "<" => Operator::Below,
        "<=" => Operator::AtMost,
        "^" => Operator::Caret,
        "~" | "~>" => Operator::Tilde,
        "==" => return Err(part.error("equality is written with a single `=`")),
        "=>" => return Err(part.error("\"at least\" is written `>=`")),
        "=<" => return Err(part.error("\"at most\" is written `<=`")),
        "!" | "!=" => {
            return Err(part.error("a range cannot exclude a single version; list it under `rejected`"));
        }
        "&" | "&&" => return Err(part.error("conditions that must all hold are written one after another: `>=1.2 <2`")),
        other => {
            return Err(part.error(format!("`{other}` is not an operator; the operators are ^ ~ = > >= < <= and ||")));
        }
    }))
}

/// The version of a comparator: its numeric parts up to a wildcard, and a prerelease.
struct Comparand {
    numbers: Vec<Number>,
    prerelease: Prerelease,
    wildcard: bool,
    /// Whether it wants the prereleases of its release.
    named: bool,
}

fn comparator(operator: Operator, part: Part<'_>) -> Result<Interval, RangeError> {
    let version = comparand(part)?;
    if version.numbers.is_empty() {
        return match operator {
            Operator::Above | Operator::Below => Err(part.error("no version is above or below every other")),
            _ => Ok(Interval::default()),
        };
    }
    let floor = version.named && version.wildcard;
    if floor && operator == Operator::Equal {
        return Err(part.more_than_a_version());
    }
    let last = version.numbers.len() - 1;
    let (from, to) = match operator {
        Operator::Equal => (version.lower(), Some(version.beyond())),
        Operator::AtLeast => (version.lower(), None),
        Operator::Above => (version.beyond(), None),
        Operator::Below => (Bound::default(), Some(version.lower())),
        Operator::AtMost => (Bound::default(), Some(version.beyond())),
        Operator::Caret => {
            let at = version.numbers.iter().position(|n| *n != Number::ZERO).unwrap_or(last);
            (version.lower(), Some(before(raised(&version.numbers, at))))
        }
        Operator::Tilde => (version.lower(), Some(before(raised(&version.numbers, last.min(1))))),
    };
    let named = if version.named { vec![version.numbers] } else { Vec::new() };
    Ok(Interval { from, to, named })
}

impl Comparand {
    /// The beginning of the versions that it stands for.
    fn lower(&self) -> Bound {
        let partial = self.wildcard || (self.numbers.len() < 3 && self.prerelease.0.is_empty());
        Bound { numbers: self.numbers.clone(), prerelease: self.prerelease.clone(), partial }
    }

    /// The end of these versions. Nothing comes between a prerelease and the same one followed by `0`.
    fn beyond(&self) -> Bound {
        if self.named && self.wildcard {
            return before(self.numbers.clone());
        }
        if self.prerelease.0.is_empty() {
            return before(raised(&self.numbers, self.numbers.len() - 1));
        }
        let mut prerelease = self.prerelease.clone();
        prerelease.0.push(Identifier::Number(Number::ZERO));
        Bound { numbers: self.numbers.clone(), prerelease, partial: false }
    }
}

/// The place before a version and all its prereleases.
fn before(numbers: Vec<Number>) -> Bound {
    Bound { numbers, prerelease: Prerelease::default(), partial: true }
}

/// The first version after all that begin with `numbers[..=at]`.
fn raised(numbers: &[Number], at: usize) -> Vec<Number> {
    let mut raised = numbers[..=at].to_vec();
    if let Some(last) = raised.last_mut() {
        *last = last.next();
    }
    raised
}

fn comparand(part: Part<'_>) -> Result<Comparand, RangeError> {
    if !part.text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+' | b'*')) {
        return Err(part.no_version());
    }
    let text = part.text.strip_prefix(['v', 'V']).unwrap_or(part.text);
    let text = text.split('+').next().unwrap_or_default();
    let pieces: Vec<&str> = text.split('.').collect();
    if let Some(at) = pieces.iter().position(|p| matches!(*p, "*" | "x" | "X")) {
        let numbers = if at == 0 { Some(Vec::new()) } else { dotted(&pieces[..at].join(".")) };
        let wild = pieces[at..].iter().all(|p| matches!(*p, "*" | "x" | "X"));
        return match numbers {
            Some(numbers) if wild => {
                Ok(Comparand { numbers, prerelease: Prerelease::default(), wildcard: true, named: false })
            }
            _ => Err(part.error(format!("`{}`: after `x` or `*` only `x` or `*` may follow", part.text))),
        };
    }
    // npm's and Go's `2.0.0-0`: the place before all prereleases of `2.0.0`, which admits them.
    if let Some(numbers) = text.strip_suffix("-0").and_then(dotted) {
        return Ok(Comparand { numbers, prerelease: Prerelease::default(), wildcard: true, named: true });
    }
    match read(text, None) {
        Reading::Version(v) if v.prefix.is_empty() && !v.v => {
            let strange = if v.variant.is_empty() { v.architecture.clone() } else { Some(v.variant.0.clone()) };
            if let Some(strange) = strange {
                return Err(part
                    .error(format!("`{strange}` is a variant, not a part of the version; write it under `variant`")));
            }
            if !v.build.is_empty() || v.commit.is_some() {
                return Err(part.more_than_a_version());
            }
            let named = !v.prerelease.0.is_empty();
            Ok(Comparand { numbers: v.numbers, prerelease: v.prerelease, wildcard: false, named })
        }
        _ => Err(part.no_version()),
    }
}
