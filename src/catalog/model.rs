//! What the catalogue says. Every text by others in it is one line without hidden characters.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use crate::image::{Digest, RepositoryName, Tag};

/// What an organization approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Catalog {
    /// The organization.
    pub organization: String,
    /// The images, by the names of their mirrors.
    pub images: Vec<CatalogImage>,
    /// What could not be found out, in words.
    pub unknown: Vec<String>,
}

/// One image of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CatalogImage {
    /// The source as written in the manifest.
    pub source: String,
    /// The mirror's name without the organization.
    pub repository: RepositoryName,
    /// The mirror's name as people pull it, without a tag.
    pub mirror: String,
    /// What the manifest says that it is.
    pub description: Option<String>,
    /// The source's category in words, such as `Docker Official Image`; null if it has none or it is not known.
    pub category: Option<String>,
    /// Which versions the manifest follows, in words.
    pub rule: String,
    /// How files may name the source, and the mirror; empty for directories.
    #[serde(skip)]
    pub spellings: [Vec<String>; 2],
    /// What may be used, the newest version first. Nothing revoked is among it.
    pub approved: Vec<CatalogTag>,
    /// Newer versions that are not approved yet.
    pub waiting: Vec<CatalogWaiting>,
    /// Versions that a person rejected.
    pub rejected: Vec<CatalogRejection>,
    /// What must no longer be used.
    pub revoked: Vec<CatalogRevocation>,
}

/// One approved tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CatalogTag {
    /// The tag.
    pub tag: Tag,
    /// Further tags that resolve to it now, if promotion has set them.
    pub aliases: Vec<Tag>,
    /// What to write to pull it: `acme/loki:3.1.0`.
    pub reference: String,
    /// The same, pinned to the bytes: `acme/loki:3.1.0@sha256:...`; null if it cannot be pulled now.
    pub pinned: Option<String>,
    /// Whether it can be pulled.
    pub state: TagState,
    /// The digest that was reviewed.
    pub digest: Digest,
    /// What the mirror's tag resolves to; null until it is promoted.
    pub mirrored: Option<Digest>,
    /// What it contains, platform by platform; empty if that was not asked or is not known.
    pub platforms: Vec<CatalogPlatform>,
    /// Whether who made it is verified.
    pub signature: SignatureState,
    /// Who signed it, in words; null if that is not recorded.
    pub signed_by: Option<String>,
    /// The UTC date of its approval; null if that is not recorded.
    #[schemars(with = "Option<String>")]
    pub approved_on: Option<NaiveDate>,
    /// The number of the pull request that approved it; null if that is not recorded.
    pub pull: Option<u64>,
    /// The pull request's page; null if the forge was not asked.
    pub url: Option<String>,
    /// Who approved the pull request; null if the forge was not asked.
    pub reviewers: Option<Vec<String>>,
    /// Why it was asked for; null if nobody said.
    pub reason: Option<String>,
}

/// Whether an approved tag can be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TagState {
    /// The mirror has what was approved; offline, its promotion is recorded.
    Available,
    /// It is approved, and its promotion is not done or not recorded yet.
    NotPromoted,
    /// The mirror could not be asked.
    Unread,
    /// The source no longer has it, and the mirror does not have it yet.
    SourceLost,
    /// The mirror's tag resolves to something else.
    MirrorDiffers,
    /// It is not verified to be signed as the manifest requires.
    Unsigned,
    /// The mirror's repository is somebody else's.
    NotOurs,
    /// A manifest of it could be understood in two ways.
    Refused,
    /// What the mirror should have is not known.
    Unknown,
}

impl TagState {
    /// Why it cannot be pulled, in words; `None` if it can.
    #[must_use]
    pub const fn why_not(self) -> Option<&'static str> {
        match self {
            Self::Available => None,
            Self::NotPromoted => Some("not promoted yet"),
            Self::Unread => Some("the mirror could not be asked"),
            Self::SourceLost => Some("the source no longer has it"),
            Self::MirrorDiffers => Some("the mirror's tag resolves to something else"),
            Self::Unsigned => Some("not signed as required"),
            Self::NotOurs => Some("the mirror's repository is somebody else's"),
            Self::Refused => Some("its manifest could be understood in two ways"),
            Self::Unknown => Some("it is not known what the mirror should have"),
        }
    }
}

/// One platform of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CatalogPlatform {
    /// `linux/amd64`, with the variant if there is one.
    pub platform: String,
    /// The bytes of its layers and configuration, as they are transferred; null if that is not known.
    pub size: Option<u64>,
}

/// Whether who made an image is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureState {
    /// It was promoted with the signatures that the manifest requires.
    Verified,
    /// The manifest requires signatures; it is not promoted yet, or nothing is recorded.
    Required,
    /// The manifest requires none.
    NotRequired,
}

/// A newer version that is not approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CatalogWaiting {
    /// The tag upstream.
    pub tag: Tag,
    /// Whether it can be reviewed now.
    pub state: WaitingState,
    /// Why it waits, in words; empty for a proposal.
    pub why: String,
    /// Until when (RFC 3339); null if that is not known.
    pub until: Option<String>,
    /// The page of its proposal; null if there is none.
    pub url: Option<String>,
}

/// What a version that is not approved waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WaitingState {
    /// A reviewer: it is proposed, or will be with the next run.
    Proposed,
    /// What its rule asks for: its age, signatures, platforms.
    Waiting,
    /// Nothing: a person closed its proposal without merging it.
    Declined,
    /// Reviewers: it is in the manifest, and fewer people approved it than the organization requires.
    Unreviewed,
}

/// A version that a person rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CatalogRejection {
    /// The tag.
    pub tag: Tag,
    /// Why.
    pub reason: String,
    /// The last day on which it applies; null: permanently.
    #[schemars(with = "Option<String>")]
    pub until: Option<NaiveDate>,
}

/// Bytes that must no longer be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CatalogRevocation {
    /// The tag.
    pub tag: Tag,
    /// The digest that was approved.
    pub digest: Digest,
    /// Why.
    pub reason: String,
    /// What to use instead: the newest approved tag; null if there is none.
    pub instead: Option<Tag>,
}
