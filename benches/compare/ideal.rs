//! The least work a copier can do, with requests known beforehand, over eight connections per registry that stay open:
//! if everything exists, one HEAD per tag; else every manifest is read, every blob that the mirror lacks is read,
//! hashed and sent, or mounted, and the manifests are put, the tag last. Nothing is checked, retried or read back.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::support::http::block_on;

/// As many as regsync is configured to use.
const CONNECTIONS: usize = 8;
/// How many bytes are read at once, at most.
const PIECE: usize = 256 * 1024;

/// The headers of a POST without a body.
const NOTHING: &str = "Content-Length: 0\r\n";
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";

/// An image, and which parts of it the mirror lacks.
pub struct Wanted {
    /// The repositories, as `team/app`.
    pub from: String,
    pub to: String,
    pub tag: String,
    /// Digest and bytes.
    pub blobs: Vec<(String, u64)>,
    /// Media type and digest; children first, the image itself last.
    pub manifests: Vec<(&'static str, String)>,
}

/// Sends HEAD for every path, and returns how many exist.
pub fn heads(host: &str, paths: &[String]) -> usize {
    let (next, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let connection = || async {
        let mut mirror = Connection::open(host).await;
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            let answer = mirror.ask("HEAD", path, &format!("Accept: {ACCEPT}\r\n")).await;
            found.fetch_add(usize::from(answer.status == 200), Ordering::Relaxed);
        }
    };
    block_on(join_all((0..CONNECTIONS.min(paths.len())).map(|_| connection())));
    found.into_inner()
}

/// Copies images from one registry to another, or within one.
pub fn copy(from: &str, to: &str, wanted: &[Wanted]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let copier = Copier { is_same: from == to, wanted, documents: Mutex::default() };
        let pair = || async { Pair { source: Connection::open(from).await, mirror: Connection::open(to).await } };
        let mut pairs = join_all((0..CONNECTIONS).map(|_| pair())).await;
        let tops = || wanted.iter().enumerate().map(|(image, wanted)| (image, wanted.manifests.len() - 1));
        let children = || tops().flat_map(|(image, top)| (0..top).map(move |child| (image, child)));
        let blobs = wanted.iter().enumerate();
        let blobs = blobs.flat_map(|(image, wanted)| (0..wanted.blobs.len()).map(move |blob| (image, blob)));
        each(&mut pairs, tops().collect(), async |pair: &mut Pair, part| copier.read(pair, part).await).await;
        each(&mut pairs, children().collect(), async |pair: &mut Pair, part| copier.read(pair, part).await).await;
        each(&mut pairs, blobs.collect(), async |pair: &mut Pair, part| copier.bring(pair, part).await).await;
        each(&mut pairs, children().collect(), async |pair: &mut Pair, part| copier.put(pair, part).await).await;
        each(&mut pairs, tops().collect(), async |pair: &mut Pair, part| copier.put(pair, part).await).await;
    });
}

/// An image and one of its manifests or blobs, by index.
type Part = (usize, usize);

struct Pair {
    source: Connection,
    mirror: Connection,
}

/// Handles all parts, over all connections at once.
async fn each(pairs: &mut [Pair], parts: VecDeque<Part>, act: impl AsyncFn(&mut Pair, Part)) {
    let parts = Mutex::new(parts);
    let next = || parts.lock().expect("no panic").pop_front();
    let (next, act) = (&next, &act);
    join_all(pairs.iter_mut().map(|pair| async move {
        while let Some(part) = next() {
            act(pair, part).await;
        }
    }))
    .await;
}

struct Copier<'a> {
    is_same: bool,
    wanted: &'a [Wanted],
    /// The manifests that were read.
    documents: Mutex<BTreeMap<Part, Vec<u8>>>,
}

impl Copier<'_> {
    async fn read(&self, pair: &mut Pair, part: Part) {
        let Wanted { from, manifests, .. } = &self.wanted[part.0];
        let path = format!("/v2/{from}/manifests/{}", manifests[part.1].1);
        let answer = pair.source.ask("GET", &path, &format!("Accept: {ACCEPT}\r\n")).await;
        assert_eq!(answer.status, 200, "{path}");
        let bytes = pair.source.body(answer.length).await;
        self.documents.lock().expect("no panic").insert(part, bytes);
    }

    async fn bring(&self, Pair { source, mirror }: &mut Pair, (image, blob): Part) {
        let Wanted { from, to, blobs, .. } = &self.wanted[image];
        let (digest, size) = &blobs[blob];
        let uploads = format!("/v2/{to}/blobs/uploads/");
        if self.is_same {
            let mounted = format!("{uploads}?mount={digest}&from={from}");
            assert_eq!(mirror.ask("POST", &mounted, NOTHING).await.status, 201, "mounted");
            return;
        }
        let path = format!("/v2/{from}/blobs/{digest}");
        let (begun, found) = tokio::join!(mirror.ask("POST", &uploads, NOTHING), source.ask("GET", &path, ""));
        assert_eq!((begun.status, found.status), (202, 200));
        let location = begun.location.expect("a Location");
        let (_, place) = location.split_once("/v2/").expect("a Location below /v2/");
        let and = if place.contains('?') { '&' } else { '?' };
        mirror.begin("PUT", &format!("/v2/{place}{and}digest={digest}"), &format!("Content-Length: {size}\r\n")).await;
        source.pipe(*size, mirror).await;
        assert_eq!(mirror.whole_answer().await.status, 201, "sent");
    }

    async fn put(&self, Pair { mirror, .. }: &mut Pair, part: Part) {
        let Wanted { to, tag, manifests, .. } = &self.wanted[part.0];
        let (media_type, digest) = &manifests[part.1];
        let name = if part.1 == manifests.len() - 1 { tag } else { digest };
        let bytes = self.documents.lock().expect("no panic").remove(&part).expect("it was read");
        let head = format!("Content-Type: {media_type}\r\nContent-Length: {}\r\n", bytes.len());
        mirror.begin("PUT", &format!("/v2/{to}/manifests/{name}"), &head).await;
        mirror.send(&bytes).await;
        assert_eq!(mirror.whole_answer().await.status, 201, "put");
    }
}

/// One connection that stays open.
struct Connection {
    host: String,
    stream: BufReader<TcpStream>,
}

/// The head of a response.
struct Answer {
    status: u16,
    length: u64,
    location: Option<String>,
}

impl Connection {
    async fn open(host: &str) -> Self {
        let stream = TcpStream::connect(host).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        Self { host: host.to_owned(), stream: BufReader::with_capacity(PIECE, stream) }
    }

    async fn begin(&mut self, method: &str, path: &str, headers: &str) {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.host);
        self.send(request.as_bytes()).await;
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("an open connection");
    }

    /// A request without a body. The body of the response to a GET is left unread.
    async fn ask(&mut self, method: &str, path: &str, headers: &str) -> Answer {
        self.begin(method, path, headers).await;
        if method == "POST" { self.whole_answer().await } else { self.answer().await }
    }

    /// A response, with its body read and discarded.
    async fn whole_answer(&mut self) -> Answer {
        let answer = self.answer().await;
        self.body(answer.length).await;
        answer
    }

    async fn answer(&mut self) -> Answer {
        let mut answer = Answer { status: 0, length: 0, location: None };
        let mut line = String::new();
        self.stream.read_line(&mut line).await.expect("an answer");
        answer.status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        while line != "\r\n" {
            line.clear();
            self.stream.read_line(&mut line).await.expect("a header");
            let (name, value) = line.split_once(':').unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => answer.length = value.trim().parse().expect("a length"),
                "location" => answer.location = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        answer
    }

    async fn body(&mut self, length: u64) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(length).expect("a small body")];
        self.stream.read_exact(&mut bytes).await.expect("a body");
        bytes
    }

    /// Passes a body on, and computes its digest as any honest copier does.
    async fn pipe(&mut self, mut left: u64, to: &mut Self) {
        let mut hash = Sha256::new();
        while left > 0 {
            let bytes = self.stream.fill_buf().await.expect("a body");
            let bytes = &bytes[..bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
            assert!(!bytes.is_empty(), "the body is whole");
            hash.update(bytes);
            to.send(bytes).await;
            let length = bytes.len();
            left -= length as u64;
            self.stream.consume(length);
        }
        std::hint::black_box(hash.finalize());
    }
}
