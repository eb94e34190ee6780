//! Which parts of a ledger count after somebody else wrote on its branch.

use std::collections::BTreeSet;

use super::{Broken, Key, Ledger, Tags};

/// The parts of a ledger that count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Trusted {
    pub ledger: Ledger,
    /// How many tags somebody else changed, added or removed: their clocks start again.
    pub touched: usize,
    /// Why nothing in the text counts.
    pub broken: Option<Broken>,
}

/// Compares the text at the branch's tip with the newest by this program (the same, if nobody else wrote since; `None`:
/// no text), as seen by the manifest at `path`. For a tag only what both say, entry by entry, counts. A broken text
/// says nothing.
pub(crate) fn trusted(path: &str, own: Option<&str>, tip: Option<&str>) -> Trusted {
    let seen = |ledger: Ledger| ledger.seen_from(path);
    let read = |text: Option<&str>| text.map_or_else(|| Ok(Ledger::default()), Ledger::read).map(seen);
    let (own, tip) = (read(own), read(tip));
    let broken = tip.as_ref().err().or(own.as_ref().err()).cloned();
    let (own, tip) = (own.unwrap_or_else(|_| seen(Ledger::default())), tip.unwrap_or_else(|_| seen(Ledger::default())));
    let mut ledger = own;
    // Other manifests' rows too: their runs will take what this run writes for our own.
    let paths: BTreeSet<String> = ledger.others.keys().chain(tip.others.keys()).cloned().collect();
    let mut all = touched(&ledger.tags, &tip.tags);
    ledger.tags.retain(|key, entries| tip.tags.get(key) == Some(entries));
    for path in paths {
        let (own, theirs) = (ledger.others.entry(path.clone()).or_default(), tip.others.get(&path));
        let theirs = theirs.cloned().unwrap_or_default();
        all += touched(own, &theirs);
        own.retain(|key, entries| theirs.get(key) == Some(entries));
    }
    ledger.others.retain(|_, tags| !tags.is_empty());
    Trusted { ledger, touched: all, broken }
}

fn touched(own: &Tags, tip: &Tags) -> usize {
    let keys: BTreeSet<&Key> = own.keys().chain(tip.keys()).collect();
    keys.into_iter().filter(|key| own.get(key) != tip.get(key)).count()
}
