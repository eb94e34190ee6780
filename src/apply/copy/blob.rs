//! The bytes of a blob on their way from upstream: checked as they pass, resumed where a connection broke.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use crate::apply::progress::Bar;
use crate::image::{Descriptor, Hasher, Location};
use crate::observe::sources::Sources;
use crate::registry::{BlobSource, ByteStream, Error, ErrorKind};

/// How often a blob is asked for again in one run, however far each answer came.
const TRIES: u32 = 5;
/// How often in a row without having got this far.
const FRUITLESS: u32 = 2;
/// What counts as having got further, in bytes.
const PROGRESS: u64 = 64 * 1024;
/// The pause before the first new try; it doubles.
const PAUSE: Duration = Duration::from_millis(100);

/// A blob upstream.
pub(super) struct Upstream {
    inner: Arc<Inner>,
}

struct Inner {
    sources: Sources,
    location: Location,
    blob: Descriptor,
    /// How often it was asked for again.
    tries: AtomicU32,
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
        let (tries, came, fault) = (AtomicU32::new(0), AtomicU64::new(0), Mutex::new(None));
        Self { inner: Arc::new(Inner { sources, location, blob, tries, came, bar, fault }) }
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
        let (offset, hasher) = (0, inner.blob.digest.hasher());
        let mut passing = Passing { inner, hasher, offset, since: 0, fruitless: 0, stream: None };
        if passing.inner.blob.size == 0 {
            passing.finish().map_err(|e| passing.inner.blame(e))?;
            return Ok(stream::empty().boxed());
        }
        passing.ask().await.map_err(|e| passing.inner.blame(e))?;
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
    /// How many had come at the last try.
    since: u64,
    /// Tries in a row that brought next to nothing.
    fruitless: u32,
    stream: Option<ByteStream>,
}

impl Passing {
    /// The next bytes; the last ones only if the whole has the digest. `None` after them.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            if self.offset == self.inner.blob.size {
                return Ok(None);
            }
            let Some(stream) = &mut self.stream else {
                self.ask().await?;
                continue;
            };
            match stream.next().await {
                Some(Ok(bytes)) if bytes.is_empty() => {}
                Some(Ok(bytes)) => return self.take(bytes).map(Some),
                Some(Err(error)) => self.again(error).await?,
                None => {
                    let text = format!(
                        "{} ended after {} of {} bytes",
                        self.inner.blob.digest, self.offset, self.inner.blob.size
                    );
                    self.again(self.inner.error(ErrorKind::Unreachable(text))).await?;
                }
            }
        }
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

    /// After a broken connection: asks for the rest, if it is worth it.
    async fn again(&mut self, error: Error) -> Result<(), Error> {
        let broken = matches!(error.kind, ErrorKind::Unreachable(_) | ErrorKind::Server(_));
        self.fruitless = if self.offset - self.since >= PROGRESS { 0 } else { self.fruitless + 1 };
        let tries = self.inner.tries.fetch_add(1, Ordering::Relaxed);
        if !broken || self.fruitless > FRUITLESS || tries >= TRIES {
            return Err(error);
        }
        tracing::debug!("{}: {error}; asking for the rest", self.inner.blob.digest);
        self.since = self.offset;
        self.stream = None;
        tokio::time::sleep(PAUSE * 2u32.saturating_pow(self.fruitless)).await;
        Ok(())
    }

    async fn ask(&mut self) -> Result<(), Error> {
        let inner = &self.inner;
        let answer = inner.sources.blob(&inner.location, &inner.blob, self.offset).await?;
        let gone = || inner.error(ErrorKind::Protocol(format!("the blob {} is not there", inner.blob.digest)));
        self.stream = Some(answer.ok_or_else(gone)?);
        Ok(())
    }
}
