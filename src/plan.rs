//! The promotion plan: from what the manifest wants and what registries answer to what is to be done. Pure; a dry run
//! prints the very value that a real run applies.

use serde::Serialize;

use crate::image::{Digest, Location, Platform, RepositoryName, Tag};
use crate::manifest::Image;

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
    /// Why the approval may not be promoted although it is in the manifest: too few reviews.
    pub unreviewed: Option<String>,
}

/// The state of one approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
    /// What the mirror's tag answers now, and so the only thing it may be moved off.
    pub mirror_now: Option<Digest>,
    /// The state.
    pub state: State,
    /// The state in words.
    pub detail: String,
}

/// Decides the state of one approval; see `State`.
#[must_use]
pub fn state(image: &Image, approval: &crate::manifest::Approval, observed: &Observed) -> State {
    let _ = (image, approval, observed);
    State::Present
}
