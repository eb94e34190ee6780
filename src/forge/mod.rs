//! Forges: where the manifest is kept, proposals are made and records are committed. Two implementations, [`github`]
//! and [`git`]; both pass the contract suite in `tests/it/forge_contract.rs`. What only a forge with accounts has is
//! behind [`Accounts`]. Callers take the smallest trait that suffices.

pub mod git;
pub mod github;

mod activity;
mod authorship;
mod branches;
mod commit;
mod contents;
mod conversation;
mod error;
mod issues;
mod proposals;
mod reviews;
mod statuses;

pub use activity::{Activity, Actor, MovementKind, Told};
pub(crate) use activity::{Movement, WHOLE};
pub(crate) use authorship::{Authored, Authorship, Source};
pub(crate) use branches::with_rules;
pub use branches::{Account, Branches, FileChange, Message, NewCommit, Written};
pub use commit::Commit;
pub use contents::{Contents, Merge, MergedHead, Version};
pub(crate) use contents::{Head, Line};
pub use conversation::Conversation;
pub use error::Error;
pub(crate) use issues::{Issues, OwnIssue};
pub(crate) use proposals::{Declined, ELSEWHERE, Opened, TOUCHED};
pub use proposals::{OpenProposal, Proposals};
pub(crate) use reviews::{MergedPull, Reviewed};
pub use reviews::{Review, Reviews, Verdict};
pub(crate) use statuses::Brought;
pub(crate) use statuses::JOB_LOGIN;
pub use statuses::{StatusState, Statuses};

pub trait Forge: Contents + Branches + Proposals {
    /// What only a forge with accounts has; `None` for others.
    fn accounts(&self) -> Option<&dyn Accounts> {
        None
    }
}

/// A forge with accounts. Only GitHub has them.
pub trait Accounts: Reviews + Activity + Conversation + Statuses + Issues {}
