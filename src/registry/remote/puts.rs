//! Manifests are put exactly as they are, and read back.

use reqwest::{Method, StatusCode};

use super::call::Answer;
use super::endpoint::Endpoint;
use super::manifests::header_digest;
use super::repository::Remote;
use super::settling::Pauses;
use crate::content::{Content, Document, media_type};
use crate::image::{Descriptor, Digest, Reference};
use crate::registry::error::{Error, ErrorKind};
use crate::registry::wire::Tries;

/// How often a manifest that the registry calls bad is put again: some do so while the same blob is being linked.
const PUT_AGAIN: u32 = 2;

impl Remote {
    /// Puts a manifest and reads it back by HEAD. If it refers to another and the registry does not track that (no
    /// `OCI-Subject`), the fallback index is extended.
    pub(super) async fn push_manifest(&self, reference: &Reference, document: &Document) -> Result<(), Error> {
        let endpoint = self.endpoint()?;
        let answer = self.put_verified(&endpoint, reference, document).await?;
        let content = document.read().ok();
        let Some(subject) = content.as_ref().and_then(Content::subject) else { return Ok(()) };
        let claimed = answer.as_ref().is_none_or(|answer| answer.headers.contains_key("oci-subject"));
        let tracked = claimed
            && !endpoint.habits.lacks_referrers(self.name())
            && self.tracks(&endpoint, &subject.digest, document).await;
        if tracked { Ok(()) } else { self.add_referrer(&endpoint, &subject.digest, document).await }
    }

    /// Whether the registry really lists the referrers it claims to track: checked for the first document of a run. If
    /// that cannot be checked, the registry is believed: the document is there.
    async fn tracks(&self, endpoint: &Endpoint, subject: &Digest, document: &Document) -> bool {
        let shows = |listed: &Option<Vec<Descriptor>>| {
            listed.as_ref().is_none_or(|listed| listed.iter().any(|found| found.digest == document.digest))
        };
        let lists = || async {
            let listed = self.settled(endpoint, shows, || self.list_referrers(subject)).await?;
            let shows = shows(&listed);
            if !shows {
                tracing::warn!(
                    "{}: it claims to keep track of referrers, but lists none: the index under the fallback tag is \
                     written instead, which not every client reads",
                    endpoint.registry
                );
            }
            Ok::<bool, Error>(shows && listed.is_some())
        };
        endpoint.habits.tracks_referrers.get_or_try_init(lists).await.copied().unwrap_or(true)
    }

    /// PUT, then HEAD; returns the answer to PUT, or `None` if it was lost but the manifest is there.
    pub(super) async fn put_verified(
        &self,
        endpoint: &Endpoint,
        reference: &Reference,
        document: &Document,
    ) -> Result<Option<Answer>, Error> {
        let answer = self.put(endpoint, reference, document).await?;
        if let Some(answer) = &answer {
            if let Some(other) = header_digest(&answer.headers).filter(|d| *d != document.digest) {
                return Err(endpoint.error(ErrorKind::Mismatch(format!(
                    "{} was pushed as {}, but the registry calls it {other}: the registry, or a proxy in front of it, changes what is pushed",
                    self.display_name(reference),
                    document.digest
                ))));
            }
            self.read_back(endpoint, reference, document).await?;
        }
        endpoint.settling.take(self.name(), &document.digest);
        Ok(answer)
    }

    async fn read_back(&self, endpoint: &Endpoint, reference: &Reference, document: &Document) -> Result<(), Error> {
        let shows = |found: &Option<Descriptor>| found.as_ref().is_some_and(|found| found.digest == document.digest);
        match self.settled(endpoint, shows, || self.head_manifest(reference, self.push())).await? {
            Some(found) if found.digest == document.digest => Ok(()),
            Some(other) => Err(endpoint.error(ErrorKind::Mismatch(format!(
                "{} was pushed as {}, but now resolves to {}: somebody else pushed at the same time, or the registry changes what is pushed",
                self.display_name(reference),
                document.digest,
                other.digest
            )))),
            None => Err(endpoint.error(ErrorKind::Mismatch(format!(
                "{} was pushed as {}, but is not there: the registry, or a proxy in front of it, loses what is pushed",
                self.display_name(reference),
                document.digest
            )))),
        }
    }

    /// Puts it. After a fault it is read back before it is put again: the answer may be lost, and an immutable tag is
    /// not put twice.
    async fn put(
        &self,
        endpoint: &Endpoint,
        reference: &Reference,
        document: &Document,
    ) -> Result<Option<Answer>, Error> {
        let mut call = self.manifest_call(endpoint, Method::PUT, reference, self.push())?;
        call.headers = vec![("content-type", document.media_type.clone())];
        call.body = document.bytes.clone();
        let (mut tries, mut refusals, mut lost) = (Tries::default(), Refusals::default(), false);
        loop {
            let answer = match self.client.call_once(endpoint, self.identity, &call).await {
                Ok(answer) if answer.status.is_success() => return Ok(Some(answer)),
                Ok(answer) => answer,
                Err(fault) => {
                    lost |= fault.may_be_done();
                    if lost && self.answers(endpoint, reference, document).await {
                        return Ok(None);
                    }
                    let waited = self.client.wait(endpoint, &mut tries, fault, &call).await;
                    waited.map_err(|kind| endpoint.error(kind))?;
                    continue;
                }
            };
            let answers = lost || matches!(reference, Reference::Tag(_));
            if answers && self.answers(endpoint, reference, document).await {
                return Ok(None);
            }
            if !self.wait_refused(endpoint, document, &answer, lost, &mut refusals).await {
                let text = format!("{}: {}", call.action, answer.error.text);
                let kind = if lacks(&answer) { ErrorKind::Lacking(text) } else { ErrorKind::Protocol(text) };
                return Err(endpoint.error(kind));
            }
        }
    }

    /// Waits before a refused manifest is put again; `false` if the refusal is final.
    async fn wait_refused(
        &self,
        endpoint: &Endpoint,
        document: &Document,
        answer: &Answer,
        lost: bool,
        refusals: &mut Refusals,
    ) -> bool {
        let patience = &self.client.wire.patience;
        if refusals.quick < PUT_AGAIN && (answer.status == StatusCode::BAD_REQUEST || lacks(answer)) {
            refusals.quick += 1;
            tokio::time::sleep(patience.retry.first * refusals.quick).await;
            return true;
        }
        if refusals.pauses.is_none() && !lost && !(lacks(answer) && self.is_on_its_way(endpoint, document).await) {
            return false;
        }
        endpoint.settling.pause(refusals.pauses.get_or_insert_with(|| Pauses::new(patience))).await
    }

    /// Whether everything that a manifest names exists, or was accepted from this run and may not be visible yet.
    async fn is_on_its_way(&self, endpoint: &Endpoint, document: &Document) -> bool {
        let Ok(content) = document.read() else { return false };
        let manifests = match &content {
            Content::Index { children, .. } => children.clone(),
            Content::Manifest { .. } => Vec::new(),
        };
        let blobs = content.into_blobs();
        for Descriptor { digest, .. } in blobs.iter().filter(|blob| !media_type::is_foreign(&blob.media_type)) {
            if !endpoint.settling.took(self.name(), digest) && !self.head_blob(digest).await.unwrap_or(false) {
                return false;
            }
        }
        for Descriptor { digest, .. } in manifests {
            let took = endpoint.settling.took(self.name(), &digest);
            if !took && !self.head_manifest(&Reference::Digest(digest), self.push()).await.is_ok_and(|d| d.is_some()) {
                return false;
            }
        }
        true
    }

    /// Whether a reference resolves to this document, asked once.
    async fn answers(&self, endpoint: &Endpoint, reference: &Reference, document: &Document) -> bool {
        let ask = async |method: Method| {
            let call = self.manifest_call(endpoint, method, reference, self.push()).ok()?;
            let answer = self.client.call_once(endpoint, self.identity, &call).await.ok()?;
            answer.status.is_success().then_some(answer)
        };
        let Some(head) = ask(Method::HEAD).await else { return false };
        match header_digest(&head.headers) {
            Some(digest) => digest == document.digest,
            None => ask(Method::GET).await.is_some_and(|answer| document.digest.matches(&answer.body)),
        }
    }
}

/// How often a manifest was refused.
#[derive(Default)]
struct Refusals {
    quick: u32,
    pauses: Option<Pauses>,
}

/// Whether the registry does not have something a manifest names (OCI distribution specification, "Error Codes").
fn lacks(answer: &Answer) -> bool {
    matches!(answer.status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY)
        && ["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"].iter().any(|code| answer.error.has(code))
}
