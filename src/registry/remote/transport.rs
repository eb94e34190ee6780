//! Requests to a registry: authorization, redirects, retries.

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, LOCATION};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use super::authorize::Authorization;
use super::call::{Answer, Call};
use super::client::Client;
use super::endpoint::Endpoint;
use super::gate::Admission;
use super::realm::same_origin;
use crate::registry::auth::{Challenge, Identity, Scheme};
use crate::registry::credentials::Credential;
use crate::registry::error::{Error, ErrorKind};
use crate::registry::wire::{self, Cure, ErrorBody, Fault, Tries};

/// The most redirects that one GET or HEAD follows.
const REDIRECTS: usize = 5;

pub(super) enum Outcome {
    Answer(Box<Answer>),
    /// The registry's own 401 or 403.
    Refused {
        error: ErrorBody,
        /// Only with a 401.
        challenge: Option<Challenge>,
    },
}

impl Client {
    /// Makes a call: retried where that is useful, with a new token once if the old one is refused, anonymously if only
    /// the job's own token was known and is refused.
    pub(crate) async fn call(&self, endpoint: &Endpoint, identity: Identity, call: &Call) -> Result<Answer, Error> {
        let identity = self.identity(endpoint, identity, call);
        let answer = match self.call_as(endpoint, identity, call).await {
            Err(kind) if self.may_demote(endpoint, identity, call, &kind).await => {
                tracing::debug!(registry = %endpoint.registry, "the job's token was refused; trying without credentials");
                match self.call_as(endpoint, Identity::Anonymous, call).await {
                    Err(other) if other.is_refusal() => Err(kind.and("anonymous access was refused too")),
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
        kind.is_refusal()
            && identity == Identity::Own
            && call.reads()
            && matches!(self.options().credentials.get(&endpoint.registry).await, Ok(Some(Credential::Job(_))))
    }

    async fn call_as(&self, endpoint: &Endpoint, identity: Identity, call: &Call) -> Result<Answer, ErrorKind> {
        let mut tries = Tries::default();
        loop {
            match self.call_once(endpoint, identity, call).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => self.wait(endpoint, &mut tries, fault, call).await?,
            }
        }
    }

    /// Waits before another try of a call; the error if there is no other try.
    pub(super) async fn wait(
        &self,
        endpoint: &Endpoint,
        tries: &mut Tries,
        fault: Fault,
        call: &Call,
    ) -> Result<(), ErrorKind> {
        tracing::debug!(registry = %endpoint.registry, action = %call.action, error = %fault.kind, "trying again");
        endpoint.wait(tries, fault, &self.wire.patience).await.map_err(|kind| kind.about(&call.action))
    }

    /// Makes a call once, with a new token if the old one is refused, and with the credential if it was not sent and
    /// the answer may hide something. A fault may be fixed by another try; a refusal is not.
    pub(super) async fn call_once(
        &self,
        endpoint: &Endpoint,
        identity: Identity,
        call: &Call,
    ) -> Result<Answer, Fault> {
        let mut renewed = false;
        loop {
            let (mut authorization, mut outcome) = self.attempt(endpoint, identity, call).await?;
            let untried = self.untried(endpoint, call, &authorization, &outcome).await.map_err(Fault::fatal)?;
            if let Some(scheme) = untried {
                (authorization, outcome) = self.retried(endpoint, identity, call, scheme).await?;
            }
            match outcome {
                Outcome::Answer(answer) => return Ok(*answer),
                Outcome::Refused { challenge: Some(_), .. } if !renewed => renewed = true,
                Outcome::Refused { error, .. } => {
                    let detail = self.explain_refusal(endpoint, &authorization, &call.scopes, error.text).await;
                    return Err(Fault::fatal(ErrorKind::Refused { action: call.action.clone(), detail }));
                }
            }
        }
    }

    async fn attempt(
        &self,
        endpoint: &Endpoint,
        identity: Identity,
        call: &Call,
    ) -> Result<(Authorization, Outcome), Fault> {
        let scheme = || endpoint.auth.scheme(call.repository.as_ref());
        let (authorization, place) = loop {
            let unknown = scheme() == Scheme::Unknown;
            let authorization = self.authorization(endpoint, identity, call).await?;
            let place = endpoint.gate.enter().await;
            // Tasks that waited while another learned how the registry authenticates need not be refused too: at most
            // as many are as had a place at once.
            if !unknown || matches!(scheme(), Scheme::Unknown | Scheme::Open) {
                break (authorization, place);
            }
        };
        let outcome = self.ask_at(endpoint, call, &authorization, place).await?;
        endpoint.auth.open();
        if let (Outcome::Answer(answer), Some(name)) = (&outcome, &call.repository)
            && !authorization.is_sent()
            && call.shows(answer)
        {
            endpoint.auth.publish(name);
        }
        Ok((authorization, outcome))
    }

    /// The authorization of a call. If the token service known from other repositories refuses this one, the registry
    /// is asked, once, whether it names another service for it.
    async fn authorization(
        &self,
        endpoint: &Endpoint,
        identity: Identity,
        call: &Call,
    ) -> Result<Authorization, Fault> {
        let authorize = || self.authorize(endpoint, identity, call.repository.as_ref(), &call.scopes);
        match (authorize().await, &call.repository) {
            (Err(kind), Some(name)) if kind.is_refusal() && call.reads() && endpoint.auth.is_assumed(name) => {
                let assumed = endpoint.auth.scheme(Some(name));
                let outcome = self.ask(endpoint, call, &Authorization::none()).await?;
                if matches!(&outcome, Outcome::Answer(answer) if call.shows(answer)) {
                    // It is public.
                    endpoint.auth.publish(name);
                    endpoint.auth.keep(Some(name), Scheme::Open);
                } else if endpoint.auth.scheme(Some(name)) == assumed {
                    endpoint.auth.keep(Some(name), assumed);
                    return Err(Fault::fatal(kind));
                }
                authorize().await.map_err(Fault::fatal)
            }
            (authorization, _) => authorization.map_err(Fault::fatal),
        }
    }

    /// Sends a request and reads the answer.
    pub(super) async fn ask(
        &self,
        endpoint: &Endpoint,
        call: &Call,
        authorization: &Authorization,
    ) -> Result<Outcome, Fault> {
        let place = endpoint.gate.enter().await;
        self.ask_at(endpoint, call, authorization, place).await
    }

    async fn ask_at(
        &self,
        endpoint: &Endpoint,
        call: &Call,
        authorization: &Authorization,
        place: Admission<'_>,
    ) -> Result<Outcome, Fault> {
        let sent = self.follow(endpoint, call, authorization).await;
        // Blobs come from elsewhere, and writes take real work: their time says nothing about how busy the host is.
        let quick = call.limit.is_some() && call.reads();
        match &sent {
            Ok((response, _)) if !is_too_much(response.status()) => place.answered(quick),
            Err(fault) if fault.cure != Cure::AgainOnce => {}
            _ => place.too_much(),
        }
        let (response, url) = sent?;
        self.judge(endpoint, authorization, call, response, url).await
    }

    /// Sends the request and follows redirects of GET and HEAD, sending the authorization to the registry's own origin
    /// only.
    async fn follow(
        &self,
        endpoint: &Endpoint,
        call: &Call,
        authorization: &Authorization,
    ) -> Result<(Response, Url), Fault> {
        let mut url = call.url.clone();
        for _ in 0..=REDIRECTS {
            let mut request = self.wire.http.client().request(call.method.clone(), url.clone());
            for (name, value) in &call.headers {
                request = request.header(*name, value);
            }
            if let Some(header) = authorization.header.as_ref().filter(|_| endpoint.owns(&url)) {
                request = request.header(AUTHORIZATION, header.clone());
            }
            if !call.reads() {
                request = request.body(call.body.clone());
            }
            let response = self.wire.send(request).await?;
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
                // A HEAD response states the length of a body that does not come; over HTTP/2 it is taken for one.
                _ if call.method == Method::HEAD => (Bytes::new(), None),
                Some(limit) => (wire::read(response, limit, &self.wire.patience).await?, None),
                None => (Bytes::new(), Some(response)),
            };
            let answer = Answer { status, headers, url, body, error: ErrorBody::default(), stream };
            return Ok(Outcome::Answer(Box::new(answer)));
        }
        let body = wire::read_error(response, &self.wire.patience).await;
        let mut error = ErrorBody::read(status, &headers, &body);
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            if endpoint.owns(&url) {
                let challenge = if status == StatusCode::UNAUTHORIZED {
                    let of = call.repository.as_ref();
                    self.learn_challenge(endpoint, authorization, of, &call.scopes, &headers).map_err(Fault::fatal)?
                } else {
                    None
                };
                return Ok(Outcome::Refused { error, challenge });
            }
            let origin = url.origin().ascii_serialization();
            error
                .text
                .push_str(&format!(" by {origin}, to which the registry redirects; no credentials are sent there"));
        }
        match passing(status, &headers, &error) {
            Some(fault) => Err(fault),
            None => Ok(Outcome::Answer(Box::new(Answer { status, headers, url, body, error, stream: None }))),
        }
    }
}

/// Where a redirect of a GET or HEAD leads; `None` if the response is not a redirect.
fn redirect(response: &Response, from: &Url, method: &Method) -> Result<Option<Url>, Fault> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Fault::protocol("a redirect of a write request, which is not followed"));
    }
    let location = response.headers().get(LOCATION).and_then(|l| l.to_str().ok());
    let mut to = location
        .and_then(|l| from.join(l).ok())
        .filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
        .ok_or_else(|| Fault::protocol("a redirect without a usable Location"))?;
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(Fault::protocol(format!("a redirect from https to http://{}", to.host_str().unwrap_or_default())));
    }
    // registry.k8s.io drops the paging parameters.
    if to.query().is_none() && from.path().ends_with("/tags/list") && !same_origin(from, &to) {
        to.set_query(from.query());
    }
    Ok(Some(to))
}

/// Whether the host says that it is overloaded.
pub(crate) fn is_too_much(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}

/// Faults that may be temporary: a rate limit, or a server error.
pub(super) fn passing(status: StatusCode, headers: &HeaderMap, error: &ErrorBody) -> Option<Fault> {
    match status {
        StatusCode::TOO_MANY_REQUESTS => Some(Fault::rate_limited(error.text.clone(), headers)),
        StatusCode::REQUEST_TIMEOUT => Some(Fault { kind: ErrorKind::Server(error.text.clone()), cure: Cure::Again }),
        // What is not implemented or supported stays that way.
        StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED => None,
        _ if status.is_server_error() => Some(Fault::server_error(error.text.clone(), headers)),
        _ => None,
    }
}
