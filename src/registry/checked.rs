//! Bytes on their way into a store, checked against their descriptor as they pass through.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream::try_unfold;
use futures_util::{Stream, StreamExt as _};

use super::error::Error;
use super::store::{BlobSource, ByteStream};
use crate::image::{Descriptor, Hasher};

/// Why the bytes stopped.
#[derive(Debug, Clone)]
pub(crate) enum Stopped {
    Source(Error),
    /// The bytes are not the blob; says what they are instead.
    Wrong(String),
}

impl Stopped {
    /// The error, attributed to the source.
    pub(crate) fn blame(self, source: &dyn BlobSource) -> Error {
        match self {
            Self::Source(error) => error,
            Self::Wrong(text) => source.wrong(text),
        }
    }
}

/// How far the bytes have come, as seen from outside.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    sent: AtomicU64,
    waits: AtomicBool,
    finished: AtomicBool,
    failure: Mutex<Option<Stopped>>,
}

impl Progress {
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Whether the source is being waited for.
    pub(crate) fn waits(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }

    /// Whether all bytes were passed on.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Relaxed)
    }

    /// Why the bytes stopped, if they did.
    pub(crate) fn failure(&self) -> Option<Stopped> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A source with a check: the last bytes are held back until the digest of the whole is right. Blobs are hashed only
/// here on their way into a store: whatever a source supplies, over however many connections, no wrong bytes are ever
/// completed.
pub(crate) struct Checked {
    source: ByteStream,
    hasher: Option<Hasher>,
    blob: Descriptor,
    passed: u64,
    progress: Arc<Progress>,
}

impl Checked {
    pub(crate) fn new(source: ByteStream, blob: &Descriptor, progress: Arc<Progress>) -> Self {
        let hasher = Some(blob.digest.hasher());
        Self { source, hasher, blob: blob.clone(), passed: 0, progress }
    }

    pub(crate) fn into_stream(self) -> impl Stream<Item = Result<Bytes, Stopped>> + Send + 'static {
        try_unfold(self, |mut checked| async move {
            let next = checked.next().await;
            if let Err(error) = &next {
                *checked.progress.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
            }
            Ok(next?.map(|bytes| (bytes, checked)))
        })
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Stopped> {
        self.progress.waits.store(true, Ordering::Relaxed);
        let next = self.source.next().await;
        self.progress.waits.store(false, Ordering::Relaxed);
        let Some(bytes) = next.transpose().map_err(Stopped::Source)? else { return self.end().map(|()| None) };
        self.passed += bytes.len() as u64;
        if self.passed > self.blob.size {
            return Err(self.wrong(&format!("has more than its {} bytes", self.blob.size)));
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

    /// At the last byte, and again at the end of the stream, size and digest must be right.
    fn end(&mut self) -> Result<(), Stopped> {
        if self.passed != self.blob.size {
            return Err(self.wrong(&format!("ended after {} of {} bytes", self.passed, self.blob.size)));
        }
        if let Some(found) = self.hasher.take().map(Hasher::finish).filter(|found| *found != self.blob.digest) {
            return Err(self.wrong(&format!("has the digest {found}")));
        }
        self.progress.finished.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn wrong(&self, what: &str) -> Stopped {
        Stopped::Wrong(format!("the blob {} {what}: it is not copied", self.blob.digest))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use futures_util::stream;

    use super::*;
    use crate::image::Digest;

    /// How much of these pieces passes as the blob of `said`, and how it ends.
    async fn pass(said: &[u8], size: u64, pieces: &[&'static [u8]]) -> (usize, Result<(), String>, bool) {
        let blob = Descriptor::new("application/octet-stream".to_owned(), Digest::sha256(said), size);
        let source: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece))).collect();
        let progress = Arc::new(Progress::default());
        let bytes = Checked::new(stream::iter(source).boxed(), &blob, Arc::clone(&progress)).into_stream();
        let mut bytes = std::pin::pin!(bytes);
        let mut passed = 0;
        while let Some(piece) = bytes.next().await {
            match piece {
                Ok(piece) => passed += piece.len(),
                Err(Stopped::Wrong(text)) => return (passed, Err(text), progress.is_finished()),
                Err(Stopped::Source(error)) => unreachable!("{error}"),
            }
        }
        (passed, Ok(()), progress.is_finished())
    }

    #[tokio::test]
    async fn wrong_bytes_are_never_completed() {
        assert_eq!(pass(b"abcdef", 6, &[b"abc", b"def"]).await, (6, Ok(()), true));
        assert_eq!(pass(b"", 0, &[]).await, (0, Ok(()), true));
        for (size, pieces, passed, said) in [
            (6, &[&b"abc"[..], b"dex"][..], 3, "has the digest"),
            (6, &[b"abc"], 3, "ended after 3 of 6 bytes"),
            (6, &[], 0, "ended after 0 of 6 bytes"),
            (6, &[b"abc", b"defg"], 3, "has more than its 6 bytes"),
            (0, &[], 0, "has the digest"),
        ] {
            let (came, end, finished) = pass(b"abcdef", size, pieces).await;
            let text = end.unwrap_err();
            assert!(text.contains(said) && text.ends_with(": it is not copied"), "{text}");
            assert_eq!((came, finished), (passed, false), "{said}: the last bytes are held back");
        }
    }
}
