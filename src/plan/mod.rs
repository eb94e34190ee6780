//! The promotion plan: from what the manifest wants and the registries return to what is to be done. Pure; a dry run
//! prints the very value that a real run applies.

pub(crate) mod aliases;
pub(crate) mod binding;
pub(crate) mod companions;
mod description;
pub mod destination;
pub(crate) mod drift;
mod expected;
mod failure;
mod key;
pub(crate) mod ownership;
mod pending;
pub(crate) mod records;
pub mod removal;
mod repository;
pub(crate) mod reviews;
mod scope;
mod state;
mod step;
pub(crate) mod usage;

pub(crate) use description::short_description;
pub(crate) use expected::{from_mirror, from_upstream};
pub use failure::FailedStep;
pub(crate) use failure::Failure;
pub(crate) use key::Key;
pub(crate) use pending::{is_pending, vouching};
pub use repository::RepositoryStep;
pub(crate) use repository::{Consent, SeenRepositories, disowned, repositories, unseen};
pub(crate) use scope::{Scope, is_called};
pub use state::State;
pub(crate) use state::{Fact, Observed, Review, Signing, decide, is_revoked, lost};
pub(crate) use step::{Step, plan};

#[cfg(test)]
mod tests;
