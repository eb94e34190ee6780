//! The bytes of a blob on their way from upstream, checked as they pass. Where a connection broke the store goes on: a
//! fault that comes through is one that another try does not mend.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use crate::apply::progress::Bar;
use crate::image::{Descriptor, Hasher, Location};
use crate::observe::sources::Sources;
use crate::registry::{BlobSource, ByteStream, Error, ErrorKind};

/// A blob upstream.
pub(super) struct Upstream {
    inner: Arc<Inner>,
}

struct Inner {
    sources: Sources,
    location: Location,
    blob: Descriptor,
    /// How many bytes of it came since it was last begun.
    came: AtomicU64,
    /// Where that is shown.
    bar: Bar,
    /// What went wrong upstream, so that it is not blamed on the destination.
    fault: Mutex<Option<Error>>,
}

impl Upstream {
    /// The blob at this place; `bar` shows the bytes that come.
    pub(super) fn new(sources: Sources, location: Location, blob: Descriptor, bar: Bar) -> Self {
        let (came, fault) = (AtomicU64::new(0), Mutex::new(None));
        Self { inner: Arc::new(Inner { sources, location, blob, came, bar, fault }) }
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
        let hasher = inner.blob.digest.hasher();
        let stream = match inner.blob.size {
            0 => stream::empty().boxed(),
            _ => inner.ask().await.map_err(|e| inner.blame(e))?,
        };
        let passing = Passing { inner, hasher, offset: 0, stream };
        if passing.inner.blob.size == 0 {
            passing.finish().map_err(|e| passing.inner.blame(e))?;
        }
        Ok(stream::try_unfold(passing, |mut passing| async move {
            match passing.next().await {
                Ok(bytes) => Ok(bytes.map(|bytes| (bytes, passing))),
                Err(error) => Err(passing.inner.blame(error)),
            }
        })
        .boxed())
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

    fn blame(&self, error: Error) -> Error {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
        error
    }
}

/// A blob on its way.
struct Passing {
    inner: Arc<Inner>,
    hasher: Hasher,
    /// How many bytes came.
    offset: u64,
    stream: ByteStream,
}

impl Passing {
    /// The next bytes; the last ones only if the whole has the digest. `None` after them.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while self.offset < self.inner.blob.size {
            match self.stream.next().await.transpose()? {
                Some(bytes) if bytes.is_empty() => {}
                Some(bytes) => return self.take(bytes).map(Some),
                None => {
                    let blob = &self.inner.blob;
                    let text = format!("{} ended after {} of {} bytes", blob.digest, self.offset, blob.size);
                    return Err(self.inner.error(ErrorKind::Mismatch(text)));
                }
            }
        }
        Ok(None)
    }

    fn take(&mut self, mut bytes: Bytes) -> Result<Bytes, Error> {
        let left = self.inner.blob.size - self.offset;
        if bytes.len() as u64 > left {
            bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        }
        self.hasher.update(&bytes);
        self.offset += bytes.len() as u64;
        self.inner.came.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.inner.bar.came(bytes.len() as u64);
        if self.offset == self.inner.blob.size {
            self.finish()?;
        }
        Ok(bytes)
    }

    /// Whether everything that came has the digest.
    fn finish(&self) -> Result<(), Error> {
        let found = self.hasher.clone().finish();
        if found == self.inner.blob.digest {
            return Ok(());
        }
        let text = format!("the blob {} has the digest {found}: not copied", self.inner.blob.digest);
        Err(self.inner.error(ErrorKind::Mismatch(text)))
    }
}
