//! Calls to Amazon ECR's API (version 2015-09-21): JSON by POST, each one signed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::sign::{Scope, Signable, authorization};
use crate::image::{EcrHost, RegistryHost, RepositoryName};
use crate::net::Hosts;
use crate::registry::credentials::AwsKeys;
use crate::registry::error::{Error, ErrorKind};
use crate::registry::wire::{self, Fault, SMALL_LIMIT, Tries, Wire};
use crate::text::excerpt;

const TARGET: &str = "AmazonEC2ContainerRegistry_V20150921";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// How long a password is used: `GetAuthorizationToken` grants twelve hours, and it is renewed well before.
const LIFE: Duration = Duration::from_secs(11 * 3600);

/// A private Amazon ECR registry, reached through its API with AWS keys.
pub struct Ecr<'a> {
    wire: &'a Wire,
    hosts: &'a Hosts,
    registry: &'a RegistryHost,
    place: EcrHost,
    keys: &'a AwsKeys,
}

/// The password of a registry, for the user `AWS`, and when it expires.
pub(super) struct Password {
    pub(super) value: SecretString,
    pub(super) until: Instant,
}

/// One call: its name in IAM's terms, and its input.
struct Call<'a> {
    name: &'a str,
    /// What is being done, for messages.
    action: String,
    body: Value,
}

/// What the API says when it refuses a call.
struct Refusal {
    /// For example `RepositoryNotFoundException`.
    kind: String,
    message: String,
    status: u16,
}

impl<'a> Ecr<'a> {
    /// The registry at a host; `None` if it is not an Amazon ECR registry.
    pub(crate) fn new(wire: &'a Wire, hosts: &'a Hosts, registry: &'a RegistryHost, keys: &'a AwsKeys) -> Option<Self> {
        Some(Self { wire, hosts, registry, place: registry.ecr()?, keys })
    }

    pub(super) fn registry(&self) -> &RegistryHost {
        self.registry
    }

    /// Whether a repository exists; `None` if these keys may not ask (IAM `ecr:DescribeRepositories`).
    pub async fn exists(&self, repository: &RepositoryName) -> Result<Option<bool>, Error> {
        let call = Call {
            name: "DescribeRepositories",
            action: format!("look-up of {repository}"),
            body: json!({"registryId": self.place.account, "repositoryNames": [repository]}),
        };
        match self.repeated(&call).await? {
            Ok(_) => Ok(Some(true)),
            Err(refusal) if refusal.kind == "RepositoryNotFoundException" => Ok(Some(false)),
            Err(refusal) if refusal.is_denied() => Ok(None),
            Err(refusal) => Err(self.refused(&call, &refusal)),
        }
    }

    /// Creates a repository and returns whether this call created it. One created in the meantime is just as good. If
    /// an answer is lost, the registry is asked whether it exists before anything is sent again.
    ///
    /// # Errors
    /// If the API refuses (IAM `ecr:CreateRepository`) or does not answer.
    pub async fn create(&self, repository: &RepositoryName) -> Result<bool, Error> {
        let call = Call {
            name: "CreateRepository",
            action: format!("creation of {repository}"),
            body: json!({"registryId": self.place.account, "repositoryName": repository}),
        };
        let (mut tries, mut lost) = (Tries::default(), false);
        loop {
            match self.once(&call).await {
                Ok(Ok(_)) => return Ok(true),
                Ok(Err(refusal)) if refusal.kind == "RepositoryAlreadyExistsException" => return Ok(lost),
                Ok(Err(refusal)) => return Err(self.refused(&call, &refusal)),
                Err(fault) => self.wait(&mut tries, fault, &call).await?,
            }
            lost = true;
            if matches!(self.exists(repository).await, Ok(Some(true))) {
                return Ok(true);
            }
        }
    }

    /// The password of the user `AWS`.
    pub(super) async fn password(&self) -> Result<Password, Error> {
        let asked = Instant::now();
        let action = "signing in with AWS_ACCESS_KEY_ID".to_owned();
        let call = Call { name: "GetAuthorizationToken", action, body: json!({}) };
        let answer = self.repeated(&call).await?.map_err(|refusal| self.refused(&call, &refusal))?;
        let token = answer["authorizationData"][0]["authorizationToken"].as_str().unwrap_or_default();
        let decoded = STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        match decoded.strip_prefix("AWS:").filter(|password| !password.is_empty()) {
            Some(password) => {
                self.wire.secrets.derive(&SecretString::from(token.to_owned()));
                Ok(Password { value: password.to_owned().into(), until: asked + LIFE })
            }
            None => Err(self.error(ErrorKind::Protocol(format!("{}: the response contains no password", call.action)))),
        }
    }

    /// Makes a call that is safe to repeat.
    async fn repeated(&self, call: &Call<'_>) -> Result<Result<Value, Refusal>, Error> {
        let mut tries = Tries::default();
        loop {
            match self.once(call).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => self.wait(&mut tries, fault, call).await?,
            }
        }
    }

    async fn wait(&self, tries: &mut Tries, fault: Fault, call: &Call<'_>) -> Result<(), Error> {
        let waited = tries.wait(fault, &self.wire.patience).await;
        waited.map_err(|kind| self.error(kind.about(&call.action)))
    }

    /// One try: the answer, or the API's refusal. A fault may be temporary.
    async fn once(&self, call: &Call<'_>) -> Result<Result<Value, Refusal>, Fault> {
        let url = self.url()?;
        let body = call.body.to_string();
        let now = Utc::now().format("%Y%m%dT%H%M%SZ").to_string();
        let mut headers = vec![
            ("content-type", CONTENT_TYPE.to_owned()),
            ("host", host_of(&url)),
            ("x-amz-date", now.clone()),
            ("x-amz-target", format!("{TARGET}.{}", call.name)),
        ];
        headers
            .extend(self.keys.session.as_ref().map(|token| ("x-amz-security-token", token.expose_secret().to_owned())));
        let scope = Scope { region: &self.place.region, service: "ecr" };
        let signable = Signable { method: "POST", path: url.path(), headers, body: body.as_bytes() };
        let signature = authorization(self.keys, &scope, &signable, &now);
        let mut request = self.wire.http.client().post(url.clone());
        for (name, value) in signable.headers.iter().filter(|(name, _)| *name != "host") {
            request = request.header(*name, sensitive(value)?);
        }
        let request = request.header("authorization", sensitive(&signature)?).body(body);
        let response = self.wire.send(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let read = wire::read(response, SMALL_LIMIT, &self.wire.patience).await?;
        if status.is_success() {
            let unusable = || Fault::protocol(format!("{}: the response is not JSON", call.action));
            return serde_json::from_slice(&read).map(Ok).map_err(|_| unusable());
        }
        let refusal = refusal(status.as_u16(), &read);
        let said = || format!("{} {}", refusal.status, refusal.text());
        if status.is_server_error() {
            return Err(Fault::server_error(said(), &headers));
        }
        if refusal.kind.contains("Throttl") || status.as_u16() == 429 {
            return Err(Fault::rate_limited(said(), &headers));
        }
        Ok(Err(refusal))
    }

    /// The address of the API: where `WHARFINGER_HOSTS` sends its host, else the usual one.
    fn url(&self) -> Result<Url, Fault> {
        let sent = self.hosts.get(&self.place.api).cloned();
        match sent {
            Some(url) => Ok(url),
            None => Url::parse(&format!("https://{}/", self.place.api))
                .map_err(|e| Fault::protocol(format!("invalid URL for {}: {e}", self.place.api))),
        }
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error { registry: self.registry.to_string(), kind: self.wire.secrets.redact(kind) }
    }

    fn refused(&self, call: &Call<'_>, refusal: &Refusal) -> Error {
        let (kind, id) = (refusal.kind.as_str(), &self.keys.id);
        let advice = if refusal.is_denied() {
            format!("; the keys {id} need ecr:{} in IAM", call.name)
        } else if refusal.message.contains("expired") || kind.contains("Expired") || kind.contains("InvalidSignature") {
            format!(
                "; the keys {id} have expired, the secret does not belong to them, or this machine's clock is wrong"
            )
        } else if kind.contains("UnrecognizedClient") || kind.contains("InvalidClientTokenId") {
            format!("; AWS does not know the keys {id}, or they need AWS_SESSION_TOKEN")
        } else {
            return self.error(ErrorKind::Protocol(format!("{}: {} {}", call.action, refusal.status, refusal.text())));
        };
        self.error(ErrorKind::Refused { action: call.action.clone(), detail: format!("{}{advice}", refusal.text()) })
    }
}

impl Refusal {
    fn is_denied(&self) -> bool {
        self.kind.contains("AccessDenied")
    }

    fn text(&self) -> String {
        format!("{}: {}", self.kind, self.message).trim_end_matches([':', ' ']).to_owned()
    }
}

/// `{"__type": "com.amazonaws.ecr#AccessDeniedException", "message": ...}`, in several spellings.
fn refusal(status: u16, body: &[u8]) -> Refusal {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |names: &[&str]| names.iter().find_map(|name| body[*name].as_str()).unwrap_or_default();
    let kind = text(&["__type", "code"]);
    let kind = kind.rsplit('#').next().unwrap_or(kind);
    Refusal { kind: excerpt(kind, 80), message: excerpt(text(&["message", "Message"]), 300), status }
}

/// The host as it appears in the request.
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// A header value that debug output does not show.
fn sensitive(text: &str) -> Result<reqwest::header::HeaderValue, Fault> {
    let mut value = reqwest::header::HeaderValue::from_str(text)
        .map_err(|_| Fault::protocol("AWS keys with characters that are not allowed in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}
