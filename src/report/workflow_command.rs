//! Workflow commands: the lines with which a step talks to the Actions runner, and the escaping that keeps other
//! people's text from doing so.

use std::io::{self, Write};

use crate::image::Digest;

/// The most characters of a message that the runner keeps.
pub(crate) const MESSAGE_LIMIT: usize = 4096;

/// The value of a command: `%`, CR and LF escaped.
pub(crate) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a command's property: [`data`], and `:` and `,` escaped.
pub(crate) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Writes `::name key=value,...::value`; properties without a value are left out.
pub(crate) fn write(out: &mut dyn Write, name: &str, properties: &[(&str, &str)], value: &str) -> io::Result<()> {
    let properties: Vec<String> =
        properties.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{k}={}", property(v))).collect();
    let space = if properties.is_empty() { "" } else { " " };
    writeln!(out, "::{name}{space}{}::{}", properties.join(","), data(value))
}

/// `text` so that the runner interprets no line of it: between `stop-commands` and its token, which is the text's own
/// digest and so cannot occur in the text.
pub(crate) fn inert(text: &str) -> String {
    let token = token(&Digest::sha256(text.as_bytes()));
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("::stop-commands::{token}\n{text}{end}::{token}::\n")
}

/// The same of a text with this digest, which `text` writes with a line feed at its end.
///
/// # Errors
/// Those of `text` and `out`.
pub(super) fn write_inert(
    out: &mut dyn Write,
    digest: &Digest,
    text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let token = token(digest);
    writeln!(out, "::stop-commands::{token}")?;
    text(out)?;
    writeln!(out, "::{token}::")
}

fn token(digest: &Digest) -> String {
    format!("wharfinger-{}", digest.hex())
}

/// A JSON document in which the runner finds no commands, although it looks for `##[` anywhere in a line. The value
/// stays the same.
pub(crate) fn inert_json(json: &str) -> String {
    json.replace("##[", "#\\u0023[")
}

/// Lines in which the runner finds no commands: see [`inert_line`].
pub(crate) fn inert_lines(text: &str) -> String {
    text.lines().map(|line| inert_line(line) + "\n").collect()
}

/// One log line that the runner does not take for a command: it neither starts with `::` nor contains `##[`.
pub(crate) fn inert_line(line: &str) -> String {
    let line = line.replace("##[", "## [");
    if line.trim_start().starts_with("::") { line.replacen("::", ": :", 1) } else { line }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn values_and_properties_are_escaped() {
        let mut out = Vec::new();
        write(&mut out, "error", &[("file", "a,b:c"), ("title", "")], "100%\r\n::add-mask::x").unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "::error file=a%2Cb%3Ac::100%25%0D%0A::add-mask::x\n");
    }

    #[test]
    fn foreign_text_stands_between_stop_and_its_token() {
        let text = inert("::add-mask::x");
        let lines: Vec<&str> = text.lines().collect();
        let token = lines[0].strip_prefix("::stop-commands::").unwrap();
        assert_eq!(lines[1..], ["::add-mask::x", &format!("::{token}::")]);
    }

    #[test]
    fn a_document_is_no_command_and_says_the_same() {
        let text = r###"{"a":"##[add-mask]x ###[y"}"###;
        let inert = inert_json(text);
        assert!(!inert.contains("##["), "{inert}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&inert), value(text));
    }

    #[test]
    fn a_log_line_is_no_command() {
        assert_eq!(inert_line("  ::warning::x ##[error]y"), "  : :warning::x ## [error]y");
        assert_eq!(inert_line("a ::b"), "a ::b");
    }
}
