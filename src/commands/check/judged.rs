//! What was found about a pull request, and the verdict on it.

use std::collections::BTreeSet;

use super::rules::Told;
use crate::forge::StatusState;
use crate::manifest::{Image, Manifest};
use crate::plan::Scope;
use crate::proposal::guard::Change;
use crate::proposal::review::Finding;
use crate::report::rows::{self, incoming};
use crate::text::counted;

pub(super) struct Judged {
    pub(super) manifest: Manifest,
    /// What a person is accountable for.
    pub(super) findings: Vec<Finding>,
    /// What is worth knowing.
    pub(super) notices: Vec<Finding>,
    /// What to say about rules.
    pub(super) told: Vec<Told>,
    /// What promotion would do about the new approvals.
    pub(super) promotions: Vec<rows::Promotion>,
    pub(super) failed: Vec<rows::Failed>,
    pub(super) report: String,
    /// What was found out about the approvals that come in.
    pub(super) evidence: Vec<rows::LookedAt>,
    /// What changes about guards.
    pub(super) guards: Vec<Change>,
    /// How many images were checked.
    pub(super) images: usize,
}

impl Judged {
    /// The part of it about these images; findings that concern no image stay.
    pub(super) fn within(mut self, scope: &Scope) -> Self {
        let images = self.manifest.images.iter().enumerate().filter(|(at, _)| scope.contains(*at));
        let images: Vec<(usize, &Image)> = images.collect();
        self.images = images.len();
        let repositories: BTreeSet<_> = images.into_iter().map(|(_, image)| image.repository.clone()).collect();
        self.findings.retain(|f| f.repository.as_ref().is_none_or(|r| repositories.contains(r)));
        self.notices.retain(|f| f.repository.as_ref().is_none_or(|r| repositories.contains(r)));
        self.guards.retain(|change| change.image().is_none_or(|image| scope.contains(image)));
        self.told.retain(|told| scope.contains(told.image));
        self.promotions.retain(|p| repositories.contains(&p.repository));
        self.evidence.retain(|e| repositories.contains(&e.repository));
        self.failed.retain(|f| f.repository.as_ref().is_none_or(|r| repositories.contains(r)));
        self
    }

    pub(super) fn verdict(&self) -> (StatusState, String) {
        let mut codes: Vec<&str> = self.findings.iter().map(|f| f.code).collect();
        codes.sort_unstable();
        codes.dedup();
        match (self.findings.len(), self.failed.len()) {
            (0, 0) => (StatusState::Success, format!("nothing wrong; {}", incoming(self.promotions.len()))),
            (0, failed) => (StatusState::Error, format!("{} could not be checked", counted(failed, "thing"))),
            (findings, _) => (StatusState::Failure, format!("{}: {}", counted(findings, "finding"), codes.join(", "))),
        }
    }
}
