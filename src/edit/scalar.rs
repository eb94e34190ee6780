//! How values are written: plain or quoted, like their siblings.

use granit_parser::ScalarStyle;

use crate::yaml::{Kind, Node, is_plain_text};

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Quote {
    #[default]
    Plain,
    Single,
    Double,
}

/// How a sibling is written.
pub(super) fn quote_of(node: &Node) -> Quote {
    match &*node.kind {
        Kind::Scalar { style: ScalarStyle::SingleQuoted, .. } => Quote::Single,
        Kind::Scalar { style: ScalarStyle::DoubleQuoted, .. } => Quote::Double,
        _ => Quote::Plain,
    }
}

/// Writes a key's value: what is not text, `pull` and dates, may be a plain number or date. Text is quoted if any
/// reader would take it for something else, however its siblings are written.
pub(super) fn value(key: &str, value: &str, quote: Quote) -> String {
    match quote {
        Quote::Single if !value.contains('\'') && is_ascii_text(value) => format!("'{value}'"),
        Quote::Plain if matches!(key, "until" | "pull" | "approved-on") => value.to_owned(),
        Quote::Plain => scalar(value),
        Quote::Single | Quote::Double => double_quoted(value),
    }
}

/// Writes a text: plain if every reader takes that for the same text, else in double quotes.
pub(crate) fn scalar(text: &str) -> String {
    if is_plain_text(text) { text.to_owned() } else { double_quoted(text) }
}

fn is_ascii_text(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Writes any text in double quotes (YAML 1.2.2, section 7.3.1), with invisible or confusable characters escaped.
pub(super) fn double_quoted(text: &str) -> String {
    let mut result = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => result.push_str("\\\""),
            '\\' => result.push_str("\\\\"),
            c if hidden(c) && u32::from(c) <= 0xffff => result.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if hidden(c) => result.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => result.push(c),
        }
    }
    result.push('"');
    result
}

/// Control, line-breaking, direction-changing and zero-width characters.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}
