//! How approvals came to the default branch, and who approved them there.
//!
//! Asked only about what is still to be promoted, and of all of it together. What brought an approval is the newest state of
//! the default branch's own line that holds it while the state before does not: neither a branch that was merged nor what a
//! commit says of itself decides, so no listing of a file's commits and no blame of its lines would do. Both follow branches
//! that were merged, and what was taken out and merged back by hand looks there as if it had never been away.

mod holdings;
mod judge;
mod opinions;
mod pending;
mod trace;
mod writers;

pub(crate) use judge::{Judged, ReviewReader, read_reviews, untold};
pub(super) use opinions::approver;
