//! Requests to a registry: authorization, redirects, another try.

use std::sync::atomic::Ordering;
use std::time::SystemTime;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::Client;
use super::endpoint::{Endpoint, same_origin};
use super::grant;
use super::wire::{self, Cure, Fault, Said, Tries};
use crate::image::RegistryHost;
use crate::net::retry::retry_after;
use crate::registry::auth::challenge::{self, Challenge};
use crate::registry::auth::token::{Service, sensitive};
use crate::registry::auth::{Identity, Scheme, Scopes};
use crate::registry::credentials::{Credential, Found, Place, basic};
use crate::registry::{Error, ErrorKind};
use crate::text::excerpt;

/// The most redirects that one GET or HEAD follows.
const REDIRECTS: usize = 5;

/// A request whose body, if it has one, is at hand: it can be sent again.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    pub(crate) scopes: Scopes,
    /// What is being done, for messages: `pull of library/redis`.
    pub(crate) action: String,
    /// Read the body, at most so many bytes; `None` hands the answer out to be streamed. Without meaning for HEAD.
    pub(crate) limit: Option<usize>,
}

/// An answer that is neither a refusal nor a passing fault. What is absent (404) or not to the registry's taste (400) is
/// for the caller to judge.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Where it came from, behind redirects.
    pub(crate) url: Url,
    pub(crate) body: Bytes,
    /// What an error says.
    pub(crate) said: Said,
    /// The answer itself, where it is to be streamed.
    pub(crate) stream: Option<Response>,
}

/// The authorization of one request, and the token in it.
pub(crate) struct Authorization {
    pub(crate) header: Option<HeaderValue>,
    token: Option<SecretString>,
}

impl Authorization {
    /// The token, where there is one of the token service.
    pub(crate) const fn token(&self) -> Option<&SecretString> {
        self.token.as_ref()
    }
}

enum Outcome {
    Answer(Box<Answer>),
    /// 401 or 403, with the challenge if it was the registry's own.
    Refused {
        said: Said,
        challenge: Option<Challenge>,
        unauthorized: bool,
        /// The scopes that the token used does not have, as far as it says.
        lacks: Option<String>,
    },
}

impl Client {
    /// Makes a call: tried again where that is of use, with a new token once where the old one is refused, anonymously
    /// where only the job's own token was known and is refused.
    pub(crate) async fn call(&self, endpoint: &Endpoint, identity: Identity, call: &Call) -> Result<Answer, Error> {
        let identity = self.identity(endpoint, identity, call);
        let answer = match self.call_as(endpoint, identity, call).await {
            Err(kind) if self.may_demote(endpoint, identity, call, &kind).await => {
                tracing::debug!(registry = %endpoint.registry, "the job's token is refused; asking anonymously");
                match self.call_as(endpoint, Identity::Anonymous, call).await {
                    Err(ErrorKind::Refused { .. }) => Err(kind.and("nobody is let in either")),
                    Ok(answer) => {
                        endpoint.auth.demote(&call.scopes);
                        Ok(answer)
                    }
                    Err(other) => Err(other),
                }
            }
            other => other,
        };
        answer.map_err(|kind| endpoint.error(kind))
    }

    fn identity(&self, endpoint: &Endpoint, identity: Identity, call: &Call) -> Identity {
        if endpoint.auth.is_demoted(&call.scopes) { Identity::Anonymous } else { identity }
    }

    async fn may_demote(&self, endpoint: &Endpoint, identity: Identity, call: &Call, kind: &ErrorKind) -> bool {
        matches!(kind, ErrorKind::Refused { .. })
            && identity == Identity::Own
            && matches!(call.method, Method::GET | Method::HEAD)
            && matches!(self.credentials().get(&endpoint.registry).await, Ok(Some(Credential::Job(_))))
    }

    async fn call_as(&self, endpoint: &Endpoint, identity: Identity, call: &Call) -> Result<Answer, ErrorKind> {
        let mut tries = Tries::default();
        let mut renewed = false;
        loop {
            let fault = match self.attempt(endpoint, identity, call).await {
                Ok(Outcome::Answer(answer)) => return Ok(*answer),
                Ok(Outcome::Refused { challenge, unauthorized: true, .. }) if !renewed && challenge.is_some() => {
                    renewed = true;
                    continue;
                }
                Ok(Outcome::Refused { said, lacks, .. }) => {
                    let detail = self.explained(endpoint, identity, said.text, lacks).await;
                    return Err(ErrorKind::Refused { action: call.action.clone(), detail });
                }
                Err(fault) => fault,
            };
            tracing::debug!(registry = %endpoint.registry, action = %call.action, error = %fault.kind, "trying again");
            let shared = matches!(fault.cure, Cure::After(_));
            let pause = tries.again(fault, self.patience()).map_err(|kind| kind.about(&call.action))?;
            if shared {
                endpoint.gate.close(pause);
            } else {
                tokio::time::sleep(pause).await;
            }
        }
    }

    async fn attempt(&self, endpoint: &Endpoint, identity: Identity, call: &Call) -> Result<Outcome, Fault> {
        let (authorization, place) = loop {
            let unknown = endpoint.auth.scheme() == Scheme::Unknown;
            let authorization = self.authorize(endpoint, identity, &call.scopes).await.map_err(Fault::fatal)?;
            let place = endpoint.gate.enter().await;
            // Who waited for a place while another learned how the registry is told who asks need not be refused too: at
            // most as many are as had a place at once.
            if !unknown || matches!(endpoint.auth.scheme(), Scheme::Unknown | Scheme::Open) {
                break (authorization, place);
            }
        };
        let sent = self.follow(endpoint, call, &authorization).await;
        // Blobs come from elsewhere, and what is written is work: their time tells nothing of how busy the host is.
        let quick = call.limit.is_some() && matches!(call.method, Method::GET | Method::HEAD);
        match &sent {
            Ok((response, _)) if !is_too_much(response.status()) => place.answered(quick),
            Err(fault) if fault.cure != Cure::AgainOnce => {}
            _ => place.too_much(),
        }
        let (response, url) = sent?;
        let outcome = self.judge(endpoint, &authorization, call, response, url).await?;
        drop(place);
        if endpoint.auth.scheme() == Scheme::Unknown {
            endpoint.auth.learn(Scheme::Open);
        }
        Ok(outcome)
    }

    /// The authorization for a request with these scopes; a token is fetched if none is at hand.
    pub(crate) async fn authorize(
        &self,
        endpoint: &Endpoint,
        identity: Identity,
        scopes: &Scopes,
    ) -> Result<Authorization, ErrorKind> {
        let nothing = Authorization { header: None, token: None };
        let scheme = endpoint.auth.scheme();
        if matches!(scheme, Scheme::Unknown | Scheme::Open) {
            return Ok(nothing);
        }
        let credential = match identity {
            Identity::Own => self.credential(endpoint).await?,
            Identity::Anonymous => None,
        };
        match (scheme, credential) {
            (_, Some(Found { credential: Credential::Bearer(token), .. })) => {
                Ok(Authorization { header: Some(sensitive("Bearer", token.expose_secret())), token: None })
            }
            (Scheme::Basic, Some(Found { credential: Credential::Password { username, password }, .. })) => {
                Ok(Authorization { header: Some(sensitive("Basic", &basic(&username, &password))), token: None })
            }
            (Scheme::Bearer { realm, service }, credential) => {
                let service = Service { client: self, realm, service, credential };
                let token = endpoint.auth.token(identity, scopes, &service).await?;
                Ok(Authorization { header: Some(sensitive("Bearer", token.expose_secret())), token: Some(token) })
            }
            _ => Ok(nothing),
        }
    }

    async fn credential(&self, endpoint: &Endpoint) -> Result<Option<Found>, ErrorKind> {
        let found = self.found(&endpoint.registry).await?;
        let credential = found.as_ref().map(|found| &found.credential);
        if let Some(Credential::Password { password: secret, .. } | Credential::Identity(secret)) = credential {
            self.derived(secret);
        }
        Ok(found)
    }

    /// The credential for a registry and where it came from: what is known, else what Amazon ECR gives for keys of AWS.
    pub(crate) async fn found(&self, registry: &RegistryHost) -> Result<Option<Found>, ErrorKind> {
        let found = self.credentials().find(registry).await.map_err(|e| ErrorKind::Refused {
            action: "the look-up of a credential".to_owned(),
            detail: e.to_string(),
        })?;
        match found {
            None => crate::registry::aws::credential(self, registry).await.map_err(|error| error.kind),
            known => Ok(known),
        }
    }

    /// What a registry said of a refusal, with as whom it was asked and which scope that lacked: where to mend it.
    pub(crate) async fn explained(
        &self,
        endpoint: &Endpoint,
        identity: Identity,
        said: String,
        lacks: Option<String>,
    ) -> String {
        let who = match identity {
            Identity::Anonymous => "nobody".to_owned(),
            Identity::Own => match self.credentials().find(&endpoint.registry).await {
                Ok(Some(found)) => found.to_string(),
                Ok(None) if self.credentials().has_keys_for(&endpoint.registry) => format!("AWS (from {})", Place::Aws),
                Ok(None) | Err(_) => format!("nobody, for no credential for {} was given", endpoint.registry),
            },
        };
        let lacks = lacks.map(|scopes| format!(": the token lacks {scopes}")).unwrap_or_default();
        format!("{said}; asked as {who}{lacks}")
    }

    /// Sends the request and follows redirects of GET and HEAD, with the authorization on the registry's own origin only.
    async fn follow(
        &self,
        endpoint: &Endpoint,
        call: &Call,
        authorization: &Authorization,
    ) -> Result<(Response, Url), Fault> {
        let mut url = call.url.clone();
        for _ in 0..=REDIRECTS {
            let mut request = self.http().client().request(call.method.clone(), url.clone());
            for (name, value) in &call.headers {
                request = request.header(*name, value);
            }
            if let Some(header) = authorization.header.as_ref().filter(|_| endpoint.owns(&url)) {
                request = request.header(AUTHORIZATION, header.clone());
            }
            if !matches!(call.method, Method::GET | Method::HEAD) {
                request = request.body(call.body.clone());
            }
            let response = wire::send(self.http(), request, self.patience()).await?;
            match redirect(&response, &url, &call.method)? {
                Some(next) => url = next,
                None => return Ok((response, url)),
            }
        }
        Err(Fault::protocol(format!("more than {REDIRECTS} redirects")))
    }

    async fn judge(
        &self,
        endpoint: &Endpoint,
        authorization: &Authorization,
        call: &Call,
        response: Response,
        url: Url,
    ) -> Result<Outcome, Fault> {
        let (status, headers) = (response.status(), response.headers().clone());
        endpoint.warn(&headers);
        if status.is_success() {
            let (body, stream) = match call.limit {
                // An answer to HEAD has the length of a body that does not come; over HTTP/2 it is taken for one.
                _ if call.method == Method::HEAD => (Bytes::new(), None),
                Some(limit) => (wire::read(response, limit, self.patience()).await?, None),
                None => (Bytes::new(), Some(response)),
            };
            let answer = Answer { status, headers, url, body, said: Said::default(), stream };
            return Ok(Outcome::Answer(Box::new(answer)));
        }
        let body = wire::read_error(response, self.patience()).await;
        let said = Said::read(status, &headers, &body);
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            let unauthorized = status == StatusCode::UNAUTHORIZED;
            let challenge = if unauthorized && endpoint.owns(&url) {
                self.challenged(endpoint, authorization, &call.scopes, &headers).map_err(Fault::fatal)?
            } else {
                None
            };
            let lacks = authorization.token().and_then(|token| grant::lacking(token, &call.scopes));
            return Ok(Outcome::Refused { said, challenge, unauthorized, lacks });
        }
        match passing(status, &headers, &said) {
            Some(fault) => Err(fault),
            None => Ok(Outcome::Answer(Box::new(Answer { status, headers, url, body, said, stream: None }))),
        }
    }

    /// Learns from a 401 of the registry: how it is told who asks, and that the token used is of no more use.
    pub(crate) fn challenged(
        &self,
        endpoint: &Endpoint,
        authorization: &Authorization,
        scopes: &Scopes,
        headers: &HeaderMap,
    ) -> Result<Option<Challenge>, ErrorKind> {
        let Some(challenge) = challenge::read(headers) else { return Ok(None) };
        if let Some(token) = &authorization.token {
            endpoint.auth.forget(token);
        }
        let scheme = match &challenge {
            Challenge::Basic => Scheme::Basic,
            Challenge::Bearer { realm, service, scope } => {
                // Where a registry names its repositories otherwise than its paths do, its own word is what counts.
                let challenged = Scopes::parse(scope.as_deref().filter(|s| s.len() <= 1024).unwrap_or_default());
                if !scopes.cover(&challenged) {
                    endpoint.auth.bundle(&scopes.clone().and(&challenged));
                }
                Scheme::Bearer { realm: endpoint.realm(realm).map_err(ErrorKind::Forbidden)?, service: service.clone() }
            }
        };
        endpoint.auth.learn(scheme);
        Ok(Some(challenge))
    }
}

/// Where a redirect of a GET or HEAD leads; `None` where the answer is none.
fn redirect(response: &Response, from: &Url, method: &Method) -> Result<Option<Url>, Fault> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Fault::protocol("a redirect of a request that writes, which is not followed"));
    }
    let location = response.headers().get(LOCATION).and_then(|l| l.to_str().ok());
    let mut to = location
        .and_then(|l| from.join(l).ok())
        .filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
        .ok_or_else(|| Fault::protocol("a redirect without a usable Location"))?;
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(Fault::protocol(format!("a redirect from https to http://{}", to.host_str().unwrap_or_default())));
    }
    // registry.k8s.io leaves the paging parameters behind.
    if to.query().is_none() && from.path().ends_with("/tags/list") && !same_origin(from, &to) {
        to.set_query(from.query());
    }
    Ok(Some(to))
}

/// Whether the host says that it has too much to do.
pub(crate) fn is_too_much(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}

/// Faults that may pass: a rate limit, or a server error.
pub(crate) fn passing(status: StatusCode, headers: &HeaderMap, said: &Said) -> Option<Fault> {
    let wait = retry_after(headers, SystemTime::now());
    match status {
        StatusCode::TOO_MANY_REQUESTS => {
            Some(Fault { kind: ErrorKind::RateLimited(said.text.clone()), cure: Cure::After(wait) })
        }
        StatusCode::REQUEST_TIMEOUT => Some(Fault { kind: ErrorKind::Server(said.text.clone()), cure: Cure::Again }),
        // What is not implemented or not supported stays so.
        StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED => None,
        _ if status.is_server_error() => Some(Fault {
            kind: ErrorKind::Server(said.text.clone()),
            cure: if wait.is_some() { Cure::After(wait) } else { Cure::Again },
        }),
        _ => None,
    }
}

impl Endpoint {
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error { registry: self.registry.to_string(), kind: self.secrets.redact(kind) }
    }

    pub(crate) fn protocol(&self, text: impl Into<String>) -> Error {
        self.error(ErrorKind::Protocol(text.into()))
    }

    /// Passes on what the registry wants said (`Warning: 299 - "..."`), once a run each.
    pub(crate) fn warn(&self, headers: &HeaderMap) {
        for value in headers.get_all("warning").iter().filter_map(|v| v.to_str().ok()).take(16) {
            let Some(said) = value.strip_prefix("299 - ") else { continue };
            let said = excerpt(said.trim_matches('"'), 500);
            let mut warned = self.warned.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if warned.len() < 64 && warned.insert(said.clone()) {
                tracing::warn!(registry = %self.registry, "{said}");
            }
        }
    }

    /// Whether the referrers API is known to be missing.
    pub(crate) fn lacks_referrers(&self) -> bool {
        self.no_referrers.load(Ordering::Relaxed)
    }
}
