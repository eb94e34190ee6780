//! What the manifest alone says about approvals.

use std::collections::{BTreeMap, BTreeSet};

use super::key::Key;
use super::scope::Scope;
use crate::image::RepositoryName;
use crate::manifest::{Approval, Image, Manifest};

/// Whether an approval is known to be unpromoted before anything is looked up.
pub(crate) fn is_pending(image: &Image, approval: &Approval) -> bool {
    match &approval.mirrored {
        None => true,
        Some(mirrored) => image.platforms.is_none() && *mirrored != approval.digest,
    }
}

/// The approvals whose manifests are read in full, not just their digest: the newest promoted one in every repository
/// with something to copy. It vouches for the blobs that it shares with what is copied.
pub(crate) fn vouching(manifest: &Manifest, scope: &Scope) -> BTreeSet<Key> {
    let in_scope = || manifest.images.iter().enumerate().filter(|(i, _)| scope.contains(*i)).map(|(_, image)| image);
    let pending: BTreeSet<&RepositoryName> =
        in_scope().filter(|image| image.approved.iter().any(|a| is_pending(image, a))).map(|i| &i.repository).collect();
    let mut newest = BTreeMap::new();
    for image in in_scope().filter(|image| pending.contains(&image.repository)) {
        for approval in image.approved.iter().filter(|a| a.mirrored.is_some() && !is_pending(image, a)) {
            newest.insert(&image.repository, Key::of(image, approval));
        }
    }
    newest.into_values().collect()
}
