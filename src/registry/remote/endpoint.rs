//! Where a registry really is, and which token services it may name.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::HeaderMap;
use url::Url;

use super::call::Answer;
use super::gate::Gate;
use crate::image::RegistryHost;
use crate::net::Hosts;
use crate::registry::auth::{Auth, Scheme};
use crate::registry::error::{Error, ErrorKind};
use crate::registry::wire::{Cure, Fault, Patience, Secrets, Tries};
use crate::text::excerpt;

/// One registry of a run.
pub(crate) struct Endpoint {
    pub(crate) registry: RegistryHost,
    /// Where its API is, ending in a slash: `v2/` follows.
    pub(crate) base: Url,
    pub(crate) gate: Arc<Gate>,
    pub(crate) auth: Auth,
    /// It answered that it has no referrers API.
    pub(crate) no_referrers: AtomicBool,
    /// Fallback tags of referrers are read, changed and written by one task at a time.
    pub(crate) fallback: tokio::sync::Mutex<()>,
    /// Warnings already passed on.
    pub(crate) warned: Mutex<BTreeSet<String>>,
    /// What no error may show.
    pub(super) secrets: Secrets,
    hosts: Hosts,
}

/// Registries whose token service is known without asking: name, realm, service.
const KNOWN: [(&str, &str, &str); 3] = [
    ("docker.io", "https://auth.docker.io/token", "registry.docker.io"),
    ("ghcr.io", "https://ghcr.io/token", "ghcr.io"),
    ("quay.io", "https://quay.io/v2/auth", "quay.io"),
];

/// Token services on another host than their registry.
const ELSEWHERE: [(&str, &str); 3] = [
    ("docker.io", "auth.docker.io"),
    ("registry.gitlab.com", "gitlab.com"),
    ("docker.elastic.co", "docker-auth.elastic.co"),
];

/// Token services that a registry may name beside its own host.
pub(crate) fn token_services(registry: &RegistryHost) -> Vec<&'static str> {
    ELSEWHERE.iter().filter(|(name, _)| *name == registry.as_str()).map(|(_, host)| *host).collect()
}

impl Endpoint {
    pub(crate) fn new(
        registry: &RegistryHost,
        hosts: &Hosts,
        secrets: Secrets,
        gate: impl FnOnce(&Url) -> Arc<Gate>,
    ) -> Result<Self, String> {
        let base = base(registry, hosts)?;
        let scheme = match hosts.get(registry.as_str()) {
            Some(_) => Scheme::Unknown,
            None => known(registry),
        };
        Ok(Self {
            registry: registry.clone(),
            gate: gate(&base),
            base,
            auth: Auth::new(scheme),
            no_referrers: AtomicBool::new(false),
            fallback: tokio::sync::Mutex::new(()),
            warned: Mutex::default(),
            secrets,
            hosts: hosts.clone(),
        })
    }

    /// A URL of the API: `path` follows `v2/` and holds only parsed names.
    pub(crate) fn url(&self, path: &str) -> Result<Url, String> {
        self.base.join(&format!("v2/{path}")).map_err(|e| format!("no URL for {path}: {e}"))
    }

    /// Whether a URL is the registry's own: tokens go nowhere else.
    pub(crate) fn owns(&self, url: &Url) -> bool {
        same_origin(&self.base, url)
    }

    /// The token service that the registry names, if it may: on its own host (any port), a known one, or where
    /// `WHARFINGER_HOSTS` sent a known one. A password goes to no other.
    pub(crate) fn realm(&self, realm: &str) -> Result<Url, String> {
        let shown = excerpt(realm, 120);
        let url = Url::parse(realm).map_err(|_| format!("it names the token service {shown:?}, which is no URL"))?;
        let foreign = || {
            format!(
                "it names the token service {shown:?}, which is neither on its own host nor known: no credential is sent there"
            )
        };
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
            return Err(foreign());
        }
        let host = url.host_str().unwrap_or_default();
        let listed = ELSEWHERE.contains(&(self.registry.as_str(), host));
        let canonical = host == self.registry.host() || listed;
        if canonical && url.scheme() == "https" {
            // The registry was sent elsewhere, and with it what it calls its own.
            for sent in [host, self.registry.as_str()] {
                if let Some(place) = self.hosts.get(sent) {
                    return Ok(moved(&url, place));
                }
            }
        }
        let own = url.scheme() == self.base.scheme() && url.host_str() == self.base.host_str();
        if own || (listed && url.scheme() == "https") { Ok(url) } else { Err(foreign()) }
    }

    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error { registry: self.registry.to_string(), kind: self.secrets.redact(kind) }
    }

    pub(crate) fn protocol(&self, text: impl Into<String>) -> Error {
        self.error(ErrorKind::Protocol(text.into()))
    }

    /// An error for every answer that is no success.
    pub(super) fn success(&self, answer: &Answer, action: &str) -> Result<(), Error> {
        if answer.status.is_success() {
            return Ok(());
        }
        Err(self.protocol(format!("{action}: {}", answer.error.text)))
    }

    /// Passes on what the registry wants said (`Warning: 299 - "..."`), once a run each.
    pub(crate) fn warn(&self, headers: &HeaderMap) {
        for value in headers.get_all("warning").iter().filter_map(|v| v.to_str().ok()).take(16) {
            let Some(said) = value.strip_prefix("299 - ") else { continue };
            let said = excerpt(said.trim_matches('"'), 500);
            let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
            if warned.len() < 64 && warned.insert(said.clone()) {
                tracing::warn!(registry = %self.registry, "{said}");
            }
        }
    }

    /// Whether the referrers API is known to be missing.
    pub(crate) fn lacks_referrers(&self) -> bool {
        self.no_referrers.load(Ordering::Relaxed)
    }

    /// Waits before another try, with everybody where the host asked for a pause; the error where there is none to be made.
    pub(super) async fn wait(&self, tries: &mut Tries, fault: Fault, patience: &Patience) -> Result<(), ErrorKind> {
        if !matches!(fault.cure, Cure::After(_)) {
            return tries.wait(fault, patience).await;
        }
        self.gate.close(tries.again(fault, patience)?);
        Ok(())
    }
}

/// `url` at another place: its path and query there.
fn moved(url: &Url, place: &Url) -> Url {
    let mut moved = place.clone();
    let prefix = place.path().trim_end_matches('/');
    moved.set_path(&format!("{prefix}{}", url.path()));
    moved.set_query(url.query());
    moved
}

fn base(registry: &RegistryHost, hosts: &Hosts) -> Result<Url, String> {
    let mut base = match hosts.get(registry.as_str()) {
        Some(url) => url.clone(),
        None => {
            let scheme = if registry.is_loopback() { "http" } else { "https" };
            let host = if registry.is_docker_hub() { "registry-1.docker.io" } else { registry.as_str() };
            Url::parse(&format!("{scheme}://{host}/")).map_err(|e| format!("no URL for {registry}: {e}"))?
        }
    };
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", base.path()));
    }
    Ok(base)
}

fn known(registry: &RegistryHost) -> Scheme {
    KNOWN
        .iter()
        .find(|(name, ..)| *name == registry.as_str())
        .and_then(|(_, realm, service)| Some((Url::parse(realm).ok()?, *service)))
        .map_or(Scheme::Unknown, |(realm, service)| Scheme::Bearer { realm, service: Some(service.to_owned()) })
}

/// Whether two URLs have the same scheme, host and port.
pub(crate) fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host_str() == b.host_str() && a.port_or_known_default() == b.port_or_known_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn endpoint(registry: &str, hosts: &str) -> Endpoint {
        let secrets = Secrets::default();
        Endpoint::new(&registry.parse().unwrap(), &hosts.parse().unwrap(), secrets, |_| Arc::default()).unwrap()
    }

    #[test]
    fn where_registries_are() {
        for (registry, hosts, base) in [
            ("docker.io", "", "https://registry-1.docker.io/"),
            ("docker.io", "docker.io=http://127.0.0.1:5001", "http://127.0.0.1:5001/"),
            ("ghcr.io", "ghcr.io=https://art.corp/api/docker/ghcr", "https://art.corp/api/docker/ghcr/"),
            ("localhost:5000", "", "http://localhost:5000/"),
            ("127.0.0.2", "", "http://127.0.0.2/"),
            ("localhost:5000", "localhost:5000=https://localhost:5000", "https://localhost:5000/"),
            ("registry.corp:5000", "", "https://registry.corp:5000/"),
        ] {
            assert_eq!(endpoint(registry, hosts).base.as_str(), base);
        }
        let url = endpoint("ghcr.io", "ghcr.io=https://art.corp/x").url("a/b/tags/list").unwrap();
        assert_eq!(url.as_str(), "https://art.corp/x/v2/a/b/tags/list");
    }

    #[test]
    fn realms_are_pinned() {
        let hub = "docker.io=http://127.0.0.1:5001";
        for (registry, hosts, realm, place) in [
            ("docker.io", "", "https://auth.docker.io/token", Some("https://auth.docker.io/token")),
            ("docker.io", "", "http://auth.docker.io/token", None),
            ("docker.io", "", "https://auth.docker.io.evil.io/token", None),
            ("docker.io", "", "https://auth.docker.io@evil.io/token", None),
            ("docker.io", hub, "https://auth.docker.io/token?x=y", Some("http://127.0.0.1:5001/token?x=y")),
            ("docker.io", hub, "http://127.0.0.1:5002/token", Some("http://127.0.0.1:5002/token")),
            ("docker.io", hub, "http://127.0.0.2:5001/token", None),
            (
                "docker.io",
                "auth.docker.io=http://127.0.0.1:9",
                "https://auth.docker.io/token",
                Some("http://127.0.0.1:9/token"),
            ),
            ("ghcr.io", "ghcr.io=http://127.0.0.1:5003", "https://ghcr.io/token", Some("http://127.0.0.1:5003/token")),
            ("ghcr.io", "ghcr.io=http://127.0.0.1:5003", "https://auth.docker.io/token", None),
            ("registry.corp:5000", "", "https://registry.corp/auth", Some("https://registry.corp/auth")),
            ("registry.corp", "", "http://registry.corp/auth", None),
            ("registry.corp", "", "https://auth.corp/auth", None),
            ("registry.corp", "", "https://auth.docker.io/token", None),
            ("registry.gitlab.com", "", "https://gitlab.com/jwt/auth", Some("https://gitlab.com/jwt/auth")),
            ("localhost:5000", "", "http://localhost:5001/token", Some("http://localhost:5001/token")),
            ("localhost:5000", "", "http://127.0.0.1:5001/token", None),
            ("localhost:5000", "", "/token", None),
        ] {
            let answer = endpoint(registry, hosts).realm(realm);
            assert_eq!(answer.as_ref().ok().map(Url::as_str), place, "{registry} {hosts} {realm}: {answer:?}");
        }
    }
}
