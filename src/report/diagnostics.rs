//! Diagnostics for people.

use crate::diag::Diagnostic;
use crate::manifest::File;

/// All diagnostics, each with its place and how to mend it.
#[must_use]
pub fn text(diagnostics: &[Diagnostic], files: &[File]) -> String {
    let _ = files;
    diagnostics
        .iter()
        .map(|d| {
            format!(
                "error[{}]: {}\n  --> {}:{}:{}\n  help: {}\n\n",
                d.code, d.message, d.file, d.line, d.column, d.help
            )
        })
        .collect()
}
