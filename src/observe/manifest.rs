//! Reads the manifest and the files it includes: from the forge at a commit, or from the working directory.

use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};

use crate::diag::Diagnostic;
use crate::forge::{self, Commit, Forge};
use crate::manifest::{self, File, Manifest};

/// The most bytes that are read of one file; more is said as a diagnostic by the parser.
const FILE_LIMIT: u64 = 4 * 1024 * 1024;

/// Why there is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no such file.
    #[error("there is no {path} {place}: `wharfinger schema` describes it, `--manifest` names another")]
    Missing {
        /// The path that was asked for.
        path: String,
        /// Where it was looked for.
        place: String,
    },
    /// It cannot be used: all diagnostics, and the files they quote.
    #[error("the manifest has {} fault(s)", .0.len())]
    Faults(Vec<Diagnostic>, Vec<File>),
    /// The forge did not answer.
    #[error("{0}")]
    Forge(forge::Error),
    /// The working directory could not be read.
    #[error("{path}: {error}")]
    Disk {
        /// The file.
        path: String,
        /// What happened.
        error: String,
    },
}

/// The manifest at a commit.
///
/// # Errors
/// Where it does not exist, cannot be used or cannot be read.
pub async fn from_forge(forge: &dyn Forge, at: &Commit, path: &str) -> Result<Manifest, LoadError> {
    let files = files_from_forge(forge, at, path).await?;
    manifest::parse(files.clone()).map_err(|faults| LoadError::Faults(faults, files))
}

/// The texts of the manifest at a commit, unparsed.
///
/// # Errors
/// Where the main file does not exist or the forge does not answer.
pub async fn files_from_forge(forge: &dyn Forge, at: &Commit, path: &str) -> Result<Vec<File>, LoadError> {
    let text = forge.read(at, path).await.map_err(LoadError::Forge)?;
    let missing = || LoadError::Missing { path: path.to_owned(), place: format!("at {at}") };
    let mut files = vec![File { path: path.to_owned(), text: text.ok_or_else(missing)? }];
    for include in Include::all(path, &files[0].text) {
        for found in list_from_forge(forge, at, &include).await? {
            if files.iter().all(|f| f.path != found)
                && let Some(text) = forge.read(at, &found).await.map_err(LoadError::Forge)?
            {
                files.push(File { path: found, text });
            }
        }
    }
    Ok(files)
}

async fn list_from_forge(forge: &dyn Forge, at: &Commit, include: &Include) -> Result<Vec<String>, LoadError> {
    let mut listed = forge.list(at, &include.directory).await.map_err(LoadError::Forge)?;
    listed.retain(|path| include.takes(path));
    listed.sort();
    Ok(listed)
}

/// The manifest in the working directory.
///
/// # Errors
/// Where it does not exist, cannot be used or cannot be read.
pub fn from_directory(directory: &Path, path: &str) -> Result<Manifest, LoadError> {
    let files = files_from_directory(directory, path)?;
    manifest::parse(files.clone()).map_err(|faults| LoadError::Faults(faults, files))
}

/// The texts of the manifest in the working directory, unparsed.
///
/// # Errors
/// Where the main file does not exist or the disk fails.
pub fn files_from_directory(directory: &Path, path: &str) -> Result<Vec<File>, LoadError> {
    let main = read_file(directory, path)?;
    let missing = || LoadError::Missing { path: path.to_owned(), place: format!("in {}", directory.display()) };
    let mut files = vec![File { path: path.to_owned(), text: main.ok_or_else(missing)? }];
    for include in Include::all(path, &files[0].text) {
        for found in list_directory(directory, &include)? {
            if files.iter().all(|f| f.path != found)
                && let Some(text) = read_file(directory, &found)?
            {
                files.push(File { path: found, text });
            }
        }
    }
    Ok(files)
}

fn read_file(directory: &Path, path: &str) -> Result<Option<String>, LoadError> {
    let disk = |error: String| LoadError::Disk { path: path.to_owned(), error };
    let full = directory.join(path);
    match std::fs::metadata(&full) {
        Ok(metadata) if metadata.len() > FILE_LIMIT => return Err(disk(format!("larger than {FILE_LIMIT} bytes"))),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(disk(e.to_string())),
        Ok(_) => {}
    }
    let bytes = std::fs::read(&full).map_err(|e| disk(e.to_string()))?;
    let read = manifest::file(path, bytes).map(|file| Some(file.text));
    read.map_err(|fault| LoadError::Faults(vec![fault], Vec::new()))
}

fn list_directory(directory: &Path, include: &Include) -> Result<Vec<String>, LoadError> {
    let disk = |e: std::io::Error| LoadError::Disk { path: include.directory.clone(), error: e.to_string() };
    let entries = match std::fs::read_dir(directory.join(&include.directory)) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(disk)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(disk)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = join(&include.directory, &name);
        if include.takes(&path) && entry.path().is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// One glob of `include`: relative to the directory of the main file, in one directory, a pattern for names there.
struct Include {
    directory: String,
    matcher: GlobMatcher,
}

impl Include {
    fn all(main: &str, text: &str) -> Vec<Self> {
        let base = main.rsplit_once('/').map_or("", |(directory, _)| directory);
        manifest::includes(text).iter().filter_map(|glob| Self::new(base, glob)).collect()
    }

    /// `None` for a glob that cannot be read: the parser says so.
    fn new(base: &str, glob: &str) -> Option<Self> {
        let path = join(base, glob.trim_start_matches("./"));
        let (directory, _) = path.rsplit_once('/').unwrap_or(("", &path));
        let outside = path.split('/').any(|part| part == "..");
        let wild = directory.contains(['*', '?', '[', '{']);
        let matcher = GlobBuilder::new(&path).literal_separator(true).build().ok()?.compile_matcher();
        (!outside && !wild && !path.starts_with('/')).then(|| Self { directory: directory.to_owned(), matcher })
    }

    fn takes(&self, path: &str) -> bool {
        self.matcher.is_match(path)
    }
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}
