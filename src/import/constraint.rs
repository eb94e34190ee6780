//! Version constraints of other libraries, by meaning.
//!
//! What a prerelease is to them (everything after a `-`, so variants too) has no counterpart: here variants are told from
//! prereleases, and only a constraint that was written for prereleases admits them.

use super::wish::Versions;
use crate::rules::Range;

/// Whose constraints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// regclient's own: missing numbers are zero, `~` goes to the next minor version, conditions are separated by spaces.
    Regclient,
    /// Masterminds/semver, which reads as npm does, and has `!=`, `=>`, `=<` and `~>`.
    Masterminds,
    /// blang/semver: whole versions or `x`, and `!=`.
    Blang,
}

/// One condition: the operator as written, and the version without `v`.
#[derive(Debug, Clone, Copy)]
struct Condition<'a> {
    operator: &'a str,
    version: &'a str,
}

/// A constraint as a range of this program.
///
/// # Errors
/// If it cannot be read; the text says why.
pub(super) fn versions(dialect: Dialect, text: &str) -> Result<Versions, String> {
    if dialect == Dialect::Regclient && text.contains(['|', ',']) {
        return Err(format!("`{text}` is no constraint of regsync"));
    }
    let (mut ranges, mut prereleases) = (Vec::new(), false);
    for alternative in text.split("||") {
        let conditions = conditions(alternative)?;
        prereleases |= conditions.iter().any(|condition| condition.version.contains('-') && condition.version != "-");
        ranges.extend(alternatives(dialect, &conditions)?);
    }
    match ranges.is_empty() {
        true => Err(format!("no version can match `{text}`")),
        false => Ok(Versions { range: ranges.join(" || "), prereleases }),
    }
}

/// Splits at spaces and commas; an operator may stand apart from its version.
fn conditions(text: &str) -> Result<Vec<Condition<'_>>, String> {
    let is_operator = |c: char| matches!(c, '<' | '>' | '=' | '!' | '~' | '^');
    let is_between = |c: char| c.is_whitespace() || c == ',';
    let (mut rest, mut found) = (text.trim_matches(is_between), Vec::new());
    while !rest.is_empty() {
        let version = rest.trim_start_matches(is_operator);
        let operator = &rest[..rest.len() - version.len()];
        let version = version.trim_start();
        let end = version.find(|c| is_between(c) || is_operator(c)).unwrap_or(version.len());
        if end == 0 {
            return Err(format!("`{}` has an operator without a version", text.trim()));
        }
        let number = version[..end].strip_prefix('v').unwrap_or(&version[..end]);
        found.push(Condition { operator, version: number.split('+').next().unwrap_or(number) });
        rest = version[end..].trim_start_matches(is_between);
    }
    match found.is_empty() {
        true => Err(format!("`{text}` has no version")),
        false => Ok(found),
    }
}

/// The ranges of one alternative: `!=` makes two of one. Those that no version can match are left out.
fn alternatives(dialect: Dialect, conditions: &[Condition<'_>]) -> Result<Vec<String>, String> {
    let mut ranges = vec![String::new()];
    for condition in conditions {
        let choices = choices(dialect, *condition)?;
        let joined = |range: &String| {
            let range = range.clone();
            choices.iter().map(move |choice| format!("{range} {choice}").trim().to_owned()).collect::<Vec<_>>()
        };
        ranges = ranges.iter().flat_map(joined).collect();
        if ranges.len() > 64 {
            return Err("it excludes too many versions to be written as a range".to_owned());
        }
    }
    let (mut kept, mut last) = (Vec::new(), None);
    for range in ranges {
        match range.parse::<Range>() {
            Ok(_) => kept.push(range),
            Err(error) => last = Some(error.message),
        }
    }
    match (kept.is_empty(), last) {
        // Where some remain, those that are gone are the empty sides of an exclusion.
        (true, Some(why)) => Err(why),
        _ => Ok(kept),
    }
}

/// What one condition admits, as conditions of this program of which one must hold.
fn choices(dialect: Dialect, condition: Condition<'_>) -> Result<Vec<String>, String> {
    let Condition { operator, version } = condition;
    let unknown = || Err(format!("`{operator}{version}` is no condition that is known here"));
    match (dialect, operator) {
        (Dialect::Regclient, _) => regclient(condition).map_or_else(unknown, |range| Ok(vec![range])),
        (Dialect::Masterminds, "=>") => Ok(vec![format!(">={version}")]),
        (Dialect::Masterminds, "=<") => Ok(vec![format!("<={version}")]),
        (Dialect::Masterminds, "~>") => Ok(vec![format!("~{}", without_lowest(version))]),
        (Dialect::Masterminds, "~" | "^") => Ok(vec![format!("{operator}{}", without_lowest(version))]),
        (Dialect::Masterminds, "!=") | (Dialect::Blang, "!=" | "!") => {
            Ok(vec![format!("<{version}"), format!(">{version}")])
        }
        (Dialect::Blang, "==") => Ok(vec![format!("={version}")]),
        (Dialect::Masterminds, "") if version == "-" => Ok(vec![version.to_owned()]),
        (_, "") if version == "-" => unknown(),
        (_, "" | "=" | "<" | "<=" | ">" | ">=") => Ok(vec![format!("{operator}{}", without_lowest(version))]),
        _ => unknown(),
    }
}

/// A bound `-0` admits every prerelease, which stands in a key of its own here.
fn without_lowest(version: &str) -> &str {
    version.strip_suffix("-0").unwrap_or(version)
}

/// A condition of regclient: missing numbers are zero.
fn regclient(Condition { operator, version }: Condition<'_>) -> Option<String> {
    let (numbers, prerelease) = version.split_once('-').map_or((version, None), |(n, p)| (n, Some(p)));
    let mut numbers: Vec<u64> = numbers.split('.').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    numbers.resize(numbers.len().max(3), 0);
    let dotted: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let from = prerelease.map_or_else(|| dotted.join("."), |word| format!("{}-{word}", dotted.join(".")));
    let below = |major: u64, minor: u64, patch: u64| Some(format!(">={from} <{major}.{minor}.{patch}"));
    match (operator, numbers.as_slice()) {
        ("^", [0, 0, patch, ..]) => below(0, 0, patch.checked_add(1)?),
        ("^", [0, minor, ..]) => below(0, minor.checked_add(1)?, 0),
        ("^", [major, ..]) => below(major.checked_add(1)?, 0, 0),
        ("~", [major, minor, ..]) => below(*major, minor.checked_add(1)?, 0),
        ("" | "=", _) => Some(format!("={from}")),
        (">" | ">=" | "<" | "<=", _) => Some(format!("{operator}{from}")),
        _ => None,
    }
}
