//! Performs what was decided: commits, proposals, repositories, copies, records. The only room that writes.

pub mod copy;
pub mod dashboard;
mod files;
pub mod interruption;
pub mod ledger;
pub mod promote;
pub mod propose;
pub mod record;
mod removal;
pub mod repository;
