//! The parts of an instruction: its keyword, its flags, its words.

use super::placed::Placed;

/// The instructions that can name an image, or decide which one another names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Add,
    Arg,
    Copy,
    From,
    Onbuild,
    Run,
    Other,
}

impl Keyword {
    fn of(word: &str) -> Self {
        let known = [
            ("ADD", Self::Add),
            ("ARG", Self::Arg),
            ("COPY", Self::Copy),
            ("FROM", Self::From),
            ("ONBUILD", Self::Onbuild),
            ("RUN", Self::Run),
        ];
        known.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map_or(Self::Other, |(_, keyword)| *keyword)
    }
}

/// An instruction, apart.
#[derive(Debug)]
pub(super) struct Instruction {
    pub(super) keyword: Keyword,
    /// The words that start with `--`, without their quotes and escapes.
    pub(super) flags: Vec<Placed>,
    /// What stands behind them.
    pub(super) rest: Placed,
}

impl Instruction {
    pub(super) fn of(line: &Placed, escape: char) -> Self {
        let line = line.trimmed();
        let end = line.text().find(is_blank).unwrap_or(line.text().len());
        let keyword = Keyword::of(&line.text()[..end]);
        if keyword == Keyword::Other {
            return Self { keyword, flags: Vec::new(), rest: Placed::default() };
        }
        let after = line.slice(end..line.text().len()).trimmed();
        let (flags, at) = flags(&after, escape);
        Self { keyword, flags, rest: after.slice(at..after.text().len()).trimmed() }
    }

    /// The values of a flag.
    pub(super) fn values(&self, flag: &str) -> impl Iterator<Item = Placed> {
        let value = move |word: &Placed| {
            let at = word.text().strip_prefix(flag)?.strip_prefix('=').map(|value| word.text().len() - value.len())?;
            Some(word.slice(at..word.text().len()))
        };
        self.flags.iter().filter_map(value)
    }
}

/// The white space that separates words; line ends are not among it.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

/// The words that are separated by white space, whatever quotes they have.
pub(super) fn spaced(line: &Placed) -> impl Iterator<Item = Placed> {
    let start = line.text().as_ptr() as usize;
    let words = line.text().split(is_blank).filter(|word| !word.is_empty());
    words.map(move |word| {
        let at = word.as_ptr() as usize - start;
        line.slice(at..at + word.len())
    })
}

/// The words at the start that begin with `--`, unquoted and unescaped, and where the others begin.
fn flags(line: &Placed, escape: char) -> (Vec<Placed>, usize) {
    let text = line.text();
    let mut flags = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        if !text[at..].starts_with("--") {
            return (flags, at);
        }
        let (word, end) = unquoted(line, at, escape);
        at = end;
        if word.text() == "--" {
            return (flags, at);
        }
        flags.push(word);
    }
}

/// The word at `at` without its quotes and escapes, and where it ends.
fn unquoted(line: &Placed, at: usize, escape: char) -> (Placed, usize) {
    let mut word = Placed::default();
    let mut quote = None;
    let mut chars = line.text()[at..].char_indices().map(|(index, c)| (at + index, c));
    while let Some((index, c)) = chars.next() {
        if quote == Some(c) {
            quote = None;
        } else if quote.is_none() && c.is_whitespace() {
            return (word, index);
        } else if quote.is_none() && matches!(c, '"' | '\'') {
            quote = Some(c);
        } else if c == escape {
            if let Some((index, c)) = chars.next() {
                word.copy(line, index..index + c.len_utf8());
            }
        } else {
            word.copy(line, index..index + c.len_utf8());
        }
    }
    (word, line.text().len())
}

/// The words that are separated by white space outside quotes; quotes and escapes stay.
pub(super) fn quoted(line: &Placed, escape: char) -> Vec<Placed> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut chars = line.text().char_indices();
    while let Some((index, c)) = chars.next() {
        match quote {
            Some(open) => {
                if c == open {
                    quote = None;
                } else if c == escape && open == '"' {
                    chars.next();
                }
            }
            None if c.is_whitespace() => words.extend(start.take().map(|start| line.slice(start..index))),
            None => {
                start.get_or_insert(index);
                if matches!(c, '"' | '\'') {
                    quote = Some(c);
                } else if c == escape {
                    chars.next();
                }
            }
        }
    }
    words.extend(start.map(|start| line.slice(start..line.text().len())));
    words
}

/// The fields of a value that is written as one line of CSV; those before the first fault of its quotes.
pub(super) fn fields(value: &Placed) -> Vec<Placed> {
    let text = value.text();
    let mut fields = Vec::new();
    let mut at = 0;
    while at <= text.len() {
        if text[at..].starts_with('"') {
            let Some((field, end)) = quoted_field(value, at + 1) else { break };
            fields.push(field);
            if !text[end..].starts_with(',') {
                break;
            }
            at = end + 1;
        } else {
            let end = text[at..].find(',').map_or(text.len(), |length| at + length);
            if text[at..end].contains('"') {
                break;
            }
            fields.push(value.slice(at..end));
            at = end + 1;
        }
    }
    fields
}

/// The field whose opening quote stands before `at`, and where its closing quote ends.
fn quoted_field(value: &Placed, at: usize) -> Option<(Placed, usize)> {
    let mut field = Placed::default();
    let mut at = at;
    loop {
        let end = at + value.text()[at..].find('"')?;
        field.copy(value, at..end);
        if !value.text()[end + 1..].starts_with('"') {
            return Some((field, end + 1));
        }
        field.copy(value, end..end + 1);
        at = end + 2;
    }
}
