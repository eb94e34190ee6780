//! Where a registry really is, and which token services it may name.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::HeaderMap;
use url::Url;

use super::call::Answer;
use super::gate::Gate;
use super::habits::Habits;
use super::mounts::Mounts;
use super::realm::{TokenServices, is_one_of, is_plain, is_tls_of, same_origin, token_services};
use super::settling::Settling;
use crate::image::RegistryHost;
use crate::net::Hosts;
use crate::registry::auth::{Auth, Challenge, Realm, Scheme};
use crate::registry::credentials::KnownCredential;
use crate::registry::error::{Error, ErrorKind};
use crate::registry::wire::{Cure, Fault, Patience, Secrets, Tries};
use crate::text::excerpt;

/// One registry of a run.
pub(crate) struct Endpoint {
    pub(crate) registry: RegistryHost,
    /// The base URL of its API, ending in a slash: `v2/` follows.
    pub(crate) base: Url,
    pub(crate) gate: Arc<Gate>,
    pub(crate) auth: Auth,
    pub(super) habits: Habits,
    /// Fallback tags of referrers are read, changed and written by one task at a time.
    pub(crate) fallback: tokio::sync::Mutex<()>,
    /// Which mounts are no longer tried.
    pub(super) mounts: Mounts,
    /// What was put there, and whether it has become visible.
    pub(super) settling: Settling,
    /// Warnings already passed on.
    pub(crate) warned: Mutex<BTreeSet<String>>,
    /// What `/v2/` says about authenticating requests; `None` inside if it says nothing. Asked once per run.
    pub(super) offered: tokio::sync::OnceCell<Option<Scheme>>,
    /// What no error may show.
    pub(super) secrets: Secrets,
    /// Token services that the settings assign to this registry.
    services: Vec<Url>,
    hosts: Hosts,
}

/// Registries whose token service is known without asking: name, realm, service.
const KNOWN: [(&str, &str, &str); 3] = [
    ("docker.io", "https://auth.docker.io/token", "registry.docker.io"),
    ("ghcr.io", "https://ghcr.io/token", "ghcr.io"),
    ("quay.io", "https://quay.io/v2/auth", "quay.io"),
];

impl Endpoint {
    pub(crate) fn new(
        registry: &RegistryHost,
        hosts: &Hosts,
        services: &TokenServices,
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
            habits: Habits::default(),
            fallback: tokio::sync::Mutex::new(()),
            mounts: Mounts::default(),
            settling: Settling::default(),
            warned: Mutex::default(),
            offered: tokio::sync::OnceCell::new(),
            secrets,
            services: services.of(registry).to_vec(),
            hosts: hosts.clone(),
        })
    }

    /// A URL of the API: `path` follows `v2/` and contains only parsed names.
    pub(crate) fn url(&self, path: &str) -> Result<Url, String> {
        self.base.join(&format!("v2/{path}")).map_err(|e| format!("invalid URL for {path}: {e}"))
    }

    /// Whether a URL is the registry's own: tokens are sent nowhere else.
    pub(crate) fn owns(&self, url: &Url) -> bool {
        same_origin(&self.base, url)
    }

    /// How to authenticate requests that are answered with this challenge.
    ///
    /// # Errors
    /// If it names a token service that cannot be used.
    pub(super) fn scheme(&self, challenge: &Challenge) -> Result<Scheme, String> {
        match challenge {
            Challenge::Basic => Ok(Scheme::Basic),
            Challenge::Bearer { realm, service, .. } => {
                Ok(Scheme::Bearer { realm: Arc::new(self.realm(realm)?), service: service.clone() })
            }
        }
    }

    /// The token service that the registry names, after `WHARFINGER_HOSTS`, and whether it may be sent the password.
    ///
    /// # Errors
    /// If it cannot be used: not a URL, or plain HTTP although the registry speaks TLS.
    pub(crate) fn realm(&self, realm: &str) -> Result<Realm, String> {
        let shown = excerpt(realm, 120);
        let said = format!("it names the token service {shown:?}");
        let url =
            Url::parse(realm).ok().filter(is_plain).ok_or_else(|| format!("{said}, which is not a usable URL"))?;
        let listed = token_services(&self.registry).any(|known| is_tls_of(&url, known));
        let own_name = url.scheme() == "https" && url.authority() == self.registry.as_str();
        let to = |place: &Url, trusted| Realm { url: moved(&url, place), named: url.clone(), trusted };
        // The registry was redirected, and with it whatever it calls its own.
        let its = listed || own_name || is_tls_of(&url, self.registry.host());
        if let Some(place) = self.sent(&url).or_else(|| self.hosts.get(self.registry.as_str())).filter(|_| its) {
            return Ok(to(place, true));
        }
        let own = self.owns(&url) || self.base.host_str().is_some_and(|host| is_tls_of(&url, host));
        let trusted = listed || own || is_one_of(&url, &self.services);
        if !trusted && url.scheme() == "http" && self.base.scheme() == "https" {
            return Err(format!("{said}, which is not contacted over plain HTTP"));
        }
        Ok(match self.sent(&url) {
            Some(place) => to(place, trusted),
            None => Realm { url: url.clone(), named: url, trusted },
        })
    }

    /// Where `WHARFINGER_HOSTS` redirects this address, if it is a TLS one.
    fn sent(&self, url: &Url) -> Option<&Url> {
        let by_host = url.host_str().filter(|host| is_tls_of(url, host)).and_then(|host| self.hosts.get(host));
        by_host.or_else(|| self.hosts.get(url.authority()).filter(|_| url.scheme() == "https"))
    }

    /// The name of a token service in messages: its address, if that differs from the registry's.
    pub(super) fn title(&self, realm: &Realm) -> String {
        match self.owns(&realm.url) {
            true => "the token service".to_owned(),
            false => format!("the token service {}", realm.named.authority()),
        }
    }

    /// Why a credential was withheld from a token service not known to belong to this registry, and how to allow it.
    pub(crate) fn withheld(&self, realm: &Realm, credential: &KnownCredential) -> String {
        let origin = realm.named.origin().ascii_serialization();
        let setting = self.setting(realm);
        format!(
            "requested without credentials: those of {credential} were not sent to the token service {origin}, which \
             is neither on the registry's own origin nor known to belong to it; if it may have the password, set \
             {setting}"
        )
    }

    /// The setting that lets a token service receive this registry's password.
    fn setting(&self, realm: &Realm) -> String {
        format!("WHARFINGER_TOKEN_SERVICES={}={}", self.registry, realm.named.origin().ascii_serialization())
    }

    /// The missing setting, if tokens come from a service that may not be sent a password.
    pub(crate) fn lacking_setting(&self) -> Option<String> {
        match self.auth.scheme(None) {
            Scheme::Bearer { realm, .. } if !realm.trusted => Some(self.setting(&realm)),
            _ => None,
        }
    }

    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error { registry: self.registry.to_string(), kind: self.secrets.redact(kind) }
    }

    pub(crate) fn protocol(&self, text: impl Into<String>) -> Error {
        self.error(ErrorKind::Protocol(text.into()))
    }

    /// Returns an error for every answer that is not a success.
    pub(super) fn success(&self, answer: &Answer, action: &str) -> Result<(), Error> {
        if answer.status.is_success() {
            return Ok(());
        }
        Err(self.protocol(format!("{action}: {}", answer.error.text)))
    }

    /// Passes on the registry's warnings (`Warning: 299 - "..."`), each once per run.
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

    /// Waits before another try, together with everybody if the host asked for a pause; the error if there is no other
    /// try.
    pub(super) async fn wait(&self, tries: &mut Tries, fault: Fault, patience: &Patience) -> Result<(), ErrorKind> {
        if !matches!(fault.cure, Cure::After(_)) {
            return tries.wait(fault, patience).await;
        }
        self.gate.close(tries.again(fault, patience)?);
        Ok(())
    }
}

/// `url` moved to another host, keeping its path and query.
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
            Url::parse(&format!("{scheme}://{host}/")).map_err(|e| format!("invalid URL for {registry}: {e}"))?
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
        .map_or(Scheme::Unknown, |(url, service)| Scheme::Bearer {
            realm: Arc::new(Realm { named: url.clone(), url, trusted: true }),
            service: Some(service.to_owned()),
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn endpoint(registry: &str, hosts: &str) -> Endpoint {
        let secrets = Secrets::default();
        let (registry, hosts) = (registry.parse().unwrap(), hosts.parse().unwrap());
        let services = "registry.named=https://login.corp:8443, named.io=http://127.0.0.1:9".parse().unwrap();
        Endpoint::new(&registry, &hosts, &services, secrets, |_| Arc::default()).unwrap()
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

    /// Where a password is sent, or `None` if nowhere.
    fn password_goes_to(registry: &str, hosts: &str, realm: &str) -> Option<String> {
        let realm = endpoint(registry, hosts).realm(realm).ok()?;
        realm.trusted.then(|| realm.url.to_string())
    }

    #[test]
    fn a_password_goes_to_a_realm_that_is_the_registrys() {
        let hub = "docker.io=http://127.0.0.1:5001";
        let ghcr = "ghcr.io=http://127.0.0.1:5003";
        for (registry, hosts, realm, place) in [
            ("docker.io", "", "https://auth.docker.io/token", "https://auth.docker.io/token"),
            ("docker.io", hub, "https://auth.docker.io/token?x=y", "http://127.0.0.1:5001/token?x=y"),
            ("docker.io", hub, "http://127.0.0.1:5001/token", "http://127.0.0.1:5001/token"),
            (
                "docker.io",
                "auth.docker.io=http://127.0.0.1:9",
                "https://auth.docker.io/token",
                "http://127.0.0.1:9/token",
            ),
            ("ghcr.io", ghcr, "https://ghcr.io/token", "http://127.0.0.1:5003/token"),
            ("registry.corp:5000", "", "https://registry.corp/auth", "https://registry.corp/auth"),
            ("registry.corp:5000", "", "https://registry.corp:5000/auth", "https://registry.corp:5000/auth"),
            (
                "registry.corp:5000",
                "registry.corp:5000=http://a:1",
                "https://registry.corp:5000/auth",
                "http://a:1/auth",
            ),
            ("registry.gitlab.com", "", "https://gitlab.com/jwt/auth", "https://gitlab.com/jwt/auth"),
            ("lscr.io", "", "https://ghcr.io/token", "https://ghcr.io/token"),
            (
                "registry.digitalocean.com",
                "",
                "https://api.digitalocean.com/v2/registry/auth",
                "https://api.digitalocean.com/v2/registry/auth",
            ),
            ("registry.named", "", "https://login.corp:8443/auth?a", "https://login.corp:8443/auth?a"),
            ("named.io", "", "http://127.0.0.1:9/auth", "http://127.0.0.1:9/auth"),
            // The operator says what both addresses are, and that the one may have the other's password.
            (
                "registry.named",
                "registry.named=http://a:1,login.corp:8443=http://b:2",
                "https://login.corp:8443/auth?a",
                "http://b:2/auth?a",
            ),
            // Artifactory, where each repository is a separate host.
            (
                "docker-local.art.corp",
                "",
                "https://docker-local.art.corp/artifactory/api/docker/docker-local/v2/token",
                "https://docker-local.art.corp/artifactory/api/docker/docker-local/v2/token",
            ),
        ] {
            assert_eq!(password_goes_to(registry, hosts, realm).as_deref(), Some(place), "{registry} {hosts} {realm}");
        }
    }

    #[test]
    fn a_password_goes_to_no_other_realm() {
        let hub = "docker.io=http://127.0.0.1:5001";
        for (registry, hosts, realm) in [
            ("docker.io", "", "http://auth.docker.io/token"),
            ("docker.io", "", "https://auth.docker.io:8443/token"),
            ("docker.io", "", "https://auth.docker.io.evil.io/token"),
            ("docker.io", "", "https://auth.docker.io@evil.io/token"),
            ("docker.io", hub, "http://127.0.0.1:5002/token"),
            ("docker.io", hub, "http://127.0.0.2:5001/token"),
            ("docker.io", hub, "https://auth.docker.io:8443/token"),
            ("ghcr.io", "ghcr.io=http://127.0.0.1:5003", "https://auth.docker.io/token"),
            ("registry.corp:5000", "", "https://registry.corp:5001/auth"),
            ("registry.corp", "", "https://registry.corp:5000/auth"),
            ("registry.corp", "", "http://registry.corp/auth"),
            ("registry.corp", "", "https://auth.corp/auth"),
            ("registry.corp", "", "https://auth.docker.io/token"),
            ("registry.corp", "", "https://login.corp:8443/auth"),
            ("registry.named", "", "https://login.corp/auth"),
            ("registry.named", "login.corp:8443=http://b:2", "http://b:2/auth"),
            ("docker-local.art.corp", "", "https://art.corp/artifactory/api/docker/docker-local/v2/token"),
            ("registry.corp", "registry.corp=http://a:1,auth.corp=http://b:2", "https://auth.corp/a"),
            ("registry.named", "", "http://login.corp:8443/auth"),
            ("localhost:5000", "", "http://localhost:5001/token"),
            ("localhost:5000", "", "http://127.0.0.1:5000/token"),
            ("localhost:5000", "", "/token"),
        ] {
            assert_eq!(password_goes_to(registry, hosts, realm), None, "{registry} {hosts} {realm}");
        }
    }

    #[test]
    fn the_setting_names_what_the_registry_names_wherever_that_was_sent() {
        let endpoint = endpoint("registry.corp", "registry.corp=http://a:1,auth.corp=http://b:2");
        let realm = endpoint.realm("https://auth.corp/a?b").unwrap();
        assert_eq!((realm.url.as_str(), realm.trusted), ("http://b:2/a?b", false));
        assert_eq!(endpoint.lacking_setting(), None, "nothing was learned yet");
        endpoint.auth.learn(None, Scheme::Bearer { realm: Arc::new(realm), service: None });
        let setting = "WHARFINGER_TOKEN_SERVICES=registry.corp=https://auth.corp";
        assert_eq!(endpoint.lacking_setting().as_deref(), Some(setting));
    }

    #[test]
    fn a_realm_elsewhere_is_asked_by_tls_where_the_registry_speaks_it() {
        let asked =
            |registry: &str, realm: &str| endpoint(registry, "").realm(realm).map(|realm| realm.url.to_string());
        assert_eq!(asked("registry.corp", "https://auth.corp/a").unwrap(), "https://auth.corp/a");
        assert!(asked("registry.corp", "http://auth.corp/a").unwrap_err().contains("plain HTTP"));
        assert_eq!(asked("localhost:5000", "http://auth.corp/a").unwrap(), "http://auth.corp/a");
        assert!(asked("registry.corp", "https://u:p@auth.corp/a").is_err());
    }
}
