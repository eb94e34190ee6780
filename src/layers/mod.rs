//! What the layers of two images hold: package databases, and files that a reviewer should know of.
//!
//! Pure: the bytes of a layer come in through a reader. [`Pair::next`] names the layers that it lacks; `observe` fetches
//! and [`read`]s them and asks again.

use schemars::JsonSchema;
use serde::Serialize;

use crate::image::Descriptor;
use crate::packages::Listed;

mod archive;
mod changes;
mod compression;
mod databases;
mod facts;
mod listed;
mod next;
mod path;
mod places;
mod side;
mod stack;
mod symlinks;
#[cfg(test)]
mod tests;

pub(crate) use facts::{LayerFacts, read};
pub(crate) use listed::Unlisted;

/// The most files of one layer that are read; more make it unknown.
pub(crate) const FILES: usize = 1_000_000;

/// The layers of one platform in two images, bottom first. `from` is empty for a first approval.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Pair {
    pub from: Vec<Descriptor>,
    pub to: Vec<Descriptor>,
    /// The most layers of each side that are read.
    pub each: usize,
    /// The most compressed bytes of layers of each side that are read: `evidence.layers`.
    pub bytes: u64,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// These layers are needed.
    Read(Vec<Descriptor>),
    Known(Box<Unlisted>),
}

/// What the layers say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contents {
    pub listed: Listed,
    /// In order of paths.
    pub files: Vec<FileChange>,
    /// Which layers were not read for files and why, and what else is not told of files.
    pub unread: Option<String>,
}

impl Contents {
    /// Says one thing more about what is not told.
    pub(crate) fn note(&mut self, words: Option<String>) {
        let words: Vec<String> = self.unread.take().into_iter().chain(words).collect();
        self.unread = (!words.is_empty()).then(|| words.join("; "));
    }
}

/// A file of the new image that a reviewer should know of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct FileChange {
    /// Absolute; text by others.
    pub path: String,
    pub what: FileKind,
}

/// Why a file matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// It runs with the rights of its owner or group (setuid, setgid) or has file capabilities, and did not before.
    Setuid,
    /// cron or a timer runs it; it is new, or its contents are and no change of packages explains that.
    Cron,
    /// It is started with the system; new or with new contents as above.
    Init,
    /// An executable that the former image lacks and that no package owns, as far as package databases tell; a shared
    /// library is none.
    NewExecutable,
}
