//! What belongs to manifests upstream: signatures, attestations and SBOMs, found by the referrers API, the fallback tag and
//! cosign's tags.
//!
//! Costs one request a manifest (none more of a host that has no referrers API) and one listing of tags a source. No
//! manifest is asked for by a tag that is not listed, but for the fallback tags where neither tags nor referrers are.

use std::collections::{BTreeSet, VecDeque};

use super::sources::Sources;
use crate::content::companion::{cosign_tags, fallback_tag};
use crate::image::{Descriptor, Digest, Location, Tag};
use crate::plan::companions::{LeftBehind, MOST};
use crate::registry::Error;

mod account;
mod judge;

pub(crate) use account::account;
pub(crate) use judge::{Judged, StoreReader, judge};

/// Something that stands where what belongs to a manifest stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Companion {
    /// It names the manifest as its subject, says the list of referrers.
    Referrer { subject: Digest, referrer: Descriptor },
    /// It stands under one of cosign's tags.
    Tagged(Tag),
}

impl Companion {
    /// The manifest that it names itself.
    pub(crate) const fn subject(&self) -> Option<&Digest> {
        match self {
            Self::Referrer { subject, .. } => Some(subject),
            Self::Tagged(_) => None,
        }
    }
}

/// What was found beside the manifests of one image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Found {
    /// At most [`MOST`]; what belongs to something stands after it.
    pub companions: Vec<Companion>,
    /// What is none, and whether there are more.
    pub left: Vec<LeftBehind>,
}

/// Whether anything can stand beside the image whose uppermost manifest is `top`, told without knowing its children: at a
/// registry that has no referrers API only what the list of tags shows can, under the fallback tag or cosign's, if tags are listed
/// at all. Where there is that API, what it lists stands under no tag, and of each manifest it must be asked alone: then it can.
///
/// # Errors
/// Whatever keeps upstream from answering.
pub(crate) async fn can_be_there(sources: &Sources, location: &Location, top: &Digest) -> Result<bool, Error> {
    let tags = sources.companion_tags(location).await?;
    Ok(tags.is_none_or(|tags| !tags.is_empty()) || sources.listed_referrers(location, top).await?.is_some())
}

/// What belongs to these manifests, and to what was found.
///
/// # Errors
/// Whatever keeps upstream from answering: a signature is never lost to a fault.
pub(crate) async fn find(sources: &Sources, location: &Location, digests: &[Digest]) -> Result<Found, Error> {
    let mut found = Found::default();
    let mut seen: BTreeSet<Digest> = digests.iter().cloned().collect();
    let mut open: VecDeque<Digest> = digests.iter().cloned().collect();
    while let Some(subject) = open.pop_front() {
        let Found { companions, left } = beside(sources, location, &subject).await?;
        found.left.extend(left);
        for companion in companions {
            if let Companion::Referrer { referrer, .. } = &companion {
                if !seen.insert(referrer.digest.clone()) {
                    continue;
                }
                open.push_back(referrer.digest.clone());
            }
            found.companions.push(companion);
        }
        if found.bound() {
            break;
        }
    }
    Ok(found)
}

/// What stands beside one manifest.
///
/// # Errors
/// As [`find`].
pub(crate) async fn beside(sources: &Sources, location: &Location, subject: &Digest) -> Result<Found, Error> {
    let tags = sources.companion_tags(location).await?;
    let tagged = cosign_tags(subject).into_iter().filter(|tag| tags.as_ref().is_some_and(|tags| tags.contains(tag)));
    let mut found = Found { companions: tagged.map(Companion::Tagged).collect(), left: Vec::new() };
    let referrers = referrers(sources, location, subject, tags.as_deref(), &mut found.left).await?;
    let refers = |referrer| Companion::Referrer { subject: subject.clone(), referrer };
    found.companions.extend(referrers.into_iter().map(refers));
    Ok(found)
}

/// The same where a signature is asked for: at a registry that does not list its tags, cosign's are tried all the same.
///
/// # Errors
/// As [`find`].
pub(crate) async fn signing(sources: &Sources, location: &Location, subject: &Digest) -> Result<Found, Error> {
    let mut found = beside(sources, location, subject).await?;
    if sources.companion_tags(location).await?.is_none() {
        found.companions.extend(cosign_tags(subject).into_iter().map(Companion::Tagged));
    }
    Ok(found)
}

impl Found {
    /// Leaves as many as an image may have, and says whether there were more.
    pub(crate) fn bound(&mut self) -> bool {
        let more = self.companions.len() > MOST;
        if more {
            self.companions.truncate(MOST);
            self.left.push(LeftBehind::rest());
        }
        more
    }
}

/// By the referrers API, and by the fallback tag, if that is listed: some APIs do not know what stands there. Where nothing at
/// all is listed, the tag is asked for. What is not an index under that tag lists nothing.
async fn referrers(
    sources: &Sources,
    location: &Location,
    subject: &Digest,
    tags: Option<&BTreeSet<Tag>>,
    left: &mut Vec<LeftBehind>,
) -> Result<Vec<Descriptor>, Error> {
    let by_api = sources.listed_referrers(location, subject).await?;
    let is_there = |tag: &Tag| tags.map_or(by_api.is_none(), |tags| tags.contains(tag));
    let Some(tag) = fallback_tag(subject).ok().filter(is_there) else { return Ok(by_api.unwrap_or_default()) };
    let by_tag = under_fallback_tag(sources, location, tag, left).await?;
    let Some(mut all) = by_api else { return Ok(by_tag) };
    for referrer in by_tag {
        // An API that lists does not list what is gone; the tag may.
        let known = all.iter().any(|listed| listed.digest == referrer.digest);
        if !known && sources.has(location, &referrer.digest).await? {
            all.push(referrer);
        }
    }
    Ok(all)
}

async fn under_fallback_tag(
    sources: &Sources,
    location: &Location,
    tag: Tag,
    left: &mut Vec<LeftBehind>,
) -> Result<Vec<Descriptor>, Error> {
    let (digest, why) = match sources.document_of_tag(location, &tag).await {
        Ok(None) => return Ok(Vec::new()),
        Ok(Some(index)) => match index.listed() {
            Ok(children) => return Ok(children),
            Err(error) => (Some(index.digest), error.to_string()),
        },
        Err(error) if error.is_ambiguous() => (None, error.to_string()),
        Err(error) => return Err(error),
    };
    left.push(LeftBehind { digest, under: Some(tag), why });
    Ok(Vec::new())
}
