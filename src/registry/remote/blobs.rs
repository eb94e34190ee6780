//! Blobs: HEAD, and GET as a stream that goes on where it broke.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::try_unfold;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderMap};
use reqwest::{Method, Response, StatusCode};

use super::call::{Answer, Call};
use super::client::Client;
use super::endpoint::Endpoint;
use super::repository::Remote;
use crate::image::{Descriptor, Digest};
use crate::registry::auth::Identity;
use crate::registry::error::{Error, ErrorKind};
use crate::registry::store::ByteStream;
use crate::registry::wire::{Cure, Fault, Flow, Tries};

/// How often one download is taken up again at most, however far it comes each time.
const RESUMES: u32 = 16;
/// So much received in one go makes the next break the first one again.
const PROGRESS: u64 = 1024 * 1024;

struct Download {
    client: Arc<Client>,
    endpoint: Arc<Endpoint>,
    identity: Identity,
    call: Call,
    size: u64,
    position: u64,
    response: Response,
    /// Bytes still to be passed over: the registry does not know ranges and started anew.
    skip: u64,
    flow: Flow,
    tries: Tries,
    since_break: u64,
    resumes: u32,
}

impl Remote {
    pub(super) async fn head_blob(&self, digest: &Digest) -> Result<bool, Error> {
        let endpoint = self.endpoint()?;
        let call = self.blob_call(&endpoint, Method::HEAD, digest)?;
        let answer = self.client.call(&endpoint, self.identity, &call).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        endpoint.success(&answer, &call.action).map(|()| true)
    }

    /// The bytes from `offset` to the descriptor's size: not one more, and not one less without an error.
    pub(super) async fn get_blob(&self, blob: &Descriptor, offset: u64) -> Result<Option<ByteStream>, Error> {
        let endpoint = self.endpoint()?;
        let call = self.blob_call(&endpoint, Method::GET, &blob.digest)?;
        let client = Arc::clone(&self.client);
        let Some((response, skip)) = open(&client, &endpoint, self.identity, &call, offset, blob.size).await? else {
            return Ok(None);
        };
        let download = Download {
            client,
            endpoint,
            identity: self.identity,
            call,
            size: blob.size,
            position: offset,
            response,
            skip,
            flow: Flow::default(),
            tries: Tries::default(),
            since_break: 0,
            resumes: 0,
        };
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
            let fault = match self.flow.next(&mut self.response, &self.client.wire.patience).await {
                Ok(Some(bytes)) => match self.take(bytes)? {
                    Some(bytes) => return Ok(Some(bytes)),
                    None => continue,
                },
                Ok(None) if self.position == self.size => return Ok(None),
                Ok(None) => Fault { cure: Cure::Again, ..self.short() },
                Err(fault) => fault,
            };
            self.resume(fault).await?;
        }
    }

    /// What of the bytes is new; more than the size is an error.
    fn take(&mut self, mut bytes: Bytes) -> Result<Option<Bytes>, Error> {
        let passed = self.skip.min(bytes.len() as u64);
        self.skip -= passed;
        let bytes = bytes.split_off(passed as usize);
        self.position += bytes.len() as u64;
        self.since_break += bytes.len() as u64;
        if self.position > self.size {
            return Err(self.mismatch(&format!("more than the {} bytes that its descriptor says", self.size)));
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
        let pause = match self.tries.again(fault.clone(), &self.client.wire.patience) {
            Ok(pause) if !last => pause,
            Ok(_) => return Err(self.endpoint.error(fault.kind.about(&self.call.action))),
            Err(kind) => return Err(self.endpoint.error(kind.about(&self.call.action))),
        };
        tracing::debug!(registry = %self.endpoint.registry, action = %self.call.action, at = self.position, "going on");
        tokio::time::sleep(pause).await;
        let opened = open(&self.client, &self.endpoint, self.identity, &self.call, self.position, self.size).await?;
        let (response, skip) = opened.ok_or_else(|| self.mismatch("gone in the middle of the download"))?;
        (self.response, self.skip, self.flow) = (response, skip, Flow::default());
        Ok(())
    }

    fn short(&self) -> Fault {
        let text = format!("it ended after {} of {} bytes", self.position, self.size);
        Fault::fatal(ErrorKind::Mismatch(text))
    }

    fn mismatch(&self, text: &str) -> Error {
        self.endpoint.error(ErrorKind::Mismatch(format!("{}: {text}", self.call.action)))
    }
}

/// Asks for the bytes from `position`; answers the response and how many of its bytes come before that. A registry that
/// does not know the range, or answers another one, is asked for the whole.
async fn open(
    client: &Client,
    endpoint: &Endpoint,
    identity: Identity,
    call: &Call,
    position: u64,
    size: u64,
) -> Result<Option<(Response, u64)>, Error> {
    if position > 0 {
        let ranged = Call { headers: vec![("range", format!("bytes={position}-"))], ..call.clone() };
        let answer = client.call(endpoint, identity, &ranged).await?;
        let continues = answer.status != StatusCode::PARTIAL_CONTENT || range_start(&answer.headers) == Some(position);
        if continues && answer.status != StatusCode::RANGE_NOT_SATISFIABLE {
            return opened(endpoint, call, answer, position, size);
        }
    }
    let answer = client.call(endpoint, identity, call).await?;
    if answer.status == StatusCode::PARTIAL_CONTENT {
        return Err(endpoint.protocol(format!("{}: a range, which was not asked for", call.action)));
    }
    opened(endpoint, call, answer, position, size)
}

fn opened(
    endpoint: &Endpoint,
    call: &Call,
    answer: Answer,
    position: u64,
    size: u64,
) -> Result<Option<(Response, u64)>, Error> {
    if answer.status == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    endpoint.success(&answer, &call.action)?;
    let skip = if answer.status == StatusCode::PARTIAL_CONTENT { 0 } else { position };
    let announced = size - position + skip;
    if let Some(length) = length(&answer.headers).filter(|n| *n != announced) {
        let text = format!("{}: {length} bytes instead of {announced}", call.action);
        return Err(endpoint.error(ErrorKind::Mismatch(text)));
    }
    let response = answer.stream.ok_or_else(|| endpoint.protocol("no body"))?;
    Ok(Some((response, skip)))
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The start of `Content-Range: bytes 5-9/10`.
fn range_start(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_RANGE)?.to_str().ok()?.trim().strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}
