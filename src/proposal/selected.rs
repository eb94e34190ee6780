//! What is picked before proposals are made of it.

use super::signers::Signers;
use crate::rules::Selection;

/// What the rules chose from one image's tags. An image that could not be checked has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selected {
    /// The image: index into [`Manifest::images`].
    pub image: usize,
    pub selection: Selection,
    /// Who signed what is chosen, and what it is compared with.
    pub signers: Signers,
}
