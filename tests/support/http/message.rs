//! Requests, responses, and their log.

use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;

/// What a handler is given.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// As sent: still percent-encoded.
    pub path: String,
    pub query: Option<String>,
    pub version: hyper::Version,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Request {
    /// The first header of that name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// Decoded query pairs, in order.
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        pairs(self.query.as_deref().unwrap_or_default())
    }

    /// The first query value of that name.
    pub fn query_value(&self, name: &str) -> Option<String> {
        self.query_pairs().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The path decoded, split at slashes, without empty parts.
    pub fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|part| !part.is_empty()).map(percent_decode).collect()
    }

    /// The body as JSON; null if it is not JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or(serde_json::Value::Null)
    }

    /// Name and password of a Basic `Authorization`.
    pub fn basic(&self) -> Option<(String, String)> {
        basic(self.header("authorization")?)
    }

    /// The token of a Bearer `Authorization`.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }
}

/// The pairs of a query or form, decoded.
pub fn pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).map(|(k, v)| (k.into_owned(), v.into_owned())).collect()
}

fn percent_decode(text: &str) -> String {
    pairs(&format!("x={}", text.replace('+', "%2B").replace('&', "%26"))).remove(0).1
}

pub(super) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, value) = authorization.split_once(' ')?;
    let text = base64::engine::general_purpose::STANDARD.decode(value.trim()).ok()?;
    let text = String::from_utf8(text).ok()?;
    let (name, password) = text.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (name.to_owned(), password.to_owned()))
}

/// A piece of a response's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Bytes(Bytes),
    Pause(Duration),
    /// Nothing more, and the connection stays open until the server stops.
    Stall,
    /// The connection is reset.
    Reset,
}

/// A handler's response.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<Piece>,
    /// The work was done, but the connection breaks before the answer.
    pub lost: bool,
}

impl Response {
    /// An empty response.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), lost: false }
    }

    /// A JSON response.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::new(status).header("content-type", "application/json").body(value.to_string())
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = vec![Piece::Bytes(bytes.into())];
        self
    }

    /// A body in scripted pieces; set `content-length` by hand if the client is to be told one.
    #[must_use]
    pub fn pieces(mut self, pieces: Vec<Piece>) -> Self {
        self.body = pieces;
        self
    }

    /// All bytes of the body, as far as they are bytes.
    pub fn bytes(&self) -> Bytes {
        match self.body.as_slice() {
            [Piece::Bytes(bytes)] => bytes.clone(),
            pieces => pieces.iter().filter_map(piece_bytes).flatten().copied().collect::<Vec<u8>>().into(),
        }
    }
}

fn piece_bytes(piece: &Piece) -> Option<&Bytes> {
    match piece {
        Piece::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

/// One request and its response.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub request: Request,
    /// `None` if the connection was broken instead.
    pub status: Option<u16>,
    pub response_headers: Vec<(String, String)>,
    /// What the handler meant to send, before faults cut it.
    pub response_body: Bytes,
    /// A fault answered, or broke the response: it is not the handler's.
    pub scripted: bool,
}

impl Exchange {
    /// `GET /v2/app/tags/list?n=2 200`.
    pub fn line(&self) -> String {
        let query = self.request.query.as_ref().map(|q| format!("?{q}")).unwrap_or_default();
        let status = self.status.map_or("-".to_owned(), |s| s.to_string());
        format!("{} {}{query} {status}", self.request.method, self.request.path)
    }

    /// `Basic alice`, `Bearer`, or `None` if the request had no `Authorization`.
    pub fn authorization(&self) -> Option<String> {
        let value = self.request.header("authorization")?;
        let scheme = value.split(' ').next().unwrap_or_default();
        Some(basic(value).map_or_else(|| scheme.to_owned(), |(user, _)| format!("{scheme} {user}")))
    }

    /// The first response header of that name.
    pub fn response_header(&self, name: &str) -> Option<&str> {
        header(&self.response_headers, name)
    }

    /// The response body as JSON; null if it is not JSON.
    pub fn response_json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.response_body).unwrap_or(serde_json::Value::Null)
    }

    /// Whether the request may change something.
    pub fn is_write(&self) -> bool {
        !matches!(self.request.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }
}
