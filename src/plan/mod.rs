//! The promotion plan: from what the manifest wants and what registries answer to what is to be done. Pure; a dry run
//! prints the very value that a real run applies.

mod description;
pub mod destination;
pub mod drift;
mod expected;
mod failure;
mod key;
mod pending;
pub mod removal;
mod repository;
pub mod reviews;
mod scope;
mod state;
mod step;

pub use description::short_description;
pub use expected::{from_mirror, from_upstream};
pub use failure::{FailedStep, Failure};
pub use key::Key;
pub use pending::{is_pending, vouching};
pub use repository::{Consent, RepositoryStep, repositories, unseen};
pub use scope::{Scope, is_called};
pub use state::{Fact, Observed, Review, State, decide, is_revoked, lost};
pub use step::{Step, plan};

#[cfg(test)]
mod tests;
