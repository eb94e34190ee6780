//! The hosts to open in a firewall, each with its port and why.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use url::Url;

use crate::policy::settings::advice;

/// A host to open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Host {
    /// Its name or address; `*.` before it stands for every host below.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What it is opened for.
    pub why: String,
}

/// What is contacted.
#[derive(Debug, Clone, Default)]
pub struct Contacts {
    /// The registries, by their names in manifests, each with what is there.
    pub registries: BTreeMap<String, String>,
    /// Token services on other hosts than their registry, by the registry's name.
    pub token_services: BTreeMap<String, Vec<String>>,
    /// Whether Docker Hub's own API is.
    pub hub: bool,
    /// GitHub's REST and GraphQL endpoints, where there is a token for them.
    pub github: Vec<Url>,
    /// `WHARFINGER_HOSTS`: where hosts are instead.
    pub moved: BTreeMap<String, Url>,
    /// Proxies: the variable and the address.
    pub proxies: Vec<(String, Url)>,
}

/// Docker Hub's blobs, as Docker's allowlist for firewalls has them.
const HUB_BLOBS: [&str; 3] = [
    "production.cloudflare.docker.com",
    "production.cloudfront.docker.com",
    "docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com",
];

/// The hosts to open, each once, in order.
#[must_use]
pub fn hosts(contacts: &Contacts) -> Vec<Host> {
    let mut all: BTreeMap<(String, u16), Vec<String>> = BTreeMap::new();
    let mut add = |(host, port): (String, u16), why: String| {
        let whys = all.entry((host, port)).or_default();
        if !whys.contains(&why) {
            whys.push(why);
        }
    };
    for (name, what) in &contacts.registries {
        for (place, why) in registry(contacts, name, what) {
            add(place, why);
        }
    }
    if contacts.hub {
        let place = moved(contacts, "hub.docker.com").unwrap_or_else(|| ("hub.docker.com".to_owned(), 443));
        add(place, "Docker Hub's API: repositories, teams, push times".to_owned());
    }
    for url in &contacts.github {
        add(place(url), "GitHub's API".to_owned());
    }
    for (variable, url) in &contacts.proxies {
        add(place(url), format!("the proxy of {variable}, through which the others are reached"));
    }
    all.into_iter().map(|((host, port), whys)| Host { host, port, why: whys.join("; ") }).collect()
}

/// A registry, its token service and where its blobs are.
fn registry(contacts: &Contacts, name: &str, what: &str) -> Vec<((String, u16), String)> {
    if let Some(place) = moved(contacts, name) {
        return vec![(place, format!("{name} ({what}), where WHARFINGER_HOSTS has it"))];
    }
    let own = if name == "docker.io" { "registry-1.docker.io" } else { name };
    let loopback = own.starts_with("localhost") || own.starts_with("127.") || own.starts_with("[::1]");
    let https = |host: &str| (host.to_owned(), 443);
    let mut found = vec![(split(own, if loopback { 80 } else { 443 }), format!("the registry {name}: {what}"))];
    let services = contacts.token_services.get(name).into_iter().flatten();
    for service in services {
        let place = moved(contacts, service).unwrap_or_else(|| split(service, 443));
        found.push((place, format!("the token service of {name}")));
    }
    let host = split(own, 443).0;
    let blobs = if name == "docker.io" { &HUB_BLOBS[..] } else { advice::redirects(&host) };
    for blob in blobs {
        // A name that is no host itself stands for those below it.
        let blob = if blob.matches('.').count() == 1 { format!("*.{blob}") } else { (*blob).to_owned() };
        found.push((https(&blob), format!("blobs of {name}")));
    }
    found
}

fn moved(contacts: &Contacts, host: &str) -> Option<(String, u16)> {
    contacts.moved.get(host).map(place)
}

fn place(url: &Url) -> (String, u16) {
    (url.host_str().unwrap_or_default().to_owned(), url.port_or_known_default().unwrap_or(443))
}

/// `host:port`, or the host with the port that goes without saying.
fn split(text: &str, default: u16) -> (String, u16) {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host.to_owned(), port.parse().unwrap_or(default)),
        _ => (text.to_owned(), default),
    }
}
