//! What the catalogue says. Every text by others in it is one line without hidden characters.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use crate::image::{Digest, RepositoryName, Tag};

/// What an organization approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Catalog {
    /// The organization.
    pub(crate) organization: String,
    /// What the name of every mirror begins with: `acme`, or `registry.example.com/acme` outside Docker Hub.
    pub(crate) prefix: String,
    /// The images, by the names of their mirrors.
    pub(crate) images: Vec<CatalogImage>,
    /// What could not be found out, in words.
    pub(crate) unknown: Vec<String>,
}

/// One image of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct CatalogImage {
    /// The source as written in the manifest.
    pub(crate) source: String,
    /// The mirror's name without the organization.
    pub(crate) repository: RepositoryName,
    /// The mirror's name as people pull it, without a tag.
    pub(crate) mirror: String,
    /// What the manifest says that it is.
    pub(crate) description: Option<String>,
    /// The source's category in words, such as `Docker Official Image`; null if it has none or it is not known.
    pub(crate) category: Option<String>,
    /// Which versions the manifest follows, in words.
    pub(crate) rule: String,
    /// How files may name the source; empty for a directory.
    #[serde(skip)]
    pub(crate) spellings: Vec<String>,
    /// What may be used, the newest version first. Nothing revoked is among it.
    pub(crate) approved: Vec<CatalogTag>,
    /// Newer versions that are not approved yet.
    pub(crate) waiting: Vec<CatalogWaiting>,
    /// Versions that a person rejected.
    pub(crate) rejected: Vec<CatalogRejection>,
    /// What must no longer be used.
    pub(crate) revoked: Vec<CatalogRevocation>,
}

/// One approved tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct CatalogTag {
    /// The tag.
    pub(crate) tag: Tag,
    /// Further tags that resolve to it now, if promotion has set them.
    pub(crate) aliases: Vec<Tag>,
    /// What to write to pull it: `acme/loki:3.1.0`.
    pub(crate) reference: String,
    /// The same, pinned to the bytes: `acme/loki:3.1.0@sha256:...`; null if it cannot be pulled now.
    pub(crate) pinned: Option<String>,
    /// Why it cannot be pulled now, in words; null if it can.
    pub(crate) unavailable: Option<String>,
    /// The digest that was reviewed.
    pub(crate) digest: Digest,
    /// What the mirror's tag resolves to; null until it is promoted.
    pub(crate) mirrored: Option<Digest>,
    /// What it contains, platform by platform; empty if that was not asked or is not known.
    pub(crate) platforms: Vec<CatalogPlatform>,
    /// Whether who made it is verified.
    pub(crate) signature: SignatureState,
    /// Who signed it, in words; null if that is not recorded.
    pub(crate) signed_by: Option<String>,
    /// The UTC date of its approval; null if that is not recorded.
    #[schemars(with = "Option<String>")]
    pub(crate) approved_on: Option<NaiveDate>,
    /// The number of the pull request that approved it; null if that is not recorded.
    pub(crate) pull: Option<u64>,
    /// The pull request's page; null if the forge was not asked.
    pub(crate) url: Option<String>,
    /// Who approved the pull request; null if the forge was not asked.
    pub(crate) reviewers: Option<Vec<String>>,
    /// Why it was asked for; null if nobody said.
    pub(crate) reason: Option<String>,
}

/// One platform of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct CatalogPlatform {
    /// `linux/amd64`, with the variant if there is one.
    pub(crate) platform: String,
    /// The bytes of its layers and configuration, as they are transferred; null if that is not known.
    pub(crate) size: Option<u64>,
}

/// Whether who made an image is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SignatureState {
    /// It was promoted with the signatures that the manifest requires.
    Verified,
    /// The manifest requires signatures; it is not promoted yet, or nothing is recorded.
    Required,
    /// The manifest requires none.
    NotRequired,
}

/// A newer version that is not approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct CatalogWaiting {
    /// The tag upstream.
    pub(crate) tag: Tag,
    /// Whether it can be reviewed now.
    pub(crate) state: WaitingState,
    /// Why it waits, in words; empty for a proposal.
    pub(crate) why: String,
    /// Until when (RFC 3339); null if that is not known.
    pub(crate) until: Option<String>,
    /// The page of its proposal; null if there is none.
    pub(crate) url: Option<String>,
}

/// What a version that is not approved waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WaitingState {
    /// A reviewer: it is proposed, or will be with the next run.
    Proposed,
    /// What its rule asks for: its age, signatures, platforms.
    Waiting,
}

/// A version that a person rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct CatalogRejection {
    /// The tag.
    pub(crate) tag: Tag,
    /// Why.
    pub(crate) reason: String,
    /// The last day on which it applies; null: permanently.
    #[schemars(with = "Option<String>")]
    pub(crate) until: Option<NaiveDate>,
}

/// Bytes that must no longer be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct CatalogRevocation {
    /// The tag.
    pub(crate) tag: Tag,
    /// The digest that was approved.
    pub(crate) digest: Digest,
    /// Why.
    pub(crate) reason: String,
    /// What to use instead: the newest approved tag; null if there is none.
    pub(crate) instead: Option<Tag>,
}
