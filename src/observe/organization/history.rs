//! What the manifest once approved: read only if a mirror has tags that nothing in the manifest explains.
//!
//! As for `promote --prune`, only the default branch's first-parent history counts: a pull request could add and remove
//! anything it likes.

use std::collections::{BTreeMap, BTreeSet};

use crate::forge::{Commit, Contents, Error};
use crate::image::Digest;
use crate::manifest::{self, File, Manifest};
use crate::observe::first_parents::{FileVersion, FirstParents};
use crate::plan::{Key, removal};
use crate::policy::audit::{self, OrganizationFacts};

/// Versions of the manifest's files that are checked in one run.
const VERSIONS: usize = 64;

/// Where the manifest's history is.
pub(crate) struct History<'a> {
    pub forge: &'a dyn Contents,
    /// The commit that the manifest was read at; `None` is the default branch's head.
    pub head: Option<&'a Commit>,
    /// The path of the main file.
    pub path: &'a str,
}

impl History<'_> {
    /// Adds to `facts` what was once approved, for mirrors with unexplained tags: what was found before an error counts
    /// as well. Versions are read until everything is explained. An approval lasts days to years, so versions that are
    /// far apart tell most: they are read first.
    pub(super) async fn read(&self, manifest: &Manifest, facts: &mut OrganizationFacts) -> Result<(), Error> {
        let mut open = audit::unexplained(manifest, facts);
        if open.is_empty() {
            return Ok(());
        }
        tracing::info!("audit: asking the manifest's history about {} tags", open.len());
        let head = match self.head {
            Some(head) => head.clone(),
            None => self.forge.head().await?.commit,
        };
        let paths = manifest.files.iter().map(|file| file.path.as_str());
        let mut line = FirstParents::new(self.forge, &head, self.path, paths);
        while line.extend().await? {}
        line.warn_where_cut();
        let versions = far_apart(&line);
        for at in 0..versions.len() {
            if open.is_empty() {
                break;
            }
            for (key, digest) in recorded(&mut line, manifest, &versions[at..]).await? {
                let once = facts.history.entry(key.repository).or_default();
                once.tags.entry(key.tag).or_default().insert(digest);
            }
            let explained = |key: &Key| facts.history.get(&key.repository).map(|once| audit::explains(once, &key.tag));
            open.retain(|key| explained(key) != Some(true));
        }
        Ok(())
    }
}

/// What the first of these versions of a manifest file recorded; nothing if it cannot be read as one, or had its
/// mirrors elsewhere. The next ones are read ahead.
async fn recorded(
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

/// The versions of all files that are checked, in order.
fn far_apart(line: &FirstParents<'_>) -> Vec<FileVersion> {
    let changes = line.changes();
    let mut versions = Vec::new();
    for file in 0..line.paths().len() {
        let of_it: Vec<FileVersion> = changes.iter().copied().filter(|change| change.file == file).collect();
        versions.extend(spread(of_it.len()).into_iter().map(|(rank, at)| (rank, of_it[at])));
    }
    versions.sort_by_key(|(rank, _)| *rank);
    versions.into_iter().map(|(_, version)| version).take(VERSIONS).collect()
}

/// The indexes of a list in the order in which to check them: the last and middle ones first, then the middles of the
/// gaps. The first index is left out.
fn spread(length: usize) -> Vec<(usize, usize)> {
    let mut order = Vec::new();
    let mut met = BTreeSet::from([0]);
    let mut step = length.next_power_of_two();
    while step > 0 {
        for at in (0..length).rev().filter(|at| at % step == 0) {
            if met.insert(at) {
                order.push(at);
            }
        }
        step /= 2;
    }
    order.into_iter().enumerate().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_but_the_first_is_looked_at_once_and_far_ones_first() {
        let places = |length| spread(length).into_iter().map(|(_, at)| at).collect::<Vec<_>>();
        assert_eq!(places(10), [8, 4, 6, 2, 9, 7, 5, 3, 1]);
        assert_eq!(places(1), [0; 0]);
        assert_eq!(places(0), [0; 0]);
        let mut all = places(97);
        all.sort_unstable();
        assert_eq!(all, (1..97).collect::<Vec<_>>());
    }
}
