//! Parses the requests in a connection's bytes, as far as needed to count them (RFC 9112).

use std::collections::BTreeMap;
use std::time::SystemTime;

/// What passed through one proxy.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// Requests by kind, such as `manifest GET`.
    pub requests: BTreeMap<&'static str, u64>,
    /// Bytes that clients sent, including heads.
    pub up: u64,
    /// Bytes that clients received.
    pub down: u64,
    pub connections: u64,
    /// When the first byte of the first request arrived.
    pub first: Option<SystemTime>,
}

impl Traffic {
    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }

    pub fn of(&self, kind: &str) -> u64 {
        self.requests.get(kind).copied().unwrap_or_default()
    }
}

/// What a request is about (OCI distribution specification, "Endpoints"; the token service has its own paths).
fn kind(method: &str, target: &str) -> &'static str {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let about = |part: &str| path.contains(part);
    match method {
        "GET" | "HEAD" if path.trim_end_matches('/') == "/v2" => "ping",
        "POST" if about("/blobs/uploads/") && query.contains("mount=") => "mount POST",
        "POST" if about("/blobs/uploads/") => "upload POST",
        "PATCH" if about("/blobs/uploads/") => "upload PATCH",
        "PUT" if about("/blobs/uploads/") => "upload PUT",
        "DELETE" if about("/blobs/uploads/") => "upload DELETE",
        "GET" if about("/blobs/") => "blob GET",
        "HEAD" if about("/blobs/") => "blob HEAD",
        "GET" if about("/manifests/") => "manifest GET",
        "HEAD" if about("/manifests/") => "manifest HEAD",
        "PUT" if about("/manifests/") => "manifest PUT",
        "GET" if path.ends_with("/tags/list") => "tag list",
        "GET" if about("/referrers/") => "referrers",
        _ if about("token") => "token",
        _ => "other",
    }
}

enum State {
    /// A request's head, as far as it has arrived.
    Head(Vec<u8>),
    /// This many bytes of a body are still to come.
    Body(u64),
    /// The line with the size of the next chunk, as far as it has arrived.
    Size(Vec<u8>),
    /// This many bytes of a chunk and its line end are still to come.
    Chunk(u64),
    /// The lines after the last chunk.
    Trailer(Vec<u8>),
}

/// One connection's requests, one after the other.
pub struct Requests(State);

impl Default for Requests {
    fn default() -> Self {
        Self(State::Head(Vec::new()))
    }
}

impl Requests {
    /// Takes the next bytes; returns the kinds of the requests whose heads end in them.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Vec<&'static str> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            match &mut self.0 {
                State::Body(left) | State::Chunk(left) => {
                    let taken = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= taken as u64;
                    bytes = &bytes[taken..];
                    self.rest();
                }
                State::Head(line) | State::Size(line) | State::Trailer(line) => {
                    line.push(bytes[0]);
                    bytes = &bytes[1..];
                    found.extend(self.line());
                }
            }
        }
        found
    }

    /// Continues after the end of a body or chunk.
    fn rest(&mut self) {
        match self.0 {
            State::Body(0) => self.0 = State::Head(Vec::new()),
            State::Chunk(0) => self.0 = State::Size(Vec::new()),
            _ => {}
        }
    }

    /// Continues after the end of a head or line.
    fn line(&mut self) -> Option<&'static str> {
        match &self.0 {
            State::Head(head) if head.ends_with(b"\r\n\r\n") => {
                let text = String::from_utf8_lossy(head).into_owned();
                self.0 = body(&text);
                self.rest();
                let mut words = text.split_whitespace();
                Some(kind(words.next()?, words.next()?))
            }
            State::Size(line) if line.ends_with(b"\r\n") => {
                let text = String::from_utf8_lossy(line);
                let digits = text.trim().split(';').next().unwrap_or_default();
                self.0 = match u64::from_str_radix(digits, 16).unwrap_or_default() {
                    0 => State::Trailer(b"\r\n".to_vec()),
                    size => State::Chunk(size + 2),
                };
                None
            }
            State::Trailer(lines) if lines.ends_with(b"\r\n\r\n") => {
                self.0 = State::Head(Vec::new());
                None
            }
            _ => None,
        }
    }
}

/// What follows a head.
fn body(head: &str) -> State {
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_ascii_lowercase())
        })
    };
    if header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        return State::Size(Vec::new());
    }
    State::Body(header("content-length").and_then(|length| length.parse().ok()).unwrap_or_default())
}
