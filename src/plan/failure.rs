//! What failed and where.

use schemars::JsonSchema;
use serde::Serialize;

use super::state::State;
use crate::image::{RepositoryName, Tag};
use crate::manifest::Image;

/// One approval that was not promoted, and where it stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The image's source as written in the manifest.
    pub source: String,
    /// The mirror's name in the organization.
    pub repository: RepositoryName,
    /// The tag; `None` if the failure is about the whole repository.
    pub tag: Option<Tag>,
    pub step: FailedStep,
    /// What happened, for people; holds no secret.
    pub error: String,
}

impl Failure {
    pub(crate) fn of(image: &Image, tag: Option<&Tag>, step: FailedStep, error: String) -> Self {
        Self { source: image.source_text.clone(), repository: image.repository.clone(), tag: tag.cloned(), step, error }
    }
}

/// Where something failed, or the state that keeps it from being promoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailedStep {
    /// Resolving a tag.
    Resolve,
    /// Reading upstream.
    Read,
    /// Creating the repository or setting it up.
    Create,
    /// Copying a blob.
    Blob,
    /// Pushing a manifest.
    Manifest,
    /// Setting the tag.
    Tag,
    /// Reading back.
    Verify,
    /// Recording the digest.
    Record,
    /// Opening, moving or closing a proposal.
    Propose,
    /// Upstream no longer has the digest.
    SourceLost,
    /// The mirror's tag resolves to something that promotion did not put there.
    MirrorDiffers,
    /// Fewer people approved it than the policy requires.
    Unreviewed,
    /// It is not verified to be signed as the image asks.
    Unsigned,
    /// The repository exists and is not ours, or no record shows that the tag is: it is left alone.
    NotOurs,
    /// A manifest or index is one that two readers could understand differently.
    Refused,
    /// It is unknown what the mirror's tag should resolve to.
    Unknown,
    /// The manifest revokes it, but it could not be deleted.
    Revoked,
}

impl FailedStep {
    /// The failure for a state, if it is one.
    #[must_use]
    pub const fn of(state: State) -> Option<Self> {
        match state {
            State::SourceLost => Some(Self::SourceLost),
            State::MirrorDiffers => Some(Self::MirrorDiffers),
            State::Unreviewed => Some(Self::Unreviewed),
            State::Unsigned => Some(Self::Unsigned),
            State::NotOurs => Some(Self::NotOurs),
            State::Refused => Some(Self::Refused),
            State::Unknown => Some(Self::Unknown),
            State::Copy | State::TagOnly | State::Present | State::Revoked => None,
        }
    }
}
