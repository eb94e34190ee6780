//! Who we are to a registry, request by request: challenges, tokens, and one token request however many tasks wait
//! (distribution token authentication specification).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;

mod challenge;
mod claims;
mod scope;
mod token;

pub(crate) use challenge::Challenge;
pub(crate) use claims::{granted_actions, lacking, pushes};
pub(crate) use scope::Scopes;
pub(crate) use token::{Service, sensitive};

use super::error::ErrorKind;
use token::Token;

/// How a registry authenticates requests, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Not asked yet.
    Unknown,
    /// It answers without being told.
    Open,
    /// User name and password with every request.
    Basic,
    /// A token of the service at `realm`.
    Bearer {
        realm: Realm,
        /// The name by which it knows the registry.
        service: Option<String>,
    },
}

/// A token service, as far as it may be asked at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Realm {
    pub(crate) url: Url,
    /// Whether it may have the registry's credential.
    pub(crate) trusted: bool,
}

/// As whom a repository is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Identity {
    /// With the credential that is known for the registry.
    Own,
    /// Without any credential.
    Anonymous,
}

/// A failed token request: those who waited for it share it, later ones try again unless it was a refusal.
const SHARED_FAILURE: Duration = Duration::from_secs(2);

/// The last failure of a token request, if it failed.
type Slot = Option<(ErrorKind, Instant)>;

/// The most bundles of scopes that are noted for a registry.
const BUNDLES: usize = 10_000;

type Key = (Identity, Scopes);

/// What is known about one registry's authentication.
pub(crate) struct Auth {
    scheme: Mutex<Scheme>,
    slots: Mutex<BTreeMap<Key, Arc<tokio::sync::Mutex<Slot>>>>,
    fresh: Mutex<BTreeMap<Key, Token>>,
    /// Scopes that are needed together: one token is asked for all of them.
    bundles: Mutex<Vec<Scopes>>,
    /// Scopes for which the job's token was refused: asked anonymously from then on.
    demoted: Mutex<Vec<Scopes>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Auth {
    pub(crate) fn new(scheme: Scheme) -> Self {
        Self {
            scheme: Mutex::new(scheme),
            slots: Mutex::default(),
            fresh: Mutex::default(),
            bundles: Mutex::default(),
            demoted: Mutex::default(),
        }
    }

    pub(crate) fn scheme(&self) -> Scheme {
        lock(&self.scheme).clone()
    }

    pub(crate) fn learn(&self, scheme: Scheme) {
        *lock(&self.scheme) = scheme;
    }

    /// Notes scopes that will be needed together.
    pub(crate) fn bundle(&self, scopes: &Scopes) {
        let mut bundles = lock(&self.bundles);
        if bundles.len() < BUNDLES && !bundles.contains(scopes) {
            bundles.push(scopes.clone());
        }
    }

    /// The scopes to ask for where these are needed: the smallest bundle noted that covers them, else themselves.
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

    /// A token that does for `scopes`, if one is at hand.
    fn at_hand(&self, identity: Identity, scopes: &Scopes) -> Option<Token> {
        let mut fresh = lock(&self.fresh);
        fresh.retain(|_, token| token.is_fresh());
        fresh.iter().find(|((who, has), _)| *who == identity && has.cover(scopes)).map(|(_, token)| token.clone())
    }

    /// Forgets a token that was refused.
    pub(crate) fn forget(&self, value: &SecretString) {
        use secrecy::ExposeSecret as _;
        lock(&self.fresh).retain(|_, token| token.value.expose_secret() != value.expose_secret());
    }

    /// The token for `scopes`: at hand, or fetched from the service, once however many wait for it. Where the scopes
    /// that are needed together are refused as a whole, these alone are asked for.
    pub(crate) async fn token(
        &self,
        identity: Identity,
        scopes: &Scopes,
        service: &Service<'_>,
    ) -> Result<SecretString, ErrorKind> {
        if let Some(token) = self.at_hand(identity, scopes) {
            return Ok(token.value);
        }
        let wanted = self.widen(scopes);
        match self.fetched(identity, scopes, &wanted, service).await {
            Err(ErrorKind::Refused { .. }) if wanted != *scopes => {
                self.fetched(identity, scopes, scopes, service).await
            }
            other => other,
        }
    }

    async fn fetched(
        &self,
        identity: Identity,
        scopes: &Scopes,
        wanted: &Scopes,
        service: &Service<'_>,
    ) -> Result<SecretString, ErrorKind> {
        let key = (identity, wanted.clone());
        let slot = Arc::clone(lock(&self.slots).entry(key.clone()).or_default());
        let mut failed = slot.lock().await;
        if let Some(token) = self.at_hand(identity, scopes) {
            return Ok(token.value);
        }
        if let Some((error, at)) = &*failed
            && (matches!(error, ErrorKind::Refused { .. }) || at.elapsed() < SHARED_FAILURE)
        {
            return Err(error.clone());
        }
        let answer = service.fetch(wanted).await;
        *failed = answer.as_ref().err().map(|error| (error.clone(), Instant::now()));
        let token = answer?;
        lock(&self.fresh).insert(key, token.clone());
        Ok(token.value)
    }
}
