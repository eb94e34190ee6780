//! Requests to GitHub: who asks, what is tried again, and what a refusal means.
//!
//! Reads are repeated when no answer came. A write is never repeated blindly: a lost answer is told to the caller
//! ([`Sent::Lost`]), who reads what became of it. A rate limit is waited for, as long as it says, where that is short:
//! what it refused was not done.

use std::time::Duration;

use chrono::{DateTime, Utc};
use octocrab::Octocrab;
use octocrab::service::middleware::retry::RetryConfig;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::forge::Error;
use crate::net::causes::remedy;
use crate::net::retry::{Policy, retry_after};

/// How requests are repeated, and how long one waits for rate limits in all.
const RETRY: Policy =
    Policy { tries: 3, first: Duration::from_millis(300), factor: 4, jitter: false, longest: Duration::from_secs(120) };
/// What of a path stays as it is: unreserved characters (RFC 3986, section 2.3) and slashes.
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
    /// The host of the API, for errors.
    host: String,
}

/// What GitHub answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: HeaderMap,
    pub(super) body: String,
}

/// What became of a write.
pub(super) enum Sent {
    /// It was answered.
    Answer(Answer),
    /// No answer came, or a server error: it may or may not have been done.
    Lost(String),
}

/// The ways of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// A read, with the media type that is wanted.
    Get(&'static str),
    Post,
    Patch,
    Delete,
    /// A POST to the GraphQL endpoint.
    GraphQl,
}

impl Answer {
    /// Whether the status is 2xx.
    pub(super) fn done(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON.
    pub(super) fn json(&self, action: &str) -> Result<Value, Error> {
        serde_json::from_str(&self.body)
            .map_err(|e| Error::Unusable(format!("{action}: GitHub's answer ({}) is not JSON: {e}", self.status)))
    }

    /// Server errors count as no answer: the work may have been done, and proxies give them too.
    fn sent(self) -> Sent {
        if self.status < 500 {
            return Sent::Answer(self);
        }
        Sent::Lost(format!("status {}: {}", self.status, self.message()))
    }

    /// GitHub's message with what its list of errors says, cleaned and cut.
    pub(super) fn message(&self) -> String {
        let Ok(json) = serde_json::from_str::<Value>(&self.body) else { return format!("status {}", self.status) };
        let mut text = json["message"].as_str().unwrap_or("no message").to_owned();
        for error in json["errors"].as_array().into_iter().flatten() {
            let detail = error["message"].as_str().or_else(|| error.as_str()).or_else(|| error["code"].as_str());
            let field = error["field"].as_str().map(|f| format!("{f}: ")).unwrap_or_default();
            text.push_str(&detail.map(|s| format!("; {field}{s}")).unwrap_or_default());
        }
        clean(&text)
    }

    /// Whether a further page follows.
    fn has_next(&self) -> bool {
        self.header("link").is_some_and(|l| l.contains("rel=\"next\""))
    }

    /// Whether the media type is that of a raw file.
    pub(super) fn is_raw(&self) -> bool {
        self.header("content-type").is_some_and(|t| t.contains("raw"))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Until when a rate limit holds; `None` where this is no rate limit.
    fn limited_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let number = |name: &str| self.header(name).and_then(|v| v.trim().parse::<i64>().ok());
        let exhausted = number("x-ratelimit-remaining") == Some(0);
        let says = self.body.contains("rate limit");
        let limited =
            self.status == 429 || (self.status == 403 && (self.header("retry-after").is_some() || exhausted || says));
        if !limited {
            return None;
        }
        let after = retry_after(&self.headers, now.into()).map(|wait| now + wait.min(Duration::from_secs(86_400)));
        let reset = number("x-ratelimit-reset").filter(|_| exhausted).and_then(|s| DateTime::from_timestamp(s, 0));
        // GitHub asks for a minute where it says nothing.
        Some(after.or(reset).unwrap_or_else(|| now + chrono::Duration::seconds(60)))
    }
}

impl Client {
    /// A client of the API at `api` and the GraphQL endpoint `graphql`, taken as they are.
    pub(super) fn new(http: &reqwest::Client, api: &Url, graphql: &Url, token: &SecretString) -> Result<Self, Error> {
        if HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).is_err() {
            let detail =
                "the token holds characters that no token has: it was copied with a line break or more".to_owned();
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
        })
    }

    /// Reads; repeated where no answer comes.
    pub(super) async fn get(&self, path: &str) -> Result<Answer, Error> {
        self.get_as(path, "application/vnd.github+json").await
    }

    /// Reads a file as it is.
    pub(super) async fn get_raw(&self, path: &str) -> Result<Answer, Error> {
        self.get_as(path, "application/vnd.github.raw+json").await
    }

    async fn get_as(&self, path: &str, accept: &'static str) -> Result<Answer, Error> {
        self.again(Verb::Get(accept), path, &Value::Null).await
    }

    /// All items of a paged listing, in GitHub's order. `query` holds no page.
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

    /// One page of a hundred, from 1, and whether another follows.
    pub(super) async fn page(
        &self,
        action: &str,
        path: &str,
        query: &[(&str, &str)],
        page: u32,
    ) -> Result<(Vec<Value>, bool), Error> {
        let answer = self.get(&format!("{path}?{}", page_query(query, page))).await?;
        if !answer.done() {
            return Err(refused(action, &answer, READ));
        }
        match answer.json(action)? {
            Value::Array(items) => Ok((items, answer.has_next())),
            _ => Err(Error::Unusable(format!("{action}: GitHub's answer is not a list"))),
        }
    }

    /// Writes once.
    pub(super) async fn send(&self, verb: Verb, path: &str, body: &Value) -> Result<Sent, Error> {
        match self.limited(verb, path, body).await? {
            Sent::Answer(answer) => Ok(Sent::Answer(authorized(answer)?)),
            lost @ Sent::Lost(_) => Ok(lost),
        }
    }

    /// Asks what is the same when it is asked twice; repeated where no answer comes.
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

    /// One GraphQL query; repeated where no answer comes.
    pub(super) async fn query(&self, query: &str) -> Result<Answer, Error> {
        self.again(Verb::GraphQl, &self.graphql_path, &serde_json::json!({ "query": query })).await
    }

    /// The `repository` of one GraphQL query with variables; repeated where no answer comes. An answer with an error in it is
    /// none: what is missing there would look like absence.
    pub(super) async fn ask(&self, action: &str, query: &str, variables: &Value) -> Result<Value, Error> {
        self.ask_sparing(action, query, variables, "").await
    }

    /// The same, where a field of this name may be refused to the token: then it is null.
    pub(super) async fn ask_sparing(
        &self,
        action: &str,
        query: &str,
        variables: &Value,
        field: &str,
    ) -> Result<Value, Error> {
        let body = serde_json::json!({ "query": query, "variables": variables });
        let answer = self.again(Verb::GraphQl, &self.graphql_path, &body).await?;
        if !answer.done() {
            return Err(refused(action, &answer, READ));
        }
        let mut json = answer.json(action)?;
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

    async fn once(&self, verb: Verb, path: &str, body: &Value) -> Sent {
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

fn crab(http: &reqwest::Client, base: &Url, token: &SecretString) -> Result<Octocrab, Error> {
    let unusable = |e: octocrab::Error| Error::Unusable(format!("GitHub's address {base} cannot be used: {e}"));
    Octocrab::builder()
        // Its own retries would send a POST again.
        .add_retry_config(RetryConfig::None)
        .base_uri(base.as_str())
        .map_err(unusable)?
        .personal_token(token.clone())
        .build_with_reqwest(http.clone())
        .map_err(unusable)
}

/// Waits before a second and third try.
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

fn authorized(answer: Answer) -> Result<Answer, Error> {
    if answer.status == 401 {
        let detail = format!("{}: the token is missing, expired or revoked", answer.message());
        return Err(Error::Refused { action: "signing in to GitHub".to_owned(), detail });
    }
    Ok(answer)
}

/// What a request needs, for people who write a workflow's `permissions`.
pub(super) const READ: &str = "`contents: read` and `pull-requests: read`";
pub(super) const CONTENTS: &str = "`contents: write`";
pub(super) const PULLS: &str = "`pull-requests: write`";
pub(super) const STATUSES: &str = "`statuses: write`";
pub(super) const ISSUES: &str = "`issues: write`";

/// What an answer that is no success means.
pub(super) fn refused(action: &str, answer: &Answer, needs: &str) -> Error {
    let message = answer.message();
    if message.contains("not permitted to create or approve pull requests") {
        let detail = format!(
            "{message} Switch on \"Allow GitHub Actions to create and approve pull requests\" under Settings > Actions > \
             General of the repository (an organization or enterprise can forbid it), or use an App's token"
        );
        return Error::Refused { action: action.to_owned(), detail };
    }
    if archived(&message) {
        return Error::Refused { action: action.to_owned(), detail: format!("{message} {ARCHIVED}") };
    }
    match answer.status {
        301 | 302 | 307 | 308 => Error::Unusable(format!(
            "{action}: GitHub sends elsewhere ({}): was the repository renamed?",
            answer.status
        )),
        403 | 404 => Error::Refused {
            action: action.to_owned(),
            detail: format!("{message} (status {}): the token needs {needs} on this repository", answer.status),
        },
        422 => Error::Invalid { action: action.to_owned(), detail: message },
        status => Error::Unusable(format!("{action}: {message} (status {status})")),
    }
}

/// What is to be done about an archived repository.
pub(super) const ARCHIVED: &str = "Unarchive it under Settings > General, or disable this workflow";

/// Whether GitHub's words say that the repository was archived.
pub(super) fn archived(message: &str) -> bool {
    message.contains("archived") && message.contains("read-only")
}

/// What an error in an answer to a GraphQL query means.
fn questioned(action: &str, error: &Value) -> Error {
    let message = clean(error["message"].as_str().unwrap_or("GitHub knows no such repository"));
    match error["type"].as_str().unwrap_or("NOT_FOUND") {
        "RATE_LIMITED" | "RATE_LIMIT" => Error::RateLimited(message),
        "NOT_FOUND" | "FORBIDDEN" | "INSUFFICIENT_SCOPES" => {
            let detail = format!("{message}: the token needs {READ} on this repository");
            Error::Refused { action: action.to_owned(), detail }
        }
        kind => Error::Unusable(format!("{action}: {message} ({})", clean(kind))),
    }
}

fn page_query(query: &[(&str, &str)], page: u32) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(query).append_pair("per_page", "100");
    if page > 1 {
        text.append_pair("page", &page.to_string());
    }
    text.finish()
}

/// Remote text for messages.
pub(super) fn clean(text: &str) -> String {
    crate::text::excerpt(text, 300)
}

/// A path's text for a URL.
pub(super) fn encode(path: &str) -> PercentEncode<'_> {
    utf8_percent_encode(path, PATH)
}

/// One segment of a path: a login may be `name[bot]`, and a slash in one would ask for something else.
pub(super) fn segment(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, SEGMENT)
}
