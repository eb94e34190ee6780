//! Hosts of registries.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::name::{NameError, text_type};

/// The name of a registry as manifests write it: a host with an optional port. `docker.io` is Docker Hub.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegistryHost(String);

text_type!(RegistryHost);

impl RegistryHost {
    /// Docker Hub, under the name that manifests use.
    #[must_use]
    pub fn docker_hub() -> Self {
        Self("docker.io".to_owned())
    }

    #[must_use]
    pub fn is_docker_hub(&self) -> bool {
        self.0 == "docker.io"
    }

    /// Whether it is a loopback name or address: only those are reached by plain HTTP by default.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// The host without its port.
    #[must_use]
    pub fn host(&self) -> &str {
        match self.0.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => &self.0,
        }
    }
}

impl FromStr for RegistryHost {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let bad = || {
            NameError::new(
                "a registry is a host name or address with an optional :port, such as ghcr.io or localhost:5000",
            )
        };
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (text, None),
        };
        if port.is_some_and(|p| p.parse::<u16>().is_err()) {
            return Err(bad());
        }
        let label = |l: &str| {
            !l.is_empty()
                && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !l.starts_with('-')
                && !l.ends_with('-')
        };
        let ip6 = host
            .strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'))
            .is_some_and(|h| h.parse::<std::net::Ipv6Addr>().is_ok());
        let name = host.len() <= 253 && host.split('.').all(label);
        if !ip6 && !name {
            return Err(bad());
        }
        Ok(match text {
            "index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com" => Self::docker_hub(),
            _ => Self(text.to_owned()),
        })
    }
}
