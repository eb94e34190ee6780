//! The verdicts on one file.

use super::judge::Judge;
use super::verdict::Judgement;
use crate::diag::Lines;
use crate::references::{Format, FoundReference, find};

/// What stands in a text for every byte that is not part of valid UTF-8: no reference and no key contains it.
const PLACEHOLDER: char = '\u{1a}';

/// A file that names images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JudgedFile {
    /// As it is shown: relative to the working directory if it is below it, with `/`.
    pub(crate) path: String,
    pub(crate) format: Format,
    pub(crate) source: SourceText,
    /// In the order of the text.
    pub(crate) references: Vec<JudgedReference>,
    pub(crate) unresolved: Vec<Missed>,
}

/// A reference and what is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JudgedReference {
    pub(crate) found: FoundReference,
    /// From 1.
    pub(crate) line: usize,
    /// In characters, from 1.
    pub(crate) column: usize,
    pub(crate) judgement: Judgement,
}

/// A place that could name an image and was not judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missed {
    /// From 1.
    pub(crate) line: usize,
    /// What stands there; empty if the whole file was left.
    pub(crate) text: String,
    /// In a clause without a full stop.
    pub(crate) why: String,
}

/// Judges what a file names.
pub(crate) fn judge_file(judge: &Judge<'_>, path: String, format: Format, source: SourceText) -> JudgedFile {
    let text = source.text();
    let findings = find(format, text);
    if findings.references.is_empty() && findings.unresolved.is_empty() {
        return JudgedFile { path, format, source, references: Vec::new(), unresolved: Vec::new() };
    }
    let lines = Lines::new(text);
    let references = findings.references.into_iter().map(|found| {
        let (line, column) = lines.position(found.at.start);
        let judgement = judge.judge(&found);
        JudgedReference { found, line, column, judgement }
    });
    let references = references.collect();
    let unresolved = findings.unresolved.into_iter().map(|unresolved| Missed {
        line: lines.position(unresolved.at.start).0,
        text: text.get(unresolved.at.start..unresolved.at.end).unwrap_or_default().to_owned(),
        why: unresolved.why,
    });
    let unresolved = unresolved.collect();
    JudgedFile { path, format, source, references, unresolved }
}

impl JudgedFile {
    /// Whether it names no image.
    pub(crate) fn is_empty(&self) -> bool {
        self.references.is_empty() && self.unresolved.is_empty()
    }

    /// What stands at a reference's place.
    pub(crate) fn text_at(&self, reference: &JudgedReference) -> &str {
        self.source.text().get(reference.found.at.start..reference.found.at.end).unwrap_or_default()
    }
}

/// A file as text of the same length as its bytes, so that places are the same in both. What is not UTF-8, such as a comment
/// in Latin-1, becomes a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceText {
    text: String,
    /// The bytes, where they differ from the text's.
    original: Option<Vec<u8>>,
}

impl SourceText {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => return Self { text, original: None },
            Err(error) => error.into_bytes(),
        };
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            text.extend(chunk.invalid().iter().map(|_| PLACEHOLDER));
        }
        Self { text, original: Some(bytes) }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.original.as_deref().unwrap_or(self.text.as_bytes())
    }
}
