//! Artifacts at a mirror in the place of signatures that are not signatures.
//!
//! Costs a request for what refers to each promoted manifest, and for each artifact its manifest and its configuration.
//! If the list of tags does not say which manifests an index has, each promoted index is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::StreamExt;

use crate::content::companion::{fallback_tag, is_companion};
use crate::image::{Digest, Reference, RepositoryName, Tag};
use crate::manifest::Image;
use crate::observe::companions::{Judged, StoreReader, judge};
use crate::observe::documents::Documents;
use crate::plan::companions::MOST;
use crate::policy::audit::{ForeignCompanion, Mirror, Unseen};
use crate::registry::{Error, Store};

/// How many are requested at once.
const TOGETHER: usize = 8;

/// How many artifacts of one mirror are read: enough for ten images.
const READ: usize = 10 * MOST;

/// One mirror to search.
pub(super) struct Place<'a> {
    pub(super) store: &'a Arc<dyn Store>,
    pub(super) documents: &'a Documents,
    pub(super) name: &'a RepositoryName,
    pub(super) images: &'a [&'a Image],
    pub(super) mirror: &'a Mirror,
}

/// Artifacts found with images, each once: with its own tag, or the tag of the image that it names.
type Candidates = BTreeMap<Digest, Tag>;

/// What was found at a mirror, and what could not be checked.
#[derive(Default)]
pub(super) struct Look {
    pub(super) foreign: Vec<ForeignCompanion>,
    pub(super) failed: Vec<Unseen>,
}

/// Searches a mirror.
pub(super) async fn look(place: &Place<'_>) -> Look {
    let mut look = Look::default();
    let mut candidates = Candidates::new();
    tagged(place, &mut candidates, &mut look).await;
    referring(place, &mut candidates, &mut look).await;
    if candidates.len() > READ {
        let text = format!("it has {} signatures and other artifacts, of which {READ} were checked", candidates.len());
        look.failed.push(Unseen::of_mirror(place.name, None, text));
    }
    let judged: Vec<_> = futures_util::stream::iter(candidates.into_iter().take(READ))
        .map(|(digest, tag)| async move {
            let judged = judge(StoreReader::Mirror(place.store, place.documents), &digest, None).await;
            (digest, tag, judged)
        })
        .buffered(TOGETHER)
        .collect()
        .await;
    for (digest, tag, judged) in judged {
        match judged {
            Ok(Judged::Foreign(what)) => look.foreign.push(ForeignCompanion { digest, tag, what }),
            Ok(Judged::Artifact(..) | Judged::Missing) => {}
            Err(error) => look.fail(place, tag, &error),
        }
    }
    look
}

impl Look {
    fn fail(&mut self, place: &Place<'_>, tag: Tag, error: &Error) {
        self.failed.push(Unseen::of_mirror(place.name, Some(tag), error.to_string()));
    }
}

/// What has the tags of signatures; if such a tag lists referrers, what it lists.
async fn tagged(place: &Place<'_>, candidates: &mut Candidates, look: &mut Look) {
    let approved = |tag: &Tag| place.images.iter().any(|image| image.approved.iter().any(|a| a.tag == *tag));
    let tags = place.mirror.tags.keys().filter(|tag| is_companion(tag) && !approved(tag));
    let answers: Vec<_> = futures_util::stream::iter(tags.cloned().collect::<Vec<_>>())
        .map(|tag| async move {
            let found = under(place, &tag).await;
            (tag, found)
        })
        .buffered(TOGETHER)
        .collect()
        .await;
    for (tag, found) in answers {
        match found {
            Ok(digests) => candidates.extend(digests.into_iter().map(|digest| (digest, tag.clone()))),
            Err(error) => look.fail(place, tag, &error),
        }
    }
}

async fn under(place: &Place<'_>, tag: &Tag) -> Result<Vec<Digest>, Error> {
    // Cosign's names end in a word, the one that lists referrers does not.
    let lists = !tag.as_str().contains('.');
    let known = place.mirror.tags.get(tag).and_then(|tagged| tagged.digest.clone());
    if let Some(digest) = known.filter(|_| !lists) {
        return Ok(vec![digest]);
    }
    let reference = Reference::Tag(tag.clone());
    match place.store.manifest(&reference).await {
        Ok(Some(document)) => match document.listed() {
            Ok(children) if lists => Ok(children.into_iter().map(|child| child.digest).collect()),
            _ => {
                place.documents.keep(&document);
                Ok(vec![document.digest])
            }
        },
        Ok(None) => Ok(Vec::new()),
        // Reading it by digest will find that readers understand it differently.
        Err(error) if error.is_ambiguous() => {
            Ok(place.store.head(&reference).await?.map(|held| held.digest).into_iter().collect())
        }
        Err(error) => Err(error),
    }
}

/// What refers to the promoted images and their manifests, if the registry lists that; else their tags do.
async fn referring(place: &Place<'_>, candidates: &mut Candidates, look: &mut Look) {
    let mut subjects: BTreeMap<Digest, Tag> = BTreeMap::new();
    for approval in place.images.iter().flat_map(|image| &image.approved) {
        let Some(tagged) = place.mirror.tags.get(&approval.tag) else { continue };
        let Some(digest) = tagged.digest.clone().filter(|digest| !subjects.contains_key(digest)) else { continue };
        match children(place, &digest, &tagged.children).await {
            Ok(children) => subjects.extend(children.into_iter().map(|child| (child, approval.tag.clone()))),
            Err(error) => look.fail(place, approval.tag.clone(), &error),
        }
        subjects.insert(digest, approval.tag.clone());
    }
    let listed = |digest: &Digest| fallback_tag(digest).is_ok_and(|tag| place.mirror.tags.contains_key(&tag));
    let open: Vec<_> = subjects.into_iter().filter(|(digest, _)| !listed(digest)).collect();
    let answers: Vec<_> = futures_util::stream::iter(open)
        .map(|(digest, tag)| async move { (tag, place.store.listed_referrers(&digest).await) })
        .buffered(TOGETHER)
        .collect()
        .await;
    let mut failed = BTreeSet::new();
    for (tag, answer) in answers {
        match answer {
            Ok(listed) => {
                for referrer in listed.into_iter().flatten() {
                    candidates.entry(referrer.digest).or_insert_with(|| tag.clone());
                }
            }
            Err(error) if failed.insert(tag.clone()) => look.fail(place, tag, &error),
            Err(_) => {}
        }
    }
}

async fn children(place: &Place<'_>, digest: &Digest, listed: &[Digest]) -> Result<Vec<Digest>, Error> {
    if place.mirror.children_known {
        return Ok(listed.to_vec());
    }
    match place.documents.of(place.store.as_ref(), digest).await {
        Ok(held) => {
            Ok(held.and_then(|held| held.children().ok()).into_iter().flatten().map(|child| child.digest).collect())
        }
        Err(error) if error.is_ambiguous() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
