//! The plan: what is done about each approval.

use std::collections::BTreeMap;

use super::failure::{FailedStep, Failure};
use super::key::Key;
use super::state::{Observed, Signing, State, decide, detail};
use crate::image::{Digest, Location, Platform, RepositoryName, Tag};
use crate::manifest::{Approval, Image, Manifest};

/// One approval and what is done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The image's source as written in the manifest.
    pub source_text: String,
    /// Where the bytes come from.
    pub source: Location,
    /// The mirror's name in the organization.
    pub repository: RepositoryName,
    pub tag: Tag,
    pub digest: Digest,
    /// What the manifest records for the tag.
    pub mirrored: Option<Digest>,
    /// The kept platforms; `None` is the whole index.
    pub platforms: Option<Vec<Platform>>,
    /// The result of `digest` and `platforms`: what the mirror's tag will resolve to. `None` for a subset of an index
    /// that could not be read, which is never copied.
    pub expected: Option<Digest>,
    /// What the mirror's tag resolves to now: it is only moved off this.
    pub mirror_now: Option<Digest>,
    /// Who signed it, if the image requires that and it was checked in this run.
    pub signed_by: Option<String>,
    pub state: State,
    /// [`Self::state`] in words.
    pub detail: String,
}

impl Step {
    #[must_use]
    pub fn key(&self) -> Key {
        Key { repository: self.repository.clone(), tag: self.tag.clone() }
    }

    /// The failure that its state alone implies, if any.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        FailedStep::of(self.state).map(|step| self.failed(step, self.detail.clone()))
    }

    /// The failure of this approval at `step`.
    #[must_use]
    pub fn failed(&self, step: FailedStep, error: String) -> Failure {
        Failure {
            source: self.source_text.clone(),
            repository: self.repository.clone(),
            tag: Some(self.tag.clone()),
            step,
            error,
        }
    }
}

/// The plan: one step for every observed approval, in the manifest's order. One that could not be observed has no step;
/// the observer reports it as failed.
pub(crate) fn plan(manifest: &Manifest, observed: &BTreeMap<Key, Observed>) -> Vec<Step> {
    manifest
        .approvals()
        .filter_map(|(image, approval)| Some(step(image, approval, observed.get(&Key::of(image, approval))?)))
        .collect()
}

fn step(image: &Image, approval: &Approval, observed: &Observed) -> Step {
    let state = decide(image, approval, observed).state;
    Step {
        source_text: image.source_text.clone(),
        source: image.source.clone(),
        repository: image.repository.clone(),
        tag: approval.tag.clone(),
        digest: approval.digest.clone(),
        mirrored: approval.mirrored.clone(),
        platforms: image.platforms.clone(),
        expected: observed.expected.clone(),
        mirror_now: observed.mirror.clone(),
        signed_by: match &observed.signing {
            Some(Signing::Verified(by)) => by.clone(),
            _ => None,
        },
        state,
        detail: detail(image, approval, observed, state),
    }
}
