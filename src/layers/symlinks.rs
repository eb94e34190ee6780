//! The symbolic links of one layer: what comes after one of them, below its path, is written where it points to.

use std::collections::BTreeMap;

use super::archive::Kind;
use super::path::{folders, hash, normalized, split};

/// The most bytes that are kept.
const TEXT: usize = 2 << 20;
/// As many links one after the other as Linux follows.
const LONGEST: usize = 40;

/// Where links point to, by the hashes of their paths.
#[derive(Default)]
pub(super) struct Symlinks {
    targets: BTreeMap<u64, String>,
    text: usize,
}

impl Symlinks {
    /// Takes note of an entry. False if it is a link for which there is no room.
    pub(super) fn add(&mut self, kind: Kind, path: &str, link: &[u8]) -> bool {
        if kind != Kind::Symlink {
            // What replaces a link is none.
            if !self.targets.is_empty() {
                self.targets.remove(&hash(path));
            }
            return true;
        }
        let target = match link.first() {
            Some(b'/') => normalized(link),
            _ => normalized(&[split(path).0.as_bytes(), b"/", link].concat()),
        };
        self.text += target.len() + 48;
        if self.text <= TEXT {
            self.targets.insert(hash(path), target);
        }
        self.text <= TEXT
    }

    /// The path that is written to; `None` if the links lead nowhere.
    pub(super) fn resolved(&self, mut path: String) -> Option<String> {
        if self.targets.is_empty() {
            return Some(path);
        }
        for _ in 0..LONGEST {
            let linked = folders(&path).filter_map(|folder| Some((folder.len(), self.targets.get(&hash(folder))?)));
            let Some((length, target)) = linked.last() else { return Some(path) };
            path = normalized(format!("{target}{}", &path[length..]).as_bytes());
        }
        None
    }
}
