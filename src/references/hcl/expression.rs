//! Expressions: enough of each kind to know where it ends, and what can name an image.

use super::cursor::{Cursor, Parsed};
use super::syntax::{Expression, Member, Part, Value};

/// Longer ones first.
const OPERATORS: [&str; 13] = ["==", "!=", "<=", ">=", "&&", "||", "+", "-", "*", "/", "%", "<", ">"];

impl Cursor<'_> {
    /// An expression. `lines`: whether it may go over ends of lines, as it may inside brackets.
    pub(super) fn expression(&mut self, lines: bool) -> Parsed<Expression> {
        self.deeper(|cursor| cursor.operators(lines))
    }

    fn operators(&mut self, lines: bool) -> Parsed<Expression> {
        let mut left = self.operand(lines)?;
        let start = left.at.start;
        loop {
            let end = self.at;
            self.skip_space(lines);
            if self.eat("?") {
                let yes = self.expression(lines)?;
                self.skip_space(lines);
                self.expect(":")?;
                let branches = Box::new([yes, self.expression(lines)?]);
                return Ok(Expression { at: self.from(start), value: Value::Conditional(branches) });
            }
            if !OPERATORS.iter().any(|operator| self.eat(operator)) {
                self.at = end;
                return Ok(left);
            }
            self.operand(lines)?;
            left = Expression { at: self.from(start), value: Value::Other };
        }
    }

    fn operand(&mut self, lines: bool) -> Parsed<Expression> {
        self.skip_space(lines);
        let start = self.at;
        let mut signs = false;
        while self.eat("-") || self.eat("!") {
            signs = true;
            self.skip_space(lines);
        }
        let mut operand = self.primary()?;
        let members = self.members()?;
        if signs || members {
            operand = Expression { at: self.from(start), value: Value::Other };
        }
        Ok(operand)
    }

    fn primary(&mut self) -> Parsed<Expression> {
        let start = self.at;
        let value = match self.peek() {
            Some(b'"') => return self.quoted(),
            Some(b'<') => return self.heredoc(),
            Some(b'(') => {
                self.at += 1;
                let inner = self.expression(true)?;
                self.skip_space(true);
                self.expect(")")?;
                return Ok(inner);
            }
            Some(b'[') => self.tuple()?,
            Some(b'{') => self.object()?,
            Some(b'0'..=b'9') => {
                self.number();
                Value::Literal
            }
            _ => self.named()?,
        };
        Ok(Expression { at: self.from(start), value })
    }

    fn number(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'.') && !self.sees("...") {
            self.at += 1;
        }
    }

    /// A variable, a call, `true`, `false` or `null`.
    fn named(&mut self) -> Parsed<Value> {
        let start = self.at;
        self.identifier().ok_or(self.fault())?;
        while self.eat("::") {
            self.identifier().ok_or(self.fault())?;
        }
        let name = &self.text[start..self.at];
        if self.sees("(") {
            return Ok(Value::Call { function: name.to_owned(), arguments: self.list("(", ")")? });
        }
        Ok(match name {
            "true" | "false" | "null" => Value::Literal,
            _ => Value::Name(name.to_owned()),
        })
    }

    /// Steps over `.name`, `[index]` and splats, and says whether there were any.
    fn members(&mut self) -> Parsed<bool> {
        let mut any = false;
        loop {
            if self.sees(".") && !self.sees("...") {
                self.at += 1;
                if !self.eat("*") && self.identifier().is_none() {
                    self.number();
                }
            } else if self.eat("[") {
                self.skip_space(true);
                if !self.eat("*") {
                    self.expression(true)?;
                }
                self.skip_space(true);
                self.expect("]")?;
            } else {
                return Ok(any);
            }
            any = true;
        }
    }

    fn tuple(&mut self) -> Parsed<Value> {
        if self.opens_for() {
            return self.rest_of_for("]");
        }
        Ok(Value::Tuple(self.list("[", "]")?))
    }

    /// Expressions between brackets, with commas.
    fn list(&mut self, open: &str, close: &str) -> Parsed<Vec<Expression>> {
        self.expect(open)?;
        let mut items = Vec::new();
        loop {
            self.skip_space(true);
            if self.eat(close) {
                return Ok(items);
            }
            items.push(self.expression(true)?);
            self.skip_space(true);
            self.eat("...");
            self.skip_space(true);
            if !self.eat(",") && !self.sees(close) {
                return Err(self.fault());
            }
        }
    }

    fn object(&mut self) -> Parsed<Value> {
        if self.opens_for() {
            return self.rest_of_for("}");
        }
        self.expect("{")?;
        let mut members = Vec::new();
        loop {
            self.skip_space(true);
            if self.eat("}") {
                return Ok(Value::Object(members));
            }
            // In parentheses it is an expression, whatever it is.
            let is_computed = self.sees("(");
            let key = self.operand(true)?;
            self.skip_space(true);
            if !self.eat("=") {
                self.expect(":")?;
            }
            let key = if is_computed { None } else { self.key(key.value) };
            members.push(Member { key, value: self.expression(false)? });
            self.skip_space(false);
            if !(self.eat(",") || matches!(self.peek(), Some(b'\n' | b'}'))) {
                return Err(self.fault());
            }
        }
    }

    fn key(&self, key: Value) -> Option<String> {
        match key {
            Value::Name(name) => Some(name),
            Value::Template(parts) => match parts.as_slice() {
                [Part::Verbatim(at)] => Some(self.text[at.start..at.end].to_owned()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Steps over `[for` or `{for`, if that stands here.
    fn opens_for(&mut self) -> bool {
        let start = self.at;
        self.at += 1;
        self.skip_space(true);
        let opens = self.identifier() == Some("for");
        self.skip_space(true);
        // `{ for = 1 }` has a member of that name.
        let opens = opens && !matches!(self.peek(), Some(b'=' | b':' | b',' | b']' | b'}' | b'.'));
        if !opens {
            self.at = start;
        }
        opens
    }

    /// Steps over `x in list : value if condition` and the bracket behind it.
    fn rest_of_for(&mut self, close: &str) -> Parsed<Value> {
        loop {
            self.skip_space(true);
            if self.eat(close) {
                return Ok(Value::Other);
            }
            if ![":", ",", "=>", "..."].iter().any(|word| self.eat(word)) {
                self.expression(true)?;
            }
        }
    }
}
