//! What registries let their credentials do: tags are listed and tokens requested, nothing is written.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use futures_util::stream;

use super::credential::holder;
use super::inspection::{Inspection, Part};
use crate::doctor::facts::{Answer, Fault, Mirror, RegistryFacts, Source};
use crate::image::{RegistryHost, Repository};
use crate::registry::remote::{PushGrant, Remote};
use crate::registry::{Error, Registries};

/// This many sources and this many mirrors of a registry are checked.
const ASKED: usize = 20;
const AT_ONCE: usize = 4;

pub(super) async fn ask_registries(inspection: &Inspection<'_>, reached: &BTreeSet<&str>) -> Vec<RegistryFacts> {
    let mut all = Vec::new();
    for (host, part) in inspection.parts() {
        all.push(registry(inspection.registries, &host, &part, reached.contains(host.as_str())).await);
    }
    all
}

async fn registry(registries: &Registries, host: &RegistryHost, part: &Part, reached: bool) -> RegistryFacts {
    let credentials = &registries.client().options().credentials;
    let found = match credentials.find(host).await.map_err(|e| e.to_string()) {
        // Fetching the password for AWS keys is no more than a token exchange.
        Ok(None) if reached => registries.client().find_credential(host).await.map_err(|e| e.to_string()),
        known => known,
    };
    let asked = if reached { ASKED } else { 0 };
    let unasked = |all: &BTreeSet<Repository>| all.len().saturating_sub(asked);
    // In the manifest's terms no order is better than another: the set's own is stable.
    let read = stream::iter(part.sources.iter().take(asked)).map(|repository| source(registries, repository));
    let written = stream::iter(part.mirrors.iter().take(asked)).map(|repository| mirror(registries, repository));
    let sources = read.buffered(AT_ONCE).collect().await;
    let mirrors = written.buffered(AT_ONCE).collect().await;
    RegistryFacts {
        name: host.to_string(),
        holder: found.map(|found| found.as_ref().map(holder)),
        reached,
        lacking_setting: registries.client().lacking_setting(host),
        sources,
        mirrors,
        unasked: if reached { unasked(&part.sources) + unasked(&part.mirrors) } else { 0 },
    }
}

async fn source(registries: &Registries, repository: &Repository) -> Source {
    let remote = registries.remote(repository);
    let read = answered(remote.may_pull().await);
    let by_nobody = match &read {
        // Image Access Management refuses an organization's own credential what everybody else may read.
        Err(Fault::Refused(_)) if repository.registry.is_docker_hub() => {
            Some(answered(registries.remote(repository).anonymous().may_pull().await))
        }
        _ => None,
    };
    Source { repository: repository.to_string(), read, by_nobody }
}

/// Reads first: that shows that the registry wants a token, and which.
async fn mirror(registries: &Registries, repository: &Repository) -> Mirror {
    let remote: Remote = registries.remote(repository);
    let read = answered(remote.may_pull().await);
    let push = answered(remote.push_grant().await).map(|grant| match grant {
        PushGrant::Given => None,
        PushGrant::NotKnown(why) => Some(why),
    });
    Mirror { repository: repository.to_string(), read, push, unmade: false }
}

fn answered<T>(answer: Result<T, Error>) -> Answer<T> {
    answer.map_err(|error| match error.kind.is_refusal() {
        true => Fault::Refused(error.to_string()),
        false => Fault::Failed(error.to_string()),
    })
}
