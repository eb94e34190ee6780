//! What is checked, and with what.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use url::Url;

use super::run::Run;
use crate::doctor::facts::{EventFact, ManifestFact};
use crate::evidence::Trust as Keys;
use crate::forge::github::GitHub;
use crate::hub::Hub;
use crate::image::{Location, RegistryHost, Repository};
use crate::manifest::{Destination, Manifest};
use crate::observe::records::History;
use crate::plan::ownership::Keeper;
use crate::registry::Registries;

pub(crate) struct Inspection<'a> {
    /// The registries, with this run's credentials.
    pub registries: &'a Registries,
    pub hub: Option<&'a Hub>,
    pub hub_credential: Option<(&'a str, &'a SecretString)>,
    /// GitHub, if it is the forge and a token was given.
    pub github: Option<&'a GitHub>,
    pub run: &'a Run,
    /// The manifest, if it is usable.
    pub manifest: Option<&'a Manifest>,
    /// Its history, if there is a forge.
    pub history: Option<History<'a>>,
    /// What the marks of its repositories name.
    pub keeper: Keeper,
    /// Its path, and what there is to say about it.
    pub manifest_fact: (&'a str, ManifestFact),
    /// The addresses of GitHub's API; none if it is not the forge.
    pub github_addresses: Vec<Url>,
    pub given_certificates: usize,
    /// What signatures are verified with.
    pub keys: Keys,
    pub now: DateTime<Utc>,
    pub event: Option<EventFact>,
}

/// The part of the manifest that is at one registry.
#[derive(Default)]
pub(super) struct Part {
    pub sources: BTreeSet<Repository>,
    pub mirrors: BTreeSet<Repository>,
}

impl<'a> Inspection<'a> {
    /// The name of the organization on Docker Hub, if that is the destination.
    pub(super) fn organization(&self) -> Option<&'a str> {
        let manifest = self.manifest?;
        manifest.on_docker_hub().then_some(manifest.organization.as_str())
    }

    pub(super) fn parts(&self) -> BTreeMap<RegistryHost, Part> {
        let mut all: BTreeMap<RegistryHost, Part> = BTreeMap::new();
        let Some(manifest) = self.manifest else { return all };
        if let Destination::Registry(host) = &manifest.registry {
            all.entry(host.clone()).or_default();
        }
        for image in &manifest.images {
            if let Location::Remote(source) = &image.source {
                all.entry(source.registry.clone()).or_default().sources.insert(source.clone());
            }
            if let Ok(Location::Remote(mirror)) = manifest.mirror(&image.repository) {
                all.entry(mirror.registry.clone()).or_default().mirrors.insert(mirror);
            }
        }
        all
    }

    /// Whether Docker Hub's own API is needed: the mirrors or sources are there, or there is a credential for it.
    pub(super) fn uses_hub(&self) -> bool {
        self.hub_credential.is_some() || self.parts().contains_key(&RegistryHost::docker_hub())
    }
}
