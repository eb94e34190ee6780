//! What was found out about the bytes that a proposal adds.

use chrono::{DateTime, Utc};

use super::Affected;
use crate::content::artifact::Artifact;
use crate::content::labels::Labels;
use crate::difference::Difference;
use crate::difference::SignerChange;
use crate::evidence::Makers;
use crate::image::{Digest, Tag};
use crate::plan::companions::LeftBehind;
use crate::policy::Standing;
use crate::text::size;

/// The evidence for one change. What is unknown is absent: nothing here is a guess.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Evidence {
    /// Whether the tag resolves to the digest now.
    pub served: Served,
    /// The platforms that would be mirrored, in the index's order; one of an unnamed platform for a single manifest.
    pub platforms: Vec<PlatformEvidence>,
    /// How many platforms upstream has that the manifest leaves out.
    pub left_out: usize,
    pub attestations: usize,
    /// The bytes of all distinct blobs and manifests that would be mirrored.
    pub size: Option<u64>,
    /// The same for the currently approved image.
    pub size_before: Option<u64>,
    /// How many of those bytes were removed and added, if both are known.
    pub exchanged: Option<Exchanged>,
    /// What the publisher says about its origin.
    pub labels: Labels,
    /// The same for the currently approved image.
    pub labels_before: Labels,
    /// Whether every wanted platform, child manifest and configuration was served, with bytes of the right digest.
    pub complete: bool,
    /// The platforms of the currently approved image that would no longer be mirrored, as upstream names them.
    pub lost: Vec<String>,
    /// Which rule of the organization upstream falls under.
    pub standing: Standing,
    /// What is at its destination.
    pub at_mirror: AtMirror,
    pub at: Option<DateTime<Utc>>,
    /// Who made it; `None` if that was not checked.
    pub makers: Option<Makers>,
    /// How its signers differ from those of the approved image.
    pub signer: Option<SignerChange>,
    /// What is copied too; `None` if that could not be checked.
    pub along: Option<Along>,
    /// Why it is not promoted, whatever is merged: two readers could understand one of its documents differently.
    pub refused: Option<String>,
    /// The digest that is approved now, whose image it is compared with; `None` for a first approval.
    pub former: Option<Digest>,
    /// What changed inside since the approved image; `None` if the image itself could not be read.
    pub difference: Option<Difference>,
    /// Whom its removal affects; `None` if that was not checked, and for what is added.
    pub affected: Option<Affected>,
    /// What could not be checked, and why.
    pub unknown: Vec<String>,
}

/// The bytes of blobs and manifests that only the former image has, and of those that only the new one has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exchanged {
    pub left: u64,
    pub came: u64,
}

impl std::fmt::Display for Exchanged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} removed, {} added", size(self.left), size(self.came))
    }
}

/// What is at an image's destination on Docker Hub.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum AtMirror {
    /// It was not checked, or there was no response.
    #[default]
    Unknown,
    /// There is no such repository.
    Absent,
    Ours,
    /// A repository that is not ours and that the manifest takes over; what that changes, in words.
    TakenOver(Vec<String>),
    /// A repository that is not ours: it is left untouched.
    NotOurs,
}

/// What upstream has for an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Along {
    /// Signatures, attestations, SBOMs and other artifacts that promotion copies too.
    pub comes: Vec<Comes>,
    pub left: Vec<LeftBehind>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comes {
    pub digest: Digest,
    /// Its tag; `None` if it refers to its subject itself.
    pub under: Option<Tag>,
    pub artifact: Artifact,
}

/// Whether a tag resolves to the digest in question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Served {
    /// It was not checked, or there was no response.
    #[default]
    Unknown,
    Now,
    /// It resolves to this instead; `None`: to nothing.
    Not(Option<Digest>),
}

/// One platform of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlatformEvidence {
    /// `os/architecture[/variant]` as upstream names it; hostile text. Empty for a single manifest.
    pub name: String,
    pub digest: Digest,
    /// The bytes of its manifest, configuration and layers.
    pub size: u64,
    /// The same platform of the currently approved image.
    pub before: Option<(Digest, u64)>,
    /// How many of its bytes were removed and added, if both are known.
    pub exchanged: Option<Exchanged>,
}
