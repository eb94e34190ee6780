//! The layers of one of two images: which of them are its own, and which of these are read.

use std::collections::BTreeSet;

use super::Pair;
use crate::content::media_type;
use crate::image::{Descriptor, Digest};
use crate::text;

/// The layers without any file that tools write: their bytes are always the same.
const EMPTY: [&str; 2] = [
    "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4",
    "sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1",
];

/// The layers of one image.
pub(super) struct Side<'a> {
    /// Topmost first, without empty ones, each once.
    pub layers: Vec<&'a Descriptor>,
    /// Those that the other image lacks, topmost first.
    pub own: Vec<&'a Descriptor>,
    /// Which of its own are read.
    pub selected: Vec<&'a Descriptor>,
    /// Why the others are not, in words.
    pub bound: Option<String>,
    each: usize,
    bytes: u64,
}

impl<'a> Side<'a> {
    pub(super) fn new(layers: &'a [Descriptor], other: &[Descriptor], pair: &Pair) -> Self {
        let others: BTreeSet<&Digest> = other.iter().map(|layer| &layer.digest).collect();
        let mut seen = BTreeSet::new();
        let filled = layers.iter().rev().filter(|layer| !EMPTY.contains(&layer.digest.as_str()));
        let layers: Vec<&Descriptor> = filled.filter(|layer| seen.insert(&layer.digest)).collect();
        let own = layers.iter().copied().filter(|layer| !others.contains(&layer.digest)).collect();
        let mut side = Self { layers, own, selected: Vec::new(), bound: None, each: pair.each, bytes: pair.bytes };
        side.select();
        side
    }

    /// Of too many layers, the largest are read: these hold the databases and most files.
    fn select(&mut self) {
        let mut largest: Vec<&Descriptor> = self.own.iter().copied().filter(|layer| is_readable(layer)).collect();
        if largest.len() < self.own.len() {
            self.bound = Some("its bytes may not be distributed".to_owned());
        }
        if largest.len() > self.each {
            largest.sort_by_key(|layer| std::cmp::Reverse(layer.size));
            largest.truncate(self.each);
            self.bound = Some(format!("at most {} of each image are read", text::counted(self.each, "layer")));
        }
        let mut left = self.bytes;
        for layer in self.own.iter().copied().filter(|layer| largest.contains(layer)) {
            if layer.size <= left {
                left -= layer.size;
                self.selected.push(layer);
            } else {
                self.bound = Some(self.byte_bound());
            }
        }
    }

    fn byte_bound(&self) -> String {
        format!("`evidence.layers` is {}", text::size(self.bytes))
    }

    /// Why a layer that both images have cannot be read too, where these of its layers were read.
    pub(super) fn refuses(&self, layer: &Descriptor, read: impl Fn(&Digest) -> bool) -> Option<String> {
        let sizes: Vec<u64> = self.layers.iter().filter(|one| read(&one.digest)).map(|one| one.size).collect();
        let total = sizes.iter().fold(layer.size, |sum, size| sum.saturating_add(*size));
        if !is_readable(layer) {
            return Some("its bytes may not be distributed".to_owned());
        }
        if sizes.len() >= self.each {
            return Some(format!("at most {} of each image are read", text::counted(self.each, "layer")));
        }
        (total > self.bytes).then(|| self.byte_bound())
    }
}

fn is_readable(layer: &Descriptor) -> bool {
    !media_type::is_foreign(&layer.media_type)
}
