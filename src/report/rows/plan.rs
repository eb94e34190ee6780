//! What would be done.

use schemars::JsonSchema;
use serde::Serialize;

use super::notices::Notices;
use super::shared::{Alias, Failed, Removal, Waiting};
use crate::image::{Digest, RepositoryName, Tag};
use crate::plan::aliases::AliasState;
use crate::plan::drift::Difference;
use crate::plan::{RepositoryStep, State, Step};
use crate::proposal::body::Account;
use crate::proposal::{Entry, Kind};
use crate::report::evidence::PlannedEvidence;
use crate::report::explain::ExplainedImage;
use crate::report::facts::PlannedFacts;

/// What would be done: `plan`, and every dry run. Serialised it is the body of `--format json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Plan {
    /// Proposals that should be open.
    pub proposals: Vec<PlannedProposal>,
    /// Approvals and their states.
    pub promotions: Vec<Promotion>,
    /// Repositories that are created or taken over, and settings of others that differ from the manifest.
    pub repositories: Vec<PlannedRepository>,
    /// Aliases and what they follow.
    pub aliases: Vec<Alias>,
    /// Mirror tags to delete.
    pub removals: Vec<Removal>,
    /// Versions that are in range and waiting.
    pub waiting: Vec<Waiting>,
    /// What could not be checked.
    pub failed: Vec<Failed>,
    /// What rules leave out.
    #[serde(flatten)]
    pub notices: Notices,
    /// What the rules decide about every tag, image by image, as in `explain`.
    pub images: Vec<ExplainedImage>,
    /// The parts of a large set of images, for GitHub's job matrix; only with `--shards`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matrix: Option<Matrix>,
    /// What happens to the record; only if it is a commit in a local clone and there is something to record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Why a first run would propose nothing, for people.
    #[serde(skip)]
    pub first: Option<String>,
}

impl Plan {
    /// The words for a plan in which there is nothing to do and nothing to tell.
    pub(crate) fn nothing_planned(&self) -> Option<&'static str> {
        let Self { proposals, promotions, repositories, aliases, removals, waiting, failed, notices, .. } = self;
        let Self { matrix, record, .. } = self;
        let quiet = proposals.is_empty() && repositories.is_empty() && removals.is_empty() && record.is_none();
        let silent = waiting.is_empty() && failed.is_empty() && notices.is_empty() && matrix.is_none();
        let followed = aliases.iter().all(|alias| alias.state != AliasState::Set);
        let present = promotions.iter().all(|promotion| promotion.state == State::Present);
        (quiet && silent && followed && present).then_some("nothing to propose and nothing to promote")
    }

    /// Adds what another command of the same run would do.
    pub fn extend(&mut self, other: Self) {
        self.proposals.extend(other.proposals);
        self.promotions.extend(other.promotions);
        self.repositories.extend(other.repositories);
        self.aliases.extend(other.aliases);
        self.removals.extend(other.removals);
        self.waiting.extend(other.waiting);
        self.failed.extend(other.failed);
        self.notices.extend(other.notices);
        self.images.extend(other.images);
        self.matrix = other.matrix.or(self.matrix.take());
        self.record = other.record.or(self.record.take());
        self.first = other.first.or(self.first.take());
    }
}

/// One proposal that should be open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlannedProposal {
    /// Its branch, which is its identity.
    pub branch: String,
    /// Its title; null if the plan was made without one.
    pub title: Option<String>,
    /// What it changes, in the manifest's order.
    pub images: Vec<PlannedImage>,
    /// Why it is not opened or moved now, in words; null if nothing prevents it.
    pub detail: Option<String>,
}

/// One change of a planned proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlannedImage {
    /// The image's source as the manifest writes it.
    pub source: String,
    /// The mirror's name without the organization.
    pub repository: RepositoryName,
    /// The approved tag that the change starts from.
    pub from: Option<Tag>,
    /// The tag that the change is about.
    pub to: Option<Tag>,
    /// The digest that the change adds or removes.
    pub digest: Digest,
    /// The kind of change.
    pub kind: Kind,
    /// What a reviewer reads about it.
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

impl From<&Account<'_>> for PlannedImage {
    fn from(account: &Account<'_>) -> Self {
        Self { facts: PlannedFacts::from(account), ..Self::from(account.entry()) }
    }
}

/// One change with what was found out about its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LookedAt {
    /// The image's source as the manifest writes it.
    pub source: String,
    /// The mirror's name without the organization.
    pub repository: RepositoryName,
    /// The approved tag that the change starts from.
    pub from: Option<Tag>,
    /// The tag that the change is about.
    pub to: Option<Tag>,
    /// The digest that the change lets in, or that leaves.
    pub digest: Digest,
    /// The kind of change.
    pub kind: Kind,
    /// What was found out; null where nothing was looked at.
    pub evidence: Option<PlannedEvidence>,
}

impl From<&PlannedImage> for LookedAt {
    fn from(image: &PlannedImage) -> Self {
        let PlannedImage { source, repository, from, to, digest, kind, facts } = image.clone();
        Self { source, repository, from, to, digest, kind, evidence: facts.evidence }
    }
}

impl From<&Account<'_>> for LookedAt {
    fn from(account: &Account<'_>) -> Self {
        Self { evidence: PlannedEvidence::of(account), ..Self::from(&PlannedImage::from(account.entry())) }
    }
}

/// One approval and its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Promotion {
    /// The image's source as the manifest writes it.
    pub source: String,
    /// The mirror's name without the organization.
    pub repository: RepositoryName,
    /// The tag.
    pub tag: Tag,
    /// The approved digest.
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

/// A repository that is created or taken over, or one setting of it that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlannedRepository {
    /// The mirror's name without the organization.
    pub repository: RepositoryName,
    /// What is done.
    pub action: RepositoryAction,
    /// The code of what differs, as an audit gives it; null if the repository is created or taken over.
    pub code: Option<&'static str>,
    /// What should be; null if the repository is created or taken over.
    pub expected: Option<String>,
    /// What is; null if the repository is created or taken over.
    pub found: Option<String>,
    /// What is done, or what fixes it, in words.
    pub detail: String,
}

/// What is done about a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RepositoryAction {
    /// It is created before the first push.
    Create,
    /// It exists, was not ours and is taken over.
    Adopt,
    /// A setting is fixed.
    Fix,
    /// A setting is reported and left as it is.
    Report,
}

impl PlannedRepository {
    /// The rows of a repository.
    #[must_use]
    pub fn of(step: &RepositoryStep) -> Vec<Self> {
        let whole = match (&step.adoption, step.create) {
            (Some(_), _) => Some(RepositoryAction::Adopt),
            (None, true) => Some(RepositoryAction::Create),
            (None, false) => None,
        };
        let whole = whole.map(|action| Self {
            repository: step.name.clone(),
            action,
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
                RepositoryAction::Fix => format!("{} becomes {}", difference.found, difference.expected),
                _ => format!("{} should be {}: {}", difference.found, difference.expected, advice(difference)),
            },
        };
        let fixes = step.fixes.iter().map(|d| differing(RepositoryAction::Fix, d));
        let left = step.left.iter().map(|d| differing(RepositoryAction::Report, d));
        whole.into_iter().chain(fixes).chain(left).collect()
    }
}

/// How a remaining difference can be fixed: one that promotion could fix remains because the manifest says so.
fn advice(difference: &Difference) -> &'static str {
    match difference.remedy.is_ours(false) {
        true => "`repositories: enforce` lets `promote` fix it",
        false => difference.remedy.advice(),
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
