//! What failed, as a list that another program reads.

use serde::{Serialize, Serializer};

use super::State;
use crate::image::{RepositoryName, Tag};

/// One approval that was not promoted, and where it stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The image's source as the manifest writes it.
    pub source: String,
    /// The mirror's name in the organization.
    pub repository: RepositoryName,
    /// The tag; `None` where the failure is about the whole repository.
    pub tag: Option<Tag>,
    /// Where it stopped.
    pub step: FailedStep,
    /// What happened, for people; holds no secret.
    pub error: String,
}

/// Where a promotion stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailedStep {
    /// Finding out what mirror and upstream answer.
    Resolve,
    /// Reading manifests upstream.
    Read,
    /// Creating the repository.
    Create,
    /// Copying a blob.
    Blob,
    /// Putting a manifest by digest.
    Manifest,
    /// Setting the tag.
    Tag,
    /// Reading back what is there.
    Verify,
    /// Writing the digest into the manifest.
    Record,
    /// Never started: its state forbids it.
    State(State),
}

impl FailedStep {
    /// The word that reports and other programs use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Read => "read",
            Self::Create => "create",
            Self::Blob => "blob",
            Self::Manifest => "manifest",
            Self::Tag => "tag",
            Self::Verify => "verify",
            Self::Record => "record",
            Self::State(state) => state.as_str(),
        }
    }
}

impl Serialize for FailedStep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
