//! Secrets that registries were sent, so that none of them can have one shown by returning it in an error.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};

use crate::image::Digest;
use crate::registry::error::ErrorKind;
use crate::text::without_parts;

/// Receives every secret that came up on the way: tokens, and what helpers returned.
pub(crate) type Derived = Arc<dyn Fn(&SecretString) + Send + Sync>;

/// The secrets of a run, given and derived; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    known: Arc<Mutex<Vec<SecretString>>>,
    told: Arc<Mutex<BTreeSet<Digest>>>,
    derived: Option<Derived>,
}

/// A shorter secret would mangle texts, and is not a real one.
const SHORTEST_SECRET: usize = 6;

impl Secrets {
    /// The secrets a run was `given`; `derived` receives those that come up later.
    pub(crate) fn new(given: Vec<SecretString>, derived: Option<Derived>) -> Self {
        let secrets = Self { derived, ..Self::default() };
        given.into_iter().for_each(|secret| secrets.add(secret));
        secrets
    }

    fn add(&self, secret: SecretString) {
        if secret.expose_secret().len() >= SHORTEST_SECRET {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).push(secret);
        }
    }

    /// Passes on a secret that came up, once.
    pub(crate) fn derive(&self, secret: &SecretString) {
        let digest = Digest::sha256(secret.expose_secret().as_bytes());
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(digest) {
            self.add(secret.clone());
            if let Some(tell) = &self.derived {
                tell(secret);
            }
        }
    }

    /// The same error with the secrets removed.
    pub(crate) fn redact(&self, kind: ErrorKind) -> ErrorKind {
        let secrets = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let secrets: Vec<&str> = secrets.iter().map(ExposeSecret::expose_secret).collect();
        kind.map(|text| without_parts(secrets.iter().fold(text, |text, secret| text.replace(secret, "***")), &secrets))
    }
}
