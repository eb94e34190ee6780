//! Takes mirror tags down: those whose bytes are revoked, and those whose approval was retired.
//!
//! The tag alone goes. On Docker Hub its own API deletes a tag and nothing else. Elsewhere the registry is asked to delete
//! the tag; one that only deletes manifests would take every tag of that digest with it, and break indexes that list it, so
//! there the manifest is deleted only where no other tag of the repository has to do with it.
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
/// How often a tag that was deleted is looked at: a registry may answer for some seconds what it no longer has.
const LOOKS: u32 = 6;

/// What removes tags.
pub(super) struct Remover<'a> {
    /// The destination.
    pub(super) registries: &'a Registries,
    /// Docker Hub's own API, where the mirrors are there and a credential was given.
    pub(super) hub: Option<&'a Hub>,
    pub(super) manifest: &'a Manifest,
}

/// What became of a tag.
#[derive(Debug)]
pub(super) enum Outcome {
    Deleted,
    /// It was gone already.
    Gone,
    Stays {
        step: FailedStep,
        /// Why, and who must act.
        text: String,
        /// Whether something was changed all the same.
        changed: bool,
        /// Whether it still answers bytes that are revoked, so that nobody may be granted its repository.
        sealed: bool,
    },
}

impl Remover<'_> {
    /// Deletes a tag that still answers what the plan saw. Revoked bytes that stay are put out of the teams' reach.
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
                let text = format!("the mirror's tag moved to {} meanwhile: it is left alone", now.short());
                return Outcome::Stays { step: FailedStep::MirrorDiffers, text, changed: false, sealed: false };
            }
            Err(error) => return stays(removal, FailedStep::Resolve, error.to_string()),
        }
        let why = match self.delete(store.as_ref(), removal).await {
            Ok(()) => match self.is_gone(store.as_ref(), removal).await {
                Ok(true) => return Outcome::Deleted,
                Ok(false) => "it was deleted and answers all the same".to_owned(),
                Err(error) => error.to_string(),
            },
            // The answer may have been lost on its way.
            Err(why) => match now(store.as_ref(), &removal.tag).await {
                Ok(None) => return Outcome::Deleted,
                _ => why,
            },
        };
        match removal.why {
            Why::Retired => {
                let text = format!("{location}:{} is retired and could not be deleted: {why}", removal.tag);
                stays(removal, FailedStep::Tag, text)
            }
            Why::Revoked => {
                let (sealing, changed) = self.seal(&removal.repository).await;
                let text = format!(
                    "{location}:{} is revoked and could not be deleted: {why}. Somebody who may must delete it; {sealing}",
                    removal.tag
                );
                Outcome::Stays { step: FailedStep::Revoked, text, changed, sealed: true }
            }
        }
    }

    /// Deletes the tag, by the ways that its registry has.
    async fn delete(&self, store: &dyn Store, removal: &Removal) -> Result<(), String> {
        let Some(hub) = self.hub else {
            return match store.delete_tag(&removal.tag).await.map_err(|e| e.to_string())? {
                Deleted::Done => Ok(()),
                Deleted::Unsupported(said) if self.manifest.on_docker_hub() => {
                    Err(format!("Docker Hub's registry deletes no tag ({said}), and no token for its API was given"))
                }
                Deleted::Unsupported(said) => self.delete_manifest(store, removal, &said).await,
            };
        };
        self.release(hub, removal).await;
        let organization = &self.manifest.organization;
        let Err(error) = hub.delete_tag(organization, &removal.repository, &removal.tag).await else { return Ok(()) };
        // A credential may have the right to delete at the registry alone.
        match store.delete_tag(&removal.tag).await {
            Ok(Deleted::Done) => Ok(()),
            _ => Err(error.to_string()),
        }
    }

    /// Lets go of a tag that the repository's rules make immutable: such a tag cannot be deleted. Only a help: where it
    /// cannot be done, the deletion says why.
    async fn release(&self, hub: &Hub, removal: &Removal) {
        let (organization, name) = (&self.manifest.organization, &removal.repository);
        let held = match hub.repository(organization, name).await {
            Ok(Some(found)) if found.immutable_tags.may_hold(&removal.tag) => found.immutable_tags,
            _ => return,
        };
        let Some(wanted) = WantedSettings::of(self.manifest, name) else { return };
        let released = wanted.tags.without(&removal.tag).corrected(&held);
        if let Err(error) = hub.set_immutable_tags(organization, name, &released).await {
            tracing::warn!("{organization}/{name}:{} is immutable and stays so: {error}", removal.tag);
        }
    }

    /// Deletes the manifest of a registry that deletes no tags, where no other tag has to do with it.
    async fn delete_manifest(&self, store: &dyn Store, removal: &Removal, said: &str) -> Result<(), String> {
        let others = others(store, removal).await.map_err(|e| e.to_string())?;
        if !others.is_empty() {
            let names = others.iter().take(5).map(Tag::as_str).collect::<Vec<_>>().join(", ");
            return Err(format!(
                "this registry deletes no tag ({said}), and its manifest is also that of {names}, which would go with it"
            ));
        }
        match store.delete_manifest(&removal.digest).await.map_err(|e| e.to_string())? {
            Deleted::Done => Ok(()),
            Deleted::Unsupported(said) => Err(format!("this registry deletes nothing ({said})")),
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

    /// Puts the repository out of the teams' reach, where that can be done; says what was done, and whether anything was.
    async fn seal(&self, name: &RepositoryName) -> (String, bool) {
        let organization = &self.manifest.organization;
        let Some(hub) = self.hub else {
            return ("until then everybody who may pull the repository can pull it".to_owned(), false);
        };
        let (done, result) = repository::seal(hub, organization, name).await;
        let changed = !done.is_empty();
        let text = match (changed, result) {
            (true, Ok(())) => format!(
                "until then the teams cannot read {organization}/{name}: {}; the next run after it is gone grants what \
                 the manifest says, and grants that it does not name are for people to give again",
                done.join(", ")
            ),
            (false, Ok(())) => format!("until then the teams cannot read {organization}/{name}"),
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

/// The other tags that would go with the removal's manifest, or break.
async fn others(store: &dyn Store, removal: &Removal) -> Result<Vec<Tag>, Error> {
    let unusable = |text: String| Error { registry: store.location().to_string(), kind: ErrorKind::Protocol(text) };
    // A list that is not there, or does not name this very tag, tells nothing of what else would go.
    let listed = store.tags().await?.filter(|tags| tags.contains(&removal.tag));
    let tags = listed.ok_or_else(|| {
        unusable("its list of tags does not name this one: it is not known which others share the manifest".to_owned())
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
