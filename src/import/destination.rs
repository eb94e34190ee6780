//! Where mirrors are.

use super::wish::Wish;
use crate::image::{RegistryHost, Repository};

/// Stands for the organization that a configuration does not name.
pub(super) const UNKNOWN: &str = "unknown.organization";

/// Where mirrors are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Destination {
    pub(super) registry: RegistryHost,
    pub(super) organization: String,
}

impl Destination {
    /// Whether the configuration puts an image there.
    pub(super) fn holds(&self, wish: &Wish) -> bool {
        wish.target.as_ref().is_some_and(|target| {
            target.registry == self.registry && organization(target) == Some(self.organization.as_str())
        })
    }
}

/// The organization in a repository's name, if the configuration tells it.
pub(super) fn organization(target: &Repository) -> Option<&str> {
    target.name.as_str().split_once('/').map(|(organization, _)| organization).filter(|name| *name != UNKNOWN)
}
