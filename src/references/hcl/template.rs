//! Strings: quoted ones, heredocs and what is interpolated in them.

use super::cursor::{Cursor, Fault, Parsed};
use super::syntax::{Expression, Part, Value};
use crate::diag::Span;

impl Cursor<'_> {
    /// A string in quotes, from its first quote.
    pub(super) fn quoted(&mut self) -> Parsed<Expression> {
        let start = self.at;
        self.expect("\"")?;
        let parts = self.parts(true)?;
        self.expect("\"")?;
        Ok(Expression { at: self.from(start), value: Value::Template(parts) })
    }

    /// `<<END` or `<<-END`, up to the line that says `END`. Indentation that `<<-` removes stays: what is found in such texts
    /// does not depend on it.
    pub(super) fn heredoc(&mut self) -> Parsed<Expression> {
        let start = self.at;
        self.expect("<<")?;
        self.eat("-");
        let marker = self.identifier().ok_or(self.fault())?;
        self.eat("\r");
        self.expect("\n")?;
        let (from, mut line_start) = (self.at, self.at);
        for line in self.text[from..self.end].split_inclusive('\n') {
            if line.trim() == marker {
                let end = std::mem::replace(&mut self.end, line_start);
                let parts = self.parts(false);
                self.end = end;
                self.at = line_start + line.trim_end().len();
                return Ok(Expression { at: self.from(start), value: Value::Template(parts?) });
            }
            line_start += line.len();
        }
        Err(self.fault())
    }

    /// The pieces of a string: up to its closing quote, or to the end of what is read.
    pub(super) fn parts(&mut self, quoted: bool) -> Parsed<Vec<Part>> {
        let (mut parts, mut run) = (Vec::new(), self.at);
        loop {
            let start = self.at;
            let Some(byte) = self.peek() else { break };
            let part = match byte {
                b'"' if quoted => break,
                b'\n' if quoted => return Err(self.fault()),
                b'\\' if quoted => Some(self.escape()?),
                b'$' | b'%' => self.marker()?,
                _ => None,
            };
            match part {
                Some(part) => {
                    push_run(&mut parts, run, start);
                    parts.push(part);
                    run = self.at;
                }
                None => self.at += 1,
            }
        }
        push_run(&mut parts, run, self.at);
        Ok(parts)
    }

    /// What begins with `$` or `%`, if that is more than the character itself.
    fn marker(&mut self) -> Parsed<Option<Part>> {
        let start = self.at;
        for (escaped, means) in [("$${", "${"), ("%%{", "%{")] {
            if self.eat(escaped) {
                return Ok(Some(Part::Escape { at: self.from(start), means: means.to_owned() }));
            }
        }
        if self.eat("${") {
            self.eat("~");
            let value = self.expression(true)?;
            self.skip_space(true);
            self.eat("~");
            self.expect("}")?;
            return Ok(Some(Part::Interpolation { at: self.from(start), value }));
        }
        if self.eat("%{") {
            self.skip_to_brace()?;
            return Ok(Some(Part::Directive(self.from(start))));
        }
        Ok(None)
    }

    /// Steps over the rest of a directive.
    fn skip_to_brace(&mut self) -> Parsed<()> {
        loop {
            self.skip_space(true);
            if self.eat("}") {
                return Ok(());
            }
            if !(self.eat("~") || self.eat(",")) {
                self.expression(true)?;
            }
        }
    }

    /// `\n`, `\"`, `\u00e9` and the like.
    fn escape(&mut self) -> Parsed<Part> {
        let start = self.at;
        self.at += 1;
        let letter = self.peek().ok_or(self.fault())?;
        self.at += 1;
        let means = match letter {
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'"' => '"',
            b'\\' => '\\',
            b'u' => self.code_point(4)?,
            b'U' => self.code_point(8)?,
            _ => return Err(Fault(start)),
        };
        Ok(Part::Escape { at: self.from(start), means: means.to_string() })
    }

    fn code_point(&mut self, digits: usize) -> Parsed<char> {
        let hex = self.text.get(self.at..(self.at + digits).min(self.end)).filter(|hex| hex.len() == digits);
        let hex = hex.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit())).ok_or(self.fault())?;
        let c = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32).ok_or(self.fault())?;
        self.at += digits;
        Ok(c)
    }
}

fn push_run(parts: &mut Vec<Part>, start: usize, end: usize) {
    if start < end {
        parts.push(Part::Verbatim(Span { start, end }));
    }
}
