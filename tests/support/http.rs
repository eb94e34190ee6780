//! A small loopback HTTP server (1.1 and h2c, or TLS with both by ALPN) on a thread and runtime of its own, so that synchronous tests can use it.
//! It keeps a log of every exchange and can be told to break answers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use regex::Regex;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

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

    /// The path decoded, split at its slashes, without empty parts.
    pub fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|part| !part.is_empty()).map(percent_decode).collect()
    }

    /// The body as JSON; null where it is none.
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

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, value) = authorization.split_once(' ')?;
    let text = base64::engine::general_purpose::STANDARD.decode(value.trim()).ok()?;
    let text = String::from_utf8(text).ok()?;
    let (name, password) = text.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (name.to_owned(), password.to_owned()))
}

/// A piece of an answer's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Bytes(Bytes),
    Pause(Duration),
    /// Nothing more, and the connection stays open until the server stops.
    Stall,
    /// The connection is reset.
    Reset,
}

/// What a handler answers.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<Piece>,
    /// The work was done, but the connection breaks before the answer.
    pub lost: bool,
}

impl Response {
    /// An empty answer.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), lost: false }
    }

    /// A JSON answer.
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

    /// A body in scripted pieces; set `content-length` by hand where the client is to be told one.
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

/// One request and what it was answered.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub request: Request,
    /// `None` where the connection was broken instead.
    pub status: Option<u16>,
    pub response_headers: Vec<(String, String)>,
    /// What the handler meant to send, before faults cut it.
    pub response_body: Bytes,
    /// A fault answered, or broke the answer: it is not what the handler gave.
    pub scripted: bool,
}

impl Exchange {
    /// `GET /v2/app/tags/list?n=2 200`.
    pub fn line(&self) -> String {
        let query = self.request.query.as_ref().map(|q| format!("?{q}")).unwrap_or_default();
        let status = self.status.map_or("-".to_owned(), |s| s.to_string());
        format!("{} {}{query} {status}", self.request.method, self.request.path)
    }

    /// `Basic alice`, `Bearer`, or `None` where the request had no `Authorization`.
    pub fn authorization(&self) -> Option<String> {
        let value = self.request.header("authorization")?;
        let scheme = value.split(' ').next().unwrap_or_default();
        Some(basic(value).map_or_else(|| scheme.to_owned(), |(user, _)| format!("{scheme} {user}")))
    }

    /// The first response header of that name.
    pub fn response_header(&self, name: &str) -> Option<&str> {
        header(&self.response_headers, name)
    }

    /// The response body as JSON; null where it is none.
    pub fn response_json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.response_body).unwrap_or(serde_json::Value::Null)
    }

    /// Whether the request may change something.
    pub fn is_write(&self) -> bool {
        !matches!(self.request.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }
}

/// What happens to a request that a [`Rule`] meets.
#[derive(Clone, Debug)]
pub enum Action {
    /// This answer instead of the handler's, which is not asked.
    Answer(u16, Vec<(String, String)>, Bytes),
    /// The handler's answer, its body ended after so many bytes (its length still announced).
    Truncate(usize),
    /// The handler's answer, its body hanging after so many bytes.
    Stall(usize),
    /// The handler's answer, the connection reset after so many bytes of its body.
    ResetAfter(usize),
    /// The connection is reset, the handler is not asked.
    Reset,
    /// The handler does its work, then the connection is reset without an answer.
    Lose,
    /// No answer at all, the handler is not asked.
    Hang,
    /// The connection is reset after so many bytes of the request's body, the handler is not asked.
    ResetUpload(usize),
    /// After so many bytes of the request's body no more of it is read, and nothing is answered.
    StopReading(usize),
    /// This answer as soon as so many bytes of the request's body have come; the rest is not read.
    Early(usize, u16, Vec<(String, String)>),
    /// This is done first, then the handler is asked.
    First(Hook),
    /// The handler's answer, later.
    Delay(Duration),
    /// The handler's answer with a header set (or, with `None`, taken away).
    Header(String, Option<String>),
    /// The handler's answer with another body of the same or another length.
    Body(Bytes),
    /// The handler's answer with a body of half a gigabyte, its length not announced.
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

/// A scripted fault: which requests it meets, and what happens to them.
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
    /// Meets every request of that method (empty: any) whose path and query match the regular expression.
    pub fn new(method: &str, target: &str, action: Action) -> Self {
        let method = (!method.is_empty()).then(|| method.to_owned());
        let target = Regex::new(target).expect("a regular expression");
        Self { method, target, skip: 0, times: usize::MAX, action, seen: 0 }
    }

    /// Meets only the first `times` of them.
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

/// Answers requests; called on the server's threads, one request at a time each.
pub trait Handler: Send + Sync + 'static {
    fn handle(&self, request: &Request) -> Response;
}

impl<F: Fn(&Request) -> Response + Send + Sync + 'static> Handler for F {
    fn handle(&self, request: &Request) -> Response {
        self(request)
    }
}

struct Shared {
    handler: Box<dyn Handler>,
    log: Mutex<Vec<Exchange>>,
    rules: Mutex<Vec<Rule>>,
}

/// A running server. Dropping it stops it and closes its connections.
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Starts on 127.0.0.1 at a free port.
    pub fn start(handler: impl Handler) -> Self {
        Self::start_at(IpAddr::V4(Ipv4Addr::LOCALHOST), handler)
    }

    /// Starts on another loopback address, such as 127.0.0.2, for tests of "another host".
    pub fn start_at(ip: IpAddr, handler: impl Handler) -> Self {
        Self::launch(ip, handler, None)
    }

    /// Starts with TLS, offering HTTP/2 by ALPN; its certificate is of the CA [`TEST_CA`], for 127.0.0.1 and `localhost`.
    pub fn start_tls(ip: IpAddr, handler: impl Handler) -> Self {
        Self::launch(ip, handler, Some(acceptor()))
    }

    fn launch(ip: IpAddr, handler: impl Handler, tls: Option<TlsAcceptor>) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let listener = std::net::TcpListener::bind((ip, 0)).expect("a loopback address to listen on");
        listener.set_nonblocking(true).expect("a listener");
        let address = listener.local_addr().expect("a listener");
        let shared =
            Arc::new(Shared { handler: Box::new(handler), log: Mutex::new(Vec::new()), rules: Mutex::new(Vec::new()) });
        let (stop, stopped) = watch::channel(false);
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .expect("a runtime for the test server");
            runtime.block_on(accept(listener, for_thread, stopped, tls));
            runtime.shutdown_background();
        });
        Self { address, scheme, shared, stop, thread: Some(thread) }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// `http://127.0.0.1:PORT` (or `https`), without a slash at the end.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Everything that was asked so far.
    pub fn log(&self) -> Vec<Exchange> {
        lock(&self.shared.log).clone()
    }

    /// The log as lines: `GET /v2/ 200`.
    pub fn lines(&self) -> Vec<String> {
        self.log().iter().map(Exchange::line).collect()
    }

    /// Forgets what was asked so far.
    pub fn clear_log(&self) {
        lock(&self.shared.log).clear();
    }

    /// Adds a fault.
    pub fn fault(&self, rule: Rule) {
        lock(&self.shared.rules).push(rule);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        lock(&self.shared.rules).clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Locks, also where a test that panicked held the lock.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The CA that signed the certificate of [`Server::start_tls`], PEM: trusted by no machine, good until 2120.
pub const TEST_CA: &str = include_str!("tls/ca.pem");

fn acceptor() -> TlsAcceptor {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let chain = CertificateDer::pem_slice_iter(include_bytes!("tls/localhost.pem"));
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/localhost.key")).expect("a key");
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
    let mut config = config.expect("a certificate and its key");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

async fn accept(
    listener: std::net::TcpListener,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
    tls: Option<TlsAcceptor>,
) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let _ = stream.set_nodelay(true);
                tokio::spawn(connection(stream, Arc::clone(&shared), tls.clone()));
            }
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, tls: Option<TlsAcceptor>) {
    let reset = Arc::new(AtomicBool::new(false));
    let wire = Wire { stream, reset: Arc::clone(&reset) };
    let service = hyper::service::service_fn(move |request| answer(request, Arc::clone(&shared), Arc::clone(&reset)));
    let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    match tls {
        None => drop(builder.serve_connection(TokioIo::new(wire), service).await),
        Some(tls) => {
            let Ok(wire) = tls.accept(wire).await else { return };
            let _ = builder.serve_connection(TokioIo::new(wire), service).await;
        }
    }
}

type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, std::io::Error>;

async fn answer(
    request: hyper::Request<Incoming>,
    shared: Arc<Shared>,
    reset: Arc<AtomicBool>,
) -> Result<hyper::Response<Body>, std::io::Error> {
    let (mut request, body) = head(request);
    let actions = met(&shared.rules, &request);
    if let Some((at, action)) = actions.iter().find_map(cuts) {
        read_up_to(body, at).await;
        let Action::Early(_, status, headers) = action else {
            record(&shared, &request, None, false, true);
            if matches!(action, Action::StopReading(_)) {
                std::future::pending::<()>().await;
            }
            reset.store(true, Ordering::SeqCst);
            return Err(std::io::Error::other("scripted reset"));
        };
        let response = Response { headers: headers.clone(), ..Response::new(*status) };
        record(&shared, &request, Some(&response), true, true);
        return Ok(wire_response(response.header("connection", "close"), false, reset));
    }
    request.body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    let mut response = None;
    for action in &actions {
        match action {
            Action::Hang => {
                record(&shared, &request, None, false, true);
                std::future::pending::<()>().await;
            }
            Action::First(hook) => {
                // what a test does may itself ask this server
                let hook = hook.clone();
                tokio::task::spawn_blocking(move || (hook.0)()).await.map_err(std::io::Error::other)?;
            }
            Action::Delay(delay) => tokio::time::sleep(*delay).await,
            Action::Reset => return broken(&shared, &request, None, &reset),
            Action::Answer(status, headers, body) => {
                let given = Response { headers: headers.clone(), ..Response::new(*status) };
                response = Some(given.body(body.clone()));
            }
            _ => {}
        }
    }
    let response = match response {
        Some(response) => response,
        None => {
            let (shared, request) = (Arc::clone(&shared), request.clone());
            tokio::task::spawn_blocking(move || shared.handler.handle(&request)).await.map_err(std::io::Error::other)?
        }
    };
    if response.lost || actions.iter().any(|a| matches!(a, Action::Lose)) {
        return broken(&shared, &request, Some(&response), &reset);
    }
    record(&shared, &request, Some(&response), true, !actions.is_empty());
    let head = request.method == "HEAD";
    Ok(wire_response(actions.iter().fold(response, spoil), head, reset))
}

/// The request without its body, and the body.
fn head(request: hyper::Request<Incoming>) -> (Request, Incoming) {
    let (parts, body) = request.into_parts();
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let request = Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        version: parts.version,
        headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: Bytes::new(),
    };
    (request, body)
}

/// The action, if it is one that cuts the request's body off, and after how many bytes.
fn cuts(action: &Action) -> Option<(usize, &Action)> {
    match action {
        Action::ResetUpload(at) | Action::StopReading(at) | Action::Early(at, ..) => Some((*at, action)),
        _ => None,
    }
}

/// Reads at least so many bytes of a body. What is left is kept unread as long as nothing is answered.
async fn read_up_to(mut body: Incoming, at: usize) {
    let mut seen = 0;
    while seen < at {
        let Some(Ok(frame)) = body.frame().await else { return };
        seen += frame.data_ref().map_or(0, Bytes::len);
    }
    // Dropped, the connection would drain it.
    std::mem::forget(body);
}

fn met(rules: &Mutex<Vec<Rule>>, request: &Request) -> Vec<Action> {
    lock(rules).iter_mut().filter_map(|rule| rule.meets(request).then(|| rule.action.clone())).collect()
}

/// Writes an exchange down; `sent` is false where the connection breaks instead of answering.
fn record(shared: &Shared, request: &Request, meant: Option<&Response>, sent: bool, scripted: bool) {
    lock(&shared.log).push(Exchange {
        request: request.clone(),
        status: meant.filter(|_| sent).map(|r| r.status),
        response_headers: meant.map(|r| r.headers.clone()).unwrap_or_default(),
        response_body: meant.map(Response::bytes).unwrap_or_default(),
        scripted,
    });
}

fn broken(
    shared: &Shared,
    request: &Request,
    meant: Option<&Response>,
    reset: &AtomicBool,
) -> Result<hyper::Response<Body>, std::io::Error> {
    record(shared, request, meant, false, true);
    reset.store(true, Ordering::SeqCst);
    Err(std::io::Error::other("scripted reset"))
}

/// Applies a fault to what the handler answered.
fn spoil(mut response: Response, action: &Action) -> Response {
    let (end, at) = match action {
        // What is there is sent while the body seems to go on; else a body that ends early takes its beginning with it.
        Action::Truncate(at) => (Piece::Pause(Duration::from_millis(10)), *at),
        Action::Stall(at) => (Piece::Stall, *at),
        Action::ResetAfter(at) => (Piece::Reset, *at),
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

fn wire_response(response: Response, head: bool, reset: Arc<AtomicBool>) -> hyper::Response<Body> {
    let whole = response.body.iter().all(|piece| matches!(piece, Piece::Bytes(_)));
    let length = header(&response.headers, "content-length").is_none() && whole && response.status != 204;
    let mut builder = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name.as_str(), value.as_str());
    }
    if length {
        builder = builder.header("content-length", response.bytes().len());
    }
    let pieces = if head { Vec::new() } else { response.body };
    builder.body(stream(pieces, reset)).expect("a valid scripted answer")
}

fn stream(pieces: Vec<Piece>, reset: Arc<AtomicBool>) -> Body {
    let frames = futures_util::stream::iter(pieces).filter_map(move |piece| {
        let reset = Arc::clone(&reset);
        async move {
            match piece {
                Piece::Bytes(bytes) => Some(Ok(Frame::data(bytes))),
                Piece::Pause(delay) => {
                    tokio::time::sleep(delay).await;
                    None
                }
                Piece::Stall => std::future::pending().await,
                Piece::Reset => {
                    // What was sent before must reach the client: a reset may discard bytes still in flight.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    reset.store(true, Ordering::SeqCst);
                    Some(Err(std::io::Error::other("scripted reset")))
                }
            }
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

/// A connection that is reset instead of closed when it was told so.
struct Wire {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.reset.load(Ordering::SeqCst) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A client for plain HTTP, with no proxy and no redirects, that needs no CA bundle.
pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([])
        .build()
        .expect("a client")
}

/// Runs a future to its end, from synchronous code, also where the caller is inside a runtime.
pub fn block_on<T: Send>(future: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(future)
            })
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
