//! Whether an artifact attached to an image may be copied too: its document is read, and its configuration if that
//! decides.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;

use crate::content::Document;
use crate::content::artifact::{Artifact, CONFIGURATION_LIMIT, Inspection, inspect, runs};
use crate::image::{Descriptor, Digest, Location};
use crate::observe::documents::Documents;
use crate::observe::sources::Sources;
use crate::registry::{ByteStream, Error, ErrorKind, Store};

/// The kind of a document attached to an image.
#[derive(Debug, Clone)]
pub(crate) enum Judged {
    Artifact(Artifact),
    /// It is not copied; says what it is.
    Foreign(String),
    /// There is no such document.
    Missing,
}

/// Where documents are judged.
#[derive(Clone, Copy)]
pub(crate) enum StoreReader<'a> {
    Source(&'a Sources, &'a Location),
    /// A repository of the destination, and the documents read so far.
    Mirror(&'a Arc<dyn Store>, &'a Documents),
}

impl StoreReader<'_> {
    async fn document(self, digest: &Digest) -> Result<Option<Document>, Error> {
        match self {
            Self::Source(sources, location) => sources.document(location, digest).await,
            Self::Mirror(store, documents) => documents.of(store.as_ref(), digest).await,
        }
    }

    async fn blob(self, blob: &Descriptor) -> Result<Option<ByteStream>, Error> {
        match self {
            Self::Source(sources, location) => sources.blob(location, blob, 0).await,
            Self::Mirror(store, _) => store.blob(blob, 0).await,
        }
    }

    fn fault(self, text: String) -> Error {
        let registry = match self {
            Self::Source(_, location) => location.to_string(),
            Self::Mirror(store, _) => store.location().to_string(),
        };
        Error { registry, kind: ErrorKind::Mismatch(text) }
    }
}

/// Judges the document with this digest. `subject`: what it must name as its subject, if it names one.
///
/// # Errors
/// Whatever keeps the registry from answering.
pub(crate) async fn judge(reader: StoreReader<'_>, digest: &Digest, subject: Option<&Digest>) -> Result<Judged, Error> {
    let document = match reader.document(digest).await {
        Ok(Some(document)) => document,
        Ok(None) => return Ok(Judged::Missing),
        Err(error) if error.is_ambiguous() => return Ok(Judged::Foreign(error.to_string())),
        Err(error) => return Err(error),
    };
    if let Some(subject) = subject
        && document.read().ok().as_ref().and_then(|content| content.subject()).map(|named| &named.digest)
            != Some(subject)
    {
        return Ok(Judged::Foreign(format!("something that does not have {subject} as its subject")));
    }
    let (artifact, configured) = match inspect(&document) {
        Inspection::Artifact(artifact) => return Ok(Judged::Artifact(artifact)),
        Inspection::Foreign(what) => return Ok(Judged::Foreign(what.to_owned())),
        Inspection::Configured(artifact, configured) => (artifact, configured),
    };
    if configured.configuration.size > CONFIGURATION_LIMIT {
        return Ok(Judged::Foreign(format!(
            "something with a configuration of {} bytes",
            configured.configuration.size
        )));
    }
    match bytes(reader, &configured.configuration).await? {
        None => Ok(Judged::Foreign("something without its configuration".to_owned())),
        Some(bytes) => Ok(match runs(&bytes, &configured) {
            None => Judged::Artifact(artifact),
            Some(what) => Judged::Foreign(what.to_owned()),
        }),
    }
}

/// A small blob, its bytes verified.
async fn bytes(reader: StoreReader<'_>, blob: &Descriptor) -> Result<Option<Bytes>, Error> {
    if let StoreReader::Source(sources, _) = reader
        && let Some(known) = sources.contents.get(&blob.digest)
    {
        return Ok(Some(known));
    }
    let Some(mut pieces) = reader.blob(blob).await? else { return Ok(None) };
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece?);
        if bytes.len() as u64 > blob.size {
            break;
        }
    }
    if bytes.len() as u64 != blob.size || !blob.digest.matches(&bytes) {
        return Err(reader.fault(format!("the bytes of the configuration do not match its digest {}", blob.digest)));
    }
    let bytes = Bytes::from(bytes);
    if let StoreReader::Source(sources, _) = reader {
        sources.contents.keep(&blob.digest, &bytes, bytes.len());
    }
    Ok(Some(bytes))
}
