//! What `doctor` finds out: every server is contacted first, and only those that answer are asked more. Nothing is
//! written anywhere: tokens are exchanged, everything else is read.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use url::Url;

use crate::doctor::facts::{Bundle, Facts, HubFacts, Machine, RegistryFacts, Server};
use crate::doctor::hosts::Contacts;
use crate::image::RegistryHost;
use crate::manifest::Vulnerabilities;
use crate::net::{Http, Proxies};

mod credential;
mod github;
mod hub;
mod inspection;
mod registries;
mod run;
mod signing;
mod workflow;

pub(crate) use inspection::Inspection;
use inspection::Part;
pub(crate) use run::Run;

pub(crate) async fn gather(inspection: &Inspection<'_>) -> Facts {
    let (servers, tls) = greeted(inspection).await;
    let reached: BTreeSet<&str> = servers.iter().filter(|s| s.reached.is_ok()).map(|s| s.name.as_str()).collect();
    let (registries, mut hub, github, signing) = tokio::join!(
        registries::ask_registries(inspection, &reached),
        hub::ask_hub(inspection, reached.contains(HUB)),
        github::ask_github(inspection, reached.contains(GITHUB)),
        signing::look_at_signatures(inspection, &reached),
    );
    let mut registries = registries;
    if let Some(hub) = &mut hub {
        unmade(&mut registries, hub);
    }
    let (path, manifest) = inspection.manifest_fact.clone();
    Facts {
        manifest_path: path.to_owned(),
        manifest,
        machine: machine(inspection, tls),
        event: inspection.event.clone(),
        servers,
        registries,
        hub,
        github,
        signing,
    }
}

/// Docker Hub answers the same for a repository that does not exist and one that may not be read; its API tells.
fn unmade(registries: &mut [RegistryFacts], hub: &HubFacts) {
    let missing: Vec<&String> =
        hub.mirrors.iter().filter(|(_, said)| matches!(said, Ok(None))).map(|(name, _)| name).collect();
    for mirror in registries.iter_mut().filter(|r| r.name == "docker.io").flat_map(|r| &mut r.mirrors) {
        mirror.unmade = missing.iter().any(|name| mirror.repository.ends_with(&format!("/{name}")));
    }
}

const HUB: &str = "Docker Hub's API";
const GITHUB: &str = "GitHub's API";

/// A server to contact, and the commands that need it.
struct Target {
    name: String,
    url: Result<Url, String>,
    needed_for: Vec<&'static str>,
}

/// Every server that would be needed, contacted at once, and whether any of them speaks TLS.
async fn greeted(inspection: &Inspection<'_>) -> (Vec<Server>, bool) {
    let client = inspection.registries.client();
    let mut targets: Vec<Target> = Vec::new();
    for (host, Part { sources, mirrors }) in inspection.parts() {
        let url = client.address(&host).map_err(|e| e.to_string());
        let url = url.and_then(|base| base.join("v2/").map_err(|e| e.to_string()));
        let mut needed = if sources.is_empty() { Vec::new() } else { vec!["plan", "propose", "check", "promote"] };
        if !mirrors.is_empty() && !needed.contains(&"promote") {
            needed.push("promote");
        }
        targets.push(Target { name: host.to_string(), url, needed_for: needed });
    }
    if let Some(hub) = inspection.hub.filter(|_| inspection.uses_hub()) {
        let url =
            hub.public_address(inspection.organization().unwrap_or("library")).ok_or_else(|| "no address".to_owned());
        let needed_for = vec!["propose", "promote", "audit", "apply-policy"];
        targets.push(Target { name: HUB.to_owned(), url, needed_for });
    }
    if let Some(api) = inspection.github_addresses.first().filter(|_| inspection.github.is_some()) {
        let url = format!("{}/rate_limit", api.as_str().trim_end_matches('/'));
        let url = url.parse().map_err(|_| "no address".to_owned());
        targets.push(Target { name: GITHUB.to_owned(), url, needed_for: vec!["propose", "check", "promote"] });
    }
    let http = client.http();
    let tls = targets.iter().any(|target| target.url.as_ref().is_ok_and(|url| url.scheme() == "https"));
    (join_all(targets.into_iter().map(|target| greet(http, target))).await, tls)
}

async fn greet(http: &Http, target: Target) -> Server {
    let Target { name, url, needed_for } = target;
    let address = |url: &Url| {
        format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
    };
    let address = url.as_ref().map(address).unwrap_or_default();
    let reached = match url {
        Ok(url) => http.probe(&url).await.map(|answer| answer.date.map(|date| (answer.received - date).num_seconds())),
        Err(why) => Err(why),
    };
    Server { name, address, needed_for, reached }
}

fn machine(inspection: &Inspection<'_>, tls: bool) -> Machine {
    let proxies = Proxies::read();
    let options = inspection.registries.client().options();
    let shown = |url: Option<Url>| url.map_or_else(|| "(no address)".to_owned(), |url| short(&url));
    Machine {
        proxies: proxies.proxies.into_iter().map(|(name, url)| (name.to_owned(), shown(url))).collect(),
        no_proxy: proxies.no_proxy,
        bundles: proxies
            .bundles
            .into_iter()
            .map(|b| Bundle { variable: b.variable.to_owned(), path: b.path, readable: b.readable })
            .collect(),
        given_certificates: inspection.given_certificates,
        trusts: tls.then(|| inspection.registries.client().http().trusts_somebody()),
        moved: options.net.hosts.iter().map(|(host, url)| (host.to_owned(), short(url))).collect(),
    }
}

fn short(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// What would be contacted; nothing is requested.
pub(crate) fn contacts(inspection: &Inspection<'_>) -> Contacts {
    let proxies = Proxies::read();
    let mut contacts =
        Contacts { hub: inspection.uses_hub(), github: inspection.github_addresses.clone(), ..Contacts::default() };
    let asked = inspection.manifest.map(|manifest| manifest.inspection.vulnerabilities);
    contacts.osv = asked == Some(Vulnerabilities::Osv);
    for (host, Part { sources, mirrors }) in inspection.parts() {
        let what = match (sources.is_empty(), mirrors.is_empty()) {
            (false, true) => "sources",
            (true, _) => "mirrors",
            (false, false) => "sources and mirrors",
        };
        contacts.registries.insert(host.to_string(), what.to_owned());
    }
    for host in inspection.manifest.into_iter().flat_map(|m| m.sources.iter().flatten()) {
        contacts.registries.entry(host.to_string()).or_insert_with(|| "a registry that the manifest allows".to_owned());
    }
    for name in contacts.registries.keys() {
        let Ok(host) = name.parse::<RegistryHost>() else { continue };
        let mut services: Vec<String> = crate::registry::remote::token_services(&host).map(str::to_owned).collect();
        let named = inspection.registries.client().options().token_services.of(&host).iter();
        services.extend(named.map(|url| url.authority().to_owned()));
        services.extend(host.ecr().map(|ecr| ecr.api));
        contacts.token_services.insert(name.clone(), services);
    }
    let hosts = &inspection.registries.client().options().net.hosts;
    contacts.moved = hosts.iter().map(|(host, url)| (host.to_owned(), url.clone())).collect();
    contacts.proxies = proxies.proxies.into_iter().filter_map(|(name, url)| Some((name.to_owned(), url?))).collect();
    contacts
}
