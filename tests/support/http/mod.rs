//! A small loopback HTTP server (1.1 and h2c, or TLS with both by ALPN) on a separate thread and runtime, so that
//! synchronous tests can use it. It keeps a log of every exchange and can be told to break responses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;

mod fault;
mod message;
mod wire;

#[allow(unused_imports)]
pub use fault::{Action, Hook, Rule};
use fault::{cuts, spoil};
// The demo and the benchmarks use less of this than the tests.
#[allow(unused_imports)]
pub use message::{Exchange, Piece, Request, Response, pairs};
#[allow(unused_imports)]
pub use wire::TEST_CA;
use wire::{Body, Wire, acceptor, wire_response};

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

    /// Starts with TLS, offering HTTP/2 by ALPN; its certificate is from the CA [`TEST_CA`], for 127.0.0.1 and
    /// `localhost`.
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

    /// Every request so far.
    pub fn log(&self) -> Vec<Exchange> {
        lock(&self.shared.log).clone()
    }

    /// The log as lines: `GET /v2/ 200`.
    pub fn lines(&self) -> Vec<String> {
        self.log().iter().map(Exchange::line).collect()
    }

    /// Forgets the requests so far.
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

/// Locks, even if a test that panicked held the lock.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
    match tls {
        None => serve(wire, shared, reset).await,
        Some(tls) => {
            let Ok(wire) = tls.accept(wire).await else { return };
            serve(wire, shared, reset).await;
        }
    }
}

async fn serve(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    shared: Arc<Shared>,
    reset: Arc<AtomicBool>,
) {
    let end = Arc::new(Notify::new());
    let told = Arc::clone(&end);
    let service = hyper::service::service_fn(move |request| {
        answer(request, Arc::clone(&shared), Arc::clone(&reset), Arc::clone(&told))
    });
    let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => {}
        () = end.notified() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    shared: Arc<Shared>,
    reset: Arc<AtomicBool>,
    end: Arc<Notify>,
) -> Result<hyper::Response<Body>, Box<dyn std::error::Error + Send + Sync>> {
    let (mut request, body) = head(request);
    let actions = met(&shared.rules, &request);
    if actions.iter().any(|action| matches!(action, Action::GoAway)) {
        end.notify_one();
    }
    if let Some((at, action)) = actions.iter().find_map(cuts) {
        read_up_to(body, at).await;
        let Action::Early(_, status, headers) = action else {
            record(&shared, &request, None, false, true);
            if matches!(action, Action::StopReading(_)) {
                std::future::pending::<()>().await;
            }
            reset.store(true, Ordering::SeqCst);
            return Err("scripted reset".into());
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
                // a test's hook may itself send requests to this server
                let hook = hook.clone();
                tokio::task::spawn_blocking(move || (hook.0)()).await.map_err(std::io::Error::other)?;
            }
            Action::Delay(delay) => tokio::time::sleep(*delay).await,
            Action::Reset => return Ok(broken(&shared, &request, None, &reset)?),
            Action::Refuse => {
                record(&shared, &request, None, false, true);
                return Err(h2::Error::from(h2::Reason::REFUSED_STREAM).into());
            }
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
        return Ok(broken(&shared, &request, Some(&response), &reset)?);
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

/// Reads at least this many bytes of a body. The rest is kept unread as long as there is no response.
async fn read_up_to(mut body: Incoming, at: usize) {
    let mut seen = 0;
    while seen < at {
        let Some(Ok(frame)) = body.frame().await else { return };
        seen += frame.data_ref().map_or(0, Bytes::len);
    }
    // Dropping it would drain the connection.
    std::mem::forget(body);
}

fn met(rules: &Mutex<Vec<Rule>>, request: &Request) -> Vec<Action> {
    lock(rules).iter_mut().filter_map(|rule| rule.meet(request)).collect()
}

/// Logs an exchange; `sent` is false if the connection breaks instead of answering.
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

/// Runs a future to its end, from synchronous code, even if the caller is inside a runtime.
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
