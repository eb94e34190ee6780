//! Gathers the errors in all files and turns them into diagnostics.

use super::File;
use crate::diag::{Code, Diagnostic, Lines, Span};

/// A place in one of the manifest's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    /// Index of the file.
    pub(crate) file: usize,
    pub(crate) span: Span,
}

/// The errors found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

#[derive(Debug)]
struct Fault {
    place: Place,
    code: Code,
    message: String,
    help: String,
}

impl Faults {
    pub(crate) fn report(&mut self, code: Code, place: Place, message: impl Into<String>, help: impl Into<String>) {
        self.0.push(Fault { place, code, message: message.into(), help: help.into() });
    }

    /// The diagnostics in the order of files and places; an error found through several aliases or images appears once.
    pub(crate) fn into_diagnostics(mut self, files: &[File]) -> Vec<Diagnostic> {
        self.0.sort_by_key(|fault| (fault.place.file, fault.place.span.start, fault.code));
        // What an unknown alias stands for is not reported as missing, too.
        self.0.dedup_by(|next, kept| {
            next.place == kept.place && (next.code == kept.code || kept.code == Code::UnknownAlias)
        });
        let lines: Vec<Lines<'_>> = files.iter().map(|f| Lines::new(&f.text)).collect();
        self.0
            .into_iter()
            .map(|Fault { place, code, message, help }| {
                let (line, column) = lines.get(place.file).map_or((1, 1), |l| l.position(place.span.start));
                let file = files.get(place.file).map(|f| f.path.clone()).unwrap_or_default();
                Diagnostic { code: code.as_str(), message, file, line, column, help, span: place.span }
            })
            .collect()
    }
}
