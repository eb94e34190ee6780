//! Proposals: what should be proposed, and what has to be done so that the forge has it. Pure.
//!
//! [`decide`] says which proposals should be open and what to do, or which facts it lacks; [`approve`] does so for a
//! version that a person asks for. [`wanted`] turns selections into proposals, [`machine`] compares them with what the
//! forge has, [`body`] writes what a reviewer reads, [`metadata`] is the part of the body that this program reads back.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::difference::SignerChange;
use crate::edit::Change;
use crate::image::{Digest, RepositoryName, Tag};
use crate::manifest::Image;
use crate::rules::{self, Since};

pub(crate) mod adding;
pub(crate) mod advisories;
pub(crate) mod anew;
mod apart;
pub(crate) mod approve;
pub(crate) mod audience;
pub mod body;
pub(crate) mod branch;
mod cause;
pub(crate) mod changed;
pub(crate) mod comment;
pub(crate) mod decide;
#[cfg(test)]
pub(crate) mod fixtures;
pub(crate) mod form;
mod groups;
pub(crate) mod guard;
pub(crate) mod kept;
pub(crate) mod known;
mod leaving;
pub(crate) mod machine;
mod marked;
pub mod metadata;
pub(crate) mod not_edited;
pub(crate) mod own;
pub(crate) mod record;
pub(crate) mod reject;
pub(crate) mod review;
mod selected;
pub(crate) mod shortens;
pub(crate) mod signers;
mod subject;
pub(crate) mod unsigned;
pub(crate) mod unused;
mod wanted;
pub(crate) mod why;
pub(crate) mod written;

pub(crate) use cause::Cause;
pub(crate) use leaving::{Conditions, Unreviewed};
pub(crate) use selected::Selected;
pub use subject::subject;

/// One change that a proposal makes to one image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The image's source as written in the manifest.
    pub source: String,
    /// The mirror's name in the organization.
    pub repository: RepositoryName,
    /// The approved tag that it is compared with: the newest of its line, otherwise the newest of its family below it;
    /// `None` if there is none.
    pub from: Option<Tag>,
    /// The tag that the proposal is about; for a retirement, the removed tag.
    pub to: Option<Tag>,
    /// The digest that the proposal adds, removes or rejects; for the end of a rejection, which names no bytes, a
    /// digest of the entry's text.
    pub digest: Digest,
    /// What kind of change it is.
    pub kind: Kind,
    /// Why the cooldown is skipped, if a person asked for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgent: Option<String>,
    /// Why a person asked for it, if one did and said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For [`Kind::Reject`] and [`Kind::Revoke`], what the `rejected` or `revoked` entry says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<Rejection>,
}

impl Entry {
    pub(crate) fn of(image: &Image, kind: Kind, from: Option<Tag>, to: &Tag, digest: &Digest) -> Self {
        Self {
            source: image.source_text.clone(),
            repository: image.repository.clone(),
            from,
            to: Some(to.clone()),
            digest: digest.clone(),
            kind,
            urgent: None,
            reason: None,
            rejection: None,
        }
    }

    /// The entry that approves bytes, compared with the approvals of `image`. `rebuild`: different bytes are approved
    /// under this tag.
    pub(crate) fn approving(image: &Image, tag: &Tag, digest: &Digest, rebuild: bool) -> Self {
        let approved = image.approved.iter().map(|approval| &approval.tag);
        let from = if rebuild { Some(tag) } else { rules::compared_with(&image.rule, approved, tag) };
        let kind = match (rebuild, from) {
            (true, _) => Kind::Rebuild,
            (false, Some(_)) => Kind::Update,
            (false, None) => Kind::New,
        };
        Self::of(image, kind, from.cloned(), tag, digest)
    }

    /// Whether it refers to this image, or to another with the same source and mirror.
    pub(crate) fn names(&self, image: &Image) -> bool {
        self.source == image.source_text && self.repository == image.repository
    }
}

/// What a `rejected` or `revoked` entry says besides what it names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// The reason: one line of at most 200 characters.
    pub reason: String,
    /// The last day on which it applies; `None` if it never ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// The kinds of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The first approval of an image, or of a line with no lower approval of its family.
    New,
    /// A version other than the approved one: usually a newer one, of the same line or of a new one above it.
    Update,
    /// The same tag with different bytes.
    Rebuild,
    /// An approval is removed.
    Retire,
    /// A `rejected` entry is added.
    Reject,
    /// An expired `rejected` entry is removed.
    Expire,
    /// A `revoked` entry is added, and the approval that it names is removed.
    Revoke,
}

impl Kind {
    /// Whether bytes are added.
    #[must_use]
    pub const fn lets_in(self) -> bool {
        matches!(self, Self::New | Self::Update | Self::Rebuild)
    }
}

/// A proposal that should be open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The branch: the proposal's identity.
    pub branch: String,
    /// The group's name; `None` for a proposal of one image and line.
    pub group: Option<String>,
    /// The changes, in the manifest's order.
    pub items: Vec<Item>,
    /// How many changes of the group do not fit in one proposal; they are proposed after its merge.
    pub later: usize,
    /// A digest of the text around the edits at the base and of what the body says about the image's settings: if it
    /// differs, the proposal is recreated on the base.
    pub context: Digest,
}

impl Wanted {
    /// The changes as the metadata keeps them.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.items.iter().map(|item| item.entry.clone()).collect()
    }
}

/// One change, with what is known about it in this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub entry: Entry,
    /// The image: index into [`crate::manifest::Manifest::images`].
    pub image: usize,
    /// The line that it is about.
    pub line: String,
    /// Since when the digest has been known to be public under its tag, if that was checked.
    pub public_since: Option<Since>,
    /// If it is younger than the cooldown: what it fixes, because of which it need not wait as long.
    pub fixes: Option<String>,
    /// Whether its version has a `v` and the approvals' versions do not, or the other way round, if that was checked.
    pub prefix_changed: bool,
    /// Whether it is an earlier digest of its tag, because the tag's digest at the time of the choice was too young.
    pub is_earlier: bool,
    /// How its signers differ from those of the approved image, if that was checked.
    pub signer: Option<SignerChange>,
    /// Why it is removed, for removals.
    pub cause: Option<Cause>,
}

impl Item {
    /// A change about which nothing else is known.
    pub(crate) const fn new(entry: Entry, image: usize, line: String) -> Self {
        Self {
            entry,
            image,
            line,
            public_since: None,
            fixes: None,
            prefix_changed: false,
            is_earlier: false,
            signer: None,
            cause: None,
        }
    }

    /// The change that approves bytes; see [`Entry::approving`].
    pub(crate) fn approving(at: usize, image: &Image, line: String, entry: Entry) -> Self {
        let other_habit = |from: &Tag| entry.to.as_ref().is_some_and(|to| rules::is_other_habit(&image.rule, from, to));
        let prefix_changed = entry.from.as_ref().is_some_and(other_habit);
        Self { prefix_changed, ..Self::new(entry, at, line) }
    }

    /// What the change does to the entry of `image`, one after the other. A rejection replaces an earlier one of the
    /// same tag, which has then expired.
    pub(crate) fn changes(&self, image: &Image) -> Vec<Change> {
        let Some(change) = self.change() else { return Vec::new() };
        let earlier = match &change {
            Change::Reject { tag, .. } => image.rejected.iter().find(|rejection| rejection.tag == *tag),
            _ => None,
        };
        let explained = self.entry.to.as_ref().zip(self.entry.reason.as_ref()).filter(|_| self.entry.kind.lets_in());
        let explained = explained.map(|(tag, reason)| Change::Explain { tag: tag.clone(), reason: reason.clone() });
        let expires = earlier.map(|earlier| Change::Expire { tag: earlier.tag.clone() });
        let revoked = matches!(change, Change::Revoke { .. });
        let leaves = self.entry.to.clone().filter(|_| revoked).map(|tag| Change::Retire { tag });
        expires.into_iter().chain([change]).chain(explained).chain(leaves).collect()
    }

    /// What the change does to the manifest; `None` for an entry that names no tag, and for a rejection without a reason.
    pub(crate) fn change(&self) -> Option<Change> {
        let Entry { to, digest, kind, rejection, .. } = &self.entry;
        let (tag, digest) = (to.clone()?, digest.clone());
        match kind {
            Kind::New | Kind::Update => Some(Change::Approve { tag, digest }),
            Kind::Rebuild => Some(Change::Rebuild { tag, digest }),
            Kind::Retire => Some(Change::Retire { tag }),
            Kind::Expire => Some(Change::Expire { tag }),
            Kind::Revoke => Some(Change::Revoke { tag, digest, reason: rejection.clone()?.reason }),
            Kind::Reject => {
                let Rejection { reason, until } = rejection.clone()?;
                Some(Change::Reject { tag, reason, until })
            }
        }
    }
}
