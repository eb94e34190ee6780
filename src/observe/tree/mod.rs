//! The files below given paths: listed and read in parallel, as git would see them.

mod links;
mod read;
mod walk;

use std::path::{Component, Path, PathBuf};

pub(crate) use walk::{Look, Wanted, read_tree};

/// The most bytes of a file that are read.
pub(crate) const FILE_LIMIT: u64 = 8 * 1024 * 1024;

/// A path to look at, which exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Root {
    /// As it is shown: relative to the working directory if it is below it; empty for that itself.
    shown: String,
    /// Where it really is.
    real: PathBuf,
    is_file: bool,
    /// What tells a file's format is its path from here: the repository, the working directory or the path itself.
    base: PathBuf,
    /// Whether it was written as a path below the working directory, and a link leads out of that.
    leads_out: bool,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceFile {
    /// As it is shown: relative to the working directory if it is below it, with `/`.
    pub(crate) shown: String,
    /// Its path in the repository that it is in, with `/`: outside of any in the working directory or else in the path that was
    /// given. What is above that says nothing about the file.
    pub(crate) inside: String,
    /// Where it really is: no part of the path is a link.
    pub(crate) real: PathBuf,
    pub(crate) bytes: Vec<u8>,
    /// Whether the path itself was given, whatever its name.
    pub(crate) given: bool,
}

/// What was found in files, in the order of their paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tree<T> {
    pub(crate) found: Vec<T>,
    /// Files and directories that were left on purpose.
    pub(crate) left: Vec<Told>,
    /// What could not be read.
    pub(crate) failed: Vec<Told>,
    /// How many files were looked at.
    pub(crate) files: usize,
}

/// What is said of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    pub(crate) path: String,
    /// In a clause without a full stop.
    pub(crate) why: String,
}

impl Root {
    /// A path below `directory`, or anywhere else.
    ///
    /// # Errors
    /// If nothing is there, or it is neither a file nor a directory; the text says so.
    pub(crate) fn new(directory: &Path, path: &str) -> Result<Self, String> {
        let unusable = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::NotFound => format!("{path} does not exist"),
            _ => format!("{path} cannot be read: {e}"),
        };
        let real = directory.join(path).canonicalize().map_err(unusable)?;
        let kind = real.metadata().map_err(unusable)?;
        if !kind.is_file() && !kind.is_dir() {
            return Err(format!("{path} is neither a file nor a directory"));
        }
        let here = directory.canonicalize().ok();
        let below = here.as_ref().and_then(|here| real.strip_prefix(here).ok());
        // Through a link, what was written is what people know.
        let shown = match below {
            Some(below) => slashes(below),
            None => slashes(Path::new(path)).trim_end_matches('/').to_owned(),
        };
        let leads_out = below.is_none() && is_written_below(directory, path);
        let own = if kind.is_file() { real.parent().unwrap_or(&real) } else { &real };
        let repository = own.ancestors().find(|above| above.join(".git").exists());
        let base = repository.or_else(|| here.as_deref().filter(|_| below.is_some())).unwrap_or(own).to_owned();
        Ok(Self { shown, real, is_file: kind.is_file(), base, leads_out })
    }

    /// How a path below it is shown.
    fn show(&self, real: &Path) -> String {
        let below = real.strip_prefix(&self.real).map(slashes).unwrap_or_default();
        match (self.shown.as_str(), below.as_str()) {
            ("", below) => below.to_owned(),
            (shown, "") => shown.to_owned(),
            (shown, below) => format!("{shown}/{below}"),
        }
    }

    /// The path of a file below it that tells the file's format.
    fn inside(&self, real: &Path) -> String {
        slashes(real.strip_prefix(&self.base).unwrap_or(real))
    }

    /// The directory that it is, or that it is in.
    pub(crate) fn directory(&self) -> &Path {
        if self.is_file { self.real.parent().unwrap_or(&self.real) } else { &self.real }
    }
}

/// Whether a path, as it is written, stays below a directory.
fn is_written_below(directory: &Path, path: &str) -> bool {
    let path = Path::new(path);
    let mut depth = 0_usize;
    for part in path.strip_prefix(directory).unwrap_or(path).components() {
        depth = match part {
            Component::CurDir => depth,
            Component::Normal(_) => depth + 1,
            Component::ParentDir if depth > 0 => depth - 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return false,
        };
    }
    true
}

/// A path with `/`, whatever the system writes.
fn slashes(path: &Path) -> String {
    let text = path.to_string_lossy();
    match std::path::MAIN_SEPARATOR {
        '/' => text.into_owned(),
        other => text.replace(other, "/"),
    }
}
