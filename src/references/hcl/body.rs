//! Files and blocks.

use super::cursor::{Cursor, Fault, Parsed};
use super::syntax::{Attribute, Block, Body, Expression, Part, Value};
use crate::diag::Span;

/// What was read of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::references) struct Document {
    pub(in crate::references) body: Body,
    /// The byte at which it stops being HCL, after which nothing was read.
    pub(in crate::references) fault: Option<usize>,
}

/// Reads a file.
pub(in crate::references) fn read(text: &str) -> Document {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut cursor = Cursor::new(text, Span { start, end: text.len() });
    let mut body = Body::default();
    let fault = cursor.items(&mut body).err().map(|Fault(at)| at);
    Document { body, fault }
}

/// Reads a string without quotes and escapes with backslashes, as JSON's are after decoding; `None` if it is not one.
pub(in crate::references) fn template(text: &str, at: Span) -> Option<Expression> {
    let parts: Vec<Part> = Cursor::new(text, at).parts(false).ok()?;
    Some(Expression { at, value: Value::Template(parts) })
}

impl Cursor<'_> {
    /// Attributes and blocks, up to the end or a brace that nothing opened.
    fn items(&mut self, body: &mut Body) -> Parsed<()> {
        loop {
            self.skip_space(true);
            if self.peek().is_none() {
                return Ok(());
            }
            self.item(body)?;
        }
    }

    fn item(&mut self, body: &mut Body) -> Parsed<()> {
        let name = self.identifier().ok_or(self.fault())?.to_owned();
        self.skip_space(false);
        if self.eat("=") {
            body.attributes.push(Attribute { name, value: self.expression(false)? });
            self.skip_space(false);
            return if matches!(self.peek(), None | Some(b'\n' | b'}')) { Ok(()) } else { Err(self.fault()) };
        }
        let mut labels = Vec::new();
        while !self.eat("{") {
            labels.push(self.label()?);
            self.skip_space(false);
        }
        let inside = self.deeper(Self::block)?;
        body.blocks.push(Block { kind: name, labels, body: inside });
        Ok(())
    }

    /// What stands in a block, and its closing brace.
    fn block(&mut self) -> Parsed<Body> {
        let mut body = Body::default();
        loop {
            self.skip_space(true);
            if self.eat("}") {
                return Ok(body);
            }
            self.item(&mut body)?;
        }
    }

    fn label(&mut self) -> Parsed<String> {
        if self.sees("\"") {
            let quoted = self.quoted()?.at;
            return Ok(self.text[quoted.start + 1..quoted.end - 1].to_owned());
        }
        Ok(self.identifier().ok_or(self.fault())?.to_owned())
    }
}
