//! The bytes of a blob on their way from upstream. The destination store hashes them. After a broken connection the
//! source store resumes: a fault that gets through is one that another try does not fix.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::image::{Descriptor, Location};
use crate::observe::sources::Sources;
use crate::progress::Bar;
use crate::registry::{BlobSource, ByteStream, Error, ErrorKind};

/// A larger blob waits for its turn to stream: it exceeds what buffers hold anyway.
const LARGE: u64 = 512 * 1024;
/// How many large ones stream at once: each fills the buffers of two connections, together more than a MiB, and more of
/// them do not make copying faster.
const STREAMS: usize = 3;
/// How many more have their download opened in the meantime, so that none waits for a round trip when its turn comes.
/// Not all: a connection keeps the largest buffer it ever needed, so opening them one after the other reuses the same
/// few.
const AHEAD: usize = 1;

/// Data that comes in pieces of this many bytes arrives faster than it is sent on, and is held several times over in
/// the buffers of both connections. Slow or distant registries do not send such pieces.
const WIDE_PIECE: usize = 64 * 1024;
/// How many of these arrive at once; two are as fast as more.
const WIDE: usize = 2;
/// After this many bytes it is the next one's turn, so that no registry thinks that its peer is dead.
const WIDE_TURN: usize = 64 * 1024 * 1024;

/// The turns of large blobs, shared by the whole run.
pub(super) struct Turns {
    opened: Arc<Semaphore>,
    streaming: Arc<Semaphore>,
    wide: Arc<Semaphore>,
}

impl Turns {
    fn of(streams: usize, ahead: usize, wide: usize) -> Self {
        let [opened, streaming, wide] = [streams + ahead, streams, wide].map(|turns| Arc::new(Semaphore::new(turns)));
        Self { opened, streaming, wide }
    }

    /// A turn; small blobs need none.
    async fn take(turns: &Arc<Semaphore>, blob: &Descriptor) -> Option<OwnedSemaphorePermit> {
        if blob.size <= LARGE {
            return None;
        }
        Arc::clone(turns).acquire_owned().await.ok()
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self::of(STREAMS, AHEAD, WIDE)
    }
}

/// A blob upstream.
pub(super) struct Upstream {
    inner: Arc<Inner>,
}

struct Inner {
    sources: Sources,
    location: Location,
    blob: Descriptor,
    turns: Arc<Turns>,
    /// How many of its bytes arrived since it was last started.
    came: AtomicU64,
    bar: Bar,
    /// What went wrong upstream, so that the destination is not blamed for it.
    fault: Mutex<Option<Error>>,
}

impl Upstream {
    /// The blob at this location; `bar` shows the bytes that arrive.
    pub(super) fn new(sources: Sources, location: Location, blob: Descriptor, turns: Arc<Turns>, bar: Bar) -> Self {
        let (came, fault) = (AtomicU64::new(0), Mutex::new(None));
        Self { inner: Arc::new(Inner { sources, location, blob, turns, came, bar, fault }) }
    }

    /// What went wrong upstream, if anything.
    pub(super) fn fault(&self) -> Option<Error> {
        self.inner.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl BlobSource for Upstream {
    async fn open(&self) -> Result<ByteStream, Error> {
        let inner = Arc::clone(&self.inner);
        *inner.fault.lock().unwrap_or_else(PoisonError::into_inner) = None;
        inner.bar.lost(inner.came.swap(0, Ordering::Relaxed));
        let opened = Turns::take(&inner.turns.opened, &inner.blob).await;
        let stream = match inner.blob.size {
            0 => stream::empty().boxed(),
            _ => inner.ask().await.map_err(|e| inner.blame(e))?,
        };
        // If the sender tires of waiting, the source store resumes where it was.
        let streaming = Turns::take(&inner.turns.streaming, &inner.blob).await;
        let passing = Passing { inner, stream, _turns: (opened, streaming), wide: None, passed: 0 };
        Ok(stream::unfold(passing, |mut passing| async move { Some((passing.next().await?, passing)) }).boxed())
    }

    fn wrong(&self, text: String) -> Error {
        self.inner.blame(self.inner.error(ErrorKind::Mismatch(text)))
    }
}

/// A blob that is streaming.
struct Passing {
    inner: Arc<Inner>,
    stream: ByteStream,
    _turns: (Option<OwnedSemaphorePermit>, Option<OwnedSemaphorePermit>),
    /// The turn for wide pieces, and how many bytes passed in it.
    wide: Option<OwnedSemaphorePermit>,
    passed: usize,
}

impl Passing {
    async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        let bytes = self.inner.pass(self.stream.next().await?);
        if let Ok(bytes) = &bytes
            && bytes.len() >= WIDE_PIECE
            && self.inner.blob.size > LARGE
        {
            self.passed += bytes.len();
            if self.passed > WIDE_TURN {
                (self.wide, self.passed) = (None, 0);
            }
            if self.wide.is_none() {
                // Turns are granted in the order of requests.
                self.wide = Arc::clone(&self.inner.turns.wide).acquire_owned().await.ok();
            }
        }
        Some(bytes)
    }
}

impl Inner {
    fn error(&self, kind: ErrorKind) -> Error {
        let registry = self.location.registry().map_or_else(|| self.location.to_string(), ToString::to_string);
        Error { registry, kind }
    }

    async fn ask(&self) -> Result<ByteStream, Error> {
        let answer = self.sources.blob(&self.location, &self.blob, 0).await?;
        let gone = || {
            self.error(ErrorKind::Protocol(format!(
                "the blob {} does not exist at {}: approve a complete version, or remove the approval",
                self.blob.digest, self.location
            )))
        };
        answer.ok_or_else(gone)
    }

    fn pass(&self, bytes: Result<Bytes, Error>) -> Result<Bytes, Error> {
        let bytes = bytes.map_err(|e| self.blame(e))?;
        self.came.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.bar.came(bytes.len() as u64);
        Ok(bytes)
    }

    fn blame(&self, error: Error) -> Error {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
        error
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::time::Duration;

    use super::*;
    use crate::image::Digest;
    use crate::progress::Progress;
    use crate::registry::Registries;
    use crate::registry::remote::{Client, Options};

    /// A blob of this size in a layout, as a source.
    fn upstream(directory: &std::path::Path, size: u64, turns: &Arc<Turns>) -> Upstream {
        let bytes = vec![7; usize::try_from(size).unwrap()];
        let digest = Digest::sha256(&bytes);
        let blobs = directory.join("blobs/sha256");
        std::fs::create_dir_all(&blobs).unwrap();
        std::fs::write(blobs.join(digest.as_str().trim_start_matches("sha256:")), bytes).unwrap();
        let registries = Registries::new(Arc::new(Client::new(Options::default()).unwrap()));
        let blob = Descriptor::new("application/octet-stream".to_owned(), digest, size);
        let location = Location::Layout(directory.to_owned());
        let bar = Progress::hidden().image("app:1");
        Upstream::new(Sources::to_copy(registries), location, blob, Arc::clone(turns), bar)
    }

    #[tokio::test(start_paused = true)]
    async fn large_blobs_take_turns_and_small_ones_do_not_wait() {
        let (directory, turns) = (tempfile::tempdir().unwrap(), Arc::new(Turns::of(1, 1, 1)));
        let large = upstream(directory.path(), LARGE + 1, &turns);
        let small = upstream(directory.path(), LARGE, &turns);
        let hour = Duration::from_secs(3600);
        let mut first = large.open().await.unwrap();
        drop(small.open().await.unwrap());
        {
            let mut second = std::pin::pin!(tokio::time::timeout(hour, large.open()));
            assert!(futures_util::poll!(&mut second).is_pending());
            assert_eq!(turns.opened.available_permits(), 0, "it is opened, and does not stream");
            assert!(second.await.is_err(), "the first one has not ended");
        }
        assert_eq!(turns.opened.available_permits(), 1, "what was given up waits for nothing");
        let mut came = 0;
        while let Some(bytes) = first.next().await {
            came += bytes.unwrap().len() as u64;
        }
        assert_eq!(came, LARGE + 1);
        drop(first);
        drop(tokio::time::timeout(hour, large.open()).await.unwrap().unwrap());
        assert_eq!((turns.opened.available_permits(), turns.streaming.available_permits()), (2, 1));
    }

    #[tokio::test]
    async fn wide_streams_take_turns_and_narrow_ones_do_not_wait() {
        let (directory, turns) = (tempfile::tempdir().unwrap(), Arc::new(Turns::of(4, 0, 1)));
        let passing = |piece: usize| {
            let upstream = upstream(directory.path(), LARGE + 1, &turns);
            let stream = stream::repeat_with(move || Ok(Bytes::from(vec![7; piece]))).boxed();
            Passing { inner: upstream.inner, stream, _turns: (None, None), wide: None, passed: 0 }
        };
        let (mut one, mut two, mut narrow) = (passing(WIDE_PIECE), passing(WIDE_PIECE), passing(WIDE_PIECE - 1));
        one.next().await.unwrap().unwrap();
        let mut second = Box::pin(async move { two.next().await.unwrap().unwrap() });
        assert!(futures_util::poll!(&mut second).is_pending());
        narrow.next().await.unwrap().unwrap();
        for _ in 1..WIDE_TURN / WIDE_PIECE {
            one.next().await.unwrap().unwrap();
        }
        assert!(futures_util::poll!(&mut second).is_pending(), "the first one's turn is not over");
        let mut again = std::pin::pin!(one.next());
        assert!(futures_util::poll!(&mut again).is_pending(), "it gave way");
        second.await;
        again.await.unwrap().unwrap();
    }
}
