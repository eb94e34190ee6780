//! Amazon ECR: where its API is, the password that it gives for keys of AWS, and repositories, which a push does not make.
//!
//! Only private registries: `ACCOUNT.dkr.ecr.REGION.amazonaws.com` and its relatives. The keys come from the environment
//! alone; whatever `config.json` or a helper has for such a host goes before them.

use secrecy::SecretString;
use std::time::Duration;

use tokio::time::Instant;

use super::Error;
use super::credentials::{Credential, Found, Place};
use super::remote::Client;
use crate::image::RegistryHost;

mod api;
mod sign;

pub use api::Ecr;
pub(crate) use api::Password;

/// Keys of AWS.
#[derive(Debug, Clone)]
pub struct Keys {
    /// `AWS_ACCESS_KEY_ID`.
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret: SecretString,
    /// `AWS_SESSION_TOKEN`, of keys that end.
    pub session: Option<SecretString>,
}

/// How long a sign-in that failed is not tried again: each of many images would wait for it anew.
const FAILED: Duration = Duration::from_secs(60);

/// A sign-in: its password, or until when it counts as failed, and why.
pub(crate) type Asked = Result<Password, (Instant, Error)>;

/// The credential of a host of Amazon ECR, where there are keys: those who come while it is asked for wait for it.
pub(crate) async fn credential(client: &Client, registry: &RegistryHost) -> Result<Option<Found>, Error> {
    let Some(ecr) = Ecr::new(client, registry) else { return Ok(None) };
    let mut passwords = client.passwords.lock().await;
    let now = Instant::now();
    let password = match passwords.get(registry) {
        Some(Ok(known)) if now < known.until => known.value.clone(),
        Some(Err((until, error))) if now < *until => return Err(error.clone()),
        _ => {
            let fresh = ecr.password().await.map_err(|error| (Instant::now() + FAILED, error));
            passwords.insert(registry.clone(), fresh.clone());
            fresh.map_err(|(_, error)| error)?.value
        }
    };
    let credential = Credential::Password { username: "AWS".to_owned(), password };
    Ok(Some(Found { credential, place: Place::Aws }))
}
