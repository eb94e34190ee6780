//! What commands hand over to be shown, row by row, and what other programs read. Keys are only ever added.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::explain::ExplainedImage;
use super::facts::PlannedFacts;
use crate::diag::Diagnostic;
use crate::image::{Digest, RepositoryName, Tag};
use crate::plan::drift::Difference;
use crate::plan::removal::{self, Why};
use crate::plan::{self, Failure, RepositoryStep, State, Step};
use crate::proposal::{Entry, Kind};
use crate::rules::Reason;

/// What would be done: `plan`, and every dry run. Serialised it is the body of `--format json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Plan {
    /// Proposals that should be open.
    pub proposals: Vec<PlannedProposal>,
    /// Approvals and their states.
    pub promotions: Vec<Promotion>,
    /// Repositories that are made, and settings of others that differ from the manifest.
    pub repositories: Vec<PlannedRepository>,
    /// Mirror tags that are to go.
    pub removals: Vec<Removal>,
    /// Versions that are in range and wait.
    pub waiting: Vec<Waiting>,
    /// What could not be looked at.
    pub failed: Vec<Failed>,
    /// What the rules make of every tag, image by image, as `explain` gives it.
    pub images: Vec<ExplainedImage>,
    /// The parts of a large estate, for GitHub's job matrix; only where `--shards` asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matrix: Option<Matrix>,
}

impl Plan {
    /// Adds what another command of the same run would do.
    pub fn extend(&mut self, other: Self) {
        self.proposals.extend(other.proposals);
        self.promotions.extend(other.promotions);
        self.repositories.extend(other.repositories);
        self.removals.extend(other.removals);
        self.waiting.extend(other.waiting);
        self.failed.extend(other.failed);
        self.images.extend(other.images);
        self.matrix = other.matrix.or(self.matrix.take());
    }
}

/// What was done: `propose`, `promote` and `run`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Outcome {
    /// Every open proposal of ours, and those closed now.
    pub proposals: Vec<Proposed>,
    /// What was promoted now.
    pub promoted: Vec<Promoted>,
    /// Signatures, attestations and SBOMs that were brought to the mirror now.
    pub carried: Vec<Carried>,
    /// Settings of repositories that differed from the manifest and were mended: `found` is what they were.
    pub mended: Vec<Finding>,
    /// Mirror tags that were deleted.
    pub removed: Vec<Removal>,
    /// Versions that are in range and wait.
    pub waiting: Vec<Waiting>,
    /// What failed, or may not be promoted.
    pub failed: Vec<Failed>,
    /// Findings, as an audit gives them.
    pub drift: Vec<Finding>,
    /// Whether anything was written.
    pub changed: bool,
}

impl Outcome {
    /// Adds what another command of the same run did.
    pub fn extend(&mut self, other: Self) {
        self.proposals.extend(other.proposals);
        self.promoted.extend(other.promoted);
        self.carried.extend(other.carried);
        self.mended.extend(other.mended);
        self.removed.extend(other.removed);
        self.waiting.extend(other.waiting);
        self.failed.extend(other.failed);
        self.drift.extend(other.drift);
        self.changed |= other.changed;
    }

    /// The words for a run that had nothing to write and found nothing wrong.
    #[must_use]
    pub fn nothing_done(&self) -> Option<&'static str> {
        let Self { proposals, waiting, failed, drift, changed, .. } = self;
        match *changed || !failed.is_empty() || !drift.is_empty() {
            true => None,
            false if proposals.is_empty() && waiting.is_empty() => {
                Some("nothing to do: everything is as the manifest says")
            }
            false => Some("nothing to write: everything stands as it should"),
        }
    }
}

/// What `check` found in a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Check {
    /// Faults of the manifest; the verdict is then exit status 2.
    pub diagnostics: Vec<Diagnostic>,
    /// Findings; the verdict is then exit status 1.
    pub findings: Vec<Finding>,
    /// What a merge would let promotion do.
    pub promotions: Vec<Promotion>,
    /// What could not be looked at.
    pub failed: Vec<Failed>,
}

/// The faults of an unusable manifest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Diagnostics {
    /// All of them, in the order of file and place.
    pub diagnostics: Vec<Diagnostic>,
}

/// One proposal that should be open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlannedProposal {
    /// Its branch, which is its identity.
    pub branch: String,
    /// Its title; null where the plan was made without one.
    pub title: Option<String>,
    /// What it changes, in the manifest's order.
    pub images: Vec<PlannedImage>,
    /// Why it is not opened or moved now, in words; null where nothing is in its way.
    pub detail: Option<String>,
}

/// One change of a planned proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlannedImage {
    /// The image's source as the manifest writes it.
    pub source: String,
    /// The mirror's name without the organization.
    #[schemars(with = "String")]
    pub repository: RepositoryName,
    /// The approved tag that the change starts from.
    #[schemars(with = "Option<String>")]
    pub from: Option<Tag>,
    /// The tag that the change is about.
    #[schemars(with = "Option<String>")]
    pub to: Option<Tag>,
    /// The digest that the change lets in, or that leaves.
    #[schemars(with = "String")]
    pub digest: Digest,
    /// The kind of change.
    pub kind: Kind,
    /// What a reviewer reads of it.
    #[serde(flatten)]
    pub facts: PlannedFacts,
}

impl From<&Entry> for PlannedImage {
    fn from(entry: &Entry) -> Self {
        Self {
            source: entry.source.clone(),
            repository: entry.repository.clone(),
            from: entry.from.clone(),
            to: entry.to.clone(),
            digest: entry.digest.clone(),
            kind: entry.kind,
            facts: PlannedFacts::default(),
        }
    }
}

/// One approval and its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Promotion {
    /// The image's source as the manifest writes it.
    pub source: String,
    /// The mirror's name without the organization.
    #[schemars(with = "String")]
    pub repository: RepositoryName,
    /// The tag.
    #[schemars(with = "String")]
    pub tag: Tag,
    /// The approved digest.
    #[schemars(with = "String")]
    pub digest: Digest,
    /// The state.
    pub state: State,
    /// The state in words, for people.
    pub detail: String,
}

impl From<&Step> for Promotion {
    fn from(step: &Step) -> Self {
        Self {
            source: step.source_text.clone(),
            repository: step.repository.clone(),
            tag: step.tag.clone(),
            digest: step.digest.clone(),
            state: step.state,
            detail: step.detail.clone(),
        }
    }
}

/// A repository that is made, or one setting of it that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlannedRepository {
    /// The mirror's name without the organization.
    #[schemars(with = "String")]
    pub repository: RepositoryName,
    /// What is done.
    pub action: RepositoryAction,
    /// The code of what differs, as an audit gives it; null where the repository is made.
    pub code: Option<&'static str>,
    /// What should be; null where the repository is made.
    pub expected: Option<String>,
    /// What is; null where the repository is made.
    pub found: Option<String>,
    /// What is done, or what mends it, in words.
    pub detail: String,
}

/// What is done about a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RepositoryAction {
    /// It is made before the first push.
    Create,
    /// A setting is mended.
    Mend,
    /// A setting is told of and left as it is.
    Report,
}

impl PlannedRepository {
    /// The rows of a repository.
    #[must_use]
    pub fn of(step: &RepositoryStep) -> Vec<Self> {
        let made = step.create.then(|| Self {
            repository: step.name.clone(),
            action: RepositoryAction::Create,
            code: None,
            expected: None,
            found: None,
            detail: step.detail.clone(),
        });
        let differing = |action: RepositoryAction, difference: &Difference| Self {
            repository: step.name.clone(),
            action,
            code: Some(difference.aspect.code()),
            expected: Some(difference.expected.clone()),
            found: Some(difference.found.clone()),
            detail: match action {
                RepositoryAction::Mend => format!("{} becomes {}", difference.found, difference.expected),
                _ => format!("{} should be {}: {}", difference.found, difference.expected, advice(difference)),
            },
        };
        let mends = step.mends.iter().map(|d| differing(RepositoryAction::Mend, d));
        let left = step.left.iter().map(|d| differing(RepositoryAction::Report, d));
        made.into_iter().chain(mends).chain(left).collect()
    }
}

/// How a difference that is left can be mended: one that promotion could mend is left because the manifest says so.
fn advice(difference: &Difference) -> &'static str {
    match difference.remedy.is_ours(false) {
        true => "`repositories: enforce` lets `promote` mend it",
        false => difference.remedy.advice(),
    }
}

/// A mirror tag that is to go, or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Removal {
    /// The mirror's name without the organization.
    #[schemars(with = "String")]
    pub repository: RepositoryName,
    /// The tag.
    #[schemars(with = "String")]
    pub tag: Tag,
    /// What the mirror's tag answers.
    #[schemars(with = "String")]
    pub digest: Digest,
    /// Why it goes.
    pub reason: Why,
    /// Why, in words.
    pub detail: String,
}

impl From<&removal::Removal> for Removal {
    fn from(removal: &removal::Removal) -> Self {
        let removal::Removal { repository, tag, digest, why, detail, .. } = removal.clone();
        Self { repository, tag, digest, reason: why, detail }
    }
}

/// A version that is in range but not proposed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Waiting {
    /// The image's source as the manifest writes it.
    pub source: String,
    /// The mirror's name without the organization.
    #[schemars(with = "String")]
    pub repository: RepositoryName,
    /// The tag.
    #[schemars(with = "String")]
    pub tag: Tag,
    /// Why it waits.
    pub reason: Reason,
    /// Why, in words.
    pub detail: String,
    /// When it is due, where that is known.
    #[schemars(with = "Option<String>")]
    pub until: Option<DateTime<Utc>>,
}

/// Something that failed or may not be done; the rest went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Failed {
    /// The image's source as the manifest writes it; null where it is about none.
    pub source: Option<String>,
    /// The mirror's name without the organization; null where it is about none.
    #[schemars(with = "Option<String>")]
    pub repository: Option<RepositoryName>,
    /// The tag; null where it is about none or all.
    #[schemars(with = "Option<String>")]
    pub tag: Option<Tag>,
    /// Where it failed.
    pub step: FailedStep,
    /// What happened and how to mend it; holds no secret.
    pub error: String,
}

/// Where something failed, or the state that keeps it from being promoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailedStep {
    /// Finding out what a tag answers.
    Resolve,
    /// Reading upstream.
    Read,
    /// Creating the repository or setting it up.
    Create,
    /// Copying a blob.
    Blob,
    /// Putting a manifest.
    Manifest,
    /// Setting the tag.
    Tag,
    /// Reading back.
    Verify,
    /// Recording the digest.
    Record,
    /// Opening, moving or closing a proposal.
    Propose,
    /// Upstream no longer has the digest.
    SourceLost,
    /// The mirror's tag answers something that the manifest did not put there.
    MirrorDiffers,
    /// Fewer people approved than the policy asks.
    Unreviewed,
    /// The manifest revokes it and it could not be taken down.
    Revoked,
}

/// A proposal as it stands after a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Proposed {
    /// The number; null on a forge without numbers.
    pub number: Option<u64>,
    /// Where a person looks at it.
    pub url: String,
    /// The branch.
    pub branch: String,
    /// What was done.
    pub action: ProposedAction,
    /// Why it was closed or left, in words; null for every other action.
    pub detail: Option<String>,
}

/// What was done about a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProposedAction {
    /// It is new.
    Opened,
    /// Its branch, title or body changed.
    Updated,
    /// It was as it should be.
    Unchanged,
    /// It was closed, with the reason.
    Closed,
    /// It was left alone, as `detail` says: a person's commits stand on it, or its image could not be looked at.
    Left,
}

/// Something that was promoted and read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Promoted {
    /// The mirror's name without the organization.
    #[schemars(with = "String")]
    pub repository: RepositoryName,
    /// The tag.
    #[schemars(with = "String")]
    pub tag: Tag,
    /// The approved digest.
    #[schemars(with = "String")]
    pub digest: Digest,
    /// What the mirror's tag answers.
    #[schemars(with = "String")]
    pub mirrored: Digest,
}

/// A signature, attestation or SBOM that was brought to the mirror.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Carried {
    /// The mirror's name without the organization.
    #[schemars(with = "String")]
    pub repository: RepositoryName,
    /// The tag of the image that it belongs to.
    #[schemars(with = "String")]
    pub tag: Tag,
    /// Its digest.
    #[schemars(with = "String")]
    pub digest: Digest,
    /// The tag it stands under; null where it names its subject itself.
    #[schemars(with = "Option<String>")]
    pub under: Option<Tag>,
}

/// A finding, as an audit gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// A stable code in kebab case, such as `never-served`.
    pub code: &'static str,
    /// The mirror's name without the organization; null where the finding is about none.
    #[schemars(with = "Option<String>")]
    pub repository: Option<RepositoryName>,
    /// The tag; null where the finding is about none.
    #[schemars(with = "Option<String>")]
    pub tag: Option<Tag>,
    /// What should be.
    pub expected: String,
    /// What is.
    pub found: String,
}

impl From<(RepositoryName, Difference)> for Finding {
    fn from((repository, difference): (RepositoryName, Difference)) -> Self {
        let Difference { aspect, expected, found, .. } = difference;
        Self { code: aspect.code(), repository: Some(repository), tag: None, expected, found }
    }
}

/// GitHub's job matrix: `strategy: { matrix: ${{ fromJSON(...) }} }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Matrix {
    /// The parts, each as `--shard` takes it.
    pub shard: Vec<String>,
}

impl Matrix {
    /// The matrix of `count` parts.
    #[must_use]
    pub fn of(count: u32) -> Self {
        Self { shard: (1..=count).map(|number| format!("{number}/{count}")).collect() }
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        let Failure { source, repository, tag, step, error } = failure;
        Self { source: Some(source), repository: Some(repository), tag, step: step.into(), error }
    }
}

impl From<plan::FailedStep> for FailedStep {
    fn from(step: plan::FailedStep) -> Self {
        match step {
            plan::FailedStep::Resolve => Self::Resolve,
            plan::FailedStep::Read => Self::Read,
            plan::FailedStep::Create => Self::Create,
            plan::FailedStep::Blob => Self::Blob,
            plan::FailedStep::Manifest => Self::Manifest,
            plan::FailedStep::Tag => Self::Tag,
            plan::FailedStep::Verify => Self::Verify,
            plan::FailedStep::Record => Self::Record,
            plan::FailedStep::SourceLost => Self::SourceLost,
            plan::FailedStep::MirrorDiffers => Self::MirrorDiffers,
            plan::FailedStep::Unreviewed => Self::Unreviewed,
            plan::FailedStep::Revoked => Self::Revoked,
        }
    }
}
