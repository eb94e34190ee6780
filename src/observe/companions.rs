//! What belongs to manifests upstream: signatures, attestations and SBOMs, found by the referrers API, the fallback tag and
//! cosign's tags.
//!
//! Costs one request a manifest (none more of a host that has no referrers API) and one listing of tags a source. No
//! manifest is asked for by a tag that is not listed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::sources::Sources;
use crate::content::companion::{cosign_tags, fallback_tag, is_companion};
use crate::image::{Descriptor, Digest, Location, Reference, Tag};
use crate::registry::{Error, ErrorKind};

/// The most companions of one image. What has more is not an image's signatures.
const LIMIT: usize = 1_000;

/// Something that belongs to a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Companion {
    /// It names the manifest as its subject.
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

/// The companions of a run's sources.
#[derive(Default)]
pub(crate) struct Companions {
    /// The tags of a source that may stand for companions, listed once.
    tags: Mutex<BTreeMap<Location, Arc<OnceCell<BTreeSet<Tag>>>>>,
}

impl Companions {
    /// What belongs to these manifests, and to what was found.
    ///
    /// # Errors
    /// Whatever keeps upstream from answering: a signature is never lost to a fault.
    pub(crate) async fn of(
        &self,
        sources: &Sources,
        location: &Location,
        digests: &[Digest],
    ) -> Result<Vec<Companion>, Error> {
        let listed = self.listed(location);
        let tags = listed.get_or_try_init(|| tags(sources, location)).await?;
        let mut found = Vec::new();
        let mut seen: BTreeSet<Digest> = digests.iter().cloned().collect();
        let mut open: VecDeque<Digest> = seen.iter().cloned().collect();
        while let Some(subject) = open.pop_front() {
            let referrers = referrers(sources, location, &subject, tags).await?;
            for referrer in referrers {
                if seen.insert(referrer.digest.clone()) {
                    open.push_back(referrer.digest.clone());
                    found.push(Companion::Referrer { subject: subject.clone(), referrer });
                }
            }
            found.extend(cosign_tags(&subject).into_iter().filter(|tag| tags.contains(tag)).map(Companion::Tagged));
            if found.len() > LIMIT {
                return Err(unusable(location, format!("more than {LIMIT} signatures and the like of one image")));
            }
        }
        Ok(found)
    }

    fn listed(&self, location: &Location) -> Arc<OnceCell<BTreeSet<Tag>>> {
        let mut tags = self.tags.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tags.entry(location.clone()).or_default())
    }
}

async fn tags(sources: &Sources, location: &Location) -> Result<BTreeSet<Tag>, Error> {
    let tags = sources.tags(location).await?.unwrap_or_default();
    Ok(tags.into_iter().filter(is_companion).collect())
}

/// By the referrers API; where there is none, by the fallback tag, if that is listed.
async fn referrers(
    sources: &Sources,
    location: &Location,
    subject: &Digest,
    tags: &BTreeSet<Tag>,
) -> Result<Vec<Descriptor>, Error> {
    if let Some(listed) = sources.listed_referrers(location, subject).await? {
        return Ok(listed);
    }
    let Some(tag) = fallback_tag(subject).ok().filter(|tag| tags.contains(tag)) else { return Ok(Vec::new()) };
    match sources.store(location).manifest(&Reference::Tag(tag)).await? {
        Some(index) => index.children().map_err(|e| unusable(location, format!("referrers of {subject}: {e}"))),
        None => Ok(Vec::new()),
    }
}

fn unusable(location: &Location, text: String) -> Error {
    let registry = location.registry().map_or_else(|| location.to_string(), ToString::to_string);
    Error { registry, kind: ErrorKind::Protocol(text) }
}
