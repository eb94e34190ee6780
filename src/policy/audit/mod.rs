//! What an audit finds: the manifest compared with the observed organization. `report` shows it; the [`Code`] of a
//! finding says whether it is drift.
//!
//! What could not be observed appears nowhere here: the observer reports it as failed, and nothing is concluded from
//! it.

use std::collections::BTreeSet;

use crate::image::{RepositoryName, Tag};
use crate::manifest::Manifest;
use crate::plan::Key;

mod aliases;
mod code;
pub(crate) mod dashboard;
mod facts;
mod finding;
mod organization;
mod repositories;
mod tags;

pub use code::Code;
pub(crate) use code::Level;
pub(crate) use facts::{Counted, ForeignCompanion, Mirror, OrganizationFacts, Tagged, Unseen};
pub(crate) use finding::Finding;
pub(crate) use tags::explains;

/// All findings: those about the organization first, then mirror by mirror.
pub(crate) fn judge(manifest: &Manifest, facts: &OrganizationFacts) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        facts.settings.iter().filter_map(|row| organization::setting(manifest, row)).collect();
    findings.extend(organization::allowlisted(manifest));
    findings.extend(repositories::judge(manifest, facts));
    findings.extend(tags::judge(manifest, facts));
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    findings
}

/// The tags that nothing in the manifest explains: its history has to be checked for them.
pub(crate) fn unexplained(manifest: &Manifest, facts: &OrganizationFacts) -> BTreeSet<Key> {
    let findings = tags::judge(manifest, facts).into_iter().filter(|finding| finding.code == Code::UnapprovedTag);
    findings.filter_map(|finding| Some(Key { repository: finding.repository?, tag: finding.tag? })).collect()
}

fn order(finding: &Finding) -> (Option<&RepositoryName>, Option<&Tag>, Code, Option<&str>) {
    (finding.repository.as_ref(), finding.tag.as_ref(), finding.code, finding.subject.as_deref())
}

#[cfg(test)]
mod tests;
