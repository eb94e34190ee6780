//! One approval: what its mirror answers, and upstream where that is needed.

use std::collections::BTreeSet;

use futures_util::StreamExt;

use super::error::MirrorError;
use super::tags::TagReader;
use crate::content::{Content, Document, media_type};
use crate::image::{Digest, Location};
use crate::manifest::{Approval, Image};
use crate::observe::availability::{Probe, Trace, trace};
use crate::observe::sources::Sources;
use crate::plan::{self, Fact, FailedStep, Observed};
use crate::registry::Store;

/// How many manifests of one image are read together.
const TOGETHER: usize = 64;

/// Observes an approval at its mirror. `whole`: the tag's document is read, not only its digest.
pub(super) async fn at_mirror(
    tags: &TagReader<'_>,
    image: &Image,
    approval: &Approval,
    whole: bool,
) -> Result<Observed, MirrorError> {
    let mut observed = Observed::default();
    if plan::is_revoked(image, approval) {
        return Ok(observed);
    }
    let mirror = tags.open(&image.repository)?;
    observed.mirror = tags.tag(mirror.as_ref(), &image.repository, &approval.tag, whole).await?;
    observed.expected = expected(tags, mirror.as_ref(), image, approval).await?;
    Ok(observed)
}

/// What `digest` and `platforms` give, as far as it can be told without upstream.
async fn expected(
    tags: &TagReader<'_>,
    mirror: &dyn Store,
    image: &Image,
    approval: &Approval,
) -> Result<Option<Digest>, MirrorError> {
    let Some(platforms) = &image.platforms else { return Ok(Some(approval.digest.clone())) };
    let Some(mirrored) = &approval.mirrored else { return Ok(None) };
    let held = tags.documents.of(mirror, mirrored).await.map_err(MirrorError::Destination)?;
    Ok(held.and_then(|held| plan::from_mirror(&held, &approval.digest, platforms)))
}

/// Adds what upstream answers, where the plan needs that.
pub(super) async fn at_source(
    sources: &Sources,
    image: &Image,
    approval: &Approval,
    mut observed: Observed,
) -> Result<Observed, MirrorError> {
    if plan::decide(image, approval, &observed).lacks != Some(Fact::Upstream) {
        return Ok(observed);
    }
    let unread = |text: String| MirrorError::Approval(FailedStep::Read, text);
    let found = trace(sources, &image.source, &[Probe::Document(&approval.digest)]).await;
    let found = found.map_err(|e| unread(e.to_string()))?;
    observed.upstream = Some(found.is_some());
    if let Some(Trace::Document(document)) = found {
        let wanted = plan::from_upstream(&document, image.platforms.as_deref());
        let wanted = wanted.map_err(|e| unread(format!("{}@{}: {e}", image.source_text, approval.digest)))?;
        observed.foreign = foreign(sources, &image.source, &wanted).await;
        sources.documents.keep(&wanted);
        observed.expected = Some(wanted.digest);
    }
    Ok(observed)
}

/// How many layers of what is to be copied may not be distributed. What is read for it is not read again to be copied;
/// what cannot be read fails then.
async fn foreign(sources: &Sources, source: &Location, top: &Document) -> usize {
    let children = match top.read() {
        Ok(Content::Index { children, .. }) => children,
        _ => Vec::new(),
    };
    let manifests = children.into_iter().filter(|child| media_type::is_manifest(&child.media_type));
    let read = futures_util::stream::iter(manifests)
        .map(|child| async move { sources.document(source, &child.digest).await.ok().flatten() })
        .buffered(TOGETHER)
        .filter_map(std::future::ready);
    let documents: Vec<Document> = read.chain(futures_util::stream::iter([top.clone()])).collect().await;
    let layers = documents.iter().filter_map(|document| match document.read() {
        Ok(Content::Manifest { layers, .. }) => Some(layers),
        _ => None,
    });
    let foreign = layers.flatten().filter(|layer| media_type::is_foreign(&layer.media_type));
    foreign.map(|layer| layer.digest).collect::<BTreeSet<_>>().len()
}
