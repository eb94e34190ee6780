//! What upstream offers: the tags of every image, and the facts that its rule needs until it has decided.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;

use super::availability::availability;
use super::evidence::EvidenceReader;
use super::fixes::fixes;
use super::ledger::Clocks;
use super::makers::MakerReader;
use super::sources::Sources;
use super::upstream::{Problem, walk};
use crate::content::Content;
use crate::content::labels::Labels;
use crate::evidence::Trust;
use crate::hub::Hub;
use crate::image::{Descriptor, Digest, Location, Tag};
use crate::manifest::{Image, Manifest};
use crate::plan::{self, FailedStep, Failure, Scope};
use crate::progress::Progress;
use crate::proposal::known::{Candidates, ImageCandidates};
use crate::proposal::signers::{Signers, is_compared, signers};
use crate::proposal::unsigned::unsigned;
use crate::proposal::{Entry, subject};
use crate::registry;
use crate::rules::{Fact, Facts, ROUNDS, Readiness, Readings, Rule, Selection, Since};

/// How many images are processed at once; each host's own limit is in the client.
const TOGETHER: usize = 16;

/// What reads upstream, Docker Hub's push times and the ledger.
#[derive(Clone, Copy)]
pub(crate) struct UpstreamReader<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) sources: &'a Sources,
    /// What signatures are verified with.
    pub(crate) trust: &'a Trust,
    /// Compares versions with what is approved.
    pub(crate) evidence: EvidenceReader<'a>,
    /// Docker Hub's own API, for push times.
    pub(crate) hub: Option<&'a Hub>,
    /// The ledger, for what Docker Hub does not tell: when tags of other registries were first seen, and what tags
    /// resolved to before.
    pub(crate) clocks: &'a Clocks<'a>,
    /// Shows the progress.
    pub(crate) progress: &'a Progress,
    pub(crate) now: DateTime<Utc>,
}

/// Reads all images in scope. `ready` are digests that were found complete before: they are not read again.
pub(super) async fn read_candidates(
    reader: &UpstreamReader<'_>,
    scope: &Scope,
    ready: &BTreeSet<Digest>,
) -> Candidates {
    let images = || reader.manifest.images.iter().enumerate().filter(|(at, _)| scope.contains(*at));
    let listed = list(reader.sources, images().map(|(_, image)| image)).await;
    let known: BTreeMap<Digest, Readiness> = ready.iter().map(|d| (d.clone(), Readiness::Ready)).collect();
    let (listed, known) = (&listed, &known);
    let phase = &reader.progress.phase("images upstream", images().count());
    let read = futures_util::stream::iter(images())
        .map(|(at, image)| async move {
            let facts = Facts { readiness: known.clone(), ..Facts::default() };
            let read = read_image(reader, image, listed, facts).await;
            phase.one();
            (at, read)
        })
        .buffer_unordered(TOGETHER)
        .collect::<Vec<_>>()
        .await;
    phase.end();
    let mut candidates = Candidates::default();
    for (at, read) in read {
        candidates.put(at, read);
    }
    candidates
}

/// Lets the rule of one image choose again, without the digests that a person declined.
pub(super) async fn choose_without(
    reader: &UpstreamReader<'_>,
    candidates: &mut Candidates,
    at: usize,
    digests: &BTreeSet<Digest>,
) {
    let (Some(mut image_candidates), Some(image)) = (candidates.images.remove(&at), reader.manifest.images.get(at))
    else {
        return;
    };
    image_candidates.facts.declined.extend(digests.iter().cloned());
    let selected = select(reader, image, &mut image_candidates).await.map(|()| image_candidates);
    candidates.put(at, selected);
}

/// The tags of a source, or why they could not be read.
pub(crate) type Listed = BTreeMap<Location, Result<Arc<Vec<Tag>>, String>>;

/// Lists every source once, however many images come from it. A rule with floating tags names them itself.
pub(crate) async fn list(sources: &Sources, images: impl Iterator<Item = &Image>) -> Listed {
    let wanted: BTreeSet<Location> =
        images.filter(|image| !matches!(image.rule, Rule::Tags(_))).map(|image| image.source.clone()).collect();
    futures_util::stream::iter(wanted)
        .map(|location| async move {
            let tags = match sources.tags(&location).await {
                Ok(Some(tags)) => Ok(tags),
                Ok(None) => Err(format!("{location} does not exist")),
                Err(e) => Err(e.to_string()),
            };
            (location, tags)
        })
        .buffer_unordered(TOGETHER)
        .collect()
        .await
}

async fn read_image(
    reader: &UpstreamReader<'_>,
    image: &Image,
    listed: &Listed,
    facts: Facts,
) -> Result<ImageCandidates, Failure> {
    let tags = match (&image.rule, listed.get(&image.source)) {
        (Rule::Tags(tags), _) => Arc::new(tags.clone()),
        (Rule::Versions(_), Some(Ok(tags))) => Arc::clone(tags),
        (Rule::Versions(_), Some(Err(e))) => return Err(Failure::of(image, None, FailedStep::Resolve, e.clone())),
        (Rule::Versions(_), None) => Arc::default(),
    };
    let mut candidates = ImageCandidates { tags, facts, ..ImageCandidates::default() };
    select(reader, image, &mut candidates).await?;
    let ImageCandidates { tags, facts, .. } = &candidates;
    candidates.availability = availability(reader.sources, image, tags, &facts.digests).await;
    Ok(candidates)
}

/// Asks the rule, looks up what it is missing, and asks again.
async fn select(reader: &UpstreamReader<'_>, image: &Image, candidates: &mut ImageCandidates) -> Result<(), Failure> {
    let subject = subject(image);
    let tags = Arc::clone(&candidates.tags);
    let readings = Readings::of(&subject.rule, &tags);
    let inquiry = readings.inquire(&subject, reader.now);
    for _ in 0..ROUNDS {
        let missing = inquiry.missing(&candidates.facts);
        if missing.is_empty() {
            candidates.selection = inquiry.answer(&candidates.facts);
            candidates.signers = compare_signers(reader, image, &candidates.selection).await;
            return Ok(());
        }
        for fact in missing {
            look_up(reader, image, &fact, &mut candidates.facts).await?;
        }
    }
    let error = format!("undecided after {ROUNDS} rounds of requests to upstream");
    Err(Failure::of(image, None, FailedStep::Resolve, error))
}

/// Who signed the chosen version and the one it is compared with, if a reader of the proposal should know of a
/// difference. What does not answer is not known.
async fn compare_signers(reader: &UpstreamReader<'_>, image: &Image, selection: &Selection) -> Signers {
    let mut known = Signers::new();
    for chosen in selection.lines.iter().filter_map(|line| line.chosen.as_ref()) {
        let entry = Entry::approving(image, &chosen.tag, &chosen.digest, chosen.rebuild);
        let before = image.approved.iter().find(|approval| Some(&approval.tag) == entry.from.as_ref());
        let Some(before) = before.filter(|_| is_compared(image, &entry)) else { continue };
        for digest in [&before.digest, &chosen.digest] {
            if let (false, Ok(makers)) =
                (known.contains_key(digest), reader.makers().of(image, digest, &Labels::default()).await)
            {
                known.insert(digest.clone(), signers(&makers));
            }
        }
    }
    known
}

impl<'a> UpstreamReader<'a> {
    const fn makers(&self) -> MakerReader<'a> {
        MakerReader { sources: self.sources, trust: self.trust }
    }
}

/// Finds out one fact about a tag.
pub(super) async fn look_up(
    reader: &UpstreamReader<'_>,
    image: &Image,
    fact: &Fact,
    facts: &mut Facts,
) -> Result<(), Failure> {
    match fact {
        Fact::Digest(tag) => {
            let answer = reader.sources.head(&image.source, tag).await;
            let digest = answer.map_err(|e| upstream(image, tag, FailedStep::Resolve, &e))?.map(|a| a.digest);
            facts.digests.insert(tag.clone(), digest);
        }
        Fact::PublicSince(tag, digest) => {
            let since = public_since(reader, image, tag, digest).await?;
            facts.public_since.insert((tag.clone(), digest.clone()), since);
        }
        Fact::History(tag) => {
            let history = reader.clocks.history(&image.source, tag).await;
            let digests = || history.iter().map(|(digest, _)| digest);
            let held = still_held(reader.sources, image, digests(), &mut facts.readiness).await;
            held.map_err(|e| upstream(image, tag, FailedStep::Read, &e))?;
            facts.history.insert(tag.clone(), history);
        }
        Fact::Readiness(tag, digest) => {
            if unchanged(reader, image, tag, digest).await {
                facts.readiness.insert(digest.clone(), Readiness::Unchanged);
                return Ok(());
            }
            let walked = walk(reader.sources, &image.source, digest, image.platforms.as_deref()).await;
            let walked = walked.map_err(|e| upstream(image, tag, FailedStep::Read, &e))?;
            let readiness = match walked {
                None => Readiness::NotReady(format!("upstream does not have {digest}")),
                Some(walk) => match walk.problem {
                    None => Readiness::Ready,
                    Some(Problem::Incomplete(why)) => Readiness::NotReady(why),
                    Some(Problem::Refused(why)) => Readiness::Refused(why),
                },
            };
            facts.readiness.insert(digest.clone(), readiness);
        }
        Fact::Fixes(tag, digest) => {
            // A future of its own: what it reads is most of what a run reads of an image.
            let fixes = Box::pin(fixes(reader.evidence, reader.manifest, image, tag, digest)).await;
            facts.fixes.insert((tag.clone(), digest.clone()), fixes);
        }
        Fact::Signatures(tag, digest) => {
            let makers = reader.makers().asked(image, digest, &Labels::default()).await;
            let makers = makers.map_err(|e| upstream(image, tag, FailedStep::Read, &e))?;
            match &makers.unsigned {
                None => drop(facts.signed.insert(digest.clone())),
                Some(_) => drop(facts.unsigned.insert(digest.clone(), unsigned(&makers).unwrap_or_default())),
            }
        }
    }
    Ok(())
}

/// Asks whether upstream still has digests that were found complete in an earlier run. Perhaps no tag resolves to them
/// any more, and then a registry may delete them.
async fn still_held<'d>(
    sources: &Sources,
    image: &Image,
    digests: impl Iterator<Item = &'d Digest>,
    readiness: &mut BTreeMap<Digest, Readiness>,
) -> Result<(), registry::Error> {
    for digest in digests {
        let known = readiness.get(digest) == Some(&Readiness::Ready);
        if known && !sources.has(&image.source, digest).await? {
            readiness.insert(digest.clone(), Readiness::NotReady(format!("upstream does not have {digest}")));
        }
    }
    Ok(())
}

/// Whether the wanted platforms, apart from attestations, are the same in what is approved under a tag and in what it
/// resolves to now. If either cannot be read, they are not known to be.
async fn unchanged(reader: &UpstreamReader<'_>, image: &Image, tag: &Tag, digest: &Digest) -> bool {
    let approved = image.approved.iter().find(|approval| approval.tag == *tag && approval.digest != *digest);
    let (Some(platforms), Some(approved)) = (&image.platforms, approved) else { return false };
    let mut kept = Vec::new();
    for digest in [&approved.digest, digest] {
        let Ok(Some(document)) = reader.sources.document(&image.source, digest).await else { return false };
        let Ok(wanted) = plan::from_upstream(&document, Some(platforms)) else { return false };
        let Ok(Content::Index { children, .. }) = wanted.read() else { return false };
        let is_image = |child: &Descriptor| child.platform.as_ref().is_none_or(|platform| platform.os != "unknown");
        kept.push(children.into_iter().filter(is_image).map(|child| child.digest).collect::<Vec<_>>());
    }
    kept[0] == kept[1]
}

/// Since when a tag has resolved to a digest: Docker Hub's own push time if that is for this digest, else the ledger's
/// time. A publisher's own dates are never trusted.
async fn public_since(
    reader: &UpstreamReader<'_>,
    image: &Image,
    tag: &Tag,
    digest: &Digest,
) -> Result<Option<Since>, Failure> {
    if let (Location::Remote(repository), Some(hub)) = (&image.source, reader.hub)
        && repository.registry.is_docker_hub()
    {
        let answer = hub.tag(repository, tag).await;
        let answer = answer.map_err(|e| Failure::of(image, Some(tag), FailedStep::Resolve, e.to_string()))?;
        let pushed = answer.filter(|t| t.digest.as_ref() == Some(digest)).and_then(|t| t.last_pushed);
        if pushed.is_some() {
            return Ok(pushed.map(Since::published));
        }
    }
    Ok(reader.clocks.since(&image.source, tag, digest).await.map(Since::first_seen))
}

fn upstream(image: &Image, tag: &Tag, step: FailedStep, error: &registry::Error) -> Failure {
    let step = if error.is_ambiguous() { FailedStep::Refused } else { step };
    Failure::of(image, Some(tag), step, error.to_string())
}
