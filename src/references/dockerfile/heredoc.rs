//! Here-documents: what makes lines the content of a file instead of instructions.

use std::ops::Range;

use super::expand;
use super::placed::Placed;
use super::words::{Instruction, Keyword};
use crate::diag::Span;

#[derive(Debug)]
pub(super) struct Heredoc {
    /// The line that ends it.
    pub(super) name: String,
    /// Whether tabs may stand before that line.
    pub(super) indented: bool,
    /// The word that starts it.
    pub(super) at: Span,
}

/// The escape character of here-documents, whatever `# escape` says.
const ESCAPE: char = '\\';

/// The here-documents that an instruction starts, in their order. `inner` is the instruction, or the one behind `ONBUILD`.
pub(super) fn of(line: &Placed, inner: &Instruction) -> Vec<Heredoc> {
    let keyword = matches!(inner.keyword, Keyword::Add | Keyword::Copy | Keyword::Run);
    if !keyword || !line.text().contains("<<") || is_json(inner.rest.text()) {
        return Vec::new();
    }
    let words = words(line).unwrap_or_default();
    words.into_iter().filter_map(|word| heredoc(&line.slice(word))).collect()
}

/// Whether arguments are written as an array of JSON, which has no here-documents.
fn is_json(arguments: &str) -> bool {
    arguments.starts_with('[') && serde_json::from_str::<Vec<String>>(arguments).is_ok()
}

/// `<<NAME` or `<<-NAME`, with the number of a file descriptor before it.
fn heredoc(word: &Placed) -> Option<Heredoc> {
    let rest = word.text().trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let (indented, rest) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
    let quoted = rest.trim_start();
    if quoted.contains('<') {
        return None;
    }
    let name = unquoted(quoted).filter(|name| !name.is_empty())?;
    Some(Heredoc { name, indented, at: word.span()? })
}

/// One word without its quotes and escapes; `None` if it is several or a quote is not closed.
fn unquoted(word: &str) -> Option<String> {
    let mut name = String::new();
    let mut quote = None;
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        match quote {
            Some(open) if c == open => quote = None,
            Some('"') if c == ESCAPE => {
                name.push(chars.next_if(|c| matches!(*c, '"' | '$' | ESCAPE)).unwrap_or(ESCAPE));
            }
            Some(_) => name.push(c),
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c == ESCAPE => name.extend(chars.next()),
            None if c.is_whitespace() => return None,
            None => name.push(c),
        }
    }
    quote.is_none().then_some(name)
}

/// The words of a line as a shell separates them; `None` if quotes or substitutions are not well formed.
fn words(line: &Placed) -> Option<Vec<Range<usize>>> {
    let text = line.text();
    let mut words = Vec::new();
    let mut start = None;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let after = at + c.len_utf8();
        if c.is_whitespace() {
            words.extend(start.take().map(|start| start..at));
            at = after;
            continue;
        }
        start.get_or_insert(at);
        at = match c {
            '\'' | '"' => expand::end_of(line, at, ESCAPE)?,
            '$' => substitution(line, at, &mut start, &mut words)?,
            '<' => text[after..]
                .strip_prefix('<')
                .map_or(after, |rest| text.len() - rest.trim_start_matches(['\t', '\r', ' ']).len()),
            ESCAPE => after + text[after..].chars().next().map_or(0, char::len_utf8),
            _ => after,
        };
    }
    words.extend(start.map(|start| start..text.len()));
    Some(words)
}

/// Where the substitution at `at` ends. White space in it separates words too.
fn substitution(line: &Placed, at: usize, start: &mut Option<usize>, words: &mut Vec<Range<usize>>) -> Option<usize> {
    let end = expand::end_of(line, at, ESCAPE)?;
    for (index, c) in line.text()[at..end].char_indices() {
        if c.is_whitespace() {
            words.extend(start.take().map(|start| start..at + index));
        } else {
            start.get_or_insert(at + index);
        }
    }
    Some(end)
}
