//! Blobs: HEAD, and GET as a stream that resumes after a broken connection.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::try_unfold;
use reqwest::header::{CONTENT_RANGE, HeaderMap};
use reqwest::{Method, StatusCode};

use super::body::{Body, Reading};
use super::call::{Answer, Call};
use super::client::Client;
use super::endpoint::Endpoint;
use super::repository::Remote;
use crate::image::{Descriptor, Digest};
use crate::registry::auth::Identity;
use crate::registry::error::{Error, ErrorKind};
use crate::registry::store::ByteStream;
use crate::registry::wire::{Cure, Fault, Tries};

/// How often one download is resumed at most, however far it gets each time.
const RESUMES: u32 = 16;
/// After receiving this much in one go, the next break counts as the first again.
const PROGRESS: u64 = 1024 * 1024;

/// A blob, and how it is requested.
struct Asked {
    client: Arc<Client>,
    endpoint: Arc<Endpoint>,
    identity: Identity,
    call: Call,
    blob: Descriptor,
}

struct Download {
    asked: Asked,
    position: u64,
    body: Body,
    /// Bytes still to be skipped: the registry does not support ranges and started over.
    skip: u64,
    tries: Tries,
    since_break: u64,
    resumes: u32,
}

impl Remote {
    /// Whether a blob exists, by HEAD; by its first byte if HEAD is refused, by the registry or behind its redirect:
    /// URLs of storage behind a registry are often signed for GET only.
    pub(super) async fn head_blob(&self, digest: &Digest) -> Result<bool, Error> {
        let endpoint = self.endpoint()?;
        if endpoint.habits.refuses_blob_heads() {
            return self.has_first_byte(&endpoint, digest).await;
        }
        let call = self.blob_call(&endpoint, Method::HEAD, digest)?;
        match self.client.call(&endpoint, self.identity, &call).await {
            Ok(answer) if answer.status == StatusCode::NOT_FOUND && endpoint.owns(&answer.url) => return Ok(false),
            Ok(answer) if !answer.is_declined() => return endpoint.success(&answer, &call.action).map(|()| true),
            Err(error) if !error.is_declined() => return Err(error),
            Ok(_) | Err(_) => {}
        }
        let there = self.has_first_byte(&endpoint, digest).await?;
        if there {
            endpoint.habits.learn_no_blob_heads();
        }
        Ok(there)
    }

    async fn has_first_byte(&self, endpoint: &Endpoint, digest: &Digest) -> Result<bool, Error> {
        let call = self.blob_call(endpoint, Method::GET, digest)?;
        let call = Call { headers: vec![("range", "bytes=0-0".to_owned())], ..call };
        let answer = self.client.call(endpoint, self.identity, &call).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(false),
            // An empty blob has no first byte.
            StatusCode::RANGE_NOT_SATISFIABLE => Ok(true),
            _ => endpoint.success(&answer, &call.action).map(|()| true),
        }
    }

    /// The bytes from `offset` to the descriptor's size: never more, and never fewer without an error.
    pub(super) async fn get_blob(&self, blob: &Descriptor, offset: u64) -> Result<Option<ByteStream>, Error> {
        let endpoint = self.endpoint()?;
        let call = self.blob_call(&endpoint, Method::GET, &blob.digest)?;
        let (client, identity) = (Arc::clone(&self.client), self.identity);
        let asked = Asked { client, endpoint, identity, call, blob: blob.clone() };
        let Some((body, skip)) = asked.open(offset).await? else { return Ok(None) };
        let download =
            Download { asked, position: offset, body, skip, tries: Tries::default(), since_break: 0, resumes: 0 };
        Ok(Some(
            try_unfold(
                download,
                |mut download| async move { Ok(download.next().await?.map(|bytes| (bytes, download))) },
            )
            .boxed(),
        ))
    }

    fn blob_call(&self, endpoint: &Endpoint, method: Method, digest: &Digest) -> Result<Call, Error> {
        let action = format!("pull of {}@{digest}", self.name());
        Ok(Call { limit: None, ..self.new_call(endpoint, method, &format!("blobs/{digest}"), action)? })
    }
}

impl Download {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let fault = match self.body.next(&self.asked.client.wire.patience).await {
                Ok(Some(bytes)) => match self.take(bytes)? {
                    Some(bytes) => return Ok(Some(bytes)),
                    None => continue,
                },
                Ok(None) if self.position == self.asked.blob.size => return Ok(None),
                Ok(None) => Fault { cure: Cure::Again, ..self.short() },
                Err(fault) => fault,
            };
            self.resume(fault).await?;
        }
    }

    /// The part of the bytes that is new; exceeding the size is an error.
    fn take(&mut self, mut bytes: Bytes) -> Result<Option<Bytes>, Error> {
        let passed = self.skip.min(bytes.len() as u64);
        self.skip -= passed;
        let bytes = bytes.split_off(passed as usize);
        self.position += bytes.len() as u64;
        self.since_break += bytes.len() as u64;
        let size = self.asked.blob.size;
        if self.position > size {
            return Err(self.asked.mismatch(&format!("more than the {size} bytes that its descriptor states")));
        }
        Ok((!bytes.is_empty()).then_some(bytes))
    }

    async fn resume(&mut self, fault: Fault) -> Result<(), Error> {
        if self.since_break >= PROGRESS {
            self.tries = Tries::default();
        }
        self.since_break = 0;
        self.resumes += 1;
        let last = self.resumes > RESUMES;
        let Asked { client, endpoint, call, .. } = &self.asked;
        let pause = match self.tries.again(fault.clone(), &client.wire.patience) {
            Ok(pause) if !last => pause,
            Ok(_) => return Err(endpoint.error(fault.kind.about(&call.action))),
            Err(kind) => return Err(endpoint.error(kind.about(&call.action))),
        };
        tracing::debug!(registry = %endpoint.registry, action = %call.action, at = self.position, "resuming");
        tokio::time::sleep(pause).await;
        let opened = match self.body.is_compressed() {
            true => self.asked.whole(self.position).await?,
            false => self.asked.open(self.position).await?,
        };
        (self.body, self.skip) =
            opened.ok_or_else(|| self.asked.mismatch("it disappeared in the middle of the download"))?;
        Ok(())
    }

    fn short(&self) -> Fault {
        let text = format!("it ended after {} of {} bytes", self.position, self.asked.blob.size);
        Fault::fatal(ErrorKind::Mismatch(text))
    }
}

impl Asked {
    /// Requests the bytes from `position`; returns the body and how many of its bytes precede that. If the registry
    /// does not support the range, or returns another one or a compressed one, the whole blob is requested.
    async fn open(&self, position: u64) -> Result<Option<(Body, u64)>, Error> {
        if position > 0 {
            let ranged = Call { headers: vec![("range", format!("bytes={position}-"))], ..self.call.clone() };
            let answer = self.client.call(&self.endpoint, self.identity, &ranged).await?;
            let length = self.blob.size - position;
            let compressed = || !matches!(Reading::of(&answer.headers, length), Ok(Reading::Raw) | Err(_));
            let continues = answer.status != StatusCode::PARTIAL_CONTENT
                || (range_start(&answer.headers) == Some(position) && !compressed());
            if continues && answer.status != StatusCode::RANGE_NOT_SATISFIABLE {
                return self.opened(answer, position);
            }
        }
        self.whole(position).await
    }

    /// Requests all bytes, of which those before `position` are to be skipped.
    async fn whole(&self, position: u64) -> Result<Option<(Body, u64)>, Error> {
        let answer = self.client.call(&self.endpoint, self.identity, &self.call).await?;
        if answer.status == StatusCode::PARTIAL_CONTENT {
            return Err(self.endpoint.protocol(format!("{}: a range, which was not requested", self.call.action)));
        }
        self.opened(answer, position)
    }

    fn opened(&self, answer: Answer, position: u64) -> Result<Option<(Body, u64)>, Error> {
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        self.endpoint.success(&answer, &self.call.action)?;
        let skip = if answer.status == StatusCode::PARTIAL_CONTENT { 0 } else { position };
        let announced = self.blob.size - position + skip;
        let reading = Reading::of(&answer.headers, announced)
            .map_err(|length| self.mismatch(&format!("{length} bytes instead of {announced}")))?;
        let response = answer.stream.ok_or_else(|| self.endpoint.protocol("no body"))?;
        Ok(Some((Body::new(response, reading, &self.blob.media_type), skip)))
    }

    fn mismatch(&self, text: &str) -> Error {
        self.endpoint.error(ErrorKind::Mismatch(format!("{}: {text}", self.call.action)))
    }
}

/// The start of `Content-Range: bytes 5-9/10`.
fn range_start(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_RANGE)?.to_str().ok()?.trim().strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}
