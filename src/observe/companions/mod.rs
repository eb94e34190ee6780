//! What belongs to manifests upstream: signatures, attestations and SBOMs, found by the referrers API, the fallback tag
//! and cosign's tags.
//!
//! Costs one request per manifest (none if the host has no referrers API) and one listing of tags per source. No
//! manifest is requested by a tag that is not listed, except fallback tags if neither tags nor referrers are listed.

use std::collections::{BTreeSet, VecDeque};

use super::sources::Sources;
use crate::content::companion::{cosign_tags, fallback_tag};
use crate::image::{Descriptor, Digest, Location, Tag};
use crate::plan::companions::{LeftBehind, MOST};
use crate::registry::Error;

mod account;
pub(in crate::observe) mod found;
mod judge;

pub(crate) use account::account;
pub(crate) use found::{Companion, Found};
pub(crate) use judge::{Judged, StoreReader, judge};

/// Whether the image with the top manifest `top` can have companions at all, without knowing its children. At a
/// registry without referrers API, only what the list of tags shows can be one, under the fallback tag or cosign's, if
/// tags are listed at all. A referrers API lists companions without tags, and must be asked about each manifest
/// separately: then it can have some.
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

/// The companions of one manifest, looked for once in a run as long as there is room.
///
/// # Errors
/// As for [`find`].
pub(crate) async fn beside(sources: &Sources, location: &Location, subject: &Digest) -> Result<Found, Error> {
    Ok(beside_within(sources, location, subject, usize::MAX).await?.unwrap_or_default().found)
}

/// What was looked for, and how many requests it took to see that what a fallback tag lists is there.
#[derive(Default)]
pub(crate) struct Confirmed {
    pub found: Found,
    pub requests: usize,
}

/// The same as [`beside`]; `None` if it takes more than `most` requests to see that what a fallback tag lists is there.
///
/// # Errors
/// As for [`find`].
pub(crate) async fn beside_within(
    sources: &Sources,
    location: &Location,
    subject: &Digest,
    most: usize,
) -> Result<Option<Confirmed>, Error> {
    let asked = (location.clone(), subject.clone());
    if let Some(found) = sources.companions.get(&asked) {
        return Ok(Some(Confirmed { found, requests: 0 }));
    }
    let tags = sources.companion_tags(location).await?;
    let tagged = cosign_tags(subject).into_iter().filter(|tag| tags.as_ref().is_some_and(|tags| tags.contains(tag)));
    let mut found = Found { companions: tagged.map(Companion::Tagged).collect(), left: Vec::new() };
    let Listed { mut referrers, unconfirmed } =
        referrers(sources, location, subject, tags.as_deref(), &mut found.left).await?;
    let requests = unconfirmed.len().min(MOST);
    if requests > most {
        return Ok(None);
    }
    for (asked, referrer) in unconfirmed.into_iter().enumerate() {
        if asked == MOST {
            found.left.push(LeftBehind::rest());
            break;
        }
        // An API that lists referrers omits deleted ones; the tag may not.
        if sources.has(location, &referrer.digest).await? {
            referrers.push(referrer);
        }
    }
    let refers = |referrer| Companion::Referrer { subject: subject.clone(), referrer };
    found.companions.extend(referrers.into_iter().map(refers));
    sources.companions.keep(&asked, &found, found.memory());
    Ok(Some(Confirmed { found, requests }))
}

/// How many requests it takes to find the companions of one manifest, whose tags are listed.
pub(crate) async fn cost(sources: &Sources, location: &Location, subject: &Digest) -> Result<usize, Error> {
    if sources.companions.get(&(location.clone(), subject.clone())).is_some() {
        return Ok(0);
    }
    let tags = sources.companion_tags(location).await?;
    let has_fallback = fallback_tag(subject).is_ok_and(|tag| tags.is_some_and(|tags| tags.contains(&tag)));
    Ok(usize::from(!sources.knows_referrers(location, subject)) + usize::from(has_fallback))
}

/// The companions of one manifest, if a signature is required: at a registry that does not list its tags, cosign's are tried anyway.
///
/// # Errors
/// As for [`find`].
pub(crate) async fn signing(sources: &Sources, location: &Location, subject: &Digest) -> Result<Found, Error> {
    let mut found = beside(sources, location, subject).await?;
    if sources.companion_tags(location).await?.is_none() {
        found.companions.extend(cosign_tags(subject).into_iter().map(Companion::Tagged));
    }
    Ok(found)
}

/// What is listed as referring to a manifest.
struct Listed {
    referrers: Vec<Descriptor>,
    /// Those that the fallback tag lists and the referrers API does not.
    unconfirmed: Vec<Descriptor>,
}

/// By the referrers API, and by the fallback tag if that is listed: some APIs do not know what it lists. If nothing at
/// all is listed, the tag is requested. Anything but an index under that tag lists nothing.
async fn referrers(
    sources: &Sources,
    location: &Location,
    subject: &Digest,
    tags: Option<&BTreeSet<Tag>>,
    left: &mut Vec<LeftBehind>,
) -> Result<Listed, Error> {
    let listed = |referrers| Listed { referrers, unconfirmed: Vec::new() };
    let by_api = sources.listed_referrers(location, subject).await?;
    let is_there = |tag: &Tag| tags.map_or(by_api.is_none(), |tags| tags.contains(tag));
    let Some(tag) = fallback_tag(subject).ok().filter(is_there) else {
        return Ok(listed(by_api.unwrap_or_default()));
    };
    let by_tag = under_fallback_tag(sources, location, tag, tags.is_some(), left).await?;
    let Some(by_api) = by_api else { return Ok(listed(by_tag)) };
    let known: BTreeSet<Digest> = by_api.iter().map(|listed| listed.digest.clone()).collect();
    let unconfirmed = by_tag.into_iter().filter(|referrer| !known.contains(&referrer.digest)).collect();
    Ok(Listed { referrers: by_api, unconfirmed })
}

/// `is_listed`: whether the list of tags names it, so that it must be there.
async fn under_fallback_tag(
    sources: &Sources,
    location: &Location,
    tag: Tag,
    is_listed: bool,
    left: &mut Vec<LeftBehind>,
) -> Result<Vec<Descriptor>, Error> {
    let (digest, why) = match sources.document_of_tag(location, &tag).await {
        Ok(None) if is_listed => (None, "it is listed and not there".to_owned()),
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
