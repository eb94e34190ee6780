//! Blob uploads: mount, else POST and one PUT of the whole (OCI distribution specification, "Pushing blobs").
//!
//! A lost session, a refused token or a broken connection starts over with a new session and the bytes from their start,
//! a bounded number of times. The digest is worked out as the bytes pass, and the last of them are held back until it is
//! right: a registry never gets to complete an upload of wrong bytes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use reqwest::{Body, Method, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::Remote;
use super::endpoint::Endpoint;
use super::grant;
use super::manifests::succeeded;
use super::transport::{Answer, Authorization, Call, is_too_much, passing};
use super::wire::{self, Cure, Fault, Patience, Said, Tries, seconds};
use crate::image::{Descriptor, Digest, RepositoryName};
use crate::registry::auth::Scopes;
use crate::registry::checked::{Checked, Progress, Stopped};
use crate::registry::{BlobSource, Error, ErrorKind, Put};

/// A finished upload may take a second longer to be answered for so many bytes.
const BYTES_A_SECOND: u64 = 64 * 1024 * 1024;

/// So much is handed to the connection at once. It queues up to sixteen pieces, whatever their size, and what comes from a
/// download in one go may have hundreds of KiB.
const PIECE: usize = 16 * 1024;

/// How one upload ended.
enum End {
    Done,
    /// The registry refused the token: a new one, and a new session.
    Unauthorized(String),
    Again(Fault),
}

impl Remote {
    pub(super) async fn upload(
        &self,
        blob: &Descriptor,
        mount: Option<&RepositoryName>,
        source: &dyn BlobSource,
    ) -> Result<Put, Error> {
        let endpoint = self.endpoint()?;
        let mut session = match mount {
            Some(from) => match self.mount(&endpoint, &blob.digest, from).await? {
                Mount::Done => return Ok(Put::Mounted),
                Mount::Session(url) => Some(url),
                Mount::Declined => None,
            },
            None => None,
        };
        let mut tries = Tries::default();
        let mut renewed = false;
        loop {
            let place = match session.take() {
                Some(place) => place,
                None => self.start(&endpoint).await?,
            };
            let fault = match self.send(&endpoint, place, blob, source).await? {
                End::Done => return Ok(Put::Uploaded),
                End::Unauthorized(_) if !renewed => {
                    renewed = true;
                    continue;
                }
                End::Unauthorized(detail) => {
                    return Err(endpoint.error(ErrorKind::Refused { action: self.action(&blob.digest), detail }));
                }
                End::Again(fault) => fault,
            };
            tracing::debug!(registry = %endpoint.registry, digest = %blob.digest, error = %fault.kind, "uploading again");
            let shared = matches!(fault.cure, Cure::After(_));
            let pause = tries.again(fault, self.client.patience());
            let pause = pause.map_err(|kind| endpoint.error(kind.about(&self.action(&blob.digest))))?;
            if shared {
                endpoint.gate.close(pause);
            } else {
                tokio::time::sleep(pause).await;
            }
        }
    }

    fn action(&self, digest: &Digest) -> String {
        format!("push of {}@{digest}", self.name())
    }

    /// Opens an upload session.
    async fn start(&self, endpoint: &Endpoint) -> Result<Url, Error> {
        let call = self.post(endpoint, "", self.push())?;
        let answer = self.client.call(endpoint, self.identity, &call).await?;
        if answer.status != StatusCode::ACCEPTED {
            succeeded(endpoint, &answer, &call.action)?;
            return Err(endpoint.protocol(format!(
                "{}: {} instead of 202: is this a registry, or does a proxy or a sign-in page answer for it?",
                call.action,
                answer.status.as_u16()
            )));
        }
        location(endpoint, &answer)?.ok_or_else(|| {
            endpoint.protocol(format!(
                "{}: 202 without the Location of the upload: what stands in front of the registry must pass it on",
                call.action
            ))
        })
    }

    async fn mount(&self, endpoint: &Endpoint, digest: &Digest, from: &RepositoryName) -> Result<Mount, Error> {
        let query = format!("?mount={digest}&from={from}");
        let call = self.post(endpoint, &query, self.push().and(&Scopes::pull(from)))?;
        let answer = match self.client.call(endpoint, self.identity, &call).await {
            Ok(answer) => answer,
            // Reading the other repository is what may be refused: the bytes can still be sent.
            Err(Error { kind: ErrorKind::Refused { .. }, .. }) => return Ok(Mount::Declined),
            Err(error) => return Err(error),
        };
        match answer.status {
            StatusCode::CREATED => {
                let there = named(endpoint, &answer, digest)? || self.head_blob(digest).await?;
                Ok(if there { Mount::Done } else { Mount::Declined })
            }
            StatusCode::ACCEPTED => Ok(location(endpoint, &answer)?.map_or(Mount::Declined, Mount::Session)),
            _ => Ok(Mount::Declined),
        }
    }

    fn post(&self, endpoint: &Endpoint, query: &str, scopes: Scopes) -> Result<Call, Error> {
        let path = format!("{}/blobs/uploads/{query}", self.name());
        Ok(Call {
            method: Method::POST,
            url: endpoint.url(&path).map_err(|e| endpoint.protocol(e))?,
            headers: vec![("content-length", "0".to_owned())],
            body: Bytes::new(),
            scopes,
            action: format!("push to {}", self.name()),
            limit: Some(wire::SMALL_LIMIT),
        })
    }

    /// Sends the bytes to a session. An error is one that another try does not mend: the source's, or wrong bytes.
    async fn send(
        &self,
        endpoint: &Endpoint,
        mut place: Url,
        blob: &Descriptor,
        source: &dyn BlobSource,
    ) -> Result<End, Error> {
        let digest = format!("digest={}", blob.digest);
        let query = place
            .query()
            .map_or(digest.clone(), |q| if q.is_empty() { digest.clone() } else { format!("{q}&{digest}") });
        place.set_query(Some(&query));
        let progress = Arc::new(Progress::default());
        let bytes = Checked::new(source.open().await?, blob, Arc::clone(&progress));
        let scopes = self.push();
        let authorization =
            self.client.authorize(endpoint, self.identity, &scopes).await.map_err(|k| endpoint.error(k))?;
        endpoint.gate.pass().await;
        let asked = Instant::now();
        let mut request = self
            .client
            .http()
            .client()
            .put(place)
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, blob.size)
            .body(Body::wrap_stream(bytes.into_stream().flat_map(|bytes| stream::iter(pieces(bytes)))));
        if let Some(header) = &authorization.header {
            request = request.header(AUTHORIZATION, header.clone());
        }
        let response = match self.put_watched(request, &progress, blob.size).await {
            Ok(response) => response,
            Err(fault) => return self.broken(&progress, blob, source, fault).await,
        };
        let (status, headers) = (response.status(), response.headers().clone());
        endpoint.warn(&headers);
        if is_too_much(status) {
            endpoint.gate.too_much(asked);
        }
        let body = wire::read_error(response, self.client.patience()).await;
        let said = Said::read(status, &headers, &body);
        if let Some(stopped) = progress.failure() {
            return Err(stopped.blame(source));
        }
        if status == StatusCode::UNAUTHORIZED {
            self.client.challenged(endpoint, &authorization, &scopes, &headers).map_err(|k| endpoint.error(k))?;
            return Ok(End::Unauthorized(self.explained(endpoint, &authorization, &scopes, said.text).await));
        }
        if status == StatusCode::FORBIDDEN {
            let detail = self.explained(endpoint, &authorization, &scopes, said.text).await;
            return Err(endpoint.error(ErrorKind::Refused { action: self.action(&blob.digest), detail }));
        }
        let answer = Answer { status, headers, url: endpoint.base.clone(), body, said, stream: None };
        if answer.status.is_success() && answer.status != StatusCode::ACCEPTED {
            return self.stored(endpoint, &answer, blob).await;
        }
        self.refused(endpoint, &answer, blob)
    }

    async fn explained(
        &self,
        endpoint: &Endpoint,
        authorization: &Authorization,
        scopes: &Scopes,
        said: String,
    ) -> String {
        let lacks = authorization.token().and_then(|token| grant::lacking(token, scopes));
        self.client.explained(endpoint, self.identity, said, lacks).await
    }

    /// A registry that says it has the blob, and by which digest, is believed: it checks manifests by it. One that names
    /// no digest is asked.
    async fn stored(&self, endpoint: &Endpoint, answer: &Answer, blob: &Descriptor) -> Result<End, Error> {
        if named(endpoint, answer, &blob.digest)? || self.head_blob(&blob.digest).await? {
            return Ok(End::Done);
        }
        Err(endpoint.error(ErrorKind::Mismatch(format!(
            "{}: it answered {} and does not have it: the registry, or what stands in front of it, loses what is put there",
            self.action(&blob.digest),
            answer.status.as_u16(),
        ))))
    }

    fn refused(&self, endpoint: &Endpoint, answer: &Answer, blob: &Descriptor) -> Result<End, Error> {
        if let Some(fault) = passing(answer.status, &answer.headers, &answer.said) {
            return Ok(End::Again(fault));
        }
        match answer.status {
            // A lost session, a session that has other bytes already, a link to the blob made at that moment.
            StatusCode::NOT_FOUND
            | StatusCode::RANGE_NOT_SATISFIABLE
            | StatusCode::BAD_REQUEST
            | StatusCode::CONFLICT => {
                Ok(End::Again(Fault { kind: ErrorKind::Protocol(answer.said.text.clone()), cure: Cure::Again }))
            }
            _ => Err(endpoint.protocol(format!("{}: {}", self.action(&blob.digest), answer.said.text))),
        }
    }

    /// The PUT and its answer, given up where the registry stops reading or, after the last byte, does not answer.
    async fn put_watched(
        &self,
        request: reqwest::RequestBuilder,
        progress: &Progress,
        size: u64,
    ) -> Result<reqwest::Response, Fault> {
        let (client, request) = request.build_split();
        let request = request.map_err(|e| Fault::protocol(crate::net::causes::causes(&e)))?;
        self.client.http().admit(request.url())?;
        tokio::select! {
            answer = client.execute(request) => answer.map_err(|e| Fault::broken(&e)),
            fault = watch(self.client.patience(), progress, size) => Err(fault),
        }
    }

    /// After a broken connection: the source's own error counts; an upload that was complete may have arrived.
    async fn broken(
        &self,
        progress: &Progress,
        blob: &Descriptor,
        source: &dyn BlobSource,
        fault: Fault,
    ) -> Result<End, Error> {
        if let Some(stopped) = progress.failure() {
            return Err(stopped.blame(source));
        }
        if progress.is_finished() && self.head_blob(&blob.digest).await.unwrap_or(false) {
            return Ok(End::Done);
        }
        Ok(End::Again(fault))
    }
}

/// Bytes in pieces. Those of more than one piece are copied: one that waits to be sent does not hold all that came with it.
/// Why they stopped is kept where it is asked for, not in the body.
fn pieces(bytes: Result<Bytes, Stopped>) -> impl Iterator<Item = std::io::Result<Bytes>> {
    let small = matches!(&bytes, Ok(bytes) if bytes.len() <= PIECE);
    let mut left = bytes.map(Some).map_err(|_| std::io::Error::other("stopped"));
    std::iter::from_fn(move || match std::mem::replace(&mut left, Ok(None)) {
        Err(error) => Some(Err(error)),
        Ok(rest) => rest.filter(|rest| !rest.is_empty()).map(|mut rest| {
            let piece = rest.split_to(rest.len().min(PIECE));
            left = Ok(Some(rest));
            Ok(if small { piece } else { Bytes::copy_from_slice(&piece) })
        }),
    })
}

/// Ends where the registry reads too slowly or, after the last byte, does not answer. What the source takes is its own
/// affair.
async fn watch(patience: &Patience, progress: &Progress, size: u64) -> Fault {
    let answer = patience.answer + Duration::from_secs(size / BYTES_A_SECOND);
    let (mut since, mut sent) = (Instant::now(), 0);
    let mut finished = None;
    loop {
        tokio::time::sleep(patience.idle / 10).await;
        if progress.is_finished() {
            if finished.get_or_insert_with(Instant::now).elapsed() >= answer {
                return Fault::stalled(&format!("nothing after a finished upload within {} s", seconds(answer)));
            }
        } else if progress.waits() {
            (since, sent) = (Instant::now(), progress.sent());
        } else if since.elapsed() >= patience.idle {
            if progress.sent() - sent < patience.least() {
                return Fault::stalled(&format!("the upload is read at under {} bytes a second", patience.floor));
            }
            (since, sent) = (Instant::now(), progress.sent());
        }
    }
}

/// What became of a mount.
enum Mount {
    Done,
    /// The registry opened an upload instead.
    Session(Url),
    Declined,
}

/// Where an upload goes on: on the registry's own origin, or not at all: private bytes would go elsewhere.
fn location(endpoint: &Endpoint, answer: &Answer) -> Result<Option<Url>, Error> {
    let Some(location) = answer.headers.get(LOCATION).and_then(|l| l.to_str().ok()) else { return Ok(None) };
    let url = answer.url.join(location).map_err(|_| endpoint.protocol("an upload Location that is no URL"))?;
    if !endpoint.owns(&url) {
        let to = url.origin().ascii_serialization();
        return Err(endpoint.error(ErrorKind::Forbidden(format!(
            "an upload Location on another origin ({to}), where nothing is sent: the registry's external URL must be configured as it is asked here"
        ))));
    }
    Ok(Some(url))
}

/// Whether the registry says that it has the blob by its digest; an error where it calls it otherwise than it was put.
fn named(endpoint: &Endpoint, answer: &Answer, digest: &Digest) -> Result<bool, Error> {
    let called = answer.headers.get("docker-content-digest").and_then(|v| v.to_str().ok()?.parse::<Digest>().ok());
    let Some(called) = called.filter(|called| called.algorithm() == digest.algorithm()) else { return Ok(false) };
    if called == *digest {
        return Ok(true);
    }
    Err(endpoint.error(ErrorKind::Mismatch(format!(
        "the blob {digest} was put and is called {called}: the registry, or what stands in front of it, changes what is put there"
    ))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn pieces_are_the_bytes_and_small() {
        let whole: Bytes = (0..=255).cycle().take(3 * PIECE + 7).collect();
        let all: Vec<Bytes> = pieces(Ok(whole.clone())).map(Result::unwrap).collect();
        assert_eq!(all.iter().map(Bytes::len).collect::<Vec<_>>(), [PIECE, PIECE, PIECE, 7]);
        assert_eq!(all.concat(), whole);
        assert_eq!(pieces(Ok(Bytes::new())).count(), 0);
        let stopped: Vec<_> = pieces(Err(Stopped::Wrong("other bytes".to_owned()))).collect();
        assert!(matches!(&stopped[..], [Err(_)]), "{stopped:?}");
    }

    /// An upload of so many pieces that the registry takes one of with each pause, watched to the end of either.
    async fn taken(pieces: usize, size: usize, pause: Duration) -> (Fault, Duration) {
        let whole = Bytes::from(vec![7; pieces * size]);
        let blob = Descriptor {
            media_type: "application/octet-stream".to_owned(),
            digest: Digest::sha256(&whole),
            size: whole.len() as u64,
            platform: None,
            artifact_type: None,
            annotations: std::collections::BTreeMap::new(),
        };
        let source: Vec<_> = whole.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let progress = Arc::new(Progress::default());
        let source = futures_util::stream::iter(source).boxed();
        let bytes = Checked::new(source, &blob, Arc::clone(&progress)).into_stream();
        let registry = async {
            let mut bytes = std::pin::pin!(bytes);
            while let Some(piece) = bytes.next().await {
                piece.unwrap();
                tokio::time::sleep(pause).await;
            }
            std::future::pending::<()>().await;
        };
        let (patience, start) = (Patience::default(), Instant::now());
        tokio::select! {
            fault = watch(&patience, &progress, blob.size) => (fault, start.elapsed()),
            () = registry => unreachable!("it never answers"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_registry_that_reads_under_the_floor_is_given_up() {
        let (fault, after) = taken(100, 1_000, Duration::from_secs(1)).await;
        assert_eq!(fault.kind.to_string(), "no answer: the upload is read at under 8192 bytes a second");
        assert_eq!((fault.cure, after), (Cure::AgainOnce, Duration::from_secs(10)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_finished_upload_is_waited_for_and_not_for_ever() {
        let (fault, after) = taken(60, 16 * 1024, Duration::from_secs(1)).await;
        assert_eq!(fault.kind.to_string(), "no answer: nothing after a finished upload within 20 s");
        assert!((Duration::from_secs(79)..=Duration::from_secs(81)).contains(&after), "{after:?}");
    }
}
