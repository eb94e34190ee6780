//! The token: exchanged once however many tasks wait for it, renewed before it expires.

use std::time::Duration;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::call::{Call, Need};
use super::transport::Transport;
use super::{Derived, Error};

/// Tokens live ten minutes; they are renewed a minute before.
const LIFE: Duration = Duration::from_secs(9 * 60);

/// Who signs in.
pub struct Credential {
    /// A user's name, or an organization's.
    pub identifier: String,
    /// A password or access token of the user, or an access token of the organization.
    pub secret: SecretString,
}

/// The credential and the token that was exchanged for it.
pub(super) struct Session {
    credential: Option<Credential>,
    derived: Option<Derived>,
    state: Mutex<State>,
}

enum State {
    SignedOut,
    SignedIn {
        token: SecretString,
        until: Instant,
    },
    /// The credential is wrong: trying again would only lock the account.
    Refused(Error),
}

#[derive(Deserialize)]
struct Exchanged {
    access_token: String,
}

impl Session {
    pub(super) fn new(credential: Option<Credential>, derived: Option<Derived>) -> Self {
        Self { credential, derived, state: Mutex::new(State::SignedOut) }
    }

    /// The owner of the credential.
    pub(super) fn identifier(&self) -> Option<&str> {
        self.credential.as_ref().map(|credential| credential.identifier.as_str())
    }

    /// The token; `None` without a credential. Tasks that ask while it is being exchanged wait for it.
    pub(super) async fn token(&self, transport: &Transport) -> Result<Option<SecretString>, Error> {
        let Some(credential) = &self.credential else { return Ok(None) };
        let mut state = self.state.lock().await;
        match &*state {
            State::SignedIn { token, until } if Instant::now() < *until => return Ok(Some(token.clone())),
            State::Refused(error) => return Err(error.clone()),
            _ => {}
        }
        let exchanged = exchange(transport, credential).await;
        if let Err(error @ Error::SignIn { .. }) = &exchanged {
            *state = State::Refused(error.clone());
        }
        let token = exchanged?;
        if let Some(derived) = &self.derived {
            derived(&token);
        }
        *state = State::SignedIn { token: token.clone(), until: Instant::now() + LIFE };
        Ok(Some(token))
    }

    /// Forgets a token that is no longer accepted, unless there is a newer one.
    pub(super) async fn forget(&self, old: &SecretString) {
        let mut state = self.state.lock().await;
        if matches!(&*state, State::SignedIn { token, .. } if token.expose_secret() == old.expose_secret()) {
            *state = State::SignedOut;
        }
    }
}

async fn exchange(transport: &Transport, credential: &Credential) -> Result<SecretString, Error> {
    let Credential { identifier, secret } = credential;
    let action = format!("signing in as {identifier}");
    let call = Call::new(Method::POST, &["v2", "auth", "token"], Need::Nothing, action)
        .body(json!({"identifier": identifier, "secret": secret.expose_secret()}))
        .repeatable();
    let answer = transport.send(&call, None).await?;
    if matches!(answer.status, 401 | 403) {
        let detail = format!(
            "{}; use the user name with a password or personal access token, the organization's name with an \
             organization access token, and check that the token has not expired or been revoked",
            answer.message()
        );
        return Err(Error::SignIn { action: call.action, detail });
    }
    // The body is not shown if it cannot be read: it may contain the token.
    let exchanged: Exchanged = match answer.status {
        200..=299 => answer.read(&call).map_err(|_| unreadable())?,
        _ => return Err(answer.unexpected(&call)),
    };
    if exchanged.access_token.is_empty() { Err(unreadable()) } else { Ok(exchanged.access_token.into()) }
}

fn unreadable() -> Error {
    Error::Unusable("the response to signing in contains no token".to_owned())
}
