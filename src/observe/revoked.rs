//! Mirror tags that a revocation wants gone.

use futures_util::StreamExt;

use super::mirror::Look;
use crate::image::Digest;
use crate::manifest::{Image, Revocation};
use crate::plan::{FailedStep, Failure, Scope};

/// How many tags are looked at together; each host's own limit is the client's.
const TOGETHER: usize = 16;

impl Look<'_> {
    /// The revocations with `delete: true` whose mirror tag still answers, each as a failure that says who must act: this
    /// release takes no tag down. A tag that another approval of the manifest put there meanwhile is that one's.
    pub(super) async fn standing(&self, scope: &Scope) -> Vec<Failure> {
        let images = self.manifest.images.iter().enumerate().filter(|(index, _)| scope.contains(*index));
        let wanted = images.flat_map(|(_, image)| image.revoked.iter().filter(|r| r.delete).map(move |r| (image, r)));
        let looked = futures_util::stream::iter(wanted)
            .map(|(image, revoked)| async move { self.stands(image, revoked).await })
            .buffered(TOGETHER);
        looked.filter_map(|failure| async move { failure }).collect().await
    }

    async fn stands(&self, image: &Image, revoked: &Revocation) -> Option<Failure> {
        let location = match self.manifest.mirror(&image.repository) {
            Ok(location) => location,
            Err(error) => return Some(failed(image, revoked, FailedStep::Resolve, error.to_string())),
        };
        let mirror = self.eyes.registries.open(&location);
        match self.tag(mirror.as_ref(), &image.repository, &revoked.tag, false).await {
            Ok(Some(now)) if !is_anothers(image, revoked, &now) => {
                let text = format!(
                    "revoked with `delete: true`, but {location}:{} still answers {}: this release deletes no tag, so \
                     somebody who may must delete it there",
                    revoked.tag,
                    now.short()
                );
                Some(failed(image, revoked, FailedStep::Revoked, text))
            }
            Ok(_) => None,
            Err(trouble) => Some(failed(image, revoked, FailedStep::Resolve, trouble.text())),
        }
    }
}

/// Whether the tag answers what an approval of it that is not revoked put there.
fn is_anothers(image: &Image, revoked: &Revocation, now: &Digest) -> bool {
    let mut others = image.approved.iter().filter(|a| a.tag == revoked.tag && a.digest != revoked.digest);
    others.any(|approval| approval.mirrored.as_ref() == Some(now) || approval.digest == *now)
}

fn failed(image: &Image, revoked: &Revocation, step: FailedStep, error: String) -> Failure {
    Failure {
        source: image.source_text.clone(),
        repository: image.repository.clone(),
        tag: Some(revoked.tag.clone()),
        step,
        error,
    }
}
