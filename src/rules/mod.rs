//! Picks versions: from a list of tags and a rule to what is chosen, and why everything else is not.
//!
//! Pure. [`Readings::inquire`] is the entry point. It asks by name for what it needs beyond the tags (digests, push
//! times, readiness); the caller looks that up and asks again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::image::{Digest, Tag};

mod alias;
mod lines;
mod notice;
mod number;
mod pattern;
mod range;
mod select;
mod suggest;
mod tag;
mod tried;
mod version;
mod vocabulary;

pub(crate) use alias::{is_alias, newest_under};
pub(crate) use lines::{
    is_other_habit, is_other_major, is_patch, line_begun, line_of, order_of, out_of_range, series_of,
};
pub(crate) use notice::{Notice, NoticeKind, notices};
pub(crate) use number::Number;
pub(crate) use pattern::{Pattern, PatternError};
pub(crate) use range::{Range, RangeError};
pub(crate) use select::{Candidate, EARLIER, alone, compared_with, is_followed, newest_approval, newest_first};
pub use select::{ROUNDS, Readings};
pub(crate) use tag::{NoVersion, Reading, read};
pub(crate) use tried::{made_up, tried, unread};
pub(crate) use version::{Numbering, Version};

/// What picks an image's tags.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// Versions in a range, of one family.
    Versions(VersionRule),
    /// These floating tags and nothing else, followed by digest.
    Tags(Vec<Tag>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct VersionRule {
    /// The range; `None` admits every release.
    pub range: Option<Range>,
    /// The family's suffix; `None` means no suffix, or the approvals' habit.
    pub variant: Option<Variant>,
    /// How a tag is read if it is not an ordinary version.
    pub pattern: Option<Pattern>,
    /// Which lines are followed.
    pub follow: Follow,
    /// Whether prereleases are candidates.
    pub prereleases: bool,
}

impl VersionRule {
    /// Reads a tag as this rule does: by its pattern, or by the grammar with its variant.
    #[must_use]
    pub fn read(&self, tag: &Tag) -> Reading {
        let variant = match &self.variant {
            Some(Variant::Exactly(variant)) => Some(variant.as_str()),
            Some(Variant::Any) | None => None,
        };
        let pattern = self.pattern.as_ref();
        pattern.map_or_else(|| read(tag.as_str(), variant), |pattern| pattern.read(tag.as_str(), variant))
    }
}

/// `variant`: the suffix after the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variant {
    /// `"*"`: any one suffix family per line.
    Any,
    /// This suffix, exactly, without the leading `-`.
    Exactly(String),
}

/// `follow`: which lines of versions an image follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Follow {
    /// One line: the newest version in range.
    #[default]
    Latest,
    /// One line for each minor release series in range.
    EachMinor,
    /// One line for each major release series in range.
    EachMajor,
    /// Every version is its own line.
    All,
}

/// The subject of a decision: an image's rule and history, as in the manifest.
#[derive(Debug, Clone)]
pub struct Subject {
    pub rule: Rule,
    /// Approved tags and digests, in the manifest's order.
    pub approved: Vec<(Tag, Digest)>,
    /// Rejected tags, with the last day on which each rejection applies (`None`: permanently).
    pub rejected: Vec<(Tag, Option<NaiveDate>)>,
    pub revoked: Vec<(Tag, Digest)>,
    /// How long a version must have been public; zero requires no age.
    pub cooldown: Duration,
    /// How long a version must have been public that fixes vulnerabilities; `None` if that makes no difference.
    pub fixes: Option<Duration>,
    /// Whether a rebuild of a line's newest approval is proposed.
    pub rebuilds: bool,
    /// How many of a line's newest approvals are kept by an update of that line. With `follow: all`, every version is a
    /// line, so none ever has more than its newest approval and nothing is retired; the same goes for floating tags.
    pub keep: Option<u32>,
    /// Whether readiness is checked; `explain --tags` and other uses without a network do not.
    pub ask_readiness: bool,
    /// Whether only what is verified to be signed as the image asks is chosen.
    pub ask_signatures: bool,
}

/// What was observed beyond the list of tags. An absent key has not been checked.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// What a tag resolves to; `None`: to nothing.
    pub digests: BTreeMap<Tag, Option<Digest>>,
    /// Since when a tag is known to resolve to a digest; `None`: unknown, which is never old enough.
    pub public_since: BTreeMap<(Tag, Digest), Option<Since>>,
    /// Whether all wanted parts of a digest can be pulled.
    pub readiness: BTreeMap<Digest, Readiness>,
    /// The digests that the ledger saw a tag resolve to, oldest first, with when it first did. If the current digest is
    /// too young, an earlier one may be proposed, so the approved digest should be included: nothing is chosen that is
    /// not known to be newer than that one.
    pub history: BTreeMap<Tag, Vec<(Digest, DateTime<Utc>)>>,
    /// Digests that a person declined by closing their proposal.
    pub declined: BTreeSet<Digest>,
    /// Digests that are verified to be signed as the image requires.
    pub signed: BTreeSet<Digest>,
    /// Digests that are not, with the reason.
    pub unsigned: BTreeMap<Digest, String>,
    /// What versions fix that shortens their cooldown, in words (`fixes CVE-2027-1 (critical)`); an error says why nothing
    /// does.
    pub fixes: BTreeMap<(Tag, Digest), Result<String, NotShorter>>,
}

/// Why a version waits as long as others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotShorter {
    /// The reason, in words.
    pub why: String,
    /// Whether it could not be found out, and so may have been otherwise before.
    pub is_unknown: bool,
}

impl NotShorter {
    pub(crate) fn known(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_unknown: false }
    }

    pub(crate) fn unknown(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_unknown: true }
    }
}

/// Since when a tag is known to resolve to a digest, and which clock says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    pub at: DateTime<Utc>,
    /// Whose clock it is.
    pub clock: Clock,
}

/// The clock that says since when a tag has resolved to a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// Docker Hub's push time for that digest.
    Published,
    /// Our ledger: when we first saw it. It may have been public long before.
    FirstSeen,
}

impl Since {
    /// By Docker Hub's push time.
    #[must_use]
    pub const fn published(at: DateTime<Utc>) -> Self {
        Self { at, clock: Clock::Published }
    }

    /// By the ledger.
    #[must_use]
    pub const fn first_seen(at: DateTime<Utc>) -> Self {
        Self { at, clock: Clock::FirstSeen }
    }
}

impl std::fmt::Display for Since {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = match self.clock {
            Clock::Published => "published",
            Clock::FirstSeen => "first seen",
        };
        write!(f, "{words} {}", self.at.format("%Y-%m-%d %H:%M UTC"))
    }
}

/// Whether all wanted parts of a digest can be pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    /// They cannot, and why: the missing platform or child.
    NotReady(String),
    /// It, or a part of it, is a document that two readers could understand differently, and why.
    Refused(String),
    /// On the wanted platforms it equals what is approved under its tag, so there is nothing to propose.
    Unchanged,
}

/// A fact that must be looked up before the choice is final.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// What this tag resolves to now: one HEAD.
    Digest(Tag),
    /// Since when this tag resolves to this digest.
    PublicSince(Tag, Digest),
    /// What this tag resolved to before: a question to the ledger, not to upstream.
    History(Tag),
    /// Whether this digest is ready.
    Readiness(Tag, Digest),
    /// Whether this digest is signed as the image requires.
    Signatures(Tag, Digest),
    /// What this digest fixes, compared with what is approved: asked only if that would shorten its cooldown.
    Fixes(Tag, Digest),
}

/// What a rule chooses from a list of tags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// The lines, in a stated order: newest first, floating tags in the rule's order.
    pub lines: Vec<Line>,
    /// One verdict per tag, newest first.
    pub tags: Vec<TagVerdict>,
    /// The approval that the rule does not read: nothing is chosen past it.
    pub unread: Option<Tag>,
}

/// One line of an image, and the decision about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line's name: `latest`, a major (`3`), a minor (`3.1`), a version, or `tag/<name>`.
    pub name: String,
    /// The line's newest approval.
    pub current: Option<(Tag, Digest)>,
    pub chosen: Option<Chosen>,
    /// Its approvals, newest first: those among which `keep` counts.
    pub approved: Vec<Tag>,
    /// Approvals of this line that an update removes because `keep` is exceeded.
    pub retired: Vec<(Tag, Digest)>,
    /// The versions that are newer than the choice and waiting, with the day they are due; also the choice's own tag if
    /// the choice is an earlier digest.
    pub waiting: Vec<Waiting>,
    /// If nothing is chosen and nothing waits: the newest version that is published outside the line's family, with
    /// another precision, build word or variant.
    pub beside: Option<Tag>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub tag: Tag,
    /// What it resolves to, or resolved to before.
    pub digest: Digest,
    /// Whether it is the approved tag with different bytes.
    pub rebuild: bool,
    /// Since when it has been public, if that was checked.
    pub public_since: Option<Since>,
    /// If it is younger than the cooldown: what it fixes, because of which it need not wait as long.
    pub fixes: Option<String>,
    /// Whether upstream writes this version with `v` where the approvals have none, or the other way round.
    pub prefix_changed: bool,
    /// The tag's current digest if that is too young: `digest` is then an earlier one.
    pub instead_of: Option<Waiting>,
}

/// A version that is in range but must not be proposed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub tag: Tag,
    pub reason: Reason,
    /// The detail for people.
    pub detail: String,
    /// When it or an earlier digest of its tag is old enough, if that is known.
    pub until: Option<DateTime<Utc>>,
}

/// The verdict on one tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagVerdict {
    pub tag: Tag,
    pub verdict: Verdict,
    /// The one reason.
    pub reason: Reason,
    /// The reason in words, for people.
    pub detail: String,
}

/// `chosen`, `approved` or `skipped`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is what should be proposed.
    Chosen,
    /// It is in the manifest.
    Approved,
    /// It is neither.
    Skipped,
}

/// The stable reason codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The newest version that the rule admits.
    Newest,
    /// Already approved.
    Approved,
    /// Not a version under the rule.
    NotAVersion,
    /// An approval that the rule does not read, or a version that may be newer than one.
    ApprovalNotRead,
    /// Outside the range.
    OutOfRange,
    /// A prerelease where none is wanted.
    Prerelease,
    /// A variant other than the one followed.
    OtherVariant,
    /// A number of version parts other than the one followed.
    OtherPrecision,
    /// `v1.2.3` where `1.2.3` is followed, or the other way round.
    OtherPrefix,
    /// Belongs to a line that is not followed.
    OtherLine,
    /// A floating tag.
    Floating,
    /// Below what is approved.
    Older,
    /// A newer version of the line was chosen.
    Superseded,
    /// Not public for long enough.
    Waiting,
    /// A wanted platform or a child is missing.
    NotReady,
    /// The signature could not be verified.
    Unsigned,
    /// Rejected in the manifest.
    Rejected,
    /// Revoked in the manifest.
    Revoked,
    /// A person closed its proposal.
    Declined,
    /// A manifest or index of it is one that two readers could understand differently.
    Refused,
}

impl Reason {
    /// Whether a person may ask for the tag anyway; then it is judged by itself, see [`alone`].
    pub(crate) const fn may_be_overridden(self) -> bool {
        match self {
            Self::Newest
            | Self::Approved
            | Self::Older
            | Self::Superseded
            | Self::Waiting
            | Self::NotReady
            | Self::Unsigned
            | Self::Declined
            | Self::ApprovalNotRead
            | Self::Refused => true,
            Self::NotAVersion
            | Self::OutOfRange
            | Self::Prerelease
            | Self::OtherVariant
            | Self::OtherPrecision
            | Self::OtherPrefix
            | Self::OtherLine
            | Self::Floating
            | Self::Rejected
            | Self::Revoked => false,
        }
    }
}
