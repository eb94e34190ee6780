//! The hosts to open in a firewall, each with its port and why.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use url::Url;

use crate::policy::settings::advice;

/// A host to open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Host {
    /// Its name or address; a leading `*.` means every host below it.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What it is needed for.
    pub why: String,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Contacts {
    /// The registries, by their names in manifests, each with what is used there.
    pub registries: BTreeMap<String, String>,
    /// Token services on other hosts than their registry, by the registry's name.
    pub token_services: BTreeMap<String, Vec<String>>,
    /// Whether Docker Hub's own API is used.
    pub hub: bool,
    /// Whether OSV is asked for known vulnerabilities.
    pub osv: bool,
    /// GitHub's REST and GraphQL endpoints, if there is a token for them.
    pub github: Vec<Url>,
    /// `WHARFINGER_HOSTS`: where hosts are found instead.
    pub moved: BTreeMap<String, Url>,
    /// Proxies: the variable and the address.
    pub proxies: Vec<(String, Url)>,
}

/// The host of OSV's API.
pub(crate) const OSV: &str = "api.osv.dev";
/// The hosts of Docker Hub's blobs, from Docker's allowlist for firewalls.
const HUB_BLOBS: [&str; 3] = [
    "production.cloudflare.docker.com",
    "production.cloudfront.docker.com",
    "docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com",
];

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Address {
    host: String,
    port: u16,
}

/// The hosts to open, each once, in order.
pub(crate) fn hosts(contacts: &Contacts) -> Vec<Host> {
    let mut all: BTreeMap<Address, Vec<String>> = BTreeMap::new();
    let mut add = |address: Address, why: String| {
        let whys = all.entry(address).or_default();
        if !whys.contains(&why) {
            whys.push(why);
        }
    };
    for (name, what) in &contacts.registries {
        for (address, why) in registry(contacts, name, what) {
            add(address, why);
        }
    }
    if contacts.hub {
        let address = moved(contacts, "hub.docker.com").unwrap_or_else(|| https("hub.docker.com"));
        add(address, "Docker Hub's API: repositories, teams, push times".to_owned());
    }
    if contacts.osv {
        let address = moved(contacts, OSV).unwrap_or_else(|| https(OSV));
        add(address, "OSV's API: known vulnerabilities".to_owned());
    }
    for url in &contacts.github {
        add(address(url), "GitHub's API".to_owned());
    }
    for (variable, url) in &contacts.proxies {
        add(address(url), format!("the proxy in {variable}, through which the others are reached"));
    }
    all.into_iter().map(|(Address { host, port }, whys)| Host { host, port, why: whys.join("; ") }).collect()
}

/// A registry, its token service and the hosts of its blobs.
fn registry(contacts: &Contacts, name: &str, what: &str) -> Vec<(Address, String)> {
    if let Some(address) = moved(contacts, name) {
        return vec![(address, format!("{name} ({what}), as set by WHARFINGER_HOSTS"))];
    }
    let own = if name == "docker.io" { "registry-1.docker.io" } else { name };
    let loopback = own.starts_with("localhost") || own.starts_with("127.") || own.starts_with("[::1]");
    let mut found = vec![(split(own, if loopback { 80 } else { 443 }), format!("the registry {name}: {what}"))];
    let services = contacts.token_services.get(name).into_iter().flatten();
    for service in services {
        let address = moved(contacts, service).unwrap_or_else(|| split(service, 443));
        found.push((address, format!("the token service of {name}")));
    }
    let host = split(own, 443).host;
    let blobs = if name == "docker.io" { &HUB_BLOBS[..] } else { advice::redirects(&host) };
    for blob in blobs {
        // A name that is not a host itself stands for the hosts below it.
        let blob = if blob.matches('.').count() == 1 { format!("*.{blob}") } else { (*blob).to_owned() };
        found.push((https(&blob), format!("blobs of {name}")));
    }
    found
}

fn moved(contacts: &Contacts, host: &str) -> Option<Address> {
    contacts.moved.get(host).map(address)
}

fn https(host: &str) -> Address {
    Address { host: host.to_owned(), port: 443 }
}

fn address(url: &Url) -> Address {
    let port = url.port_or_known_default().unwrap_or(443);
    Address { host: url.host_str().unwrap_or_default().to_owned(), port }
}

/// `host:port`, or a host with the default port.
fn split(text: &str, default: u16) -> Address {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().unwrap_or(default)),
        _ => (text, default),
    };
    Address { host: host.to_owned(), port }
}
