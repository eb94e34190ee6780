//! What the organization is now, in few requests: on Docker Hub a list of its repositories, a list of tags for each mirror and
//! what its settings need; elsewhere a list of tags and a HEAD for each; upstream a HEAD for each approved digest. Nothing but
//! the documents of chosen platforms counts as a pull.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::sources::Sources;
use crate::hub::{Hub, ListedRepository};
use crate::image::RepositoryName;
use crate::manifest::{Destination, Manifest};
use crate::policy::audit::{Counted, Seen, Unseen};
use crate::policy::settings;
use crate::progress::Progress;
use crate::registry::Registries;

mod history;
mod mirrors;
mod upstream;

pub use history::History;

/// How many mirrors and sources are looked at together; each host's own limit is the client's.
const TOGETHER: usize = 16;

/// How many reasons are told where nothing could be asked.
const SAID: usize = 3;

/// The organization's repositories by name.
type Listed = BTreeMap<RepositoryName, ListedRepository>;

/// Where an audit looks.
pub struct Eyes<'a> {
    /// The destination.
    pub registries: &'a Registries,
    /// Upstream.
    pub sources: &'a Sources,
    /// Docker Hub's own API, where there is a credential for it.
    pub hub: Option<&'a Hub>,
    /// Where the manifest's history is.
    pub history: Option<History<'a>>,
    /// What people see meanwhile.
    pub progress: &'a Progress,
}

/// What was seen, and what could not be.
#[derive(Debug, Default)]
pub struct Organization {
    /// What was seen.
    pub seen: Seen,
    /// How much.
    pub counted: Counted,
    /// What could not be looked at.
    pub failed: Vec<Unseen>,
    /// Why nothing could be asked at all.
    pub stopped: Option<String>,
}

/// Looks at everything that the manifest says something of.
pub async fn look(eyes: &Eyes<'_>, manifest: &Manifest) -> Organization {
    let mut organization = Organization::default();
    let on_hub = matches!(&manifest.registry, Destination::Registry(host) if host.is_docker_hub());
    policy(eyes, manifest, on_hub, &mut organization).await;
    let names: BTreeSet<&RepositoryName> = manifest.images.iter().map(|image| &image.repository).collect();
    let hub = eyes.hub.filter(|_| on_hub);
    if on_hub && hub.is_none() && !names.is_empty() {
        organization
            .failed
            .push(Unseen::of_organization(format!("the repositories and their settings: {NO_CREDENTIAL}")));
    }
    let listed = match hub {
        Some(hub) => repositories(hub, manifest, &names, &mut organization).await,
        None => Listed::new(),
    };
    mirrors(eyes, hub, manifest, (&names, &listed), &mut organization).await;
    if nothing_answered(manifest, &organization) {
        let why: BTreeSet<&str> = organization.failed.iter().map(|unseen| unseen.error.as_str()).collect();
        organization.stopped = Some(why.into_iter().take(SAID).collect::<Vec<_>>().join("; "));
        return organization;
    }
    upstream::look(eyes, manifest, &mut organization).await;
    if let Some(history) = &eyes.history
        && let Err(error) = history.read(manifest, &mut organization.seen).await
    {
        organization.failed.push(Unseen::of_organization(format!("the manifest's history: {error}")));
    }
    organization
}

fn nothing_answered(manifest: &Manifest, organization: &Organization) -> bool {
    let something = !organization.seen.mirrors.is_empty() || !organization.seen.settings.is_empty();
    let asked = !manifest.images.is_empty() || !organization.failed.is_empty();
    asked && !something
}

/// The organization's settings beside the policy.
async fn policy(eyes: &Eyes<'_>, manifest: &Manifest, on_hub: bool, organization: &mut Organization) {
    let areas = settings::areas(&manifest.policy);
    if areas.is_empty() {
        return;
    }
    tracing::info!("audit: reading the settings of {}", manifest.organization);
    for area in areas {
        let compared = match (on_hub, eyes.hub) {
            (false, _) => Err("only Docker Hub has these settings, and the manifest's registry is another".to_owned()),
            (true, None) => Err(NO_CREDENTIAL.to_owned()),
            (true, Some(hub)) => match hub.organization_settings(&manifest.organization, area).await {
                Ok(observed) => settings::compare(&manifest.policy, area, &observed).map_err(|e| e.to_string()),
                Err(e) => Err(e.to_string()),
            },
        };
        match compared {
            Ok(difference) => organization.seen.settings.extend(difference.rows),
            Err(error) => organization.failed.push(Unseen::of_organization(format!("{}: {error}", area.title()))),
        }
    }
}

const NO_CREDENTIAL: &str = "Docker Hub's settings are shown to nobody: give DOCKERHUB_USERNAME and DOCKERHUB_TOKEN";

/// The repositories of the organization, for those that the manifest does not know and to count them.
async fn repositories(
    hub: &Hub,
    manifest: &Manifest,
    names: &BTreeSet<&RepositoryName>,
    organization: &mut Organization,
) -> Listed {
    tracing::info!("audit: listing the repositories of {}", manifest.organization);
    match hub.listed_repositories(&manifest.organization).await {
        Ok(listed) => {
            let listed: Listed = listed.into_iter().map(|listed| (listed.name.clone(), listed)).collect();
            organization.counted.repositories = Some(listed.len());
            organization.counted.unmanaged = listed.keys().filter(|name| !names.contains(name)).cloned().collect();
            listed
        }
        Err(error) => {
            organization.failed.push(Unseen::of_organization(error.to_string()));
            Listed::new()
        }
    }
}

/// Every mirror's tags, and what the documents of chosen platforms give.
async fn mirrors(
    eyes: &Eyes<'_>,
    hub: Option<&Hub>,
    manifest: &Manifest,
    (names, listed): (&BTreeSet<&RepositoryName>, &Listed),
    organization: &mut Organization,
) {
    tracing::info!("audit: reading the tags of {} mirrors", names.len());
    let phase = eyes.progress.phase("mirrors", names.len());
    let looked: BTreeMap<RepositoryName, mirrors::Looked> = futures_util::stream::iter(names.iter().copied())
        .map(|name| {
            let phase = &phase;
            async move {
                let looked = mirrors::look(eyes, hub, manifest, name, listed.get(name)).await;
                phase.one();
                (name.clone(), looked)
            }
        })
        .buffer_unordered(TOGETHER)
        .collect()
        .await;
    phase.end();
    for (name, looked) in looked {
        organization.failed.extend(looked.failed);
        organization.seen.expected.extend(looked.expected);
        if let Some(mirror) = looked.mirror {
            organization.counted.mirrors += 1;
            organization.counted.tags += mirror.tags.len();
            organization.seen.mirrors.insert(name, mirror);
        }
    }
}
