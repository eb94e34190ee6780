//! What `scan` found: rows for programs; [`human`] for people, [`sarif`] for code scanning, the job summary, annotations.

mod human;
mod row;
pub(crate) mod sarif;
mod words;

use super::annotations::{Annotation, Level, Place};
use super::table::Place::{First, Prose, Second};
use super::table::{Cell, Column, Section, column};

pub(super) use human::human;
pub(crate) use row::{FailedFile, ReferenceRow, Scan, UnresolvedRow};
use words::{counts, help, message};

/// The most rows of a table in the job summary.
const SHOWN: usize = 100;

const FINDINGS: &[Column] =
    &[column("verdict", First), column("image", Second), column("where", Prose), column("use", Prose)];
const UNRESOLVED: &[Column] = &[column("what", First), column("where", Second), column("why", Prose)];
const FAILED: &[Column] = &[column("file", First), column("error", Prose)];

/// For the job summary.
pub(super) fn markdown(scan: &Scan) -> String {
    let findings = Section::new("Images that are not approved", FINDINGS, scan.remaining(), |row| {
        let replacement = Cell::code_or_nothing(row.replacement.as_ref());
        vec![Cell::Word(row.verdict.as_str().to_owned()), Cell::code(&row.text), Cell::code(row.place()), replacement]
    });
    let unresolved = Section::new("Not resolved", UNRESOLVED, &scan.unresolved, |row| {
        vec![Cell::code(&row.text), Cell::code(format!("{}:{}", row.file, row.line)), Cell::text(&row.why)]
    });
    let failed =
        Section::new("Failed", FAILED, &scan.failed, |row| vec![Cell::code(&row.file), Cell::text(&row.error)]);
    let sections = [findings, unresolved, failed].map(|section| section.shown_in_tables(SHOWN).markdown());
    format!("**{}**\n\n{}", crate::markdown::escaped(&counts(scan)), sections.concat())
}

/// What is not approved, on its line.
pub(super) fn annotations(scan: &Scan) -> Vec<Annotation> {
    let finding = |row: &ReferenceRow| Annotation {
        level: Level::Error,
        place: Some(Place { file: row.file.clone(), line: row.line, column: row.column }),
        title: row.verdict.as_str().to_owned(),
        message: format!("{}\n{}", message(row), help(row)),
    };
    let failed = |row: &FailedFile| Annotation {
        level: Level::Error,
        place: None,
        title: "scan".to_owned(),
        message: format!("{}: {}", row.file, row.error),
    };
    scan.remaining().map(finding).chain(scan.failed.iter().map(failed)).collect()
}
