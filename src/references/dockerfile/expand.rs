//! Arguments and their substitution, as BuildKit's shell lexer does it.

use std::collections::BTreeMap;

use super::placed::Placed;
use super::value::Value;
use crate::text::excerpt;

/// The arguments that a `FROM` sees.
pub(super) struct Arguments {
    /// `None` for one that has no default.
    values: BTreeMap<String, Option<Value>>,
    /// How many bytes may still be substituted: defaults that contain each other can grow without limit.
    budget: usize,
}

/// The arguments that a build sets itself.
const PREDEFINED: [&str; 11] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDOSVERSION",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETOSVERSION",
    "TARGETARCH",
    "TARGETVARIANT",
    "TARGETSTAGE",
];

impl Arguments {
    /// Those of a file of `size` bytes, before it declares any.
    pub(super) fn new(size: usize) -> Self {
        let set = |name: &&str| {
            let why = format!("the argument `{name}` is set by the build");
            ((*name).to_owned(), Some(Value::unknown(why)))
        };
        Self { values: PREDEFINED.iter().map(set).collect(), budget: 2 * size + (1 << 16) }
    }

    /// Declares an argument. Without a default, one that has a value keeps it.
    pub(super) fn declare(&mut self, name: &str, default: Option<Value>) {
        match default {
            Some(value) => {
                self.values.insert(name.to_owned(), Some(value));
            }
            None => {
                self.values.entry(name.to_owned()).or_default();
            }
        }
    }

    /// A word with its quotes removed and its arguments substituted; an error is a clause without a full stop.
    pub(super) fn expand(&mut self, word: &Placed, escape: char) -> Result<Value, &'static str> {
        let mut lexer = Lexer { word, at: 0, escape, values: &self.values, budget: &mut self.budget };
        lexer.until(None, 0)
    }
}

/// Where the quoted text or the substitution that starts at `at` ends; `None` if it is not well formed.
pub(super) fn end_of(word: &Placed, at: usize, escape: char) -> Option<usize> {
    let mut lexer = Lexer { word, at, escape, values: &BTreeMap::new(), budget: &mut 0 };
    let mut scratch = Value::default();
    match lexer.peek()? {
        '\'' => lexer.single(&mut scratch).ok()?,
        '"' => lexer.double(&mut scratch, 0).ok()?,
        '$' => lexer.dollar(&mut scratch, 0).ok()?,
        _ => return None,
    }
    Some(lexer.at)
}

/// How deep substitutions may stand in each other.
const DEPTH: usize = 16;

const NOT_CLOSED: &str = "a quote is not closed";
const NOT_VALID: &str = "the substitution is not valid";
const TOO_DEEP: &str = "the substitutions are nested too deeply";

struct Lexer<'a> {
    word: &'a Placed,
    at: usize,
    escape: char,
    values: &'a BTreeMap<String, Option<Value>>,
    budget: &'a mut usize,
}

impl<'a> Lexer<'a> {
    fn peek(&self) -> Option<char> {
        self.word.text()[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Up to `stop`, which is read too, or to the end.
    fn until(&mut self, stop: Option<char>, depth: usize) -> Result<Value, &'static str> {
        let mut value = Value::default();
        while let Some(c) = self.peek() {
            if Some(c) == stop {
                self.next();
                return Ok(value);
            }
            match c {
                '\'' => self.single(&mut value)?,
                '"' => self.double(&mut value, depth)?,
                '$' => self.dollar(&mut value, depth)?,
                _ => {
                    self.next();
                    if c != self.escape {
                        value.literal(self.word, self.at - c.len_utf8(), c);
                    } else if let Some(c) = self.next() {
                        value.literal(self.word, self.at - c.len_utf8(), c);
                    }
                }
            }
        }
        if stop.is_some() { Err(NOT_VALID) } else { Ok(value) }
    }

    fn single(&mut self, value: &mut Value) -> Result<(), &'static str> {
        self.next();
        while let Some(c) = self.next() {
            if c == '\'' {
                return Ok(());
            }
            value.literal(self.word, self.at - c.len_utf8(), c);
        }
        Err(NOT_CLOSED)
    }

    fn double(&mut self, value: &mut Value, depth: usize) -> Result<(), &'static str> {
        self.next();
        while let Some(c) = self.peek() {
            if c == '$' {
                self.dollar(value, depth)?;
                continue;
            }
            self.next();
            if c == '"' {
                return Ok(());
            }
            let mut shown = c;
            if c == self.escape {
                match self.peek() {
                    None => break,
                    Some(next) if matches!(next, '"' | '$') || next == self.escape => {
                        self.next();
                        shown = next;
                    }
                    Some(_) => {}
                }
            }
            value.literal(self.word, self.at - shown.len_utf8(), shown);
        }
        Err(NOT_CLOSED)
    }

    /// `$NAME` or `${...}`.
    fn dollar(&mut self, value: &mut Value, depth: usize) -> Result<(), &'static str> {
        let at = self.at;
        self.next();
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                value.literal(self.word, at, '$');
            } else {
                self.plain(name, value);
            }
            return Ok(());
        }
        self.next();
        if depth == DEPTH {
            return Err(TOO_DEEP);
        }
        if matches!(self.peek(), None | Some('{' | '}' | ':')) {
            return Err(NOT_VALID);
        }
        let name = self.name();
        match self.next() {
            Some('}') => self.plain(name, value),
            Some(':') => {
                let sign = self.next().filter(|c| matches!(c, '+' | '-' | '?')).ok_or(NOT_VALID)?;
                self.chosen(name, Operator { sign, colon: true }, depth, value)?;
            }
            Some(sign @ ('+' | '-' | '?')) => self.chosen(name, Operator { sign, colon: false }, depth, value)?,
            Some(operator @ ('#' | '%' | '/')) => self.pattern(name, operator, depth, value)?,
            _ => return Err(NOT_VALID),
        }
        Ok(())
    }

    /// The value of an argument as it is.
    fn plain(&mut self, name: &str, value: &mut Value) {
        let found = match self.values.get(name) {
            Some(Some(found)) => found,
            Some(None) => &Value::lacking(no_default(name)),
            None if value.undeclared.is_some() => &Value::default(),
            None => &Value::undeclared(excerpt(name, NAME)),
        };
        value.substitute(found, self.budget);
    }

    /// `${NAME-word}`, `${NAME+word}` and `${NAME?word}`; with a colon, an empty value counts as none.
    fn chosen(&mut self, name: &str, operator: Operator, depth: usize, value: &mut Value) -> Result<(), &'static str> {
        let word = self.until(Some('}'), depth + 1)?;
        let given = self.values.get(name).and_then(Option::as_ref);
        let given = given.filter(|given| !(operator.colon && given.is_empty()));
        match (operator.sign, given) {
            ('+', Some(_)) | ('-', None) => value.substitute(&word, self.budget),
            ('+', None) => value.substitute(&Value::default(), self.budget),
            (_, Some(given)) => value.substitute(given, self.budget),
            (_, None) => value.miss(no_default(name)),
        }
        Ok(())
    }

    /// `${NAME#pattern}`, `${NAME%pattern}` and `${NAME/pattern/replacement}`: read, not evaluated.
    fn pattern(&mut self, name: &str, operator: char, depth: usize, value: &mut Value) -> Result<(), &'static str> {
        if operator == '/' {
            if self.peek() == Some('/') {
                self.next();
            }
            self.until(Some('/'), depth + 1)?;
        }
        self.until(Some('}'), depth + 1)?;
        self.plain(name, value);
        value.miss(format!("a pattern changes the argument `{}`", excerpt(name, NAME)));
        Ok(())
    }

    /// The name after a dollar sign: a word, a number or one special character; empty if there is none.
    fn name(&mut self) -> &'a str {
        let word = self.word.text();
        let rest = &word[self.at..];
        let length = |good: fn(char) -> bool| rest.find(|c| !good(c)).unwrap_or(rest.len());
        let length = match rest.chars().next() {
            Some(c) if c.is_ascii_digit() => length(|c| c.is_ascii_digit()),
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => 1,
            _ => length(|c| c.is_alphanumeric() || c == '_'),
        };
        self.at += length;
        &rest[..length]
    }
}

/// What decides between an argument and a word.
#[derive(Debug, Clone, Copy)]
struct Operator {
    sign: char,
    /// Whether an empty value counts as none.
    colon: bool,
}

/// The most characters of a name that are shown.
const NAME: usize = 60;

fn no_default(name: &str) -> String {
    format!("the argument `{}` has no default", excerpt(name, NAME))
}
