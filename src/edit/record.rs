//! Setting keys of an approval.

use granit_parser::ScalarStyle;

use super::change::Field;
use super::error::EditError;
use super::lines::{Splice, after_line, colon_end, column, content_end, entry_end, line_end, line_start};
use super::nodes::item;
use super::scalar::{self, Quote, quote_of};
use crate::image::Tag;
use crate::yaml::{Kind, Node};

/// The keys of an approval in the order in which they are written.
const ORDER: [&str; 5] = ["tag", "digest", "mirrored", "pull", "approved-on"];

/// Sets keys of the approval of a tag: those that are there in place, the others after what they follow in the order.
pub(super) fn set(text: &str, image: &Node, tag: &Tag, fields: &[Field]) -> Result<Vec<Splice>, EditError> {
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
    Ok(splices)
}

/// Another value in place of one, its quotes kept.
fn replace(text: &str, key: &Node, old: &Node, name: &str, value: &str) -> Result<Splice, EditError> {
    let Kind::Scalar { style, .. } = &*old.kind else { return Err(EditError::unusual(old.outer_start())) };
    let new = scalar::value(name, value, if name == "pull" { Quote::Plain } else { quote_of(old) });
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

/// One line in place of a block of text, `>-` and the lines after it.
fn replace_block(text: &str, key: &Node, old: &Node, new: &str) -> Result<Splice, EditError> {
    let message = "this is a block of text with a comment or an anchor: write it on one line so that it can be edited";
    let refused = || EditError::at(key.span.start, message);
    let colon = colon_end(text, key).ok_or_else(refused)?;
    let is_plain = text[colon..line_end(text, colon)].trim().bytes().all(|byte| b"|>+-123456789".contains(&byte));
    is_plain.then(|| (colon..content_end(text, old), format!(" {new}"))).ok_or_else(refused)
}

/// A new key after the last of those that stand before it; `None` where these do not begin their lines.
fn insert(text: &str, entries: &[(Node, Node)], flow: bool, name: &str, value: &str) -> Option<Splice> {
    let rank = ORDER.iter().position(|k| *k == name).unwrap_or(ORDER.len());
    let before = ORDER[..rank].iter().rev().find_map(|k| entries.iter().find(|(key, _)| key.text() == Some(k)));
    let (key, after) = before?;
    let like = entries.iter().find(|(k, _)| k.text() == Some("digest")).map(|(_, v)| quote_of(v)).unwrap_or_default();
    let quote = if name == "mirrored" { like } else { Quote::Plain };
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
