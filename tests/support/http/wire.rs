//! What goes over the connection: responses in pieces, resets, TLS.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::message::{Piece, Response, header};

pub(super) type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, std::io::Error>;

pub(super) fn wire_response(response: Response, head: bool, reset: Arc<AtomicBool>) -> hyper::Response<Body> {
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

/// A connection that is reset instead of closed when told to.
pub(super) struct Wire {
    pub(super) stream: TcpStream,
    pub(super) reset: Arc<AtomicBool>,
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

/// The CA that signed the certificate of [`super::Server::start_tls`], PEM: trusted by no machine, valid until 2120.
pub const TEST_CA: &str = include_str!("../tls/ca.pem");

pub(super) fn acceptor() -> TlsAcceptor {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let chain = CertificateDer::pem_slice_iter(include_bytes!("../tls/localhost.pem"));
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../tls/localhost.key")).expect("a key");
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
    let mut config = config.expect("a certificate and its key");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}
