//! Identifies an approval.

use crate::image::{RepositoryName, Tag};
use crate::manifest::{Approval, Image};

/// Identifies an approval in a whole manifest: two images never share a mirror tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub repository: RepositoryName,
    pub tag: Tag,
}

impl Key {
    #[must_use]
    pub fn of(image: &Image, approval: &Approval) -> Self {
        Self { repository: image.repository.clone(), tag: approval.tag.clone() }
    }
}
