//! Sits in front of a registry, counts what passes, and makes round trips take time: the kernel cannot do that
//! everywhere.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::traffic::{Requests, Traffic};

/// How many pieces of a connection are in transit at once, of at most [`PIECE`] bytes each.
const WINDOW: usize = 128;
const PIECE: usize = 128 * 1024;

pub struct Proxy {
    address: SocketAddr,
    traffic: Arc<Mutex<Traffic>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// A proxy in front of `target`; a round trip through it takes `delay` longer, and so does opening a connection.
    pub fn start(runtime: &Runtime, target: String, delay: Duration) -> Self {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let traffic = Arc::new(Mutex::new(Traffic::default()));
        let for_task = Arc::clone(&traffic);
        let accepting = runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(registry) = TcpStream::connect(&target).await else { continue };
                for_task.lock().unwrap_or_else(PoisonError::into_inner).connections += 1;
                connect(client, registry, delay, &for_task);
            }
        });
        Self { address, traffic, accepting }
    }

    pub fn host(&self) -> String {
        self.address.to_string()
    }

    pub fn traffic(&self) -> Traffic {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn connect(client: TcpStream, registry: TcpStream, delay: Duration, traffic: &Arc<Mutex<Traffic>>) {
    let _ = (client.set_nodelay(true), registry.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_registry, to_registry) = registry.into_split();
    let opened = Instant::now() + delay;
    let (up, down) = (Arc::clone(traffic), Arc::clone(traffic));
    let mut requests = Requests::default();
    let count_up = move |bytes: &[u8]| {
        let mut traffic = up.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.first.get_or_insert_with(SystemTime::now);
        traffic.up += bytes.len() as u64;
        for kind in requests.feed(bytes) {
            *traffic.requests.entry(kind).or_default() += 1;
        }
    };
    let count_down = move |bytes: &[u8]| {
        down.lock().unwrap_or_else(PoisonError::into_inner).down += bytes.len() as u64;
    };
    pass(from_client, to_registry, opened, delay / 2, count_up);
    pass(from_registry, to_client, opened, delay / 2, count_down);
}

/// Passes bytes on, each `delay` after it arrived, and none of them before `delay` after the connection was opened.
fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    opened: Instant,
    delay: Duration,
    mut count: impl FnMut(&[u8]) + Send + 'static,
) {
    let (sender, mut receiver) = mpsc::channel::<(Instant, Bytes)>(WINDOW);
    tokio::spawn(async move {
        let mut buffer = BytesMut::new();
        loop {
            buffer.reserve(PIECE);
            match from.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => count(&buffer),
            }
            let due = Instant::now().max(opened) + delay;
            if sender.send((due, buffer.split().freeze())).await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some((due, bytes)) = receiver.recv().await {
            if !delay.is_zero() {
                tokio::time::sleep_until(due).await;
            }
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    });
}
