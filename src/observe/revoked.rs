//! Mirror tags that a revocation wants gone.

use std::collections::BTreeSet;

use futures_util::StreamExt;

use super::mirror::{Look, Trouble};
use crate::image::RepositoryName;
use crate::manifest::{Image, Revocation};
use crate::plan::removal::{self, Removal};
use crate::plan::{FailedStep, Failure, Scope};

/// How many tags are looked at together; each host's own limit is the client's.
const TOGETHER: usize = 16;

/// What was seen of revocations with `delete: true`.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Tags that still answer what is revoked.
    pub(super) removals: Vec<Removal>,
    /// Tags that answer something else, and those that could not be looked at.
    pub(super) failed: Vec<Failure>,
    /// Repositories of which it is not known whether they hold revoked bytes.
    pub(super) doubtful: BTreeSet<RepositoryName>,
}

impl Look<'_> {
    /// The revocations with `delete: true` whose mirror tag still answers. All images that share a repository with one in
    /// scope are looked at: what is granted there depends on all of them.
    pub(super) async fn standing(&self, scope: &Scope) -> Standing {
        let images = || self.manifest.images.iter();
        let ours = images().enumerate().filter(|(index, _)| scope.contains(*index));
        let names: BTreeSet<&RepositoryName> = ours.map(|(_, image)| &image.repository).collect();
        let wanted = images()
            .filter(|image| names.contains(&image.repository))
            .flat_map(|image| image.revoked.iter().filter(|r| r.delete).map(move |r| (image, r)));
        let looked = futures_util::stream::iter(wanted)
            .map(|(image, revoked)| async move { (image, revoked, self.stands(image, revoked).await) })
            .buffered(TOGETHER)
            .collect::<Vec<_>>()
            .await;
        let mut standing = Standing::default();
        for (image, revoked, seen) in looked {
            match seen {
                Ok(Some(Ok(removal))) => standing.removals.push(removal),
                Ok(Some(Err(failure))) => standing.failed.push(failure),
                Ok(None) => {}
                Err(trouble) => {
                    standing.doubtful.insert(image.repository.clone());
                    standing.failed.push(failed(image, revoked, trouble.text()));
                }
            }
        }
        standing
    }

    async fn stands(&self, image: &Image, revoked: &Revocation) -> Result<Option<Result<Removal, Failure>>, Trouble> {
        let location = self
            .manifest
            .mirror(&image.repository)
            .map_err(|error| Trouble::Item(FailedStep::Resolve, error.to_string()))?;
        let mirror = self.eyes.registries.open(&location);
        let whole = image.platforms.is_some();
        let Some(now) = self.tag(mirror.as_ref(), &image.repository, &revoked.tag, whole).await? else {
            return Ok(None);
        };
        let held = self.eyes.sources.documents.get(&now);
        Ok(removal::takedown(image, revoked, &now, held.as_ref()))
    }
}

fn failed(image: &Image, revoked: &Revocation, error: String) -> Failure {
    Failure {
        source: image.source_text.clone(),
        repository: image.repository.clone(),
        tag: Some(revoked.tag.clone()),
        step: FailedStep::Resolve,
        error,
    }
}
