//! What the default branch's first-parent history ever recorded as promoted, newest first. What a branch said before it
//! was merged does not count: a pull request could add and remove anything it likes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};

use super::first_parents::FirstParents;
use crate::forge::{Commit, Contents, Error};
use crate::image::{Digest, Location, RepositoryName, Tag};
use crate::manifest::{self, File, Manifest};
use crate::plan::Key;
use crate::plan::binding::ForeignRecord;
use crate::plan::records::{Record, records, written};

/// How many states of the manifest are read at most. What has existed for longer than that counts as recorded where it
/// is now.
const VERSIONS: usize = 256;

/// Why nothing is known about the past if there is no forge.
pub(super) const NO_HISTORY: &str =
    "the manifest's history cannot be read without a forge: set GITHUB_TOKEN and GITHUB_REPOSITORY, or use --forge git";

/// If ownership is only shown, every record is taken at its word.
pub(crate) static ALL_BELIEVED: BTreeSet<ForeignRecord> = BTreeSet::new();

/// Where the manifest's history is.
#[derive(Clone, Copy)]
pub(crate) struct History<'a> {
    pub contents: &'a dyn Contents,
    /// The default branch's commit that the manifest was read at; `None` is its head.
    pub head: Option<&'a Commit>,
    /// The path of the main file.
    pub path: &'a str,
    /// Records that nobody vouches for.
    pub foreign: &'a BTreeSet<ForeignRecord>,
}

impl History<'_> {
    /// Walks back through everything that was recorded until `visit` has enough.
    async fn walk<V>(&self, manifest: &Manifest, mut visit: V) -> Result<(), Error>
    where
        V: FnMut(&Record, DateTime<Utc>) -> ControlFlow<()> + Send,
    {
        let head = match self.head {
            Some(head) => head.clone(),
            None => self.contents.head().await?.commit,
        };
        let foreign: BTreeSet<(Location, &Tag, &str)> =
            self.foreign.iter().filter_map(|of| placed_record(manifest, of)).collect();
        let mut visit = |record: &Record, at: DateTime<Utc>| match foreign.contains(&(
            record.mirror.clone(),
            &record.tag,
            record.digest.as_str(),
        )) {
            true => ControlFlow::Continue(()),
            false => visit(record, at),
        };
        let paths = manifest.files.iter().map(|file| file.path.as_str());
        let mut line = FirstParents::new(self.contents, &head, self.path, paths);
        let (mut newer, mut since, mut read) = (BTreeSet::new(), DateTime::UNIX_EPOCH, 0);
        'read: while line.extend().await? {
            let versions = states(&line);
            while read < versions.len() {
                if read == VERSIONS {
                    tracing::warn!(
                        "only the newest {VERSIONS} versions of the manifest were read: it is unknown whether anything that they do not record is ours"
                    );
                    break 'read;
                }
                if let Some(older) = recorded_at(&mut line, &versions[read..versions.len().min(VERSIONS)]).await? {
                    if written(&newer, &older).into_iter().any(|record| visit(record, since).is_break()) {
                        return Ok(());
                    }
                    (newer, since) = (older, line.versions()[versions[read]].date);
                }
                read += 1;
            }
        }
        line.warn_where_cut();
        // The first version stands for itself.
        let _ = newer.iter().try_for_each(|record| visit(record, since));
        Ok(())
    }

    /// Those of `mirrors` to which anything was ever promoted.
    pub(super) async fn recorded_mirrors(
        &self,
        manifest: &Manifest,
        mirrors: BTreeSet<Location>,
    ) -> Result<BTreeSet<Location>, Error> {
        let (mut open, mut found) = (mirrors, BTreeSet::new());
        self.walk(manifest, |record, _| {
            found.extend(open.take(&record.mirror));
            enough(open.is_empty())
        })
        .await?;
        Ok(found)
    }

    /// What each of these tags resolved to when it was last recorded.
    pub(super) async fn recorded_last(
        &self,
        manifest: &Manifest,
        tags: BTreeSet<Key>,
    ) -> Result<BTreeMap<Key, Digest>, Error> {
        let (mut open, mut found) = (placed(manifest, tags), BTreeMap::new());
        self.walk(manifest, |record, _| {
            if let Some(key) = open.remove(&(record.mirror.clone(), record.tag.clone())) {
                found.insert(key, record.digest.clone());
            }
            enough(open.is_empty())
        })
        .await?;
        Ok(found)
    }

    /// Those of these bytes that were ever recorded for any tag of their repository.
    pub(super) async fn recorded_in(
        &self,
        manifest: &Manifest,
        bytes: BTreeSet<(RepositoryName, Digest)>,
    ) -> Result<BTreeSet<(RepositoryName, Digest)>, Error> {
        let place = |(name, digest): (RepositoryName, Digest)| {
            Some(((mirror_of(manifest, &name)?, digest.clone()), (name, digest)))
        };
        let (mut open, mut found) = (bytes.into_iter().filter_map(place).collect::<BTreeMap<_, _>>(), BTreeSet::new());
        self.walk(manifest, |record, _| {
            found.extend(open.remove(&(record.mirror.clone(), record.digest.clone())));
            enough(open.is_empty())
        })
        .await?;
        Ok(found)
    }

    /// When each of these tags was last recorded, whatever it resolved to.
    pub(super) async fn recorded_when(
        &self,
        manifest: &Manifest,
        tags: BTreeSet<Key>,
    ) -> Result<BTreeMap<Key, DateTime<Utc>>, Error> {
        let (mut open, mut found) = (placed(manifest, tags), BTreeMap::new());
        self.walk(manifest, |record, at| {
            if let Some(key) = open.remove(&(record.mirror.clone(), record.tag.clone())) {
                found.insert(key, at);
            }
            enough(open.is_empty())
        })
        .await?;
        Ok(found)
    }

    /// Those of these tags that were ever recorded with their digest.
    pub(super) async fn recorded_as(
        &self,
        manifest: &Manifest,
        tags: BTreeMap<Key, Digest>,
    ) -> Result<BTreeSet<Key>, Error> {
        let (mut open, mut found) = (placed(manifest, tags.keys().cloned().collect()), BTreeSet::new());
        self.walk(manifest, |record, _| {
            let place = (record.mirror.clone(), record.tag.clone());
            if open.get(&place).is_some_and(|key| tags.get(key) == Some(&record.digest)) {
                found.extend(open.remove(&place));
            }
            enough(open.is_empty())
        })
        .await?;
        Ok(found)
    }
}

fn enough(enough: bool) -> ControlFlow<()> {
    if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// A record that nobody vouches for, by its location.
fn placed_record<'r>(manifest: &Manifest, record: &'r ForeignRecord) -> Option<(Location, &'r Tag, &'r str)> {
    Some((mirror_of(manifest, &record.key.repository)?, &record.key.tag, record.digest.as_str()))
}

/// Tags by their location.
fn placed(manifest: &Manifest, tags: BTreeSet<Key>) -> BTreeMap<(Location, crate::image::Tag), Key> {
    let place = |key: Key| Some(((mirror_of(manifest, &key.repository)?, key.tag.clone()), key));
    tags.into_iter().filter_map(place).collect()
}

/// The location of a repository of the manifest; [`manifest::parse`] accepts none without one.
pub(super) fn mirror_of(manifest: &Manifest, repository: &RepositoryName) -> Option<Location> {
    manifest.mirror(repository).ok()
}

/// The versions that brought a new state of any file, newest first.
fn states(line: &FirstParents<'_>) -> Vec<usize> {
    let mut versions: Vec<usize> = line.changes().into_iter().map(|change| change.version).collect();
    versions.dedup();
    versions
}

/// What the first of these versions records; `None` if it cannot be read as a manifest. The next ones are read ahead.
async fn recorded_at(line: &mut FirstParents<'_>, versions: &[usize]) -> Result<Option<BTreeSet<Record>>, Error> {
    let Some(version) = versions.first().copied() else { return Ok(None) };
    let files: Vec<usize> = (0..line.paths().len()).collect();
    line.read(versions.iter().map(|version| (*version, &files)), 1).await?;
    let text =
        |file: usize| Some(File { path: line.path(file).to_owned(), text: line.text(version, file)?.to_owned() });
    let Some(main) = text(0) else { return Ok(None) };
    let others = files[1..].iter().filter_map(|file| text(*file));
    Ok(manifest::parse_included(main, others).map(|version| records(&version)))
}
