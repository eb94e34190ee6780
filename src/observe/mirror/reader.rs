//! What the mirrors are read with, and what is known on the way to a plan.

use std::collections::{BTreeMap, BTreeSet};

use super::error::MirrorError;
use crate::evidence::Trust;
use crate::hub::Hub;
use crate::image::RepositoryName;
use crate::observe::records::History;
use crate::observe::repositories::Attention;
use crate::observe::sources::Sources;
use crate::plan::ownership::{Keeper, Owned};
use crate::plan::{Consent, Key, Observed};
use crate::progress::Progress;
use crate::registry::Registries;

/// Reads what promotion is planned from.
pub(crate) struct MirrorReader<'a> {
    /// The destination.
    pub registries: &'a Registries,
    /// Upstream.
    pub sources: &'a Sources,
    /// What signatures are verified with.
    pub trust: &'a Trust,
    /// Docker Hub's own API, if there is a credential for it.
    pub hub: Option<&'a Hub>,
    /// The manifest's history, if there is a forge.
    pub history: Option<History<'a>>,
    /// The manifest that manages the repositories.
    pub keeper: &'a Keeper,
    /// How closely the settings of repositories are read.
    pub attention: Attention,
    /// What may be changed in them.
    pub consent: Consent,
    /// Shows the progress.
    pub progress: &'a Progress,
    /// Approvals whose `mirrored` was not recorded by this program: what their mirror's document says about itself is
    /// not believed.
    pub foreign_records: &'a BTreeSet<Key>,
}

/// What was observed of each approval.
pub(super) type Observations = BTreeMap<Key, Result<Observed, MirrorError>>;

/// Who owns the Docker Hub repositories of the run; empty for other destinations.
pub(super) type OwnedRepositories = BTreeMap<RepositoryName, Owned>;
