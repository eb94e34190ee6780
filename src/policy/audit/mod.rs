//! What an audit finds: the manifest against what was seen of the organization. `report` shows it; whether a finding is drift
//! its [`Code`] says.
//!
//! What could not be seen is in none of this: the observer reports it as failed, and nothing is concluded from it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::settings::{Area, Comparison, Row};
use crate::diag::{Span, position};
use crate::image::{Digest, Location, RepositoryName, Tag};
use crate::manifest::{Image, Manifest};
use crate::plan::Key;
use crate::plan::drift::Found;

mod code;
pub mod dashboard;
mod repositories;
mod tags;

pub use code::{Code, Level};
pub use tags::{Once, explains};

/// What was seen of the organization.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The mirrors that could be looked at; one that does not exist has no tags.
    pub mirrors: BTreeMap<RepositoryName, Mirror>,
    /// What `digest` and `platforms` give, of approvals of chosen platforms whose tag answers: `None` where the mirror holds
    /// something else.
    pub expected: BTreeMap<Key, Option<Digest>>,
    /// Sources that no longer answer an approved digest.
    pub lost: BTreeSet<(Location, Digest)>,
    /// What the manifest's history approved, of the mirrors where it was asked.
    pub history: BTreeMap<RepositoryName, Once>,
    /// The organization's settings beside the policy.
    pub settings: Vec<Row>,
}

/// How much was seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Counted {
    /// The organization's repositories, as far as the credential may list them; null where they cannot be listed.
    pub repositories: Option<usize>,
    /// The mirrors that could be looked at.
    pub mirrors: usize,
    /// Their tags.
    pub tags: usize,
    /// The manifest's approvals.
    pub approvals: usize,
    /// The sources that were asked for what is approved.
    pub sources: usize,
    /// The organization's repositories that the manifest does not know: its own images, which are no drift.
    #[schemars(with = "Vec<String>")]
    pub unmanaged: Vec<RepositoryName>,
}

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The source as the manifest writes it; `None` where it is about none.
    pub source: Option<String>,
    /// The mirror; `None` where it is about none.
    pub repository: Option<RepositoryName>,
    /// The tag; `None` where it is about none or all.
    pub tag: Option<Tag>,
    /// Why, and how to mend it; holds no secret.
    pub error: String,
}

impl Unseen {
    /// A mirror, or one of its tags.
    #[must_use]
    pub fn of_mirror(name: &RepositoryName, tag: Option<Tag>, error: String) -> Self {
        Self { source: None, repository: Some(name.clone()), tag, error }
    }

    /// A source.
    #[must_use]
    pub const fn of_source(source: String, error: String) -> Self {
        Self { source: Some(source), repository: None, tag: None, error }
    }

    /// The organization as a whole.
    #[must_use]
    pub const fn of_organization(error: String) -> Self {
        Self { source: None, repository: None, tag: None, error }
    }
}

/// One mirror.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mirror {
    /// Every tag.
    pub tags: BTreeMap<Tag, Tagged>,
    /// Whether the tags' children are known: without them it cannot be told whose signature a tag is.
    pub children_known: bool,
    /// What Docker Hub says of its settings; `None` where it is not there, or on a registry that has none.
    pub settings: Option<Found>,
}

/// What a tag answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tagged {
    /// The digest; `None` where it is not known.
    pub digest: Option<Digest>,
    /// The manifests of the index, as far as they are known.
    pub children: Vec<Digest>,
}

/// One thing that is not as the manifest says, or worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its kind.
    pub code: Code,
    /// The mirror's name without the organization; `None` where it is about none.
    pub repository: Option<RepositoryName>,
    /// The tag; `None` where it is about none.
    pub tag: Option<Tag>,
    /// What tells it from others of its kind about the same tag or repository: a team, a setting.
    pub subject: Option<String>,
    /// What should be.
    pub expected: String,
    /// What is.
    pub found: String,
    /// What mends it.
    pub help: &'static str,
    /// Where the manifest says so.
    pub place: Place,
}

/// A place in the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// Everything that is found: what is about the organization first, then mirror by mirror.
#[must_use]
pub fn judge(manifest: &Manifest, seen: &Seen) -> Vec<Finding> {
    let mut findings: Vec<Finding> = seen.settings.iter().filter_map(|row| setting(manifest, row)).collect();
    findings.extend(allowlisted(manifest));
    findings.extend(repositories::judge(manifest, seen));
    findings.extend(tags::judge(manifest, seen));
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    findings
}

/// The tags that nothing in the manifest explains: what its history has to be asked about.
#[must_use]
pub fn unexplained(manifest: &Manifest, seen: &Seen) -> BTreeSet<Key> {
    let findings = tags::judge(manifest, seen).into_iter().filter(|finding| finding.code == Code::UnapprovedTag);
    findings.filter_map(|finding| Some(Key { repository: finding.repository?, tag: finding.tag? })).collect()
}

fn order(finding: &Finding) -> (Option<&RepositoryName>, Option<&Tag>, Code, Option<&str>) {
    (finding.repository.as_ref(), finding.tag.as_ref(), finding.code, finding.subject.as_deref())
}

/// A setting that is not as wanted, or not shown.
fn setting(manifest: &Manifest, row: &Row) -> Option<Finding> {
    let code = match (row.state, row.area) {
        (Comparison::Same | Comparison::Written, _) => return None,
        (Comparison::Unknown, _) => Code::Unknown,
        (Comparison::Different, Area::ImageAccess) => Code::ImageAccess,
        (Comparison::Different, Area::RegistryAccess) => Code::RegistryAccess,
    };
    let found = match row.state {
        Comparison::Unknown => "not shown by Docker Hub's API".to_owned(),
        _ => row.current.clone().unwrap_or_else(|| "not set".to_owned()),
    };
    let wanted = row.wanted.as_deref().unwrap_or("not allowed");
    let subject = format!("{}.{}", row.area.key(), row.setting);
    let expected =
        if code == Code::Unknown { format!("{subject}: {wanted}") } else { format!("{}: {wanted}", row.setting) };
    Some(Finding { subject: Some(subject), ..about_organization(manifest, code, expected, found) })
}

/// The approved sources that the policy's allowlist lets through whole.
fn allowlisted(manifest: &Manifest) -> Vec<Finding> {
    let listed =
        manifest.policy.image_access.as_ref().and_then(|access| access.allowlist.as_deref()).unwrap_or_default();
    let listed: BTreeSet<Location> = listed.iter().filter_map(|name| name.parse().ok()).collect();
    let escaping = manifest.images.iter().filter(|image| !image.approved.is_empty() && listed.contains(&image.source));
    escaping
        .map(|image| {
            let found = format!("every tag of {} is let through by the allowlist", image.source);
            let expected = "only what is approved".to_owned();
            let finding = about(manifest, image, Code::AllowlistedSource, None, expected, found);
            Finding { subject: Some(image.source.to_string()), ..finding }
        })
        .collect()
}

/// A finding about an image's mirror, which the image's entry is answerable for.
pub(super) fn about(
    manifest: &Manifest,
    image: &Image,
    code: Code,
    tag: Option<Tag>,
    expected: String,
    found: String,
) -> Finding {
    let repository = Some(image.repository.clone());
    let (help, place) = (code.mends(), place(manifest, image, image.span));
    Finding { code, repository, tag, subject: None, expected, found, help, place }
}

fn about_organization(manifest: &Manifest, code: Code, expected: String, found: String) -> Finding {
    let file = manifest.files.first().map(|file| file.path.clone()).unwrap_or_default();
    let place = Place { file, line: 1, column: 1 };
    Finding { code, repository: None, tag: None, subject: None, expected, found, help: code.mends(), place }
}

/// Where a span of an image's entry stands.
pub(super) fn place(manifest: &Manifest, image: &Image, span: Span) -> Place {
    let Some(file) = manifest.files.get(image.file) else { return Place { file: String::new(), line: 1, column: 1 } };
    let (line, column) = position(&file.text, span.start);
    Place { file: file.path.clone(), line, column }
}

#[cfg(test)]
mod tests;
