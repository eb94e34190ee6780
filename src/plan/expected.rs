//! The result of `digest` and `platforms`: the digest that the mirror's tag should resolve to.

use crate::content::{Content, ContentError, Document};
use crate::image::{Descriptor, Digest, Platform};

/// The document to mirror, derived from the approved one as upstream has it. A manifest that is not an index is its
/// only platform and stays as it is.
pub(crate) fn from_upstream(document: &Document, platforms: Option<&[Platform]>) -> Result<Document, ContentError> {
    let Some(platforms) = platforms else { return Ok(document.clone()) };
    match document.read()? {
        Content::Index { .. } => document.subset(platforms),
        Content::Manifest { .. } => Ok(document.clone()),
    }
}

/// The result of `digest` and `platforms`, as far as a document at the mirror can show it: it is the approved document
/// itself, or a subset that names the approved digest as its upstream and keeps exactly the wanted platforms. `None` if
/// only upstream can tell.
pub(crate) fn from_mirror(held: &Document, digest: &Digest, platforms: &[Platform]) -> Option<Digest> {
    if held.digest == *digest {
        return from_upstream(held, Some(platforms)).ok().map(|document| document.digest);
    }
    let Ok(Content::Index { children, .. }) = held.read() else { return None };
    (held.subset_of()? == *digest && keeps_exactly(&children, platforms)).then(|| held.digest.clone())
}

/// Whether every entry is wanted, apart from attestations, and every wanted platform has an entry.
fn keeps_exactly(children: &[Descriptor], wanted: &[Platform]) -> bool {
    let is_image = |p: &&Platform| p.os != "unknown";
    let kept: Vec<&Platform> = children.iter().filter_map(|c| c.platform.as_ref()).filter(is_image).collect();
    kept.iter().all(|entry| wanted.iter().any(|w| w.admits(entry)))
        && wanted.iter().all(|w| kept.iter().any(|entry| w.admits(entry)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn platforms(list: &[&str]) -> Vec<Platform> {
        list.iter().map(|p| p.parse().unwrap()).collect()
    }

    fn index(names: &[&str]) -> Document {
        let entry = |name: &&str| {
            let platform: Platform = name.parse().unwrap();
            serde_json::json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 7,
                "digest": Digest::sha256(name.as_bytes()),
                "platform": {"os": platform.os, "architecture": platform.architecture},
            })
        };
        let entries: Vec<_> = names.iter().map(entry).collect();
        let media_type = "application/vnd.oci.image.index.v1+json";
        let text = serde_json::json!({"schemaVersion": 2, "mediaType": media_type, "manifests": entries}).to_string();
        Document::new(text.into(), None, None).unwrap()
    }

    #[test]
    fn what_the_mirror_holds_tells_whether_it_is_this_approvals_subset() {
        let whole = index(&["linux/amd64", "linux/arm64", "linux/s390x"]);
        let two = platforms(&["linux/amd64", "linux/arm64"]);
        let held = whole.subset(&two).unwrap();
        assert_eq!(from_mirror(&held, &whole.digest, &two), Some(held.digest.clone()));
        assert_eq!(from_mirror(&whole, &whole.digest, &two), Some(held.digest.clone()), "platforms were narrowed");
        let fewer = platforms(&["linux/amd64"]);
        assert_eq!(from_mirror(&held, &whole.digest, &fewer), None, "it keeps a platform too many");
        let more = platforms(&["linux/amd64", "linux/arm64", "linux/s390x"]);
        assert_eq!(from_mirror(&held, &whole.digest, &more), None, "a wanted platform is not in it");
        let rebuilt = index(&["linux/arm64", "linux/amd64", "linux/s390x"]);
        assert_eq!(from_mirror(&held, &rebuilt.digest, &two), None, "it is of other bytes");
    }

    #[test]
    fn without_platforms_the_document_is_what_is_mirrored() {
        let whole = index(&["linux/amd64"]);
        assert_eq!(from_upstream(&whole, None).unwrap(), whole);
        assert!(from_upstream(&whole, Some(&platforms(&["linux/arm64"]))).is_err());
    }
}
