//! Files: the manifest's with changes made in them, as forges take them or written in place; new ones, all of each or none; and
//! those that are this program's own.

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
pub(crate) fn create_below(directory: &Path, path: &str, text: &str) -> io::Result<Created> {
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
    match create_new_file(&place, text) {
        Ok(()) => Ok(Created::Written),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(Created::Exists),
        Err(e) => Err(e),
    }
}

/// Writes a file that does not exist yet: beside it first, so that it is there whole or not at all.
///
/// # Errors
/// `AlreadyExists` if something is there, a link to nothing included.
pub(crate) fn create_new_file(path: &Path, text: &str) -> io::Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let beside = beside(path, text)?;
    // Unlike a rename, a link never replaces what somebody else put there in the meantime.
    let linked = std::fs::hard_link(&beside, path);
    let _ = std::fs::remove_file(&beside);
    linked
}

/// Writes a file, whatever is there: all of it or none. A link there is replaced, not followed.
pub(crate) fn replace_file(path: &Path, text: &str) -> io::Result<()> {
    let beside = beside(path, text)?;
    let renamed = std::fs::rename(&beside, path);
    if renamed.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    renamed
}

/// How many names are tried for a file beside another: in containers, process ids are often those of a run that was killed.
const NAMES: u32 = 1_000;

/// Writes a text into a new file beside `path`. What has its name already is somebody else's, and stays.
fn beside(path: &Path, text: &str) -> io::Result<PathBuf> {
    let mut taken = None;
    for number in 0..NAMES {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}-{number}.tmp", std::process::id()));
        let beside = PathBuf::from(name);
        let mut file = match Opened::create_new(&beside) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                taken = Some(beside);
                continue;
            }
            opened => opened?,
        };
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        if written.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
        return written.map(|()| beside);
    }
    let taken = taken.unwrap_or_default();
    Err(io::Error::other(format!("{} and {NAMES} such names are taken: remove these files", taken.display())))
}

/// A file that this program writes, and what shows whose it is.
pub(crate) struct Own<'a> {
    pub(crate) name: &'static str,
    pub(crate) text: &'a str,
    /// Whether a text of this name was written by this program: anything else is somebody else's.
    pub(crate) is_ours: fn(&str) -> bool,
}

/// Writes the files that differ into a directory, which is made if it does not exist, and says which. Nothing is written if a
/// file of these names is somebody else's, or if the directory is a link.
///
/// # Errors
/// What is somebody else's, or cannot be read or written.
pub(crate) fn write_own(directory: &Path, files: &[Own<'_>]) -> Result<Vec<&'static str>, String> {
    if directory.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
        return Err(format!("{} is a link, which is not followed", directory.display()));
    }
    let mut changed = Vec::new();
    for file in files {
        let path = directory.join(file.name);
        match there(&path).map_err(|e| format!("{} cannot be read: {e}", path.display()))? {
            There::Text(text) if text == file.text => {}
            There::Text(text) if !(file.is_ours)(&text) => {
                let path = path.display();
                return Err(format!(
                    "{path} was not written by `catalog`, so nothing was written: name another directory"
                ));
            }
            There::Other(what) => return Err(format!("{} is {what}, so nothing was written", path.display())),
            There::Text(_) | There::Nothing => changed.push(file),
        }
    }
    let unwritten = |e: io::Error| format!("{} cannot be written: {e}", directory.display());
    std::fs::create_dir_all(directory).map_err(unwritten)?;
    for file in &changed {
        replace_file(&directory.join(file.name), file.text).map_err(unwritten)?;
    }
    Ok(changed.iter().map(|file| file.name).collect())
}

/// What is at a place.
enum There {
    Nothing,
    Text(String),
    /// Something that is not read, in words.
    Other(&'static str),
}

/// The largest file that is read to learn whose it is, in bytes.
const LARGEST: u64 = 256 << 20;

fn there(path: &Path) -> io::Result<There> {
    let found = match path.symlink_metadata() {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(There::Nothing),
        found => found?,
    };
    if found.is_symlink() {
        return Ok(There::Other("a link"));
    }
    if !found.is_file() || found.len() > LARGEST {
        return Ok(There::Other("no file that this program writes"));
    }
    let bytes = std::fs::read(path)?;
    Ok(There::Text(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_a_killed_run_left_is_in_nobodys_way_and_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let left = directory.path().join(format!("file.{}-0.tmp", std::process::id()));
        std::fs::write(&left, "somebody's").unwrap();
        create_new_file(&path, "one").unwrap();
        assert_eq!(create_new_file(&path, "two").unwrap_err().kind(), ErrorKind::AlreadyExists);
        replace_file(&path, "three").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "three");
        assert_eq!(std::fs::read_to_string(&left).unwrap(), "somebody's");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
    }
}
