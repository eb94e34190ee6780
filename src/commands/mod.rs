//! One short function a command. A command observes, plans, applies and reports; what it decides, pure rooms decide.
//!
//! A new command is a file here, an entry of [`crate::args::Command`] and a line in [`dispatch()`].

pub mod apply_policy;
pub mod approve;
pub mod audit;
pub mod check;
pub mod comment;
pub mod completions;
mod context;
mod dispatch;
pub mod doctor;
pub mod explain;
mod guard;
pub mod load;
pub mod plan;
mod planned;
pub mod promote;
pub mod propose;
mod publish;
mod reader;
pub mod run;
pub mod schema;
pub mod sign_in;
mod unreviewed;
pub mod verify_access;

pub use crate::exit::{Exit, Stop};
pub use context::Context;
pub use dispatch::dispatch;
pub(crate) use guard::{guard, read_event};
