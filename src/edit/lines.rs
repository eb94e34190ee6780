//! Lines, columns and pieces of text.

use std::ops::Range;

use granit_parser::ScalarStyle;

use super::error::EditError;
use crate::yaml::{Kind, Node};

/// A piece of the text and its replacement.
pub(super) type Splice = (Range<usize>, String);

/// Applies all splices. They may touch but not overlap; those at the same place keep their order.
pub(super) fn splice(text: &str, mut splices: Vec<Splice>) -> Result<String, EditError> {
    splices.sort_by_key(|(range, _)| range.start);
    let mut result = String::with_capacity(text.len() + 256);
    let mut done = 0;
    for (range, new) in splices {
        let kept = text.get(done..range.start).ok_or_else(|| EditError::unusual(range.start))?;
        result.push_str(kept);
        result.push_str(&new);
        done = range.end;
    }
    result.push_str(text.get(done..).ok_or_else(|| EditError::unusual(text.len()))?);
    Ok(result)
}

/// Where the line of a place starts.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |i| i + 1)
}

/// Where the line of a place ends, before its line break.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |i| at + i);
    if text[at..end].ends_with('\r') { end - 1 } else { end }
}

/// Where the next line starts; the end of the text if there is none.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |i| at + i + 1)
}

/// The column of a place in characters, from 0; a byte order mark has none.
pub(super) fn column(text: &str, at: usize) -> usize {
    text[line_start(text, at)..at].trim_start_matches('\u{feff}').chars().count()
}

/// The line break for a new line after this place.
pub(super) fn line_break(text: &str, at: usize) -> &'static str {
    let here = text[at..].find('\n').map(|i| at + i).or_else(|| text[..at].rfind('\n'));
    if here.is_some_and(|i| text[..i].ends_with('\r')) { "\r\n" } else { "\n" }
}

/// New lines after the line of a place; a text that ends without a line break still does afterwards.
pub(super) fn after_line(text: &str, at: usize, lines: &[String]) -> Splice {
    let br = line_break(text, at);
    let place = next_line(text, at);
    let open = place == text.len() && !text.ends_with('\n');
    let new = if open {
        lines.iter().map(|l| format!("{br}{l}")).collect()
    } else {
        lines.iter().map(|l| format!("{l}{br}")).collect()
    };
    (place..place, new)
}

/// Where the content of a node ends: after its last character that is not a space, a comment or a line break.
pub(super) fn content_end(text: &str, node: &Node) -> usize {
    let own = match &*node.kind {
        Kind::List { items, flow: false } => items.last().map_or(node.span.end, |last| content_end(text, last)),
        Kind::Map { entries, flow: false } => entries.last().map_or(node.span.end, |(k, v)| entry_end(text, k, v)),
        Kind::Scalar { style: ScalarStyle::Literal | ScalarStyle::Folded, .. } => {
            // The span extends to the next content. Lines of spaces can be content, empty lines are not.
            let end = node.span.end;
            let end = if end < text.len() { line_start(text, end) } else { end };
            text[..end].trim_end_matches(['\n', '\r']).len()
        }
        _ => node.span.end,
    };
    own.max(node.properties.map_or(0, |p| p.end))
}

/// Where a key and its value end.
pub(super) fn entry_end(text: &str, key: &Node, value: &Node) -> usize {
    let colon = colon_end(text, key).unwrap_or(key.span.end);
    if value.span.start == value.span.end && value.properties.is_none() {
        return colon;
    }
    content_end(text, value).max(colon)
}

/// The place after a key's colon.
pub(super) fn colon_end(text: &str, key: &Node) -> Option<usize> {
    let rest = &text[key.span.end..];
    let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    rest[spaces..].starts_with(':').then_some(key.span.end + spaces + 1)
}

/// The place of the dash of an item in a block list. There may be comments between the two.
pub(super) fn dash(text: &str, item: &Node) -> Option<usize> {
    let (mut start, mut end) = (line_start(text, item.outer_start()), item.outer_start());
    loop {
        let line = text[start..end].trim_start_matches(['\u{feff}', ' ']);
        let is_comment = |rest: &str| rest.trim().is_empty() || rest.trim_start().starts_with('#');
        if line.strip_prefix('-').is_some_and(is_comment) {
            return Some(end - line.len());
        }
        if !is_comment(line) || start == 0 {
            return None;
        }
        (start, end) = (line_start(text, start - 1), start);
    }
}

/// Whether only spaces and a comment follow on this line.
pub(super) fn rest_is_comment(text: &str, at: usize) -> bool {
    let rest = &text[at..line_end(text, at)];
    let trimmed = rest.trim_start_matches([' ', '\t']);
    trimmed.is_empty() || (trimmed.starts_with('#') && trimmed.len() < rest.len())
}
