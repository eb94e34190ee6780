//! Setting and removing keys of an approval.

use granit_parser::ScalarStyle;

use super::change::{Field, REASON, SIGNED_BY};
use super::error::EditError;
use super::lines::{Splice, after_line, colon_end, column, content_end, entry_end, line_end, line_start, next_line};
use super::nodes::item;
use super::scalar::{self, Quote, quote_of};
use crate::image::Tag;
use crate::yaml::{Kind, Node};

/// The keys of an approval in their usual order.
const ORDER: [&str; 7] = ["tag", "digest", "mirrored", "pull", "approved-on", SIGNED_BY, REASON];

/// Sets keys in a tag's approval: existing ones in place, others after their predecessors in the usual order. Removes
/// the keys in `without`.
pub(super) fn set(
    text: &str,
    image: &Node,
    tag: &Tag,
    fields: &[Field],
    without: &[&str],
) -> Result<Vec<Splice>, EditError> {
    let (_, item) = item(image, "approved", tag)?;
    let Kind::Map { entries, flow } = &*item.kind else { return Err(EditError::unusual(item.outer_start())) };
    let mut splices = Vec::new();
    for (key, value) in fields {
        let present = entries.iter().find(|(k, _)| k.text() == Some(key));
        splices.push(match present {
            Some((k, v)) => replace(text, k, v, key, value)?,
            None => insert(text, entries, *flow, key, value).ok_or_else(|| EditError::unusual(item.outer_start()))?,
        });
    }
    // These come after insertions at the same places.
    for (at, (key, _)) in entries.iter().enumerate() {
        if key.text().is_some_and(|key| without.contains(&key)) {
            splices.push(take_out(text, entries, at, *flow).ok_or_else(|| EditError::unusual(key.outer_start()))?);
        }
    }
    Ok(splices)
}

/// Removes a key with its value and the lines that it has to itself; `None` if those cannot be determined.
fn take_out(text: &str, entries: &[(Node, Node)], at: usize, flow: bool) -> Option<Splice> {
    let (key, value) = &entries[at];
    let (start, end) = (key.outer_start(), entry_end(text, key, value));
    let previous = at.checked_sub(1).map(|before| &entries[before]);
    let line = line_start(text, start);
    let lead = text[line..start].trim_start_matches('\u{feff}').trim_start();
    let range = match (previous, entries.get(at + 1)) {
        (Some((key, value)), _) if flow => entry_end(text, key, value)..end,
        _ if !flow && lead.is_empty() => line..next_line(text, end),
        (None, Some((next, _))) if flow || text[end..next.outer_start()].trim().is_empty() => start..next.outer_start(),
        // A comment between the two stays, and so does the dash before it.
        (None, Some(_)) if lead.trim_end() == "-" => line + text[line..start].trim_end().len()..end,
        _ => return None,
    };
    Some((range, String::new()))
}

/// Replaces a value and keeps its quotes.
fn replace(text: &str, key: &Node, old: &Node, name: &str, value: &str) -> Result<Splice, EditError> {
    let Kind::Scalar { style, .. } = &*old.kind else { return Err(EditError::unusual(old.outer_start())) };
    let quote = match (name, quote_of(old)) {
        ("pull", _) => Quote::Plain,
        (REASON, Quote::Plain) => Quote::Double,
        (_, quote) => quote,
    };
    let new = scalar::value(name, value, quote);
    if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
        return replace_block(text, key, old, &new);
    }
    if old.span.start < old.span.end {
        return Ok((old.span.start..old.span.end, new));
    }
    let at = old.properties.map(|p| p.end).or_else(|| colon_end(text, key));
    let at = at.ok_or_else(|| EditError::unusual(key.span.start))?;
    Ok((at..at, format!(" {new}")))
}

/// One line instead of a block of text, `>-` and the lines after it.
fn replace_block(text: &str, key: &Node, old: &Node, new: &str) -> Result<Splice, EditError> {
    let message = "this is a block of text with a comment or an anchor: write it on one line so that it can be edited";
    let refused = || EditError::at(key.span.start, message);
    let colon = colon_end(text, key).ok_or_else(refused)?;
    let is_plain = text[colon..line_end(text, colon)].trim().bytes().all(|byte| b"|>+-123456789".contains(&byte));
    is_plain.then(|| (colon..content_end(text, old), format!(" {new}"))).ok_or_else(refused)
}

/// A new key after the last of its predecessors; `None` if those do not begin their lines.
fn insert(text: &str, entries: &[(Node, Node)], flow: bool, name: &str, value: &str) -> Option<Splice> {
    let rank = ORDER.iter().position(|k| *k == name).unwrap_or(ORDER.len());
    let before = ORDER[..rank].iter().rev().find_map(|k| entries.iter().find(|(key, _)| key.text() == Some(k)));
    let (key, after) = before?;
    let like = entries.iter().find(|(k, _)| k.text() == Some("digest")).map(|(_, v)| quote_of(v)).unwrap_or_default();
    let quote = match name {
        "mirrored" => like,
        REASON => Quote::Double,
        _ => Quote::Plain,
    };
    let entry = format!("{name}: {}", scalar::value(name, value, quote));
    let end = entry_end(text, key, after);
    if flow {
        return Some((end..end, format!(", {entry}")));
    }
    let first = &entries.first()?.0;
    let indent = " ".repeat(column(text, first.outer_start()));
    let lead = &text[line_start(text, key.outer_start())..key.outer_start()];
    if !lead.trim_start_matches('\u{feff}').bytes().all(|b| matches!(b, b' ' | b'-')) && key.span != first.span {
        return None;
    }
    Some(after_line(text, end, &[format!("{indent}{entry}")]))
}
