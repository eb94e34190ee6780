//! How values are written: plain or quoted, as their siblings are.

use granit_parser::ScalarStyle;

use crate::yaml::{Kind, Node, special};

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Quote {
    /// Plain, unless it would not be text then.
    #[default]
    Plain,
    /// Plain, also where it looks like a number, as its siblings do.
    PlainNumber,
    Single,
    Double,
}

/// How a sibling is written.
pub(super) fn quote_of(node: &Node) -> Quote {
    match &*node.kind {
        Kind::Scalar { style: ScalarStyle::SingleQuoted, .. } => Quote::Single,
        Kind::Scalar { style: ScalarStyle::DoubleQuoted, .. } => Quote::Double,
        Kind::Scalar { text, style: ScalarStyle::Plain, .. } if ambiguous(text) => Quote::PlainNumber,
        _ => Quote::Plain,
    }
}

/// Writes a value that is a tag, a digest, a date or a number: none of them holds what must be escaped.
pub(super) fn simple(value: &str, quote: Quote) -> String {
    match quote {
        Quote::Single => format!("'{value}'"),
        Quote::Double => format!("\"{value}\""),
        Quote::PlainNumber if special(value).is_none() => value.to_owned(),
        Quote::Plain if !ambiguous(value) => value.to_owned(),
        Quote::Plain | Quote::PlainNumber => format!("\"{value}\""),
    }
}

/// Whether some reader of YAML takes this plain scalar for something else than text.
fn ambiguous(text: &str) -> bool {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let date = text.len() >= 8 && text.split('-').count() == 3 && text.split('-').all(digits);
    let word = text.to_ascii_lowercase();
    special(text).is_some()
        || matches!(word.as_str(), "yes" | "no" | "on" | "off" | "y" | "n" | "true" | "false" | "null")
        || text.replace('_', "").parse::<f64>().is_ok()
        || word.starts_with("0x")
        || word.starts_with("0o")
        || date
}

/// Writes any text in double quotes (YAML 1.2.2, section 7.3.1), what cannot be seen or could be hidden escaped.
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
