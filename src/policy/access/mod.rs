//! What a member of the organization should and should not be able to pull, and whether that is so.
//!
//! Two things can tell: how a registry responds to a member's token, which does not show what Docker Desktop enforces,
//! and the results of pulls in a signed-in Docker Desktop ([`script`] makes them, [`results`] reads them).

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::image::{Digest, Location, Repository, Tag};
use crate::manifest::{ImageAccess, Manifest, Policy};
use crate::plan::Scope;
use crate::policy::{Category, Gate, Standing};

mod answers;
pub(crate) mod results;
pub(crate) mod script;
mod verdict;

pub(crate) use answers::{Answer, judge_mirror, judge_upstream};
pub(crate) use verdict::judge_pulls;

/// How many sources of each registry are asked by default.
pub(crate) const SAMPLE: usize = 5;

/// The expected result of a pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// It works.
    Pulled,
    /// Image Access Management refuses the image.
    ImageRefused,
    /// Registry Access Management refuses the registry.
    RegistryRefused,
    /// The manifest's policy does not say.
    Unknown,
}

/// An image that a member may try to pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub repository: Repository,
    /// Its tag, for people.
    pub tag: Option<Tag>,
    /// Its digest; `None` if somebody named only a tag.
    pub digest: Option<Digest>,
    /// The expected result of pulling it.
    pub expected: Expected,
    /// Why that is expected.
    pub why: String,
}

impl Subject {
    /// The argument of `docker pull`: by digest if there is one, so that no tag on the machine moves.
    pub(crate) fn pull(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => format!("{}@{digest}", self.repository),
            (None, Some(tag)) => format!("{}:{tag}", self.repository),
            (None, None) => format!("{}:latest", self.repository),
        }
    }

    /// What people call it.
    pub(crate) fn name(&self) -> String {
        match &self.tag {
            Some(tag) => format!("{}:{tag}", self.repository),
            None => self.pull(),
        }
    }
}

/// The result for one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Row {
    /// The image, with its tag.
    pub image: String,
    /// The requested or recorded digest; null if only a tag was named.
    pub digest: Option<Digest>,
    /// The expected result of pulling it.
    pub expected: Expected,
    /// Why that is expected.
    pub why: String,
    /// What was found.
    pub state: State,
    /// Whether that is as it should be, or at least nothing to act on.
    pub ok: bool,
    /// What was found in words, and what to do about it; empty if there is nothing to say.
    pub detail: String,
}

/// What was found for one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The member can pull it.
    Allowed,
    /// The member is refused.
    Refused,
    /// There is no such image.
    Missing,
    /// The mirror's tag does not resolve to the recorded digest.
    Differs,
    /// It should be refused, but only Docker Desktop would refuse it.
    NotEnforcedHere,
    /// It could not be checked.
    Failed,
    /// The result is inconclusive.
    Unclear,
    /// There is no result.
    NotRun,
}

impl Row {
    fn new(subject: &Subject, state: State, ok: bool, detail: impl Into<String>) -> Self {
        Self {
            image: subject.name(),
            digest: subject.digest.clone(),
            expected: subject.expected,
            why: subject.why.clone(),
            state,
            ok,
            detail: detail.into(),
        }
    }
}

/// Every promoted approval in scope: what members should be able to pull, with the recorded digest.
pub(crate) fn mirrors(manifest: &Manifest, scope: &Scope) -> Vec<Subject> {
    collect(manifest, scope, false)
}

/// The newest promoted approval of every image in scope.
pub(crate) fn newest_mirrors(manifest: &Manifest, scope: &Scope) -> Vec<Subject> {
    collect(manifest, scope, true)
}

fn collect(manifest: &Manifest, scope: &Scope, newest: bool) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (_, image) in manifest.images.iter().enumerate().filter(|(index, _)| scope.contains(*index)) {
        let Ok(Location::Remote(repository)) = manifest.mirror(&image.repository) else { continue };
        let mut promoted = image.approved.iter().filter_map(|approval| Some((approval, approval.mirrored.clone()?)));
        let mirror = |(approval, mirrored): (&crate::manifest::Approval, Digest)| Subject {
            repository: repository.clone(),
            tag: Some(approval.tag.clone()),
            digest: Some(mirrored),
            expected: Expected::Pulled,
            why: format!("approved copy of {}", image.source_text),
        };
        if newest {
            subjects.extend(promoted.next_back().map(mirror));
        } else {
            subjects.extend(promoted.map(mirror));
        }
    }
    let mut seen = BTreeSet::new();
    subjects.retain(|subject: &Subject| seen.insert((subject.name(), subject.pull())));
    subjects
}

/// The upstreams that are asked: the first `count` sources on each registry in scope that are not mirrors themselves,
/// in the manifest's order, each with its newest approval.
pub(crate) fn sample(manifest: &Manifest, scope: &Scope, count: usize) -> Vec<Subject> {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut subjects = Vec::new();
    for (_, image) in manifest.images.iter().enumerate().filter(|(index, _)| scope.contains(*index)) {
        let Location::Remote(repository) = &image.source else { continue };
        let Some(approval) = image.approved.last() else { continue };
        let of_registry = taken.entry(repository.registry.to_string()).or_default();
        if *of_registry >= count || is_own(manifest, repository) || !seen.insert(repository.clone()) {
            continue;
        }
        *of_registry += 1;
        let standing = Standing::of_name(&image.source, &manifest.organization).unwrap_or_default();
        let (expected, why) = expected(&manifest.policy, repository, &standing);
        let (tag, digest) = (Some(approval.tag.clone()), Some(approval.digest.clone()));
        subjects.push(Subject { repository: repository.clone(), tag, digest, expected, why });
    }
    subjects
}

/// An image that must be refused: by Image Access Management if it is on Docker Hub, otherwise by Registry Access
/// Management.
pub(crate) fn must_be_refused(text: &str) -> Result<Subject, String> {
    let bad = |e: &dyn std::fmt::Display| format!("`{}` is not an image: {e}", crate::text::clean(text));
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest.parse().map_err(|e| bad(&e))?)),
        None => (text, None),
    };
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag.parse().map_err(|e| bad(&e))?)),
        _ => (rest, None),
    };
    let repository: Repository = name.parse().map_err(|e| bad(&e))?;
    let expected = if repository.registry.is_docker_hub() { Expected::ImageRefused } else { Expected::RegistryRefused };
    Ok(Subject { repository, tag, digest, expected, why: "listed as one that must be refused".to_owned() })
}

/// Whether a repository is one of the organization's own.
pub(crate) fn is_own(manifest: &Manifest, repository: &Repository) -> bool {
    let below = repository.name.as_str().strip_prefix(manifest.organization.as_str());
    let same =
        matches!(&manifest.registry, crate::manifest::Destination::Registry(host) if *host == repository.registry);
    same && below.is_some_and(|rest| rest.starts_with('/'))
}

/// What the policy says about a member's pull from this repository, and why. `standing` is what is known about it.
pub(crate) fn expected(policy: &Policy, repository: &Repository, standing: &Standing) -> (Expected, String) {
    let registry = &repository.registry;
    let on_hub = registry.is_docker_hub();
    let to_hub = policy.registry_access.as_ref().filter(|access| access.enabled == Some(true));
    if on_hub && to_hub.is_some_and(|access| access.docker_hub == Some(false)) {
        return (Expected::RegistryRefused, "policy.registry-access does not allow docker.io".to_owned());
    }
    match (standing.gate(&Location::Remote(repository.clone()), policy), on_hub) {
        (Gate::Allowlisted, _) => (Expected::Pulled, "policy.image-access.allowlist contains it".to_owned()),
        (Gate::Off, true) => (Expected::Pulled, "policy.image-access is off".to_owned()),
        (Gate::Off, false) => (Expected::Pulled, "policy.registry-access is off".to_owned()),
        (Gate::Allowed, false) => (Expected::Pulled, format!("policy.registry-access allows {registry}")),
        (Gate::Restricted, false) => {
            (Expected::RegistryRefused, format!("policy.registry-access does not allow {registry}"))
        }
        (Gate::Unsaid, false) => (Expected::Unknown, "policy.registry-access does not say".to_owned()),
        (Gate::Allowed, true) => (Expected::Pulled, format!("policy.image-access allows it: {}", kind(standing))),
        (Gate::Restricted, true) => {
            (Expected::ImageRefused, format!("policy.image-access restricts it: {}", kind(standing)))
        }
        (Gate::Unsaid, true) => unsaid(policy.image_access.as_ref(), standing),
    }
}

/// The category in words.
fn kind(standing: &Standing) -> &'static str {
    match standing {
        Standing::Category(category, _) => category.words(),
        _ => "its category is unknown",
    }
}

/// If the policy does not decide: what Docker's defaults and the other categories say.
fn unsaid(access: Option<&ImageAccess>, standing: &Standing) -> (Expected, String) {
    let on = access.filter(|access| access.enabled == Some(true));
    match (standing, on) {
        (Standing::Category(Category::Organization, _), _) => {
            (Expected::Pulled, "the organization's own images are always allowed".to_owned())
        }
        _ if access.is_some_and(|access| access.enabled == Some(false)) => {
            (Expected::Pulled, "policy.image-access is off".to_owned())
        }
        (Standing::Category(Category::Community | Category::Sponsored, _), Some(access))
            if access.community.is_none() =>
        {
            let why = format!("{}; these are refused unless an owner opens the category", kind(standing));
            (Expected::ImageRefused, why)
        }
        // Whatever it is, it is not an official image: those are recognized by name.
        (Standing::Unknown(_) | Standing::NotAsked, Some(access)) => {
            let why = match standing {
                Standing::Unknown(why) => why.as_str(),
                _ => "this run did not ask Docker Hub",
            };
            match (access.verified_publisher, access.community.unwrap_or(false)) {
                (Some(false), false) => (
                    Expected::ImageRefused,
                    "policy.image-access restricts community and verified-publisher images".to_owned(),
                ),
                (Some(true), true) => {
                    (Expected::Pulled, "policy.image-access allows community and verified-publisher images".to_owned())
                }
                _ => (Expected::Unknown, format!("refused if it is a community image, which is unknown: {why}")),
            }
        }
        (_, Some(_)) => (Expected::Unknown, format!("policy.image-access does not say: {}", kind(standing))),
        _ => (Expected::Unknown, "policy.image-access does not say".to_owned()),
    }
}

/// Whether the expected result depends on the image's category, which its name does not show.
pub(crate) fn asks_category(policy: &Policy, organization: &str, subject: &Subject) -> bool {
    let nameless = Standing::of_name(&Location::Remote(subject.repository.clone()), organization).is_none();
    let on = policy.image_access.as_ref().is_some_and(|access| access.enabled == Some(true));
    nameless && on && subject.expected == Expected::Unknown
}

#[cfg(test)]
mod tests;
