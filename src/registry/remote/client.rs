//! What all remote repositories of a run share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

use super::endpoint::Endpoint;
use super::gate::Gate;
use super::realm::TokenServices;
use crate::image::{RegistryHost, Repository};
use crate::net::{self, Http, NetError};
use crate::registry::auth::Scopes;
use crate::registry::aws::{Ecr, Passwords};
use crate::registry::credentials::Credentials;
use crate::registry::error::{Error, ErrorKind};
use crate::registry::wire::{Derived, Patience, Secrets, Wire};

/// The options of a run's registries.
#[derive(Clone, Default)]
pub struct Options {
    /// The HTTP client's options; `public_only` is taken from `reach`.
    pub net: net::Options,
    pub credentials: Credentials,
    /// Token services on other hosts that may be sent credentials.
    pub token_services: TokenServices,
    pub reach: Reach,
    /// How long to wait for what.
    pub patience: Patience,
    /// Receives every derived secret once, for masking.
    pub derived: Option<Derived>,
}

/// What all remote repositories of a run share: the pool, tokens, credentials, per-host limits.
pub struct Client {
    pub(super) wire: Wire,
    options: Options,
    endpoints: Mutex<BTreeMap<RegistryHost, Arc<Endpoint>>>,
    gates: Mutex<BTreeMap<String, Arc<Gate>>>,
    /// Passwords that Amazon ECR gave for AWS keys.
    pub(super) passwords: Passwords,
}

/// Which hosts may be contacted. `check` narrows this; everything else may reach any host.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Only these registries (and their token services); `None` allows all.
    pub only: Option<BTreeSet<RegistryHost>>,
    /// Refuse loopback, link-local and private addresses when connecting, except those in `WHARFINGER_HOSTS`.
    pub public_only: bool,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    pub fn new(options: Options) -> Result<Self, NetError> {
        let net = net::Options { public_only: options.reach.public_only, ..options.net.clone() };
        let secrets = Secrets::new(options.credentials.secrets(), options.derived.clone());
        let wire = Wire { http: Http::new(&net)?, patience: options.patience, secrets };
        let (endpoints, gates) = (Mutex::default(), Mutex::default());
        Ok(Self { wire, options, endpoints, gates, passwords: Passwords::default() })
    }

    /// The HTTP client, for others to share the pool.
    #[must_use]
    pub fn http(&self) -> &Http {
        &self.wire.http
    }

    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The API of an Amazon ECR host; `None` if it is another kind of registry, or no keys are given.
    pub(crate) fn ecr<'a>(&'a self, registry: &'a RegistryHost) -> Option<Ecr<'a>> {
        Ecr::new(&self.wire, &self.options.net.hosts, registry, self.options.credentials.aws.as_ref()?)
    }

    pub(super) fn endpoint(&self, registry: &RegistryHost) -> Result<Arc<Endpoint>, Error> {
        let fail = |kind| Error { registry: registry.to_string(), kind };
        if self.options.reach.only.as_ref().is_some_and(|only| !only.contains(registry)) {
            return Err(fail(ErrorKind::Forbidden(
                "it is not one of the registries that may be contacted in this run".to_owned(),
            )));
        }
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(endpoint) = endpoints.get(registry) {
            return Ok(Arc::clone(endpoint));
        }
        let (secrets, services) = (self.wire.secrets.clone(), &self.options.token_services);
        let gate = |base: &Url| self.gate(base, registry);
        let made = Endpoint::new(registry, &self.options.net.hosts, services, secrets, gate);
        let endpoint = Arc::new(made.map_err(|e| fail(ErrorKind::Protocol(e)))?);
        endpoints.insert(registry.clone(), Arc::clone(&endpoint));
        Ok(endpoint)
    }

    /// The base URL of a registry's API, ending in a slash: `v2/` follows.
    pub fn address(&self, registry: &RegistryHost) -> Result<Url, Error> {
        Ok(self.endpoint(registry)?.base.clone())
    }

    /// How many manifests this run may still pull from a registry, if it said so.
    pub(crate) fn remaining_pulls(&self, registry: &RegistryHost) -> Option<u64> {
        self.endpoint(registry).ok()?.habits.remaining_pulls()
    }

    /// The setting that would let a registry's token service on another host receive the registry's credential; `None`
    /// if none is needed, as far as is known.
    pub(crate) fn lacking_setting(&self, registry: &RegistryHost) -> Option<String> {
        self.endpoint(registry).ok()?.lacking_setting()
    }

    /// Notes what one token should cover: writing `to`, and reading those of `from` that are on the same registry.
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
