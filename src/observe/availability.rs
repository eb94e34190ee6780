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

/// What of some approvals a source no longer has.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// Digests that do not answer.
    pub(super) digests: BTreeSet<Digest>,
    /// Tags that neither resolve nor are listed.
    pub(super) tags: BTreeSet<Tag>,
    /// Whether the repository itself is gone.
    pub(super) repository: bool,
}

/// Asks a source for approvals: one request for each digest, where one of its tags still has it; the other tags of that
/// digest are looked up in the list. A source that fails is not asked further: it fails as a whole.
pub(super) async fn lost(
    sources: &Sources,
    source: &Location,
    approvals: &BTreeMap<&Digest, BTreeSet<&Tag>>,
) -> Result<Lost, Error> {
    let firsts = approvals.iter().filter_map(|(digest, tags)| Some((*digest, *tags.first()?)));
    let mut answers = futures_util::stream::iter(firsts)
        .map(|(digest, tag)| async move {
            let now = sources.head(source, tag).await?.map(|held| held.digest);
            let is_here = now.as_ref() == Some(digest) || sources.has(source, digest).await?;
            Ok::<_, Error>((tag, digest, now.is_some(), is_here))
        })
        .buffered(DIGESTS);
    let (mut lost, mut open) = (Lost::default(), BTreeSet::new());
    while let Some(answer) = answers.next().await {
        let (tag, digest, resolves, is_here) = answer?;
        open.extend((!resolves).then_some(tag));
        lost.digests.extend((!is_here).then(|| digest.clone()));
    }
    open.extend(approvals.values().flat_map(|tags| tags.iter().skip(1).copied()));
    if open.is_empty() {
        return Ok(lost);
    }
    let listed = sources.tags(source).await?;
    lost.repository = listed.is_none();
    let listed = listed.unwrap_or_default();
    for tag in open.into_iter().filter(|tag| !listed.contains(tag)) {
        // A list may be incomplete.
        if sources.head(source, tag).await?.is_none() {
            lost.tags.insert(tag.clone());
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
