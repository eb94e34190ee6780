//! What `digest` and `platforms` give: the digest that the mirror's tag is to answer.

use crate::content::{Content, ContentError, Document};
use crate::image::{Descriptor, Digest, Platform};

/// The document that is to be mirrored, from the approved one as upstream has it. A manifest that is no index is its only
/// platform and stays as it is.
///
/// # Errors
/// Where the document cannot be read, or a wanted platform is not in it.
pub fn from_upstream(document: &Document, platforms: Option<&[Platform]>) -> Result<Document, ContentError> {
    let Some(platforms) = platforms else { return Ok(document.clone()) };
    match document.read()? {
        Content::Index { .. } => document.subset(platforms),
        Content::Manifest { .. } => Ok(document.clone()),
    }
}

/// The annotation in which a subset names the index that it was made of: a run that finds it at the mirror need not ask
/// upstream.
pub const SUBSET_OF: &str = "io.github.wharfinger.subset-of";

/// The index that a subset says it was made of.
fn subset_of(held: &Document) -> Option<Digest> {
    let value: serde_json::Value = serde_json::from_slice(&held.bytes).ok()?;
    value.get("annotations")?.get(SUBSET_OF)?.as_str()?.parse().ok()
}

/// What `digest` and `platforms` give, as far as a document that the mirror holds can say: it is the approved document
/// itself, or a subset that names the approved digest as its upstream and keeps exactly the wanted platforms. `None` where
/// only upstream can tell.
#[must_use]
pub fn from_mirror(held: &Document, digest: &Digest, platforms: &[Platform]) -> Option<Digest> {
    if held.digest == *digest {
        return from_upstream(held, Some(platforms)).ok().map(|document| document.digest);
    }
    let Ok(Content::Index { children, .. }) = held.read() else { return None };
    (subset_of(held)? == *digest && keeps_exactly(&children, platforms)).then(|| held.digest.clone())
}

/// Whether every entry is wanted, attestations apart, and every wanted platform has an entry.
fn keeps_exactly(children: &[Descriptor], wanted: &[Platform]) -> bool {
    let is_image = |p: &&Platform| p.os != "unknown";
    let kept: Vec<&Platform> = children.iter().filter_map(|c| c.platform.as_ref()).filter(is_image).collect();
    kept.iter().all(|entry| wanted.iter().any(|w| w.admits(entry)))
        && wanted.iter().all(|w| kept.iter().any(|entry| w.admits(entry)))
}
