//! From lines of the file to instructions' lines: comments, continuations, the contents of here-documents.

use super::directives;
use super::heredoc::Heredoc;
use super::placed::Placed;

/// Reads a Dockerfile line by line.
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    escape: char,
}

/// A line of the file, without what ends it.
struct Raw<'a> {
    text: &'a str,
    start: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let at = directives::bom(text);
        Self { text, at, escape: directives::escape(text) }
    }

    /// The character that continues lines and escapes others.
    pub(super) fn escape(&self) -> char {
        self.escape
    }

    /// The next instruction, its lines joined.
    pub(super) fn instruction(&mut self) -> Option<Placed> {
        loop {
            let first = self.raw()?;
            let text = first.text.trim_start();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let start = first.start + (first.text.len() - text.len());
            let Some(kept) = continued(text, self.escape) else {
                return Some(Placed::new(text, start));
            };
            let mut joined = Placed::new(kept, start);
            self.continuation(&mut joined);
            return Some(joined);
        }
    }

    /// Appends the lines that continue an instruction. Comments and empty lines between them count for nothing.
    fn continuation(&mut self, joined: &mut Placed) {
        while let Some(line) = self.raw() {
            let text = line.text.trim_start();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            match continued(line.text, self.escape) {
                Some(kept) => joined.push(kept, line.start),
                None => {
                    joined.push(line.text, line.start);
                    return;
                }
            }
        }
    }

    /// Reads past the content of a here-document; `false` if the file ends before it does.
    pub(super) fn skip(&mut self, heredoc: &Heredoc) -> bool {
        while let Some(line) = self.raw() {
            let text = if heredoc.indented { line.text.trim_start_matches('\t') } else { line.text };
            if text == heredoc.name {
                return true;
            }
        }
        false
    }

    fn raw(&mut self) -> Option<Raw<'a>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let start = self.at;
        self.at += length;
        Some(Raw { text: rest[..length].trim_end_matches(['\r', '\n']), start })
    }
}

/// What is left of a line that goes on in the next one: one that ends with an escape character that none stands before,
/// with spaces and tabs behind it at most.
fn continued(line: &str, escape: char) -> Option<&str> {
    let kept = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!kept.ends_with(escape)).then_some(kept)
}
