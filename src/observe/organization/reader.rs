//! What an audit reads with, and its result.

use std::collections::BTreeSet;

use super::history::History;
use crate::hub::Hub;
use crate::observe::sources::Sources;
use crate::plan::Key;
use crate::policy::audit::{Counted, OrganizationFacts, Unseen};
use crate::progress::Progress;
use crate::registry::Registries;

/// How many mirrors and sources are checked at once; each host's own limit is in the client.
pub(super) const TOGETHER: usize = 16;

/// What an audit reads the organization with.
pub(crate) struct OrganizationReader<'a> {
    /// The destination.
    pub registries: &'a Registries,
    /// Upstream.
    pub sources: &'a Sources,
    /// Docker Hub's own API, if there is a credential for it.
    pub hub: Option<&'a Hub>,
    pub history: Option<History<'a>>,
    /// Approvals whose `mirrored` was not recorded by this program: what their mirror's document says about itself is
    /// not believed.
    pub foreign_records: &'a BTreeSet<Key>,
    pub progress: &'a Progress,
}

/// The organization as far as it could be read.
#[derive(Debug, Default)]
pub(crate) struct Organization {
    pub facts: OrganizationFacts,
    pub counted: Counted,
    pub failed: Vec<Unseen>,
    /// Why nothing could be read at all.
    pub stopped: Option<String>,
}
