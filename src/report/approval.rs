//! What `approve` shows: the version with its evidence, and what was done about it.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::page::Page;
use super::rows::{LookedAt, Outcome, Plan, PlannedProposal, Proposed};
use super::table::Section;
use super::{human, run, sections};

/// One approval that a person asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Approval {
    /// What is approved, with the evidence, as in a plan.
    pub approval: PlannedProposal,
    /// What was found out about the bytes of each change.
    pub images: Vec<LookedAt>,
    /// The proposal that contains it, if one was to be opened.
    pub proposals: Vec<Proposed>,
    /// The files that were edited, if no proposal was to be opened.
    pub files: Vec<String>,
    /// Whether anything was written.
    pub changed: bool,
}

pub(super) fn done(out: &mut Page, approval: &Approval) -> io::Result<()> {
    human::outcome(out, &Outcome { proposals: approval.proposals.clone(), ..Outcome::default() })?;
    for file in &approval.files {
        writeln!(out, "{} {file}", if approval.changed { "edited" } else { "would edit" })?;
    }
    match (approval.files.is_empty(), approval.changed) {
        (false, true) => {
            writeln!(out, "Review the difference, commit it and open a pull request: merging it approves the version.")
        }
        (false, false) => writeln!(out, "This is a dry run: nothing was written."),
        _ => Ok(()),
    }
}

/// What is approved, as in a plan.
pub(super) fn plan(approval: &Approval) -> Plan {
    Plan { proposals: vec![approval.approval.clone()], ..Plan::default() }
}

pub(super) fn summary(approval: &Approval) -> String {
    let outcome = Outcome { proposals: approval.proposals.clone(), ..Outcome::default() };
    let done: String = sections::outcome(&outcome, None).iter().map(Section::markdown).collect();
    run::markdown(Some(&plan(approval)), None) + &done
}
