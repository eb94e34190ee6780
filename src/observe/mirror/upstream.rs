//! What upstream has of one approval.

use std::collections::BTreeSet;

use futures_util::StreamExt;

use super::error::MirrorError;
use crate::content::{Content, Document, media_type};
use crate::image::{Digest, Location};
use crate::manifest::{Approval, Image};
use crate::observe::availability::{Probe, Trace, trace};
use crate::observe::sources::Sources;
use crate::plan::{self, FailedStep};
use crate::registry::Error;

/// How many manifests of one image are read at once.
const TOGETHER: usize = 64;

/// What upstream has of an approval.
pub(super) struct Upstream {
    pub(super) has: bool,
    /// What `digest` and `platforms` result in.
    pub(super) wanted: Option<Digest>,
    pub(super) foreign: usize,
    /// Why it is not accepted.
    pub(super) refused: Option<String>,
}

/// Whether upstream will be queried for an approval that was never promoted, unless the mirror has it by other means:
/// then both are queried at the same time.
pub(super) fn is_wanted(image: &Image, approval: &Approval) -> bool {
    approval.mirrored.is_none() && !plan::is_revoked(image, approval)
}

/// Queries upstream for an approval.
pub(super) async fn upstream(sources: &Sources, image: &Image, approval: &Approval) -> Result<Upstream, MirrorError> {
    let unread = |text: String| MirrorError::Approval(FailedStep::Read, text);
    let refused = |error: Error| Upstream { has: true, wanted: None, foreign: 0, refused: Some(error.to_string()) };
    let found = match trace(sources, &image.source, &[Probe::Document(&approval.digest)]).await {
        Err(error) if error.is_ambiguous() => return Ok(refused(error)),
        found => found.map_err(|e| unread(e.to_string()))?,
    };
    let Some(Trace::Document(document)) = found else {
        return Ok(Upstream { has: found.is_some(), wanted: None, foreign: 0, refused: None });
    };
    let wanted = plan::from_upstream(&document, image.platforms.as_deref());
    let wanted = wanted.map_err(|e| unread(format!("{}@{}: {e}", image.source_text, approval.digest)))?;
    let below = below(sources, &image.source, &wanted).await;
    sources.documents.keep(&wanted);
    let (foreign, refused) = (foreign(&below.documents), below.ambiguous.map(|error| error.to_string()));
    Ok(Upstream { has: true, wanted: Some(wanted.digest), foreign, refused })
}

/// A document with its children, as far as they can be read. What is read for it is not read again to be copied; what
/// cannot be read fails then.
struct Below {
    documents: Vec<Document>,
    /// The first one that two readers could understand differently.
    ambiguous: Option<Error>,
}

async fn below(sources: &Sources, source: &Location, top: &Document) -> Below {
    let children = top.children().unwrap_or_default();
    let mut reads = futures_util::stream::iter(children)
        .map(|child| async move { sources.document(source, &child.digest).await })
        .buffered(TOGETHER);
    let mut below = Below { documents: vec![top.clone()], ambiguous: None };
    while let Some(read) = reads.next().await {
        match read {
            Ok(document) => below.documents.extend(document),
            Err(error) if error.is_ambiguous() => drop(below.ambiguous.get_or_insert(error)),
            Err(_) => {}
        }
    }
    below
}

/// How many layers of what is to be copied must not be distributed.
fn foreign(documents: &[Document]) -> usize {
    let blobs = documents.iter().filter_map(|document| document.read().ok()).flat_map(Content::into_blobs);
    let foreign = blobs.filter(|layer| media_type::is_foreign(&layer.media_type));
    foreign.map(|layer| layer.digest).collect::<BTreeSet<_>>().len()
}
