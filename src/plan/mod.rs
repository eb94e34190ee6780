//! The promotion plan: from what the manifest wants and what registries answer to what is to be done. Pure; a dry run
//! prints the very value that a real run applies.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::image::{Digest, Location, Platform, RepositoryName, Tag};
use crate::manifest::{Approval, Image, Manifest};

mod description;
pub mod destination;
pub mod drift;
mod expected;
mod failure;
mod pending;
pub mod removal;
mod repository;
pub mod reviews;
mod scope;
mod state;

pub use description::{DESCRIPTION_LIMIT, short_description};
pub use drift::drift;
pub use expected::{from_mirror, from_upstream};
pub use failure::{FailedStep, Failure};
pub use pending::{asks_upstream, is_pending, vouching};
pub use repository::{Consent, RepositoryStep, creation, repositories, unseen};
pub use scope::{Scope, UnknownImage, is_called};
pub use state::{awaits, lost, state};

/// What names an approval in a whole manifest: two images never share a mirror tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The mirror's name in the organization.
    pub repository: RepositoryName,
    /// The tag.
    pub tag: Tag,
}

impl Key {
    /// The key of one approval of `image`.
    #[must_use]
    pub fn of(image: &Image, approval: &Approval) -> Self {
        Self { repository: image.repository.clone(), tag: approval.tag.clone() }
    }
}

/// What was observed of one approval.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// What the mirror's tag answers.
    pub mirror: Option<Digest>,
    /// Whether upstream still answers the approved digest; `None` where it was not asked, because nothing is to be copied.
    pub upstream: Option<bool>,
    /// The digest that `digest` and `platforms` give, where it is known: always for a whole index; for a subset once the
    /// index was read upstream or at the mirror.
    pub expected: Option<Digest>,
    /// How many layers of what is to be copied may not be distributed: their descriptors are kept, their bytes are not
    /// copied.
    pub foreign: usize,
    /// Why the approval may not be promoted although it is in the manifest: too few reviews.
    pub unreviewed: Option<String>,
}

/// The state of one approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The bytes are to be copied and the tag set.
    Copy,
    /// The mirror has the bytes under this tag but nothing is recorded: they are verified and recorded.
    TagOnly,
    /// Promoted, recorded and still there.
    Present,
    /// To be copied, but upstream no longer has the digest.
    SourceLost,
    /// The mirror's tag answers something that this manifest did not put there.
    MirrorDiffers,
    /// Fewer people approved it than the policy asks.
    Unreviewed,
    /// The manifest revokes it.
    Revoked,
}

impl State {
    /// The word that reports and other programs use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::TagOnly => "tag-only",
            Self::Present => "present",
            Self::SourceLost => "source-lost",
            Self::MirrorDiffers => "mirror-differs",
            Self::Unreviewed => "unreviewed",
            Self::Revoked => "revoked",
        }
    }
}

/// One approval and what is to become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The image's source as the manifest writes it.
    pub source_text: String,
    /// Where the bytes come from.
    pub source: Location,
    /// The mirror's name in the organization.
    pub repository: RepositoryName,
    /// The tag.
    pub tag: Tag,
    /// The approved digest.
    pub digest: Digest,
    /// What the manifest says the tag held.
    pub mirrored: Option<Digest>,
    /// The kept platforms; `None` is the whole index.
    pub platforms: Option<Vec<Platform>>,
    /// What `digest` and `platforms` give: what the mirror's tag will answer. `None` for a subset of an index that could
    /// not be read, which is never copied.
    pub expected: Option<Digest>,
    /// What the mirror's tag answers now, and so the only thing it may be moved off.
    pub mirror_now: Option<Digest>,
    /// The state.
    pub state: State,
    /// The state in words.
    pub detail: String,
}

impl Step {
    /// What names the approval.
    #[must_use]
    pub fn key(&self) -> Key {
        Key { repository: self.repository.clone(), tag: self.tag.clone() }
    }

    /// The failure that this step is by its state alone, if it is one.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        FailedStep::of(self.state).map(|step| self.failed(step, self.detail.clone()))
    }

    /// That this approval failed at `step`.
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

/// The plan: one step for every approval that was observed, in the manifest's order. One that could not be observed has no
/// step; the observer reports it as failed.
#[must_use]
pub fn plan(manifest: &Manifest, observed: &BTreeMap<Key, Observed>) -> Vec<Step> {
    let approvals = manifest.images.iter().flat_map(|image| image.approved.iter().map(move |a| (image, a)));
    approvals
        .filter_map(|(image, approval)| Some(step(image, approval, observed.get(&Key::of(image, approval))?)))
        .collect()
}

fn step(image: &Image, approval: &Approval, observed: &Observed) -> Step {
    let state = state(image, approval, observed);
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
        state,
        detail: state::detail(image, approval, observed, state),
    }
}

#[cfg(test)]
mod tests;
