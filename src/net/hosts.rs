//! `WHARFINGER_HOSTS`: hosts that are to be reached at another address.

use std::collections::BTreeMap;
use std::str::FromStr;

use url::Url;

use crate::image::RegistryHost;

/// Hosts that are to be reached at another address. Environment only, never manifest: what a pull request can edit
/// cannot redirect credentials. `docker.io` means Docker Hub's registry and its token service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(BTreeMap<String, Url>);

/// Which part of `WHARFINGER_HOSTS` is unusable, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("WHARFINGER_HOSTS: {part:?}: {why}")]
pub struct HostsError {
    /// The part between two commas.
    pub part: String,
    pub why: String,
}

impl Hosts {
    /// The address of `host`, if it was redirected.
    #[must_use]
    pub fn get(&self, host: &str) -> Option<&Url> {
        self.0.get(host)
    }

    /// All redirected hosts, and their addresses.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Url)> {
        self.0.iter().map(|(host, url)| (host.as_str(), url))
    }

    /// All addresses that hosts were redirected to.
    pub fn targets(&self) -> impl Iterator<Item = &Url> {
        self.0.values()
    }
}

impl FromStr for Hosts {
    type Err = HostsError;

    /// Parses `host=URL,host=URL`; white space and empty parts are ignored.
    fn from_str(text: &str) -> Result<Self, HostsError> {
        let mut hosts = BTreeMap::new();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let fail = |why: &str| HostsError { part: part.to_owned(), why: why.to_owned() };
            let (host, url) = part.split_once('=').ok_or_else(|| fail("expected host=URL"))?;
            let host: RegistryHost = host.trim().parse().map_err(|e| fail(&format!("{e}")))?;
            let url = place(url.trim()).map_err(|why| fail(&why))?;
            if hosts.insert(host.as_str().to_owned(), url).is_some() {
                return Err(fail("the host is named twice"));
            }
        }
        Ok(Self(hosts))
    }
}

fn place(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| format!("not a URL: {e}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("the URL must start with http:// or https:// and a host".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL must not contain a user name or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the URL must not contain ? or #".to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn hosts_are_read_and_docker_hub_has_one_name() {
        let hosts: Hosts = " registry-1.docker.io=http://127.0.0.1:5001 ,,ghcr.io=https://mirror/ghcr".parse().unwrap();
        assert_eq!(hosts.get("docker.io").unwrap().as_str(), "http://127.0.0.1:5001/");
        assert_eq!(hosts.get("ghcr.io").unwrap().as_str(), "https://mirror/ghcr");
        assert_eq!(hosts.get("quay.io"), None);
        assert_eq!("".parse::<Hosts>().unwrap(), Hosts::default());
    }

    #[test]
    fn the_error_names_the_part() {
        for (text, part) in [
            ("docker.io=http://x,ghcr.io", "ghcr.io"),
            ("docker.io=127.0.0.1:5000", "docker.io=127.0.0.1:5000"),
            ("docker.io=ftp://x", "docker.io=ftp://x"),
            ("Docker.IO=http://x", "Docker.IO=http://x"),
            ("docker.io=http://u:p@x", "docker.io=http://u:p@x"),
            ("docker.io=http://x?y", "docker.io=http://x?y"),
            ("a=http://x,a=http://y", "a=http://y"),
        ] {
            assert_eq!(text.parse::<Hosts>().unwrap_err().part, part);
        }
    }
}
