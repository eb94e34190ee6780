//! Diagnostics: what is wrong in a file that a person wrote, where, and how to fix it. Data only; `report` renders it.

use schemars::JsonSchema;
use serde::Serialize;

mod code;

pub(crate) use code::Code;

/// A place in a file: byte offsets, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// One fault of a manifest. Serialised it is what `--format json` prints, key for key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Diagnostic {
    /// A stable code in kebab case, such as `unknown-key`.
    pub code: &'static str,
    /// What is wrong, in a sentence that quotes the offending text.
    pub message: String,
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How to mend it.
    pub help: String,
    /// The offending text's place, for the underline.
    #[serde(skip)]
    pub span: Span,
}

/// Line and column, both from 1 and the column in characters, of a byte offset in `text`.
pub(crate) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset.min(text.len()))];
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    // A byte order mark is no character of the first line.
    let line = before[start..].strip_prefix('\u{feff}').unwrap_or(&before[start..]);
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}
