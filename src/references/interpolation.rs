//! Compose's interpolation: `$NAME`, `${NAME}` and its forms with defaults. Variables come from the environment and are
//! never known: only what has a default has a value.

use super::collector::Filled;
use super::named::NO_REFERENCE;
use crate::diag::Span;
use crate::text::excerpt;

/// How deep defaults may be nested.
const MAX_DEPTH: usize = 16;

/// The value of a text that stands at `start`; without `start` nothing of it has a place.
///
/// # Errors
/// What is missing, in a clause.
pub(super) fn expand(text: &str, start: Option<usize>) -> Result<Filled, String> {
    expand_within(text, start, 0)
}

fn expand_within(text: &str, start: Option<usize>, depth: usize) -> Result<Filled, String> {
    if depth > MAX_DEPTH {
        return Err(NO_REFERENCE.to_owned());
    }
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        pieces.push(literal(&text[at..at + found], start.map(|start| start + at)));
        at += found + 1;
        let rest = &text[at..];
        let name = &rest[..name_length(rest)];
        if let Some(after) = rest.strip_prefix('{') {
            let inner = braced(after).ok_or(NO_REFERENCE)?;
            pieces.push(substitution(inner, start.map(|start| start + at + 1), depth)?);
            at += inner.len() + 2;
        } else if rest.starts_with('$') {
            pieces.push(Filled { value: "$".to_owned(), literal: None });
            at += 1;
        } else if name.is_empty() {
            return Err(NO_REFERENCE.to_owned());
        } else {
            return Err(without_default(name));
        }
    }
    pieces.push(literal(&text[at..], start.map(|start| start + at)));
    pieces.retain(|piece| !piece.value.is_empty());
    match pieces.len() {
        1 => Ok(pieces.swap_remove(0)),
        _ => Ok(Filled { value: pieces.iter().map(|piece| piece.value.as_str()).collect(), literal: None }),
    }
}

fn literal(text: &str, start: Option<usize>) -> Filled {
    Filled { value: text.to_owned(), literal: start.map(|start| Span { start, end: start + text.len() }) }
}

/// What is between the braces of a substitution, up to the brace that closes it.
fn braced(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(&text[..at]),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The value of `NAME`, `NAME:-default` and so on, where the variable is not set.
fn substitution(inner: &str, start: Option<usize>, depth: usize) -> Result<Filled, String> {
    let length = name_length(inner);
    let (name, operation) = inner.split_at(length);
    if name.is_empty() {
        return Err(NO_REFERENCE.to_owned());
    }
    let default = operation.strip_prefix(":-").or_else(|| operation.strip_prefix('-'));
    match default {
        Some(default) => expand_within(default, start.map(|start| start + inner.len() - default.len()), depth + 1),
        None if operation.is_empty() || operation.trim_start_matches(':').starts_with('?') => {
            Err(without_default(name))
        }
        None if operation.trim_start_matches(':').starts_with('+') => Ok(literal("", None)),
        None => Err(NO_REFERENCE.to_owned()),
    }
}

/// The length of the variable's name that a text begins with.
fn name_length(text: &str) -> usize {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let end = text.bytes().position(|byte| !(is_letter(byte) || byte.is_ascii_digit())).unwrap_or(text.len());
    if text.bytes().next().is_some_and(is_letter) { end } else { 0 }
}

fn without_default(name: &str) -> String {
    format!("`{}` has no default in this file", excerpt(name, 60))
}
