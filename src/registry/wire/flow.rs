//! One request and its answer, watched: what hangs, trickles or has no end counts as broken.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use tokio::time::Instant;

use crate::net::retry::{self, Decision};
use crate::net::{Http, NetError, causes};
use crate::registry::ErrorKind;
use crate::text::excerpt;

/// How long a registry is waited for. The defaults are what the program runs with.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Without an answer or a byte for so long, a request is broken.
    pub idle: Duration,
    /// Under so many bytes a second over `idle`, it is broken too.
    pub floor: u64,
    /// How long the answer to a finished upload may take; a second more for every 64 MiB of it.
    pub answer: Duration,
    /// When a request is tried again.
    pub retry: retry::Policy,
    /// How often one that hung is tried at most.
    pub stalls: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(10),
            floor: 8 * 1024,
            answer: Duration::from_secs(20),
            retry: retry::Policy {
                tries: 4,
                first: Duration::from_millis(250),
                factor: 2,
                jitter: true,
                longest: Duration::from_secs(20),
            },
            stalls: 2,
        }
    }
}

impl Patience {
    /// The bytes that must come within `idle`.
    pub(crate) fn least(&self) -> u64 {
        self.floor * self.idle.as_millis() as u64 / 1000
    }
}

/// The most bytes of an error or of a token service's answer that are read.
pub(crate) const SMALL_LIMIT: usize = 64 * 1024;

/// What went wrong with one try.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    pub(crate) cure: Cure,
}

/// Whether another try may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cure {
    /// No.
    None,
    /// After the usual pause.
    Again,
    /// After the usual pause, but not often: it hung.
    AgainOnce,
    /// After the pause that the registry asked for; `None` where it named none.
    After(Option<Duration>),
}

impl Fault {
    pub(crate) fn fatal(kind: ErrorKind) -> Self {
        Self { kind, cure: Cure::None }
    }

    pub(crate) fn protocol(text: impl Into<String>) -> Self {
        Self::fatal(ErrorKind::Protocol(text.into()))
    }

    pub(crate) fn broken(error: &reqwest::Error) -> Self {
        let cure = match error.is_timeout() {
            true => Cure::AgainOnce,
            false if causes::remedy(error).is_some() => Cure::None,
            false => Cure::Again,
        };
        Self { kind: ErrorKind::Unreachable(causes::causes(error)), cure }
    }

    pub(crate) fn stalled(what: &str) -> Self {
        Self { kind: ErrorKind::Unreachable(what.to_owned()), cure: Cure::AgainOnce }
    }
}

impl From<NetError> for Fault {
    fn from(error: NetError) -> Self {
        Self::fatal(match error {
            NetError::NotPublic(_) => ErrorKind::Forbidden(error.to_string()),
            _ => ErrorKind::Unreachable(error.to_string()),
        })
    }
}

/// Sends one request and waits for the head of its answer.
pub(crate) async fn send(http: &Http, request: RequestBuilder, patience: &Patience) -> Result<Response, Fault> {
    let (client, request) = request.build_split();
    let request = request.map_err(|e| Fault::fatal(ErrorKind::Protocol(causes::causes(&e))))?;
    http.admit(request.url())?;
    match tokio::time::timeout(patience.idle, client.execute(request)).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(e)) => Err(if refused_address(&e) {
            Fault::fatal(ErrorKind::Forbidden(causes::causes(&e)))
        } else {
            Fault::broken(&e)
        }),
        Err(_) => Err(Fault::stalled(&format!("nothing within {} s", seconds(patience.idle)))),
    }
}

/// The resolver refused what the name resolves to; trying again asks the same.
fn refused_address(error: &reqwest::Error) -> bool {
    causes::causes(error).contains("is not a public address")
}

/// A body as it comes in, with what it has come to lately.
#[derive(Default)]
pub(crate) struct Flow {
    waited: Duration,
    received: u64,
}

impl Flow {
    /// The next bytes; `None` at the end. Only time spent waiting for the sender counts, not what the reader took.
    pub(crate) async fn next(&mut self, response: &mut Response, patience: &Patience) -> Result<Option<Bytes>, Fault> {
        let asked = Instant::now();
        let chunk = match tokio::time::timeout(patience.idle, response.chunk()).await {
            Ok(chunk) => chunk.map_err(|e| Fault::broken(&e))?,
            Err(_) => return Err(Fault::stalled(&format!("no byte for {} s", seconds(patience.idle)))),
        };
        self.waited += asked.elapsed();
        self.received += chunk.as_ref().map_or(0, |c| c.len() as u64);
        if self.waited >= patience.idle {
            if self.received < patience.least() && chunk.is_some() {
                return Err(Fault::stalled(&format!("under {} bytes a second", patience.floor)));
            }
            *self = Self::default();
        }
        Ok(chunk)
    }
}

/// The whole body, at most `limit` bytes.
pub(crate) async fn read(mut response: Response, limit: usize, patience: &Patience) -> Result<Bytes, Fault> {
    let over = || Fault::protocol(format!("an answer of more than {limit} bytes, the limit"));
    if response.content_length().is_some_and(|n| n > limit as u64) {
        return Err(over());
    }
    let mut flow = Flow::default();
    let mut body = BytesMut::new();
    while let Some(chunk) = flow.next(&mut response, patience).await? {
        if body.len() + chunk.len() > limit {
            return Err(over());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// As much of an error's body as is read, for its message; a body that breaks is as good as none.
pub(crate) async fn read_error(mut response: Response, patience: &Patience) -> Bytes {
    let mut flow = Flow::default();
    let mut body = BytesMut::new();
    while body.len() < SMALL_LIMIT {
        match flow.next(&mut response, patience).await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    body.freeze()
}

/// What an error's body says (OCI distribution specification, "Error Codes").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// The codes, such as `NAME_UNKNOWN`.
    pub(crate) codes: Vec<String>,
    /// For people: status, codes and messages.
    pub(crate) text: String,
}

impl Said {
    pub(crate) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Errors {
            errors: Vec<One>,
        }
        #[derive(Deserialize)]
        struct One {
            #[serde(default)]
            code: String,
            #[serde(default)]
            message: Option<String>,
        }
        if let Ok(found) = serde_json::from_slice::<Errors>(body) {
            let parts: Vec<String> = found
                .errors
                .iter()
                .take(3)
                .map(|e| match &e.message {
                    Some(message) => format!("{}: {}", excerpt(&e.code, 60), excerpt(message, 200)),
                    None => excerpt(&e.code, 60),
                })
                .collect();
            let codes = found.errors.into_iter().take(10).map(|e| e.code).collect();
            return Self { codes, text: format!("{} {}", status.as_u16(), parts.join("; ")).trim().to_owned() };
        }
        let html = headers.get("content-type").is_some_and(|t| t.to_str().is_ok_and(|t| t.contains("html")));
        let body = if html { String::new() } else { excerpt(&String::from_utf8_lossy(body), 200) };
        let what = if body.is_empty() { status.canonical_reason().unwrap_or_default().to_owned() } else { body };
        Self { codes: Vec::new(), text: format!("{} {what}", status.as_u16()).trim().to_owned() }
    }

    pub(crate) fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|c| c == code)
    }
}

/// Seconds for people.
pub(crate) fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        duration.as_secs().to_string()
    } else {
        format!("{:.1}", duration.as_secs_f64())
    }
}

/// Counts tries and decides about another.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    made: u32,
    stalls: u32,
}

impl Tries {
    /// The pause before the next try, or the error where there is none to be made.
    pub(crate) fn again(&mut self, fault: Fault, patience: &Patience) -> Result<Duration, ErrorKind> {
        self.made += 1;
        self.stalls += u32::from(fault.cure == Cure::AgainOnce);
        let asked = match fault.cure {
            Cure::None => return Err(fault.kind),
            Cure::After(wait) => wait,
            Cure::Again | Cure::AgainOnce => None,
        };
        match patience.retry.decide(self.made, asked) {
            Decision::TooLong(wait) => {
                let until = (chrono::Utc::now() + wait).format("%Y-%m-%dT%H:%M:%SZ");
                Err(ErrorKind::RateLimited(format!(
                    "{fault}; it asks to wait until {until}: run again then",
                    fault = inner(&fault.kind)
                )))
            }
            Decision::Again(pause) if self.stalls < patience.stalls => Ok(pause),
            Decision::Again(_) | Decision::UsedUp => Err(self.given_up(fault.kind)),
        }
    }

    /// How often it was tried, and what a person can do now.
    fn given_up(&self, kind: ErrorKind) -> ErrorKind {
        let times = if self.made == 1 { "once".to_owned() } else { format!("{} times", self.made) };
        match kind {
            ErrorKind::Server(text) => {
                ErrorKind::Server(format!("{text}, {times}; run again when the registry has recovered"))
            }
            ErrorKind::RateLimited(text) => ErrorKind::RateLimited(format!(
                "{text}, {times}; run again later, or with a credential that may ask more often"
            )),
            ErrorKind::Unreachable(text) => ErrorKind::Unreachable(format!(
                "{text}, {times}; run again, or look what keeps the registry from answering here"
            )),
            other => other,
        }
    }
}

fn inner(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::RateLimited(text) | ErrorKind::Server(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn what_errors_say_is_read_and_cleaned() {
        let headers = HeaderMap::new();
        let body = br#"{"errors":[{"code":"DENIED","message":"no\n::error::x"},{"code":"UNSUPPORTED","detail":{}}]}"#;
        let said = Said::read(StatusCode::FORBIDDEN, &headers, body);
        assert_eq!(said.text, "403 DENIED: no ::error::x; UNSUPPORTED");
        assert!(said.has("UNSUPPORTED"));
        assert_eq!(Said::read(StatusCode::NOT_FOUND, &headers, b"").text, "404 Not Found");
        let mut html = HeaderMap::new();
        html.insert("content-type", "text/html".parse().unwrap());
        assert_eq!(Said::read(StatusCode::NOT_FOUND, &html, b"<html>").text, "404 Not Found");
    }

    /// An answer whose body comes in so many pieces of that size, each after a pause.
    fn trickle(pieces: usize, size: usize, pause: Duration) -> Response {
        let body = futures_util::stream::unfold(pieces, move |left| async move {
            let next = left.checked_sub(1)?;
            tokio::time::sleep(pause).await;
            Some((Ok::<_, std::io::Error>(Bytes::from(vec![0; size])), next))
        });
        hyper::Response::new(reqwest::Body::wrap_stream(body)).into()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_under_the_floor_is_broken_off() {
        let patience = Patience::default();
        let start = Instant::now();
        let fault = read(trickle(1_000, 8 * 1024 - 1, Duration::from_secs(1)), 1 << 30, &patience).await.unwrap_err();
        assert_eq!(
            (fault.cure, fault.kind.to_string()),
            (Cure::AgainOnce, "no answer: under 8192 bytes a second".into())
        );
        assert_eq!(start.elapsed(), patience.idle, "after one window, not at the end");
        let body = read(trickle(60, 8 * 1024, Duration::from_secs(1)), 1 << 30, &patience).await.unwrap();
        assert_eq!(body.len(), 60 * 8 * 1024, "at the floor it may take as long as it takes");
        let fault = read(trickle(2, 1, Duration::from_secs(11)), 1 << 30, &patience).await.unwrap_err();
        assert_eq!(fault.kind.to_string(), "no answer: no byte for 10 s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_is_not_taken_for_a_slow_sender() {
        let patience = Patience::default();
        let (mut response, mut flow) = (trickle(20, 1, Duration::ZERO), Flow::default());
        let mut received = 0;
        while let Some(bytes) = flow.next(&mut response, &patience).await.unwrap() {
            received += bytes.len();
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        assert_eq!(received, 20);
    }

    #[test]
    fn tries_end_and_long_pauses_fail_at_once() {
        let patience = Patience::default();
        let kind = || ErrorKind::Server("503".to_owned());
        let mut tries = Tries::default();
        let mut made = 0;
        while tries.again(Fault { kind: kind(), cure: Cure::Again }, &patience).is_ok() {
            made += 1;
        }
        assert_eq!(made + 1, 4);
        let mut tries = Tries::default();
        assert!(tries.again(Fault::stalled("x"), &patience).is_ok());
        assert!(tries.again(Fault::stalled("x"), &patience).is_err());
        let long = Fault { kind: kind(), cure: Cure::After(Some(Duration::from_secs(21))) };
        let error = Tries::default().again(long, &patience).unwrap_err().to_string();
        assert!(error.starts_with("rate limit: 503; it asks to wait until 20"), "{error}");
    }
}
