//! What an audit reads with, and what it comes to.

use std::collections::BTreeSet;

use super::history::History;
use crate::hub::Hub;
use crate::observe::sources::Sources;
use crate::plan::Key;
use crate::policy::audit::{Counted, OrganizationFacts, Unseen};
use crate::progress::Progress;
use crate::registry::Registries;

/// How many mirrors and sources are checked together; each host's own limit is the client's.
pub(super) const TOGETHER: usize = 16;

/// What an audit reads the organization with.
pub(crate) struct OrganizationReader<'a> {
    /// The destination.
    pub registries: &'a Registries,
    /// Upstream.
    pub sources: &'a Sources,
    /// Docker Hub's own API, where there is a credential for it.
    pub hub: Option<&'a Hub>,
    pub history: Option<History<'a>>,
    /// Approvals whose `mirrored` is not a record of this program: what their mirror's document says of itself is not believed.
    pub foreign_records: &'a BTreeSet<Key>,
    pub progress: &'a Progress,
}

/// The organization as far as it could be read.
#[derive(Debug, Default)]
pub(crate) struct Organization {
    pub facts: OrganizationFacts,
    pub counted: Counted,
    pub failed: Vec<Unseen>,
    /// Why nothing could be asked at all.
    pub stopped: Option<String>,
}
