//! Where reviews are read.

use std::collections::BTreeSet;

use crate::forge::{Commit, Forge, Head};

/// Where reviews are read, and how many this run asks for at least.
#[derive(Clone, Copy)]
pub(crate) struct ReviewReader<'a> {
    pub forge: Option<&'a dyn Forge>,
    /// The head that the manifest was read at; `None`: as it is now.
    pub at: Option<&'a Head>,
    pub path: &'a str,
    /// The least number of reviews, whatever the manifest says.
    pub floor: u32,
    /// Commits that this very run made.
    pub made: &'a BTreeSet<Commit>,
}
