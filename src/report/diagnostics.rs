//! Diagnostics for people: what is wrong, where, the offending text underlined, and how to fix it.

use super::page::{Look, Tone};
use crate::diag::{Diagnostic, Span};
use crate::manifest::File;

/// The most characters of a line that an excerpt shows.
const WIDTH: usize = 100;
/// How many characters before the offending text an excerpt keeps when it must cut the line.
const LEAD: usize = 30;

/// How many diagnostics of a run are shown; the rest are counted.
pub(super) const LIMIT: usize = 100;

/// How many diagnostics there are, as one line of prose; empty if there is only one.
pub(super) fn count(shown: usize, omitted: usize) -> String {
    match (shown, omitted) {
        (0 | 1, 0) => String::new(),
        (shown, 0) => format!("{shown} mistakes\n"),
        (shown, omitted) => format!("{} mistakes; the first {shown} are shown\n", shown + omitted),
    }
}

/// All diagnostics, each with its place, an excerpt and how to fix it.
#[must_use]
pub fn text(diagnostics: &[Diagnostic], files: &[File]) -> String {
    looking(diagnostics, files, Look::default())
}

/// The same in their terminal layout.
pub(super) fn looking(diagnostics: &[Diagnostic], files: &[File], look: Look) -> String {
    diagnostics.iter().map(|d| one(d, files, look)).collect()
}

fn one(diagnostic: &Diagnostic, files: &[File], look: Look) -> String {
    let Diagnostic { code, message, file, line, column, help, .. } = diagnostic;
    let (message, file, help) = (printable(message), printable(file), printable(help));
    let (error, message) = (look.toned(&format!("error[{code}]"), Tone::Bad), look.strong(&message));
    let head = format!("{error}: {message}\n  --> {file}:{line}:{column}\n");
    let quoted = files.iter().find(|f| f.path == diagnostic.file);
    let quoted = quoted
        .map_or_else(String::new, |f| quote(&f.text, diagnostic.span, *line, &|text| look.toned(text, Tone::Bad)));
    let gutter = gutter(*line);
    format!("{head}{quoted} {gutter} = help: {help}\n\n")
}

/// The line of a place with the place underlined, each line with its gutter; empty for an error of the whole file.
pub(super) fn quote(text: &str, span: Span, line: usize, paint: &dyn Fn(&str) -> String) -> String {
    let gutter = gutter(line);
    excerpt(text, span).map_or_else(String::new, |(text, underline)| {
        format!(" {gutter} |\n {line} | {text}\n {gutter} | {}\n", paint(&underline))
    })
}

/// As many spaces as the line's number has digits.
pub(super) fn gutter(line: usize) -> String {
    " ".repeat(line.to_string().len())
}

/// The line on which a span starts, and the underline of the span's part of it; none for an error of the whole file.
fn excerpt(text: &str, span: Span) -> Option<(String, String)> {
    if span == Span::default() {
        return None;
    }
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let from = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let to = text[start..].find('\n').map_or(text.len(), |i| start + i);
    let line = text[from..to].trim_end_matches('\r');
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    let end = text.floor_char_boundary(span.end.clamp(start, to));
    let before = text[from..start].trim_start_matches('\u{feff}').chars().count();
    let marked = text[start..end].trim_end().chars().count().max(1);
    let (line, before, marked) = window(line, before, marked);
    Some((printable(&line), format!("{}{}", " ".repeat(before), "^".repeat(marked))))
}

/// The part of a long line around the marked text, with the position of the marked text in it.
fn window(line: &str, before: usize, marked: usize) -> (String, usize, usize) {
    let length = line.chars().count();
    if length <= WIDTH {
        return (line.to_owned(), before, marked);
    }
    let skip = if before + marked < WIDTH { 0 } else { before.saturating_sub(LEAD) };
    let mut cut: String = line.chars().skip(skip).take(WIDTH).collect();
    if skip + WIDTH < length {
        cut.push('…');
    }
    let lead = if skip > 0 { 1 } else { 0 };
    if skip > 0 {
        cut.insert(0, '…');
    }
    let before = before - skip + lead;
    (cut, before, marked.min(WIDTH + lead - before))
}

/// A line as it can be shown: every character that a terminal would interpret or hide is replaced by a visible one.
pub(super) fn printable(text: &str) -> String {
    let one = |c: char| match c {
        '\t' => ' ',
        c if c.is_control() || crate::text::clean(c.encode_utf8(&mut [0; 4])).is_empty() && c != ' ' => '\u{fffd}',
        c => c,
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn render(text: &str, marked: &str) -> String {
        let start = text.find(marked).unwrap();
        let (line, column) = crate::diag::position(text, start);
        let diagnostic = Diagnostic {
            code: "bad-text",
            message: "wrong".to_owned(),
            file: "a.yml".to_owned(),
            line,
            column,
            help: "fix it".to_owned(),
            span: Span { start, end: start + marked.len() },
        };
        super::text(&[diagnostic], &[File { path: "a.yml".to_owned(), text: text.to_owned() }])
    }

    #[test]
    fn the_offending_text_is_underlined() {
        insta::assert_snapshot!(render("\u{feff}a: é\r\nb: [é, wrong] # x\r\n", "wrong"), @r"
        error[bad-text]: wrong
          --> a.yml:2:8
           |
         2 | b: [é, wrong] # x
           |        ^^^^^
           = help: fix it
        ");
    }

    #[test]
    fn several_lines_are_underlined_to_the_end_of_the_first() {
        insta::assert_snapshot!(render("a:\n  - x: 1\n    y: 2\n", "x: 1\n    y: 2"), @r"
        error[bad-text]: wrong
          --> a.yml:2:5
           |
         2 |   - x: 1
           |     ^^^^
           = help: fix it
        ");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("k: {}wrong{}\n", "a ".repeat(80), " b".repeat(80));
        insta::assert_snapshot!(render(&text, "wrong"), @r"
        error[bad-text]: wrong
          --> a.yml:1:164
           |
         1 | …a a a a a a a a a a a a a a a wrong b b b b b b b b b b b b b b b b b b b b b b b b b b b b b b b b …
           |                                ^^^^^
           = help: fix it
        ");
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_written() {
        insta::assert_snapshot!(render("k: \u{1b}[31m\u{202e}x\twrong\n", "wrong"), @r"
        error[bad-text]: wrong
          --> a.yml:1:12
           |
         1 | k: �[31m�x wrong
           |            ^^^^^
           = help: fix it
        ");
    }
}
