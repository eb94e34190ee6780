//! Text taken from a file that knows where it stood there.

use std::ops::Range;

use crate::diag::Span;

/// Text, and where each piece of it stands in the file: lines that are joined, quotes that are removed and arguments that are
/// expanded keep their places.
#[derive(Debug, Clone, Default)]
pub(super) struct Placed {
    text: String,
    /// In the order of the text, none of them empty.
    runs: Vec<Run>,
}

/// A piece that stands in the file as it is.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Where it starts in the text.
    start: usize,
    /// Where it starts in the file.
    source: usize,
}

impl Placed {
    pub(super) fn new(text: &str, source: usize) -> Self {
        let mut placed = Self::default();
        placed.push(text, source);
        placed
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Appends what stands at `source` in the file.
    pub(super) fn push(&mut self, text: &str, source: usize) {
        if text.is_empty() {
            return;
        }
        let follows = self.runs.last().is_some_and(|last| last.source + (self.text.len() - last.start) == source);
        if !follows {
            self.runs.push(Run { start: self.text.len(), source });
        }
        self.text.push_str(text);
    }

    /// Appends a part of another text, with its places.
    pub(super) fn copy(&mut self, from: &Self, range: Range<usize>) {
        let mut at = range.start;
        let first = from.runs.partition_point(|run| run.start <= at).saturating_sub(1);
        for (index, run) in from.runs.iter().enumerate().skip(first) {
            if at >= range.end {
                break;
            }
            let end = from.runs.get(index + 1).map_or(from.text.len(), |next| next.start).min(range.end);
            self.push(&from.text[at..end], run.source + (at - run.start));
            at = end;
        }
    }

    pub(super) fn slice(&self, range: Range<usize>) -> Self {
        let mut part = Self::default();
        part.copy(self, range);
        part
    }

    /// The text without white space around it.
    pub(super) fn trimmed(&self) -> Self {
        let start = self.text.len() - self.text.trim_start().len();
        self.slice(start..start + self.text.trim().len())
    }

    /// From its first byte in the file to its last one, with whatever stands between; `None` if it is empty.
    pub(super) fn span(&self) -> Option<Span> {
        let (first, last) = (self.runs.first()?, self.runs.last()?);
        Some(Span { start: first.source, end: last.source + (self.text.len() - last.start) })
    }

    /// Where it stands in the file, if it stands there as it is and in one piece.
    pub(super) fn literal(&self) -> Option<Span> {
        if self.runs.len() == 1 { self.span() } else { None }
    }

    /// Where its pieces stand in the file.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Span> + '_ {
        self.runs.iter().enumerate().map(|(index, run)| {
            let end = self.runs.get(index + 1).map_or(self.text.len(), |next| next.start);
            Span { start: run.source, end: run.source + (end - run.start) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_keeps_the_places_of_its_pieces() {
        let mut line = Placed::new("FROM re", 10);
        line.push("dis", 20);
        line.push(":7", 23);
        assert_eq!(line.text(), "FROM redis:7");
        let name = line.slice(5..12);
        assert_eq!((name.text(), name.literal()), ("redis:7", None));
        assert_eq!(name.span(), Some(Span { start: 15, end: 25 }));
        assert_eq!(name.pieces().collect::<Vec<_>>(), [Span { start: 15, end: 17 }, Span { start: 20, end: 25 }]);
        assert_eq!(line.slice(7..12).literal(), Some(Span { start: 20, end: 25 }));
        assert_eq!(line.slice(3..3).span(), None);
    }
}
