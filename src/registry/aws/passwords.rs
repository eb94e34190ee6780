//! The passwords that Amazon ECR gave for AWS keys.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::api::{Ecr, Password};
use crate::image::RegistryHost;
use crate::registry::credentials::{Credential, KnownCredential, Place};
use crate::registry::error::Error;

/// How long a failed sign-in is not retried: otherwise each of many images would wait for it again.
const FAILED: Duration = Duration::from_secs(60);

enum SignIn {
    Done(Password),
    Failed { until: Instant, error: Error },
}

/// The passwords of a run, one sign-in per registry.
#[derive(Default)]
pub(crate) struct Passwords(Mutex<BTreeMap<RegistryHost, SignIn>>);

impl Passwords {
    /// The credential for an Amazon ECR host: tasks that ask while it is being fetched wait for it.
    pub(crate) async fn credential(&self, ecr: &Ecr<'_>) -> Result<KnownCredential, Error> {
        let mut passwords = self.0.lock().await;
        let now = Instant::now();
        let password = match passwords.get(ecr.registry()) {
            Some(SignIn::Done(known)) if now < known.until => known.value.clone(),
            Some(SignIn::Failed { until, error }) if now < *until => return Err(error.clone()),
            _ => {
                let fresh = ecr.password().await;
                let value = fresh.as_ref().map(|password| password.value.clone()).map_err(Error::clone);
                let fresh =
                    fresh.map_or_else(|error| SignIn::Failed { until: Instant::now() + FAILED, error }, SignIn::Done);
                passwords.insert(ecr.registry().clone(), fresh);
                value?
            }
        };
        let credential = Credential::Password { username: "AWS".to_owned(), password };
        Ok(KnownCredential { credential, place: Place::Aws })
    }
}
