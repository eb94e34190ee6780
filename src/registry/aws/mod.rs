//! Amazon ECR: where its API is, the password that it gives for keys of AWS, and repositories, which a push does not make.
//!
//! Only private registries: `ACCOUNT.dkr.ecr.REGION.amazonaws.com` and its relatives. The keys come from the environment
//! alone; whatever `config.json` or a helper has for such a host goes before them.

use secrecy::SecretString;
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

/// The credential of a host of Amazon ECR, where there are keys: those who come while it is asked for wait for it.
pub(crate) async fn credential(client: &Client, registry: &RegistryHost) -> Result<Option<Found>, Error> {
    let Some(ecr) = Ecr::new(client, registry) else { return Ok(None) };
    let mut passwords = client.passwords.lock().await;
    let password = match passwords.get(registry).filter(|known| Instant::now() < known.until) {
        Some(known) => known.value.clone(),
        None => {
            let fresh = ecr.password().await?;
            passwords.insert(registry.clone(), fresh.clone());
            fresh.value
        }
    };
    let credential = Credential::Password { username: "AWS".to_owned(), password };
    Ok(Some(Found { credential, place: Place::Aws }))
}
