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

/// A request whose body, if it has one, is at hand: it can be sent again.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    /// The repository that it is about; `None` for the registry itself.
    pub(crate) repository: Option<RepositoryName>,
    pub(crate) scopes: Scopes,
    /// What is being done, for messages: `pull of library/redis`.
    pub(crate) action: String,
    /// Read the body, at most so many bytes; `None` hands the answer out to be streamed. Without meaning for HEAD.
    pub(crate) limit: Option<usize>,
    /// Whether an answer says that there is nothing.
    pub(crate) is_nothing: fn(&Answer) -> bool,
}

impl Call {
    /// One that asks a registry, at its `/v2/`, for nothing but whether it answers.
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

    /// Whether an answer shows that somebody can read the repository. Lists of referrers are empty where there is none.
    pub(super) fn shows(&self, answer: &Answer) -> bool {
        let of_referrers = self.url.path().contains("/referrers/");
        self.reads() && answer.status.is_success() && !of_referrers && !(self.is_nothing)(answer)
    }

    /// Whether it changes nothing.
    pub(super) fn reads(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }
}

/// An answer that is neither a refusal nor a passing fault. What is absent (404) or not to the registry's taste (400) is
/// for the caller to judge.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Where it came from, behind redirects.
    pub(crate) url: Url,
    pub(crate) body: Bytes,
    pub(crate) error: ErrorBody,
    /// The answer itself, where it is to be streamed.
    pub(crate) stream: Option<Response>,
}

impl Answer {
    /// Whether it says that there is no such thing.
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

    /// Whether the registry does not do what it was asked for: a rate limit and its own 401 and 403 do not come this far.
    pub(super) fn is_declined(&self) -> bool {
        self.status.is_client_error() || self.status == StatusCode::NOT_IMPLEMENTED
    }
}
