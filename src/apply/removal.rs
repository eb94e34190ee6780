//! Deletes mirror tags: those whose bytes are revoked, and those whose approval was retired.
//!
//! Only the tag is deleted. Docker Hub's API deletes a tag and nothing else. Elsewhere the registry is asked to delete
//! the tag; one that only deletes manifests would take every tag of that digest with it, and break indexes that list
//! it, so there the manifest is only deleted if no other tag of the repository depends on it.
//!
//! Deleting twice is the same as deleting once: what was lost is read again, and a tag that is gone is done.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};

use super::repository;
use crate::hub::Hub;
use crate::image::{Digest, Reference, RepositoryName, Tag};
use crate::manifest::Manifest;
use crate::plan::FailedStep;
use crate::plan::drift::WantedSettings;
use crate::plan::removal::{Removal, Why, would_break};
use crate::registry::{Deleted, Error, ErrorKind, Registries, Store};

/// How many tags are read together to find those that share a manifest.
const TOGETHER: usize = 16;
/// How often a deleted tag is checked: a registry may still serve it for some seconds.
const LOOKS: u32 = 6;

/// What removes tags.
pub(super) struct Remover<'a> {
    /// The destination.
    pub(super) registries: &'a Registries,
    /// Docker Hub's own API, if the mirrors are there and a credential was given.
    pub(super) hub: Option<&'a Hub>,
    pub(super) manifest: &'a Manifest,
    /// Everything that this run deletes: tags of one manifest may go together.
    pub(super) all: &'a [Removal],
}

/// What happened to a tag.
#[derive(Debug)]
pub(super) enum Outcome {
    Deleted,
    /// It was already gone.
    Gone,
    Stays {
        step: FailedStep,
        /// The reason, and who must act.
        text: String,
        /// Whether something was changed anyway.
        changed: bool,
        /// Whether it still serves revoked bytes, so that nobody may be granted access to its repository.
        sealed: bool,
    },
}

impl Remover<'_> {
    /// Deletes a tag that still resolves to what the plan saw. If revoked bytes remain, the teams lose access to them.
    pub(super) async fn remove(&self, removal: &Removal) -> Outcome {
        let location = match self.manifest.mirror(&removal.repository) {
            Ok(location) => location,
            Err(error) => return stays(removal, FailedStep::Resolve, error.to_string()),
        };
        let store = self.registries.open(&location);
        match now(store.as_ref(), &removal.tag).await {
            Ok(None) => return Outcome::Gone,
            Ok(Some(now)) if now == removal.digest => {}
            Ok(Some(now)) => {
                let text = format!("the mirror's tag has moved to {} in the meantime: it is left alone", now.short());
                return Outcome::Stays { step: FailedStep::MirrorDiffers, text, changed: false, sealed: false };
            }
            Err(error) => return stays(removal, FailedStep::Resolve, error.to_string()),
        }
        let why = match self.delete(store.as_ref(), removal).await {
            Ok(()) => match self.is_gone(store.as_ref(), removal).await {
                Ok(true) => return Outcome::Deleted,
                Ok(false) => "it was deleted, but still exists".to_owned(),
                Err(error) => error.to_string(),
            },
            // The response may have been lost.
            Err(why) => match now(store.as_ref(), &removal.tag).await {
                Ok(None) => return Outcome::Deleted,
                _ => why,
            },
        };
        match removal.why {
            Why::Retired => {
                let text = format!("{location}:{} is retired, but could not be deleted: {why}", removal.tag);
                stays(removal, FailedStep::Tag, text)
            }
            Why::Revoked => {
                let (sealing, changed) = self.seal(&removal.repository).await;
                let text = format!(
                    "{location}:{} is revoked, but could not be deleted: {why}. Somebody with permission must delete it; {sealing}",
                    removal.tag
                );
                Outcome::Stays { step: FailedStep::Revoked, text, changed, sealed: true }
            }
        }
    }

    /// Deletes the tag, in the ways that its registry supports.
    async fn delete(&self, store: &dyn Store, removal: &Removal) -> Result<(), String> {
        let Some(hub) = self.hub else {
            return match store.delete_tag(&removal.tag).await.map_err(|e| e.to_string())? {
                Deleted::Done => Ok(()),
                Deleted::Unsupported(said) if self.manifest.on_docker_hub() => Err(format!(
                    "Docker Hub's registry does not delete tags ({said}), and no token for its API was given"
                )),
                Deleted::Unsupported(said) => self.delete_manifest(store, removal, &said).await,
            };
        };
        self.release(hub, removal).await;
        let organization = &self.manifest.organization;
        let Err(error) = hub.delete_tag(organization, &removal.repository, &removal.tag).await else { return Ok(()) };
        // A credential may only have the right to delete at the registry.
        match store.delete_tag(&removal.tag).await {
            Ok(Deleted::Done) => Ok(()),
            _ => Err(error.to_string()),
        }
    }

    /// Makes a tag mutable if the repository's rules make it immutable: such a tag cannot be deleted. Best effort: if
    /// this fails, the deletion says why.
    async fn release(&self, hub: &Hub, removal: &Removal) {
        let (organization, name) = (&self.manifest.organization, &removal.repository);
        let held = match hub.repository(organization, name).await {
            Ok(Some(found)) if found.immutable_tags.may_hold(&removal.tag) => found.immutable_tags,
            _ => return,
        };
        let Some(wanted) = WantedSettings::of(self.manifest, name) else { return };
        let released = wanted.tags.without(&removal.tag).corrected(&held);
        if let Err(error) = hub.set_immutable_tags(organization, name, &released).await {
            tracing::warn!("{organization}/{name}:{} is immutable, which could not be changed: {error}", removal.tag);
        }
    }

    /// Deletes the manifest on a registry that does not delete tags, if no other tag depends on it.
    async fn delete_manifest(&self, store: &dyn Store, removal: &Removal, said: &str) -> Result<(), String> {
        let is_deleted = |tag: &Tag| {
            let is_it = |other: &Removal| other.repository == removal.repository && other.tag == *tag;
            self.all.iter().any(|other| is_it(other) && other.digest == removal.digest)
        };
        let mut others = others(store, removal).await.map_err(|e| e.to_string())?;
        others.retain(|tag| !is_deleted(tag));
        if !others.is_empty() {
            let names = others.iter().take(5).map(Tag::as_str).collect::<Vec<_>>().join(", ");
            return Err(format!(
                "this registry does not delete tags ({said}), and deleting the manifest would also delete {names}"
            ));
        }
        match store.delete_manifest(&removal.digest).await.map_err(|e| e.to_string())? {
            Deleted::Done => Ok(()),
            Deleted::Unsupported(said) => Err(format!("this registry does not delete manifests ({said})")),
        }
    }

    async fn is_gone(&self, store: &dyn Store, removal: &Removal) -> Result<bool, Error> {
        for look in 1..=LOOKS {
            if now(store, &removal.tag).await?.is_none() {
                return Ok(true);
            }
            if look < LOOKS {
                tokio::time::sleep(Duration::from_millis(150) * 2_u32.pow(look)).await;
            }
        }
        Ok(false)
    }

    /// Removes the teams' access to the repository if possible; says what was done, and whether anything was.
    async fn seal(&self, name: &RepositoryName) -> (String, bool) {
        let organization = &self.manifest.organization;
        let Some(hub) = self.hub else {
            return ("until then, everybody who may pull from the repository can pull it".to_owned(), false);
        };
        let (done, result) = repository::seal(hub, organization, name).await;
        let changed = !done.is_empty();
        let text = match (changed, result) {
            (true, Ok(())) => format!(
                "until then, the teams cannot read {organization}/{name}: {}; the next run after it is deleted \
                 restores the grants in the manifest, and other grants have to be restored by hand",
                done.join(", ")
            ),
            (false, Ok(())) => format!("until then, the teams cannot read {organization}/{name}"),
            (true, Err(error)) => format!("{}, but teams may still read it: {error}", done.join(", ")),
            (false, Err(error)) => format!("teams may still read it: {error}"),
        };
        (text, changed)
    }
}

fn stays(removal: &Removal, step: FailedStep, text: String) -> Outcome {
    Outcome::Stays { step, text, changed: false, sealed: removal.why == Why::Revoked }
}

async fn now(store: &dyn Store, tag: &Tag) -> Result<Option<Digest>, Error> {
    Ok(store.head(&Reference::Tag(tag.clone())).await?.map(|held| held.digest))
}

/// The other tags that would be deleted with the manifest, or break.
async fn others(store: &dyn Store, removal: &Removal) -> Result<Vec<Tag>, Error> {
    let unusable = |text: String| Error { registry: store.location().to_string(), kind: ErrorKind::Protocol(text) };
    // A list that does not exist, or does not contain this tag, does not say what else would be deleted.
    let listed = store.tags().await?.filter(|tags| tags.contains(&removal.tag));
    let tags = listed.ok_or_else(|| {
        unusable("its tag list does not contain this tag, so it is unknown which others share the manifest".to_owned())
    })?;
    let others = futures_util::stream::iter(tags.into_iter().filter(|tag| *tag != removal.tag))
        .map(|tag| async move {
            let Some(held) = store.manifest(&Reference::Tag(tag.clone())).await? else { return Ok(None) };
            let breaks = would_break(&held, &removal.digest).map_err(|e| unusable(format!("{tag}: {e}")))?;
            Ok::<_, Error>(breaks.then_some(tag))
        })
        .buffered(TOGETHER)
        .try_collect::<Vec<_>>()
        .await?;
    Ok(others.into_iter().flatten().collect())
}
