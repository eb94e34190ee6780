//! Copies signatures, attestations and SBOMs to the mirror, with their image or after it. No image's tag is touched,
//! and no image is copied in place of a signature.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::delivery::{Delivery, Mirror, Route, TOGETHER};
use super::error::CopyError;
use super::tree::{self, Origin, Tree};
use crate::content::Document;
use crate::content::artifact::{Artifact, Inspection, inspect};
use crate::image::{Digest, Reference, RepositoryName, Tag};
use crate::observe::companions::{Companion, Found, Judged, StoreReader, judge};
use crate::plan::FailedStep;
use crate::plan::companions::{Allowance, LeftBehind};
use crate::registry::Error;

/// Something that was copied to the mirror with an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Carried {
    /// The mirror of the image that it belongs to, and that image's tag.
    pub repository: RepositoryName,
    pub tag: Tag,
    pub digest: Digest,
    /// Its tag; `None` if it refers to its subject itself.
    pub under: Option<Tag>,
}

/// The result for an image's companions.
#[derive(Debug, Default)]
pub(crate) struct Companionship {
    pub carried: Vec<Carried>,
    /// What is not for the mirror.
    pub left: Vec<LeftBehind>,
    /// Why not all of it could be found or copied.
    pub behind: Option<CopyError>,
}

impl Companionship {
    /// Whether there was nothing to copy, and so no time passed.
    pub(super) fn is_nothing(&self) -> bool {
        self.carried.is_empty() && self.left.is_empty() && self.behind.is_none()
    }

    pub(super) fn failed(error: CopyError) -> Self {
        Self { behind: Some(error), ..Self::default() }
    }
}

/// Something upstream that the mirror lacks.
#[derive(Debug, Clone)]
struct Lacking {
    digest: Digest,
    /// Its subject, according to the list of referrers.
    subject: Option<Digest>,
    under: Option<Tag>,
    /// What the mirror's tag resolves to now.
    replaces: Option<Digest>,
}

impl Lacking {
    fn left(&self, why: String) -> LeftBehind {
        LeftBehind { digest: Some(self.digest.clone()), under: self.under.clone(), why }
    }

    fn reference(&self) -> Reference {
        self.under.clone().map_or_else(|| Reference::Digest(self.digest.clone()), Reference::Tag)
    }
}

/// Which of an image's companions the mirror already has, and which it lacks.
#[derive(Debug, Default)]
struct Beside {
    held: BTreeSet<Digest>,
    lacking: Vec<Lacking>,
}

impl Delivery {
    /// Copies to the mirror the companions in `found` of the manifests `digests` that it lacks.
    pub(super) async fn carry(
        &self,
        found: Result<Found, Error>,
        digests: &[Digest],
        route: Route<'_>,
    ) -> Companionship {
        let found = match found {
            Ok(found) => found,
            Err(error) => return Companionship::failed(CopyError::at_source(&error)),
        };
        let mut done = Companionship { left: found.left, ..Companionship::default() };
        match self.chosen(&found.companions, digests, route, &mut done.left).await {
            Ok(chosen) => self.bring_all(chosen, route, &mut done).await,
            Err(error) => done.behind = Some(error),
        }
        done
    }

    /// What is copied: the artifacts that the mirror lacks and has room for.
    async fn chosen(
        &self,
        found: &[Companion],
        digests: &[Digest],
        route: Route<'_>,
        left: &mut Vec<LeftBehind>,
    ) -> Result<Vec<Lacking>, CopyError> {
        let beside = self.beside(found, route).await?;
        if beside.lacking.is_empty() {
            return Ok(Vec::new());
        }
        let mut room = allowance(beside.held, digests, route.mirror).await?;
        let judged: Vec<(Lacking, Judged)> = stream::iter(beside.lacking)
            .map(|lacking| async move { Ok::<_, Error>((lacking.clone(), self.judged(&lacking, route).await?)) })
            .buffered(TOGETHER)
            .try_collect()
            .await
            .map_err(|e| CopyError::at_source(&e))?;
        let (mut chosen, mut out) = (Vec::new(), BTreeSet::new());
        for (lacking, judged) in judged {
            match admitted(&lacking, judged, &out, &mut room)? {
                Ok(()) => chosen.push(lacking),
                Err(why) => {
                    out.insert(lacking.digest.clone());
                    left.push(lacking.left(why));
                }
            }
        }
        Ok(chosen)
    }

    async fn judged(&self, lacking: &Lacking, route: Route<'_>) -> Result<Judged, Error> {
        let reader = StoreReader::Source(&self.sources, &route.step.source);
        judge(reader, &lacking.digest, lacking.subject.as_ref()).await
    }

    /// Compares what was found upstream with what the mirror lists.
    async fn beside(&self, found: &[Companion], route: Route<'_>) -> Result<Beside, CopyError> {
        let subjects = found.iter().filter_map(Companion::subject).cloned().collect();
        let listed = listed(subjects, route.mirror).await?;
        let mut beside = Beside { held: listed.values().flatten().cloned().collect(), lacking: Vec::new() };
        for companion in found {
            match companion {
                Companion::Referrer { subject, referrer } => {
                    if !listed.get(subject).is_some_and(|held| held.contains(&referrer.digest)) {
                        let (digest, subject) = (referrer.digest.clone(), Some(subject.clone()));
                        beside.lacking.push(Lacking { digest, subject, under: None, replaces: None });
                    }
                }
                Companion::Tagged(tag) => self.tagged(tag, route, &mut beside).await?,
            }
        }
        Ok(beside)
    }

    async fn tagged(&self, tag: &Tag, route: Route<'_>, beside: &mut Beside) -> Result<(), CopyError> {
        let Route { step, mirror, .. } = route;
        let now = mirror.store.head(&Reference::Tag(tag.clone())).await;
        let now = now.map_err(|e| CopyError::at_destination(FailedStep::Tag, &e))?.map(|held| held.digest);
        let upstream = self.sources.head(&step.source, tag).await.map_err(|e| CopyError::at_source(&e))?;
        match upstream.map(|held| held.digest) {
            Some(digest) if now.as_ref() != Some(&digest) => {
                let under = Some(tag.clone());
                beside.lacking.push(Lacking { digest, subject: None, under, replaces: now });
            }
            _ => beside.held.extend(now),
        }
        Ok(())
    }

    async fn bring_all(&self, chosen: Vec<Lacking>, route: Route<'_>, done: &mut Companionship) {
        let mut under_way = stream::iter(chosen).map(|lacking| self.bring(lacking, route)).buffered(TOGETHER);
        while let Some(outcome) = under_way.next().await {
            match outcome {
                Ok(carried) => done.carried.extend(carried),
                Err(error) => drop(done.behind.get_or_insert(error)),
            }
        }
    }

    async fn put_whole(&self, reference: &Reference, tree: &Tree, route: Route<'_>) -> Result<(), CopyError> {
        self.put_tree(tree, route).await?;
        let put = route.mirror.store.put_manifest(reference, &tree.top).await;
        put.map_err(|e| CopyError::at_destination(FailedStep::Manifest, &e))
    }

    /// Copies one. A tag of the mirror with content of its own, such as the organization's signature, is left alone.
    async fn bring(&self, lacking: Lacking, route: Route<'_>) -> Result<Option<Carried>, CopyError> {
        let Route { step, mirror, .. } = route;
        let top = self.sources.document(&step.source, &lacking.digest).await.map_err(|e| CopyError::at_source(&e))?;
        let top = top.ok_or_else(|| gone(&lacking.digest))?;
        if let (Some(now), Some(tag)) = (&lacking.replaces, &lacking.under)
            && !extends(&top, now, mirror).await?
        {
            tracing::warn!(
                "{}:{tag} at the mirror has different signatures from upstream: it is left alone",
                step.repository
            );
            return Ok(None);
        }
        let tree = tree::read(Origin::Source(&self.sources, &step.source), top).await.map_err(CopyError::reading)?;
        let reference = lacking.reference();
        if let Err(error) = self.put_whole(&reference, &tree, route).await {
            self.bring_anew(error, &tree, route).await?;
            self.put_whole(&reference, &tree, route).await?;
        }
        let (repository, tag) = (step.repository.clone(), step.tag.clone());
        Ok(Some(Carried { repository, tag, digest: lacking.digest, under: lacking.under }))
    }
}

/// Whether it may be copied too; else why it is left behind. `out`: what is already left behind.
fn admitted(
    lacking: &Lacking,
    judged: Judged,
    out: &BTreeSet<Digest>,
    room: &mut Allowance,
) -> Result<Result<(), String>, CopyError> {
    match judged {
        Judged::Missing => Err(gone(&lacking.digest)),
        Judged::Foreign(what) => Ok(Err(what)),
        Judged::Artifact(..) if lacking.subject.as_ref().is_some_and(|subject| out.contains(subject)) => {
            Ok(Err("it belongs to something that is left behind".to_owned()))
        }
        Judged::Artifact(artifact) => Ok(room.take(artifact.size).map_err(|excess| excess.to_string())),
    }
}

fn gone(digest: &Digest) -> CopyError {
    let text = format!("{digest}, which upstream lists as belonging to this image, does not exist");
    CopyError::new(FailedStep::SourceLost, text)
}

/// The room left for an image's companions: what the mirror has already counts, whoever put it there.
async fn allowance(mut held: BTreeSet<Digest>, digests: &[Digest], mirror: &Mirror) -> Result<Allowance, CopyError> {
    held.extend(listed(digests.iter().cloned().collect(), mirror).await?.into_values().flatten());
    let sizes: Vec<u64> = stream::iter(held)
        .map(|digest| async move {
            match mirror.store.manifest(&Reference::Digest(digest)).await {
                Ok(document) => Ok(document.as_ref().map_or(0, size)),
                Err(error) if error.is_ambiguous() => Ok(0),
                Err(error) => Err(CopyError::at_destination(FailedStep::Verify, &error)),
            }
        })
        .buffer_unordered(TOGETHER)
        .try_collect()
        .await?;
    let mut room = Allowance::default();
    sizes.into_iter().for_each(|size| room.hold(size));
    Ok(room)
}

/// The bytes of manifest, configuration and layers.
fn size(document: &Document) -> u64 {
    match inspect(document) {
        Inspection::Artifact(Artifact { size, .. }) | Inspection::Configured(Artifact { size, .. }, _) => size,
        Inspection::Foreign(_) => document.bytes.len() as u64,
    }
}

/// Whether everything that the mirror has under a tag is in upstream's document too: cosign adds layers to it.
async fn extends(upstream: &Document, now: &Digest, mirror: &Mirror) -> Result<bool, CopyError> {
    let held = match mirror.store.manifest(&Reference::Digest(now.clone())).await {
        Err(error) if error.is_ambiguous() => None,
        held => held.map_err(|e| CopyError::at_destination(FailedStep::Verify, &e))?,
    };
    let layers = |document: &Document| -> Option<BTreeSet<Digest>> {
        document.layers().ok().map(|layers| layers.into_iter().map(|layer| layer.digest).collect())
    };
    Ok(match (held.as_ref().and_then(layers), layers(upstream)) {
        (Some(held), Some(upstream)) => held.is_subset(&upstream),
        _ => false,
    })
}

/// What the mirror lists as referring to these manifests.
async fn listed(subjects: BTreeSet<Digest>, mirror: &Mirror) -> Result<BTreeMap<Digest, BTreeSet<Digest>>, CopyError> {
    let listed: Result<BTreeMap<Digest, BTreeSet<Digest>>, Error> = stream::iter(subjects)
        .map(|subject| async move {
            let held = mirror.store.referrers(&subject).await?;
            Ok((subject, held.into_iter().map(|d| d.digest).collect()))
        })
        .buffer_unordered(TOGETHER)
        .try_collect()
        .await;
    listed.map_err(|error| CopyError::at_destination(FailedStep::Verify, &error))
}
