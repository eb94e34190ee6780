//! What VEX documents call an image.

use std::collections::BTreeSet;

use crate::image::Digest;

/// What VEX documents call an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ImageIdentity {
    /// Of its index and its platforms.
    pub digests: BTreeSet<Digest>,
    /// `HOST/NAME`, as upstream is named.
    pub repository: String,
}
