//! The rows.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::diag::{Lines, Span};
use crate::image::{Digest, Tag};
use crate::references::TextEdit;
use crate::scan::{Fix, JudgedFile, JudgedReference, Repair, Verdict};
use crate::text::cut;

/// The most characters of a text from a file: more than any reference has.
const LONGEST: usize = 1_000;

/// Which images the files name. Serialised it is the body of `--format json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub(crate) struct Scan {
    /// Every reference to an image, by file and place.
    pub(crate) references: Vec<ReferenceRow>,
    /// What could name an image and was not judged; it does not change the exit status.
    pub(crate) unresolved: Vec<UnresolvedRow>,
    /// What could not be read or, with `--fix`, written.
    pub(crate) failed: Vec<FailedFile>,
    /// How many files of a known format were read.
    pub(crate) files: usize,
}

/// A reference to an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ReferenceRow {
    /// The file.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: usize,
    /// The column in Unicode characters, from 1.
    pub(crate) column: usize,
    /// What stands there, not expanded.
    pub(crate) text: String,
    /// The repository in full, such as `docker.io/library/redis`.
    pub(crate) image: String,
    /// The tag; null if there is none.
    pub(crate) tag: Option<Tag>,
    /// The digest; null if there is none.
    pub(crate) digest: Option<Digest>,
    /// What the manifest says of it.
    pub(crate) verdict: Verdict,
    /// What replaces it, with tag and digest; null if nothing has to, or nothing is promoted.
    pub(crate) replacement: Option<String>,
    /// Whether it was replaced; only with `--fix`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fixed: Option<bool>,
    /// Why it stays although there is a replacement.
    #[serde(skip)]
    pub(super) left: Option<&'static str>,
    #[serde(skip)]
    pub(super) source: ScannedText,
    /// The place in it.
    #[serde(skip)]
    pub(super) span: Span,
    /// What replaces it in that file; empty if it stays.
    #[serde(skip)]
    pub(super) edits: Vec<PlacedEdit>,
}

/// New text for a region of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlacedEdit {
    pub(super) start: Position,
    pub(super) end: Position,
    pub(super) text: String,
}

/// A place in a file, from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// The text of a file that rows quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScannedText(Arc<str>);

/// A place that could name an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct UnresolvedRow {
    /// The file.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: usize,
    /// What stands there; empty if the whole file was left.
    pub(crate) text: String,
    /// Why it was not judged.
    pub(crate) why: String,
}

/// A file or directory that could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct FailedFile {
    /// The file.
    pub(crate) file: String,
    /// What failed.
    pub(crate) error: String,
}

impl Scan {
    /// Adds a file. `fix` says what could become of its references; `written` whether that was written, `None` without `--fix`.
    pub(crate) fn add(&mut self, file: &JudgedFile, fix: &Fix, written: Option<bool>) {
        let unresolved = file.unresolved.iter().map(|missed| UnresolvedRow {
            file: file.path.clone(),
            line: missed.line,
            text: shown(&missed.text),
            why: missed.why.clone(),
        });
        self.unresolved.extend(unresolved);
        let source = ScannedText(Arc::from(file.source.text()));
        let lines = Lines::new(file.source.text());
        let rows = file.references.iter().zip(&fix.repairs);
        self.references.extend(rows.map(|(reference, repair)| ReferenceRow {
            fixed: written.map(|written| written && matches!(repair, Repair::Replaced(_))),
            left: match repair {
                Repair::Left(why) => Some(why),
                Repair::None | Repair::Untried | Repair::Replaced(_) => None,
            },
            edits: match repair {
                Repair::Replaced(edits) => edits.iter().map(|edit| PlacedEdit::new(&lines, edit)).collect(),
                Repair::None | Repair::Untried | Repair::Left(_) => Vec::new(),
            },
            ..ReferenceRow::new(file, reference, source.clone())
        }));
    }

    /// With all rows in the order of files and places.
    pub(crate) fn in_order(mut self) -> Self {
        self.unresolved.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        self.failed.sort_by(|a, b| a.file.cmp(&b.file));
        self
    }

    /// Whether everything is approved or allowed, and nothing failed.
    pub(crate) fn is_clean(&self) -> bool {
        self.failed.is_empty() && self.remaining().next().is_none()
    }

    /// Whether `--fix` replaced anything.
    pub(crate) fn changed(&self) -> bool {
        self.references.iter().any(|row| row.fixed == Some(true))
    }

    /// What is still not approved.
    pub(crate) fn remaining(&self) -> impl Iterator<Item = &ReferenceRow> {
        self.references.iter().filter(|row| row.remains())
    }
}

impl ReferenceRow {
    fn new(file: &JudgedFile, reference: &JudgedReference, source: ScannedText) -> Self {
        let (image, judgement) = (&reference.found.image, &reference.judgement);
        Self {
            file: file.path.clone(),
            line: reference.line,
            column: reference.column,
            text: shown(file.text_at(reference)),
            image: image.name.to_string(),
            tag: image.tag.clone(),
            digest: image.digest.clone(),
            verdict: judgement.verdict,
            replacement: judgement.replacement.as_ref().map(ToString::to_string),
            fixed: None,
            left: None,
            source,
            span: reference.found.at,
            edits: Vec::new(),
        }
    }

    /// Whether it is not approved and was not replaced.
    pub(super) fn remains(&self) -> bool {
        !self.verdict.is_good() && self.fixed != Some(true)
    }

    pub(super) fn place(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }
}

impl PlacedEdit {
    fn new(lines: &Lines<'_>, edit: &TextEdit) -> Self {
        let position = |offset| {
            let (line, column) = lines.position(offset);
            Position { line, column }
        };
        Self { start: position(edit.at.start), end: position(edit.at.end), text: edit.text.clone() }
    }
}

impl UnresolvedRow {
    /// A whole file or directory that was left.
    pub(crate) fn of_file(file: String, why: String) -> Self {
        Self { file, line: 1, text: String::new(), why }
    }
}

impl ScannedText {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text from a file, with a visible sign for what is no text.
fn shown(text: &str) -> String {
    cut(&text.replace('\u{1a}', "\u{fffd}"), LONGEST)
}
