//! What upstream offers: for every image the tags, and the facts that its rule asks for, until the rule has decided.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;

use super::availability::{Availability, availability};
use super::ledger::Clocks;
use super::sources::Sources;
use super::upstream::walk;
use crate::content::Content;
use crate::hub::Hub;
use crate::image::{Descriptor, Digest, Location, Tag};
use crate::manifest::{Image, Manifest};
use crate::plan::{self, FailedStep, Failure, Scope};
use crate::proposal::{Selected, subject};
use crate::registry;
use crate::rules::{
    Candidate as Alone, Chosen, Fact, Facts, ROUNDS, Readiness, Readings, Rule, Selection, Since, Waiting, alone,
};

/// How many images are looked at together; each host's own limit is the client's.
const TOGETHER: usize = 16;

/// Why nothing unverified is proposed where a manifest asks for signatures.
const UNVERIFIED: &str = "signature verification is not available in this release";

/// Where candidates are looked for.
pub struct Eyes<'a> {
    /// Upstream.
    pub sources: &'a Sources,
    /// Docker Hub's own API, for push times.
    pub hub: Option<&'a Hub>,
    /// The ledger, for what Docker Hub does not tell.
    pub clocks: &'a Clocks<'a>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Candidates {
    found: BTreeMap<usize, Candidate>,
    /// The images that could not be looked at, by their position in [`Manifest::images`], and why.
    pub failed: BTreeMap<usize, Failure>,
}

/// One image's tags and what is known of them.
#[derive(Debug)]
struct Candidate {
    tags: Arc<Vec<Tag>>,
    facts: Facts,
    selection: Selection,
    availability: Availability,
}

impl Candidates {
    /// Looks at all images in scope. `ready` are digests that were found complete before: they are not read again.
    pub async fn look(eyes: &Eyes<'_>, manifest: &Manifest, scope: &Scope, ready: &BTreeSet<Digest>) -> Self {
        let images = || manifest.images.iter().enumerate().filter(|(at, _)| scope.contains(*at));
        let listed = list(eyes.sources, images().map(|(_, image)| image)).await;
        let known: BTreeMap<Digest, Readiness> = ready.iter().map(|d| (d.clone(), Readiness::Ready)).collect();
        let listed = &listed;
        let known = &known;
        let looked = futures_util::stream::iter(images())
            .map(|(at, image)| async move {
                let facts = Facts { readiness: known.clone(), ..Facts::default() };
                (at, candidate(eyes, image, listed, facts).await)
            })
            .buffer_unordered(TOGETHER)
            .collect::<Vec<_>>()
            .await;
        let mut candidates = Self::default();
        for (at, looked) in looked {
            candidates.put(at, looked);
        }
        candidates
    }

    /// Decides anew about one image, of which a person declined these digests.
    pub async fn decline(&mut self, eyes: &Eyes<'_>, manifest: &Manifest, at: usize, digests: BTreeSet<Digest>) {
        let (Some(mut candidate), Some(image)) = (self.found.remove(&at), manifest.images.get(at)) else { return };
        candidate.facts.declined.extend(digests);
        let settled = settle(eyes, image, &mut candidate).await.map(|()| candidate);
        self.put(at, settled);
    }

    /// What rules made of every image that could be looked at, in the manifest's order.
    #[must_use]
    pub fn selected(&self) -> Vec<Selected> {
        let selected = |(at, c): (&usize, &Candidate)| Selected { image: *at, selection: c.selection.clone() };
        self.found.iter().map(selected).collect()
    }

    /// The tags of the image at this position of [`Manifest::images`], as far as they were read.
    #[must_use]
    pub fn tags(&self, image: usize) -> &[Tag] {
        self.found.get(&image).map_or(&[], |candidate| candidate.tags.as_slice())
    }

    /// What the tags of an image that were asked answer; `None`: nothing.
    #[must_use]
    pub fn answers(&self, image: usize) -> &BTreeMap<Tag, Option<Digest>> {
        static NONE: BTreeMap<Tag, Option<Digest>> = BTreeMap::new();
        self.found.get(&image).map_or(&NONE, |candidate| &candidate.facts.digests)
    }

    /// The approvals that upstream has lost, and those of which that could not be found out.
    #[must_use]
    pub fn availability(&self, image: usize) -> Option<&Availability> {
        self.found.get(&image).map(|candidate| &candidate.availability)
    }

    fn put(&mut self, at: usize, looked: Result<Candidate, Failure>) {
        match looked {
            Ok(candidate) => drop(self.found.insert(at, candidate)),
            Err(failure) => drop(self.failed.insert(at, failure)),
        }
    }
}

/// The tags of a source, or why they could not be read.
type Listed = BTreeMap<Location, Result<Arc<Vec<Tag>>, String>>;

/// Lists every source once, however many images come from it. A rule of floating tags names them itself.
async fn list(sources: &Sources, images: impl Iterator<Item = &Image>) -> Listed {
    let wanted: BTreeSet<Location> =
        images.filter(|image| !matches!(image.rule, Rule::Tags(_))).map(|image| image.source.clone()).collect();
    futures_util::stream::iter(wanted)
        .map(|location| async move {
            let tags = match sources.tags(&location).await {
                Ok(Some(tags)) => Ok(Arc::new(tags)),
                Ok(None) => Err(format!("{location} does not exist")),
                Err(e) => Err(e.to_string()),
            };
            (location, tags)
        })
        .buffer_unordered(TOGETHER)
        .collect()
        .await
}

async fn candidate(eyes: &Eyes<'_>, image: &Image, listed: &Listed, facts: Facts) -> Result<Candidate, Failure> {
    let tags = match (&image.rule, listed.get(&image.source)) {
        (Rule::Tags(tags), _) => Arc::new(tags.clone()),
        (Rule::Versions(_), Some(Ok(tags))) => Arc::clone(tags),
        (Rule::Versions(_), Some(Err(e))) => return Err(failure(image, None, FailedStep::Resolve, e.clone())),
        (Rule::Versions(_), None) => Arc::default(),
    };
    let mut candidate =
        Candidate { tags, facts, selection: Selection::default(), availability: Availability::default() };
    settle(eyes, image, &mut candidate).await?;
    candidate.availability = availability(eyes.sources, image, &candidate.tags, &candidate.facts.digests).await;
    Ok(candidate)
}

/// Asks the rule, looks up what it lacks, and asks again.
async fn settle(eyes: &Eyes<'_>, image: &Image, candidate: &mut Candidate) -> Result<(), Failure> {
    let subject = subject(image);
    let tags = Arc::clone(&candidate.tags);
    let readings = Readings::of(&subject.rule, &tags);
    let inquiry = readings.inquire(&subject, eyes.now);
    for _ in 0..ROUNDS {
        let missing = inquiry.missing(&candidate.facts);
        if missing.is_empty() {
            candidate.selection = inquiry.answer(&candidate.facts);
            return Ok(());
        }
        for fact in missing {
            look_up(eyes, image, &fact, &mut candidate.facts).await?;
        }
    }
    let error = format!("undecided after {ROUNDS} rounds of questions to upstream");
    Err(failure(image, None, FailedStep::Resolve, error))
}

/// One tag of an image by itself: what it answers now, or why that may not be proposed.
///
/// # Errors
/// Whatever keeps upstream from answering.
pub async fn exact(eyes: &Eyes<'_>, image: &Image, tag: &Tag) -> Result<Result<Chosen, Waiting>, Failure> {
    let (subject, mut facts) = (subject(image), Facts::default());
    for _ in 0..ROUNDS {
        match alone(&subject, tag, &facts, eyes.now) {
            Alone::Good(chosen) => return Ok(Ok(chosen)),
            Alone::Bad(waiting) => return Ok(Err(waiting)),
            Alone::Unknown(fact) => look_up(eyes, image, &fact, &mut facts).await?,
        }
    }
    let error = format!("undecided after {ROUNDS} rounds of questions to upstream");
    Err(failure(image, Some(tag), FailedStep::Resolve, error))
}

async fn look_up(eyes: &Eyes<'_>, image: &Image, fact: &Fact, facts: &mut Facts) -> Result<(), Failure> {
    match fact {
        Fact::Digest(tag) => {
            let answer = eyes.sources.head(&image.source, tag).await;
            let digest = answer.map_err(|e| upstream(image, tag, FailedStep::Resolve, &e))?.map(|a| a.digest);
            if let (Some(digest), Some(_)) = (&digest, &image.signatures) {
                facts.unsigned.insert(digest.clone(), UNVERIFIED.to_owned());
            }
            facts.digests.insert(tag.clone(), digest);
        }
        Fact::PublicSince(tag, digest) => {
            let since = public_since(eyes, image, tag, digest).await?;
            facts.public_since.insert((tag.clone(), digest.clone()), since);
        }
        Fact::History(tag) => {
            facts.history.insert(tag.clone(), eyes.clocks.history(&image.source, tag).await);
        }
        Fact::Readiness(tag, digest) => {
            if unchanged(eyes, image, tag, digest).await {
                facts.readiness.insert(digest.clone(), Readiness::Unchanged);
                return Ok(());
            }
            let walked = walk(eyes.sources, &image.source, digest, image.platforms.as_deref()).await;
            let walked = walked.map_err(|e| upstream(image, tag, FailedStep::Read, &e))?;
            let readiness = match walked {
                None => Readiness::NotReady(format!("upstream does not have {digest}")),
                Some(walk) => walk.problem.map_or(Readiness::Ready, Readiness::NotReady),
            };
            facts.readiness.insert(digest.clone(), readiness);
        }
    }
    Ok(())
}

/// Whether the wanted platforms of what is approved under a tag and of what it answers now are the same, attestations apart.
/// Where either cannot be read they are not known to be.
async fn unchanged(eyes: &Eyes<'_>, image: &Image, tag: &Tag, digest: &Digest) -> bool {
    let approved = image.approved.iter().find(|approval| approval.tag == *tag && approval.digest != *digest);
    let (Some(platforms), Some(approved)) = (&image.platforms, approved) else { return false };
    let mut kept = Vec::new();
    for digest in [&approved.digest, digest] {
        let Ok(Some(document)) = eyes.sources.document(&image.source, digest).await else { return false };
        let Ok(wanted) = plan::from_upstream(&document, Some(platforms)) else { return false };
        let Ok(Content::Index { children, .. }) = wanted.read() else { return false };
        let is_image = |child: &Descriptor| child.platform.as_ref().is_none_or(|platform| platform.os != "unknown");
        kept.push(children.into_iter().filter(is_image).map(|child| child.digest).collect::<Vec<_>>());
    }
    kept[0] == kept[1]
}

/// Since when a tag answers a digest: Docker Hub's own push time where it says that it is this digest's, else since when the
/// ledger knows. A publisher's own dates are never trusted.
async fn public_since(eyes: &Eyes<'_>, image: &Image, tag: &Tag, digest: &Digest) -> Result<Option<Since>, Failure> {
    if let (Location::Remote(repository), Some(hub)) = (&image.source, eyes.hub)
        && repository.registry.is_docker_hub()
    {
        let answer = hub.tag(repository, tag).await;
        let answer = answer.map_err(|e| failure(image, Some(tag), FailedStep::Resolve, e.to_string()))?;
        let pushed = answer.filter(|t| t.digest.as_ref() == Some(digest)).and_then(|t| t.last_pushed);
        if pushed.is_some() {
            return Ok(pushed.map(Since::published));
        }
    }
    Ok(eyes.clocks.since(&image.source, tag, digest).await.map(Since::first_seen))
}

fn upstream(image: &Image, tag: &Tag, step: FailedStep, error: &registry::Error) -> Failure {
    failure(image, Some(tag), step, error.to_string())
}

fn failure(image: &Image, tag: Option<&Tag>, step: FailedStep, error: String) -> Failure {
    Failure { source: image.source_text.clone(), repository: image.repository.clone(), tag: tag.cloned(), step, error }
}
