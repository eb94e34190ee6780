//! Walking: in parallel, with the rules of git for what is ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::links::unfollowed;
use super::read::{Contents, read};
use super::{Root, SourceFile, Told, Tree};

/// What looking at a file gave.
pub(crate) enum Look<T> {
    /// It is none of the files that are looked for.
    Other,
    /// It is one.
    Seen(Option<T>),
    /// It was given by its path and cannot be looked at.
    Left(String),
}

/// Which files are read.
pub(crate) struct Wanted<'a> {
    /// Whether a file of this path is looked at; others are not read.
    pub(crate) possible: fn(&str) -> bool,
    /// Only these, by where they really are; `None`: all.
    pub(crate) only: Option<&'a BTreeSet<PathBuf>>,
}

/// Looks at all wanted files below the roots. What `.gitignore` and `.git/info/exclude` exclude is left out, `.git` too; a
/// root that is a file is looked at in any case. No link below a root is followed, and no root that is a link out of the working
/// directory.
pub(crate) fn read_tree<T: Send>(
    roots: &[Root],
    wanted: &Wanted<'_>,
    look: impl Fn(SourceFile) -> Look<T> + Sync,
) -> Tree<T> {
    let walker = Walker { roots, wanted, look, seen: Mutex::default(), gathered: Mutex::default() };
    for root in roots.iter().filter(|root| root.leads_out) {
        let why = "a link that leads out of the working directory: name what it leads to".to_owned();
        walker.gather(|gathered| gathered.left.push(Told { path: root.shown.clone(), why }));
    }
    for root in roots.iter().filter(|root| !root.leads_out && root.is_file) {
        walker.file(root, &root.real, true);
    }
    for root in roots.iter().filter(|root| !root.leads_out && !root.is_file) {
        walker.walk(root);
    }
    let Gathered { found, mut left, mut failed, files } =
        walker.gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
    left.sort();
    failed.sort();
    Tree { found: found.into_values().collect(), left, failed, files }
}

struct Walker<'a, L, T> {
    roots: &'a [Root],
    wanted: &'a Wanted<'a>,
    look: L,
    /// What was looked at, if roots may overlap.
    seen: Mutex<BTreeSet<PathBuf>>,
    gathered: Mutex<Gathered<T>>,
}

struct Gathered<T> {
    found: BTreeMap<(String, PathBuf), T>,
    left: Vec<Told>,
    failed: Vec<Told>,
    files: usize,
}

impl<T> Default for Gathered<T> {
    fn default() -> Self {
        Self { found: BTreeMap::new(), left: Vec::new(), failed: Vec::new(), files: 0 }
    }
}

impl<T: Send, L: Fn(SourceFile) -> Look<T> + Sync> Walker<'_, L, T> {
    fn walk(&self, root: &Root) {
        let in_repository = root.real.ancestors().any(|above| above.join(".git").exists());
        let mut builder = WalkBuilder::new(&root.real);
        builder.hidden(false).ignore(false).git_global(false).require_git(false).parents(in_repository);
        builder.filter_entry(|entry| entry.file_name() != ".git");
        builder.build_parallel().run(|| {
            Box::new(|entry| {
                match entry {
                    Ok(entry) => self.entry(root, &entry),
                    Err(error) => self.fault(root, &error),
                }
                WalkState::Continue
            })
        });
    }

    fn entry(&self, root: &Root, entry: &DirEntry) {
        match entry.file_type() {
            Some(kind) if kind.is_symlink() => {
                let told = unfollowed(entry.path(), root, self.roots, self.wanted.possible);
                self.gather(|gathered| gathered.left.extend(told));
            }
            Some(kind) if kind.is_file() => self.file(root, entry.path(), false),
            _ => {}
        }
    }

    fn file(&self, root: &Root, real: &Path, given: bool) {
        let shown = root.show(real);
        let inside = root.inside(real);
        let is_wanted = given || (self.wanted.possible)(&inside);
        if !is_wanted || self.wanted.only.is_some_and(|only| !only.contains(real)) || !self.is_first(real) {
            return;
        }
        let told = |why| Told { path: shown.clone(), why };
        let look = match read(real) {
            Contents::Failed(why) => return self.gather(|gathered| gathered.failed.push(told(why))),
            Contents::Left(why) => Look::Left(why),
            Contents::Bytes(bytes) => {
                (self.look)(SourceFile { shown: shown.clone(), inside, real: real.to_path_buf(), bytes, given })
            }
        };
        match look {
            Look::Other => {}
            Look::Left(why) => self.gather(|gathered| gathered.left.push(told(why))),
            Look::Seen(found) => self.gather(|gathered| {
                gathered.files += 1;
                gathered.found.extend(found.map(|found| ((shown.clone(), real.to_path_buf()), found)));
            }),
        }
    }

    /// Whether no other root led to this file.
    fn is_first(&self, real: &Path) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        self.roots.len() == 1 || seen.insert(real.to_path_buf())
    }

    /// A directory that cannot be listed, or an entry that is gone by now.
    fn fault(&self, root: &Root, error: &ignore::Error) {
        let path = path_of(error).map_or_else(|| root.shown.clone(), |path| root.show(path));
        let path = if path.is_empty() { ".".to_owned() } else { path };
        let why = error.io_error().map_or_else(|| error.to_string(), |e| format!("it cannot be read: {e}"));
        self.gather(|gathered| gathered.failed.push(Told { path, why }));
    }

    fn gather(&self, add: impl FnOnce(&mut Gathered<T>)) {
        add(&mut self.gathered.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The path that an error is about.
fn path_of(error: &ignore::Error) -> Option<&Path> {
    let mut error = error;
    loop {
        error = match error {
            ignore::Error::WithPath { path, .. } => return Some(path),
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => err,
            _ => return None,
        };
    }
}
