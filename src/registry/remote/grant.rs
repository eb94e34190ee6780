//! Whether a credential may write, asked before anything is written: what the token service grants.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::Remote;
use super::transport::Call;
use super::wire::SMALL_LIMIT;
use crate::registry::auth::{Scheme, Scopes};
use crate::registry::{Error, ErrorKind};

/// What is known, without writing, of whether a credential may push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushGrant {
    /// The token service gave a token that says so.
    Given,
    /// Only writing can tell: why.
    NotKnown(&'static str),
}

/// What some token services say inside their tokens (distribution token specification, "JWT": the `access` claim).
#[derive(Deserialize)]
struct Claims {
    access: Vec<Granted>,
}

#[derive(Deserialize)]
struct Granted {
    #[serde(default, rename = "type")]
    kind: String,
    name: String,
    actions: Vec<String>,
}

impl Remote {
    /// Asks for the token that a push needs. Refused where the service refuses it, or where the token can be read and
    /// grants less; what cannot be told without writing is no refusal.
    pub(super) async fn ask_to_push(&self) -> Result<(), Error> {
        self.push_grant().await.map(drop)
    }

    /// The same, telling what is known from what is not. A registry that was not asked anything yet says nothing: read
    /// from it first.
    ///
    /// # Errors
    /// Where pushing is refused, or the token service does not answer.
    pub async fn push_grant(&self) -> Result<PushGrant, Error> {
        let endpoint = self.endpoint()?;
        let authorization = self.client.authorize(&endpoint, self.identity, &self.push()).await;
        let authorization = authorization.map_err(|kind| endpoint.error(kind))?;
        let Some(token) = authorization.token() else {
            return Ok(PushGrant::NotKnown(match endpoint.auth.scheme() {
                Scheme::Unknown | Scheme::Open => "the registry answers everybody who reads",
                _ => "the registry says only to who writes what a password may do",
            }));
        };
        let Some(granted) = granted(token.expose_secret(), "repository", self.name().as_str()) else {
            return Ok(PushGrant::NotKnown("the token that the registry's service gave does not say what it grants"));
        };
        if pushes(&granted) {
            return Ok(PushGrant::Given);
        }
        let actions = crate::text::excerpt(&granted.join(", "), 200);
        let actions = if actions.is_empty() { "nothing" } else { &actions };
        let said = format!("the token service grants this credential {actions} there");
        let lacks = lacking(token, &self.push());
        let detail = self.client.explained(&endpoint, self.identity, said, lacks).await;
        Err(endpoint.error(ErrorKind::Refused { action: format!("push to {}", self.name()), detail }))
    }

    /// Whether the repository may be read: a look at one tag of its list. `false` where there is no such repository.
    ///
    /// # Errors
    /// Where reading is refused, or no usable answer comes.
    pub async fn may_pull(&self) -> Result<bool, Error> {
        let endpoint = self.endpoint()?;
        let call = Call {
            method: reqwest::Method::GET,
            url: endpoint.url(&format!("{}/tags/list?n=1", self.name())).map_err(|e| endpoint.protocol(e))?,
            headers: vec![("accept", "application/json".to_owned())],
            body: bytes::Bytes::new(),
            scopes: self.pull(),
            action: format!("tag list of {}", self.name()),
            // Some registries give all tags, however few are asked for.
            limit: Some(128 * SMALL_LIMIT),
        };
        let answer = self.client.call(&endpoint, self.identity, &call).await?;
        match answer.status.as_u16() {
            200 => Ok(true),
            404 => Ok(false),
            status => Err(endpoint.protocol(format!("{}: {status}: {}", call.action, answer.said.text))),
        }
    }
}

/// What a readable token grants on a resource. `None` where it cannot be read, or does not name it: what is yet to be made
/// may not be named.
fn granted(token: &str, kind: &str, name: &str) -> Option<Vec<String>> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let of = |granted: &Granted| granted.name == name && (granted.kind.is_empty() || granted.kind == kind);
    claims.access.into_iter().find(of).map(|granted| granted.actions)
}

fn pushes(actions: &[String]) -> bool {
    actions.iter().any(|action| action == "push" || action == "*")
}

/// The scopes that a token lacks of those that were needed, as far as it says what it grants; all of them where it does
/// not. `None` where it lacks none.
pub(super) fn lacking(token: &SecretString, needed: &Scopes) -> Option<String> {
    let has = |kind: &str, name: &str, action: &str| {
        let granted = granted(token.expose_secret(), kind, name);
        granted.is_some_and(|actions| actions.iter().any(|granted| granted == action || granted == "*"))
    };
    let lacks = needed.without(has);
    let lacks: Vec<String> = lacks.parameters().collect();
    (!lacks.is_empty()).then(|| lacks.join(" "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn only_a_token_that_says_so_is_no_token_to_push_with() {
        let names = |actions: &str| token(&format!(r#"{{"access":[{{"name":"acme/app","actions":[{actions}]}}]}}"#));
        let may = |token: &str, name: &str| granted(token, "repository", name).map(|actions| pushes(&actions));
        assert_eq!(may(&names(r#""pull""#), "acme/app"), Some(false));
        assert_eq!(may(&names(""), "acme/app"), Some(false));
        assert_eq!(may(&names(r#""pull","push""#), "acme/app"), Some(true));
        assert_eq!(may(&names(r#""*""#), "acme/app"), Some(true));
        assert_eq!(may(&names(r#""pull""#), "acme/other"), None);
        for opaque in ["registry-token-1", "a.b.c", &token("[]"), &token(r#"{"access":[]}"#), ""] {
            assert_eq!(may(opaque, "acme/app"), None, "{opaque}");
        }
    }

    #[test]
    fn what_a_token_lacks_is_named_and_nothing_else() {
        let needed = Scopes::parse("repository:acme/app:pull,push repository:team/app:pull");
        let lacks = |access: &str| lacking(&token(&format!(r#"{{"access":[{access}]}}"#)).into(), &needed);
        let acme = r#"{"type":"repository","name":"acme/app","actions":["pull"]}"#;
        let team = r#"{"name":"team/app","actions":["*"]}"#;
        assert_eq!(lacks(&format!("{acme},{team}")).as_deref(), Some("repository:acme/app:push"));
        assert_eq!(lacks(acme).as_deref(), Some("repository:acme/app:push repository:team/app:pull"));
        assert_eq!(lacks(&format!("{},{team}", acme.replace("\"pull\"", "\"pull\",\"push\""))), None);
        let opaque = lacking(&"opaque".to_owned().into(), &needed);
        assert_eq!(opaque.as_deref(), Some("repository:acme/app:pull,push repository:team/app:pull"));
    }
}
