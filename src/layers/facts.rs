//! What one layer holds.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufReader, Error, ErrorKind, Read, Result};
use std::sync::Arc;

use super::archive::{Archive, Entry, Kind};
use super::path::{folders, hash, is_merged_folder, normalized, split};
use super::places::{Database, OwnedFiles, is_library, names_distribution, runs, touches_databases};
use super::symlinks::Symlinks;
use super::{FILES, FileKind, compression};
use crate::packages::database::{self, Distribution, DpkgFile, Installed, each_line, read_apk, read_dpkg};

/// The most paths that packages own and one layer lists.
const OWNED: usize = 300_000;
/// The most bytes of paths that are kept of executables, and as much of other files that matter.
const TEXT: usize = 1 << 20;
/// How many executables before a hard link are looked at, so that its target is not kept twice. Archives have them in order.
const RECENT: usize = 1_000;
/// The most bytes of memory of all package databases in one layer.
const DATABASES: usize = 4 << 20;

/// What one layer holds, as far as it matters here. Most paths are kept as hashes: a layer of a million files takes 8 MB.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LayerFacts {
    /// Everything but folders, in order.
    paths: Vec<u64>,
    /// What it removes from the layers below, in order.
    whiteouts: Vec<u64>,
    /// Folders of which it removes what the layers below have in them, in order.
    opaque: Vec<u64>,
    /// What packages own according to lists in this layer, in order.
    owned: Vec<u64>,
    /// Files that run with others' rights, or by themselves.
    pub(super) special: BTreeMap<String, BTreeSet<FileKind>>,
    /// Hashes of what files that run by themselves contain, or of where links in their place point to.
    pub(super) contents: BTreeMap<String, u64>,
    /// The paths of executables, each after a line feed.
    executables: String,
    /// What was too much to be kept.
    pub(super) cut: Option<&'static str>,
    /// Package databases by their paths, or why one cannot be used.
    pub(super) databases: BTreeMap<String, std::result::Result<Arc<Installed>, String>>,
    pub(super) distribution: Option<Distribution>,
    /// Whether `bin` and the like are links into `usr`.
    pub(super) is_merged: bool,
    /// Whether it may change what is installed.
    pub(super) touches_databases: bool,
}

/// Reads one layer (OCI image specification, "Filesystem Layers") whose descriptor has this media type: tar, plain or
/// compressed with gzip or zstd. What follows the archive is left for the caller to read, who checks the digest.
///
/// # Errors
/// Why it cannot be used, in words: a fault in the archive, a form that is not read, a bound that it exceeds.
pub(crate) fn read(media_type: &str, layer: impl Read) -> std::result::Result<LayerFacts, String> {
    read_files(media_type, layer, FILES)
}

/// Reads a layer of at most so many files.
pub(super) fn read_files(media_type: &str, layer: impl Read, most: usize) -> std::result::Result<LayerFacts, String> {
    let read = || -> Result<LayerFacts> {
        let mut archive = Archive::new(compression::open(media_type, layer)?);
        let mut reading = Reading { left: most, ..Reading::default() };
        while let Some(entry) = archive.next()? {
            reading.add(&entry, &mut archive)?;
        }
        // An archive is complete at its end: damage of what follows hides nothing.
        let _ = archive.finish();
        Ok(reading.finish())
    };
    read().map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
        ErrorKind::InvalidData | ErrorKind::InvalidInput => "its gzip data is damaged".to_owned(),
        _ => error.to_string(),
    })
}

/// A layer while it is read.
#[derive(Default)]
struct Reading {
    facts: LayerFacts,
    /// How many more files are read.
    left: usize,
    /// Hashes of the executables, in the order of the archive.
    executables: Vec<u64>,
    /// Hard links that are no executables by their own mode: what they point to may be one.
    links: Vec<Link>,
    symlinks: Symlinks,
    special_text: usize,
    link_text: usize,
    databases: usize,
}

struct Link {
    path: String,
    target: String,
}

impl Reading {
    fn add(&mut self, entry: &Entry, content: &mut Archive<impl Read>) -> Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| Error::other("it holds more than 1,000,000 files"))?;
        let Some(path) = self.symlinks.resolved(normalized(&entry.path)) else {
            return Err(Error::other("its symbolic links are a circle"));
        };
        let (folder, name) = split(&path);
        match name.strip_prefix(".wh.") {
            Some(".wh..opq") => {
                self.facts.touches_databases |= touches_databases(folder, false);
                self.facts.opaque.push(hash(folder));
            }
            // Other files of the union file system itself.
            Some(hidden) if hidden.starts_with(".wh.") => {}
            Some(removed) => {
                let separator = if folder.is_empty() { "" } else { "/" };
                let removed = format!("{folder}{separator}{removed}");
                self.facts.touches_databases |= touches_databases(&removed, false);
                self.facts.whiteouts.push(hash(&removed));
            }
            None if path.is_empty() => {}
            None => self.add_file(entry, &path, content)?,
        }
        Ok(())
    }

    fn add_file(&mut self, entry: &Entry, path: &str, content: &mut Archive<impl Read>) -> Result<()> {
        let is_folder = entry.kind == Kind::Folder;
        // The last of two entries with one path is what an extractor leaves.
        self.facts.special.remove(path);
        self.facts.contents.remove(path);
        if !self.symlinks.add(entry.kind, path, &entry.link) {
            self.facts.cut = Some("it holds too many symbolic links");
        }
        self.facts.touches_databases |= touches_databases(path, is_folder);
        if !is_folder {
            self.facts.paths.push(hash(path));
            self.add_special(entry, path);
        }
        if let Some(database) = Database::at(path) {
            let read = self.database(database, entry, path, content)?;
            self.facts.databases.insert(path.to_owned(), read);
        } else if entry.kind == Kind::File && !entry.is_sparse && entry.size <= database::LARGEST {
            self.read_lists(path, content)?;
        } else if entry.kind == Kind::Symlink && is_merged_folder(path) {
            self.facts.is_merged |= normalized(&entry.link) == format!("usr/{path}");
        }
        self.keep_content(entry, path, content)
    }

    /// Takes note of what a file that runs by itself contains. What a hard link is another name of is not known.
    fn keep_content(&mut self, entry: &Entry, path: &str, content: &mut Archive<impl Read>) -> Result<()> {
        let runs_by_itself = |kinds: &BTreeSet<FileKind>| kinds.iter().any(|kind| *kind != FileKind::Setuid);
        if !self.facts.special.get(path).is_some_and(runs_by_itself) {
            return Ok(());
        }
        let mut hasher = DefaultHasher::new();
        match entry.kind {
            Kind::File => {
                let mut piece = [0; 4096];
                loop {
                    match content.read(&mut piece)? {
                        0 => break,
                        read => hasher.write(&piece[..read]),
                    }
                }
            }
            Kind::Symlink => hasher.write(&entry.link),
            _ => return Ok(()),
        }
        (entry.kind == Kind::Symlink).hash(&mut hasher);
        self.facts.contents.insert(path.to_owned(), hasher.finish());
        Ok(())
    }

    fn add_special(&mut self, entry: &Entry, path: &str) {
        let is_program = matches!(entry.kind, Kind::File | Kind::HardLink);
        let is_executable = is_program && entry.mode & 0o111 != 0;
        let is_setuid = is_executable && (entry.mode & 0o6000 != 0 || entry.has_capabilities);
        let mut kinds: BTreeSet<FileKind> = runs(path).filter(|_| entry.kind != Kind::Device).into_iter().collect();
        if is_setuid {
            kinds.insert(FileKind::Setuid);
        }
        if !kinds.is_empty() {
            self.keep_special(path, kinds);
        }
        if is_executable && !is_library(path) {
            self.keep_executable(path);
        }
        if entry.kind == Kind::HardLink {
            let target = self.symlinks.resolved(normalized(&entry.link)).unwrap_or_default();
            match is_executable {
                true => self.change_target(&target, is_setuid),
                false => self.keep_link(path, target),
            }
        }
    }

    /// Extractors give the mode of a hard link to the file that it is another name of.
    fn change_target(&mut self, target: &str, is_setuid: bool) {
        if is_setuid && !self.facts.special.get(target).is_some_and(|kinds| kinds.contains(&FileKind::Setuid)) {
            self.keep_special(target, BTreeSet::from([FileKind::Setuid]));
        }
        let hash = hash(target);
        if !is_library(target) && self.executables.iter().rev().take(RECENT).all(|known| *known != hash) {
            self.keep_executable(target);
        }
    }

    fn keep_special(&mut self, path: &str, kinds: BTreeSet<FileKind>) {
        self.special_text += path.len() + 64;
        if self.special_text > TEXT {
            self.facts.cut = Some("it holds too many files that run with others' rights or by themselves");
        } else {
            self.facts.special.entry(path.to_owned()).or_default().extend(kinds);
        }
    }

    fn keep_executable(&mut self, path: &str) {
        if self.facts.executables.len() + path.len() >= TEXT {
            self.facts.cut = Some("it holds too many executables");
        } else {
            self.executables.push(hash(path));
            self.facts.executables.push('\n');
            self.facts.executables.push_str(path);
        }
    }

    fn keep_link(&mut self, path: &str, target: String) {
        self.link_text += path.len() + target.len() + 64;
        if self.link_text > TEXT {
            self.facts.cut = Some("it holds too many hard links");
        } else {
            self.links.push(Link { path: path.to_owned(), target });
        }
    }

    fn database(
        &mut self,
        database: Database,
        entry: &Entry,
        path: &str,
        content: &mut Archive<impl Read>,
    ) -> Result<std::result::Result<Arc<Installed>, String>> {
        if database == Database::Rpm {
            return Ok(Err("rpm databases are not read".to_owned()));
        }
        if entry.kind != Kind::File || entry.is_sparse {
            return Ok(Err(format!("{} is no ordinary file", database.name())));
        }
        if entry.size > database::LARGEST {
            return Ok(Err(format!("{} is larger than 16 MiB", database.name())));
        }
        let mut lines = BufReader::new(content);
        let read = match database {
            Database::Apk => {
                let owned = &mut self.facts.owned;
                let cut = &mut self.facts.cut;
                read_apk(&mut lines, &mut |path| keep_owned(owned, cut, &normalized(path)))?
            }
            Database::Status => read_dpkg(&mut lines, DpkgFile::Status)?,
            _ => read_dpkg(&mut lines, DpkgFile::Part)?,
        };
        self.databases += path.len() + read.as_ref().map_or(0, Installed::memory);
        if self.databases > DATABASES {
            return Err(Error::other("the names and versions in its package databases are larger than 4 MiB"));
        }
        Ok(read.map(Arc::new).map_err(|reason| format!("{}: {reason}", database.name())))
    }

    /// Reads what says which distribution it is, and which files packages own.
    fn read_lists(&mut self, path: &str, content: &mut Archive<impl Read>) -> Result<()> {
        if names_distribution(path) {
            let read = Distribution::read(&mut BufReader::new(content))?;
            self.facts.distribution = read.or(self.facts.distribution.take());
        } else if let Some(list) = OwnedFiles::at(path) {
            let (owned, cut) = (&mut self.facts.owned, &mut self.facts.cut);
            each_line(&mut BufReader::new(content), &mut |line| {
                let path = match list {
                    OwnedFiles::Paths => Some(line),
                    OwnedFiles::Checksums => {
                        line.iter().position(|byte| *byte == b' ').map(|at| line[at..].trim_ascii())
                    }
                };
                if let Some(path) = path {
                    keep_owned(owned, cut, &normalized(path));
                }
            })?;
        }
        Ok(())
    }

    fn finish(self) -> LayerFacts {
        let mut facts = self.facts;
        let mut executables = self.executables;
        executables.sort_unstable();
        for Link { path, target } in self.links {
            let kinds = facts.special.get(&target).filter(|kinds| kinds.contains(&FileKind::Setuid));
            if kinds.is_some() {
                facts.special.entry(path.clone()).or_default().insert(FileKind::Setuid);
            }
            if executables.binary_search(&hash(&target)).is_ok() {
                facts.executables.push('\n');
                facts.executables.push_str(&path);
            }
        }
        for hashes in [&mut facts.paths, &mut facts.whiteouts, &mut facts.opaque, &mut facts.owned] {
            hashes.sort_unstable();
            hashes.dedup();
            hashes.shrink_to_fit();
        }
        facts
    }
}

fn keep_owned(owned: &mut Vec<u64>, cut: &mut Option<&'static str>, path: &str) {
    if owned.len() == OWNED {
        *cut = Some("its packages own too many files");
    } else {
        owned.push(hash(path));
    }
}

impl LayerFacts {
    /// Whether it has something other than a folder at this path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.paths.binary_search(&hash(path)).is_ok()
    }

    /// Whether it removes what layers below have at this path, or hides it behind what is no folder.
    pub(super) fn removes(&self, path: &str) -> bool {
        let is_removed = |path: &str| self.whiteouts.binary_search(&hash(path)).is_ok();
        let hides = |folder: &str| {
            let folder = hash(folder);
            [&self.whiteouts, &self.opaque, &self.paths].iter().any(|hashes| hashes.binary_search(&folder).is_ok())
        };
        is_removed(path) || folders(path).any(hides)
    }

    /// Whether a list of this layer says that a package owns this path.
    pub(super) fn owns(&self, path: &str) -> bool {
        self.owned.binary_search(&hash(path)).is_ok()
    }

    pub(super) fn executables(&self) -> impl Iterator<Item = &str> {
        self.executables.split('\n').skip(1)
    }

    /// The bytes of memory that it takes.
    pub(crate) fn memory(&self) -> usize {
        let hashes =
            [&self.paths, &self.whiteouts, &self.opaque, &self.owned].into_iter().map(|hashes| hashes.len() * 8);
        let special = self.special.keys().chain(self.contents.keys()).map(|path| path.len() + 64);
        let databases = self.databases.iter().map(|(path, database)| {
            path.len() + size_of::<Installed>() + database.as_ref().map_or(0, |database| database.memory())
        });
        self.executables.len() + hashes.chain(special).chain(databases).sum::<usize>()
    }
}
