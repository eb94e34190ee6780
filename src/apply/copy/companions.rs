//! Carries signatures, attestations and SBOMs to the mirror, with their image or after it. No image's tag is touched.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::delivery::{Delivery, Mirror, Route, TOGETHER};
use super::error::CopyError;
use super::tree::{self, Origin};
use crate::content::Document;
use crate::image::{Digest, Reference, RepositoryName, Tag};
use crate::observe::companions::Companion;
use crate::plan::{FailedStep, Step};
use crate::registry::Error;

/// Something that was brought to the mirror beside an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Carried {
    /// The mirror of the image that it belongs to, and that image's tag.
    pub repository: RepositoryName,
    pub tag: Tag,
    pub digest: Digest,
    /// The tag it stands under; `None` where it names its subject itself.
    pub under: Option<Tag>,
}

impl Carried {
    fn of(step: &Step, digest: Digest, under: Option<Tag>) -> Self {
        Self { repository: step.repository.clone(), tag: step.tag.clone(), digest, under }
    }
}

/// What became of an image's companions.
#[derive(Debug, Default)]
pub(crate) struct Companionship {
    pub carried: Vec<Carried>,
    /// Why not all of it could be looked for or brought.
    pub behind: Option<CopyError>,
}

impl Companionship {
    pub(super) fn failed(error: CopyError) -> Self {
        Self { carried: Vec::new(), behind: Some(error) }
    }
}

impl Delivery {
    /// Brings to the mirror what it lacks of `found`.
    pub(super) async fn carry(&self, found: Result<Vec<Companion>, Error>, route: Route<'_>) -> Companionship {
        let found = match found {
            Ok(found) => found,
            Err(error) => return Companionship::failed(CopyError::reading(error)),
        };
        let lacking = match lacking(found, route.mirror).await {
            Ok(lacking) => lacking,
            Err(error) => return Companionship::failed(CopyError::at_destination(FailedStep::Verify, &error)),
        };
        let mut done = Companionship::default();
        let mut under_way = stream::iter(lacking).map(|companion| self.carry_one(companion, route)).buffered(TOGETHER);
        while let Some(outcome) = under_way.next().await {
            match outcome {
                Ok(carried) => done.carried.extend(carried),
                Err(error) => drop(done.behind.get_or_insert(error)),
            }
        }
        done
    }

    async fn carry_one(&self, companion: Companion, route: Route<'_>) -> Result<Option<Carried>, CopyError> {
        match companion {
            Companion::Referrer { referrer, .. } => self.carry_referrer(referrer.digest, route).await.map(Some),
            Companion::Tagged(tag) => self.carry_tagged(tag, route).await,
        }
    }

    async fn carry_referrer(&self, digest: Digest, route: Route<'_>) -> Result<Carried, CopyError> {
        let Some(document) = self.upstream(&digest, route).await? else {
            let text = format!("{digest}, which upstream lists as referring to this image, is not there");
            return Err(CopyError::new(FailedStep::SourceLost, text));
        };
        self.bring(document, &Reference::Digest(digest.clone()), route).await?;
        Ok(Carried::of(route.step, digest, None))
    }

    /// A tag of the mirror that says something of its own, such as the organization's signature, is left alone.
    async fn carry_tagged(&self, tag: Tag, route: Route<'_>) -> Result<Option<Carried>, CopyError> {
        let Route { step, mirror, .. } = route;
        let reference = Reference::Tag(tag.clone());
        let now = mirror.store.head(&reference).await.map_err(|e| CopyError::at_destination(FailedStep::Tag, &e))?;
        let upstream = self.sources.head(&step.source, &tag).await.map_err(CopyError::reading)?;
        let (now, Some(digest)) = (now.map(|held| held.digest), upstream.map(|held| held.digest)) else {
            return Ok(None);
        };
        if now.as_ref() == Some(&digest) {
            return Ok(None);
        }
        let Some(document) = self.upstream(&digest, route).await? else { return Ok(None) };
        if let Some(now) = now
            && !extends(&document, now, mirror).await?
        {
            tracing::warn!("{}:{tag} at the mirror holds other signatures than upstream: left alone", step.repository);
            return Ok(None);
        }
        self.bring(document, &reference, route).await?;
        Ok(Some(Carried::of(step, digest, Some(tag))))
    }

    async fn upstream(&self, digest: &Digest, route: Route<'_>) -> Result<Option<Document>, CopyError> {
        self.sources.document(&route.step.source, digest).await.map_err(CopyError::reading)
    }

    /// Brings a companion with everything below it.
    async fn bring(&self, top: Document, reference: &Reference, route: Route<'_>) -> Result<(), CopyError> {
        let tree =
            tree::read(Origin::Source(&self.sources, &route.step.source), top).await.map_err(CopyError::reading)?;
        self.put_tree(&tree, route).await?;
        let put = route.mirror.store.put_manifest(reference, &tree.top).await;
        put.map_err(|e| CopyError::at_destination(FailedStep::Manifest, &e))
    }
}

/// Whether everything that the mirror has under a tag is in upstream's document too: cosign adds layers to it.
async fn extends(upstream: &Document, now: Digest, mirror: &Mirror) -> Result<bool, CopyError> {
    let held = mirror.store.manifest(&Reference::Digest(now)).await;
    let held = held.map_err(|e| CopyError::at_destination(FailedStep::Verify, &e))?;
    let layers = |document: &Document| -> Option<BTreeSet<Digest>> {
        document.layers().ok().map(|layers| layers.into_iter().map(|layer| layer.digest).collect())
    };
    Ok(match (held.as_ref().and_then(layers), layers(upstream)) {
        (Some(held), Some(upstream)) => held.is_subset(&upstream),
        _ => false,
    })
}

/// What of `found` the mirror does not list yet. Tags are compared one by one later.
async fn lacking(found: Vec<Companion>, mirror: &Mirror) -> Result<Vec<Companion>, Error> {
    let subjects: BTreeSet<Digest> = found.iter().filter_map(Companion::subject).cloned().collect();
    let listed: BTreeMap<Digest, BTreeSet<Digest>> = stream::iter(subjects)
        .map(|subject| async move {
            let held = mirror.store.referrers(&subject).await?;
            Ok::<_, Error>((subject, held.into_iter().map(|d| d.digest).collect()))
        })
        .buffer_unordered(TOGETHER)
        .try_collect()
        .await?;
    let lacks = |companion: &Companion| match companion {
        Companion::Referrer { subject, referrer } => {
            !listed.get(subject).is_some_and(|held| held.contains(&referrer.digest))
        }
        Companion::Tagged(_) => true,
    };
    Ok(found.into_iter().filter(lacks).collect())
}
