//! What `init` wrote, what it left, and what a person still has to set.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::page::Page;
use super::terminal::{hanging, list, wrapped};
use crate::init::Step;
use crate::text::clean;

/// A first setup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Init {
    /// The files that were written.
    pub(crate) written: Vec<String>,
    /// The files that were not, because something is there.
    pub(crate) left: Vec<LeftFile>,
    /// What is still to set, in this order.
    pub(crate) steps: Vec<Step>,
    /// How `check` and `doctor` ended.
    pub(crate) ran: Vec<Ran>,
}

/// A file that was not written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct LeftFile {
    pub(crate) file: String,
    /// What is there.
    pub(crate) why: String,
    /// Lines to add by hand.
    pub(crate) add: Vec<String>,
}

/// A command that was run at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Ran {
    pub(crate) command: String,
    /// Its exit status.
    pub(crate) status: u8,
    /// Why it could not work; null if it could.
    pub(crate) error: Option<String>,
}

pub(super) fn human(out: &mut Page, init: &Init) -> io::Result<()> {
    list(out, "Written", &init.written)?;
    if !init.left.is_empty() {
        out.heading("Left as it is")?;
        for left in &init.left {
            wrapped(out, "  ", &clean(&format!("{}: {}", left.file, left.why)))?;
            verbatim(out, &left.add)?;
        }
        writeln!(out)?;
    }
    if init.steps.is_empty() {
        return Ok(());
    }
    out.heading("Still to set")?;
    for (index, step) in init.steps.iter().enumerate() {
        hanging(out, "  ", "   ", &clean(&format!("{}. {}", index + 1, step.what)))?;
        verbatim(out, step.page.as_slice())?;
        verbatim(out, &step.commands)?;
    }
    writeln!(out)
}

/// Lines to copy: never wrapped.
fn verbatim(out: &mut Page, lines: &[String]) -> io::Result<()> {
    lines.iter().try_for_each(|line| writeln!(out, "       {}", clean(line)))
}

/// Which of the commands at the end could not work.
pub(super) fn ran(out: &mut Page, ran: &[Ran]) -> io::Result<()> {
    let failed = ran.iter().filter_map(|ran| Some((&ran.command, ran.error.as_ref()?)));
    failed.into_iter().try_for_each(|(command, error)| wrapped(out, "", &clean(&format!("{command}: {error}"))))
}
