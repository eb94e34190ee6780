//! The least that a look at every tag can take: one HEAD each and nothing else, over eight connections that stay open.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::support::http::block_on;

/// As many as regsync is told to use.
const CONNECTIONS: usize = 8;

/// Asks for every path, and answers how many were there.
pub fn heads(host: &str, paths: &[String]) -> usize {
    let (next, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let connection = || async {
        let mut stream = BufReader::new(TcpStream::connect(host).await.expect("a connection"));
        stream.get_ref().set_nodelay(true).expect("a socket");
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.fetch_add(usize::from(head(&mut stream, host, path).await), Ordering::Relaxed);
        }
    };
    block_on(join_all((0..CONNECTIONS.min(paths.len())).map(|_| connection())));
    found.into_inner()
}

/// Whether the answer to one HEAD is 200. Answers to HEAD have no body.
async fn head(stream: &mut BufReader<TcpStream>, host: &str, path: &str) -> bool {
    let accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
    let request = format!("HEAD {path} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("an open connection");
    let mut status = String::new();
    stream.read_line(&mut status).await.expect("an answer");
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).await.expect("a header");
    }
    status.contains(" 200 ")
}
