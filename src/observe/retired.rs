//! Mirror tags whose approval was retired, for `promote --prune`.
//!
//! A tag at the mirror that nobody approves may be anybody's. That it is ours is known in one way only: a version of the
//! manifest that stood on the default branch's own line recorded it as promoted, with the digest that it still answers. What a
//! branch said before it was merged does not count: a pull request could bring and take out again whatever it likes.
//!
//! Each repository's tags are listed once, and a tag is asked about (one HEAD) only where history knows it.

use std::collections::{BTreeMap, BTreeSet};

use crate::forge::{Accounts, Change, Commit, Error, Forge};
use crate::image::{Digest, Reference, RepositoryName};
use crate::manifest::{self, File, Manifest};
use crate::plan::removal::{self, Removal};
use crate::plan::{FailedStep, Failure, Key, Scope};
use crate::registry::Registries;

/// Pages of a history that are looked at, of a hundred commits each.
const PAGES: u32 = 20;

/// Where is looked.
pub struct Eyes<'a> {
    /// The destination.
    pub registries: &'a Registries,
    /// The forge, which has the manifest's history.
    pub forge: &'a dyn Forge,
    /// The default branch's commit that the manifest was read at.
    pub head: &'a Commit,
    /// The path of the main file.
    pub path: &'a str,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Retired {
    /// Tags that go.
    pub removals: Vec<Removal>,
    /// Tags that stay although they are retired, and mirrors that could not be looked at.
    pub failed: Vec<Failure>,
}

/// How many versions of the manifest are read at most: a tag that somebody pushed by hand is in none of them.
const VERSIONS: usize = 256;

/// The retired tags of the mirrors in scope. Where the forge's history cannot be read, nothing is known to be ours.
pub async fn look(eyes: &Eyes<'_>, manifest: &Manifest, scope: &Scope) -> Retired {
    let mut retired = Retired::default();
    let images = manifest.images.iter().enumerate().filter(|(index, _)| scope.contains(*index));
    let names: BTreeSet<&RepositoryName> = images.map(|(_, image)| &image.repository).collect();
    let mut open: BTreeSet<Key> = BTreeSet::new();
    for repository in names {
        match tags(eyes, manifest, repository).await {
            Ok(tags) => open.extend(tags),
            Err(error) => retired.failed.extend(failed(manifest, repository, error)),
        }
    }
    if open.is_empty() {
        return retired;
    }
    let repositories: BTreeSet<RepositoryName> = open.iter().map(|key| key.repository.clone()).collect();
    let last = match last(eyes, manifest, open).await {
        Ok(last) => last,
        Err(error) => {
            // Nothing is known to be ours; what is approved is promoted all the same.
            let told = |name: &RepositoryName| failed(manifest, name, error.to_string());
            retired.failed.extend(repositories.iter().filter_map(told));
            return retired;
        }
    };
    for (key, recorded) in last {
        let now = match answers(eyes, manifest, &key).await {
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
async fn tags(eyes: &Eyes<'_>, manifest: &Manifest, repository: &RepositoryName) -> Result<BTreeSet<Key>, String> {
    let location = manifest.mirror(repository).map_err(|e| e.to_string())?;
    let tags = eyes.registries.open(&location).tags().await.map_err(|e| e.to_string())?.unwrap_or_default();
    let unapproved = removal::unapproved(manifest, repository, &tags);
    Ok(unapproved.into_iter().map(|tag| Key { repository: repository.clone(), tag }).collect())
}

async fn answers(eyes: &Eyes<'_>, manifest: &Manifest, key: &Key) -> Result<Option<Digest>, String> {
    let location = manifest.mirror(&key.repository).map_err(|e| e.to_string())?;
    let held = eyes.registries.open(&location).head(&Reference::Tag(key.tag.clone())).await;
    Ok(held.map_err(|e| e.to_string())?.map(|held| held.digest))
}

fn failed(manifest: &Manifest, repository: &RepositoryName, error: String) -> Option<Failure> {
    let image = manifest.images.iter().find(|image| image.repository == *repository)?;
    let (source, repository) = (image.source_text.clone(), repository.clone());
    Some(Failure { source, repository, tag: None, step: FailedStep::Resolve, error })
}

/// What the default branch's own line recorded last of these tags. Read from the newest version on, until all are found.
async fn last(eyes: &Eyes<'_>, manifest: &Manifest, mut open: BTreeSet<Key>) -> Result<BTreeMap<Key, Digest>, Error> {
    let mut found: BTreeMap<Key, Digest> = BTreeMap::new();
    let line: BTreeSet<Commit> = line(eyes).await?.into_iter().collect();
    let mut read: BTreeSet<(Commit, &str)> = BTreeSet::new();
    let mut asked = 0;
    for file in &manifest.files {
        for change in history(eyes, Some(&file.path)).await? {
            if open.is_empty() {
                return Ok(found);
            }
            asked += 1;
            if asked > VERSIONS {
                tracing::warn!(
                    "only the newest {VERSIONS} versions of the manifest were read: what they do not record stays"
                );
                return Ok(found);
            }
            let Some(commit) = on_the_line(eyes.forge.accounts(), change.commit, &line).await? else { continue };
            if !read.insert((commit.clone(), &file.path)) {
                continue;
            }
            for (key, digest) in recorded(eyes, manifest, &commit, &file.path).await? {
                if open.remove(&key) {
                    found.insert(key, digest);
                }
            }
        }
    }
    Ok(found)
}

/// The commits of the default branch's own line, newest first: each the first parent of the one before.
pub(super) async fn line(eyes: &Eyes<'_>) -> Result<Vec<Commit>, Error> {
    let listed = history(eyes, None).await?;
    let mut parents: BTreeMap<Commit, Option<Commit>> = listed.into_iter().map(|c| (c.commit, c.parent)).collect();
    let (mut line, mut next) = (Vec::new(), Some(eyes.head.clone()));
    while let Some(commit) = next {
        next = parents.remove(&commit).flatten();
        line.push(commit);
    }
    Ok(line)
}

pub(super) async fn history(eyes: &Eyes<'_>, path: Option<&str>) -> Result<Vec<Change>, Error> {
    let mut all = Vec::new();
    for page in 1..=PAGES {
        let (listed, more) = eyes.forge.history(eyes.head, path, page).await?;
        all.extend(listed);
        if !more {
            return Ok(all);
        }
    }
    tracing::warn!(
        "the manifest's history is longer than {PAGES} pages: what was retired before is not known to be ours"
    );
    Ok(all)
}

/// The commit of the line that a change came with: itself, or the merge of its pull request.
pub(super) async fn on_the_line(
    accounts: Option<&dyn Accounts>,
    commit: Commit,
    line: &BTreeSet<Commit>,
) -> Result<Option<Commit>, Error> {
    if line.contains(&commit) {
        return Ok(Some(commit));
    }
    let Some(accounts) = accounts else { return Ok(None) };
    let merge = accounts.merged_by(&commit).await?.and_then(|merge| merge.commit);
    Ok(merge.filter(|merge| line.contains(merge)))
}

/// What a file of the manifest records at a commit; nothing where it cannot be read as one, or had its mirrors elsewhere.
pub(super) async fn recorded(
    eyes: &Eyes<'_>,
    manifest: &Manifest,
    at: &Commit,
    path: &str,
) -> Result<BTreeMap<Key, Digest>, Error> {
    let Some(main) = eyes.forge.read(at, eyes.path).await? else { return Ok(BTreeMap::new()) };
    let mut files = vec![File { path: eyes.path.to_owned(), text: main }];
    if path != eyes.path {
        let text = eyes.forge.read(at, path).await?;
        files.extend(text.map(|text| File { path: path.to_owned(), text }));
    }
    let here = |part: &Manifest| part.organization == manifest.organization && part.registry == manifest.registry;
    Ok(manifest::parse_part(files).filter(here).map(|part| removal::recorded(&part)).unwrap_or_default())
}
