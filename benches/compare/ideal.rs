//! The least that a look at every tag can take: one HEAD each and nothing else, over eight connections that stay open.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

/// As many as regsync and this program use.
const CONNECTIONS: usize = 8;

/// Asks for every path, and answers how many were there.
pub fn heads(host: &str, paths: &[String]) -> usize {
    let (next, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS.min(paths.len()) {
            scope.spawn(|| {
                let mut stream = BufReader::new(TcpStream::connect(host).expect("a connection"));
                stream.get_ref().set_nodelay(true).expect("a socket");
                while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    found.fetch_add(usize::from(head(&mut stream, host, path)), Ordering::Relaxed);
                }
            });
        }
    });
    found.into_inner()
}

/// Whether the answer to one HEAD is 200. Answers to HEAD have no body.
fn head(stream: &mut BufReader<TcpStream>, host: &str, path: &str) -> bool {
    let accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
    let request = format!("HEAD {path} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes()).expect("an open connection");
    let mut status = String::new();
    stream.read_line(&mut status).expect("an answer");
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).expect("a header");
    }
    status.contains(" 200 ")
}
