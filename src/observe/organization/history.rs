//! What the manifest approved once: asked only where a mirror has tags that nothing in the manifest explains.
//!
//! As for `promote --prune`, only what stood on the default branch's own line counts: a pull request could bring and take out
//! again whatever it likes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Eyes, History, Organization};
use crate::forge::{Commit, Error};
use crate::image::{Digest, RepositoryName};
use crate::manifest::Manifest;
use crate::observe::retired;
use crate::plan::Key;
use crate::policy::audit::{self, Once, Unseen};

/// Versions of the manifest's files that are looked at in one run.
const VERSIONS: usize = 64;

/// What was approved once, of the mirrors that have tags which nothing explains.
pub(super) async fn look(eyes: &Eyes<'_>, manifest: &Manifest, organization: &mut Organization) {
    let Some(history) = &eyes.history else { return };
    let open = audit::unexplained(manifest, &organization.seen);
    if open.is_empty() {
        return;
    }
    tracing::info!("audit: asking the manifest's history about {} tags", open.len());
    let mut search = Search { manifest, open, found: BTreeMap::new() };
    if let Err(error) = search.through(eyes, history).await {
        organization.failed.push(Unseen::of_organization(format!("the manifest's history: {error}")));
    }
    organization.seen.history = search.found;
}

struct Search<'a> {
    manifest: &'a Manifest,
    /// The tags that are still to be explained.
    open: BTreeSet<Key>,
    found: BTreeMap<RepositoryName, Once>,
}

impl Search<'_> {
    /// Reads old versions until everything is explained. An approval stands for days to years, so versions that lie far apart
    /// tell most: they are read first.
    async fn through(&mut self, eyes: &Eyes<'_>, history: &History<'_>) -> Result<(), Error> {
        let head = match history.head {
            Some(head) => head.clone(),
            None => history.forge.head().await?.commit,
        };
        let (registries, forge, path) = (eyes.registries, history.forge, history.path);
        let eyes = retired::Eyes { registries, forge, head: &head, path };
        let line: BTreeSet<Commit> = retired::line(&eyes).await?.into_iter().collect();
        let mut versions = Vec::new();
        for file in &self.manifest.files {
            let changes = retired::history(&eyes, Some(&file.path)).await?;
            let ranked = spread(changes.len()).into_iter().map(|(rank, at)| (rank, changes[at].commit.clone(), file));
            versions.extend(ranked);
        }
        versions.sort_by_key(|(rank, ..)| *rank);
        for (_, commit, file) in versions.into_iter().take(VERSIONS) {
            if self.open.is_empty() {
                break;
            }
            let Some(commit) = retired::on_the_line(forge.accounts(), commit, &line).await? else { continue };
            self.take(retired::recorded(&eyes, self.manifest, &commit, &file.path).await?);
        }
        Ok(())
    }

    /// What one version of a file recorded.
    fn take(&mut self, recorded: BTreeMap<Key, Digest>) {
        for (key, digest) in recorded {
            self.found.entry(key.repository).or_default().tags.entry(key.tag).or_default().insert(digest);
        }
        let found = &self.found;
        self.open.retain(|key| !found.get(&key.repository).is_some_and(|once| audit::explains(once, &key.tag)));
    }
}

/// The places of a list with the order in which to look at them: its last and middle ones first, then the middles of what
/// lies between. The first place is left out.
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
