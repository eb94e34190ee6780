//! The manifest's files with changes made in them, as forges take them, or written where they stand.

use std::collections::BTreeMap;
use std::path::Path;

use crate::edit::{self, Change, Edit, EditError};
use crate::forge::{Error, FileChange};
use crate::manifest::{Image, Manifest};

/// A file that cannot be edited as it is written.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be edited: {error}")]
pub(crate) struct NotEdited {
    path: String,
    pub(super) error: EditError,
}

/// The new texts of the files that change.
pub(super) fn edited<'m>(
    manifest: &Manifest,
    changes: impl Iterator<Item = (&'m Image, Change)>,
) -> Result<Vec<FileChange>, NotEdited> {
    let mut edits: BTreeMap<usize, Vec<Edit>> = BTreeMap::new();
    for (image, change) in changes {
        edits.entry(image.file).or_default().push(Edit { image: image.index, change });
    }
    let edited = edits.into_iter().map(|(at, edits)| {
        let path = manifest.files[at].path.clone();
        match edit::apply(&manifest.files[at].text, &edits) {
            Ok(text) => Ok(FileChange { path, text }),
            Err(error) => Err(NotEdited { path, error }),
        }
    });
    edited.collect()
}

/// Writes files below a directory.
pub(crate) fn write(directory: &Path, files: Vec<FileChange>) -> Result<(), Error> {
    for file in files {
        let unwritten = |e: std::io::Error| Error::Unusable(format!("{} cannot be written: {e}", file.path));
        std::fs::write(directory.join(&file.path), &file.text).map_err(unwritten)?;
    }
    Ok(())
}
