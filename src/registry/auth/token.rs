//! The token service: one request, one token.

use std::time::Duration;

use reqwest::header::AUTHORIZATION;
use reqwest::{RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::scope::Scopes;
use crate::registry::credentials::{Credential, JOB_USER, KnownCredential, basic};
use crate::registry::error::ErrorKind;
use crate::registry::wire::{self, ErrorBody, Fault, Patience, SMALL_LIMIT, Tries, Wire};

/// How long a token lives if the service does not say, or says it unreadably (token specification, `expires_in`).
const DEFAULT_LIFE: Duration = Duration::from_secs(60);
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3600);

/// A token and when to renew it.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) value: SecretString,
    pub(super) renew: Instant,
}

impl Token {
    pub(super) fn is_fresh(&self) -> bool {
        Instant::now() < self.renew
    }
}

/// A token service, and the identity it is asked with.
pub(crate) struct Service<'a> {
    pub(crate) wire: &'a Wire,
    pub(crate) realm: Url,
    /// Its name in refusal messages.
    pub(crate) title: String,
    pub(crate) service: Option<String>,
    pub(crate) credential: Option<KnownCredential>,
    /// Why a known credential is not sent there.
    pub(crate) withheld: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    /// Seconds; some services write them as something other than a whole number.
    #[serde(default)]
    expires_in: Value,
}

impl Service<'_> {
    /// Fetches a token: by GET with Basic authentication, or with an identity token by POST (OAuth2 refresh).
    ///
    /// Repeating the request does no harm, so it is retried like a read. Redirects are not followed: they would leak
    /// the password.
    pub(super) async fn fetch(&self, scopes: &Scopes) -> Result<Token, ErrorKind> {
        let mut tries = Tries::default();
        let token = loop {
            match self.once(scopes).await {
                Ok(token) => break token,
                Err(fault) => tries.wait(fault, &self.wire.patience).await?,
            }
        };
        self.wire.secrets.derive(&token.value);
        Ok(token)
    }

    async fn once(&self, scopes: &Scopes) -> Result<Token, Fault> {
        let asked = Instant::now();
        let patience = &self.wire.patience;
        let named = |fault| named(fault, &self.realm);
        let response = self.wire.send(self.request(scopes)).await.map_err(named)?;
        let response = judged(response, &self.title, scopes, patience).await.map_err(|fault| self.advised(fault))?;
        let body = wire::read(response, SMALL_LIMIT, patience).await.map_err(named)?;
        let unusable = || named(Fault::protocol("something other than a token"));
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| unusable())?;
        let given = |token: Option<String>| token.filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_graphic()));
        let value = given(answer.token).or_else(|| given(answer.access_token)).ok_or_else(unusable)?;
        let life = answer.expires_in.as_u64().map_or(DEFAULT_LIFE, Duration::from_secs).min(LONGEST_LIFE);
        // Renewed early, so that it does not expire during a request.
        Ok(Token { value: value.into(), renew: asked + life - (life / 4).min(Duration::from_secs(10)) })
    }

    /// Adds to a refusal which credential was used, since that is what has to be fixed.
    fn advised(&self, fault: Fault) -> Fault {
        if !fault.kind.is_refusal() {
            return fault;
        }
        let advice = match (&self.credential, &self.withheld) {
            (None, Some(withheld)) => withheld.clone(),
            (None, None) => "requested without credentials: there may be no such public repository".to_owned(),
            (Some(found), _) => {
                let what = match (&fault.kind, &found.credential) {
                    (ErrorKind::NoToken { .. }, _) => "there may be no such repository, or it",
                    (_, Credential::Password { .. }) => "the password or token is wrong, has expired, or",
                    _ => "it has expired, or",
                };
                format!("requested as {found}: {what} may not do this")
            }
        };
        Fault { kind: fault.kind.and(&advice), cure: fault.cure }
    }

    fn request(&self, scopes: &Scopes) -> RequestBuilder {
        let client = self.wire.http.client();
        let service = self.service.iter().map(|s| ("service", s.clone()));
        let credential = self.credential.as_ref().map(|found| &found.credential);
        if let Some(Credential::Identity(token)) = credential {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.append_pair("grant_type", "refresh_token")
                .append_pair("client_id", "wharfinger")
                .extend_pairs(service);
            form.append_pair("scope", &scopes.parameters().collect::<Vec<_>>().join(" "));
            form.append_pair("refresh_token", token.expose_secret());
            let request = client.post(self.realm.clone()).body(form.finish());
            return request.header("content-type", "application/x-www-form-urlencoded");
        }
        let mut url = self.realm.clone();
        url.query_pairs_mut().extend_pairs(service).extend_pairs(scopes.parameters().map(|s| ("scope", s)));
        let request = client.get(url);
        match credential.and_then(user) {
            Some((username, password)) => request.header(AUTHORIZATION, sensitive("Basic", &basic(username, password))),
            None => request,
        }
    }
}

fn user(credential: &Credential) -> Option<(&str, &SecretString)> {
    match credential {
        Credential::Password { username, password } => Some((username, password)),
        Credential::Job(token) => Some((JOB_USER, token)),
        Credential::Identity(_) | Credential::Bearer(_) => None,
    }
}

/// A header value that debug output does not show.
pub(crate) fn sensitive(scheme: &str, value: &str) -> reqwest::header::HeaderValue {
    let mut header = reqwest::header::HeaderValue::from_str(&format!("{scheme} {value}"))
        .unwrap_or_else(|_| reqwest::header::HeaderValue::from_static("invalid"));
    header.set_sensitive(true);
    header
}

async fn judged(response: Response, title: &str, scopes: &Scopes, patience: &Patience) -> Result<Response, Fault> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    if status.is_redirection() {
        return Err(Fault::protocol("the token service redirects, and the credential is not sent anywhere else"));
    }
    let headers = response.headers().clone();
    let said = ErrorBody::read(status, &headers, &wire::read_error(response, patience).await).text;
    let detail = format!("{title} returned {said}");
    let action = || match scopes.parameters().collect::<Vec<_>>().join(" ") {
        none if none.is_empty() => "a token".to_owned(),
        scopes => format!("a token for {scopes}"),
    };
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Fault::fatal(ErrorKind::Refused { action: action(), detail })
        }
        StatusCode::TOO_MANY_REQUESTS => Fault::rate_limited(detail, &headers),
        StatusCode::REQUEST_TIMEOUT => Fault::server_error(detail, &headers),
        _ if status.is_client_error() => Fault::fatal(ErrorKind::NoToken { action: action(), detail }),
        _ if status.is_server_error() => Fault::server_error(detail, &headers),
        _ => Fault::protocol(detail),
    })
}

fn named(fault: Fault, realm: &Url) -> Fault {
    let host = realm.host_str().unwrap_or_default();
    let kind = match fault.kind {
        ErrorKind::Unreachable(text) => ErrorKind::Unreachable(format!("token service {host}: {text}")),
        ErrorKind::Protocol(text) => ErrorKind::Protocol(format!("token service {host}: {text}")),
        other => other,
    };
    Fault { kind, cure: fault.cure }
}
