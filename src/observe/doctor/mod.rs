//! What `doctor` finds out: every server is greeted first, and only those that answer are asked more. Nothing is written
//! anywhere: tokens are exchanged, everything else is read.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::doctor::facts::{Facts, Holder, Kind, Machine, ManifestFact, Server, TokenKind};
use crate::doctor::hosts::Contacts;
use crate::forge::github::GitHub;
use crate::hub::Hub;
use crate::image::{Location, RegistryHost, Repository};
use crate::manifest::{Destination, Manifest};
use crate::net::{Http, Proxies};
use crate::registry::Registries;
use crate::registry::credentials::{Credential, KnownCredential};

mod github;
mod hub;
mod registries;
mod workflow;

pub use github::Run;

/// What is looked at, and with what.
pub struct Eyes<'a> {
    /// The registries, with this run's credentials.
    pub registries: &'a Registries,
    /// Docker Hub's own API.
    pub hub: Option<&'a Hub>,
    /// The credential of Docker Hub's API.
    pub hub_credential: Option<(&'a str, &'a SecretString)>,
    /// GitHub, where it is the forge and a token was given.
    pub github: Option<&'a GitHub>,
    /// What this run was told of GitHub.
    pub run: &'a Run,
    /// The manifest, where it can be used.
    pub manifest: Option<&'a Manifest>,
    /// Its path, and what is to be said of it.
    pub manifest_fact: (&'a str, ManifestFact),
    /// The addresses of GitHub's API; none where it is not the forge.
    pub github_addresses: Vec<Url>,
    /// How many certificates were given.
    pub given_certificates: usize,
    /// What of the event is to be said.
    pub event: Option<crate::doctor::facts::EventFact>,
}

/// Finds everything out.
pub async fn gather(eyes: &Eyes<'_>) -> Facts {
    let (servers, tls) = greeted(eyes).await;
    let reached: BTreeSet<&str> = servers.iter().filter(|s| s.reached.is_ok()).map(|s| s.name.as_str()).collect();
    let (registries, mut hub, github) = tokio::join!(
        registries::look(eyes, &reached),
        hub::look(eyes, reached.contains(HUB)),
        github::look(eyes, reached.contains(GITHUB)),
    );
    let mut registries = registries;
    if let Some(hub) = &mut hub {
        unmade(&mut registries, hub);
    }
    let (path, manifest) = eyes.manifest_fact.clone();
    Facts {
        manifest_path: path.to_owned(),
        manifest,
        machine: machine(eyes, tls),
        event: eyes.event.clone(),
        servers,
        registries,
        hub,
        github,
    }
}

/// Docker Hub answers for a repository that is not there as for one that may not be read; its API tells.
fn unmade(registries: &mut [crate::doctor::facts::RegistryFacts], hub: &crate::doctor::facts::HubFacts) {
    let missing: Vec<&String> =
        hub.mirrors.iter().filter(|(_, said)| matches!(said, Ok(None))).map(|(name, _)| name).collect();
    for mirror in registries.iter_mut().filter(|r| r.name == "docker.io").flat_map(|r| &mut r.mirrors) {
        mirror.unmade = missing.iter().any(|name| mirror.repository.ends_with(&format!("/{name}")));
    }
}

const HUB: &str = "Docker Hub's API";
const GITHUB: &str = "GitHub's API";

/// The name of the organization on Docker Hub, where that is the destination.
fn organization<'a>(eyes: &Eyes<'a>) -> Option<&'a str> {
    let manifest = eyes.manifest?;
    matches!(&manifest.registry, Destination::Registry(host) if host.is_docker_hub())
        .then_some(manifest.organization.as_str())
}

/// The registries of the manifest, each with its sources and its mirrors; without one, Docker Hub where there is a
/// credential for it.
fn parts(eyes: &Eyes<'_>) -> BTreeMap<RegistryHost, (BTreeSet<Repository>, BTreeSet<Repository>)> {
    let mut all: BTreeMap<RegistryHost, (BTreeSet<Repository>, BTreeSet<Repository>)> = BTreeMap::new();
    let Some(manifest) = eyes.manifest else { return all };
    if let Destination::Registry(host) = &manifest.registry {
        all.entry(host.clone()).or_default();
    }
    for image in &manifest.images {
        if let Location::Remote(source) = &image.source {
            all.entry(source.registry.clone()).or_default().0.insert(source.clone());
        }
        if let Ok(Location::Remote(mirror)) = manifest.mirror(&image.repository) {
            all.entry(mirror.registry.clone()).or_default().1.insert(mirror);
        }
    }
    all
}

/// Whether Docker Hub's own API is of use: the mirrors or sources are there, or there is a credential for it.
fn uses_hub(eyes: &Eyes<'_>) -> bool {
    eyes.hub_credential.is_some() || parts(eyes).contains_key(&RegistryHost::docker_hub())
}

/// Everything that would be asked, greeted at once, and whether any of it speaks TLS.
async fn greeted(eyes: &Eyes<'_>) -> (Vec<Server>, bool) {
    let client = eyes.registries.client();
    let mut asked: Vec<(String, Result<Url, String>, Vec<&'static str>)> = Vec::new();
    for (host, (sources, mirrors)) in parts(eyes) {
        let url = client.address(&host).map_err(|e| e.to_string());
        let url = url.and_then(|base| base.join("v2/").map_err(|e| e.to_string()));
        let mut needed = if sources.is_empty() { Vec::new() } else { vec!["plan", "propose", "check", "promote"] };
        if !mirrors.is_empty() && !needed.contains(&"promote") {
            needed.push("promote");
        }
        asked.push((host.to_string(), url, needed));
    }
    if let Some(hub) = eyes.hub.filter(|_| uses_hub(eyes)) {
        let url = hub.public_address(organization(eyes).unwrap_or("library")).ok_or_else(|| "no address".to_owned());
        asked.push((HUB.to_owned(), url, vec!["propose", "promote", "audit", "apply-policy"]));
    }
    if let Some(api) = eyes.github_addresses.first().filter(|_| eyes.github.is_some()) {
        let url = format!("{}/rate_limit", api.as_str().trim_end_matches('/'));
        asked.push((
            GITHUB.to_owned(),
            url.parse().map_err(|_| "no address".to_owned()),
            vec!["propose", "check", "promote"],
        ));
    }
    let http = client.http();
    let tls = asked.iter().any(|(_, url, _)| url.as_ref().is_ok_and(|url| url.scheme() == "https"));
    (join_all(asked.into_iter().map(|(name, url, needed_for)| greet(http, name, url, needed_for))).await, tls)
}

async fn greet(http: &Http, name: String, url: Result<Url, String>, needed_for: Vec<&'static str>) -> Server {
    let address = |url: &Url| {
        format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
    };
    let shown = url.as_ref().map(address).unwrap_or_default();
    let reached = match url {
        Ok(url) => http.probe(&url).await.map(|answer| answer.date.map(|date| (answer.received - date).num_seconds())),
        Err(why) => Err(why),
    };
    Server { name, address: shown, needed_for, reached }
}

fn machine(eyes: &Eyes<'_>, tls: bool) -> Machine {
    let proxies = Proxies::read();
    let options = eyes.registries.client().options();
    let shown = |url: Option<Url>| url.map_or_else(|| "(no address)".to_owned(), |url| short(&url));
    Machine {
        proxies: proxies.proxies.into_iter().map(|(name, url)| (name.to_owned(), shown(url))).collect(),
        no_proxy: proxies.no_proxy,
        bundles: proxies.bundles.into_iter().map(|b| (b.variable.to_owned(), b.path, b.readable)).collect(),
        given_certificates: eyes.given_certificates,
        trusts: tls.then(|| eyes.registries.client().http().trusts_somebody()),
        moved: options.net.hosts.iter().map(|(host, url)| (host.to_owned(), short(url))).collect(),
    }
}

fn short(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// What would be contacted; nothing is asked.
#[must_use]
pub fn contacts(eyes: &Eyes<'_>) -> Contacts {
    let proxies = Proxies::read();
    let mut contacts = Contacts { hub: uses_hub(eyes), github: eyes.github_addresses.clone(), ..Contacts::default() };
    for (host, (sources, mirrors)) in parts(eyes) {
        let what = match (sources.is_empty(), mirrors.is_empty()) {
            (false, true) => "sources",
            (true, _) => "mirrors",
            (false, false) => "sources and mirrors",
        };
        contacts.registries.insert(host.to_string(), what.to_owned());
    }
    for host in eyes.manifest.into_iter().flat_map(|m| m.sources.iter().flatten()) {
        contacts.registries.entry(host.to_string()).or_insert_with(|| "a source that the manifest allows".to_owned());
    }
    for name in contacts.registries.keys() {
        let Ok(host) = name.parse::<RegistryHost>() else { continue };
        let mut services: Vec<String> =
            crate::registry::remote::token_services(&host).into_iter().map(str::to_owned).collect();
        services.extend(host.ecr().map(|ecr| ecr.api));
        contacts.token_services.insert(name.clone(), services);
    }
    let hosts = &eyes.registries.client().options().net.hosts;
    contacts.moved = hosts.iter().map(|(host, url)| (host.to_owned(), url.clone())).collect();
    contacts.proxies = proxies.proxies.into_iter().filter_map(|(name, url)| Some((name.to_owned(), url?))).collect();
    contacts
}

/// Whose credential a registry is asked with, without the secret.
fn holder(found: &KnownCredential) -> Holder {
    let (user, kind) = match &found.credential {
        Credential::Password { username, password } => {
            (Some(crate::registry::credentials::display_username(username)), kind_of(password))
        }
        Credential::Identity(_) => (None, Kind::Identity),
        Credential::Bearer(_) => (None, Kind::Bearer),
        Credential::Job(token) => (None, Kind::GitHub(token_kind(token))),
    };
    Holder { user, kind, place: found.place.to_string() }
}

/// What a secret is, by what it begins with.
fn kind_of(secret: &SecretString) -> Kind {
    let secret = secret.expose_secret();
    match secret {
        text if text.starts_with("dckr_pat_") => Kind::HubPersonal,
        text if text.starts_with("dckr_oat_") => Kind::HubOrganization,
        text if text.starts_with("gh") || text.starts_with("github_pat_") => {
            match token_kind(&secret.to_owned().into()) {
                TokenKind::Other => Kind::Password,
                kind => Kind::GitHub(kind),
            }
        }
        _ => Kind::Password,
    }
}

/// What a token of GitHub is, by what it begins with.
fn token_kind(token: &SecretString) -> TokenKind {
    let starts = [
        ("ghs_", TokenKind::Installation),
        ("ghp_", TokenKind::Classic),
        ("github_pat_", TokenKind::FineGrained),
        ("gho_", TokenKind::OfUser),
        ("ghu_", TokenKind::OfUser),
    ];
    let token = token.expose_secret();
    starts.iter().find(|(start, _)| token.starts_with(start)).map_or(TokenKind::Other, |(_, kind)| *kind)
}
