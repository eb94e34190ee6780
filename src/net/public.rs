//! Only public addresses, for runs that a stranger's pull request controls.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use super::Hosts;
use super::proxies::proxy_hosts;

/// What may be contacted although its address is not public: exactly the origins that `WHARFINGER_HOSTS` names. The
/// machine's own proxies may be connected to, but requests may not be addressed to them.
#[derive(Debug, Default)]
pub(super) struct Exempt {
    origins: Vec<Url>,
    proxies: BTreeSet<String>,
}

impl Exempt {
    pub(super) fn new(hosts: &Hosts) -> Self {
        Self { origins: hosts.targets().cloned().collect(), proxies: proxy_hosts().collect() }
    }

    pub(super) fn contains(&self, url: &Url) -> bool {
        self.origins.iter().any(|origin| origin.origin() == url.origin())
    }

    pub(super) fn is_proxy(&self, host: &str) -> bool {
        self.proxies.contains(host)
    }

    /// Resolves names for requests to these origins.
    pub(super) fn own_resolver(&self) -> Resolver {
        let names = self.origins.iter().filter_map(|url| url.host_str().map(str::to_owned));
        Resolver(names.chain(self.proxies.iter().cloned()).collect())
    }

    /// Resolves names for all other requests.
    pub(super) fn public_resolver(&self) -> Resolver {
        Resolver(self.proxies.clone())
    }
}

/// Resolves names, and refuses those that are not public, with some exceptions.
#[derive(Debug)]
pub(super) struct Resolver(BTreeSet<String>);

impl Resolve for Resolver {
    /// Resolves like the system, and refuses a name if any of its addresses is not public: a name with both kinds is
    /// what an attack on name resolution looks like.
    fn resolve(&self, name: Name) -> Resolving {
        let exempt = self.0.contains(name.as_str());
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            match found.iter().find(|a| !exempt && !is_public(a.ip())) {
                Some(bad) => Err(io::Error::other(format!("{} is not a public address", bad.ip())).into()),
                None => Ok(Box::new(found.into_iter()) as Addrs),
            }
        })
    }
}

/// Whether an address is publicly reachable: in none of the special-purpose ranges of IANA's registries.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || matches!((a, b, c), (0 | 240..=255, _, _) | (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _));
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, .., y, z] = ip.segments();
    let embedded = |hi: u16, lo: u16| {
        let ([a, b], [c, d]) = (hi.to_be_bytes(), lo.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        // The unspecified and loopback addresses, mapped and compatible IPv4.
        (0, 0) => ip.to_ipv4_mapped().is_some_and(is_public_v4),
        // NAT64 and 6to4 contain an IPv4 address; of NAT64 only the well-known prefix is public (RFC 8215).
        (0x64, 0xff9b) => ip.segments()[2..6] == [0; 4] && embedded(y, z),
        (0x2002, _) => embedded(b, ip.segments()[2]),
        (0x2001, 0x0000..=0x01ff | 0x0db8) | (0x3fff, _) => false,
        _ => (0x2000..=0x3fff).contains(&a),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn special_addresses_are_not_public() {
        for ip in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::1",
            "::",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "64:ff9b::a00:1",
            "64:ff9b:1::101:101",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }
}
