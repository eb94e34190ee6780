//! Lists that readers unfold.

use super::told::List;

/// The most lines of one list.
pub(super) const MOST: usize = 300;

/// What a line only counts or names in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing {
    /// This program's words alone: they are HTML where readers unfold it.
    pub(super) heading: String,
    /// Which platforms it is about, in words; empty if that needs none.
    pub(super) on: String,
    pub(super) all: Vec<String>,
    /// How many of them the line names.
    pub(super) shown: usize,
    /// How many there are besides `all`.
    pub(super) further: usize,
}

impl Listing {
    /// The list, bounded; `None` if the line names all of it.
    pub(super) fn shown(self) -> Option<List> {
        let Self { heading, on, all, shown, further } = self;
        if all.len() <= shown {
            return None;
        }
        let more = all.len().saturating_sub(MOST) + further;
        let on = Some(on.trim()).filter(|on| !on.is_empty()).map(|on| format!("{on}:"));
        let mut lines: Vec<String> = on.into_iter().chain(all.into_iter().take(MOST)).collect();
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        Some(List { heading, lines })
    }
}
