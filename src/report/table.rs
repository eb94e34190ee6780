//! Rows under a heading, defined once: a table in the job summary; three columns on a terminal, with prose below.

use std::fmt::Display;
use std::io::{self, Write};

use super::page::{Page, Tone};
use super::summary;
use super::terminal::aligned;
use crate::image::Digest;
use crate::markdown;
use crate::text::{serde_name, short_digests};

/// A heading and the rows under it; not shown if there are no rows.
pub(super) struct Section {
    heading: String,
    columns: &'static [Column],
    rows: Vec<Vec<Cell>>,
    /// How many rows a table shows; the others are counted.
    shown: usize,
    /// What every row in it implies.
    tone: Option<Tone>,
}

/// A column's heading in a table and the place of its cells on a terminal; `None` if not shown there.
pub(super) struct Column {
    heading: Option<&'static str>,
    place: Option<Place>,
    /// The word before the cell on a terminal.
    label: &'static str,
}

/// The place of cells on a terminal; those in the same place are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    First,
    Second,
    Third,
    Prose,
}

/// The content of one row and column.
pub(super) enum Cell {
    Nothing,
    /// A word of this program; in a table, Markdown as it is.
    Word(String),
    /// A name; in a table, code.
    Code(String),
    /// Text that others may have written.
    Text(String),
    /// A digest, shortened to its first digits.
    Digest(Digest),
    /// A digest, with all of its digits on a terminal, where it is a result.
    Result(Digest),
    /// Text with digests, shortened to their first digits.
    Digests(String),
}

pub(super) const fn column(heading: &'static str, place: Place) -> Column {
    labelled(heading, place, "")
}

pub(super) const fn labelled(heading: &'static str, place: Place, label: &'static str) -> Column {
    Column { heading: Some(heading), place: Some(place), label }
}

pub(super) const fn in_table(heading: &'static str) -> Column {
    Column { heading: Some(heading), place: None, label: "" }
}

pub(super) const fn on_terminal(place: Place) -> Column {
    Column { heading: None, place: Some(place), label: "" }
}

impl Section {
    pub(super) fn new<T>(
        heading: impl Into<String>,
        columns: &'static [Column],
        rows: impl IntoIterator<Item = T>,
        cells: impl Fn(T) -> Vec<Cell>,
    ) -> Self {
        Self {
            heading: heading.into(),
            columns,
            rows: rows.into_iter().map(cells).collect(),
            shown: usize::MAX,
            tone: None,
        }
    }

    pub(super) fn toned(self, tone: Tone) -> Self {
        Self { tone: Some(tone), ..self }
    }

    /// Tables show at most this many rows and count the others; a terminal shows all.
    pub(super) fn shown_in_tables(self, shown: usize) -> Self {
        Self { shown, ..self }
    }

    /// The heading, the rows and an empty line.
    pub(super) fn human(&self, out: &mut Page) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        out.heading(&self.heading)?;
        self.human_rows(out, "  ")?;
        writeln!(out)
    }

    pub(super) fn human_rows(&self, out: &mut Page, indent: &str) -> io::Result<()> {
        let place = |row: &[Cell], place: Place, between: &str| {
            let here = self.columns.iter().zip(row).filter(|(column, _)| column.place == Some(place));
            here.filter_map(|(column, cell)| cell.human(column.label)).collect::<Vec<_>>().join(between)
        };
        let line = |row: &Vec<Cell>| {
            [
                place(row, Place::First, " "),
                place(row, Place::Second, ":"),
                place(row, Place::Third, " "),
                place(row, Place::Prose, ", "),
            ]
        };
        aligned(out, indent, self.tone, &self.rows.iter().map(line).collect::<Vec<_>>())
    }

    pub(super) fn markdown(&self) -> String {
        let mut rows = self.markdown_rows();
        let more = rows.len().saturating_sub(self.shown);
        rows.truncate(self.shown);
        let rest = if more == 0 { String::new() } else { format!("and {more} more: the log has all of them\n\n") };
        markdown::table(&self.heading, &self.headings(), &rows) + &rest
    }

    pub(super) fn headings(&self) -> Vec<&'static str> {
        self.in_tables().into_iter().filter_map(|at| self.columns[at].heading).collect()
    }

    pub(super) fn markdown_rows(&self) -> Vec<Vec<String>> {
        let shown = self.in_tables();
        let row = |row: &Vec<Cell>| shown.iter().map(|at| row[*at].markdown()).collect();
        self.rows.iter().map(row).collect()
    }

    /// The columns of a table: those with a heading and any content.
    fn in_tables(&self) -> Vec<usize> {
        let filled = |at: usize| self.rows.iter().any(|row| !matches!(row[at], Cell::Nothing));
        let columns = self.columns.iter().enumerate();
        columns.filter(|(at, column)| column.heading.is_some() && filled(*at)).map(|(at, _)| at).collect()
    }
}

impl Cell {
    pub(super) fn name(value: &impl serde::Serialize) -> Self {
        Self::Word(serde_name(value))
    }

    pub(super) fn code(name: impl Display) -> Self {
        Self::Code(name.to_string())
    }

    pub(super) fn code_or_nothing(name: Option<impl Display>) -> Self {
        name.map_or(Self::Nothing, Self::code)
    }

    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// `None` if a terminal shows nothing.
    fn human(&self, label: &str) -> Option<String> {
        let text = match self {
            Self::Nothing => return None,
            Self::Word(text) | Self::Code(text) | Self::Text(text) => text.clone(),
            Self::Digest(digest) => digest.short().to_owned(),
            Self::Result(digest) => digest.to_string(),
            Self::Digests(text) => short_digests(text),
        };
        match label.is_empty() {
            true => Some(text).filter(|text| !text.is_empty()),
            false => Some(format!("{label} {text}")),
        }
    }

    fn markdown(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Word(word) => word.clone(),
            Self::Code(name) => summary::code(name),
            Self::Text(text) | Self::Digests(text) => markdown::breakable(&short_digests(text)),
            Self::Digest(digest) | Self::Result(digest) => summary::code(digest.short()),
        }
    }
}
