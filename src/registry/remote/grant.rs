//! Whether a credential may write, asked before anything is written: what the token service grants.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::Remote;
use crate::registry::{Error, ErrorKind};

/// What some token services say inside their tokens (distribution token specification, "JWT": the `access` claim).
#[derive(Deserialize)]
struct Claims {
    access: Vec<Granted>,
}

#[derive(Deserialize)]
struct Granted {
    name: String,
    actions: Vec<String>,
}

impl Remote {
    /// Asks for the token that a push needs. Refused where the service refuses it, or where the token can be read and
    /// grants less; what cannot be told without writing is no refusal.
    pub(super) async fn ask_to_push(&self) -> Result<(), Error> {
        let endpoint = self.endpoint()?;
        let authorization = self.client.authorize(&endpoint, self.identity, &self.push()).await;
        let authorization = authorization.map_err(|kind| endpoint.error(kind))?;
        match authorization.token().and_then(|token| lacks_push(token.expose_secret(), self.name().as_str())) {
            Some(granted) => Err(endpoint.error(ErrorKind::Refused {
                action: format!("push to {}", self.name()),
                detail: format!("the token service grants this credential only: {granted}"),
            })),
            None => Ok(()),
        }
    }
}

/// What a readable token grants on a repository, where that is not pushing. A repository that it does not name may be one
/// that is yet to be made: nothing is known then.
fn lacks_push(token: &str, repository: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let granted = claims.access.into_iter().find(|granted| granted.name == repository)?;
    let pushes = granted.actions.iter().any(|action| action == "push" || action == "*");
    (!pushes).then(|| crate::net::text::clean(&granted.actions.join(", "), 200))
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
        let granted = |actions: &str| token(&format!(r#"{{"access":[{{"name":"acme/app","actions":[{actions}]}}]}}"#));
        assert_eq!(lacks_push(&granted(r#""pull""#), "acme/app").as_deref(), Some("pull"));
        assert_eq!(lacks_push(&granted(""), "acme/app").as_deref(), Some(""));
        assert_eq!(lacks_push(&granted(r#""pull","push""#), "acme/app"), None);
        assert_eq!(lacks_push(&granted(r#""*""#), "acme/app"), None);
        assert_eq!(lacks_push(&granted(r#""pull""#), "acme/other"), None);
        for opaque in ["registry-token-1", "a.b.c", &token("[]"), &token(r#"{"access":[]}"#), ""] {
            assert_eq!(lacks_push(opaque, "acme/app"), None, "{opaque}");
        }
    }
}
