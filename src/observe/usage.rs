//! When the mirror's tags were last pulled, in one listing per repository, which does not count as a pull.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;

use super::records::History;
use crate::hub::{Hub, ListedTag, Pull};
use crate::image::RepositoryName;
use crate::manifest::{Image, Manifest};
use crate::plan::usage::PullFacts;
use crate::plan::{FailedStep, Failure, Key, Scope};

/// How many repositories are listed at once.
const TOGETHER: usize = 8;

/// What is known of the pulls of every promoted tag.
#[derive(Debug, Default)]
pub(crate) struct Pulls {
    pub(crate) facts: BTreeMap<Key, PullFacts>,
    /// Repositories whose tags could not be listed.
    pub(crate) failed: Vec<Failure>,
    /// Why the manifest's history is unknown, if it is.
    pub(crate) history: Option<String>,
}

/// Reads the tags of the mirrors in scope.
pub(crate) async fn read_pulls(hub: &Hub, history: Option<&History<'_>>, manifest: &Manifest, scope: &Scope) -> Pulls {
    let images: Vec<&Image> = manifest
        .images
        .iter()
        .enumerate()
        .filter(|(index, _)| scope.contains(*index))
        .map(|(_, image)| image)
        .collect();
    let mut pulls = Pulls::default();
    let mut listed: BTreeMap<&RepositoryName, Vec<ListedTag>> = BTreeMap::new();
    let names: BTreeSet<&RepositoryName> = images.iter().map(|image| &image.repository).collect();
    let reads =
        names.into_iter().map(|name| async move { (name, hub.listed_tags(&manifest.organization, name).await) });
    let mut reads = futures_util::stream::iter(reads).buffered(TOGETHER);
    while let Some((name, read)) = reads.next().await {
        match read {
            Ok(tags) => drop(listed.insert(name, tags.unwrap_or_default())),
            Err(error) => {
                let image = images.iter().find(|image| image.repository == *name);
                let failure = |image: &&Image| Failure::of(image, None, FailedStep::Read, error.to_string());
                pulls.failed.extend(image.map(failure));
            }
        }
    }
    let promoted = images.iter().flat_map(|image| {
        let done = image.approved.iter().filter(|approval| approval.mirrored.is_some());
        done.map(move |approval| (Key::of(image, approval), image.platforms.is_some()))
    });
    for (key, read_again) in promoted {
        let tag = listed.get(&key.repository).and_then(|tags| tags.iter().find(|tag| tag.name == key.tag));
        let (shown, pushed) = tag.map_or((Pull::Unknown, None), |tag| (tag.last_pulled, tag.last_pushed));
        pulls.facts.insert(key, PullFacts { shown, pushed, recorded: None, read_again });
    }
    match history {
        Some(history) => recorded(history, manifest, &mut pulls).await,
        None => pulls.history = Some(super::records::NO_HISTORY.to_owned()),
    }
    pulls
}

/// When they were promoted: asked for those only of which that decides something.
async fn recorded(history: &History<'_>, manifest: &Manifest, pulls: &mut Pulls) {
    let pulled = pulls.facts.iter().filter(|(_, facts)| matches!(facts.shown, Pull::At(_)) && !facts.read_again);
    let asked: BTreeSet<Key> = pulled.map(|(key, _)| key.clone()).collect();
    if asked.is_empty() {
        return;
    }
    match history.recorded_when(manifest, asked).await {
        Ok(found) => {
            for (key, at) in found {
                if let Some(facts) = pulls.facts.get_mut(&key) {
                    facts.recorded = Some(at);
                }
            }
        }
        Err(error) => pulls.history = Some(format!("the manifest's history: {error}")),
    }
}
