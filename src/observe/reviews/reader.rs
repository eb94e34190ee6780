//! Where reviews are read.

use std::collections::BTreeSet;

use crate::forge::{Commit, Forge, Head};

/// Where reviews are read, and how many this run requires at least.
#[derive(Clone, Copy)]
pub(crate) struct ReviewReader<'a> {
    pub forge: Option<&'a dyn Forge>,
    /// The head that the manifest was read at; `None`: the current one.
    pub at: Option<&'a Head>,
    pub path: &'a str,
    /// The least number of reviews, whatever the manifest says.
    pub floor: u32,
    /// Commits made by this run.
    pub made: &'a BTreeSet<Commit>,
}
