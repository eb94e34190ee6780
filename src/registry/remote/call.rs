//! A request to a registry, and its answer.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Method, Response, StatusCode};
use url::Url;

use crate::registry::auth::Scopes;
use crate::registry::wire::ErrorBody;

/// A request whose body, if it has one, is at hand: it can be sent again.
#[derive(Clone)]
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
    pub(crate) error: ErrorBody,
    /// The answer itself, where it is to be streamed.
    pub(crate) stream: Option<Response>,
}

impl Answer {
    /// Whether the registry does not do what it was asked for: a rate limit, 401 and 403 do not come this far.
    pub(super) fn is_declined(&self) -> bool {
        self.status.is_client_error() || self.status == StatusCode::NOT_IMPLEMENTED
    }
}
