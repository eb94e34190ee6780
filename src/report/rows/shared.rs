//! Rows of more than one document.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::image::{Digest, RepositoryName, Tag};
use crate::plan::aliases::{AliasState, AliasStep};
use crate::plan::drift::Difference;
use crate::plan::removal::{self, Why};
use crate::plan::{FailedStep, Failure};
use crate::rules::Reason;

/// A mirror tag that is to be deleted, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Removal {
    /// The mirror's name without the organization.
    pub repository: RepositoryName,
    /// The tag.
    pub tag: Tag,
    /// What the mirror's tag resolves to.
    pub digest: Digest,
    /// Why it is deleted.
    pub reason: Why,
    /// The reason, in words.
    pub detail: String,
}

impl From<&removal::Removal> for Removal {
    fn from(removal: &removal::Removal) -> Self {
        let removal::Removal { repository, tag, digest, why, detail, .. } = removal.clone();
        Self { repository, tag, digest, reason: why, detail }
    }
}

/// An alias at a mirror, and the approval that it follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Alias {
    /// The mirror's name without the organization.
    pub repository: RepositoryName,
    /// The alias.
    pub alias: Tag,
    /// The approved tag that it follows; null if no approval matches it.
    pub tag: Option<Tag>,
    /// What it resolves to then; null if that is not known yet.
    pub digest: Option<Digest>,
    /// What is done about it.
    pub state: AliasState,
    /// The state in words.
    pub detail: String,
}

impl From<&AliasStep> for Alias {
    fn from(step: &AliasStep) -> Self {
        let AliasStep { repository, alias, follows, digest, state, detail, .. } = step.clone();
        Self { repository, alias, tag: follows, digest, state, detail }
    }
}

/// A version that is in range but not proposed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Waiting {
    /// The image's source as the manifest writes it.
    pub source: String,
    /// The mirror's name without the organization.
    pub repository: RepositoryName,
    /// The tag.
    pub tag: Tag,
    /// Why it waits.
    pub reason: Reason,
    /// The reason, in words.
    pub detail: String,
    /// When it is due, if that is known.
    #[schemars(with = "Option<String>")]
    pub until: Option<DateTime<Utc>>,
}

/// Something that failed or may not be done; the rest continued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Failed {
    /// The image's source as the manifest writes it; null if there is none.
    pub source: Option<String>,
    /// The mirror's name without the organization; null if there is none.
    pub repository: Option<RepositoryName>,
    /// The tag; null if it concerns none or all of them.
    pub tag: Option<Tag>,
    /// Where it failed.
    pub step: FailedStep,
    /// What happened and how to fix it; holds no secret.
    pub error: String,
}

impl Failed {
    /// The mirror that it is about, else the source.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.repository.as_ref().map(RepositoryName::as_str).or(self.source.as_deref())
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        let Failure { source, repository, tag, step, error } = failure;
        Self { source: Some(source), repository: Some(repository), tag, step, error }
    }
}

/// A finding, as an audit gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// A stable code in kebab case, such as `never-served`.
    pub code: &'static str,
    /// The mirror's name without the organization; null if there is none.
    pub repository: Option<RepositoryName>,
    /// The tag; null if there is none.
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
