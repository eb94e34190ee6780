//! Who names which image: the files of consumers, on disk or in repositories on GitHub.

use super::tree::{Look, Root, SourceFile, Told, Tree, Wanted, read_tree};
use crate::diag::Lines;
use crate::forge::github::GitHub;
use crate::forge::{Commit, Contents as _, Error};
use crate::image::{Location, Named, Repository};
use crate::manifest::Approval;
use crate::plan::usage::{Place, means};
use crate::references::{Format, find};
use crate::scan::SourceText;
use crate::text::counted;

/// How many files of a repository are read.
const FILES: usize = 2_000;

/// How many of them are asked for at once.
const BATCH: usize = 200;

/// An image that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedIn {
    pub(crate) image: Named<Repository>,
    /// Relative to what was searched, with `/`.
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: usize,
}

/// What was found in a directory or a repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Consumer {
    pub(crate) named: Vec<NamedIn>,
    /// How many places could not be resolved to an image.
    pub(crate) unresolved: usize,
    /// What was not read.
    pub(crate) missed: Vec<String>,
}

/// What was searched, by the name that it was given.
#[derive(Debug)]
pub(crate) struct Searched {
    pub(crate) name: String,
    pub(crate) found: Consumer,
}

impl Searched {
    /// What was not read, and what could not be resolved.
    pub(crate) fn notes(&self) -> Vec<String> {
        let Self { name, found } = self;
        let unresolved = (found.unresolved > 0)
            .then(|| format!("{name}: {} could not be resolved to an image", counted(found.unresolved, "place")));
        found.missed.iter().map(|missed| format!("{name}: {missed}")).chain(unresolved).collect()
    }
}

/// The places that name an approval's image at the mirror, in order.
pub(crate) fn places(searched: &[Searched], mirror: &Location, approval: &Approval) -> Vec<Place> {
    let places = searched.iter().flat_map(|consumer| {
        let meant = consumer.found.named.iter().filter(|named| means(&named.image, mirror, approval));
        meant.map(|named| Place { repository: consumer.name.clone(), file: named.file.clone(), line: named.line })
    });
    let mut places: Vec<Place> = places.collect();
    places.sort();
    places
}

/// Searches what is below a path.
pub(crate) fn in_directory(root: &Root) -> Consumer {
    let base = root.directory().to_owned();
    let wanted = Wanted { possible: Format::possible, only: None };
    let Tree { found, failed, .. } = read_tree(std::slice::from_ref(root), &wanted, |file| {
        let SourceFile { shown, inside, real, bytes, .. } = file;
        let path = real.strip_prefix(&base).map_or(shown, |path| path.to_string_lossy().replace('\\', "/"));
        let source = SourceText::new(bytes);
        Look::Seen(Some(in_file(&inside, &path, source.text())))
    });
    let mut consumer = Consumer::default();
    found.into_iter().for_each(|found| consumer.add(found));
    consumer.missed = failed.into_iter().map(|Told { path, why }| format!("{path}: {why}")).collect();
    consumer
}

/// Searches a repository at its default branch.
///
/// # Errors
/// If it cannot be read.
pub(crate) async fn in_repository(github: &GitHub) -> Result<Consumer, Error> {
    let at = github.head().await?.commit;
    let paths: Vec<String> = github.all_files(&at).await?.into_iter().filter(|path| Format::possible(path)).collect();
    let mut consumer = Consumer::default();
    if paths.len() > FILES {
        consumer.missed.push(format!("only {FILES} of {} were read", counted(paths.len(), "file")));
    }
    for batch in paths[..paths.len().min(FILES)].chunks(BATCH) {
        for (path, text) in batch.iter().zip(texts(github, &at, batch).await?) {
            match text {
                Some(text) => consumer.add(in_file(path, path, &text)),
                None => consumer.missed.push(format!("{path} could not be read as text")),
            }
        }
    }
    Ok(consumer)
}

/// The texts of files; `None` for one that is not text.
async fn texts(github: &GitHub, at: &Commit, paths: &[String]) -> Result<Vec<Option<String>>, Error> {
    let files: Vec<(Commit, String)> = paths.iter().map(|path| (at.clone(), path.clone())).collect();
    match github.read_all(&files).await {
        Err(Error::NotText(_)) => {}
        texts => return texts,
    }
    let mut texts = Vec::with_capacity(files.len());
    for (at, path) in &files {
        texts.push(match github.read(at, path).await {
            Err(Error::NotText(_)) => None,
            text => text?,
        });
    }
    Ok(texts)
}

fn in_file(path: &str, shown: &str, text: &str) -> Consumer {
    let Some(format) = Format::of(path, text) else { return Consumer::default() };
    let found = find(format, text);
    let lines = Lines::new(text);
    let named = found.references.into_iter().map(|reference| NamedIn {
        image: reference.image,
        file: shown.to_owned(),
        line: lines.position(reference.at.start).0,
    });
    Consumer { named: named.collect(), unresolved: found.unresolved.len(), missed: Vec::new() }
}

impl Consumer {
    fn add(&mut self, file: Self) {
        self.named.extend(file.named);
        self.unresolved += file.unresolved;
    }
}
