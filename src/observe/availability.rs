//! Whether upstream still has what is approved.
//!
//! Who asks decides how much is asked. Promotion reads the one document that it is about to copy. An audit asks for every
//! approved digest. A proposal that says that a version is gone asks for the tag, the digest and the list: a list may be
//! short and a registry may stumble, so gone is only what none of them has.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::sources::Sources;
use crate::content::Document;
use crate::image::{Digest, Location, Tag};
use crate::manifest::{Approval, Image};
use crate::proposal::known::Availability;
use crate::registry::Error;
use crate::rules::Rule;

/// How many digests of one source are asked for together.
const DIGESTS: usize = 4;

/// One question whose answer can show that upstream has an approval.
pub(super) enum Probe<'a> {
    /// Whether the tag answers; a run asks once.
    Tag(&'a Tag),
    /// Whether the digest answers: a HEAD, which no registry counts as a pull.
    Digest(&'a Digest),
    /// What the digest answers.
    Document(&'a Digest),
    /// Whether the list of tags has it.
    List(&'a Tag),
}

/// What showed that upstream has an approval.
pub(super) enum Trace {
    Answer,
    Document(Document),
}

/// Probes one after the other, until one shows that `source` has what is asked for. `None`: none did.
pub(super) async fn trace(sources: &Sources, source: &Location, probes: &[Probe<'_>]) -> Result<Option<Trace>, Error> {
    for probe in probes {
        let found = match probe {
            Probe::Tag(tag) => sources.head(source, tag).await?.map(|_| Trace::Answer),
            Probe::Digest(digest) => sources.has(source, digest).await?.then_some(Trace::Answer),
            Probe::Document(digest) => sources.document(source, digest).await?.map(Trace::Document),
            // A repository that does not exist is a fault like any other.
            Probe::List(tag) => {
                let tags = sources.tags(source).await?;
                tags.is_none_or(|tags| tags.contains(tag)).then_some(Trace::Answer)
            }
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The digests that a source no longer answers. A source that fails is not asked further: it fails as a whole.
pub(super) async fn lost(
    sources: &Sources,
    source: &Location,
    digests: &BTreeSet<&Digest>,
) -> Result<Vec<Digest>, Error> {
    let mut answers = futures_util::stream::iter(digests.iter().copied())
        .map(|digest| async move { (digest, trace(sources, source, &[Probe::Digest(digest)]).await) })
        .buffered(DIGESTS);
    let mut lost = Vec::new();
    while let Some((digest, answer)) = answers.next().await {
        if answer?.is_none() {
            lost.push(digest.clone());
        }
    }
    Ok(lost)
}

/// Looks for the approvals that are not in the list of tags: one request each, and one more where the tag is gone. `tags` is
/// the list, `asked` what tags were found to answer already.
pub(super) async fn availability(
    sources: &Sources,
    image: &Image,
    tags: &[Tag],
    asked: &BTreeMap<Tag, Option<Digest>>,
) -> Availability {
    let mut availability = Availability::default();
    // A rule of floating tags names them itself: what it does not name is nobody's question, and no list was read.
    let floating = matches!(image.rule, Rule::Tags(_));
    let doubtful = |a: &&Approval| if floating { asked.get(&a.tag) == Some(&None) } else { !tags.contains(&a.tag) };
    for Approval { tag, digest, .. } in image.approved.iter().filter(doubtful) {
        let probes = [Probe::Tag(tag), Probe::Digest(digest), Probe::List(tag)];
        let probes = if floating { &probes[..] } else { &probes[..2] };
        match trace(sources, &image.source, probes).await {
            Ok(None) => drop(availability.gone.insert(tag.clone())),
            Ok(Some(_)) => {}
            Err(error) => {
                tracing::info!("it is unknown whether {}:{tag} still exists: {error}", image.source_text);
                availability.unknown.insert(tag.clone());
            }
        }
    }
    availability
}
