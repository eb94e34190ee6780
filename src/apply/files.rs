//! The manifest's files with changes made in them, as forges take them, or written in place.

use std::path::Path;

use crate::edit::Change;
use crate::forge::{Error, FileChange};
use crate::manifest::{File, Image, Manifest};
use crate::proposal::not_edited::NotEdited;
use crate::proposal::written;

/// The new texts of the files that change.
pub(super) fn edited<'m>(
    manifest: &Manifest,
    changes: impl Iterator<Item = (&'m Image, Change)>,
) -> Result<Vec<FileChange>, NotEdited> {
    let files = written::edited(manifest, changes)?;
    Ok(files.into_iter().map(|File { path, text }| FileChange { path, text }).collect())
}

/// Writes files below a directory.
pub(crate) fn write(directory: &Path, files: Vec<FileChange>) -> Result<(), Error> {
    for file in files {
        let unwritten = |e: std::io::Error| Error::Unusable(format!("{} cannot be written: {e}", file.path));
        std::fs::write(directory.join(&file.path), &file.text).map_err(unwritten)?;
    }
    Ok(())
}
