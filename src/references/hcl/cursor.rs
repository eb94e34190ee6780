//! A place in a text in HCL, and the steps from it that need no grammar.

use crate::diag::Span;

/// How deeply expressions and blocks may stand in each other.
const DEPTH: usize = 64;

/// The byte at which the text stops being HCL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::references) struct Fault(pub(in crate::references) usize);

pub(super) type Parsed<T> = Result<T, Fault>;

/// The parser's state. Its grammar is spread over the files beside this one.
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// Where what is read ends: the file, or the heredoc.
    pub(super) end: usize,
    depth: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, span: Span) -> Self {
        Self { text, at: span.start, end: span.end, depth: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..self.end]
    }

    pub(super) fn sees(&self, word: &str) -> bool {
        self.rest().starts_with(word.as_bytes())
    }

    /// Steps over a word, if it stands here.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        let sees = self.sees(word);
        if sees {
            self.at += word.len();
        }
        sees
    }

    pub(super) fn expect(&mut self, word: &str) -> Parsed<()> {
        if self.eat(word) { Ok(()) } else { Err(self.fault()) }
    }

    pub(super) fn fault(&self) -> Fault {
        Fault(self.at)
    }

    pub(super) fn from(&self, start: usize) -> Span {
        Span { start, end: self.at }
    }

    /// Reads something that can contain itself, as often as the limit allows.
    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == DEPTH {
            return Err(self.fault());
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Steps over white space and comments, and over the ends of lines where they mean nothing.
    pub(super) fn skip_space(&mut self, lines: bool) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\n') if lines => self.at += 1,
                Some(b'#') => self.skip_until(b"\n", 0),
                Some(b'/') if self.sees("//") => self.skip_until(b"\n", 0),
                Some(b'/') if self.sees("/*") => self.skip_until(b"*/", 2),
                _ => return,
            }
        }
    }

    /// Steps to where `what` stands and over its first bytes, or to the end.
    fn skip_until(&mut self, what: &[u8], over: usize) {
        let found = self.rest().windows(what.len()).position(|bytes| bytes == what);
        self.at = found.map_or(self.end, |distance| self.at + distance + over);
    }

    /// Steps over a name, if one stands here.
    pub(super) fn identifier(&mut self) -> Option<&'a str> {
        let first = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_' || *byte >= 0x80;
        let later = |byte: &u8| first(byte) || byte.is_ascii_digit() || *byte == b'-';
        if !self.rest().first().is_some_and(first) {
            return None;
        }
        let start = self.at;
        self.at += self.rest().iter().take_while(|byte| later(byte)).count();
        Some(&self.text[start..self.at])
    }
}
