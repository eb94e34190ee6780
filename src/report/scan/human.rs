//! For people: each finding on its line, underlined, with what replaces it.

use std::io::{self, Write};

use super::super::diagnostics::{gutter, printable, quote};
use super::super::page::{Page, Tone};
use super::super::terminal::{hanging, wrapped};
use super::row::{ReferenceRow, Scan};
use super::words::{counts, help, message, next};
use crate::text::{clean, excerpt};

/// The most findings that are shown; the others are counted.
const SHOWN: usize = 500;

/// The most characters of a text that is not resolved.
const TEXT: usize = 60;

pub(in super::super) fn human(out: &mut Page, scan: &Scan) -> io::Result<()> {
    let findings = || scan.references.iter().filter(|row| row.remains() || row.fixed == Some(true));
    findings().take(SHOWN).try_for_each(|row| finding(out, row))?;
    rest(out, findings().count(), "findings")?;
    if !scan.unresolved.is_empty() {
        out.heading("Not resolved")?;
        for row in scan.unresolved.iter().take(SHOWN) {
            let text = match excerpt(&row.text, TEXT) {
                text if text.is_empty() => String::new(),
                text => format!(" `{text}`:"),
            };
            hanging(out, "  ", "    ", &format!("{}:{}:{text} {}", clean(&row.file), row.line, clean(&row.why)))?;
        }
        rest(out, scan.unresolved.len(), "places")?;
        writeln!(out)?;
    }
    if !scan.failed.is_empty() {
        out.heading("Failed")?;
        for row in scan.failed.iter().take(SHOWN) {
            hanging(out, "  ", "    ", &format!("{}: {}", clean(&row.file), clean(&row.error)))?;
        }
        rest(out, scan.failed.len(), "files")?;
        writeln!(out)?;
    }
    wrapped(out, "", &counts(scan))?;
    next(scan).map_or(Ok(()), |next| wrapped(out, "", &next))
}

fn rest(out: &mut Page, all: usize, noun: &str) -> io::Result<()> {
    match all.saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more {noun}: --format json has all\n"),
    }
}

fn finding(out: &mut Page, row: &ReferenceRow) -> io::Result<()> {
    let (word, tone) = if row.fixed == Some(true) { ("fixed", Tone::Good) } else { ("error", Tone::Bad) };
    let head = out.toned(&format!("{word}[{}]", row.verdict.as_str()), Some(tone));
    let quoted = quote(row.source.as_str(), row.span, row.line, &|text| out.toned(text, Some(tone)));
    writeln!(out, "{head}: {}", printable(&message(row)))?;
    writeln!(out, "  --> {}", printable(&row.place()))?;
    write!(out, "{quoted}")?;
    writeln!(out, " {} = help: {}\n", gutter(row.line), printable(&help(row)))
}
