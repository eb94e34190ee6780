//! What a run keeps so that it is not read again, as long as there is room.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Values by what identifies them, of a bounded size in all: what there is no room for is read again when needed.
pub(super) struct Kept<K, V> {
    /// The most bytes of all values.
    most: usize,
    inner: Mutex<Inner<K, V>>,
}

struct Inner<K, V> {
    values: BTreeMap<K, V>,
    bytes: usize,
}

impl<K: Ord + Clone, V: Clone> Kept<K, V> {
    pub(super) const fn new(most: usize) -> Self {
        Self { most, inner: Mutex::new(Inner { values: BTreeMap::new(), bytes: 0 }) }
    }

    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).values.get(key).cloned()
    }

    /// Keeps a value that takes this many bytes, if there is room and it is not kept already.
    pub(super) fn keep(&self, key: &K, value: &V, bytes: usize) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.bytes + bytes <= self.most && !inner.values.contains_key(key) {
            inner.bytes += bytes;
            inner.values.insert(key.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_no_room_for_is_not_kept() {
        let kept = Kept::new(10);
        kept.keep(&1, &"six", 6);
        kept.keep(&1, &"again", 6);
        kept.keep(&2, &"five", 5);
        kept.keep(&3, &"four", 4);
        assert_eq!([1, 2, 3].map(|key| kept.get(&key)), [Some("six"), None, Some("four")]);
    }
}
