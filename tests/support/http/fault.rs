//! Scripted faults: what breaks, or waits, and when.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use regex::Regex;

use super::message::{Piece, Request, Response, header};

/// What happens to a request that matches a [`Rule`].
#[derive(Clone, Debug)]
pub enum Action {
    /// This response instead of the handler's, which is not called.
    Answer(u16, Vec<(String, String)>, Bytes),
    /// The handler's response, its body ended after this many bytes (with its full length announced).
    Truncate(usize),
    /// The handler's response, its body hanging after this many bytes.
    Stall(usize),
    /// The handler's response, its body byte by byte with such a pause before each.
    Drip(Duration),
    /// The handler's response, the connection reset after this many bytes of its body.
    ResetAfter(usize),
    /// The connection is reset, the handler is not called.
    Reset,
    /// The handler does its work, then the connection is reset without an answer.
    Lose,
    /// No response at all, the handler is not called.
    Hang,
    /// The connection is reset after this many bytes of the request's body, the handler is not called.
    ResetUpload(usize),
    /// After this many bytes of the request's body no more of it is read, and nothing is answered.
    StopReading(usize),
    /// This response as soon as this many bytes of the request's body have arrived; the rest is not read.
    Early(usize, u16, Vec<(String, String)>),
    /// The request's stream is refused (HTTP/2: REFUSED_STREAM), the handler is not called.
    Refuse,
    /// The connection is told to end (HTTP/2: GOAWAY) as soon as the request's head has arrived; then the handler is
    /// called.
    GoAway,
    /// This is done first, then the handler is called.
    First(Hook),
    /// The handler's response, later.
    Delay(Duration),
    /// The handler's response with a header set (or, with `None`, removed).
    Header(String, Option<String>),
    /// The handler's response with another body of the same or another length.
    Body(Bytes),
    /// The handler's response with a body of half a gigabyte, its length not announced.
    Endless,
}

/// Something that a test does while a request waits.
#[derive(Clone)]
pub struct Hook(pub Arc<dyn Fn() + Send + Sync>);

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hook")
    }
}

/// A scripted fault: which requests it matches, and what happens to them.
#[derive(Clone, Debug)]
pub struct Rule {
    method: Option<String>,
    target: Regex,
    skip: usize,
    times: usize,
    action: Action,
    seen: usize,
}

impl Rule {
    /// Matches every request of that method (empty: any) whose path and query match the regular expression.
    pub fn new(method: &str, target: &str, action: Action) -> Self {
        let method = (!method.is_empty()).then(|| method.to_owned());
        let target = Regex::new(target).expect("a regular expression");
        Self { method, target, skip: 0, times: usize::MAX, action, seen: 0 }
    }

    /// Matches only the first `times` of them.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Lets the first `skip` of them pass.
    #[must_use]
    pub fn after(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    /// What happens to this request, if the rule matches it.
    pub(super) fn meet(&mut self, request: &Request) -> Option<Action> {
        self.meets(request).then(|| self.action.clone())
    }

    fn meets(&mut self, request: &Request) -> bool {
        let target = match &request.query {
            Some(query) => format!("{}?{query}", request.path),
            None => request.path.clone(),
        };
        if self.method.as_ref().is_some_and(|m| *m != request.method) || !self.target.is_match(&target) {
            return false;
        }
        self.seen += 1;
        self.seen > self.skip && self.seen - self.skip <= self.times
    }
}

/// The action, if it cuts the request's body off, and after how many bytes.
pub(super) fn cuts(action: &Action) -> Option<(usize, &Action)> {
    match action {
        Action::ResetUpload(at) | Action::StopReading(at) | Action::Early(at, ..) => Some((*at, action)),
        _ => None,
    }
}

/// Applies a fault to the handler's response.
pub(super) fn spoil(mut response: Response, action: &Action) -> Response {
    let (end, at) = match action {
        // The bytes so far are sent while the body seems to continue; otherwise a body that ends early takes its
        // beginning with it.
        Action::Truncate(at) => (Piece::Pause(Duration::from_millis(10)), *at),
        Action::Stall(at) => (Piece::Stall, *at),
        Action::ResetAfter(at) => (Piece::Reset, *at),
        Action::Drip(pause) => {
            let bytes = response.bytes();
            let length = bytes.len().to_string();
            let drops = bytes.iter().flat_map(|byte| [Piece::Pause(*pause), Piece::Bytes(vec![*byte].into())]);
            return Response { body: drops.collect(), ..response.header("content-length", length) };
        }
        Action::Header(name, value) => {
            response.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
            response.headers.extend(value.iter().map(|value| (name.clone(), value.clone())));
            return response;
        }
        Action::Body(bytes) => return response.body(bytes.clone()),
        Action::Endless => {
            let mut pieces = vec![Piece::Bytes(vec![b' '; 64 * 1024].into()); 8 * 1024];
            pieces.push(Piece::Pause(Duration::ZERO));
            return response.pieces(pieces);
        }
        _ => return response,
    };
    let bytes = response.bytes();
    if header(&response.headers, "content-length").is_none() {
        response.headers.push(("content-length".to_owned(), bytes.len().to_string()));
    }
    response.body = vec![Piece::Bytes(bytes.slice(..at.min(bytes.len()))), end];
    response
}
