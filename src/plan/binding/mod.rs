//! What reviews bind: every value of the manifest, not only approvals.
//!
//! The default branch is a line of states, [`judge`] says which values of its head reviews cover, and [`Binding`] is
//! the manifest with the last reviewed values in place of the others. All pure: states and reviews are observed.

mod bound;
mod came;
mod effective;
mod judge;
mod line;
#[cfg(test)]
mod signed;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use bound::{Bound, all_named, named_files};
pub(crate) use came::{Introduction, brought, introductions};
pub(crate) use effective::{Binding, Held, Unreviewed};
pub(crate) use judge::{ForeignRecord, Judgement, judge};
pub(crate) use line::{Base, By, Line, Pull, Pulls, Step};
pub(crate) use state::State;
