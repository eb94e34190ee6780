//! Prose and columns on a terminal, at its width if names allow that.

use std::io::{self, Write};

use super::page::{Page, Tone};
use crate::text::{clean, pad};

/// Rows whose first three cells are in columns; the fourth is prose, on its own lines below. Without a given tone, the
/// first word sets it.
pub(super) fn aligned(out: &mut Page, indent: &str, tone: Option<Tone>, rows: &[[String; 4]]) -> io::Result<()> {
    let rows: Vec<_> = rows.iter().map(|row| row.each_ref().map(|cell| clean(cell))).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    for [a, b, c, prose] in &rows {
        let rest = format!("  {}  {c}", pad(b, second));
        let rest = rest.trim_end();
        let word = pad(a, first);
        match indent.chars().count() + first + rest.chars().count() <= out.width() {
            true => {
                let word = out.toned(if rest.is_empty() { a } else { &word }, tone.or_else(|| Tone::of(a)));
                writeln!(out, "{indent}{word}{rest}")?;
            }
            false => hanging(out, indent, "  ", &format!("{a} {b} {c}"))?,
        }
        wrapped(out, &format!("{indent}    "), prose)?;
    }
    Ok(())
}

/// A heading, the texts and an empty line; nothing if there are no texts.
pub(super) fn list(out: &mut Page, heading: &str, texts: &[String]) -> io::Result<()> {
    if texts.is_empty() {
        return Ok(());
    }
    out.heading(heading)?;
    texts.iter().try_for_each(|text| wrapped(out, "  ", &clean(text)))?;
    writeln!(out)
}

/// Prose on lines that are no wider than the page; a longer word gets its own line.
pub(super) fn wrapped(out: &mut Page, indent: &str, prose: &str) -> io::Result<()> {
    hanging(out, indent, "", prose)
}

/// The same, with every line but the first indented further.
pub(super) fn hanging(out: &mut Page, indent: &str, further: &str, prose: &str) -> io::Result<()> {
    let mut line = indent.to_owned();
    let mut empty = true;
    for word in prose.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > out.width() {
            writeln!(out, "{line}")?;
            line = format!("{indent}{further}");
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    if empty { Ok(()) } else { writeln!(out, "{line}") }
}
