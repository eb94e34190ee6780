//! Mirror tags whose approval was retired, for `promote --prune`.
//!
//! A tag at the mirror that nobody approves may be anybody's. That it is ours is known in one way only: a version of the
//! manifest that stood on the default branch's own line recorded it as promoted, with the digest that it still answers. What a
//! branch said before it was merged does not count: a pull request could bring and take out again whatever it likes.
//!
//! Each repository's tags are listed once, and a tag is asked about (one HEAD) only where history knows it.

use std::collections::{BTreeMap, BTreeSet};

use super::first_parents::{FileVersion, FirstParents};
use crate::forge::{Commit, Contents, Error};
use crate::image::{Digest, Reference, RepositoryName};
use crate::manifest::{self, File, Manifest};
use crate::plan::removal::{self, Removal};
use crate::plan::{FailedStep, Failure, Key, Scope};
use crate::registry::Registries;

/// Where retired tags are looked for.
pub(crate) struct RetiredReader<'a> {
    pub registries: &'a Registries,
    /// What has the manifest's history.
    pub contents: &'a dyn Contents,
    /// The default branch's commit that the manifest was read at.
    pub head: &'a Commit,
    pub path: &'a str,
}

#[derive(Debug, Default)]
pub(crate) struct Retired {
    pub removals: Vec<Removal>,
    /// Tags that stay although they are retired, and mirrors that could not be looked at.
    pub failed: Vec<Failure>,
}

/// How many versions of the manifest are read at most: a tag that somebody pushed by hand is in none of them.
const VERSIONS: usize = 256;

/// The retired tags of the mirrors in scope. Where the forge's history cannot be read, nothing is known to be ours.
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
    let last = match last(reader, manifest, open).await {
        Ok(last) => last,
        Err(error) => {
            // Nothing is known to be ours; what is approved is promoted all the same.
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

/// What the default branch's own line recorded last of these tags. Read from the newest version on, until all are found.
async fn last(
    reader: &RetiredReader<'_>,
    manifest: &Manifest,
    mut open: BTreeSet<Key>,
) -> Result<BTreeMap<Key, Digest>, Error> {
    let paths = manifest.files.iter().map(|file| file.path.as_str());
    let mut line = FirstParents::new(reader.contents, reader.head, reader.path, paths);
    let (mut found, mut read) = (BTreeMap::new(), 0);
    while line.extend().await? {
        let changes = line.changes();
        while read < changes.len() && !open.is_empty() {
            if read == VERSIONS {
                tracing::warn!(
                    "only the newest {VERSIONS} versions of the manifest were read: what they do not record stays"
                );
                return Ok(found);
            }
            for (key, digest) in recorded(&mut line, manifest, &changes[read..changes.len().min(VERSIONS)]).await? {
                if open.remove(&key) {
                    found.insert(key, digest);
                }
            }
            read += 1;
        }
        if open.is_empty() {
            return Ok(found);
        }
    }
    line.warn_where_cut();
    Ok(found)
}

/// What the first of these versions of a file of the manifest recorded; nothing where it cannot be read as one, or had its mirrors
/// elsewhere. The next ones are read ahead.
pub(super) async fn recorded(
    line: &mut FirstParents<'_>,
    manifest: &Manifest,
    versions: &[FileVersion],
) -> Result<BTreeMap<Key, Digest>, Error> {
    let Some(FileVersion { version, file }) = versions.first().copied() else { return Ok(BTreeMap::new()) };
    line.read(versions.iter().map(|of| (of.version, [0, of.file])), 1).await?;
    let text = |file| Some(File { path: line.path(file).to_owned(), text: line.text(version, file)?.to_owned() });
    let Some(main) = text(0) else { return Ok(BTreeMap::new()) };
    let files = std::iter::once(main).chain((file > 0).then(|| text(file)).flatten()).collect();
    let here = |part: &Manifest| part.organization == manifest.organization && part.registry == manifest.registry;
    Ok(manifest::parse_part(files).filter(here).map(|part| removal::recorded(&part)).unwrap_or_default())
}
