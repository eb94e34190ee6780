//! Rewriting a file of somebody else's: whole or not at all, and only that file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// Replaces the contents of a file, if they are still `before`. `path` is where the file really is: no part of it may be a
/// link by now. Mode and, where allowed, owner stay. The new contents are moved into place, so a reader finds the old or the
/// new ones, and other names of the same file (hard links) keep the old ones.
///
/// # Errors
/// If the file is left as it is; the text says why.
pub(crate) fn rewrite_file(path: &Path, before: &[u8], after: &[u8]) -> Result<(), String> {
    let failed = |e: io::Error| format!("it cannot be written: {e}");
    let metadata = fs::symlink_metadata(path).map_err(failed)?;
    if metadata.permissions().readonly() {
        return Err("it is read-only".to_owned());
    }
    in_place(path)?;
    let (beside, file) = create_beside(path).map_err(failed)?;
    let written = write(file, after, &metadata).map_err(failed);
    let moved = written.and_then(|()| unchanged(path, before)).and_then(|()| fs::rename(&beside, path).map_err(failed));
    if moved.is_err() {
        // What could not be moved is of no use.
        let _ = fs::remove_file(&beside);
    }
    moved
}

/// A new file in the same directory, for its owner only.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    Ok((beside, file))
}

fn write(mut file: File, bytes: &[u8], like: &fs::Metadata) -> io::Result<()> {
    file.write_all(bytes)?;
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
        // Only root may give a file away; without that, it is the writer's, as with any editor.
        let _ = fchown(&file, Some(like.uid()), Some(like.gid()));
    }
    // After the owner, which resets parts of the mode.
    file.set_permissions(like.permissions())?;
    file.sync_all()
}

/// Whether no part of the path is a link.
fn in_place(path: &Path) -> Result<(), String> {
    let real = path.canonicalize().map_err(|e| format!("it cannot be read again: {e}"))?;
    match real == path {
        true => Ok(()),
        false => Err("a part of its path became a link after it was read".to_owned()),
    }
}

/// Whether the file is what was read, where it was read.
fn unchanged(path: &Path, before: &[u8]) -> Result<(), String> {
    in_place(path)?;
    let mut now = Vec::new();
    let limit = before.len() as u64 + 1;
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut now));
    read.map_err(|e| format!("it cannot be read again: {e}"))?;
    match now == before {
        true => Ok(()),
        false => Err("it changed after it was read".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    /// A directory without links in its path, with a file.
    fn directory(text: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap().join("Dockerfile");
        fs::write(&path, text).unwrap();
        (directory, path)
    }

    fn names(directory: &tempfile::TempDir) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_mode_stays_and_nothing_else_is_left() {
        let (directory, path) = directory("old");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o751)).unwrap();
        rewrite_file(&path, b"old", b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o751);
        assert_eq!(names(&directory), ["Dockerfile"]);
    }

    #[test]
    fn a_file_that_changed_after_it_was_read_is_left() {
        let (directory, path) = directory("somebody's");
        for before in ["old", "somebody's work", ""] {
            let refused = rewrite_file(&path, before.as_bytes(), b"new").unwrap_err();
            assert_eq!(refused, "it changed after it was read");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "somebody's");
        assert_eq!(names(&directory), ["Dockerfile"]);
    }

    #[test]
    fn a_file_whose_path_leads_elsewhere_by_now_is_left() {
        let (outside, target) = directory("old");
        let (inside, path) = directory("old");
        fs::remove_file(&path).unwrap();
        symlink(&target, &path).unwrap();
        let refused = rewrite_file(&path, b"old", b"new").unwrap_err();
        assert_eq!(refused, "a part of its path became a link after it was read");
        let below = path.with_file_name("below");
        symlink(outside.path(), &below).unwrap();
        assert!(rewrite_file(&below.join("Dockerfile"), b"old", b"new").is_err());
        assert_eq!(fs::read_to_string(&target).unwrap(), "old");
        assert_eq!(
            (names(&outside), names(&inside)),
            (vec!["Dockerfile".to_owned()], vec!["Dockerfile".to_owned(), "below".to_owned()])
        );
    }

    #[test]
    fn a_read_only_file_is_left_and_another_name_of_a_file_keeps_what_it_had() {
        let (directory, path) = directory("old");
        let other = path.with_file_name("other");
        fs::hard_link(&path, &other).unwrap();
        rewrite_file(&path, b"old", b"new").unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "old");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        assert_eq!(rewrite_file(&path, b"new", b"newer").unwrap_err(), "it is read-only");
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(&directory), ["Dockerfile", "other"]);
    }
}
