//! Where the parts of a reference are written that has a key for each of them.

use super::documents::Merging;
use super::found::Slot;
use crate::yaml::{Kind, Node, ScalarStyle};

/// Where the value of a key can be rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The mapping has no such key.
    Absent,
    Here(Slot),
    /// It comes through a merge key, other places refer to it, or it takes several lines: rewriting it changes more than this.
    Shared,
}

impl Place {
    pub(super) fn of(text: &str, map: &Node, key: &str) -> Self {
        let Some(Entry { name, value }) = own(map, key) else {
            return if Merging::OwnFirst.get(map, key).is_some() { Self::Shared } else { Self::Absent };
        };
        let there = text.get(value.span.start..value.span.end).unwrap_or_default();
        match &*value.kind {
            _ if value.properties.is_some() || there.contains('\n') => Self::Shared,
            Kind::Scalar { .. } if there.is_empty() => after_colon(text, name).map_or(Self::Shared, Self::Here),
            Kind::Alias(_) | Kind::Scalar { style: PLAIN | SINGLE | DOUBLE, .. } => Self::Here(Slot::Value(value.span)),
            _ => Self::Shared,
        }
    }
}

const PLAIN: ScalarStyle = ScalarStyle::Plain;
const SINGLE: ScalarStyle = ScalarStyle::SingleQuoted;
const DOUBLE: ScalarStyle = ScalarStyle::DoubleQuoted;

/// A key and its value in the mapping itself.
struct Entry<'n> {
    name: &'n Node,
    value: &'n Node,
}

fn own<'n>(map: &'n Node, key: &str) -> Option<Entry<'n>> {
    let is_key = |node: &Node| node.text() == Some(key) && !node.is_merge();
    let (name, value) = map.entries()?.iter().rev().find(|(name, _)| is_key(name))?;
    Some(Entry { name, value })
}

/// The place for the value of a key that has none.
fn after_colon(text: &str, name: &Node) -> Option<Slot> {
    let rest = text.get(name.span.end..)?;
    let colon = rest.find(':').filter(|colon| rest[..*colon].trim().is_empty())?;
    Some(Slot::Missing { at: name.span.end + colon + 1, before: " ".to_owned() })
}

/// The place for a key that a mapping lacks: behind another one that it has, on a line of its own unless the mapping is
/// written in braces. `None` where the other's line begins with anything but spaces and dashes.
pub(super) fn insertion(text: &str, map: &Node, behind: &str, key: &str) -> Option<Slot> {
    let Entry { name, value } = own(map, behind)?;
    if matches!(&*map.resolved().kind, Kind::Map { flow: true, .. }) {
        let quote = if text[name.span.start..].starts_with('"') { "\"" } else { "" };
        return Some(Slot::Missing { at: value.span.end, before: format!(", {quote}{key}{quote}: ") });
    }
    let begin = text[..name.span.start].rfind('\n').map_or(0, |newline| newline + 1);
    let before =
        text.get(begin..name.span.start).filter(|before| before.bytes().all(|byte| matches!(byte, b' ' | b'-')))?;
    let end = value.span.end + text[value.span.end..].find('\n').unwrap_or(text.len() - value.span.end);
    let (at, line_end) = if text[..end].ends_with('\r') { (end - 1, "\r\n") } else { (end, newline_of(text)) };
    let indent = " ".repeat(before.len());
    Some(Slot::Missing { at, before: format!("{line_end}{indent}{key}: ") })
}

/// How a text ends its lines, by its first one.
fn newline_of(text: &str) -> &'static str {
    let first = text.find('\n').unwrap_or_default();
    if text[..first].ends_with('\r') { "\r\n" } else { "\n" }
}
