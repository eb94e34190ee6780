//! Diagnostics: what is wrong in a file that a person wrote, where, and how to fix it. Data only; `report` renders it.

use schemars::JsonSchema;
use serde::Serialize;

mod code;

pub(crate) use code::Code;

/// A place in a file: byte offsets, exclusive end.
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
    /// How to fix it.
    pub help: String,
    /// The offending text's place, for the underline.
    #[serde(skip)]
    pub span: Span,
}

/// Line and column, both from 1 and the column in characters, of a byte offset in `text`. Reads the text up to there:
/// for many places in one text see [`Lines`].
pub(crate) fn position(text: &str, offset: usize) -> (usize, usize) {
    let end = text.floor_char_boundary(offset.min(text.len()));
    Lines::new(&text[..end]).position(end)
}

/// The most bytes that are counted again for a place.
const BLOCK: usize = 256;

/// A text in which places are found without reading it again, however many lines it has and however long they are.
pub(crate) struct Lines<'a> {
    text: &'a str,
    /// Where lines start.
    starts: Vec<usize>,
    /// The characters before each block.
    blocks: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let sizes = text.as_bytes().chunks(BLOCK).map(characters).scan(0, |before, count| {
            *before += count;
            Some(*before)
        });
        Self { text, starts, blocks: std::iter::once(0).chain(sizes).collect() }
    }

    /// Line and column, both from 1 and the column in characters, of a byte offset.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.text.floor_char_boundary(offset.min(self.text.len()));
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let column = self.before(offset) - self.before(self.starts[line - 1]);
        // A byte order mark is not a character of the first line.
        let mark = line == 1 && offset > 0 && self.text.starts_with('\u{feff}');
        (line, column + 1 - usize::from(mark))
    }

    /// The characters before an offset.
    fn before(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        self.blocks[block] + characters(&self.text.as_bytes()[block * BLOCK..offset])
    }
}

/// The number of characters that start in these bytes of UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_text_is_what_counting_says() {
        let text = format!("\u{feff}a: é{}\r\nb: \n\n{}ü", "ß".repeat(300), "x€".repeat(700));
        let lines = Lines::new(&text);
        for offset in 0..=text.len() + 1 {
            let before = &text[..text.floor_char_boundary(offset.min(text.len()))];
            let line = before.rsplit('\n').next().unwrap_or_default().trim_start_matches('\u{feff}');
            let counted = (before.matches('\n').count() + 1, line.chars().count() + 1);
            assert_eq!((lines.position(offset), position(&text, offset)), (counted, counted), "{offset}");
        }
    }
}
