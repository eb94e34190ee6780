//! What layers say, kept for the run: images often share their bases, and a change may be looked at twice.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::image::Digest;
use crate::layers::LayerFacts;

/// The most bytes of memory that this takes.
const MOST: usize = 8 << 20;

/// Facts by the digests of their layers: it does not matter which registry they came from.
#[derive(Default)]
pub(in crate::observe) struct KeptLayers(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    facts: BTreeMap<Digest, LayerFacts>,
    bytes: usize,
}

impl KeptLayers {
    pub(super) fn get(&self, digest: &Digest) -> Option<LayerFacts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).facts.get(digest).cloned()
    }

    /// Keeps what a layer says, as long as there is room.
    pub(super) fn keep(&self, digest: &Digest, facts: &LayerFacts) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = inner.bytes + facts.memory();
        if bytes <= MOST && inner.facts.insert(digest.clone(), facts.clone()).is_none() {
            inner.bytes = bytes;
        }
    }
}
