//! Blob uploads: mount, else POST and one PUT of the whole (OCI distribution specification, "Pushing blobs").
//!
//! A lost session, a refused token or a broken connection starts over with a new session and the bytes from their
//! start, a bounded number of times. The digest is computed as the bytes pass, and the last of them are held back until
//! it is right: a registry never gets to complete an upload of wrong bytes.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::call::Answer;
use super::endpoint::Endpoint;
use super::mount::Mount;
use super::repository::Remote;
use super::session::is_named;
use super::transport::{is_too_much, passing};
use super::watch::{pieces, watch};
use crate::image::{Descriptor, Digest, RepositoryName};
use crate::registry::checked::{Checked, Progress};
use crate::registry::error::{Error, ErrorKind};
use crate::registry::store::{BlobSource, ByteStream, Put};
use crate::registry::wire::{self, Cure, ErrorBody, Fault, Tries};

enum End {
    Done,
    /// The registry refused the token: a new one is needed, and a new session.
    Unauthorized(String),
    Again(Fault),
}

impl Remote {
    pub(super) async fn mount_or_upload(
        &self,
        blob: &Descriptor,
        mount: Option<&RepositoryName>,
        source: &dyn BlobSource,
    ) -> Result<Put, Error> {
        let endpoint = self.endpoint()?;
        let session = match mount {
            Some(from) => match self.mount_blob(&endpoint, &blob.digest, from).await? {
                Mount::Done => return Ok(Put::Mounted),
                Mount::Session(url) => Some(url),
                Mount::Declined => None,
            },
            None => None,
        };
        self.upload(&endpoint, session, blob, source).await?;
        // Registries that support only SHA-256 acknowledge other digests but store nothing under them.
        if !blob.digest.is_sha256() {
            self.check_kept(&endpoint, blob).await?;
        }
        Ok(Put::Uploaded)
    }

    /// Uploads a blob that turned out to be missing although it had been put.
    pub(super) async fn upload_anew(&self, blob: &Descriptor, source: &dyn BlobSource) -> Result<(), Error> {
        let endpoint = self.endpoint()?;
        endpoint.mounts.doubt(self.name(), &blob.digest);
        self.upload(&endpoint, None, blob, source).await?;
        self.check_kept(&endpoint, blob).await
    }

    async fn upload(
        &self,
        endpoint: &Endpoint,
        mut session: Option<Url>,
        blob: &Descriptor,
        source: &dyn BlobSource,
    ) -> Result<(), Error> {
        let mut tries = Tries::default();
        let mut renewed = false;
        loop {
            let (place, bytes) = match session.take() {
                Some(place) => (place, source.open().await?),
                // Neither side waits for the other.
                None => tokio::try_join!(self.start_upload(endpoint), source.open())?,
            };
            let fault = match self.send(endpoint, place, blob, source, bytes).await? {
                End::Done => {
                    endpoint.settling.take(self.name(), &blob.digest);
                    return Ok(());
                }
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
            let waited = endpoint.wait(&mut tries, fault, &self.client.wire.patience).await;
            waited.map_err(|kind| endpoint.error(kind.about(&self.action(&blob.digest))))?;
        }
    }

    fn action(&self, digest: &Digest) -> String {
        format!("push of {}@{digest}", self.name())
    }

    /// Sends the bytes to a session. An error is one that another try does not fix: the source's own, or wrong bytes.
    async fn send(
        &self,
        endpoint: &Endpoint,
        mut place: Url,
        blob: &Descriptor,
        source: &dyn BlobSource,
        bytes: ByteStream,
    ) -> Result<End, Error> {
        let digest = format!("digest={}", blob.digest);
        let query = place
            .query()
            .map_or(digest.clone(), |q| if q.is_empty() { digest.clone() } else { format!("{q}&{digest}") });
        place.set_query(Some(&query));
        let progress = Arc::new(Progress::default());
        let bytes = Checked::new(bytes, blob, Arc::clone(&progress));
        let scopes = self.push();
        let authorization = self.client.authorize(endpoint, self.identity, Some(self.name()), &scopes).await;
        let authorization = authorization.map_err(|k| endpoint.error(k))?;
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
        let body = wire::read_error(response, &self.client.wire.patience).await;
        let error = ErrorBody::read(status, &headers, &body);
        if let Some(stopped) = progress.failure() {
            return Err(stopped.blame(source));
        }
        if status == StatusCode::UNAUTHORIZED {
            self.client
                .learn_challenge(endpoint, &authorization, Some(self.name()), &scopes, &headers)
                .map_err(|k| endpoint.error(k))?;
            let detail = self.client.explain_refusal(endpoint, &authorization, &scopes, error.text).await;
            return Ok(End::Unauthorized(detail));
        }
        if status == StatusCode::FORBIDDEN {
            let detail = self.client.explain_refusal(endpoint, &authorization, &scopes, error.text).await;
            return Err(endpoint.error(ErrorKind::Refused { action: self.action(&blob.digest), detail }));
        }
        let answer = Answer { status, headers, url: endpoint.base.clone(), body, error, stream: None };
        if answer.status.is_success() && answer.status != StatusCode::ACCEPTED {
            return self.stored(endpoint, &answer, blob).await;
        }
        // A proxy in front of a registry may time out while the registry finishes its work.
        if answer.status.is_server_error() && progress.is_finished() && self.has_now(&blob.digest).await {
            return Ok(End::Done);
        }
        self.refused(endpoint, &answer, blob)
    }

    /// A registry that says it has the blob, and names its digest, is believed: it checks manifests against it. One
    /// that names no digest is asked.
    async fn stored(&self, endpoint: &Endpoint, answer: &Answer, blob: &Descriptor) -> Result<End, Error> {
        if !is_named(endpoint, answer, &blob.digest)? {
            self.check_kept(endpoint, blob).await?;
        }
        Ok(End::Done)
    }

    /// Returns an error if the registry does not show a blob that it accepted.
    async fn check_kept(&self, endpoint: &Endpoint, blob: &Descriptor) -> Result<(), Error> {
        if self.settled(endpoint, |there| *there, || self.head_blob(&blob.digest)).await? {
            return Ok(());
        }
        Err(endpoint.error(ErrorKind::Mismatch(format!(
            "{}: it acknowledged the upload but does not have the blob: the registry, or a proxy in front of it, loses what is pushed",
            self.action(&blob.digest),
        ))))
    }

    fn refused(&self, endpoint: &Endpoint, answer: &Answer, blob: &Descriptor) -> Result<End, Error> {
        if let Some(fault) = passing(answer.status, &answer.headers, &answer.error) {
            return Ok(End::Again(fault));
        }
        match answer.status {
            // The session is lost or has other bytes already, or a link to the blob is being made at that moment.
            StatusCode::NOT_FOUND
            | StatusCode::RANGE_NOT_SATISFIABLE
            | StatusCode::BAD_REQUEST
            | StatusCode::CONFLICT => {
                Ok(End::Again(Fault { kind: ErrorKind::Protocol(answer.error.text.clone()), cure: Cure::Again }))
            }
            _ => Err(endpoint.protocol(format!("{}: {}", self.action(&blob.digest), answer.error.text))),
        }
    }

    /// The PUT and its answer, given up if the registry stops reading or, after the last byte, does not answer.
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
            fault = watch(&self.client.wire.patience, progress, size) => Err(fault),
        }
    }

    /// After a broken connection: the source's own error counts; a complete upload may have arrived.
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
        if progress.is_finished() && self.has_now(&blob.digest).await {
            return Ok(End::Done);
        }
        Ok(End::Again(fault))
    }

    async fn has_now(&self, digest: &Digest) -> bool {
        self.head_blob(digest).await.unwrap_or(false)
    }
}
