//! One mirror: its tags and what they resolve to.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::companions::{self, Look, Place};
use super::expected::{self, Expectations};
use super::reader::OrganizationReader;
use crate::content::companion;
use crate::hub::{Hub, ListedRepository, ListedTag};
use crate::image::{Digest, Reference, RepositoryName, Tag};
use crate::manifest::{Image, Manifest};
use crate::observe::repositories::{self, Trouble};
use crate::plan::Key;
use crate::plan::drift::{ObservedSettings, WantedSettings};
use crate::policy::audit::{ForeignCompanion, Mirror, Tagged, Unseen};
use crate::registry::Store;

/// How many tags of one mirror are requested at once.
const TOGETHER: usize = 8;

#[derive(Debug, Default)]
pub(super) struct MirrorReading {
    /// The mirror; `None` if it could not be read.
    pub(super) mirror: Option<Mirror>,
    /// What `digest` and `platforms` result in, if the tag resolves.
    pub(super) expected: BTreeMap<Key, Option<Digest>>,
    /// Approvals whose tag resolves to something that falsely claims to be the wanted platforms of what is approved.
    pub(super) forged: BTreeSet<Key>,
    pub(super) foreign: Vec<ForeignCompanion>,
    pub(super) failed: Vec<Unseen>,
}

pub(super) async fn read_mirror(
    reader: &OrganizationReader<'_>,
    hub: Option<&Hub>,
    manifest: &Manifest,
    name: &RepositoryName,
    listed: Option<&ListedRepository>,
) -> MirrorReading {
    let mut reading = MirrorReading::default();
    let store = match manifest.mirror(name) {
        Ok(location) => reader.registries.open(&location),
        Err(error) => {
            reading.failed.push(Unseen::of_mirror(name, None, error.to_string()));
            return reading;
        }
    };
    let images: Vec<&Image> = manifest.images.iter().filter(|image| image.repository == *name).collect();
    let read = match hub {
        Some(hub) => {
            let listed = hub.listed_tags(&manifest.organization, name).await.map_err(|e| e.to_string());
            listed.map(|listed| (listed.is_some(), from_list(listed.unwrap_or_default())))
        }
        None => match from_registry(store.as_ref()).await {
            Ok(mirror) => Ok((true, mirror)),
            Err(error) if error.is_declined() && answers(store.as_ref(), &images).await => {
                let text = format!("unapproved tags cannot be seen, because its tags cannot be listed: {error}");
                reading.failed.push(Unseen::of_mirror(name, None, text));
                Ok((true, of_approvals(&images)))
            }
            Err(error) => Err(error.to_string()),
        },
    };
    let (there, mut mirror) = match read {
        Ok(read) => read,
        Err(error) => {
            reading.failed.push(Unseen::of_mirror(name, None, error));
            return reading;
        }
    };
    heads(store.as_ref(), name, &images, &mut mirror, &mut reading).await;
    let Expectations { expected, forged, failed } = expected::read(reader, store.as_ref(), &images, &mirror).await;
    reading.expected = expected;
    reading.forged = forged;
    reading.failed.extend(failed);
    let documents = &reader.sources.documents;
    let place = Place { store: &store, documents, name, images: &images, mirror: &mirror };
    let Look { foreign, failed } = companions::look(&place).await;
    reading.foreign = foreign;
    reading.failed.extend(failed);
    if let Some(hub) = hub.filter(|_| there) {
        mirror.settings = Some(settings(hub, manifest, name, listed, &mut reading).await);
    }
    reading.mirror = Some(mirror);
    reading
}

/// What Docker Hub says about a mirror's settings: its teams, and the repository itself if the list did not contain
/// everything that the manifest has settings for.
async fn settings(
    hub: &Hub,
    manifest: &Manifest,
    name: &RepositoryName,
    listed: Option<&ListedRepository>,
    reading: &mut MirrorReading,
) -> ObservedSettings {
    let organization = &manifest.organization;
    let listed = listed.map(repositories::from_list);
    let Some(wanted) = WantedSettings::of(manifest, name) else { return listed.unwrap_or_default() };
    let mut failed = |error: String| reading.failed.push(Unseen::of_mirror(name, None, error));
    let repository = match repositories::asks_closely(&wanted, listed.as_ref(), true) {
        true => hub.repository(organization, name).await.unwrap_or_else(|error| {
            failed(error.to_string());
            None
        }),
        false => None,
    };
    let grants = hub.grants(organization, name).await;
    let (found, trouble) = repositories::merge_answers(&wanted, listed.as_ref(), repository, Some(grants));
    match trouble {
        Some(Trouble::NoTeams) => failed(repositories::no_teams(organization)),
        Some(Trouble::Failed(error)) => failed(error.to_string()),
        None => {}
    }
    found
}

fn from_list(listed: Vec<ListedTag>) -> Mirror {
    let tag = |tag: ListedTag| (tag.name, Tagged { digest: tag.digest, children: tag.children });
    Mirror { tags: listed.into_iter().map(tag).collect(), children_known: true, settings: None }
}

/// Whether the mirror resolves an approved tag though it lists none.
async fn answers(store: &dyn Store, images: &[&Image]) -> bool {
    let Some(approval) = images.iter().find_map(|image| image.approved.first()) else { return false };
    store.head(&Reference::Tag(approval.tag.clone())).await.is_ok()
}

/// The tags that should exist, if it is unknown which ones do.
fn of_approvals(images: &[&Image]) -> Mirror {
    let approved = images.iter().flat_map(|image| image.approved.iter().map(|approval| &approval.tag));
    let tags = approved.chain(images.iter().flat_map(|image| &image.aliases));
    let tags = tags.map(|tag| (tag.clone(), Tagged::default())).collect();
    Mirror { tags, children_known: false, settings: None }
}

async fn from_registry(store: &dyn Store) -> Result<Mirror, crate::registry::Error> {
    let tags = store.tags().await?.unwrap_or_default();
    let unknown = |tag: Tag| (tag, Tagged::default());
    Ok(Mirror { tags: tags.into_iter().map(unknown).collect(), children_known: false, settings: None })
}

/// Asks the registry for the digests of tags that the list did not give; if it gave some, only for approved tags.
async fn heads(
    store: &dyn Store,
    name: &RepositoryName,
    images: &[&Image],
    mirror: &mut Mirror,
    reading: &mut MirrorReading,
) {
    let whole = !mirror.children_known;
    let approved = |tag: &Tag| {
        let named = |image: &&Image| image.aliases.contains(tag) || image.approved.iter().any(|a| a.tag == *tag);
        images.iter().any(named)
    };
    let open = mirror.tags.iter().filter(|(_, tagged)| tagged.digest.is_none()).map(|(tag, _)| tag);
    let open: Vec<Tag> = open.filter(|tag| approved(tag) || whole && !companion::is_companion(tag)).cloned().collect();
    let answers: Vec<_> = futures_util::stream::iter(open)
        .map(|tag| async move {
            let answer = store.head(&Reference::Tag(tag.clone())).await;
            (tag, answer)
        })
        .buffered(TOGETHER)
        .collect()
        .await;
    for (tag, answer) in answers {
        match answer {
            Ok(Some(held)) => drop(mirror.tags.insert(tag, Tagged { digest: Some(held.digest), children: Vec::new() })),
            // Deleted since the list was read.
            Ok(None) => drop(mirror.tags.remove(&tag)),
            Err(error) => reading.failed.push(Unseen::of_mirror(name, Some(tag), error.to_string())),
        }
    }
}
