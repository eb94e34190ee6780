//! The files that the manifest names for keys and trusted roots: one that is missing or invalid admits nothing.

use crate::evidence::Trust;
use crate::manifest::{Image, Manifest};
use crate::plan::binding::named_files;
use crate::proposal::review::Finding;

/// The files that images of the head name and that would be of no use after the merge; `trust` has their content there.
pub(super) fn unusable(trust: &Trust, head: &Manifest) -> Vec<Finding> {
    let naming = |path: &str| head.images.iter().find(|image| named_files(image).any(|named| named == path));
    trust.unusable().filter_map(|(path, why)| Some(finding(naming(path)?, path, why))).collect()
}

fn finding(image: &Image, path: &str, why: &str) -> Finding {
    Finding {
        code: "unusable-file",
        repository: Some(image.repository.clone()),
        tag: None,
        expected: format!("a public key or a trusted root in {path}, which `signatures` names"),
        found: why.to_owned(),
        place: Some((image.file, image.span.start)),
    }
}
