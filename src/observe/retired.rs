//! Mirror tags whose approval was retired, for `promote --prune`.
//!
//! A tag at the mirror that nobody approves may be anybody's. There is only one way to know that it is ours: a version
//! of the manifest in the default branch's first-parent history recorded it as promoted, with the digest that it still
//! resolves to.
//!
//! Each repository's tags are listed once, and a tag is checked (one HEAD) only if history knows it.

use std::collections::BTreeSet;

use super::records::History;
use crate::image::{Digest, Reference, RepositoryName};
use crate::manifest::Manifest;
use crate::plan::removal::{self, Removal};
use crate::plan::{FailedStep, Failure, Key, Scope};
use crate::registry::Registries;

/// How retired tags are searched.
pub(crate) struct RetiredReader<'a> {
    pub registries: &'a Registries,
    pub history: History<'a>,
}

#[derive(Debug, Default)]
pub(crate) struct Retired {
    pub removals: Vec<Removal>,
    /// Tags that stay although they are retired, and mirrors that could not be checked.
    pub failed: Vec<Failure>,
}

/// The retired tags of the mirrors in scope. If the forge's history cannot be read, nothing is known to be ours.
pub(crate) async fn read_retired(reader: &RetiredReader<'_>, manifest: &Manifest, scope: &Scope) -> Retired {
    let mut retired = Retired::default();
    let images = manifest.images.iter().enumerate().filter(|(index, _)| scope.contains(*index));
    let names: BTreeSet<&RepositoryName> = images.map(|(_, image)| &image.repository).collect();
    let mut open: BTreeSet<Key> = BTreeSet::new();
    for repository in names {
        match tags(reader, manifest, repository).await {
            Ok(tags) => open.extend(tags),
            Err(error) => retired.failed.extend(failed(manifest, repository, error)),
        }
    }
    if open.is_empty() {
        return retired;
    }
    let repositories: BTreeSet<RepositoryName> = open.iter().map(|key| key.repository.clone()).collect();
    let last = match reader.history.recorded_last(manifest, open).await {
        Ok(last) => last,
        Err(error) => {
            // Nothing is known to be ours; what is approved is promoted anyway.
            let told = |name: &RepositoryName| failed(manifest, name, error.to_string());
            retired.failed.extend(repositories.iter().filter_map(told));
            return retired;
        }
    };
    for (key, recorded) in last {
        let now = match answers(reader, manifest, &key).await {
            Ok(Some(now)) => now,
            Ok(None) => continue,
            Err(error) => {
                retired.failed.extend(failed(manifest, &key.repository, error));
                continue;
            }
        };
        match removal::prune(manifest, &key, &now, &recorded) {
            Some(Ok(removal)) => retired.removals.push(removal),
            Some(Err(failure)) => retired.failed.push(failure),
            None => {}
        }
    }
    retired
}

/// The tags of a mirror that nobody approves.
async fn tags(
    reader: &RetiredReader<'_>,
    manifest: &Manifest,
    repository: &RepositoryName,
) -> Result<BTreeSet<Key>, String> {
    let location = manifest.mirror(repository).map_err(|e| e.to_string())?;
    let tags = reader.registries.open(&location).tags().await.map_err(|e| e.to_string())?.unwrap_or_default();
    let unapproved = removal::unapproved(manifest, repository, &tags);
    Ok(unapproved.into_iter().map(|tag| Key { repository: repository.clone(), tag }).collect())
}

async fn answers(reader: &RetiredReader<'_>, manifest: &Manifest, key: &Key) -> Result<Option<Digest>, String> {
    let location = manifest.mirror(&key.repository).map_err(|e| e.to_string())?;
    let held = reader.registries.open(&location).head(&Reference::Tag(key.tag.clone())).await;
    Ok(held.map_err(|e| e.to_string())?.map(|held| held.digest))
}

fn failed(manifest: &Manifest, repository: &RepositoryName, error: String) -> Option<Failure> {
    let image = manifest.images.iter().find(|image| image.repository == *repository)?;
    Some(Failure::of(image, None, FailedStep::Resolve, error))
}
