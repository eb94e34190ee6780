//! What was observed of the organization, and what could not be.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::image::{Digest, Location, RepositoryName, Tag};
use crate::plan::Key;
use crate::plan::drift::ObservedSettings;
use crate::policy::settings::Row;

#[derive(Debug, Clone, Default)]
pub(crate) struct OrganizationFacts {
    /// The mirrors that could be checked; one that does not exist has no tags.
    pub mirrors: BTreeMap<RepositoryName, Mirror>,
    /// The result of `digest` and `platforms`, for approvals of selected platforms whose tag exists: `None` if the
    /// mirror holds something else.
    pub expected: BTreeMap<Key, Option<Digest>>,
    /// Approvals of selected platforms whose tag resolves to something that claims to be what was approved, and is not.
    pub forged: BTreeSet<Key>,
    /// What is stored as signatures beside the mirrors' images but is something else.
    pub foreign: BTreeMap<RepositoryName, Vec<ForeignCompanion>>,
    /// Sources that no longer have an approved digest.
    pub lost: BTreeSet<(Location, Digest)>,
    /// Sources that no longer have an approved tag, whether its bytes still answer by digest or not.
    pub withdrawn: BTreeSet<(Location, Tag)>,
    /// Sources that are gone as a whole.
    pub gone: BTreeSet<Location>,
    /// What the manifest's history approved, for the mirrors that needed it.
    pub history: BTreeMap<RepositoryName, Once>,
    /// The organization's settings compared with the policy.
    pub settings: Vec<Row>,
}

/// How much was seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Counted {
    /// The organization's repositories, as far as the credential may list them; null if they cannot be listed.
    pub repositories: Option<usize>,
    /// The mirrors that could be checked.
    pub mirrors: usize,
    /// Their tags.
    pub tags: usize,
    /// The manifest's approvals.
    pub approvals: usize,
    /// The sources that were checked for the approved images.
    pub sources: usize,
    /// The organization's repositories that the manifest does not list: its own images, which are not drift.
    pub unmanaged: Vec<RepositoryName>,
}

/// Something that could not be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The source as written in the manifest; `None` if there is none.
    pub source: Option<String>,
    /// The mirror; `None` if there is none.
    pub repository: Option<RepositoryName>,
    /// The tag; `None` if it is about none or about all.
    pub tag: Option<Tag>,
    /// Why, and how to fix it; holds no secret.
    pub error: String,
}

impl Unseen {
    /// Reports a mirror, or one of its tags.
    #[must_use]
    pub fn of_mirror(name: &RepositoryName, tag: Option<Tag>, error: String) -> Self {
        Self { source: None, repository: Some(name.clone()), tag, error }
    }

    #[must_use]
    pub const fn of_source(source: String, error: String) -> Self {
        Self { source: Some(source), repository: None, tag: None, error }
    }

    #[must_use]
    pub const fn of_organization(error: String) -> Self {
        Self { source: None, repository: None, tag: None, error }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Mirror {
    pub tags: BTreeMap<Tag, Tagged>,
    /// Whether the tags' children are known: without them it is unknown what a signature's tag belongs to.
    pub children_known: bool,
    /// Its settings according to Docker Hub; `None` if it does not exist, or on a registry without such settings.
    pub settings: Option<ObservedSettings>,
}

/// Something beside an image that is not a signature, attestation, SBOM or other artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForeignCompanion {
    pub digest: Digest,
    /// Its tag, or the tag of the image that it refers to.
    pub tag: Tag,
    /// What it is.
    pub what: String,
}

/// What a tag resolves to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tagged {
    /// The digest; `None` if it is unknown.
    pub digest: Option<Digest>,
    /// The manifests of the index, as far as they are known.
    pub children: Vec<Digest>,
}

/// What was ever promoted to a mirror, as far as the manifest's history was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Once {
    /// Tags, and every digest that was recorded as promoted under them (`mirrored`). Does not include what was approved
    /// and never recorded.
    pub tags: BTreeMap<Tag, BTreeSet<Digest>>,
}

impl Once {
    pub(super) fn digests(&self) -> impl Iterator<Item = &Digest> {
        self.tags.values().flatten()
    }
}
