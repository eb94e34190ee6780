//! What Docker Hub's own API lets its credential do: reads, and exchanging the token.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use futures_util::stream;

use super::credential::kind_of;
use super::inspection::Inspection;
use crate::doctor::facts::{Answer, Fault, Holder, HubFacts, Kind, Rights, Role};
use crate::hub::{Error, Hub, HubRole};
use crate::image::{RegistryHost, RepositoryName};
use crate::manifest::Manifest;
use crate::observe::ownership::{Known, OwnershipReader, read_ownership};
use crate::policy::settings::Area;

const ASKED: usize = 20;
const AT_ONCE: usize = 4;

/// Asks Docker Hub's API; `None` if it is not needed.
pub(super) async fn ask_hub(inspection: &Inspection<'_>, reached: bool) -> Option<HubFacts> {
    let needed = inspection.organization().is_some() || inspection.hub_credential.is_some();
    if !inspection.uses_hub() || !needed {
        return None;
    }
    let mut facts = HubFacts { organization: inspection.organization().map(str::to_owned), ..HubFacts::default() };
    let Some((user, secret)) = inspection.hub_credential else { return Some(facts) };
    facts.holder =
        Some(Holder { user: Some(user.to_owned()), kind: kind_of(secret), place: "dockerhub-token".to_owned() });
    let Some(hub) = inspection.hub.filter(|_| reached) else { return Some(facts) };
    facts.signed_in = Some(answered(hub.sign_in().await.map(drop)));
    let (Some(Ok(())), Some(organization), Some(manifest)) =
        (&facts.signed_in, inspection.organization(), inspection.manifest)
    else {
        return Some(facts);
    };
    facts.wanted_teams = wanted_teams(manifest);
    facts.takes_down = manifest.images.iter().flat_map(|image| &image.revoked).any(|revocation| revocation.delete);
    facts.immutable = manifest.images.iter().any(|image| image.immutable_tags);
    let personal =
        facts.holder.as_ref().is_some_and(|holder| holder.kind != Kind::HubOrganization) && user != organization;
    people(hub, organization, personal.then_some(user), &mut facts).await;
    repositories(inspection, hub, organization, &mut facts).await;
    settings(hub, organization, manifest, &mut facts).await;
    Some(facts)
}

/// The teams that the manifest grants something, and whether missing ones are created.
fn wanted_teams(manifest: &Manifest) -> BTreeMap<String, bool> {
    let mut wanted = BTreeMap::new();
    for (name, team) in manifest.images.iter().flat_map(|image| &image.teams) {
        *wanted.entry(name.clone()).or_insert(team.create) &= team.create;
    }
    wanted
}

async fn people(hub: &Hub, organization: &str, user: Option<&str>, facts: &mut HubFacts) {
    if user.is_some() || !facts.wanted_teams.is_empty() {
        let teams = hub.teams(organization).await;
        facts.teams = Some(answered(teams.map(|teams| teams.into_iter().map(|team| team.name).collect())));
    }
    if let Some(user) = user {
        let role = hub.role(organization, user).await;
        facts.role = Some(answered(role.map(|role| {
            role.map(|role| match role {
                HubRole::Owner => Role::Owner,
                HubRole::Editor => Role::Editor,
            })
        })));
    }
}

async fn repositories(inspection: &Inspection<'_>, hub: &Hub, organization: &str, facts: &mut HubFacts) {
    let mirrors = inspection.parts().remove(&RegistryHost::docker_hub()).unwrap_or_default().mirrors;
    let names: BTreeSet<RepositoryName> = mirrors.iter().filter_map(|mirror| mirror.name.last().parse().ok()).collect();
    let asked = names.iter().take(ASKED).map(async |name| {
        let rights = hub.rights(organization, name).await;
        let rights = rights.map(|rights| rights.map(|r| Rights { private: r.private, write: r.write, admin: r.admin }));
        (name.to_string(), answered(rights))
    });
    facts.mirrors = stream::iter(asked).buffered(AT_ONCE).collect().await;
    facts.not_ours = not_ours(inspection, hub, facts).await;
    let there = facts.mirrors.iter().find(|(_, said)| matches!(said, Ok(Some(_)))).map(|(name, _)| name.clone());
    let Some((name, there)) = there.and_then(|name| Some((name.parse::<RepositoryName>().ok()?, name))) else { return };
    facts.tags = Some((there.clone(), answered(hub.may_list_tags(organization, &name).await)));
    let private = facts.mirrors.iter().find(|(_, said)| matches!(said, Ok(Some(Rights { private: true, .. }))));
    if let Some((shown, name)) = private.and_then(|(name, _)| Some((name.clone(), name.parse().ok()?))) {
        facts.listed = Some((shown, answered(hub.lists(organization, &name).await)));
    }
    if !facts.wanted_teams.is_empty() {
        facts.grants = Some((there, answered(hub.grants(organization, &name).await.map(drop))));
    }
}

/// The existing mirrors that promotion would leave alone, with the reason. What the manifest records about one is taken
/// at its word here.
async fn not_ours(inspection: &Inspection<'_>, hub: &Hub, facts: &HubFacts) -> BTreeMap<String, String> {
    let Some(manifest) = inspection.manifest else { return BTreeMap::new() };
    let there = facts.mirrors.iter().filter(|(_, said)| matches!(said, Ok(Some(_))));
    let there = there.filter_map(|(name, _)| name.parse::<RepositoryName>().ok());
    let is_recorded = |name: &RepositoryName| {
        manifest.approvals().any(|(image, approval)| image.repository == *name && approval.mirrored.is_some())
    };
    let known = there.filter(|name| manifest.has_effect_on(name)).map(|name| {
        let answers_record = is_recorded(&name);
        (name, Known { exists: Some(true), answers_record, full_description: None })
    });
    let reader = OwnershipReader { hub: Some(hub), history: inspection.history, keeper: &inspection.keeper };
    let owned = read_ownership(&reader, manifest, known.collect()).await;
    owned.into_iter().filter_map(|(name, owned)| Some((name.to_string(), owned.not_ours()?.to_owned()))).collect()
}

async fn settings(hub: &Hub, organization: &str, manifest: &Manifest, facts: &mut HubFacts) {
    if manifest.policy.image_access.is_some() {
        facts.image_access = Some(answered(hub.organization_settings(organization, Area::ImageAccess).await.map(drop)));
    }
    if manifest.policy.registry_access.is_some() {
        facts.registry_access =
            Some(answered(hub.organization_settings(organization, Area::RegistryAccess).await.map(drop)));
    }
}

fn answered<T>(answer: Result<T, Error>) -> Answer<T> {
    answer.map_err(|error| match error {
        Error::SignIn { .. } | Error::Refused { .. } => Fault::Refused(error.to_string()),
        _ => Fault::Failed(error.to_string()),
    })
}
