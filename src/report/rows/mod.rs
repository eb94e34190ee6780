//! What commands pass on to be shown, row by row, and what other programs read. Keys are only ever added.

mod check;
mod notices;
mod outcome;
mod plan;
mod shared;

pub use check::Check;
pub(crate) use check::{Diagnostics, incoming};
pub use notices::{Beside, Notices, Unmatched, Unread};
pub(crate) use outcome::{Carried, LeftBehind};
pub use outcome::{Outcome, Promoted, Proposed, ProposedAction};
pub use plan::{LookedAt, Matrix, Plan, PlannedImage, PlannedProposal, PlannedRepository, Promotion, RepositoryAction};
pub use shared::{Alias, Failed, Finding, Removal, Waiting};
