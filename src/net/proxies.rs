//! What the process's environment says about the network, as the HTTP client reads it, without passwords.

use url::Url;

use crate::text::excerpt;

/// Proxies and certificates that the environment names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Proxies {
    /// Variables that name a proxy, each with its address without user and password; `None` if it is not a valid
    /// address.
    pub proxies: Vec<(&'static str, Option<Url>)>,
    /// Hosts that are reached without a proxy.
    pub no_proxy: Option<String>,
    pub bundles: Vec<Bundle>,
}

/// A variable that names certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bundle {
    pub variable: &'static str,
    pub path: String,
    /// Whether something readable is there.
    pub readable: bool,
}

/// The variables in the order in which the client looks for them: of two spellings, the first that is set counts.
const PROXIES: [[&str; 2]; 3] =
    [["HTTPS_PROXY", "https_proxy"], ["HTTP_PROXY", "http_proxy"], ["ALL_PROXY", "all_proxy"]];
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];
const BUNDLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

impl Proxies {
    pub(crate) fn read() -> Self {
        let set = |name: &&'static str| {
            let value = std::env::var(name).ok().filter(|value| !value.trim().is_empty());
            value.map(|value| (*name, value))
        };
        let proxies = PROXIES.iter().filter_map(|names| names.iter().find_map(set));
        let no_proxy = NO_PROXY.iter().find_map(set).map(|(_, hosts)| excerpt(&hosts, 400));
        let bundles = BUNDLES.iter().filter_map(set);
        Self {
            proxies: proxies.map(|(name, value)| (name, address(&value))).collect(),
            no_proxy,
            bundles: bundles
                .map(|(variable, path)| {
                    let readable = path.split(':').any(|one| std::fs::metadata(one).is_ok());
                    Bundle { variable, path: excerpt(&path, 200), readable }
                })
                .collect(),
        }
    }
}

/// The hosts of all proxies that the environment names, whichever of the two spellings counts.
pub(super) fn proxy_hosts() -> impl Iterator<Item = String> {
    let values = PROXIES.as_flattened().iter().filter_map(|name| std::env::var(name).ok());
    values.filter_map(|value| address(&value)?.host_str().map(str::to_owned))
}

/// A proxy's address as people write it, without user and password.
fn address(value: &str) -> Option<Url> {
    let text = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let mut url = Url::parse(&text).ok().filter(Url::has_host)?;
    // Neither fails for an address that has a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_proxys_password_is_not_shown() {
        for (value, shown) in [
            ("http://user:pw@proxy.corp:3128", "http://proxy.corp:3128/"),
            ("user:pw@10.0.0.1:3128", "http://10.0.0.1:3128/"),
            ("socks5h://u:p@proxy.corp?pw=x#pw", "socks5h://proxy.corp"),
        ] {
            assert_eq!(address(value).unwrap().as_str(), shown);
        }
        assert_eq!(address("10.0.0.1:3128").unwrap().host_str(), Some("10.0.0.1"));
        assert_eq!(address("http://"), None);
    }
}
