//! What of a ledger counts after somebody else wrote on its branch.

use std::collections::BTreeSet;

use super::{Broken, Key, Ledger};

/// What of a ledger counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Trusted {
    pub ledger: Ledger,
    /// How many tags somebody else changed, added or took away: their clocks begin anew.
    pub touched: usize,
    /// Why the text counts for nothing at all.
    pub broken: Option<Broken>,
}

/// Judges the text at the branch's tip against the newest that this program wrote there (the same, where nobody else wrote
/// since; `None`: no text). Only what both say of a tag, entry by entry, counts. A text that is broken says nothing.
pub(crate) fn trusted(own: Option<&str>, tip: Option<&str>) -> Trusted {
    let read = |text: Option<&str>| text.map_or_else(|| Ok(Ledger::default()), Ledger::read);
    let (own, tip) = (read(own), read(tip));
    let broken = tip.as_ref().err().or(own.as_ref().err()).cloned();
    let (own, tip) = (own.unwrap_or_default(), tip.unwrap_or_default());
    let keys: BTreeSet<&Key> = own.tags.keys().chain(tip.tags.keys()).collect();
    let touched = keys.into_iter().filter(|key| own.tags.get(key) != tip.tags.get(key)).count();
    let mut ledger = own;
    ledger.tags.retain(|key, entries| tip.tags.get(key) == Some(entries));
    Trusted { ledger, touched, broken }
}
