//! When the mirror's tags were last pulled, in one listing per repository, which does not count as a pull.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;

use super::records::History;
use crate::hub::{Hub, ListedTag, Pull};
use crate::image::RepositoryName;
use crate::manifest::{Approval, Image, Manifest};
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
    let promoted = images.iter().flat_map(|image| {
        let done = image.approved.iter().filter(|approval| approval.mirrored.is_some());
        done.map(move |approval| (*image, approval))
    });
    read_pulls_of(hub, history, manifest, promoted.collect()).await
}

/// Reads the tags of these promoted approvals.
pub(super) async fn read_pulls_of(
    hub: &Hub,
    history: Option<&History<'_>>,
    manifest: &Manifest,
    promoted: Vec<(&Image, &Approval)>,
) -> Pulls {
    let mut pulls = Pulls::default();
    let names: BTreeSet<&RepositoryName> = promoted.iter().map(|(image, _)| &image.repository).collect();
    let listed = list(hub, &manifest.organization, names).await;
    for (name, read) in &listed {
        let of_it = promoted.iter().find(|(image, _)| image.repository == **name);
        let failure =
            |((image, _), error): (&(&Image, _), &String)| Failure::of(image, None, FailedStep::Read, error.clone());
        pulls.failed.extend(of_it.zip(read.as_ref().err()).map(failure));
    }
    for (image, approval) in promoted {
        let tags = listed.get(&image.repository).and_then(|read| read.as_ref().ok()).map_or(&[][..], Vec::as_slice);
        pulls.facts.insert(Key::of(image, approval), shown(tags, image, approval));
    }
    match history {
        Some(history) => recorded(history, manifest, &mut pulls).await,
        None => pulls.history = Some(super::records::NO_HISTORY.to_owned()),
    }
    pulls
}

/// The tags of repositories, each in one listing, or why they could not be listed. A missing repository has none.
pub(super) async fn list<'n>(
    hub: &Hub,
    organization: &str,
    names: BTreeSet<&'n RepositoryName>,
) -> BTreeMap<&'n RepositoryName, Result<Vec<ListedTag>, String>> {
    let read = |name| async move { (name, hub.listed_tags(organization, name).await) };
    let reads = futures_util::stream::iter(names).map(read).buffered(TOGETHER);
    let told = reads.map(|(name, read)| (name, read.map(Option::unwrap_or_default).map_err(|e| e.to_string())));
    told.collect().await
}

/// What a listing shows about an approval's tag.
pub(super) fn shown(tags: &[ListedTag], image: &Image, approval: &Approval) -> PullFacts {
    let tag = tags.iter().find(|tag| tag.name == approval.tag);
    let (shown, pushed) = tag.map_or((Pull::Unknown, None), |tag| (tag.last_pulled, tag.last_pushed));
    PullFacts { shown, pushed, recorded: None, read_again: image.platforms.is_some() }
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
