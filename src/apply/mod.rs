//! Performs what was decided: commits, proposals, repositories, copies, records. The only module that writes.

pub(crate) mod anew;
pub(crate) mod copy;
pub(crate) mod dashboard;
pub(crate) mod files;
pub(crate) mod interruption;
pub(crate) mod ledger;
pub(crate) mod promote;
pub(crate) mod propose;
pub(crate) mod record;
mod removal;
pub mod repository;
pub(crate) mod rewriting;
