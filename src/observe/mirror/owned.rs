//! Who owns the repositories of a run, according to what was seen of them and of their tags.

use std::collections::BTreeMap;

use super::error::MirrorError;
use super::reader::{MirrorReader, Observations, OwnedRepositories};
use super::tags::TagReader;
use crate::image::RepositoryName;
use crate::manifest::{Approval, Image};
use crate::observe::ownership::{Known, OwnershipReader, read_ownership};
use crate::observe::repositories::{RepositorySettings, concerned};
use crate::plan::{Key, Observed, Scope};
use crate::registry::ErrorKind;

/// Determines who owns the repositories of `scope` that the manifest has settings for; only Docker Hub's are queried.
pub(super) async fn owned(
    reader: &MirrorReader<'_>,
    tags: &TagReader<'_>,
    seen: &RepositorySettings,
    scope: &Scope,
    observations: &Observations,
) -> OwnedRepositories {
    let manifest = tags.manifest;
    if !manifest.on_docker_hub() || seen.refused.is_some() {
        return OwnedRepositories::new();
    }
    let mut known = BTreeMap::new();
    for name in concerned(manifest, scope) {
        let here = || manifest.approvals().filter(|(image, _)| image.repository == *name);
        let answers = |(image, approval): &(&Image, &Approval)| {
            observations.get(&Key::of(image, approval)).and_then(|observed| observed.as_ref().ok()?.mirror.as_ref())
        };
        let answers_record = here().any(|of| of.1.mirrored.is_some() && answers(&of) == of.1.mirrored.as_ref());
        let exists = match (seen.found.contains_key(name), seen.missing.contains(name)) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ if here().any(|of| answers(&of).is_some()) => Some(true),
            _ if tags.has_hub() => None,
            _ => has_tags(tags, name).await,
        };
        let full_description = seen.full_descriptions.get(name).cloned();
        known.insert(name.clone(), Known { exists, answers_record, full_description });
    }
    let reader = OwnershipReader { hub: tags.hub(), history: reader.history, keeper: reader.keeper };
    read_ownership(&reader, manifest, known).await
}

/// Whether a repository has tags, as far as the registry tells: all there is to decide by if Docker Hub's API is not
/// available. One that is refused or empty contains nothing that could be harmed.
async fn has_tags(tags: &TagReader<'_>, name: &RepositoryName) -> Option<bool> {
    match tags.open(name).ok()?.tags().await {
        Ok(tags) => Some(tags.is_some_and(|tags| !tags.is_empty())),
        Err(error) if matches!(error.kind, ErrorKind::Refused { .. }) => Some(false),
        Err(_) => None,
    }
}

/// Marks every approval whose mirror is not ours as such, whatever else was seen of it.
pub(super) fn disown(approvals: &[(&Image, &Approval)], owned: &OwnedRepositories, observations: &mut Observations) {
    for (image, approval) in approvals {
        let Some(why) = owned.get(&image.repository).and_then(|owned| owned.not_ours()) else { continue };
        let observation = observations.entry(Key::of(image, approval)).or_insert_with(|| Ok(Observed::default()));
        let seen = observation.as_ref().map_or_else(|_: &MirrorError| Observed::default(), Clone::clone);
        *observation = Ok(Observed { not_ours: Some(why.to_owned()), ..seen });
    }
}

/// What could not be checked in repositories that are ours.
pub(super) fn troubles(seen: &RepositorySettings, owned: &OwnedRepositories) -> BTreeMap<String, Vec<RepositoryName>> {
    let is_ours = |name: &&RepositoryName| owned.get(*name).is_none_or(|owned| owned.not_ours().is_none());
    let troubles = seen.troubles.iter().map(|(said, names)| {
        let ours: Vec<RepositoryName> = names.iter().filter(is_ours).cloned().collect();
        (said.clone(), ours)
    });
    troubles.filter(|(_, names)| !names.is_empty()).collect()
}
