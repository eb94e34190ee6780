//! Authentication to a registry, per request: challenges, tokens, and a single token request however many tasks wait
//! for it (distribution token authentication specification).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;

mod challenge;
mod claims;
mod schemes;
mod scope;
mod token;

pub(crate) use challenge::Challenge;
pub(crate) use claims::{granted_actions, lacking, pushes};
pub(crate) use schemes::{Realm, Scheme};
pub(crate) use scope::Scopes;
pub(crate) use token::{Service, sensitive};

use super::error::ErrorKind;
use crate::image::RepositoryName;
use schemes::Schemes;
use token::Token;

/// The identity used for requests to a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Identity {
    /// With the credential known for the registry.
    Own,
    /// Without any credential.
    Anonymous,
}

/// How long a failed token request is shared with the tasks that waited for it; later ones try again unless it was a
/// refusal.
const SHARED_FAILURE: Duration = Duration::from_secs(2);

/// The last failure of a token request, if any.
type Slot = Option<(ErrorKind, Instant)>;

/// The most bundles of scopes that are kept for a registry.
const BUNDLES: usize = 10_000;

/// The key a token is cached under: a token is valid only at the service that issued it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    identity: Identity,
    realm: Url,
    service: Option<String>,
    scopes: Scopes,
}

impl Key {
    fn new(identity: Identity, service: &Service<'_>, scopes: &Scopes) -> Self {
        let (realm, name) = (service.realm.clone(), service.service.clone());
        Self { identity, realm, service: name, scopes: scopes.clone() }
    }

    /// Whether a token cached under this key also serves the other one.
    fn serves(&self, other: &Self) -> bool {
        self.identity == other.identity
            && self.realm == other.realm
            && self.service == other.service
            && self.scopes.cover(&other.scopes)
    }
}

/// What is known about one registry's authentication.
pub(crate) struct Auth {
    schemes: Mutex<Schemes>,
    slots: Mutex<BTreeMap<Key, Arc<tokio::sync::Mutex<Slot>>>>,
    fresh: Mutex<BTreeMap<Key, Token>>,
    /// Scopes that are needed together and requested in one token.
    bundles: Mutex<Vec<Scopes>>,
    /// Scopes for which the job's token was refused: requested anonymously from then on.
    demoted: Mutex<Vec<Scopes>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Auth {
    pub(crate) fn new(scheme: Scheme) -> Self {
        Self {
            schemes: Mutex::new(Schemes::new(scheme)),
            slots: Mutex::default(),
            fresh: Mutex::default(),
            bundles: Mutex::default(),
            demoted: Mutex::default(),
        }
    }

    /// How requests about a repository are authenticated; without one, requests about the registry itself.
    pub(crate) fn scheme(&self, repository: Option<&RepositoryName>) -> Scheme {
        lock(&self.schemes).of(repository)
    }

    /// Notes what the registry said about a repository; it also applies to all those it has said nothing about yet.
    pub(crate) fn learn(&self, repository: Option<&RepositoryName>, scheme: Scheme) {
        lock(&self.schemes).learn(repository, scheme);
    }

    /// Notes how requests about this repository alone are authenticated from now on.
    pub(crate) fn keep(&self, repository: Option<&RepositoryName>, scheme: Scheme) {
        lock(&self.schemes).keep(repository, scheme);
    }

    /// Notes that the registry answered an anonymous request.
    pub(crate) fn open(&self) {
        lock(&self.schemes).open();
    }

    /// Whether the token service for a repository is only assumed, from what another repository uses.
    pub(crate) fn is_assumed(&self, repository: &RepositoryName) -> bool {
        lock(&self.schemes).is_assumed(repository)
    }

    /// Notes that a repository could be read without a credential.
    pub(crate) fn publish(&self, repository: &RepositoryName) {
        lock(&self.schemes).publish(repository);
    }

    /// Whether a repository is read without a credential because the credential is refused for part of it too.
    pub(crate) fn is_settled(&self, repository: &RepositoryName) -> bool {
        lock(&self.schemes).is_settled(repository)
    }

    pub(crate) fn is_public(&self, repository: &RepositoryName) -> bool {
        lock(&self.schemes).is_public(repository)
    }

    /// Notes scopes that will be needed together.
    pub(crate) fn bundle(&self, scopes: &Scopes) {
        let mut bundles = lock(&self.bundles);
        if bundles.len() < BUNDLES && !bundles.contains(scopes) {
            bundles.push(scopes.clone());
        }
    }

    /// The scopes to request when these are needed: the smallest noted bundle that covers them, else just these.
    pub(crate) fn widen(&self, scopes: &Scopes) -> Scopes {
        let bundles = lock(&self.bundles);
        let fitting = bundles.iter().filter(|b| b.cover(scopes)).min_by_key(|b| b.parameters().count());
        fitting.unwrap_or(scopes).clone()
    }

    pub(crate) fn demote(&self, scopes: &Scopes) {
        lock(&self.demoted).push(scopes.clone());
    }

    pub(crate) fn is_demoted(&self, scopes: &Scopes) -> bool {
        lock(&self.demoted).contains(scopes)
    }

    /// A cached token that serves this key, if there is one.
    fn at_hand(&self, wanted: &Key) -> Option<Token> {
        let mut fresh = lock(&self.fresh);
        fresh.retain(|_, token| token.is_fresh());
        fresh.iter().find(|(key, _)| key.serves(wanted)).map(|(_, token)| token.clone())
    }

    /// Forgets a token that was refused.
    pub(crate) fn forget(&self, value: &SecretString) {
        use secrecy::ExposeSecret as _;
        lock(&self.fresh).retain(|_, token| token.value.expose_secret() != value.expose_secret());
    }

    /// The token for `scopes`: cached, or fetched from the service once, however many tasks wait. If the service
    /// refuses the whole bundle, only these scopes are requested.
    pub(crate) async fn token(
        &self,
        identity: Identity,
        scopes: &Scopes,
        service: &Service<'_>,
    ) -> Result<SecretString, ErrorKind> {
        let needed = Key::new(identity, service, scopes);
        if let Some(token) = self.at_hand(&needed) {
            return Ok(token.value);
        }
        let wanted = Key { scopes: self.widen(scopes), ..needed.clone() };
        match self.fetched(&needed, &wanted, service).await {
            Err(kind) if kind.is_refusal() && wanted != needed => self.fetched(&needed, &needed, service).await,
            other => other,
        }
    }

    async fn fetched(&self, needed: &Key, wanted: &Key, service: &Service<'_>) -> Result<SecretString, ErrorKind> {
        let slot = Arc::clone(lock(&self.slots).entry(wanted.clone()).or_default());
        let mut failed = slot.lock().await;
        if let Some(token) = self.at_hand(needed) {
            return Ok(token.value);
        }
        if let Some((error, at)) = &*failed
            && (error.is_refusal() || at.elapsed() < SHARED_FAILURE)
        {
            return Err(error.clone());
        }
        let answer = service.fetch(&wanted.scopes).await;
        *failed = answer.as_ref().err().map(|error| (error.clone(), Instant::now()));
        let token = answer?;
        lock(&self.fresh).insert(wanted.clone(), token.clone());
        Ok(token.value)
    }
}
