//! Requests to GitHub: the credential, and what is retried.
//!
//! Reads are repeated if no answer came. A write is never repeated blindly: a lost answer is reported to the caller
//! ([`Sent::Lost`]), who reads the outcome. A short rate limit is waited for, as long as it says: the request it
//! refused had no effect.

use std::time::Duration;

use chrono::Utc;
use octocrab::Octocrab;
use octocrab::service::middleware::retry::RetryConfig;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use super::answer::{Answer, READ, Sent, Written, authorized, clean, questioned};
use crate::forge::Error;
use crate::net::TIMEOUT;
use crate::net::causes::remedy;
use crate::net::retry::Policy;

/// How requests are repeated, and how long to wait for rate limits in all.
const RETRY: Policy =
    Policy { tries: 3, first: Duration::from_millis(300), factor: 4, jitter: false, longest: Duration::from_secs(120) };
/// Characters of a path that stay as they are: unreserved ones (RFC 3986, section 2.3) and slashes.
const PATH: &AsciiSet = &SEGMENT.remove(b'/');
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Pages of a listing that are read at most.
const PAGES: u32 = 50;

/// GitHub's REST and GraphQL endpoints with one credential.
#[derive(Debug)]
pub(super) struct Client {
    rest: Octocrab,
    graphql: Octocrab,
    graphql_path: String,
    host: String,
    /// The time limit of a request, including its answer.
    pub(super) timeout: Duration,
}

/// The kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// A read, with the wanted media type.
    Get(&'static str),
    Post,
    Patch,
    Delete,
    /// A POST to the GraphQL endpoint.
    GraphQl,
}

impl Client {
    /// A client of the API at `api` and the GraphQL endpoint `graphql`, used as they are. Without a token, only public data
    /// can be read, and nothing by GraphQL.
    pub(super) fn new(
        http: &reqwest::Client,
        api: &Url,
        graphql: &Url,
        token: Option<&SecretString>,
    ) -> Result<Self, Error> {
        if token.is_some_and(|token| HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).is_err()) {
            let detail = "the token contains characters that no token has: was it copied with a line break?".to_owned();
            return Err(Error::Refused { action: "signing in to GitHub".to_owned(), detail });
        }
        let mut origin = graphql.clone();
        origin.set_path("/");
        origin.set_query(None);
        Ok(Self {
            rest: crab(http, api, token)?,
            graphql: crab(http, &origin, token)?,
            graphql_path: graphql.path().to_owned(),
            host: api.host_str().unwrap_or_default().to_owned(),
            timeout: TIMEOUT,
        })
    }

    /// Reads; repeated if no answer comes.
    pub(super) async fn get(&self, path: &str) -> Result<Answer, Error> {
        self.get_as(path, "application/vnd.github+json").await
    }

    pub(super) async fn get_json(&self, action: &str, path: &str) -> Result<Value, Error> {
        self.get(path).await?.success(action, READ)?.json(action)
    }

    /// Reads a file as is.
    pub(super) async fn get_raw(&self, path: &str) -> Result<Answer, Error> {
        self.get_as(path, "application/vnd.github.raw+json").await
    }

    async fn get_as(&self, path: &str, accept: &'static str) -> Result<Answer, Error> {
        self.again(Verb::Get(accept), path, &Value::Null).await
    }

    /// All items of a paged listing, in GitHub's order. `query` does not contain a page.
    pub(super) async fn pages(&self, action: &str, path: &str, query: &[(&str, &str)]) -> Result<Vec<Value>, Error> {
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let (mut items, more) = self.page(action, path, query, page).await?;
            all.append(&mut items);
            if !more {
                return Ok(all);
            }
        }
        Err(Error::Unusable(format!("{action}: more than {PAGES} pages")))
    }

    /// One page of a hundred items, counted from 1, and whether another follows.
    pub(super) async fn page(
        &self,
        action: &str,
        path: &str,
        query: &[(&str, &str)],
        page: u32,
    ) -> Result<(Vec<Value>, bool), Error> {
        let answer = self.get(&format!("{path}?{}", page_query(query, page))).await?.success(action, READ)?;
        match answer.json(action)? {
            Value::Array(items) => Ok((items, answer.has_next())),
            _ => Err(Error::Unusable(format!("{action}: GitHub's response is not a list"))),
        }
    }

    /// Writes once.
    pub(super) async fn send(&self, verb: Verb, path: &str, body: &Value) -> Result<Sent, Error> {
        match self.limited(verb, path, body).await? {
            Sent::Answer(answer) => Ok(Sent::Answer(authorized(answer)?)),
            lost @ Sent::Lost(_) => Ok(lost),
        }
    }

    /// Writes what must not be done twice: after a lost answer, `find` reads the outcome before it is sent again.
    pub(super) async fn write<T, F: Future<Output = Result<Option<T>, Error>>>(
        &self,
        verb: Verb,
        path: &str,
        body: &Value,
        find: impl Fn() -> F,
    ) -> Result<Written<T>, Error> {
        let mut lost = String::new();
        for attempt in 0..3 {
            pause(attempt).await;
            match self.send(verb, path, body).await? {
                Sent::Answer(answer) => return Ok(Written::Answer(answer)),
                Sent::Lost(why) => lost = why,
            }
            if let Some(found) = find().await? {
                return Ok(Written::Found(found));
            }
        }
        Err(Error::Unreachable(lost))
    }

    /// Makes a request that is safe to repeat, and repeats it if no answer comes.
    pub(super) async fn again(&self, verb: Verb, path: &str, body: &Value) -> Result<Answer, Error> {
        let mut lost = String::new();
        for made in 0..RETRY.tries {
            pause(made).await;
            match self.send(verb, path, body).await? {
                Sent::Answer(answer) => return Ok(answer),
                Sent::Lost(why) => lost = why,
            }
        }
        Err(Error::Unreachable(format!("GitHub at {}: {lost}", self.host)))
    }

    /// One GraphQL query; repeated if no answer comes.
    pub(super) async fn query(&self, query: &str) -> Result<Answer, Error> {
        self.again(Verb::GraphQl, &self.graphql_path, &serde_json::json!({ "query": query })).await
    }

    /// The `repository` of one GraphQL query with variables; repeated if no answer comes. An answer that contains an
    /// error is discarded: what is missing in it would look absent.
    pub(super) async fn ask(&self, action: &str, query: &str, variables: &Value) -> Result<Value, Error> {
        self.ask_sparing(action, query, variables, "").await
    }

    /// The same, except that the token may be refused a field of this name: then it is null.
    pub(super) async fn ask_sparing(
        &self,
        action: &str,
        query: &str,
        variables: &Value,
        field: &str,
    ) -> Result<Value, Error> {
        let body = serde_json::json!({ "query": query, "variables": variables });
        let answer = self.again(Verb::GraphQl, &self.graphql_path, &body).await?;
        let mut json = answer.success(action, READ)?.json(action)?;
        let spared = |error: &&Value| {
            let path = error["path"].as_array();
            error["type"] == "FORBIDDEN" && path.is_some_and(|path| path.iter().any(|part| *part == field))
        };
        let error = json["errors"].as_array().and_then(|errors| errors.iter().find(|error| !spared(error)));
        match (error, json.pointer("/data/repository")) {
            (None, Some(Value::Object(_))) => Ok(json["data"]["repository"].take()),
            (error, _) => Err(questioned(action, error.unwrap_or(&Value::Null))),
        }
    }

    /// One GraphQL mutation.
    pub(super) async fn graphql(&self, body: &Value) -> Result<Sent, Error> {
        self.send(Verb::GraphQl, &self.graphql_path, body).await
    }

    /// Sends, and waits for rate limits that end soon enough.
    async fn limited(&self, verb: Verb, path: &str, body: &Value) -> Result<Sent, Error> {
        let mut waited = Duration::ZERO;
        loop {
            let sent = self.once(verb, path, body).await;
            let Sent::Answer(answer) = &sent else { return Ok(sent) };
            let now = Utc::now();
            let Some(until) = answer.limited_until(now) else { return Ok(sent) };
            let wait = Duration::from_secs((until - now).num_seconds().max(0).unsigned_abs() + 1);
            if waited + wait > RETRY.longest {
                let until = until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
                return Err(Error::RateLimited(format!("{}; it ends at {until}", answer.message())));
            }
            tracing::warn!("GitHub's rate limit: waiting {} s", wait.as_secs());
            waited += wait;
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends once, and waits no longer than `timeout`.
    async fn once(&self, verb: Verb, path: &str, body: &Value) -> Sent {
        let sent = tokio::time::timeout(self.timeout, self.exchange(verb, path, body)).await;
        sent.unwrap_or_else(|_| Sent::Lost(format!("no response within {} s (`timeout`)", self.timeout.as_secs_f64())))
    }

    async fn exchange(&self, verb: Verb, path: &str, body: &Value) -> Sent {
        let crab = if verb == Verb::GraphQl { &self.graphql } else { &self.rest };
        let response = match verb {
            Verb::Get(accept) => {
                let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
                crab._get_with_headers(path, Some(headers)).await
            }
            Verb::Post | Verb::GraphQl => crab._post(path, Some(body)).await,
            Verb::Patch => crab._patch(path, Some(body)).await,
            Verb::Delete => crab._delete(path, None::<&()>).await,
        };
        let response = match response {
            Ok(response) => response,
            Err(error) => return Sent::Lost(innermost(&error)),
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        match crab.body_to_string(response).await {
            Ok(body) => Answer { status, headers, body }.sent(),
            Err(error) => Sent::Lost(innermost(&error)),
        }
    }
}

fn crab(http: &reqwest::Client, base: &Url, token: Option<&SecretString>) -> Result<Octocrab, Error> {
    let unusable = |e: octocrab::Error| Error::Unusable(format!("GitHub's address {base} cannot be used: {e}"));
    let builder = Octocrab::builder()
        // octocrab's own retries would send a POST again.
        .add_retry_config(RetryConfig::None)
        .base_uri(base.as_str())
        .map_err(unusable)?;
    let builder = match token {
        Some(token) => builder.personal_token(token.clone()),
        None => builder,
    };
    builder.build_with_reqwest(http.clone()).map_err(unusable)
}

/// Waits before a second or third try.
pub(super) async fn pause(made: u32) {
    if made > 0 {
        tokio::time::sleep(RETRY.pause(made)).await;
    }
}

fn innermost(error: &octocrab::Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let what = clean(&deepest.to_string());
    remedy(error).map_or(what.clone(), |how| format!("{what}: {how}"))
}

fn page_query(query: &[(&str, &str)], page: u32) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(query).append_pair("per_page", "100");
    if page > 1 {
        text.append_pair("page", &page.to_string());
    }
    text.finish()
}

/// A path encoded for a URL.
pub(super) fn encode(path: &str) -> PercentEncode<'_> {
    utf8_percent_encode(path, PATH)
}

/// One segment of a path: a login may be `name[bot]`, and a slash in one would request something else.
pub(super) fn segment(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, SEGMENT)
}
