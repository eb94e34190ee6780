//! Sending: one request after another until it is answered, with the waits that Docker Hub asks for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::Error;
use super::refusal::Need;
use crate::net::causes::{causes, remedy};
use crate::text::excerpt;

/// A request may take this long, its answer included: every answer here is small.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The largest answer that is read.
const ANSWER_LIMIT: usize = 8 << 20;
/// Of an error's body no more than this is read.
const ERROR_LIMIT: usize = 64 << 10;

/// How often and how fast requests are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Tries of one request, the first included.
    pub tries: u32,
    /// The wait before the second try; it doubles with each further one.
    pub first: Duration,
    /// A wait that Docker Hub asks for is made up to this; a longer one is an error at once.
    pub longest: Duration,
}

impl Default for Pace {
    /// Docker Hub counts requests by the minute, so a limit that is used up is waited for.
    fn default() -> Self {
        Self { tries: 4, first: Duration::from_millis(500), longest: Duration::from_secs(75) }
    }
}

/// A request to the API. Not `Debug`: the body of one of them is the credential.
#[derive(Clone)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// The path's segments, after the base's own; they are encoded on the way.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// What is being done, for people.
    pub(super) action: String,
    /// What the credential needs for it.
    pub(super) need: Need<'a>,
    /// Whether sending it twice is the same as sending it once.
    pub(super) repeatable: bool,
}

impl<'a> Call<'a> {
    pub(super) fn new(method: Method, path: &[&str], need: Need<'a>, action: String) -> Self {
        let repeatable = method != Method::POST;
        let path = path.iter().map(|segment| (*segment).to_owned()).collect();
        Self { method, path, query: Vec::new(), body: None, action, need, repeatable }
    }

    pub(super) fn query(mut self, name: &'static str, value: usize) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// A POST that sets a value: it may be repeated.
    pub(super) fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    body: Vec<u8>,
}

impl Answer {
    /// The body as what it must be.
    pub(super) fn read<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, Error> {
        if !(200..300).contains(&self.status) {
            return Err(self.unexpected(call));
        }
        serde_json::from_slice(&self.body).map_err(|e| self.unreadable(call, &e))
    }

    /// The body of a success, as it came.
    pub(super) fn text(&self, call: &Call<'_>) -> Result<&str, Error> {
        if !(200..300).contains(&self.status) {
            return Err(self.unexpected(call));
        }
        std::str::from_utf8(&self.body).map_err(|e| self.unreadable(call, &e))
    }

    /// The error for a body that is not what it must be.
    pub(super) fn unreadable(&self, call: &Call<'_>, error: &dyn std::fmt::Display) -> Error {
        Error::Unusable(format!("the answer to {} is not what its API describes: {error}", call.action))
    }

    /// The error for a status that the call has no use for.
    pub(super) fn unexpected(&self, call: &Call<'_>) -> Error {
        Error::Unusable(format!("answered {} to {}: {}", self.status, call.action, self.said()))
    }

    /// What Docker Hub said of an error, cleaned and cut.
    pub(super) fn said(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let said = ["detail", "message", "text"].iter().find_map(|key| body[*key].as_str().filter(|t| !t.is_empty()));
        match said {
            Some(text) => excerpt(text, 300),
            None if self.body.is_empty() => "nothing more".to_owned(),
            None => excerpt(&String::from_utf8_lossy(&self.body), 300),
        }
    }
}

/// The connection to the API: where it is, and until when it wants to be left alone.
pub(super) struct Wire {
    http: reqwest::Client,
    base: Url,
    pub(super) pace: Pace,
    /// A wait that one request was told of holds for all.
    quiet_until: Mutex<Option<Instant>>,
}

/// What became of one try.
enum Try {
    Answered(Answer),
    /// Worth another try after a wait: the one asked for, where one was.
    Again {
        error: Error,
        wait: Option<Duration>,
        done_nothing: bool,
    },
}

impl Wire {
    pub(super) fn new(http: reqwest::Client, base: Url) -> Self {
        Self { http, base, pace: Pace::default(), quiet_until: Mutex::new(None) }
    }

    /// Sends until there is an answer. Refusals and absence are answers; so is every status but 429 and 5xx.
    pub(super) async fn send(&self, call: &Call<'_>, token: Option<&SecretString>) -> Result<Answer, Error> {
        let mut backoff = self.pace.first;
        for left in (0..self.pace.tries).rev() {
            self.quiet().await;
            let (error, wait, done_nothing) = match self.once(call, token).await? {
                Try::Answered(answer) => return Ok(answer),
                Try::Again { error, wait, done_nothing } => (error, wait, done_nothing),
            };
            if left == 0 || !(call.repeatable || done_nothing) || wait.is_some_and(|wait| wait > self.pace.longest) {
                return Err(error);
            }
            match wait {
                Some(wait) => self.be_quiet(wait),
                None => tokio::time::sleep(backoff).await,
            }
            backoff *= 2;
        }
        Err(Error::Unreachable("no try was allowed".to_owned()))
    }

    async fn once(&self, call: &Call<'_>, token: Option<&SecretString>) -> Result<Try, Error> {
        let mut request = self.http.request(call.method.clone(), self.url(call)?).timeout(TIMEOUT);
        request = request.header("accept", "application/json");
        if let Some(token) = token {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return lost(&error),
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = match read(response, status).await? {
            Ok(body) => Answer { status, body },
            Err(error) => return lost(&error),
        };
        Ok(judged(answer, &headers))
    }

    pub(super) fn url(&self, call: &Call<'_>) -> Result<Url, Error> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::Unusable(format!("{} is no address of an API", self.base)))?
            .pop_if_empty()
            .extend(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Ok(url)
    }

    async fn quiet(&self) {
        let until = *self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
    }

    fn be_quiet(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut quiet = self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
        *quiet = quiet.max(Some(until));
    }
}

/// Whether an answer is one, or a reason to ask again.
fn judged(answer: Answer, headers: &HeaderMap) -> Try {
    let wait = wait(headers, answer.status, Utc::now());
    match answer.status {
        429 => {
            let when =
                wait.map_or_else(|| "it does not say for how long".to_owned(), |w| format!("for {} s", w.as_secs()));
            let error = Error::RateLimited(format!("{} ({when})", answer.said()));
            Try::Again { error, wait, done_nothing: true }
        }
        status @ 500..=599 => {
            let error = Error::Unreachable(format!("server error {status}: {}", answer.said()));
            Try::Again { error, wait, done_nothing: false }
        }
        _ => Try::Answered(answer),
    }
}

/// No answer: worth another try, unless people have to mend something first.
fn lost(error: &reqwest::Error) -> Result<Try, Error> {
    let unreachable = Error::Unreachable(causes(error));
    if remedy(error).is_some() {
        return Err(unreachable);
    }
    // Where no connection came to be, nothing was done.
    Ok(Try::Again { error: unreachable, wait: None, done_nothing: error.is_connect() })
}

/// The body, up to its limit: too long an answer is an error, too long an error is cut.
async fn read(mut response: reqwest::Response, status: u16) -> Result<Result<Vec<u8>, reqwest::Error>, Error> {
    let good = (200..300).contains(&status);
    let limit = if good { ANSWER_LIMIT } else { ERROR_LIMIT };
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
            Ok(Some(_)) if good => return Err(Error::Unusable(format!("an answer of more than {ANSWER_LIMIT} bytes"))),
            Ok(Some(_) | None) => return Ok(Ok(body)),
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// How long Docker Hub asks to be left alone: `Retry-After` in seconds, as a date, or (as older documents have it) as
/// Unix time, `X-Retry-After` and, for a used-up limit, `X-RateLimit-Reset` as Unix time.
fn wait(headers: &HeaderMap, status: u16, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let until = |unix: i64| Duration::from_secs(u64::try_from(unix - now.timestamp()).unwrap_or(0));
    let unix = |name: &str| text(name).and_then(|value| value.parse::<i64>().ok()).map(until);
    let asked = text("retry-after").and_then(|value| match value.parse::<i64>() {
        Ok(seconds) if (0..1_000_000_000).contains(&seconds) => Some(Duration::from_secs(seconds.unsigned_abs())),
        Ok(time) => Some(until(time)),
        Err(_) => DateTime::parse_from_rfc2822(value).ok().map(|date| until(date.timestamp())),
    });
    asked.or_else(|| unix("x-retry-after")).or_else(|| (status == 429).then(|| unix("x-ratelimit-reset"))?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn asked(status: u16, headers: &[(&'static str, &str)]) -> Option<u64> {
        let now = "2026-11-21T08:00:00Z".parse::<DateTime<Utc>>().unwrap();
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        wait(&headers, status, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn every_way_of_asking_for_a_pause_is_understood() {
        let reset = 1_795_248_000.to_string();
        let soon = (1_795_248_000 + 7).to_string();
        assert_eq!("2026-11-21T08:00:00Z".parse::<DateTime<Utc>>().unwrap().timestamp(), 1_795_248_000);
        assert_eq!(asked(429, &[("retry-after", "3")]), Some(3));
        assert_eq!(asked(429, &[("retry-after", &soon)]), Some(7));
        assert_eq!(asked(503, &[("retry-after", "Sat, 21 Nov 2026 08:00:09 GMT")]), Some(9));
        assert_eq!(asked(429, &[("x-retry-after", &soon)]), Some(7));
        assert_eq!(asked(429, &[("x-ratelimit-reset", &soon)]), Some(7));
        assert_eq!(asked(429, &[("x-ratelimit-reset", &soon), ("retry-after", "2")]), Some(2));
        assert_eq!(asked(503, &[("x-ratelimit-reset", &soon)]), None, "every answer carries it");
        assert_eq!(asked(429, &[("x-retry-after", &reset)]), Some(0));
        assert_eq!(asked(429, &[("retry-after", "-5")]), Some(0));
        assert_eq!(asked(429, &[("retry-after", "soon")]), None);
        assert_eq!(asked(429, &[]), None);
    }

    #[test]
    fn what_docker_hub_says_is_cleaned_and_cut() {
        let said = |body: &str| Answer { status: 400, body: body.as_bytes().to_vec() }.said();
        assert_eq!(said(r#"{"errinfo":{},"detail":"no\u001b[31m\n::error::x","message":"m"}"#), "no [31m ::error::x");
        assert_eq!(said(r#"{"text":"Invalid"}"#), "Invalid");
        assert_eq!(said(""), "nothing more");
        assert_eq!(said(&"x".repeat(5000)).chars().count(), 300);
    }
}
