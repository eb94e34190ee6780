//! The bytes of a blob on their way from upstream. The store they go to hashes them. Where a connection broke the store they
//! come from goes on: a fault that comes through is one that another try does not mend.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::apply::progress::Bar;
use crate::image::{Descriptor, Location};
use crate::observe::sources::Sources;
use crate::registry::{BlobSource, ByteStream, Error, ErrorKind};

/// A blob of more bytes takes its turn to stream: it is more than buffers hold anyway.
const LARGE: u64 = 512 * 1024;

/// A blob upstream.
pub(super) struct Upstream {
    inner: Arc<Inner>,
}

struct Inner {
    sources: Sources,
    location: Location,
    blob: Descriptor,
    /// The turns to stream, shared by all large blobs of the run.
    streams: Arc<Semaphore>,
    /// How many bytes of it came since it was last begun.
    came: AtomicU64,
    /// Where that is shown.
    bar: Bar,
    /// What went wrong upstream, so that it is not blamed on the destination.
    fault: Mutex<Option<Error>>,
}

impl Upstream {
    /// The blob at this place; `bar` shows the bytes that come.
    pub(super) fn new(
        sources: Sources,
        location: Location,
        blob: Descriptor,
        streams: Arc<Semaphore>,
        bar: Bar,
    ) -> Self {
        let (came, fault) = (AtomicU64::new(0), Mutex::new(None));
        Self { inner: Arc::new(Inner { sources, location, blob, streams, came, bar, fault }) }
    }

    /// What went wrong upstream, if something did.
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
        let stream = match inner.blob.size {
            0 => stream::empty().boxed(),
            _ => inner.ask().await.map_err(|e| inner.blame(e))?,
        };
        let turn = inner.turn().await;
        let passing = stream.map(move |bytes| {
            let _held = &turn;
            inner.pass(bytes)
        });
        Ok(passing.boxed())
    }

    fn wrong(&self, text: String) -> Error {
        self.inner.blame(self.inner.error(ErrorKind::Mismatch(text)))
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
                "the blob {} is not at {}: approve a version that is whole, or take the approval out",
                self.blob.digest, self.location
            )))
        };
        answer.ok_or_else(gone)
    }

    /// A large blob's turn to stream. Where the sender tires of waiting, the store it comes from goes on where it was.
    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        if self.blob.size <= LARGE {
            return None;
        }
        Arc::clone(&self.streams).acquire_owned().await.ok()
    }

    /// Counts what comes.
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
