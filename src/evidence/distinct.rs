//! Whether several who must all have signed are different ones: what one of them signed never counts for two.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::Coverage;
use super::{Covers, Subject};
use crate::image::Digest;

/// For one entry of those that must all have signed: who signed which part of the image as it requires, by name.
#[derive(Default)]
pub(super) struct Share<'a>(BTreeMap<&'a Digest, BTreeSet<&'a str>>);

impl<'a> Share<'a> {
    pub(super) fn add(&mut self, covers: &'a [Subject], by: &'a str) {
        for subject in covers {
            self.0.entry(&subject.digest).or_default().insert(by);
        }
    }

    /// Who signed this part, or the top document, and with it everything that it lists.
    fn of(&self, index: Option<&Digest>, digest: &Digest) -> BTreeSet<&'a str> {
        [index, Some(digest)].into_iter().flatten().filter_map(|digest| self.0.get(digest)).flatten().copied().collect()
    }
}

/// The parts of the image that each of these signed, and each entry somebody else.
pub(super) fn signed_by_each<'s>(subjects: &'s [Subject], shares: &[Share<'_>]) -> Coverage<'s> {
    let index = subjects.iter().find(|subject| subject.covers == Covers::Index).map(|subject| &subject.digest);
    let by_each = |digest: &Digest| {
        let entries: Vec<BTreeSet<&str>> = shares.iter().map(|share| share.of(index, digest)).collect();
        each_has_own(&entries)
    };
    Coverage::of(subjects, subjects.iter().map(|subject| &subject.digest).filter(|digest| by_each(digest)))
}

/// Whether each entry can be given one of its names that no other entry is given (a bipartite matching).
pub(super) fn each_has_own(entries: &[BTreeSet<&str>]) -> bool {
    let mut given = BTreeMap::new();
    (0..entries.len()).all(|entry| give(entries, entry, &mut BTreeSet::new(), &mut given))
}

/// Gives an entry a name: a free one, or one whose entry can be given another.
fn give<'a>(
    entries: &[BTreeSet<&'a str>],
    entry: usize,
    tried: &mut BTreeSet<&'a str>,
    given: &mut BTreeMap<&'a str, usize>,
) -> bool {
    for name in &entries[entry] {
        if !tried.insert(name) {
            continue;
        }
        let holder = given.get(name).copied();
        if holder.is_none_or(|holder| give(entries, holder, tried, given)) {
            given.insert(name, entry);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_given_twice() {
        let can = |entries: &[&[&'static str]]| {
            let entries: Vec<BTreeSet<&str>> = entries.iter().map(|names| names.iter().copied().collect()).collect();
            each_has_own(&entries)
        };
        assert!(can(&[]) && can(&[&["a"]]) && can(&[&["a"], &["b"]]));
        assert!(!can(&[&[]]) && !can(&[&["a"], &["a"]]) && !can(&[&["a", "b"], &["a"], &["b"]]));
        assert!(can(&[&["a", "b"], &["a"]]) && can(&[&["a", "b", "c"], &["a", "b"], &["a"]]));
    }
}
