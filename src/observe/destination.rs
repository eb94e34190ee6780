//! What exists where a proposal's image would go, so that nobody reads "creates" about something that exists.

use std::collections::BTreeMap;

use super::ownership::{Known, OwnershipReader, read_ownership};
use super::records::{ALL_BELIEVED, History};
use super::repositories::{RepositoryAnswer, read_repository};
use crate::forge::Forge;
use crate::hub::Hub;
use crate::manifest::{Image, Manifest};
use crate::plan::drift::{Remedy, WantedSettings, drift};
use crate::plan::ownership::{Keeper, Ownership};
use crate::proposal::body::AtMirror;
use crate::proposal::{Item, Kind};

/// How to look it up.
pub(crate) struct DestinationReader {
    /// Docker Hub's own API, if there is a credential for it: without one, private repositories look as if they did not
    /// exist.
    pub hub: Option<Hub>,
    /// The manifest that manages the repositories, as far as is known without asking the forge.
    pub keeper: Keeper,
}

impl DestinationReader {
    /// What exists where the image of a change would go. Only Docker Hub repositories are looked up, and only if
    /// nothing is recorded as promoted.
    pub(super) async fn read(&self, forge: Option<&dyn Forge>, manifest: &Manifest, item: &Item) -> AtMirror {
        let image = &manifest.images[item.image];
        let comes = matches!(item.entry.kind, Kind::New | Kind::Update) && manifest.on_docker_hub();
        let mut recorded = manifest.approvals().filter(|(other, _)| other.repository == image.repository);
        let Some(hub) = self.hub.as_ref().filter(|_| comes) else { return AtMirror::Unknown };
        if recorded.any(|(_, approval)| approval.mirrored.is_some()) {
            return AtMirror::Ours;
        }
        match read_repository(hub, manifest, &image.repository).await {
            Ok(Some(found)) => self.existing(hub, forge, manifest, image, found).await,
            Ok(None) => AtMirror::Absent,
            Err(error) => {
                tracing::debug!("whether {}/{} exists: {error}", manifest.organization, image.repository);
                AtMirror::Unknown
            }
        }
    }

    async fn existing(
        &self,
        hub: &Hub,
        forge: Option<&dyn Forge>,
        manifest: &Manifest,
        image: &Image,
        found: RepositoryAnswer,
    ) -> AtMirror {
        let mut keeper = self.keeper.clone();
        if let Some(forge) = forge {
            let Ok(named) = forge.identity().await else { return AtMirror::Unknown };
            keeper.repository = Some(named);
        }
        let history =
            forge.map(|forge| History { contents: forge, head: None, path: &keeper.path, foreign: &ALL_BELIEVED });
        let reader = OwnershipReader { hub: Some(hub), history, keeper: &keeper };
        let known =
            Known { exists: Some(true), answers_record: false, full_description: found.full_description.clone() };
        let known = BTreeMap::from([(image.repository.clone(), known)]);
        let owned = read_ownership(&reader, manifest, known).await.remove(&image.repository);
        match owned.map(|owned| owned.ownership) {
            Some(Ownership::Ours) => AtMirror::Ours,
            Some(Ownership::Adopted) => AtMirror::TakenOver(changes(manifest, image, &found)),
            Some(Ownership::NotOurs(_)) => AtMirror::NotOurs,
            Some(Ownership::Absent) => AtMirror::Absent,
            None => AtMirror::Unknown,
        }
    }
}

/// What promotion changes in a repository that it takes over, in words.
fn changes(manifest: &Manifest, image: &Image, found: &RepositoryAnswer) -> Vec<String> {
    let Some(wanted) = WantedSettings::of(manifest, &image.repository) else { return Vec::new() };
    let enforced = manifest.repositories == crate::manifest::Enforcement::Enforce;
    let differences = drift(&wanted, &found.found).into_iter();
    let made = differences.filter(|difference| enforced && difference.remedy.is_ours(false));
    let words = made.map(|difference| match difference.remedy {
        Remedy::FixTags(_) => "rules for immutable tags are set".to_owned(),
        _ => format!("{} becomes {}", difference.found, difference.expected),
    });
    words.collect()
}
