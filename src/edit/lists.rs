//! Adding to and removing from the lists of an image.

use super::change::Field;
use super::error::EditError;
use super::lines::{
    Splice, after_line, colon_end, column, content_end, dash, entry_end, line_break, line_start, next_line,
    rest_is_comment,
};
use super::nodes::item;
use super::scalar::{self, Quote, double_quoted, quote_of};
use crate::image::Tag;
use crate::yaml::{Kind, Node};

/// The lists of an image, in their usual order.
pub(super) const LISTS: [&str; 3] = ["approved", "rejected", "revoked"];

/// How the items of a list are written.
#[derive(Debug, Clone, Default)]
struct Style {
    /// The whole list as `[...]`.
    flow_list: bool,
    /// Columns from the list's key to the dash.
    offset: usize,
    /// Spaces between the dash and the item.
    pad: usize,
    /// The item as `{...}`; with spaces inside the braces.
    flow_item: Option<bool>,
    /// How values are quoted, by key.
    quotes: Vec<(String, Quote)>,
}

/// Appends an item to an image's list, whatever the list is so far.
pub(super) fn append(
    text: &str,
    root: &Node,
    image: &Node,
    list: &str,
    fields: &[Field],
) -> Result<Vec<Splice>, EditError> {
    let Kind::Map { entries, flow } = &*image.kind else { return Err(EditError::unusual(image.outer_start())) };
    let Some((key, value)) = entries.iter().find(|(k, _)| k.text() == Some(list)) else {
        return new_list(text, root, image, list, fields);
    };
    match &*value.kind {
        Kind::List { items, flow: true } => match items.last() {
            Some(last) => Ok(append_flow(text, value, last, fields)),
            None => fill(text, root, key, value, *flow, list, fields),
        },
        Kind::List { items, flow: false } => {
            let last = items.last().ok_or_else(|| EditError::unusual(value.outer_start()))?;
            let unusual = || EditError::unusual(last.outer_start());
            let style = item_style(text, key, last).ok_or_else(unusual)?;
            let dash = column(text, dash(text, last).ok_or_else(unusual)?);
            Ok(vec![after_line(text, content_end(text, last), &block_item(&style, dash, fields))])
        }
        Kind::Scalar { .. } if value.is_null() => fill(text, root, key, value, *flow, list, fields),
        _ => Err(EditError::unusual(value.outer_start())),
    }
}

/// A new list for an image without one.
fn new_list(text: &str, root: &Node, image: &Node, list: &str, fields: &[Field]) -> Result<Vec<Splice>, EditError> {
    let place = place_of_new(text, image, list).ok_or_else(|| EditError::unusual(image.outer_start()))?;
    let style = style_for(text, root, list);
    let Some(indent) = place.indent.filter(|_| !style.flow_list) else {
        return Ok(vec![new_key(text, &place, &format!("{list}: [{}]", flow_item(&style, fields)))]);
    };
    let mut lines = vec![format!("{}{list}:", " ".repeat(indent))];
    lines.extend(block_item(&style, indent + style.offset, fields));
    Ok(vec![after_line(text, place.end, &lines)])
}

/// An empty list for an image without one; `None` if the image cannot be edited.
pub(super) fn begin(text: &str, image: &Node, list: &str) -> Option<Splice> {
    Some(new_key(text, &place_of_new(text, image, list)?, &format!("{list}: []")))
}

/// Where a new list of an image goes.
struct Place {
    /// The end of the entry that it comes after.
    end: usize,
    /// The column of the image's keys; `None` in braces.
    indent: Option<usize>,
}

fn place_of_new(text: &str, image: &Node, list: &str) -> Option<Place> {
    let Kind::Map { entries, flow } = &*image.kind else { return None };
    let later = |key: &Node| LISTS.iter().skip_while(|l| **l != list).any(|l| key.text() == Some(l));
    let first = entries.first()?;
    let (key, value) = entries.iter().rfind(|(k, _)| !later(k)).unwrap_or(first);
    let indent = (!flow).then(|| column(text, first.0.outer_start()));
    Some(Place { end: entry_end(text, key, value), indent })
}

/// A key with its value on one line.
fn new_key(text: &str, place: &Place, entry: &str) -> Splice {
    match place.indent {
        Some(indent) => after_line(text, place.end, &[format!("{}{entry}", " ".repeat(indent))]),
        None => (place.end..place.end, format!(", {entry}")),
    }
}

/// The first item of a list that is empty or null.
fn fill(
    text: &str,
    root: &Node,
    key: &Node,
    value: &Node,
    flow: bool,
    list: &str,
    fields: &[Field],
) -> Result<Vec<Splice>, EditError> {
    let colon = colon_end(text, key).ok_or_else(|| EditError::unusual(key.span.start))?;
    let style = style_for(text, root, list);
    let written = &text[value.span.start..value.span.end];
    let is_apart = !written.is_empty() && text[colon..value.span.start].contains('#');
    // An anchor stays with the brackets that it precedes, and a comment above them in its place.
    let stays = flow || style.flow_list || written.contains('\n') || value.properties.is_some() || is_apart;
    if written.starts_with('[') && stays {
        let at = value.span.start + 1;
        return Ok(vec![(at..at, flow_item(&style, fields))]);
    }
    if value.properties.is_some() || is_apart {
        let place =
            if written.is_empty() { outer_end(value)..outer_end(value) } else { value.span.start..value.span.end };
        let space = if written.is_empty() { " " } else { "" };
        return Ok(vec![(place, format!("{space}[{}]", flow_item(&style, fields)))]);
    }
    let end = if written.is_empty() { colon } else { value.span.end };
    if flow || style.flow_list {
        return Ok(vec![(colon..end, format!(" [{}]", flow_item(&style, fields)))]);
    }
    let dash = column(text, key.outer_start()) + style.offset;
    Ok(vec![(colon..end, String::new()), after_line(text, end, &block_item(&style, dash, fields))])
}

/// Where a node ends, or its anchor and tag if nothing follows them.
fn outer_end(node: &Node) -> usize {
    node.properties.map_or(node.span.end, |properties| properties.end.max(node.span.end))
}

/// One more item for a list in brackets: on its own line if the last one is.
fn append_flow(text: &str, list: &Node, last: &Node, fields: &[Field]) -> Vec<Splice> {
    let style = Style { flow_item: flow_braces(text, last), quotes: quotes(last), ..Style::default() };
    append_in_brackets(text, list, last, &flow_item(&style, fields))
}

/// One more item, written like this, after the last one in a list in brackets.
pub(super) fn append_in_brackets(text: &str, list: &Node, last: &Node, new: &str) -> Vec<Splice> {
    let end = content_end(text, last);
    let comma = trailing_comma(text, end);
    let after = comma.unwrap_or(end);
    let start = line_start(text, last.outer_start());
    let own_line = text[start..last.outer_start()].trim_start().is_empty() && rest_is_comment(text, after);
    if !own_line || next_line(text, after) > list.span.end {
        return vec![(end..end, format!(", {new}"))];
    }
    let indent = &text[start..last.outer_start()];
    let (lead, trail) = if comma.is_some() { ("", ",") } else { (",", "") };
    let br = line_break(text, end);
    let next = next_line(text, after);
    vec![(end..end, lead.to_owned()), (next..next, format!("{indent}{new}{trail}{br}"))]
}

/// The place after a comma that follows on the same line.
fn trailing_comma(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    rest[spaces..].starts_with(',').then_some(at + spaces + 1)
}

/// Removes a tag's item.
pub(super) fn remove(text: &str, image: &Node, list: &str, tag: &Tag) -> Result<Vec<Splice>, EditError> {
    let (index, found) = item(image, list, tag)?;
    let entries = image.entries().unwrap_or_default();
    let own = entries.iter().find(|(k, _)| k.text() == Some(list));
    let (key, value) = own.ok_or_else(|| EditError::unusual(image.outer_start()))?;
    match &*value.kind {
        Kind::List { items, flow: true } => remove_flow(text, value, items, index),
        Kind::List { items, flow: false } => {
            let unusual = || EditError::unusual(found.outer_start());
            let start = line_start(text, dash(text, found).ok_or_else(unusual)?);
            let end = next_line(text, content_end(text, found));
            let mut splices = vec![(start..end, String::new())];
            if items.len() == 1 {
                let at = value.properties.map(|p| p.end).or_else(|| colon_end(text, key)).ok_or_else(unusual)?;
                splices.insert(0, (at..at, " []".to_owned()));
            }
            Ok(splices)
        }
        _ => Err(EditError::unusual(value.outer_start())),
    }
}

fn remove_flow(text: &str, list: &Node, items: &[Node], index: usize) -> Result<Vec<Splice>, EditError> {
    let item = &items[index];
    let (start, end) = (item.outer_start(), content_end(text, item));
    let comma = trailing_comma(text, end);
    let line = line_start(text, start);
    let after = comma.unwrap_or(end);
    let own_lines = line > list.span.start && text[line..start].trim_start().is_empty() && rest_is_comment(text, after);
    if own_lines && next_line(text, after) <= list.span.end {
        return Ok(vec![(line..next_line(text, after), String::new())]);
    }
    let range = match (index.checked_sub(1).map(|i| &items[i]), items.get(index + 1)) {
        (_, Some(next)) => start..next.outer_start(),
        (Some(previous), None) => content_end(text, previous)..end,
        (None, None) => start..after,
    };
    Ok(vec![(range, String::new())])
}

/// How a new list is written: like the same list of other images, else like other lists, else like the images.
fn style_for(text: &str, root: &Node, list: &str) -> Style {
    let images = root.get("images").and_then(Node::items).unwrap_or_default();
    let lists = std::iter::once(list).chain(LISTS.into_iter().filter(|l| *l != list));
    for (rank, name) in lists.enumerate() {
        for entries in images.iter().filter_map(Node::entries) {
            let Some((key, value)) = entries.iter().find(|(k, _)| k.text() == Some(name)) else { continue };
            let (Kind::List { flow, .. }, Some(last)) = (&*value.kind, value.items().and_then(<[Node]>::last)) else {
                continue;
            };
            if *flow && rank == 0 {
                let flow_item = flow_braces(text, last);
                return Style { flow_list: true, flow_item, quotes: quotes(last), ..Style::default() };
            }
            if let Some(style) = item_style(text, key, last).filter(|_| !flow) {
                return style;
            }
        }
    }
    let offset =
        root.entries().unwrap_or_default().iter().find(|(k, _)| k.text() == Some("images")).and_then(|(key, _)| {
            let dash = dash(text, images.first()?)?;
            column(text, dash).checked_sub(column(text, key.outer_start()))
        });
    Style { offset: offset.unwrap_or(2), pad: 1, ..Style::default() }
}

/// How an item in a block list is written.
fn item_style(text: &str, key: &Node, item: &Node) -> Option<Style> {
    let Kind::Map { entries, flow } = &*item.kind else { return None };
    let dash = dash(text, item)?;
    let offset = column(text, dash).checked_sub(column(text, key.outer_start()))?;
    let content = if *flow { item.outer_start() } else { entries.first()?.0.outer_start() };
    let pad = column(text, content).checked_sub(column(text, dash) + 1).filter(|p| (1..=8).contains(p)).unwrap_or(1);
    Some(Style { flow_list: false, offset, pad, flow_item: flow_braces(text, item), quotes: quotes(item) })
}

/// For `{ a: b }` whether there are spaces inside the braces; `None` for a block mapping.
fn flow_braces(text: &str, item: &Node) -> Option<bool> {
    match &*item.kind {
        Kind::Map { flow: true, .. } => Some(!text[item.span.start + 1..].starts_with(|c: char| !c.is_whitespace())),
        _ => None,
    }
}

/// How an item's values are quoted.
fn quotes(item: &Node) -> Vec<(String, Quote)> {
    let entries = item.entries().unwrap_or_default();
    entries.iter().filter_map(|(k, v)| Some((k.text()?.to_owned(), quote_of(v)))).collect()
}

/// A key with its value, written like its siblings; reasons are always quoted.
fn write_field(style: &Style, field: &Field) -> String {
    let (key, value) = field;
    if *key == "reason" {
        return format!("{key}: {}", double_quoted(value));
    }
    let quote = style.quotes.iter().find(|(k, _)| k == key).map(|(_, q)| *q).unwrap_or_default();
    format!("{key}: {}", scalar::value(key, value, quote))
}

fn flow_item(style: &Style, fields: &[Field]) -> String {
    let inner = fields.iter().map(|f| write_field(style, f)).collect::<Vec<_>>().join(", ");
    if style.flow_item.unwrap_or(true) { format!("{{ {inner} }}") } else { format!("{{{inner}}}") }
}

/// The lines of an item in a block list with its dash in this column.
fn block_item(style: &Style, dash: usize, fields: &[Field]) -> Vec<String> {
    let indent = " ".repeat(dash);
    let pad = " ".repeat(style.pad);
    if style.flow_item.is_some() {
        return vec![format!("{indent}-{pad}{}", flow_item(style, fields))];
    }
    let lead = |i: usize| if i == 0 { format!("{indent}-{pad}") } else { format!("{indent} {pad}") };
    fields.iter().enumerate().map(|(i, f)| format!("{}{}", lead(i), write_field(style, f))).collect()
}
