//! What should become of one open proposal, of which a person asks that it hold something.

use super::proposals::{approved_by, existing};
use crate::forge::{Forge, OpenProposal};
use crate::proposal::Wanted;
use crate::proposal::machine::{Action, Circumstances, Difference, Wish, decide};

/// What an approving review of what a proposal holds now means for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reviewed {
    /// It stays as it was approved.
    Stays,
    /// It is moved all the same: who asks looks at it.
    Moves,
}

/// Decides as [`decide`] does. What a person declined earlier, and how many are open, stands in nobody's way who asks. Reviews
/// are read only where they matter.
pub async fn action(forge: &dyn Forge, open: &OpenProposal, wanted: &Wanted, reviewed: Reviewed) -> Action {
    let existing = existing(open);
    let decided = |approved: Option<&str>| {
        let circumstances = Circumstances { declined: false, room: true, approved };
        decide(Wish::Proposal(wanted), Some(&existing), circumstances)
    };
    let unreviewed = decided(None);
    let other_things = unreviewed == Action::Update && existing.difference(wanted) == Difference::Entries;
    match forge.accounts() {
        Some(accounts) if other_things && reviewed == Reviewed::Stays => {
            decided(approved_by(accounts, open).await.as_deref())
        }
        _ => unreviewed,
    }
}
