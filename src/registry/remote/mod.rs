//! The OCI distribution protocol.
//!
//! `oci-client` is used for what it does soundly (references, media types, and as an oracle in tests). Its requests are
//! not: it asks for a token once per waiting task, never retries, gives up a mount that becomes an upload, loses referrers
//! behind a rate limit, and reads manifests without bound.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::auth::{Identity, Scopes};
use super::credentials::Credentials;
use super::{BlobSource, ByteStream, Deleted, Error, ErrorKind, Put, Reach, Store};
use crate::content::Document;
use crate::image::{Descriptor, Digest, Location, Reference, RegistryHost, Repository, RepositoryName, Tag};
use crate::net::{self, Http, NetError};

mod blobs;
mod delete;
pub(crate) mod endpoint;
mod gate;
mod grant;
mod manifests;
mod pace;
mod pages;
mod probe;
mod referrers;
mod transport;
mod upload;
pub(crate) mod wire;

use endpoint::Endpoint;
pub use endpoint::token_services;
use gate::Gate;
pub use grant::PushGrant;
pub use wire::Patience;

/// Told every secret that came up on the way: tokens, and what helpers answered.
pub type Derived = Arc<dyn Fn(&SecretString) + Send + Sync>;

/// What the registries of a run are made of.
#[derive(Clone, Default)]
pub struct Options {
    /// The HTTP client's options; `public_only` is taken from `reach`.
    pub net: net::Options,
    /// Who we are.
    pub credentials: Credentials,
    /// What may be contacted.
    pub reach: Reach,
    /// How long is waited for what.
    pub patience: Patience,
    /// Told every derived secret once, for masking.
    pub derived: Option<Derived>,
}

/// What all remote repositories of a run share: the pool, tokens, credentials, limits per host.
pub struct Client {
    http: Http,
    options: Options,
    endpoints: Mutex<BTreeMap<RegistryHost, Arc<Endpoint>>>,
    gates: Mutex<BTreeMap<String, Arc<Gate>>>,
    told: Mutex<std::collections::BTreeSet<Digest>>,
    /// Passwords that Amazon ECR gave for keys of AWS.
    pub(super) passwords: tokio::sync::Mutex<BTreeMap<RegistryHost, super::aws::Asked>>,
    secrets: Secrets,
}

/// What registries were sent of secrets, so that none of them can have it shown by sending it back in an error.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<Vec<SecretString>>>);

/// A shorter secret would take texts apart, and is none.
const SHORTEST_SECRET: usize = 6;

impl Secrets {
    fn add(&self, secret: SecretString) {
        if secret.expose_secret().len() >= SHORTEST_SECRET {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(secret);
        }
    }

    /// The same error without them.
    pub(crate) fn redact(&self, kind: ErrorKind) -> ErrorKind {
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kind.map(|text| secrets.iter().fold(text, |text, secret| text.replace(secret.expose_secret(), "***")))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// Makes the client.
    ///
    /// # Errors
    /// Where the given certificates are unusable.
    pub fn new(options: Options) -> Result<Self, NetError> {
        let net = net::Options { public_only: options.reach.public_only, ..options.net.clone() };
        let http = Http::new(&net)?;
        let secrets = Secrets::default();
        options.credentials.secrets().into_iter().for_each(|secret| secrets.add(secret));
        let (endpoints, gates, told) = (Mutex::default(), Mutex::default(), Mutex::default());
        let passwords = tokio::sync::Mutex::default();
        Ok(Self { http, options, endpoints, gates, told, passwords, secrets })
    }

    /// The HTTP client, for others that share the pool.
    #[must_use]
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// What it was made of.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The same error without anything that a registry was sent of secrets.
    pub(crate) fn redact(&self, kind: ErrorKind) -> ErrorKind {
        self.secrets.redact(kind)
    }

    pub(crate) fn patience(&self) -> &Patience {
        &self.options.patience
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.options.credentials
    }

    /// Passes on a secret that came up, once.
    pub(crate) fn derived(&self, secret: &SecretString) {
        let digest = Digest::sha256(secret.expose_secret().as_bytes());
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(digest) {
            self.secrets.add(secret.clone());
            if let Some(tell) = &self.options.derived {
                tell(secret);
            }
        }
    }

    pub(crate) fn endpoint(&self, registry: &RegistryHost) -> Result<Arc<Endpoint>, Error> {
        let fail = |kind| Error { registry: registry.to_string(), kind };
        if self.options.reach.only.as_ref().is_some_and(|only| !only.contains(registry)) {
            return Err(fail(ErrorKind::Forbidden(
                "it is not one of the registries that may be contacted here".to_owned(),
            )));
        }
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(endpoint) = endpoints.get(registry) {
            return Ok(Arc::clone(endpoint));
        }
        let made = Endpoint::new(registry, &self.options.net.hosts, |base| self.gate(base, registry));
        let mut made = made.map_err(|e| fail(ErrorKind::Protocol(e)))?;
        made.secrets = self.secrets.clone();
        let endpoint = Arc::new(made);
        endpoints.insert(registry.clone(), Arc::clone(&endpoint));
        Ok(endpoint)
    }

    /// Where the API of a registry is, ending in a slash: `v2/` follows.
    ///
    /// # Errors
    /// Where it may not be contacted, or has no address.
    pub fn address(&self, registry: &RegistryHost) -> Result<Url, Error> {
        Ok(self.endpoint(registry)?.base.clone())
    }

    /// Notes what one token should do: write `to`, and read those of `from` that are on the same registry.
    pub(crate) fn expect(&self, to: &Repository, from: &[Repository]) {
        let Ok(endpoint) = self.endpoint(&to.registry) else { return };
        let same = from.iter().filter(|r| r.registry == to.registry && r.name != to.name);
        let scopes = same.fold(Scopes::push(&to.name), |scopes, r| scopes.and(&Scopes::pull(&r.name)));
        endpoint.auth.bundle(&scopes);
    }

    fn gate(&self, base: &Url, registry: &RegistryHost) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.entry(base.origin().ascii_serialization());
        Arc::clone(gate.or_insert_with(|| Arc::new(Gate::new(registry.is_docker_hub()))))
    }
}

/// A repository on a registry.
pub struct Remote {
    client: Arc<Client>,
    repository: Repository,
    location: Location,
    identity: Identity,
}

impl Remote {
    /// The repository, behind `client`.
    #[must_use]
    pub fn new(client: Arc<Client>, repository: Repository) -> Self {
        let location = Location::Remote(repository.clone());
        Self { client, repository, location, identity: Identity::Own }
    }

    /// The same repository, asked as nobody.
    #[must_use]
    pub fn anonymous(self) -> Self {
        Self { identity: Identity::Anonymous, ..self }
    }

    fn endpoint(&self) -> Result<Arc<Endpoint>, Error> {
        self.client.endpoint(&self.repository.registry)
    }

    fn name(&self) -> &RepositoryName {
        &self.repository.name
    }

    fn pull(&self) -> Scopes {
        Scopes::pull(self.name())
    }

    fn push(&self) -> Scopes {
        Scopes::push(self.name())
    }
}

#[async_trait]
impl Store for Remote {
    fn location(&self) -> &Location {
        &self.location
    }

    async fn tags(&self) -> Result<Option<Vec<Tag>>, Error> {
        self.list_tags().await
    }

    async fn head(&self, reference: &Reference) -> Result<Option<Descriptor>, Error> {
        self.head_manifest(reference, self.pull()).await
    }

    async fn manifest(&self, reference: &Reference) -> Result<Option<Document>, Error> {
        self.get_manifest(reference, self.pull()).await
    }

    async fn has_blob(&self, digest: &Digest) -> Result<bool, Error> {
        self.head_blob(digest).await
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<Option<ByteStream>, Error> {
        self.get_blob(blob, offset).await
    }

    async fn may_push(&self) -> Result<(), Error> {
        self.ask_to_push().await
    }

    async fn put_blob(
        &self,
        blob: &Descriptor,
        mount: Option<&RepositoryName>,
        source: &dyn BlobSource,
    ) -> Result<Put, Error> {
        self.upload(blob, mount, source).await
    }

    async fn put_manifest(&self, reference: &Reference, document: &Document) -> Result<(), Error> {
        self.push_manifest(reference, document).await
    }

    async fn delete_tag(&self, tag: &Tag) -> Result<Deleted, Error> {
        self.delete(&Reference::Tag(tag.clone())).await
    }

    async fn delete_manifest(&self, digest: &Digest) -> Result<Deleted, Error> {
        self.delete(&Reference::Digest(digest.clone())).await
    }

    async fn listed_referrers(&self, digest: &Digest) -> Result<Option<Vec<Descriptor>>, Error> {
        self.list_referrers(digest).await
    }
}
