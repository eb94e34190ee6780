//! What is known about a planned change, for programs and for people on a terminal.

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::evidence::PlannedEvidence;
use super::usage::UsedIn;
use crate::image::{Digest, Tag};
use crate::policy::{Category, Gate, Told};
use crate::proposal::body::{Account, Affected, Check, Comes, Exchanged, LastPull, Mark, Outcome, Step, total};
use crate::rules::Clock;
use crate::text::{excerpt, size};

/// The facts that a proposal's body shows for one change. What was not checked is null or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct PlannedFacts {
    /// The change in words: `patch update`, `minor downgrade`, `minor update, new line 3.2`, `first approval, platform lost`.
    pub change: String,
    /// How far an update or downgrade goes; null if the versions cannot be compared or it is neither.
    pub step: Option<Step>,
    /// What a reviewer should not overlook, the most serious first.
    pub marks: Vec<Mark>,
    /// The reason, if a person gave one.
    pub reason: Option<String>,
    /// Its upstream page.
    pub upstream: Option<String>,
    /// The category under Image Access Management; null if it is unknown or there is none.
    pub category: Option<Category>,
    /// Where the category comes from.
    pub category_told_by: Option<Told>,
    /// What the manifest's policy means for its source; null if no bytes are added.
    pub policy: Option<Gate>,
    /// The same in words, or why there is no category. Empty if it was not checked.
    pub category_detail: String,
    /// Since when the digest has been known.
    #[schemars(with = "Option<String>")]
    pub since: Option<DateTime<Utc>>,
    /// Which clock says so.
    pub clock: Option<Clock>,
    /// How long it has waited, in seconds.
    pub waited: Option<u64>,
    /// The bytes of everything that would be mirrored.
    pub size: Option<u64>,
    /// The same for the currently approved image.
    pub size_before: Option<u64>,
    /// The bytes that only the currently approved image has; null if that is unknown.
    pub size_left: Option<u64>,
    /// The bytes that only the new image has; null if that is unknown.
    pub size_came: Option<u64>,
    /// Release notes, if the image's labels name a known forge. The link is not checked.
    pub release_notes: Option<String>,
    /// What changed in the source between the commits named in the labels of both images; if only the new one is known,
    /// the source at that commit.
    pub source_changes: Option<String>,
    /// What would be mirrored, platform by platform.
    pub platforms: Vec<PlannedPlatform>,
    /// Platforms that are mirrored now and would no longer be.
    pub platforms_lost: Vec<String>,
    /// Signatures, attestations, SBOMs and other artifacts that are copied too.
    pub companions: Vec<PlannedCompanion>,
    /// What upstream has for the image but is left behind, in words.
    pub left_behind: Vec<String>,
    /// What was found out about the bytes; null where nothing was looked at.
    pub evidence: Option<PlannedEvidence>,
    /// What a merge will do in the organization, in words.
    pub on_merge: String,
    /// Who uses what is removed; null if that was not checked, or nothing is removed.
    pub affected: Option<PlannedAffected>,
    /// The same, line by line, for people.
    #[serde(skip)]
    pub affected_lines: Vec<String>,
    /// What changed inside, line by line, for people.
    #[serde(skip)]
    pub inside: Vec<String>,
    /// What was verified, in words.
    pub verified: Vec<String>,
    /// What was not, in words.
    pub not_verified: Vec<String>,
}

/// Who uses a tag whose approval is removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlannedAffected {
    /// When somebody last pulled it from the mirror (RFC 3339); `never`; `unknown` if that is not shown or may be our own pull; null if
    /// the mirror shows no pulls or nothing was promoted.
    pub last_pulled: Option<String>,
    /// Why the last pull is unknown; null if it is known.
    pub why: Option<String>,
    /// The places that name it, at most a thousand.
    pub references: Vec<UsedIn>,
    /// How many places there are.
    pub references_total: usize,
    /// How many repositories were searched.
    pub searched: usize,
    /// What was not searched, in words.
    pub missed: Vec<String>,
}

/// How many places are listed.
const PLACES: usize = 1_000;

impl From<&Affected> for PlannedAffected {
    fn from(affected: &Affected) -> Self {
        let Affected { last_pull, places, searched, missed } = affected;
        let (last_pulled, why) = match last_pull {
            LastPull::NotAsked => (None, None),
            LastPull::Never => (Some("never".to_owned()), None),
            LastPull::At(at) => (Some(at.to_rfc3339_opts(SecondsFormat::Secs, true)), None),
            LastPull::Unknown(why) => (Some("unknown".to_owned()), Some(excerpt(why, 400))),
        };
        Self {
            last_pulled,
            why,
            references: places.iter().take(PLACES).cloned().map(UsedIn::from).collect(),
            references_total: places.len(),
            searched: *searched,
            missed: missed.iter().take(PLACES).map(|missed| excerpt(missed, 400)).collect(),
        }
    }
}

/// One platform of a planned change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlannedPlatform {
    /// `os/architecture[/variant]`; empty for a single manifest.
    pub platform: String,
    /// The digest of its manifest.
    pub digest: Digest,
    /// The bytes of its manifest, configuration and layers.
    pub size: u64,
    /// The same for the currently approved image; null if it has no such platform or could not be checked.
    pub size_before: Option<u64>,
}

/// Something that is copied with a planned change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlannedCompanion {
    /// `signature`, `attestation`, `SBOM` or `artifact`.
    pub kind: &'static str,
    /// The type that it declares.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its tag; null if it refers to its subject itself.
    pub under: Option<Tag>,
    /// The bytes of its manifest, configuration and layers.
    pub size: u64,
}

impl From<&Comes> for PlannedCompanion {
    fn from(comes: &Comes) -> Self {
        let Comes { digest, under, artifact } = comes;
        Self {
            kind: artifact.sort.words(),
            media_type: excerpt(&artifact.media_type, 100),
            digest: digest.clone(),
            under: under.clone(),
            size: artifact.size,
        }
    }
}

impl From<&Account<'_>> for PlannedFacts {
    fn from(account: &Account<'_>) -> Self {
        let evidence = account.evidence;
        let shows_category = account.lets_in() && account.has_standing();
        let category = account.category().filter(|_| shows_category);
        let (verified, not_verified): (Vec<_>, Vec<_>) =
            account.checks(excerpt).into_iter().partition(|check| check.outcome == Outcome::Verified);
        let words = |checks: Vec<Check>| checks.into_iter().map(|check| check.text).collect();
        let platforms = evidence.into_iter().flat_map(|e| &e.platforms).map(|p| PlannedPlatform {
            platform: excerpt(&p.name, 60),
            digest: p.digest.clone(),
            size: p.size,
            size_before: p.before.as_ref().map(|(_, size)| *size),
        });
        let exchanged = evidence.and_then(|e| e.exchanged);
        let pages = account.pages();
        let along = || evidence.into_iter().filter_map(|e| e.along.as_ref());
        Self {
            change: account.change(str::to_owned),
            step: account.step(),
            marks: account.marks(),
            reason: account.reason().or_else(|| account.entry().reason.clone()).map(|reason| excerpt(&reason, 200)),
            upstream: account.link(),
            category: category.map(|(category, _)| category),
            category_told_by: category.map(|(_, told)| told),
            policy: account.gate(),
            category_detail: if shows_category { account.category_words(excerpt) } else { String::new() },
            since: account.since().map(|since| since.at),
            clock: account.since().map(|since| since.clock),
            waited: account.waited().and_then(|waited| u64::try_from(waited.num_seconds()).ok()),
            size: evidence.and_then(|e| e.size),
            size_before: evidence.and_then(|e| e.size_before),
            size_left: exchanged.map(|exchanged| exchanged.left),
            size_came: exchanged.map(|exchanged| exchanged.came),
            source_changes: pages.as_ref().and_then(|pages| pages.changes.as_ref()?.url().map(str::to_owned)),
            release_notes: pages.map(|pages| pages.release_notes),
            platforms: platforms.collect(),
            platforms_lost: evidence.into_iter().flat_map(|e| &e.lost).map(|name| excerpt(name, 60)).collect(),
            companions: along().flat_map(|along| &along.comes).map(PlannedCompanion::from).collect(),
            left_behind: along().flat_map(|along| &along.left).map(|left| excerpt(&left.to_string(), 400)).collect(),
            evidence: PlannedEvidence::of(account),
            on_merge: account.merging(excerpt),
            affected: account.affected().map(PlannedAffected::from),
            affected_lines: account.affected().into_iter().flat_map(|affected| affected.lines(excerpt)).collect(),
            inside: account.told_in_lines(),
            verified: words(verified),
            not_verified: words(not_verified),
        }
    }
}

impl PlannedFacts {
    /// Since when and for how long, for people; `None` if it was not checked.
    #[must_use]
    pub fn age(&self) -> Option<String> {
        let (at, clock) = (self.since?, self.clock?);
        let waited = self.waited.and_then(|seconds| i64::try_from(seconds).ok());
        let waited = waited.and_then(chrono::TimeDelta::try_seconds).map(crate::proposal::body::span);
        let since = crate::rules::Since { at, clock };
        Some(waited.map_or_else(|| since.to_string(), |waited| format!("{since}, waited {waited}")))
    }

    /// The size and the difference, for people; `None` if they are unknown.
    #[must_use]
    pub fn total(&self) -> Option<String> {
        let exchanged = self.size_left.zip(self.size_came).map(|(left, came)| Exchanged { left, came });
        let rebuilt = self.marks.contains(&Mark::Rebuild);
        Some(total(self.size?, self.size_before, exchanged.filter(|_| rebuilt)))
    }

    /// The same with the platforms.
    #[must_use]
    pub fn sizes(&self) -> Option<String> {
        let total = self.total()?;
        let named: Vec<&PlannedPlatform> = self.platforms.iter().filter(|p| !p.platform.is_empty()).collect();
        let platforms: Vec<String> =
            named.iter().take(12).map(|p| format!("{} {}", p.platform, size(p.size))).collect();
        let more = named.len().saturating_sub(12);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let platforms = if platforms.is_empty() { String::new() } else { format!(": {}{more}", platforms.join(", ")) };
        Some(format!("{total}{platforms}"))
    }
}
