//! What tokens say about themselves. Most are opaque and tell us nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::scope::Scopes;

/// The claims some token services put in their tokens (distribution token specification, "JWT": the `access` claim).
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

/// What a readable token grants on a resource. `None` if it cannot be read or does not name the resource: a repository
/// that does not exist yet may not be named.
pub(crate) fn granted_actions(token: &SecretString, kind: &str, name: &str) -> Option<Vec<String>> {
    let payload = URL_SAFE_NO_PAD.decode(token.expose_secret().split('.').nth(1)?.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let of = |granted: &Granted| granted.name == name && (granted.kind.is_empty() || granted.kind == kind);
    claims.access.into_iter().find(of).map(|granted| granted.actions)
}

/// Whether the actions of a grant include pushing.
pub(crate) fn pushes(actions: &[String]) -> bool {
    actions.iter().any(|action| action == "push" || action == "*")
}

/// The needed scopes that a token does not grant; all of them if the token does not say what it grants. `None` if none
/// is missing.
pub(crate) fn lacking(token: &SecretString, needed: &Scopes) -> Option<String> {
    let has = |kind: &str, name: &str, action: &str| {
        let granted = granted_actions(token, kind, name);
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
        let may = |token: &str, name: &str| {
            granted_actions(&token.to_owned().into(), "repository", name).map(|actions| pushes(&actions))
        };
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
