//! What is wrong with a manifest, or with a change to it.

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
    /// New or changed images whose rule picks nothing and has no approval to follow.
    pub unmatched: Vec<Unmatched>,
    /// Approvals of new or changed images that their image's rule does not read.
    pub unread: Vec<Unread>,
    /// What promotion would do after a merge.
    pub promotions: Vec<Promotion>,
    /// What was found out about the approvals that come in.
    pub images: Vec<LookedAt>,
    /// What could not be checked.
    pub failed: Vec<Failed>,
    /// How many images were checked; for people.
    #[serde(skip)]
    pub looked_at: usize,
}

impl Check {
    /// Whether nothing was found, there is nothing to warn about, and everything could be checked.
    pub(crate) fn is_clean(&self) -> bool {
        let told = self.unmatched.is_empty() && self.unread.is_empty();
        told && self.diagnostics.is_empty() && self.findings.is_empty() && self.failed.is_empty()
    }
}

/// How many approvals are new, in words.
pub(crate) fn incoming(count: usize) -> String {
    match count {
        0 => "no new approvals".to_owned(),
        1 => "1 new approval".to_owned(),
        count => format!("{count} new approvals"),
    }
}

/// The faults of an unusable manifest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub(crate) struct Diagnostics {
    /// The first hundred of them, ordered by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more there are.
    #[serde(rename = "omitted-diagnostics")]
    pub omitted: usize,
}
