//! The files that the manifest names: a key or trusted root that is missing or invalid admits nothing, and advisories that
//! cannot be read revoke nothing.

use super::subject::Subject;
use crate::evidence::Trust;
use crate::manifest::{Image, Manifest, beside};
use crate::plan::binding::named_files;
use crate::proposal::advisories::{advised, read};
use crate::proposal::review::Finding;

/// The files that images of the head name and that would be of no use after the merge; `trust` has their content there.
pub(super) fn unusable(trust: &Trust, head: &Manifest) -> Vec<Finding> {
    let naming = |path: &str| head.images.iter().find(|image| named_files(image).any(|named| named == path));
    trust.unusable().filter_map(|(path, why)| Some(finding(naming(path)?, path, why))).collect()
}

/// What is wrong with the head's advisories, if it names any.
pub(super) async fn unusable_advisories(subject: &Subject, head: &Manifest) -> Option<Finding> {
    let path = head.advisories.as_ref()?;
    let file = subject.advisories_at_head(head, path).await.and_then(|file| read(&file));
    let found = file.and_then(|advisories| advised(head, &advisories).map(drop)).err()?;
    Some(Finding {
        code: "unusable-file",
        repository: None,
        tag: None,
        expected: format!("OSV documents in {}, which `advisories` names", beside(head.path(), path)),
        found,
        place: None,
    })
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
