//! Mirror tags that a revocation removes.

use std::collections::BTreeSet;

use futures_util::StreamExt;

use super::error::MirrorError;
use super::tags::TagReader;
use crate::image::RepositoryName;
use crate::manifest::{Image, Manifest, Revocation};
use crate::observe::records::{History, NO_HISTORY};
use crate::plan::removal::{self, Removal};
use crate::plan::{FailedStep, Failure, Key, Scope};

/// How many tags are read at once; each host's own limit is in the client.
const TOGETHER: usize = 16;

/// What was seen about revocations with `delete: true`.
#[derive(Debug, Default)]
pub(super) struct Takedowns {
    /// Tags that still resolve to something revoked.
    pub(super) removals: Vec<Removal>,
    /// Tags that resolve to something else, and those that could not be read.
    pub(super) failed: Vec<Failure>,
    /// Repositories for which it is unknown whether they hold revoked bytes.
    pub(super) doubtful: BTreeSet<RepositoryName>,
}

/// The revocations with `delete: true` whose mirror tag still resolves. All images that share a repository with one in
/// scope are checked: what is granted there depends on all of them.
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

impl Takedowns {
    /// Keeps only what the default branch's first-parent history proves to have been put there by this program: bytes
    /// revoked by their digest may be anybody's.
    pub(super) async fn proven(mut self, history: Option<History<'_>>, manifest: &Manifest) -> Self {
        if self.removals.is_empty() {
            return self;
        }
        let put = match &history {
            Some(history) => {
                let tags = self.removals.iter().map(|removal| (removal.key(), removal.digest.clone())).collect();
                history.recorded_as(manifest, tags).await
            }
            None => Ok(at_hand(manifest, &self.removals)),
        };
        for removal in std::mem::take(&mut self.removals) {
            match &put {
                Ok(put) if put.contains(&removal.key()) => self.removals.push(removal),
                Ok(_) => self.failed.push(removal::not_put_here(&removal, history.is_none().then_some(NO_HISTORY))),
                Err(error) => {
                    self.doubtful.insert(removal.repository.clone());
                    self.failed.push(removal.failed(FailedStep::Resolve, error.to_string()));
                }
            }
        }
        self
    }
}

/// Those that resolve to what the current manifest records: what is known without a history.
fn at_hand(manifest: &Manifest, removals: &[Removal]) -> BTreeSet<Key> {
    let recorded = removal::recorded(manifest);
    let keys = removals.iter().filter(|removal| recorded.get(&removal.key()) == Some(&removal.digest));
    keys.map(Removal::key).collect()
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
