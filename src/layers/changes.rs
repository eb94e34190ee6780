//! Which files of the new image a reviewer should know of.
//!
//! Layers that both images have are read only where something seems new. A file in one that was not read counts as missing
//! in the former image: better one file too many is named than one too few. Without any package database no package owns anything, and every
//! executable that the former image lacks is named.

use super::stack::{Stack, alias};
use super::{FileChange, FileKind};

/// What is compared, and how much of it can be told.
pub(super) struct Compared<'a> {
    pub from: Stack<'a>,
    pub to: Stack<'a>,
    /// Whether `bin` and the like are links into `usr`.
    pub is_merged: bool,
    /// Whether they are known to differ from those of the former image.
    pub packages_differ: bool,
    /// Whether new executables can be told.
    pub executables: bool,
}

/// The most files that are named.
pub(super) const MOST: usize = 1_000;

impl Compared<'_> {
    /// Whether layers that were not read may show that some of these files are not new.
    pub(super) fn may_be_known(&self, files: &[FileChange]) -> bool {
        files
            .iter()
            .any(|file| !matches!(file.what, FileKind::Cron | FileKind::Init) || !self.had(&file.path[1..], file.what))
    }

    /// In order of paths; also more than may be named.
    pub(super) fn files(&self) -> Vec<FileChange> {
        let mut files = self.special();
        if self.executables {
            files.extend(self.executables());
        }
        files.sort();
        files.dedup();
        files
    }

    fn special(&self) -> Vec<FileChange> {
        let mut files = Vec::new();
        for layer in &self.to.0 {
            for (path, kinds) in &layer.special {
                if !self.is_from(path, layer) {
                    continue;
                }
                let new =
                    kinds.iter().copied().filter(|kind| !self.had(path, *kind) || self.rewrites(path, layer, *kind));
                files.extend(new.map(|what| FileChange { path: format!("/{path}"), what }));
            }
        }
        files
    }

    /// Whether the file that the image has at this path is that of this layer.
    fn is_from(&self, path: &str, layer: &super::LayerFacts) -> bool {
        self.to.holder(path).is_some_and(|holder| std::ptr::eq(holder, layer))
    }

    /// Whether the former image had such a file here.
    fn had(&self, path: &str, kind: FileKind) -> bool {
        let also = alias(path, self.is_merged);
        let mut paths = [Some(path), also.as_deref()].into_iter().flatten();
        paths.any(|path| match kind {
            FileKind::Setuid => {
                let holder = self.from.holder(path).and_then(|holder| holder.special.get(path));
                holder.is_some_and(|kinds| kinds.contains(&kind))
            }
            _ => self.from.has(path),
        })
    }

    /// Whether a file that runs by itself has other contents than in the former image, and no change of a package explains
    /// it: that would replace the package's list of files in the same layer.
    fn rewrites(&self, path: &str, layer: &super::LayerFacts, kind: FileKind) -> bool {
        if kind == FileKind::Setuid || (self.packages_differ && layer.owns(path)) {
            return false;
        }
        let also = alias(path, self.is_merged);
        let mut paths = [Some(path), also.as_deref()].into_iter().flatten();
        let was = paths.find_map(|path| self.from.holder(path)?.contents.get(path));
        was.zip(layer.contents.get(path)).is_some_and(|(was, is)| was != is)
    }

    /// Executables that the former image lacks and that no package owns.
    fn executables(&self) -> Vec<FileChange> {
        let mut files = Vec::new();
        for layer in &self.to.0 {
            for path in layer.executables() {
                let also = alias(path, self.is_merged);
                let is_known = |path: &str| self.from.has(path);
                let is_new = !is_known(path) && !also.as_deref().is_some_and(is_known);
                if is_new && !self.to.owns(path, also.as_deref()) && self.is_from(path, layer) {
                    files.push(FileChange { path: format!("/{path}"), what: FileKind::NewExecutable });
                }
            }
        }
        files
    }
}
