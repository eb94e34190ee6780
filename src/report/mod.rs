//! Rendering: everything that people or other programs read, written into a sink. Pure except for the writer.
//!
//! Commands pass [`rows`] to an [`Output`]; what they look like on a terminal ([`human`]), as JSON ([`json`]), in the
//! job summary ([`summary`]) and as annotations ([`annotations`]) is decided only here.

pub(crate) mod access;
pub(crate) mod annotations;
pub(crate) mod approval;
pub(crate) mod approved;
pub(crate) mod audit;
pub(crate) mod catalog;
pub(crate) mod comparison;
pub mod diagnostics;
pub(crate) mod doctor;
pub(crate) mod evidence;
pub(crate) mod explain;
pub mod facts;
mod filed;
mod human;
pub(crate) mod import;
pub(crate) mod init;
mod inside;
pub mod json;
mod markdown;
mod output;
mod page;
mod redacting;
mod results;
pub mod rows;
mod run;
mod sarif;
pub(crate) mod scan;
mod sections;
pub(crate) mod settings;
pub(crate) mod sign_in;
mod style;
pub(crate) mod summary;
mod table;
mod terminal;
pub(crate) mod usage;
pub(crate) mod workflow_command;

pub(crate) use filed::Filed;
pub use output::{Ending, Output};
pub(crate) use page::Look;
pub use style::{Runner, Sinks, Style};

/// `--format`: how results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    #[default]
    Human,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0, for code scanning: what an audit or a scan found.
    Sarif,
    /// Markdown, for other people's pull requests: what differs between two images.
    Markdown,
}
