//! Bytes on their way into a store, checked against their descriptor as they pass.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream::try_unfold;
use futures_util::{Stream, StreamExt as _};

use super::{ByteStream, Error, ErrorKind};
use crate::image::{Descriptor, Hasher};

/// How far the bytes have come, as seen from outside.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    sent: AtomicU64,
    waits: AtomicBool,
    finished: AtomicBool,
    failure: Mutex<Option<Error>>,
}

impl Progress {
    /// Bytes handed on.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Whether the source is being waited for.
    pub(crate) fn waits(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    /// Whether all bytes were handed on.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Relaxed)
    }

    /// Why the bytes stopped, if they did.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A source with a check: the last bytes are held back until the digest of all is right.
pub(crate) struct Checked {
    source: ByteStream,
    hasher: Option<Hasher>,
    blob: Descriptor,
    registry: String,
    passed: u64,
    progress: Arc<Progress>,
}

impl Checked {
    pub(crate) fn new(
        source: ByteStream,
        blob: &Descriptor,
        registry: &impl ToString,
        progress: Arc<Progress>,
    ) -> Self {
        let hasher = Some(blob.digest.hasher());
        Self { source, hasher, blob: blob.clone(), registry: registry.to_string(), passed: 0, progress }
    }

    pub(crate) fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
        try_unfold(self, |mut checked| async move {
            let next = checked.next().await;
            if let Err(error) = &next {
                *checked.progress.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
            }
            Ok(next?.map(|bytes| (bytes, checked)))
        })
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        self.progress.waits.store(true, Ordering::Relaxed);
        let next = self.source.next().await;
        self.progress.waits.store(false, Ordering::Relaxed);
        let Some(bytes) = next.transpose()? else { return self.end().map(|()| None) };
        self.passed += bytes.len() as u64;
        if self.passed > self.blob.size {
            return Err(self.wrong(&format!("more than {} bytes", self.blob.size)));
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&bytes);
        }
        if self.passed == self.blob.size {
            self.end()?;
        }
        self.progress.sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(Some(bytes))
    }

    /// At the last byte, and again at the end of the stream: size and digest must be right.
    fn end(&mut self) -> Result<(), Error> {
        if self.passed != self.blob.size {
            return Err(self.wrong(&format!("{} bytes instead of {}", self.passed, self.blob.size)));
        }
        if let Some(found) = self.hasher.take().map(Hasher::finish).filter(|found| *found != self.blob.digest) {
            return Err(self.wrong(&format!("bytes with the digest {found}")));
        }
        self.progress.finished.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn wrong(&self, what: &str) -> Error {
        let text = format!("the source of {} gave {what}: not uploaded", self.blob.digest);
        Error { registry: self.registry.clone(), kind: ErrorKind::Mismatch(text) }
    }
}
