//! Changes of packages in less memory: without the lists that they were selected from, and only the first of them.

use super::packed::{Packages, VersionChanges};
use super::{PackageChanges, PackageCounts};

/// How important the packages of a name are: the most important have the lowest number.
pub(crate) type Rank<'a> = &'a dyn Fn(&str) -> usize;

impl PackageChanges {
    /// The same without the lists that they were selected from.
    pub(crate) fn alone(&self) -> Self {
        Self {
            added: self.added.alone(),
            removed: self.removed.alone(),
            upgraded: self.upgraded.alone(),
            downgraded: self.downgraded.alone(),
            ..self.clone()
        }
    }

    /// The bytes of memory of each list, if they are [alone](Self::alone): added, removed, upgraded, downgraded.
    pub(crate) fn sizes(&self) -> [usize; 4] {
        [self.added.memory(), self.removed.memory(), self.upgraded.memory(), self.downgraded.memory()]
    }

    /// Of each list as much as takes this many bytes of memory: with a rank the most important first, else as they are.
    pub(crate) fn first(&self, bytes: usize, rank: Option<Rank<'_>>) -> Self {
        let before = self.counts();
        let some = |list: &Packages| list.selection(&first(list.named_sizes(), bytes, rank));
        let moved = |list: &VersionChanges| list.selection(&first(list.named_sizes(), bytes, rank));
        let (added, removed) = (some(&self.added), some(&self.removed));
        let (upgraded, downgraded) = (moved(&self.upgraded), moved(&self.downgraded));
        let omitted = PackageCounts {
            added: before.added - added.len(),
            removed: before.removed - removed.len(),
            upgraded: before.upgraded - upgraded.len(),
            downgraded: before.downgraded - downgraded.len(),
        };
        Self { added, removed, upgraded, downgraded, omitted, ..self.clone() }
    }

    /// Whether both are clones of the same lists.
    pub(crate) fn is_shared_with(&self, other: &Self) -> bool {
        self.added.is_shared_with(&other.added)
            && self.removed.is_shared_with(&other.removed)
            && self.upgraded.is_shared_with(&other.upgraded)
            && self.downgraded.is_shared_with(&other.downgraded)
    }
}

/// The positions of as many names as take this many bytes, given what each takes.
fn first<'a>(all: impl Iterator<Item = (&'a str, usize)>, bytes: usize, rank: Option<Rank<'_>>) -> Vec<usize> {
    let mut all: Vec<(usize, usize, usize)> =
        all.enumerate().map(|(at, (name, size))| (rank.map_or(0, |rank| rank(name)), at, size)).collect();
    all.sort_unstable();
    let fits = |taken: &mut usize, size: usize| {
        *taken += size;
        (*taken <= bytes).then_some(())
    };
    all.into_iter().scan(0, |taken, (_, at, size)| fits(taken, size).map(|()| at)).collect()
}
