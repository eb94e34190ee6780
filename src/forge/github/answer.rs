//! GitHub's answers, and what a refusal means.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::forge::Error;
use crate::net::retry::retry_after;

/// What GitHub answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// The outcome of a write whose result is read if the answer is lost.
pub(super) enum Written<T> {
    Answer(Answer),
    /// No answer came, and this was found.
    Found(T),
}

/// The outcome of a write.
pub(super) enum Sent {
    /// It was answered.
    Answer(Answer),
    /// No answer came, or a server error: it may or may not have taken effect.
    Lost(String),
}

impl Answer {
    pub(super) fn done(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) fn success(self, action: &str, needs: &str) -> Result<Self, Error> {
        if self.done() { Ok(self) } else { Err(refused(action, &self, needs)) }
    }

    pub(super) fn json(&self, action: &str) -> Result<Value, Error> {
        serde_json::from_str(&self.body)
            .map_err(|e| Error::Unusable(format!("{action}: GitHub's response ({}) is not JSON: {e}", self.status)))
    }

    /// Server errors count as no answer: the work may have been done, and proxies return them too. So do temporary
    /// GraphQL errors, which come with status 200.
    pub(super) fn sent(self) -> Sent {
        if self.status >= 500 {
            let is_json = serde_json::from_str::<Value>(&self.body).is_ok();
            let status = if is_json { format!("status {}: ", self.status) } else { String::new() };
            return Sent::Lost(format!("{status}{}", self.message()));
        }
        let passing = self.graphql_errors().into_iter().find(passes);
        match passing {
            Some(error) => Sent::Lost(clean(error["message"].as_str().unwrap_or("GitHub gave up on the query"))),
            None => Sent::Answer(self),
        }
    }

    /// The errors in an answer to a GraphQL query; a successful REST answer has no such list.
    fn graphql_errors(&self) -> Vec<Value> {
        if self.status != 200 || !self.body.contains("\"errors\"") {
            return Vec::new();
        }
        match serde_json::from_str(&self.body) {
            Ok(Value::Object(mut json)) => match json.remove("errors") {
                Some(Value::Array(errors)) => errors,
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Status and message. A page that is not JSON is not quoted.
    pub(super) fn said(&self) -> String {
        match serde_json::from_str::<Value>(&self.body) {
            Ok(_) => format!("{} (status {})", self.message(), self.status),
            Err(_) => self.message(),
        }
    }

    /// GitHub's message with its list of errors, cleaned and truncated. A page that is not JSON is not quoted.
    pub(super) fn message(&self) -> String {
        let Ok(json) = serde_json::from_str::<Value>(&self.body) else {
            let status = reqwest::StatusCode::from_u16(self.status).ok();
            let words = status.and_then(|status| status.canonical_reason()).unwrap_or_default();
            return format!("status {} {words}", self.status).trim_end().to_owned();
        };
        let mut text = json["message"].as_str().unwrap_or("no message").to_owned();
        for error in json["errors"].as_array().into_iter().flatten() {
            let detail = error["message"].as_str().or_else(|| error.as_str()).or_else(|| error["code"].as_str());
            let field = error["field"].as_str().map(|f| format!("{f}: ")).unwrap_or_default();
            text.push_str(&detail.map(|s| format!("; {field}{s}")).unwrap_or_default());
        }
        clean(&text)
    }

    /// Whether another page follows.
    pub(super) fn has_next(&self) -> bool {
        self.header("link").is_some_and(|l| l.contains("rel=\"next\""))
    }

    /// Whether the media type is that of a raw file.
    pub(super) fn is_raw(&self) -> bool {
        self.header("content-type").is_some_and(|t| t.contains("raw"))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Until when a rate limit applies; `None` if this is not a rate limit.
    pub(super) fn limited_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let number = |name: &str| self.header(name).and_then(|v| v.trim().parse::<i64>().ok());
        let exhausted = number("x-ratelimit-remaining") == Some(0);
        let says = self.body.contains("rate limit");
        let in_graphql =
            || self.graphql_errors().iter().any(|e| matches!(kind(e), Some("RATE_LIMITED" | "RATE_LIMIT")));
        let limited = self.status == 429
            || (self.status == 403 && (self.header("retry-after").is_some() || exhausted || says))
            || in_graphql();
        if !limited {
            return None;
        }
        let after = retry_after(&self.headers, now.into()).map(|wait| now + wait.min(Duration::from_secs(86_400)));
        let reset = number("x-ratelimit-reset").filter(|_| exhausted).and_then(|s| DateTime::from_timestamp(s, 0));
        // GitHub asks for a minute if it says nothing.
        Some(after.or(reset).unwrap_or_else(|| now + chrono::Duration::seconds(60)))
    }
}

pub(super) fn authorized(answer: Answer) -> Result<Answer, Error> {
    if answer.status == 401 {
        let detail = format!("{}: the token is missing, expired or revoked", answer.message());
        return Err(Error::Refused { action: "signing in to GitHub".to_owned(), detail });
    }
    Ok(answer)
}

/// The permissions a request needs, for people who write a workflow's `permissions`.
pub(super) const READ: &str = "`contents: read` and `pull-requests: read`";
pub(super) const CONTENTS: &str = "`contents: write`";
pub(super) const PULLS: &str = "`pull-requests: write`";
pub(super) const STATUSES: &str = "`statuses: write`";
pub(super) const ISSUES: &str = "`issues: write`";

/// What an answer that is not a success means.
pub(super) fn refused(action: &str, answer: &Answer, needs: &str) -> Error {
    let message = answer.message();
    if message.contains("not permitted to create or approve pull requests") {
        let detail = format!(
            "{message} Turn on \"Allow GitHub Actions to create and approve pull requests\" under Settings > Actions \
             > General of the repository (an organization or enterprise can forbid it), or use an App's token"
        );
        return Error::Refused { action: action.to_owned(), detail };
    }
    if archived(&message) {
        return Error::Refused { action: action.to_owned(), detail: format!("{message} {ARCHIVED}") };
    }
    match answer.status {
        301 | 302 | 307 | 308 => {
            Error::Unusable(format!("{action}: GitHub redirects to {}: was the repository renamed?", answer.status))
        }
        403 | 404 => Error::Refused {
            action: action.to_owned(),
            detail: format!("{}: the token needs {needs} on this repository", answer.said()),
        },
        422 => Error::Invalid { action: action.to_owned(), detail: message },
        _ => Error::Unusable(format!("{action}: {}", answer.said())),
    }
}

/// The type of a GraphQL error; GitHub gives none to faults of its own.
pub(super) fn kind(error: &Value) -> Option<&str> {
    error["type"].as_str().filter(|kind| !kind.is_empty())
}

/// Whether a GraphQL error is temporary: the same query may succeed a moment later.
fn passes(error: &Value) -> bool {
    const KINDS: [&str; 4] = ["RESOURCE_LIMITS_EXCEEDED", "SERVICE_UNAVAILABLE", "INTERNAL", "TIMEOUT"];
    const WORDS: [&str; 4] = [
        "something went wrong while executing your query",
        "couldn't respond to your request in time",
        "timed out",
        "resource limits for this query exceeded",
    ];
    let message = error["message"].as_str().unwrap_or_default().to_lowercase();
    kind(error).is_some_and(|kind| KINDS.contains(&kind)) || WORDS.iter().any(|words| message.contains(words))
}

/// `MESSAGE (TYPE)`, or the message alone if the error has no type.
pub(super) fn with_kind(message: &str, error: &Value) -> String {
    kind(error).map_or_else(|| message.to_owned(), |kind| format!("{message} ({})", clean(kind)))
}

/// What to do about an archived repository.
pub(super) const ARCHIVED: &str = "Unarchive it under Settings > General, or disable this workflow";

/// Whether GitHub's message says that the repository was archived.
pub(super) fn archived(message: &str) -> bool {
    message.contains("archived") && message.contains("read-only")
}

/// What an error in an answer to a GraphQL query means.
pub(super) fn questioned(action: &str, error: &Value) -> Error {
    let message = clean(error["message"].as_str().unwrap_or("GitHub knows no such repository"));
    match kind(error) {
        Some("RATE_LIMITED" | "RATE_LIMIT") => Error::RateLimited(message),
        None if !error.is_null() => Error::Unusable(format!("{action}: {message}")),
        None | Some("NOT_FOUND" | "FORBIDDEN" | "INSUFFICIENT_SCOPES") => {
            let detail = format!("{message}: the token needs {READ} on this repository");
            Error::Refused { action: action.to_owned(), detail }
        }
        Some(_) => Error::Unusable(format!("{action}: {}", with_kind(&message, error))),
    }
}

/// Remote text for messages.
pub(super) fn clean(text: &str) -> String {
    crate::text::excerpt(text, 300)
}
