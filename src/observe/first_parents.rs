//! The default branch's first-parent history, with what files held along it: what reviews, `promote --prune` and
//! `audit` read. A listing of a file's commits would not do: it follows merged branches, and what was removed and
//! merged back looks there as if it had never been away.

use std::collections::{BTreeMap, BTreeSet};

use crate::forge::{Commit, Contents, Error, Version};

/// How many pieces of the history are read; on GitHub a piece is at most a hundred commits.
const PIECES: usize = 50;
/// How many texts are read at once: few at first, because most of what is wanted came with the newest change.
const FIRST: usize = 4;
/// The same from then on.
const THEN: usize = 20;

/// The history as far as it was read.
pub(super) struct FirstParents<'a> {
    contents: &'a dyn Contents,
    paths: Vec<String>,
    /// Those of them that need not be text: keys, not parts of the manifest.
    keys: BTreeSet<String>,
    /// Newest first.
    versions: Vec<Version>,
    /// Where the history continues.
    next: Option<Commit>,
    pieces: usize,
    /// Texts by content.
    texts: BTreeMap<String, String>,
    batch: usize,
}

/// A version that brought a new content of a file, or removed the file; both as indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileVersion {
    pub(super) version: usize,
    pub(super) file: usize,
}

impl<'a> FirstParents<'a> {
    /// The history that leads to `head`, of the main file, which is the first one, and others.
    pub(super) fn new<'p>(
        contents: &'a dyn Contents,
        head: &Commit,
        main: &str,
        others: impl IntoIterator<Item = &'p str>,
    ) -> Self {
        let others: BTreeSet<&str> = others.into_iter().filter(|path| *path != main).collect();
        let paths = std::iter::once(main).chain(others).map(str::to_owned).collect();
        let (keys, versions, texts) = (BTreeSet::new(), Vec::new(), BTreeMap::new());
        Self { contents, paths, keys, versions, next: Some(head.clone()), pieces: 0, texts, batch: FIRST }
    }

    /// The same, where these files need not be text: those that are not count as missing.
    pub(super) fn with_keys<'p>(self, keys: impl Iterator<Item = &'p String>) -> Self {
        Self { keys: keys.cloned().collect(), ..self }
    }

    /// Reads a further piece; returns whether there was one within the bound.
    pub(super) async fn extend(&mut self) -> Result<bool, Error> {
        let Some(from) = self.next.as_ref().filter(|_| self.pieces < PIECES) else { return Ok(false) };
        let line = self.contents.line(from, &self.paths).await?;
        self.versions.extend(line.versions);
        self.next = line.rest;
        self.pieces += 1;
        Ok(true)
    }

    /// Whether it was read back to the very first commit.
    pub(super) fn is_whole(&self) -> bool {
        self.next.is_none()
    }

    /// Warns if the history is longer than what was read of it.
    pub(super) fn warn_where_cut(&self) {
        if self.next.is_some() {
            tracing::warn!(
                "the manifest's history is longer than {PIECES} pages: it is unknown whether what was retired earlier is ours"
            );
        }
    }

    /// All that was read, newest first.
    pub(super) fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// How many versions can be compared with the one before them: the last one only if nothing precedes it.
    pub(super) fn comparable(&self) -> usize {
        self.versions.len().saturating_sub(usize::from(self.next.is_some()))
    }

    /// What each comparable version changed, newest first.
    pub(super) fn changes(&self) -> Vec<FileVersion> {
        let content = |version: usize, file: usize| self.versions.get(version)?.contents.get(file)?.as_ref();
        let changed = |at: &FileVersion| content(at.version, at.file) != content(at.version + 1, at.file);
        let files = |version| (0..self.paths.len()).map(move |file| FileVersion { version, file });
        (0..self.comparable()).flat_map(files).filter(changed).collect()
    }

    pub(super) fn path(&self, file: usize) -> &str {
        &self.paths[file]
    }

    pub(super) fn paths(&self) -> &[String] {
        &self.paths
    }

    /// A file's text at a version; it must have been read before.
    pub(super) fn text(&self, version: usize, file: usize) -> Option<&str> {
        let content = self.versions.get(version)?.contents.get(file)?.as_ref()?;
        self.texts.get(content).map(String::as_str)
    }

    /// Makes sure that the texts of files at the first `now` of these versions are available, reading the next ones
    /// along with them.
    pub(super) async fn read<F: AsRef<[usize]> + Send>(
        &mut self,
        places: impl Iterator<Item = (usize, F)> + Send,
        now: usize,
    ) -> Result<(), Error> {
        let mut near: BTreeSet<&String> = BTreeSet::new();
        let mut lacking: Vec<(&String, (Commit, String))> = Vec::new();
        for (nth, (version, files)) in places.enumerate() {
            if nth >= now && (lacking.is_empty() || lacking.len() >= self.batch) {
                break;
            }
            let version = &self.versions[version];
            for file in files.as_ref() {
                let Some(content) = version.contents.get(*file).and_then(Option::as_ref) else { continue };
                if nth < now {
                    near.insert(content);
                }
                if !self.texts.contains_key(content) && lacking.iter().all(|(known, _)| *known != content) {
                    lacking.push((content, (version.commit.clone(), self.paths[*file].clone())));
                }
            }
        }
        if lacking.is_empty() {
            return Ok(());
        }
        self.texts.retain(|content, _| near.contains(content));
        let (contents, places): (Vec<&String>, Vec<(Commit, String)>) = lacking.into_iter().unzip();
        let texts = match self.contents.read_all(&places).await {
            Err(Error::NotText(_)) => self.read_each(&places).await?,
            texts => texts?,
        };
        let read = contents.into_iter().cloned().zip(texts);
        self.texts.extend(read.filter_map(|(content, text)| Some((content, text?))));
        self.batch = THEN;
        Ok(())
    }

    /// The texts of files one by one: a key that is no text is as good as none.
    async fn read_each(&self, places: &[(Commit, String)]) -> Result<Vec<Option<String>>, Error> {
        let mut texts = Vec::with_capacity(places.len());
        for (at, path) in places {
            texts.push(match self.contents.read(at, path).await {
                Err(Error::NotText(_)) if self.keys.contains(path) => None,
                text => text?,
            });
        }
        Ok(texts)
    }
}
