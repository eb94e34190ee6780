//! Mirror tags that a revocation wants gone.

use std::collections::BTreeSet;

use futures_util::StreamExt;

use super::error::MirrorError;
use super::tags::TagReader;
use crate::image::RepositoryName;
use crate::manifest::{Image, Revocation};
use crate::plan::removal::{self, Removal};
use crate::plan::{FailedStep, Failure, Scope};

/// How many tags are read together; each host's own limit is the client's.
const TOGETHER: usize = 16;

/// What was seen of revocations with `delete: true`.
#[derive(Debug, Default)]
pub(super) struct Takedowns {
    /// Tags that still answer what is revoked.
    pub(super) removals: Vec<Removal>,
    /// Tags that answer something else, and those that could not be read.
    pub(super) failed: Vec<Failure>,
    /// Repositories of which it is not known whether they hold revoked bytes.
    pub(super) doubtful: BTreeSet<RepositoryName>,
}

/// The revocations with `delete: true` whose mirror tag still answers. All images that share a repository with one in
/// scope are looked at: what is granted there depends on all of them.
pub(super) async fn takedowns(tags: &TagReader<'_>, scope: &Scope) -> Takedowns {
    let images = || tags.manifest.images.iter();
    let ours = images().enumerate().filter(|(index, _)| scope.contains(*index));
    let names: BTreeSet<&RepositoryName> = ours.map(|(_, image)| &image.repository).collect();
    let wanted = images()
        .filter(|image| names.contains(&image.repository))
        .flat_map(|image| image.revoked.iter().filter(|r| r.delete).map(move |r| (image, r)));
    let read = futures_util::stream::iter(wanted)
        .map(|(image, revoked)| async move { (image, revoked, takedown(tags, image, revoked).await) })
        .buffered(TOGETHER)
        .collect::<Vec<_>>()
        .await;
    let mut takedowns = Takedowns::default();
    for (image, revoked, takedown) in read {
        match takedown {
            Ok(Some(Ok(removal))) => takedowns.removals.push(removal),
            Ok(Some(Err(failure))) => takedowns.failed.push(failure),
            Ok(None) => {}
            Err(error) => {
                takedowns.doubtful.insert(image.repository.clone());
                let failure = Failure::of(image, Some(&revoked.tag), FailedStep::Resolve, error.to_string());
                takedowns.failed.push(failure);
            }
        }
    }
    takedowns
}

async fn takedown(
    tags: &TagReader<'_>,
    image: &Image,
    revoked: &Revocation,
) -> Result<Option<Result<Removal, Failure>>, MirrorError> {
    let mirror = tags.open(&image.repository)?;
    let whole = image.platforms.is_some();
    let Some(now) = tags.tag(mirror.as_ref(), &image.repository, &revoked.tag, whole).await? else { return Ok(None) };
    Ok(removal::takedown(image, revoked, &now, tags.documents.get(&now).as_ref()))
}
