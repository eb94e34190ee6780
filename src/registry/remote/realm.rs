//! Which token services may be sent a registry's password: its own origin, its host by TLS, and those known to belong
//! to it.

use std::collections::BTreeMap;
use std::str::FromStr;

use url::Url;

use crate::image::RegistryHost;

/// Registries whose operators run their token service on another host, and that host, on port 443 by TLS.
const KNOWN: [(&str, &str); 5] = [
    ("docker.io", "auth.docker.io"),
    ("docker.elastic.co", "docker-auth.elastic.co"),
    // An alias of GitHub's registry.
    ("lscr.io", "ghcr.io"),
    ("registry.digitalocean.com", "api.digitalocean.com"),
    ("registry.gitlab.com", "gitlab.com"),
];

/// Token services on other hosts that a registry is known to use.
pub(crate) fn token_services(registry: &RegistryHost) -> impl Iterator<Item = &'static str> {
    KNOWN.iter().filter(|(name, _)| *name == registry.as_str()).map(|(_, host)| *host)
}

/// `token-services`: origins of token services that may be sent a registry's password, besides the known ones. Set by
/// environment, input or flag, never the manifest: what a pull request can edit must not decide where passwords go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenServices(BTreeMap<RegistryHost, Vec<Url>>);

impl TokenServices {
    pub(crate) fn of(&self, registry: &RegistryHost) -> &[Url] {
        self.0.get(registry).map_or(&[], Vec::as_slice)
    }
}

impl FromStr for TokenServices {
    type Err = String;

    /// Parses `registry=https://origin,registry=https://origin`; white space and empty parts are ignored, and a
    /// registry may appear more than once.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut services = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let form =
                "expected registry=https://origin, separated by commas, such as registry.corp=https://login.corp";
            let (registry, origin) = part.split_once('=').ok_or(form)?;
            let registry: RegistryHost = registry.trim().parse().map_err(|e| format!("{e}"))?;
            let url = Url::parse(origin.trim()).ok().filter(is_origin).ok_or(form)?;
            services.0.entry(registry).or_default().push(url);
        }
        Ok(services)
    }
}

/// Whether a URL is nothing but a scheme, a host and a port.
fn is_origin(url: &Url) -> bool {
    is_plain(url) && url.path() == "/" && url.query().is_none() && url.fragment().is_none()
}

/// Whether a URL is an HTTP URL without a password in it.
pub(super) fn is_plain(url: &Url) -> bool {
    let bare = url.username().is_empty() && url.password().is_none();
    matches!(url.scheme(), "http" | "https") && url.has_host() && bare
}

/// Whether a URL is at this host, by TLS on the usual port.
pub(super) fn is_tls_of(url: &Url, host: &str) -> bool {
    url.scheme() == "https" && url.port_or_known_default() == Some(443) && url.host_str() == Some(host)
}

/// Whether a URL is at one of these origins.
pub(super) fn is_one_of(url: &Url, origins: &[Url]) -> bool {
    origins.iter().any(|origin| same_origin(origin, url))
}

/// Whether two URLs have the same scheme, host and port.
pub(crate) fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host_str() == b.host_str() && a.port_or_known_default() == b.port_or_known_default()
}
