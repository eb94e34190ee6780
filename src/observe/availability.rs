//! Whether upstream still has what is approved.
//!
//! How much is asked depends on the caller. Promotion reads the one document that it is about to copy. An audit asks
//! for every approved digest. A proposal that says that a version is gone asks for the tag, the digest and the list: a
//! list may be incomplete and a registry may stumble, so only what none of them has is gone.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::sources::Sources;
use crate::content::Document;
use crate::image::{Digest, Location, Tag};
use crate::manifest::{Approval, Image};
use crate::proposal::known::Availability;
use crate::registry::Error;
use crate::rules::Rule;

/// How many digests of one source are requested at once.
const DIGESTS: usize = 4;

/// A request whose answer can show that upstream has an approval.
pub(super) enum Probe<'a> {
    /// Whether the tag resolves; asked once per run.
    Tag(&'a Tag),
    /// Whether the digest resolves: a HEAD, which no registry counts as a pull.
    Digest(&'a Digest),
    /// The document of the digest.
    Document(&'a Digest),
    /// Whether the list of tags contains it.
    List(&'a Tag),
}

/// What showed that upstream has an approval.
pub(super) enum Trace {
    Answer,
    Document(Document),
}

/// Tries probes one after the other, until one shows that `source` has what is wanted. `None`: none did.
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

/// The digests that a source no longer has. A source that fails is not asked further: it fails as a whole.
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

/// Looks for the approvals that are missing from the list of tags: one request each, and one more if the tag is gone.
/// `tags` is the list, `asked` the tags already known to resolve.
pub(super) async fn availability(
    sources: &Sources,
    image: &Image,
    tags: &[Tag],
    asked: &BTreeMap<Tag, Option<Digest>>,
) -> Availability {
    let mut availability = Availability::default();
    // A rule with floating tags names them itself: other tags do not matter, and no list was read.
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
