//! One short function per command. A command observes, plans, applies and reports; decisions are made in pure modules.
//!
//! A new command is a file here, an entry in [`crate::args::Command`] and a line in [`dispatch()`].

pub(crate) mod apply_policy;
pub(crate) mod approve;
pub(crate) mod audit;
mod catalog;
pub(crate) mod check;
pub(crate) mod comment;
pub(crate) mod completions;
mod context;
mod diff;
mod dispatch;
pub(crate) mod doctor;
mod edits;
mod elsewhere;
pub(crate) mod evidence;
pub(crate) mod explain;
mod guard;
mod head;
mod import;
mod init;
pub(crate) mod known;
mod load;
mod named;
pub(crate) mod plan;
mod planned;
pub mod promote;
mod promoted;
pub(crate) mod propose;
mod publish;
mod reader;
pub(crate) mod run;
pub(crate) mod scan;
pub(crate) mod schema;
mod siblings;
pub(crate) mod sign_in;
mod unreviewed;
mod usage;
pub(crate) mod verify_access;

use crate::report::{Format, Output};

pub use crate::exit::Exit;
pub(crate) use crate::exit::Stop;
pub use context::Context;
use context::osv;
pub(crate) use dispatch::dispatch;
pub(crate) use guard::{guard, read_event};

/// Sends the document into the file that `--output` names.
fn into_file(context: &Context, path: Option<&str>, output: &mut Output) -> Result<(), Stop> {
    match path {
        Some(_) if context.settings.format == Format::Human => {
            Err(Stop::Unusable("--output needs a format for programs: use --format json or --format sarif".to_owned()))
        }
        Some(path) => {
            output.into_file(path);
            Ok(())
        }
        None => Ok(()),
    }
}

/// How often everything is checked again because a branch moved in the meantime.
const TRIES: usize = 3;
