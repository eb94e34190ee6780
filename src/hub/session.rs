//! The token: exchanged once however many tasks wait for it, renewed before it expires.

use std::time::Duration;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::refusal::Need;
use super::transport::{Call, Wire};
use super::{Derived, Error};

/// Tokens live ten minutes; one is renewed a minute before.
const LIFE: Duration = Duration::from_secs(9 * 60);

/// The credential and the token that was exchanged for it.
pub(super) struct Session {
    credential: Option<(String, SecretString)>,
    pub(super) derived: Option<Derived>,
    state: Mutex<State>,
}

enum State {
    Out,
    In {
        token: SecretString,
        until: Instant,
    },
    /// The credential is wrong: asking again would only lock the account.
    Refused(Error),
}

#[derive(Deserialize)]
struct Exchanged {
    access_token: String,
}

impl Session {
    pub(super) fn new(credential: Option<(String, SecretString)>) -> Self {
        Self { credential, derived: None, state: Mutex::new(State::Out) }
    }

    /// Whose credential it is: a user's name, or an organization's.
    pub(super) fn identifier(&self) -> Option<&str> {
        self.credential.as_ref().map(|(identifier, _)| identifier.as_str())
    }

    /// The token; `None` without a credential. Those who come while it is exchanged wait for it.
    pub(super) async fn token(&self, wire: &Wire) -> Result<Option<SecretString>, Error> {
        let Some((identifier, secret)) = &self.credential else { return Ok(None) };
        let mut state = self.state.lock().await;
        match &*state {
            State::In { token, until } if Instant::now() < *until => return Ok(Some(token.clone())),
            State::Refused(error) => return Err(error.clone()),
            _ => {}
        }
        let exchanged = exchange(wire, identifier, secret).await;
        if let Err(error @ Error::Refused { .. }) = &exchanged {
            *state = State::Refused(error.clone());
        }
        let token = exchanged?;
        if let Some(derived) = &self.derived {
            derived(&token);
        }
        *state = State::In { token: token.clone(), until: Instant::now() + LIFE };
        Ok(Some(token))
    }

    /// Forgets a token that is no longer taken, unless another has come since.
    pub(super) async fn forget(&self, old: &SecretString) {
        let mut state = self.state.lock().await;
        if matches!(&*state, State::In { token, .. } if token.expose_secret() == old.expose_secret()) {
            *state = State::Out;
        }
    }
}

async fn exchange(wire: &Wire, identifier: &str, secret: &SecretString) -> Result<SecretString, Error> {
    let action = format!("signing in as {identifier}");
    let call = Call::new(Method::POST, &["v2", "auth", "token"], Need::Nothing, action)
        .body(json!({"identifier": identifier, "secret": secret.expose_secret()}))
        .repeatable();
    let answer = wire.send(&call, None).await?;
    if matches!(answer.status, 401 | 403) {
        let detail = format!(
            "{}; the user name goes with a password or personal access token, the organization's name with an \
             organization access token, and neither may have expired or been revoked",
            answer.said()
        );
        return Err(Error::Refused { action: call.action, detail });
    }
    // The body is not shown where it cannot be read: it may hold the token.
    let exchanged: Exchanged = match answer.status {
        200..=299 => answer.read(&call).map_err(|_| unreadable())?,
        _ => return Err(answer.unexpected(&call)),
    };
    if exchanged.access_token.is_empty() { Err(unreadable()) } else { Ok(exchanged.access_token.into()) }
}

fn unreadable() -> Error {
    Error::Unusable("the answer to signing in holds no token".to_owned())
}
