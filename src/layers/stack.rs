//! The layers of an image, as far as they were read, one above the other.

use super::facts::LayerFacts;
use super::path::merged_alias;

/// Topmost first; what was not read is left out.
#[derive(Clone, Default)]
pub(super) struct Stack<'a>(pub Vec<&'a LayerFacts>);

impl<'a> Stack<'a> {
    /// Whether the image has something other than a folder at this path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.holder(path).is_some()
    }

    /// The topmost layer that has something at this path, unless it is removed above.
    pub(super) fn holder(&self, path: &str) -> Option<&'a LayerFacts> {
        for layer in &self.0 {
            if layer.has(path) {
                return Some(layer);
            }
            if layer.removes(path) {
                return None;
            }
        }
        None
    }

    /// Whether `bin` and the like are links into `usr`.
    pub(super) fn is_merged(&self) -> bool {
        self.0.iter().any(|layer| layer.is_merged)
    }

    /// Whether a package owns this path; `also` is its other name, where it has one.
    pub(super) fn owns(&self, path: &str, also: Option<&str>) -> bool {
        self.0.iter().any(|layer| layer.owns(path) || also.is_some_and(|also| layer.owns(also)))
    }
}

/// The other name of a path, where `bin` and the like are links into `usr`.
pub(super) fn alias(path: &str, is_merged: bool) -> Option<String> {
    merged_alias(path).filter(|_| is_merged)
}
