//! Whether a credential may write, determined before anything is written from what the token service grants.

use reqwest::Method;

use super::call::Call;
use super::repository::Remote;
use crate::registry::auth::{Scheme, granted_actions, pushes};
use crate::registry::error::{Error, ErrorKind};
use crate::registry::wire::SMALL_LIMIT;

/// What is known, without writing, about whether a credential may push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushGrant {
    /// The token service issued a token that says so.
    Given,
    /// Only writing can tell; says why.
    NotKnown(&'static str),
}

impl Remote {
    /// Requests the token that a push needs. Refused if the service refuses it, or if the token can be read and grants
    /// less; what cannot be known without writing is not a refusal.
    pub(super) async fn ask_to_push(&self) -> Result<(), Error> {
        self.push_grant().await.map(drop)
    }

    /// The same, but tells known from unknown. A registry that was not contacted yet tells nothing: read from it first.
    pub async fn push_grant(&self) -> Result<PushGrant, Error> {
        let endpoint = self.endpoint()?;
        let authorization = self.client.authorize(&endpoint, self.identity, Some(self.name()), &self.push()).await;
        let authorization = authorization.map_err(|kind| endpoint.error(kind))?;
        let Some(token) = authorization.token() else {
            return Ok(PushGrant::NotKnown(match endpoint.auth.scheme(Some(self.name())) {
                Scheme::Unknown | Scheme::Open => "the registry lets everybody read",
                _ => "only writing shows what this password may do at the registry",
            }));
        };
        let Some(granted) = granted_actions(token, "repository", self.name().as_str()) else {
            return Ok(PushGrant::NotKnown("the token from the registry's token service does not say what it grants"));
        };
        if pushes(&granted) {
            return Ok(PushGrant::Given);
        }
        let actions = crate::text::excerpt(&granted.join(", "), 200);
        let actions = if actions.is_empty() { "nothing" } else { &actions };
        let said = format!("the token service grants this credential {actions} there");
        let detail = self.client.explain_refusal(&endpoint, &authorization, &self.push(), said).await;
        Err(endpoint.error(ErrorKind::Refused { action: format!("push to {}", self.name()), detail }))
    }

    /// Whether the repository may be read, by listing one tag. `false` if the repository does not exist.
    pub async fn may_pull(&self) -> Result<bool, Error> {
        let endpoint = self.endpoint()?;
        let call = Call {
            headers: vec![("accept", "application/json".to_owned())],
            // Some registries return all tags, however few are requested.
            limit: Some(128 * SMALL_LIMIT),
            ..self.new_call(&endpoint, Method::GET, "tags/list?n=1", format!("tag list of {}", self.name()))?
        };
        let answer = self.client.call(&endpoint, self.identity, &call).await?;
        match answer.status.as_u16() {
            200 => Ok(true),
            404 => Ok(false),
            status => Err(endpoint.protocol(format!("{}: {status}: {}", call.action, answer.error.text))),
        }
    }
}
