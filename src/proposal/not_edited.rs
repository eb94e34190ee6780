//! Why a file of the manifest could not be edited, and where.

use crate::diag::position;
use crate::edit::EditError;
use crate::manifest::File;

/// A file that cannot be edited because of how it is written.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {error}")]
pub(crate) struct NotEdited {
    /// The path, then line and column if a single place prevents the edit.
    place: String,
    error: EditError,
}

impl NotEdited {
    pub(super) fn new(file: &File, error: EditError) -> Self {
        let place = match error.at.map(|at| position(&file.text, at)) {
            Some((line, column)) => format!("{}:{line}:{column}", file.path),
            None => file.path.clone(),
        };
        Self { place, error }
    }
}
