//! A request to a registry, and its answer.

use bytes::Bytes;
use reqwest::header::{HeaderMap, LINK};
use reqwest::{Method, Response, StatusCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

use crate::image::RepositoryName;
use crate::registry::auth::Scopes;
use crate::registry::wire::{ErrorBody, SMALL_LIMIT};

/// A request whose body, if any, is in memory: it can be sent again.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    /// The repository it is about; `None` for the registry itself.
    pub(crate) repository: Option<RepositoryName>,
    pub(crate) scopes: Scopes,
    /// What is being done, for messages: `pull of library/redis`.
    pub(crate) action: String,
    /// Read at most this many bytes of the body; `None` returns the response for streaming. Meaningless for HEAD.
    pub(crate) limit: Option<usize>,
    /// Whether an answer means that there is nothing.
    pub(crate) is_nothing: fn(&Answer) -> bool,
}

impl Call {
    /// A call to a registry's `/v2/`, to see whether it answers.
    pub(super) fn of_registry(url: Url, action: String) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: Vec::new(),
            body: Bytes::new(),
            repository: None,
            scopes: Scopes::default(),
            action,
            limit: Some(SMALL_LIMIT),
            is_nothing: Answer::is_absent,
        }
    }

    /// Whether an answer proves that the repository is readable. Lists of referrers are empty for missing repositories.
    pub(super) fn shows(&self, answer: &Answer) -> bool {
        let of_referrers = self.url.path().contains("/referrers/");
        self.reads() && answer.status.is_success() && !of_referrers && !(self.is_nothing)(answer)
    }

    /// Whether it changes nothing.
    pub(super) fn reads(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }
}

/// An answer that is neither a refusal nor a temporary fault. A missing thing (404) or a bad request (400) is for the
/// caller to judge.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Where it came from, after redirects.
    pub(crate) url: Url,
    pub(crate) body: Bytes,
    pub(crate) error: ErrorBody,
    /// The response itself, if it is to be streamed.
    pub(crate) stream: Option<Response>,
}

impl Answer {
    /// Whether it says that the thing does not exist.
    pub(super) fn is_absent(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// Whether it says that there are no tags.
    pub(super) fn lists_no_tags(&self) -> bool {
        #[derive(Deserialize)]
        struct Page {
            tags: Option<Vec<IgnoredAny>>,
        }
        let empty =
            || serde_json::from_slice::<Page>(&self.body).is_ok_and(|page| page.tags.is_none_or(|t| t.is_empty()));
        self.is_absent() || (self.status.is_success() && !self.headers.contains_key(LINK) && empty())
    }

    /// Whether the registry does not support the request: rate limits and its own 401 and 403 do not get this far.
    pub(super) fn is_declined(&self) -> bool {
        self.status.is_client_error() || self.status == StatusCode::NOT_IMPLEMENTED
    }
}
