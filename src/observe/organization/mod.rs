//! The current state of the organization, in few requests: on Docker Hub a list of its repositories, a list of tags for
//! each mirror and what its settings need; elsewhere a list of tags and a HEAD for each; upstream a HEAD for each
//! approved digest. Nothing but the documents of selected platforms and of signatures counts as a pull.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use crate::hub::{Hub, ListedRepository};
use crate::image::RepositoryName;
use crate::manifest::Manifest;
use crate::policy::audit::Unseen;
use crate::policy::settings;

mod companions;
mod expected;
mod history;
mod mirrors;
mod reader;
mod upstream;

pub(crate) use history::History;
use reader::TOGETHER;
pub(crate) use reader::{Organization, OrganizationReader};

/// How many reasons are given if nothing could be read.
const SAID: usize = 3;

type Listed = BTreeMap<RepositoryName, ListedRepository>;

/// Reads everything that the manifest makes statements about.
pub(crate) async fn read_organization(reader: &OrganizationReader<'_>, manifest: &Manifest) -> Organization {
    let mut organization = Organization::default();
    let on_hub = manifest.on_docker_hub();
    policy(reader, manifest, on_hub, &mut organization).await;
    let hub = reader.hub.filter(|_| on_hub);
    if on_hub && hub.is_none() && !manifest.images.is_empty() {
        organization
            .failed
            .push(Unseen::of_organization(format!("the repositories and their settings: {NO_CREDENTIAL}")));
    }
    let listed = match hub {
        Some(hub) => repositories(hub, manifest, &mut organization).await,
        None => Listed::new(),
    };
    mirrors(reader, hub, manifest, &listed, &mut organization).await;
    if nothing_answered(manifest, &organization) {
        let why: BTreeSet<&str> = organization.failed.iter().map(|unseen| unseen.error.as_str()).collect();
        organization.stopped = Some(why.into_iter().take(SAID).collect::<Vec<_>>().join("; "));
        return organization;
    }
    upstream::read_sources(reader, manifest, &mut organization).await;
    if let Some(history) = &reader.history
        && let Err(error) = history.read(manifest, &mut organization.facts).await
    {
        organization.failed.push(Unseen::of_organization(format!("the manifest's history: {error}")));
    }
    organization
}

fn nothing_answered(manifest: &Manifest, organization: &Organization) -> bool {
    let something = !organization.facts.mirrors.is_empty() || !organization.facts.settings.is_empty();
    let asked = !manifest.images.is_empty() || !organization.failed.is_empty();
    asked && !something
}

/// The organization's settings, compared with the policy.
async fn policy(reader: &OrganizationReader<'_>, manifest: &Manifest, on_hub: bool, organization: &mut Organization) {
    let areas = settings::areas(&manifest.policy);
    if areas.is_empty() {
        return;
    }
    tracing::info!("audit: reading the settings of {}", manifest.organization);
    for area in areas {
        let compared = match (on_hub, reader.hub) {
            (false, _) => Err("only Docker Hub has these settings, and the manifest uses another registry".to_owned()),
            (true, None) => Err(NO_CREDENTIAL.to_owned()),
            (true, Some(hub)) => match hub.organization_settings(&manifest.organization, area).await {
                Ok(observed) => settings::compare(&manifest.policy, area, &observed).map_err(|e| e.to_string()),
                Err(e) => Err(e.to_string()),
            },
        };
        match compared {
            Ok(difference) => organization.facts.settings.extend(difference.rows),
            Err(error) => organization.failed.push(Unseen::of_organization(format!("{}: {error}", area.title()))),
        }
    }
}

const NO_CREDENTIAL: &str =
    "Docker Hub's settings cannot be read without credentials: set DOCKERHUB_USERNAME and DOCKERHUB_TOKEN";

/// The repositories of the organization, to find unknown ones and to count them.
async fn repositories(hub: &Hub, manifest: &Manifest, organization: &mut Organization) -> Listed {
    tracing::info!("audit: listing the repositories of {}", manifest.organization);
    match hub.listed_repositories(&manifest.organization).await {
        Ok(listed) => {
            let listed: Listed = listed.into_iter().map(|listed| (listed.name.clone(), listed)).collect();
            organization.counted.repositories = Some(listed.len());
            let is_mirror = |name: &RepositoryName| manifest.images.iter().any(|image| image.repository == *name);
            organization.counted.unmanaged = listed.keys().filter(|name| !is_mirror(name)).cloned().collect();
            listed
        }
        Err(error) => {
            organization.failed.push(Unseen::of_organization(error.to_string()));
            Listed::new()
        }
    }
}

/// Every mirror's tags, and what the documents of selected platforms result in.
async fn mirrors(
    reader: &OrganizationReader<'_>,
    hub: Option<&Hub>,
    manifest: &Manifest,
    listed: &Listed,
    organization: &mut Organization,
) {
    let names: BTreeSet<&RepositoryName> = manifest.images.iter().map(|image| &image.repository).collect();
    tracing::info!("audit: reading the tags of {} mirrors", names.len());
    let phase = reader.progress.phase("mirrors", names.len());
    let readings: BTreeMap<RepositoryName, mirrors::MirrorReading> = futures_util::stream::iter(names.iter().copied())
        .map(|name| {
            let phase = &phase;
            async move {
                let reading = mirrors::read_mirror(reader, hub, manifest, name, listed.get(name)).await;
                phase.one();
                (name.clone(), reading)
            }
        })
        .buffer_unordered(TOGETHER)
        .collect()
        .await;
    phase.end();
    for (name, reading) in readings {
        organization.failed.extend(reading.failed);
        organization.facts.expected.extend(reading.expected);
        organization.facts.forged.extend(reading.forged);
        organization.facts.foreign.insert(name.clone(), reading.foreign);
        if let Some(mirror) = reading.mirror {
            organization.counted.mirrors += 1;
            organization.counted.tags += mirror.tags.len();
            organization.facts.mirrors.insert(name, mirror);
        }
    }
}
