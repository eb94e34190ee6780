//! The network as available to this run: one HTTP client, where hosts really are, and which may be contacted.

use std::sync::{Arc, Once};
use std::time::Duration;

use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::{Host, Url};

pub(crate) mod causes;
mod hosts;
mod probe;
mod proxies;
mod public;
pub mod retry;
mod trust;

pub(crate) use hosts::{Hosts, HostsError};
pub(crate) use proxies::Proxies;
pub(crate) use public::is_public;
use trust::Trust;

/// The longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest wait for an answer's first byte, or for the next one, unless the setting `timeout` says otherwise.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// How the HTTP client is made.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Certificates to trust in addition to the system's, PEM.
    pub ca_certificates: Option<String>,
    /// Hosts that are to be reached at another address: these origins may be private whatever `public_only` says.
    pub hosts: Hosts,
    /// Refuse loopback, link-local and private addresses when connecting.
    pub public_only: bool,
}

/// The HTTP client, and whether it can speak TLS at all. It follows no redirects, decompresses nothing, uses the
/// system's proxies (`HTTPS_PROXY`, `NO_PROXY`) and offers HTTP/2 by ALPN. Clones share one connection pool.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    trust: Arc<Trust>,
    /// Set if only public addresses may be contacted.
    narrow: Option<Arc<Narrow>>,
}

/// The client for every origin that `WHARFINGER_HOSTS` does not name, and the origins that it does.
#[derive(Debug)]
struct Narrow {
    client: reqwest::Client,
    exempt: public::Exempt,
}

/// Why the HTTP client cannot be created, or may not be used for a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The given certificates are not PEM, or the client cannot be created.
    #[error("{0}")]
    Unusable(String),
    /// An `https` URL on a machine without certificates.
    #[error(
        "no CA certificates on this machine: install the ca-certificates package, or set SSL_CERT_FILE or ca-certificates to a bundle"
    )]
    NoCertificates,
    /// An address that must not be contacted from here.
    #[error("{0} is not a public address")]
    NotPublic(String),
}

impl Http {
    /// # Errors
    /// If the given certificates are unusable. A machine without any is not an error: plain HTTP works there.
    pub fn new(options: &Options) -> Result<Self, NetError> {
        install_crypto();
        let unusable = |why: String| NetError::Unusable(format!("no HTTP client: {why}"));
        let trust = Arc::new(Trust::new(certificates(options.ca_certificates.as_deref())?));
        let make = |resolver: Option<public::Resolver>| {
            let builder = reqwest::Client::builder()
                .user_agent(concat!("wharfinger/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::none())
                .referer(false)
                .connect_timeout(CONNECT_TIMEOUT)
                .pool_idle_timeout(Duration::from_secs(60))
                .tls_backend_preconfigured(trust.config().map_err(|e| unusable(e.to_string()))?);
            let builder = match resolver {
                Some(resolver) => builder.dns_resolver(Arc::new(resolver)),
                None => builder,
            };
            builder.build().map_err(|e| unusable(causes::causes(&e)))
        };
        if !options.public_only {
            return Ok(Self { client: make(None)?, trust: Arc::clone(&trust), narrow: None });
        }
        let exempt = public::Exempt::new(&options.hosts);
        let client = make(Some(exempt.own_resolver()))?;
        let narrow = Narrow { client: make(Some(exempt.public_resolver()))?, exempt };
        Ok(Self { client, trust: Arc::clone(&trust), narrow: Some(Arc::new(narrow)) })
    }

    /// The client itself, for libraries that take one and for building requests. Its own requests are not checked by
    /// [`Http::admit`].
    #[must_use]
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Whether any certificates are trusted.
    #[must_use]
    pub fn trusts_somebody(&self) -> bool {
        !self.trust.is_empty()
    }

    /// Whether a request to `url` may be made from here.
    ///
    /// # Errors
    /// `https` without certificates; a literal address that is not public if only public ones are allowed (names are
    /// checked when they are resolved).
    pub fn admit(&self, url: &Url) -> Result<(), NetError> {
        if url.scheme() == "https" && self.trust.is_empty() {
            return Err(NetError::NoCertificates);
        }
        let Some(narrow) = self.narrow.as_ref().filter(|narrow| !narrow.exempt.contains(url)) else { return Ok(()) };
        let public = match url.host() {
            Some(Host::Ipv4(ip)) => is_public(ip.into()),
            Some(Host::Ipv6(ip)) => is_public(ip.into()),
            Some(Host::Domain(name)) => !narrow.exempt.is_proxy(name),
            None => true,
        };
        let host = || url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if public { Ok(()) } else { Err(NetError::NotPublic(host())) }
    }

    /// The client that may send a request to `url`.
    pub(crate) fn client_for(&self, url: &Url) -> &reqwest::Client {
        match &self.narrow {
            Some(narrow) if !narrow.exempt.contains(url) => &narrow.client,
            _ => &self.client,
        }
    }
}

/// Makes ring the process's cryptography provider for TLS; the first call counts.
pub(crate) fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that one is installed already, which is just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn certificates(pem: Option<&str>) -> Result<Vec<CertificateDer<'static>>, NetError> {
    let Some(pem) = pem.filter(|p| !p.trim().is_empty()) else { return Ok(Vec::new()) };
    let bad = |why: String| NetError::Unusable(format!("ca-certificates: {why}"));
    let list: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let list = list.map_err(|e| bad(e.to_string()))?;
    if list.is_empty() {
        return Err(bad("it contains no certificate; expected PEM text with -----BEGIN CERTIFICATE-----".to_owned()));
    }
    let mut roots = rustls::RootCertStore::empty();
    for certificate in &list {
        roots.add(certificate.clone()).map_err(|e| bad(e.to_string()))?;
    }
    Ok(list)
}
