//! The manifest's files with changes made in them, as forges take them, or written in place.

use std::fs::File as Opened;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

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

/// What became of a file that was to be new.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Created {
    Written,
    /// Something is there.
    Exists,
    /// A directory on the way is this link.
    Link(String),
}

/// Writes a file below a directory if nothing is there: all of it or none. Links below that directory are not followed.
pub(crate) fn create(directory: &Path, path: &str, text: &str) -> io::Result<Created> {
    let mut place = directory.to_owned();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        place.push(part);
        if parts.peek().is_none() {
            break;
        }
        match place.symlink_metadata() {
            Ok(found) if found.is_symlink() => {
                return Ok(Created::Link(place.strip_prefix(directory).unwrap_or(&place).display().to_string()));
            }
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => std::fs::create_dir(&place)?,
            Err(e) => return Err(e),
        }
    }
    match new(&place, text) {
        Ok(()) => Ok(Created::Written),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(Created::Exists),
        Err(e) => Err(e),
    }
}

/// Writes a file that does not exist yet: beside it first, so that it is there whole or not at all.
///
/// # Errors
/// `AlreadyExists` if something is there, a link to nothing included.
pub(crate) fn new(path: &Path, text: &str) -> io::Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let beside = beside(path);
    // Unlike a rename, a link never replaces what somebody else put there in the meantime.
    let linked = written(&beside, text).and_then(|()| std::fs::hard_link(&beside, path));
    let _ = std::fs::remove_file(&beside);
    linked
}

/// Writes a file, whatever is there: all of it or none. A link there is replaced, not followed.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = beside(path);
    let written = written(&beside, text).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    PathBuf::from(name)
}

fn written(path: &Path, text: &str) -> io::Result<()> {
    let mut file = Opened::create_new(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
