//! What the manifest approved once: asked only where a mirror has tags that nothing in the manifest explains.

use std::collections::{BTreeMap, BTreeSet};

use super::{Eyes, Organization};
use crate::forge::{Commit, Error, Forge};
use crate::image::RepositoryName;
use crate::manifest::{self, File, Manifest};
use crate::plan::Key;
use crate::policy::audit::{self, Once, Unseen};

/// Pages of a hundred commits that are read of a file's history.
const PAGES: u32 = 10;
/// Versions of the manifest's files that are read in one run.
const VERSIONS: usize = 64;

/// What was approved once, of the mirrors that have tags which nothing explains.
pub(super) async fn look(eyes: &Eyes<'_>, manifest: &Manifest, organization: &mut Organization) {
    let Some((forge, head)) = eyes.history else { return };
    let open = audit::unexplained(manifest, &organization.seen);
    if open.is_empty() {
        return;
    }
    tracing::info!("audit: asking the manifest's history about {} tags", open.len());
    let mut search = Search { manifest, open, found: BTreeMap::new(), left: VERSIONS };
    if let Err(error) = search.through(forge, head).await {
        organization.failed.push(Unseen::of_organization(format!("the manifest's history: {error}")));
    }
    organization.seen.history = search.found;
}

struct Search<'a> {
    manifest: &'a Manifest,
    /// The tags that are still to be explained.
    open: BTreeSet<Key>,
    found: BTreeMap<RepositoryName, Once>,
    /// How many versions may still be read.
    left: usize,
}

impl Search<'_> {
    /// Reads old versions until everything is explained. An approval stands for days to years, so versions that lie far apart
    /// tell most: they are read first.
    async fn through(&mut self, forge: &dyn Forge, head: Option<&Commit>) -> Result<(), Error> {
        let head = match head {
            Some(head) => head.clone(),
            None => forge.head().await?.commit,
        };
        let mut versions = Vec::new();
        for file in &self.manifest.files {
            let commits = commits(forge, &head, &file.path).await?;
            versions
                .extend(spread(commits.len()).into_iter().map(|(rank, at)| (rank, commits[at].clone(), &file.path)));
        }
        versions.sort_by_key(|(rank, ..)| *rank);
        for (_, commit, path) in versions {
            if self.open.is_empty() || self.left == 0 {
                break;
            }
            self.left -= 1;
            if let Some(text) = forge.read(&commit, path).await? {
                self.take(path, text);
            }
        }
        Ok(())
    }

    /// What one version of a file approves.
    fn take(&mut self, path: &str, text: String) {
        let main = self.manifest.files.first();
        let mut files: Vec<File> = main.filter(|main| main.path != path).cloned().into_iter().collect();
        files.push(File { path: path.to_owned(), text });
        let Some(old) = manifest::parse_part(files) else { return };
        for image in &old.images {
            let once = self.found.entry(image.repository.clone()).or_default();
            for approval in &image.approved {
                let digests = once.tags.entry(approval.tag.clone()).or_default();
                digests.extend(approval.mirrored.iter().chain([&approval.digest]).cloned());
            }
        }
        let found = &self.found;
        self.open.retain(|key| !found.get(&key.repository).is_some_and(|once| audit::explains(once, &key.tag)));
    }
}

/// The commits that changed a file, newest first; the newest is the file as it is now.
async fn commits(forge: &dyn Forge, head: &Commit, path: &str) -> Result<Vec<Commit>, Error> {
    let mut all = Vec::new();
    for page in 1..=PAGES {
        let (changes, more) = forge.history(head, Some(path), page).await?;
        all.extend(changes.into_iter().map(|change| change.commit));
        if !more {
            break;
        }
    }
    Ok(all)
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
