//! What is wrong with a manifest, or with a change of it.

use schemars::JsonSchema;
use serde::Serialize;

use super::notices::{Unmatched, Unread};
use super::plan::{LookedAt, Promotion};
use super::shared::{Failed, Finding};
use crate::diag::Diagnostic;

/// What `check` found in a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Check {
    /// Faults of the manifest; the verdict is then exit status 2.
    pub diagnostics: Vec<Diagnostic>,
    /// Findings; the verdict is then exit status 1.
    pub findings: Vec<Finding>,
    /// Images whose rule picks nothing and has no approval to follow, of those that are new or changed.
    pub unmatched: Vec<Unmatched>,
    /// Approvals that their image's rule does not read, of images that are new or changed.
    pub unread: Vec<Unread>,
    /// What a merge would let promotion do.
    pub promotions: Vec<Promotion>,
    /// What was found out about the approvals that come in.
    pub images: Vec<LookedAt>,
    /// What could not be looked at.
    pub failed: Vec<Failed>,
    /// How many images were looked at; for people.
    #[serde(skip)]
    pub looked_at: usize,
}

impl Check {
    /// Whether nothing was found, nothing is to be warned of, and everything could be looked at.
    pub(crate) fn is_clean(&self) -> bool {
        let told = self.unmatched.is_empty() && self.unread.is_empty();
        told && self.diagnostics.is_empty() && self.findings.is_empty() && self.failed.is_empty()
    }
}

/// How many approvals come in, in words.
pub(crate) fn incoming(count: usize) -> String {
    match count {
        0 => "no approval comes in".to_owned(),
        1 => "1 approval comes in".to_owned(),
        count => format!("{count} approvals come in"),
    }
}

/// The faults of an unusable manifest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub(crate) struct Diagnostics {
    /// The first hundred of them, in the order of file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more there are.
    #[serde(rename = "omitted-diagnostics")]
    pub omitted: usize,
}
