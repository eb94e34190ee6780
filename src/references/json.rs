//! JSON with the place of every string (RFC 8259), and what editors let people write in it: comments and commas before a
//! closing bracket.

use super::expanded::Expanded;
use super::found::{Findings, Unresolved};
use crate::diag::Span;

/// How deeply values may stand in each other.
const DEPTH: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Json {
    /// With its quotes or brackets.
    pub(super) at: Span,
    pub(super) value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Object(Vec<Member>),
    Array(Vec<Json>),
    String(Expanded),
    /// A number, `true`, `false` or `null`.
    Literal,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) value: Json,
}

/// The byte at which a text stops being JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault(pub(super) usize);

impl Json {
    /// The members of an object, doubled ones too; none of anything else.
    pub(super) fn members(&self) -> &[Member] {
        match &self.value {
            Value::Object(members) => members,
            Value::Array(_) | Value::String(_) | Value::Literal => &[],
        }
    }

    /// A member of an object; the last of equal ones, as programs read it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().rev().find(|member| member.key == key).map(|member| &member.value)
    }

    pub(super) fn string(&self) -> Option<&Expanded> {
        match &self.value {
            Value::String(text) => Some(text),
            Value::Object(_) | Value::Array(_) | Value::Literal => None,
        }
    }
}

/// Reads a whole text.
pub(super) fn read(text: &str) -> Result<Json, Fault> {
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = Reader { text, at };
    let value = reader.value(0)?;
    reader.skip_space();
    if reader.at == text.len() { Ok(value) } else { Err(reader.fault()) }
}

/// What is said of a file that cannot be read.
pub(super) fn unreadable(text: &str, fault: Fault) -> Findings {
    let end = text[fault.0..].chars().next().map_or(fault.0, |c| fault.0 + c.len_utf8());
    let at = Span { start: fault.0, end };
    Findings { unresolved: vec![Unresolved { at, why: "this is not valid JSON".to_owned() }], ..Findings::default() }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fault(&self) -> Fault {
        Fault(self.at)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let stands = self.peek() == Some(byte);
        self.at += usize::from(stands);
        stands
    }

    fn skip_space(&mut self) {
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            match rest {
                [b' ' | b'\t' | b'\r' | b'\n', ..] => self.at += 1,
                [b'/', b'/', ..] => self.at += rest.iter().take_while(|byte| **byte != b'\n').count(),
                [b'/', b'*', ..] => {
                    let end = rest.windows(2).skip(2).position(|bytes| bytes == b"*/");
                    self.at += end.map_or(rest.len(), |distance| distance + 4);
                }
                _ => return,
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, Fault> {
        self.skip_space();
        let start = self.at;
        let value = match self.peek() {
            Some(b'{' | b'[') if depth == DEPTH => return Err(self.fault()),
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::String(self.string()?),
            _ => self.literal()?,
        };
        Ok(Json { at: Span { start, end: self.at }, value })
    }

    fn object(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut members = Vec::new();
        self.at += 1;
        loop {
            self.skip_space();
            if self.eat(b'}') {
                return Ok(Value::Object(members));
            }
            let key = self.string()?.text().to_owned();
            self.skip_space();
            if !self.eat(b':') {
                return Err(self.fault());
            }
            members.push(Member { key, value: self.value(depth + 1)? });
            self.separator(b'}')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.skip_space();
            if self.eat(b']') {
                return Ok(Value::Array(items));
            }
            items.push(self.value(depth + 1)?);
            self.separator(b']')?;
        }
    }

    /// A comma, unless the bracket closes here.
    fn separator(&mut self, close: u8) -> Result<(), Fault> {
        self.skip_space();
        if self.eat(b',') || self.peek() == Some(close) { Ok(()) } else { Err(self.fault()) }
    }

    fn literal(&mut self) -> Result<Value, Fault> {
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let length = self.text.as_bytes()[self.at..].iter().take_while(|byte| word(byte)).count();
        let literal = &self.text[self.at..self.at + length];
        let number = literal.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        if !(number || matches!(literal, "true" | "false" | "null")) {
            return Err(self.fault());
        }
        self.at += length;
        Ok(Value::Literal)
    }

    fn string(&mut self) -> Result<Expanded, Fault> {
        if !self.eat(b'"') {
            return Err(self.fault());
        }
        let mut value = Expanded::default();
        loop {
            let start = self.at;
            let rest = &self.text.as_bytes()[start..];
            self.at += rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count();
            value.push(&self.text[start..self.at], Span { start, end: self.at });
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(value);
                }
                Some(b'\\') => self.escape(&mut value)?,
                _ => return Err(self.fault()),
            }
        }
    }

    fn escape(&mut self, value: &mut Expanded) -> Result<(), Fault> {
        let start = self.at;
        let letter = self.text.as_bytes().get(start + 1).copied().ok_or(Fault(start))?;
        self.at += 2;
        let means = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.code_point()?,
            _ => return Err(Fault(start)),
        };
        value.push_escape(means.encode_utf8(&mut [0; 4]), Span { start, end: self.at });
        Ok(())
    }

    /// What stands behind `\u`; half of a surrogate pair is the replacement character.
    fn code_point(&mut self) -> Result<char, Fault> {
        let high = self.unit()?;
        if (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            let low = self.unit()?;
            if (0xdc00..0xe000).contains(&low) {
                let c = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn unit(&mut self) -> Result<u32, Fault> {
        let hex = self.text.get(self.at..self.at + 4).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).ok_or(self.fault())?;
        self.at += 4;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn decoded(value: &Json) -> serde_json::Value {
        match &value.value {
            Value::Object(members) => {
                members.iter().map(|member| (member.key.clone(), decoded(&member.value))).collect()
            }
            Value::Array(items) => items.iter().map(decoded).collect(),
            Value::String(text) => text.text().into(),
            Value::Literal => serde_json::Value::Null,
        }
    }

    fn without_literals(value: serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Object(members) => {
                members.into_iter().map(|(key, value)| (key, without_literals(value))).collect()
            }
            serde_json::Value::Array(items) => items.into_iter().map(without_literals).collect(),
            serde_json::Value::String(text) => text.into(),
            _ => serde_json::Value::Null,
        }
    }

    #[test]
    fn json_is_read_as_serde_reads_it() {
        for text in [
            r#"{"a":["b",{"c":null,"d":-1.5e3}],"a":"last"}"#,
            "\n[ \"\\u00e9\\ud83d\\ude00\\/\\\\\\\"\\b\\f\\n\\r\\t\", {} , [] ]\r\n",
            r#""x""#,
        ] {
            assert_eq!(decoded(&read(text).unwrap()), without_literals(serde_json::from_str(text).unwrap()), "{text}");
        }
        for bad in
            ["", "{", "[1", "{\"a\" 1}", "[1 2]", "\"a", "\"\\x\"", "\"\\u12\"", "\"a\nb\"", "{} x", "[tru]", "{a:1}"]
        {
            assert!(read(bad).is_err() && serde_json::from_str::<serde_json::Value>(bad).is_err(), "{bad}");
        }
        assert!(read(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn comments_and_trailing_commas_are_no_fault() {
        let text = "// one\n{ /* two */ \"a\": [1, 2,], // three\n \"b\": \"x // y\", }\n/* end */";
        assert_eq!(decoded(&read(text).unwrap()), serde_json::json!({ "a": [null, null], "b": "x // y" }));
        assert!(read("/*").is_err() && read("[,]").is_err() && read("[1,,2]").is_err());
        assert_eq!(read(r#""\ud83dx""#).unwrap().string().unwrap().text(), "\u{fffd}x");
    }

    proptest! {
        #[test]
        fn strings_know_their_bytes(text in "[ -~é\n]{0,20}") {
            let json = serde_json::to_string(&text).unwrap();
            let value = read(&json).unwrap();
            let string = value.string().unwrap();
            prop_assert_eq!(string.text(), &text);
            if !text.is_empty() {
                prop_assert_eq!(string.literal(0..text.len()), Some(Span { start: 1, end: json.len() - 1 }));
            }
        }

        #[test]
        fn nothing_panics(text in "[\\[\\]{}\",:/*\\\\u0-9a-z \né]{0,60}") {
            let _ = read(&text);
        }
    }
}
