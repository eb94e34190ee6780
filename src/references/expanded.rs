//! A value put together from pieces of a file, each of which knows where it stands.

use std::ops::Range;

use super::found::{Findings, FoundReference, Site, Unresolved};
use super::named::{image_named, not_an_image};
use crate::diag::Span;

/// What stands for a piece that is not known: no reference has this character.
const PLACEHOLDER: char = '\u{1a}';

/// The text of a value after escapes and variables, and where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Expanded {
    text: String,
    /// In the order of the text, none of them empty.
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    /// Where it starts in the text.
    start: usize,
    /// Where it is used.
    home: Span,
    /// Where it is written: elsewhere than `home` if a variable brought it.
    source: Span,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// Written as it is read.
    Verbatim,
    Escape,
    /// Why it is not known.
    Missing(String),
}

impl Expanded {
    /// A value of which nothing is known.
    pub(super) fn missing(at: Span, why: String) -> Self {
        let mut value = Self::default();
        value.push_missing(at, why);
        value
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Appends text that stands at `at` as it is.
    pub(super) fn push(&mut self, text: &str, at: Span) {
        self.append(text, at, at, Kind::Verbatim);
    }

    /// Appends what the escape sequence at `at` means.
    pub(super) fn push_escape(&mut self, means: &str, at: Span) {
        self.append(means, at, at, Kind::Escape);
    }

    pub(super) fn push_missing(&mut self, at: Span, why: String) {
        self.append(PLACEHOLDER.encode_utf8(&mut [0; 4]), at, at, Kind::Missing(why));
    }

    /// Appends a value that is used at `home`.
    pub(super) fn push_value(&mut self, value: &Self, home: Span) {
        self.push_part(value, 0..value.text.len(), Some(home));
    }

    /// Appends a part of a value, which is used at `home` or where it was.
    pub(super) fn push_part(&mut self, value: &Self, range: Range<usize>, home: Option<Span>) {
        for index in value.touched(range.clone()) {
            let piece = &value.pieces[index];
            let (start, end) = (range.start.max(piece.start), range.end.min(value.end_of(index)));
            let source = piece.source_of(start..end);
            let own = if piece.stands_here() { source } else { piece.home };
            self.append(&value.text[start..end], home.unwrap_or(own), source, piece.kind.clone());
        }
    }

    fn append(&mut self, text: &str, home: Span, source: Span, kind: Kind) {
        if !text.is_empty() {
            self.pieces.push(Piece { start: self.text.len(), home, source, kind });
            self.text.push_str(text);
        }
    }

    /// Its cost for whoever limits what is put together.
    pub(super) fn size(&self) -> usize {
        self.text.len() + self.pieces.len()
    }

    fn end_of(&self, index: usize) -> usize {
        self.pieces.get(index + 1).map_or(self.text.len(), |next| next.start)
    }

    /// The first piece in a part of the text that is not known: where it starts, and why.
    pub(super) fn first_missing(&self, range: Range<usize>) -> Option<(usize, &str)> {
        self.pieces[self.touched(range)].iter().find_map(|piece| match &piece.kind {
            Kind::Missing(why) => Some((piece.start, why.as_str())),
            Kind::Verbatim | Kind::Escape => None,
        })
    }

    /// The pieces that a part of the text touches.
    fn touched(&self, range: Range<usize>) -> Range<usize> {
        let last = self.pieces.partition_point(|piece| piece.start < range.end);
        let first = self.pieces.partition_point(|piece| piece.start <= range.start).saturating_sub(1);
        first.min(last)..last
    }

    /// Where a part of the text is used.
    pub(super) fn place(&self, range: Range<usize>) -> Option<Span> {
        let touched = self.touched(range.clone());
        let (first, last) = (self.pieces.get(touched.start)?, self.pieces.get(touched.end.checked_sub(1)?)?);
        let start =
            if first.stands_here() { first.source.start + (range.start - first.start) } else { first.home.start };
        let end = if last.stands_here() { last.source.start + (range.end - last.start) } else { last.home.end };
        Some(Span { start, end })
    }

    /// Where a part of the text is written, if that is one place and can be replaced without touching anything else.
    pub(super) fn literal(&self, range: Range<usize>) -> Option<Span> {
        let touched = self.touched(range.clone());
        let mut span: Option<Span> = None;
        for index in touched {
            let piece = &self.pieces[index];
            let (start, end) = (range.start.max(piece.start), range.end.min(self.end_of(index)));
            let part = match piece.kind {
                Kind::Verbatim | Kind::Escape => piece.source_of(start..end),
                Kind::Missing(_) => return None,
            };
            span = match span {
                None => Some(part),
                Some(before) if before.end == part.start => Some(Span { start: before.start, end: part.end }),
                Some(_) => return None,
            };
        }
        span
    }

    /// A part of the text as a reference, or why it is none.
    pub(super) fn reference(&self, range: Range<usize>, into: &mut Findings) {
        let Some(at) = self.place(range.clone()) else { return };
        if let Some((_, why)) = self.first_missing(range.clone()) {
            into.unresolved.push(Unresolved { at, why: why.to_owned() });
            return;
        }
        match image_named(&self.text[range.clone()]) {
            Some(image) => {
                let site = self.literal(range).map_or(Site::Composed, Site::Literal);
                into.references.push(FoundReference { at, image, site, known: true });
            }
            None => into.unresolved.push(Unresolved { at, why: not_an_image(&self.text[range]) }),
        }
    }

    /// What was found in this text, as found in the file that it comes from.
    pub(super) fn translate(&self, found: Findings, into: &mut Findings) {
        for reference in found.references {
            let Some(at) = self.place(reference.at.start..reference.at.end) else { continue };
            let site = match reference.site {
                Site::Literal(site) => self.literal(site.start..site.end).map_or(Site::Composed, Site::Literal),
                Site::Shared => Site::Shared,
                Site::Parts(_) | Site::Composed => Site::Composed,
            };
            into.references.push(FoundReference { at, site, ..reference });
        }
        for unresolved in found.unresolved {
            let range = unresolved.at.start..unresolved.at.end;
            let Some(at) = self.place(range.clone()) else { continue };
            let why = self.first_missing(range).map_or(unresolved.why, |(_, why)| why.to_owned());
            into.unresolved.push(Unresolved { at, why });
        }
    }
}

impl Piece {
    /// Where a part of the text that lies in this piece is written.
    fn source_of(&self, range: Range<usize>) -> Span {
        match self.kind {
            Kind::Verbatim => {
                let start = self.source.start + (range.start - self.start);
                Span { start, end: start + range.len() }
            }
            Kind::Escape | Kind::Missing(_) => self.source,
        }
    }

    /// Whether each of its bytes has its own place where it is used.
    fn stands_here(&self) -> bool {
        self.kind == Kind::Verbatim && self.home == self.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    #[test]
    fn a_part_is_one_literal_or_put_together() {
        let mut name = Expanded::default();
        name.push("redis:7", span(100, 107));
        let mut value = Expanded::default();
        value.push("x://", span(10, 14));
        value.push_value(&name, span(14, 18));
        value.push("-a", span(18, 20));
        assert_eq!(value.text(), "x://redis:7-a");
        assert_eq!((value.place(4..11), value.literal(4..11)), (Some(span(14, 18)), Some(span(100, 107))));
        assert_eq!((value.place(2..13), value.literal(4..13)), (Some(span(12, 20)), None));
        assert_eq!((value.place(12..13), value.literal(12..13)), (Some(span(19, 20)), Some(span(19, 20))));
        assert_eq!((value.place(3..3), Expanded::default().place(0..0)), (Some(span(13, 13)), None));
    }

    #[test]
    fn escapes_are_replaced_whole_and_unknown_pieces_not_at_all() {
        let mut value = Expanded::default();
        value.push("a", span(1, 2));
        value.push_escape("/", span(2, 4));
        value.push("b", span(4, 5));
        assert_eq!((value.text(), value.literal(0..3)), ("a/b", Some(span(1, 5))));
        value.push_missing(span(5, 9), "why".to_owned());
        assert_eq!((value.literal(0..4), value.first_missing(0..4)), (None, Some((3, "why"))));
        assert_eq!(value.first_missing(0..3), None);
    }
}
