//! From a replacement to edits of the text.

use std::fmt;

use super::found::Site;
use crate::diag::Span;
use crate::image::{Digest, Repository, Tag};

/// What a reference is replaced with: approved bytes at the mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replacement {
    pub(crate) mirror: Repository,
    pub(crate) tag: Tag,
    /// What the mirror's tag held when it was promoted.
    pub(crate) digest: Digest,
}

/// `[HOST/]ORG/REPO:TAG@DIGEST`, as people write it: the host where it is not Docker Hub.
impl fmt::Display for Replacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.mirror.registry.is_docker_hub() {
            write!(f, "{}/", self.mirror.registry)?;
        }
        write!(f, "{}:{}@{}", self.mirror.name, self.tag, self.digest)
    }
}

/// New text for some bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextEdit {
    /// The bytes that are replaced; empty for an insertion.
    pub(crate) at: Span,
    pub(crate) text: String,
}

/// The edits that make a reference name its replacement; none where it is put together from several places.
pub(crate) fn rewrite(text: &str, site: &Site, to: &Replacement) -> Vec<TextEdit> {
    let _ = text;
    match site {
        Site::Literal(at) => vec![TextEdit { at: *at, text: to.to_string() }],
        Site::Parts(_) | Site::Composed => Vec::new(),
    }
}
