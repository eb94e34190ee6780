//! Proposals: what should be proposed, and what is to be done so that the forge has it. Pure.
//!
//! [`wanted`] turns selections into proposals, [`decide`] compares one with what the forge has, `body` writes what a
//! reviewer reads, `metadata` is the part of the body that this program reads back.

use serde::{Deserialize, Serialize};

use crate::image::{Digest, RepositoryName, Tag};

pub mod body;
pub mod branch;
pub mod metadata;

/// One change that a proposal makes to one image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The image's source as the manifest writes it.
    pub source: String,
    /// The mirror's name in the organization.
    pub repository: RepositoryName,
    /// What is approved now on this line; `None` for a first approval.
    pub from: Option<Tag>,
    /// The tag that the proposal is about; for a retirement, what leaves.
    pub to: Option<Tag>,
    /// The digest that the proposal lets in, or that leaves.
    pub digest: Digest,
    /// What kind of change it is.
    pub kind: Kind,
}

/// The kinds of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The first approval of a line.
    New,
    /// A newer version.
    Update,
    /// The same tag with other bytes.
    Rebuild,
    /// An approval leaves.
    Retire,
    /// A `rejected` entry is added.
    Reject,
    /// An expired `rejected` entry leaves.
    Expire,
}

/// A proposal that should be open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The branch: the proposal's identity.
    pub branch: String,
    /// The changes, in the manifest's order.
    pub entries: Vec<Entry>,
    /// A digest of the text around the edits at the base: where it differs the proposal is rebased.
    pub context: Digest,
}

/// What the forge has for a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    /// The changes that its metadata names; `None` where the metadata is missing or broken.
    pub entries: Option<Vec<Entry>>,
    /// The context in its metadata.
    pub context: Option<Digest>,
    /// Whether a person committed to the branch.
    pub touched: bool,
}

/// What is to be done about one branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Commit and open.
    Open,
    /// Commit anew on the base and edit title and body.
    Update,
    /// Nothing: it is as it should be.
    Unchanged,
    /// Leave it alone, and say why.
    Leave(String),
    /// Close it, with the reason.
    Close(String),
    /// Not opened now, with the reason.
    Wait(String),
}
