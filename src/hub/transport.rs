//! Sending: a request is repeated until it is answered, with the waits that Docker Hub asks for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use super::Error;
use super::call::{Answer, Call};
use crate::net::TIMEOUT;
use crate::net::causes::{causes, remedy};
use crate::net::retry::{Decision, Policy, retry_after};

/// The largest answer that is read.
const ANSWER_LIMIT: usize = 8 << 20;
/// No more than this is read of an error's body.
const ERROR_LIMIT: usize = 64 << 10;

/// How requests are repeated. Docker Hub counts them per minute, so an exhausted limit is waited for.
pub const RETRY: Policy =
    Policy { tries: 4, first: Duration::from_millis(500), factor: 2, jitter: false, longest: Duration::from_secs(75) };

/// The connection to the API: its address, and until when it must be left alone. Clones share that time.
#[derive(Clone)]
pub(super) struct Transport {
    http: reqwest::Client,
    base: Url,
    pub(super) policy: Policy,
    /// The time limit of a request, including its answer: every answer here is small.
    pub(super) timeout: Duration,
    /// A wait that one request was told applies to all.
    quiet_until: Arc<Mutex<Option<Instant>>>,
}

/// The outcome of one try.
enum Try {
    Answered(Answer),
    /// Worth another try after a wait: the requested one, if any.
    Again {
        error: Error,
        wait: Option<Duration>,
        done_nothing: bool,
    },
}

impl Transport {
    pub(super) fn new(http: reqwest::Client, base: Url) -> Self {
        Self { http, base, policy: RETRY, timeout: TIMEOUT, quiet_until: Arc::default() }
    }

    /// Sends until there is an answer. Refusals and absence are answers; so is every status except 429 and 5xx.
    pub(super) async fn send(&self, call: &Call<'_>, token: Option<&SecretString>) -> Result<Answer, Error> {
        let mut made = 0;
        loop {
            self.wait_for_quiet_to_end().await?;
            let (error, wait, done_nothing) = match self.once(call, token).await? {
                Try::Answered(answer) => return Ok(answer),
                Try::Again { error, wait, done_nothing } => (error, wait, done_nothing),
            };
            made += 1;
            // A wait that is too long may apply only to the sign-in or to one account.
            let heeded = wait.filter(|wait| *wait <= self.policy.longest);
            heeded.into_iter().for_each(|wait| self.keep_quiet(wait));
            match self.policy.decide(made, wait) {
                Decision::Again(pause) if call.repeatable || done_nothing => {
                    if wait.is_none() {
                        tokio::time::sleep(pause).await;
                    }
                }
                _ => return Err(error),
            }
        }
    }

    async fn once(&self, call: &Call<'_>, token: Option<&SecretString>) -> Result<Try, Error> {
        let mut request = self.http.request(call.method.clone(), self.url(call)?).timeout(self.timeout);
        request = request.header("accept", "application/json");
        if let Some(token) = token {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return self.lost(&error),
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = match read(response, status).await? {
            Ok(body) => Answer { status, body: shown(body, status, token) },
            Err(error) => return self.lost(&error),
        };
        Ok(classify(answer, &headers))
    }

    /// No answer: worth another try, unless people have to fix something first.
    fn lost(&self, error: &reqwest::Error) -> Result<Try, Error> {
        let slow = error.is_timeout() && !error.is_connect();
        let unreachable = Error::Unreachable(match slow {
            true => format!("no response within {} s (`timeout`)", self.timeout.as_secs_f64()),
            false => causes(error),
        });
        if remedy(error).is_some() {
            return Err(unreachable);
        }
        // If no connection was made, the request had no effect.
        Ok(Try::Again { error: unreachable, wait: None, done_nothing: error.is_connect() })
    }

    pub(super) fn url(&self, call: &Call<'_>) -> Result<Url, Error> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::Unusable(format!("{} is not the address of an API", self.base)))?
            .pop_if_empty()
            .extend(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Ok(url)
    }

    /// Waits until Docker Hub may be asked again; no longer than one request would.
    async fn wait_for_quiet_to_end(&self) -> Result<(), Error> {
        let until = *self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(until) = until else { return Ok(()) };
        let left = until.saturating_duration_since(Instant::now());
        if left > self.policy.longest {
            return Err(Error::RateLimited(format!("it asked to wait {} s more", left.as_secs())));
        }
        tokio::time::sleep_until(until).await;
        Ok(())
    }

    fn keep_quiet(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut quiet = self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
        *quiet = quiet.max(Some(until));
    }
}

/// A body as it may be shown: if an error contains the token, it is removed.
fn shown(body: Vec<u8>, status: u16, token: Option<&SecretString>) -> Vec<u8> {
    match (token, std::str::from_utf8(&body)) {
        (Some(token), Ok(text)) if status >= 400 => text.replace(token.expose_secret(), "***").into_bytes(),
        _ => body,
    }
}

/// Whether this is a final answer, or a reason to try again.
fn classify(answer: Answer, headers: &HeaderMap) -> Try {
    let wait = wait(headers, answer.status, SystemTime::now());
    match answer.status {
        429 => {
            let when = wait
                .map_or_else(|| "it does not say how long to wait".to_owned(), |w| format!("wait {} s", w.as_secs()));
            let error = Error::RateLimited(format!("{} ({when})", answer.message()));
            Try::Again { error, wait, done_nothing: true }
        }
        status @ 500..=599 => {
            let error = Error::Unreachable(format!("server error {status}: {}", answer.message()));
            Try::Again { error, wait, done_nothing: false }
        }
        _ => Try::Answered(answer),
    }
}

/// The body, up to its limit: too long an answer is an error, too long an error is truncated.
async fn read(mut response: reqwest::Response, status: u16) -> Result<Result<Vec<u8>, reqwest::Error>, Error> {
    let good = (200..300).contains(&status);
    let limit = if good { ANSWER_LIMIT } else { ERROR_LIMIT };
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
            Ok(Some(_)) if good => {
                return Err(Error::Unusable(format!("a response of more than {ANSWER_LIMIT} bytes")));
            }
            Ok(Some(_) | None) => return Ok(Ok(body)),
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// How long Docker Hub asks to be left alone: `Retry-After` in seconds, as a date, or (according to older documents) as
/// Unix time, `X-Retry-After` and, for an exhausted limit, `X-RateLimit-Reset` as Unix time.
fn wait(headers: &HeaderMap, status: u16, now: SystemTime) -> Option<Duration> {
    let unix = |name: &str| {
        let time: i64 = headers.get(name)?.to_str().ok()?.trim().parse().ok()?;
        let time = UNIX_EPOCH + Duration::from_secs(time.try_into().unwrap_or(0));
        Some(time.duration_since(now).unwrap_or_default())
    };
    // No wait is as long as the time since 1970.
    let asked = retry_after(headers, now).filter(|wait| wait.as_secs() < 1_000_000_000);
    asked
        .or_else(|| unix("retry-after"))
        .or_else(|| unix("x-retry-after"))
        .or_else(|| (status == 429).then(|| unix("x-ratelimit-reset"))?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn asked(status: u16, headers: &[(&'static str, &str)]) -> Option<u64> {
        let now = UNIX_EPOCH + Duration::from_secs(1_795_248_000);
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        wait(&headers, status, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn every_way_of_asking_for_a_pause_is_understood() {
        let reset = 1_795_248_000.to_string();
        let soon = (1_795_248_000 + 7).to_string();
        let date = "2026-11-21T08:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        assert_eq!(date.timestamp(), 1_795_248_000);
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
}
