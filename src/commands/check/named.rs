//! The files that the manifest names for keys and trusted roots: one that is missing or invalid admits nothing.

use super::subject::Subject;
use crate::evidence::Trust;
use crate::manifest::{Image, Manifest};
use crate::plan::binding::named_files;
use crate::proposal::review::Finding;

/// The files named by images of the head that would be unusable after the merge. Nothing is read if they name none.
pub(super) async fn unusable(subject: &Subject, head: &Manifest) -> Vec<Finding> {
    let trust = Trust::new(&subject.named_at_head(&head.images).await);
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
