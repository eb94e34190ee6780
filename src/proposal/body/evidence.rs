//! What was found out about the bytes that a proposal lets in.

use chrono::{DateTime, Utc};

use crate::content::artifact::Artifact;
use crate::content::labels::Labels;
use crate::evidence::Makers;
use crate::image::{Digest, Tag};
use crate::plan::companions::LeftBehind;
use crate::policy::Standing;
use crate::proposal::SignerChange;
use crate::text::size;

/// The evidence for one change. What is not known is not there: nothing here is a guess.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Evidence {
    /// Whether the tag answers the digest now.
    pub served: Served,
    /// The platforms that would be mirrored, in the index's order; one of an unnamed platform for a single manifest.
    pub platforms: Vec<PlatformEvidence>,
    /// How many platforms upstream has that the manifest leaves out.
    pub left_out: usize,
    pub attestations: usize,
    /// The bytes of all distinct blobs and manifests that would be mirrored.
    pub size: Option<u64>,
    /// The same of what is approved now.
    pub size_before: Option<u64>,
    /// What of those bytes left and came, where both are known.
    pub exchanged: Option<Exchanged>,
    /// What the publisher says of where it comes from.
    pub labels: Labels,
    /// The same of what is approved now.
    pub labels_before: Labels,
    /// Whether every wanted platform, child manifest and configuration answered, with bytes of the right digest.
    pub complete: bool,
    /// The platforms of what is approved now that would no longer be mirrored, as upstream names them.
    pub lost: Vec<String>,
    /// Under which rule of the organization upstream falls.
    pub standing: Standing,
    /// What stands where it would go.
    pub at_mirror: AtMirror,
    pub at: Option<DateTime<Utc>>,
    /// Who made it; `None` where that was not looked at.
    pub makers: Option<Makers>,
    /// How its signers differ from those of what is approved.
    pub signer: Option<SignerChange>,
    /// What comes along; `None` where that could not be looked at.
    pub along: Option<Along>,
    /// Why it is not promoted whatever is merged: two readers could understand one of its documents differently.
    pub refused: Option<String>,
    /// What could not be looked at, and why.
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
        write!(f, "{} left, {} came", size(self.left), size(self.came))
    }
}

/// What stands where an image would go, at Docker Hub.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum AtMirror {
    /// It was not asked, or there was no answer.
    #[default]
    Unknown,
    /// There is no such repository.
    Absent,
    Ours,
    /// A repository that is not ours, and that the manifest takes over; what changes of it, in words.
    TakenOver(Vec<String>),
    /// A repository that is not ours: nothing of it is touched.
    NotOurs,
}

/// What stands beside an image upstream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Along {
    /// Signatures, attestations, SBOMs and other artifacts that promotion brings along.
    pub comes: Vec<Comes>,
    pub left: Vec<LeftBehind>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comes {
    pub digest: Digest,
    /// The tag it stands under; `None` where it names its subject itself.
    pub under: Option<Tag>,
    pub artifact: Artifact,
}

/// Whether a tag answers the digest in question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Served {
    /// It was not asked, or there was no answer.
    #[default]
    Unknown,
    Now,
    /// It answers this instead; `None`: nothing.
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
    /// The same platform of what is approved now.
    pub before: Option<(Digest, u64)>,
    /// What of its bytes left and came, where both are known.
    pub exchanged: Option<Exchanged>,
}
