//! What was done.

use schemars::JsonSchema;
use serde::Serialize;

use super::notices::Notices;
use super::shared::{Alias, Failed, Finding, Removal, Waiting};
use crate::image::{Digest, RepositoryName, Tag};

/// What was done: `propose`, `promote` and `run`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Outcome {
    /// Every open proposal of ours, and those closed now.
    pub proposals: Vec<Proposed>,
    /// What was promoted now.
    pub promoted: Vec<Promoted>,
    /// Signatures, attestations and SBOMs that were copied to the mirror now.
    pub carried: Vec<Carried>,
    /// What upstream has for promoted images but was not copied: images, and what exceeds the limits.
    pub left_behind: Vec<LeftBehind>,
    /// Settings of repositories that differed from the manifest and were fixed; `found` is the previous value.
    pub fixed: Vec<Finding>,
    /// Aliases that were moved.
    pub aliases: Vec<Alias>,
    /// Mirror tags that were deleted.
    pub removed: Vec<Removal>,
    /// Versions that are in range and wait.
    pub waiting: Vec<Waiting>,
    /// What rules leave out.
    #[serde(flatten)]
    pub notices: Notices,
    /// What failed, or may not be promoted.
    pub failed: Vec<Failed>,
    /// Findings, as an audit gives them.
    pub drift: Vec<Finding>,
    /// Whether anything was written.
    pub changed: bool,
    /// Why a first run proposed nothing, for people.
    #[serde(skip)]
    pub first: Option<String>,
}

impl Outcome {
    /// Adds what another command of the same run did.
    pub fn extend(&mut self, other: Self) {
        for row in other.proposals {
            match self.proposals.iter_mut().find(|known| known.branch == row.branch) {
                None => self.proposals.push(row),
                Some(known) if row.action != ProposedAction::Unchanged => *known = row,
                Some(_) => {}
            }
        }
        self.promoted.extend(other.promoted);
        self.carried.extend(other.carried);
        self.left_behind.extend(other.left_behind);
        self.fixed.extend(other.fixed);
        self.aliases.extend(other.aliases);
        self.removed.extend(other.removed);
        self.waiting.extend(other.waiting);
        self.notices.extend(other.notices);
        // What both found, such as values that no review covers, appears once.
        let new: Vec<Failed> = other.failed.into_iter().filter(|failed| !self.failed.contains(failed)).collect();
        self.failed.extend(new);
        self.drift.extend(other.drift);
        self.changed |= other.changed;
        self.first = other.first.or(self.first.take());
    }

    /// The words for a run that had nothing to write and found nothing wrong.
    #[must_use]
    pub fn nothing_done(&self) -> Option<&'static str> {
        let Self { proposals, waiting, notices, failed, drift, changed, .. } = self;
        match *changed || !failed.is_empty() || !drift.is_empty() {
            true => None,
            false if !notices.is_empty() => {
                Some("nothing to write, but some rules leave something out: see the warnings above")
            }
            false if proposals.is_empty() && waiting.is_empty() => {
                Some("nothing to do: everything matches the manifest")
            }
            false => Some("nothing to write: everything is up to date"),
        }
    }
}

/// A proposal as it stands after a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Proposed {
    /// The number; null on a forge without numbers.
    pub number: Option<u64>,
    /// Its page.
    pub url: String,
    /// The branch.
    pub branch: String,
    /// What was done.
    pub action: ProposedAction,
    /// Why it was closed or left, in words; null for all other actions.
    pub detail: Option<String>,
    /// Its title, and the versions that the title does not name; for people.
    #[serde(skip)]
    pub title: String,
}

/// What was done about a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProposedAction {
    /// It is new.
    Opened,
    /// Its branch, title or body changed.
    Updated,
    /// It was already up to date.
    Unchanged,
    /// It was closed, with the reason.
    Closed,
    /// It was left alone, for the reason in `detail`: a person has committed to it, or its image could not be checked.
    Left,
}

/// Something that was promoted and read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Promoted {
    /// The mirror's name without the organization.
    pub repository: RepositoryName,
    /// The tag.
    pub tag: Tag,
    /// The approved digest.
    pub digest: Digest,
    /// What the mirror's tag resolves to.
    pub mirrored: Digest,
    /// The pull request that added the approval; null if it is unknown or there is none.
    pub pull: Option<u64>,
    /// Its page; null if it is unknown.
    pub pull_url: Option<String>,
}

/// A signature, attestation or SBOM that was copied to the mirror.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Carried {
    /// The mirror's name without the organization.
    pub repository: RepositoryName,
    /// The tag of the image that it belongs to.
    pub tag: Tag,
    /// Its digest.
    pub digest: Digest,
    /// Its tag; null if it refers to its subject itself.
    pub under: Option<Tag>,
}

/// Something that upstream has for an image and that was not copied to the mirror.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftBehind {
    /// The mirror's name without the organization.
    pub repository: RepositoryName,
    /// The tag of the image that it belongs to.
    pub tag: Tag,
    /// Its digest; null for everything after the last one that was checked.
    pub digest: Option<Digest>,
    /// Its tag; null if it says itself what it belongs to.
    pub under: Option<Tag>,
    /// The reason.
    pub why: String,
}
