//! Reads the manifest and the files it includes: from the forge at a commit, or from the working directory.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::diag::Diagnostic;
use crate::forge::{self, Commit, Contents};
use crate::manifest::{self, File, Manifest};
use crate::text::nearest;

/// The most bytes of a file that are read into memory; 1 MiB or more is a diagnostic.
const FILE_LIMIT: u64 = 2 * 1024 * 1024;

/// Why there is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("there is no {path} {place}; {help}")]
    Missing {
        path: String,
        place: String,
        /// Where to find one, or how to start one.
        help: String,
    },
    /// It is unusable: all diagnostics, and the files they quote.
    #[error("the manifest has {} fault(s)", .0.len())]
    Faults(Vec<Diagnostic>, Vec<File>),
    #[error("{0}")]
    Forge(forge::Error),
    #[error("{path}: {error}")]
    Disk { path: String, error: String },
}

/// The manifest at a commit.
///
/// # Errors
/// If it does not exist, is unusable or cannot be read.
pub(crate) async fn from_forge(forge: &dyn Contents, at: &Commit, path: &str) -> Result<Manifest, LoadError> {
    let files = files_from_forge(forge, at, path).await?;
    manifest::parse(files.clone()).map_err(|faults| LoadError::Faults(faults, files))
}

/// The former manifest at a commit, as parsed by [`manifest::parse_part`]; `None` if there was no usable one.
///
/// # Errors
/// If the forge does not answer.
pub(super) async fn part_from_forge(
    forge: &dyn Contents,
    at: &Commit,
    path: &str,
) -> Result<Option<Manifest>, forge::Error> {
    match files_from_forge(forge, at, path).await {
        Ok(files) => Ok(manifest::parse_part(files)),
        Err(LoadError::Forge(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// The texts of the manifest at a commit, unparsed.
///
/// # Errors
/// If the main file does not exist or the forge does not answer.
pub(crate) async fn files_from_forge(forge: &dyn Contents, at: &Commit, path: &str) -> Result<Vec<File>, LoadError> {
    let text = forge.read(at, path).await.map_err(LoadError::Forge)?;
    let place = format!("at {at}");
    let missing = || LoadError::Missing { path: path.to_owned(), place, help: beginning() };
    let mut files = vec![File { path: path.to_owned(), text: text.ok_or_else(missing)? }];
    for found in included_files(forge, at, path, &files[0].text).await.map_err(LoadError::Forge)? {
        if let Some(text) = forge.read(at, &found).await.map_err(LoadError::Forge)? {
            files.push(File { path: found, text });
        }
    }
    Ok(files)
}

/// The files that a main file with this text includes at a commit.
///
/// # Errors
/// If the forge does not answer.
pub(super) async fn included_files(
    forge: &dyn Contents,
    at: &Commit,
    path: &str,
    text: &str,
) -> Result<Vec<String>, forge::Error> {
    matching(forge, at, path, &manifest::includes(text)).await
}

/// The files at a commit that match globs from the directory of the main file `path`.
///
/// # Errors
/// If the forge does not answer.
pub(super) async fn matching(
    forge: &dyn Contents,
    at: &Commit,
    path: &str,
    globs: &[String],
) -> Result<Vec<String>, forge::Error> {
    let mut listed = Vec::new();
    for directory in directories(path, globs) {
        listed.extend(forge.list(at, &directory).await?);
    }
    Ok(manifest::included(path, globs, listed.iter().map(String::as_str)))
}

/// The same in the working directory.
///
/// # Errors
/// If the disk fails.
pub(super) fn matching_on_disk(directory: &Path, path: &str, globs: &[String]) -> Result<Vec<String>, LoadError> {
    let mut listed = Vec::new();
    for below in directories(path, globs) {
        listed.extend(list_directory(directory, &below)?);
    }
    Ok(manifest::included(path, globs, listed.iter().map(String::as_str)))
}

/// The manifest in the working directory.
///
/// # Errors
/// If it does not exist, is unusable or cannot be read.
pub fn from_directory(directory: &Path, path: &str) -> Result<Manifest, LoadError> {
    let files = files_from_directory(directory, path)?;
    manifest::parse(files.clone()).map_err(|faults| LoadError::Faults(faults, files))
}

/// The texts of the manifest in the working directory, unparsed.
///
/// # Errors
/// If the main file does not exist, a file is not text, or the disk fails.
pub(crate) fn files_from_directory(directory: &Path, path: &str) -> Result<Vec<File>, LoadError> {
    let place = format!("in {}", directory.display());
    let missing = || LoadError::Missing { path: path.to_owned(), place, help: help(directory, path) };
    let mut files = vec![read_file(directory, path)?.ok_or_else(missing)?];
    for found in matching_on_disk(directory, path, &manifest::includes(&files[0].text))? {
        files.extend(read_file(directory, &found)?);
    }
    Ok(files)
}

/// Help if a directory has no manifest: one that is next to it or above, else how to start one.
fn help(directory: &Path, path: &str) -> String {
    if let Some(beside) = beside(directory, path) {
        return format!("there is {beside}: rename it, or use `--manifest {beside}`");
    }
    let above = directory.ancestors().skip(1).find(|above| above.join(path).is_file());
    match above {
        Some(above) => format!("{} has one: run the command there", above.display()),
        None => beginning(),
    }
}

/// A file whose name is almost that of the manifest: another extension, or a typo.
fn beside(directory: &Path, path: &str) -> Option<String> {
    let (below, name) = path.rsplit_once('/').unwrap_or(("", path));
    let listed = std::fs::read_dir(directory.join(below)).ok()?;
    let names = listed.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let names: Vec<String> = names.filter(|other| other.ends_with(".yml") || other.ends_with(".yaml")).collect();
    nearest(name, names.iter().map(String::as_str)).map(|near| join(below, near))
}

/// How a manifest starts.
fn beginning() -> String {
    "to start with, write this (`wharfinger schema` describes every key, `--manifest` selects another \
     file):\n\norganization: YOUR-ORGANIZATION\nsources: [docker.io]\nimages:\n  - source: grafana/loki\n    \
     versions: \">=3\"\n"
        .to_owned()
}

/// The directories of the globs, each once: the part before the last `/`. A glob with a wildcard there finds nothing,
/// and the parser says so.
fn directories(main: &str, globs: &[String]) -> BTreeSet<String> {
    let base = main.rsplit_once('/').map_or("", |(directory, _)| directory);
    let below = globs.iter().map(|glob| glob.rsplit_once('/').map_or("", |(directory, _)| directory));
    let plain = below.filter(|directory| !directory.contains(['*', '?', '[', '{']));
    plain.map(|directory| join(base, directory)).collect()
}

fn join(directory: &str, name: &str) -> String {
    match (directory, name) {
        ("", only) | (only, "") => only.to_owned(),
        (directory, name) => format!("{directory}/{name}"),
    }
}

/// The real location of a path; `None` if nothing is there. Only files below the directory are quoted in diagnostics: a
/// checked-in link cannot show another file of this machine.
fn below(directory: &Path, path: &str) -> Result<Option<PathBuf>, String> {
    let real = match std::fs::canonicalize(directory.join(path)) {
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        real => real.map_err(|e| e.to_string())?,
    };
    let root = std::fs::canonicalize(directory).map_err(|e| e.to_string())?;
    if real.starts_with(&root) {
        Ok(Some(real))
    } else {
        Err(format!("a link that leads out of {}, which is not followed", root.display()))
    }
}

/// The first `limit` bytes of a file below a directory; `None` if it does not exist. An error says why it cannot be
/// read.
pub(super) fn bytes_below(directory: &Path, path: &str, limit: u64) -> Result<Option<Vec<u8>>, String> {
    let Some(real) = below(directory, path)? else { return Ok(None) };
    let file = std::fs::File::open(real).map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    Ok(Some(bytes))
}

fn read_file(directory: &Path, path: &str) -> Result<Option<File>, LoadError> {
    let disk = |error: String| LoadError::Disk { path: path.to_owned(), error };
    let Some(bytes) = bytes_below(directory, path, FILE_LIMIT).map_err(disk)? else { return Ok(None) };
    manifest::file(path, bytes).map(Some).map_err(|fault| LoadError::Faults(vec![fault], Vec::new()))
}

fn list_directory(directory: &Path, listed: &str) -> Result<Vec<String>, LoadError> {
    let fault = |error: String| LoadError::Disk { path: listed.to_owned(), error };
    let disk = |e: std::io::Error| fault(e.to_string());
    let Some(real) = below(directory, listed).map_err(fault)? else { return Ok(Vec::new()) };
    let entries = std::fs::read_dir(real).map_err(disk)?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(disk)?;
        if let Ok(name) = entry.file_name().into_string()
            && entry.path().is_file()
        {
            found.push(join(listed, &name));
        }
    }
    Ok(found)
}
