//! Parser directives: the comments at the top of a Dockerfile that say how it is read.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::placed::Placed;

const BOM: &str = "\u{feff}";

/// The character that continues lines and escapes others: a backslash, or the backtick of `# escape`.
///
/// Unlike for `# syntax`, a line `#!` before it ends the directives.
pub(super) fn escape(text: &str) -> char {
    let lines = Directives { text, at: bom(text), comment: "#", indented: true };
    let named = lines.into_iter().take(KEYS.len()).find(|directive| directive.key == "escape");
    match named {
        Some(directive) if directive.value.text() == "`" => '`',
        _ => '\\',
    }
}

/// The image that reads the file: of `# syntax=`, else of `// syntax=`, else of a JSON object's `syntax`.
pub(super) fn syntax(text: &str) -> Option<Placed> {
    let bom = bom(text);
    let start = if text[bom..].starts_with("#!") { end_of_line(text, bom) } else { bom };
    let commented = |comment| {
        let lines = Directives { text, at: start, comment, indented: false };
        lines.into_iter().take(KEYS.len()).find(|directive| directive.key == "syntax")
    };
    match commented("#").or_else(|| commented("//")) {
        Some(directive) => {
            let end = directive.value.text().find(' ').unwrap_or(directive.value.text().len());
            Some(directive.value.slice(0..end)).filter(|image| !image.text().is_empty())
        }
        None => syntax_in_json(text, start),
    }
}

/// The length of the byte order mark that the text may start with.
pub(super) fn bom(text: &str) -> usize {
    if text.starts_with(BOM) { BOM.len() } else { 0 }
}

/// One past the newline that ends the line at `at`.
fn end_of_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |length| at + length + 1)
}

/// The directives that there are; each may stand once.
const KEYS: [&str; 3] = ["syntax", "escape", "check"];

struct Directive {
    /// In lower case.
    key: String,
    value: Placed,
}

/// The directives from `at` on, up to the first line that is none.
struct Directives<'a> {
    text: &'a str,
    at: usize,
    /// What starts a comment.
    comment: &'static str,
    /// Whether white space may stand before it.
    indented: bool,
}

impl Iterator for Directives<'_> {
    type Item = Directive;

    fn next(&mut self) -> Option<Directive> {
        let end = end_of_line(self.text, self.at);
        let line = Placed::new(&self.text[self.at..end], self.at);
        let text = if self.indented { line.text().trim_start() } else { line.text() };
        let (key, value) = text.strip_prefix(self.comment)?.trim_start().split_once('=')?;
        let key = key.trim_end_matches(is_space).to_ascii_lowercase();
        let value_at = line.text().len() - value.len();
        self.at = end;
        KEYS.contains(&key.as_str())
            .then(|| Directive { key, value: line.slice(value_at..line.text().len()).trimmed() })
    }
}

fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{c}' | '\r' | ' ')
}

/// The syntax of a file that is no Dockerfile but one JSON object.
fn syntax_in_json(text: &str, start: usize) -> Option<Placed> {
    #[derive(Deserialize)]
    struct Object<'a> {
        #[serde(borrow)]
        syntax: &'a RawValue,
    }

    let json = text.get(start..).filter(|rest| rest.trim_start().starts_with('{'))?;
    let raw = serde_json::from_str::<Object<'_>>(json).ok()?.syntax.get();
    let inside = raw.strip_prefix('"')?.strip_suffix('"').filter(|inside| !inside.contains('\\'))?;
    let at = inside.as_ptr() as usize - text.as_ptr() as usize;
    Some(Placed::new(inside, at)).filter(|image| !image.text().is_empty())
}
