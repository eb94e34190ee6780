//! Carries signatures, attestations and SBOMs to the mirror, with their image or after it. No image's tag is touched.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::tree::{self, From, Tree};
use super::{BLOBS, Copier, CopyError, Mirror};
use crate::content::Document;
use crate::image::{Digest, Reference, Tag};
use crate::observe::companions::Companion;
use crate::plan::{FailedStep, Step};
use crate::progress::Bar;
use crate::registry::Error;

/// Something that was brought to the mirror beside an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Its digest.
    pub digest: Digest,
    /// The tag it stands under; `None` where it names its subject itself.
    pub under: Option<Tag>,
}

/// What became of an image's companions.
#[derive(Debug, Default)]
pub struct Companionship {
    /// What was brought.
    pub carried: Vec<Carried>,
    /// Why not all of it could be looked for or brought.
    pub behind: Option<CopyError>,
}

impl Copier {
    /// Carries what appeared upstream since an approval was promoted.
    pub async fn follow_up(&self, step: &Step, mirror: &Mirror) -> Companionship {
        match self.promoted_digests(step, mirror).await {
            Ok(digests) => self.accompany(&digests, step, mirror).await,
            Err(error) => Companionship::failed(error),
        }
    }

    /// Carries what belongs to these manifests of an image that is at the mirror.
    pub(super) async fn accompany(&self, digests: &[Digest], step: &Step, mirror: &Mirror) -> Companionship {
        let bar = self.progress.image(&format!("{}:{}", step.repository, step.tag));
        let done = match self.companions.of(&self.sources, &step.source, digests).await {
            Ok(found) => self.carry(found, step, mirror, &bar).await,
            Err(error) => Companionship::failed(CopyError::new(FailedStep::Read, error)),
        };
        bar.end(done.behind.is_none());
        done
    }

    /// The digests of a promoted image: what its tag answers, and its children.
    async fn promoted_digests(&self, step: &Step, mirror: &Mirror) -> Result<Vec<Digest>, CopyError> {
        let Some(top) = &step.mirror_now else { return Ok(Vec::new()) };
        let held = self.sources.documents.of(mirror.store.as_ref(), top).await;
        let held = held.map_err(|e| CopyError::at_destination(FailedStep::Verify, &e))?;
        let mut digests = vec![top.clone()];
        digests.extend(held.and_then(|held| held.children().ok()).into_iter().flatten().map(|child| child.digest));
        Ok(digests)
    }

    /// Brings to the mirror what it lacks of `found`.
    pub(super) async fn carry(&self, found: Vec<Companion>, step: &Step, mirror: &Mirror, bar: &Bar) -> Companionship {
        let mut done = Companionship::default();
        let lacking = match lacking(found, mirror).await {
            Ok(lacking) => lacking,
            Err(error) => return Companionship::failed(CopyError::at_destination(FailedStep::Verify, &error)),
        };
        let mut under_way =
            stream::iter(lacking).map(|companion| self.carry_one(companion, step, mirror, bar)).buffered(BLOBS);
        while let Some(outcome) = under_way.next().await {
            match outcome {
                Ok(carried) => done.carried.extend(carried),
                Err(error) => drop(done.behind.get_or_insert(error)),
            }
        }
        done
    }

    async fn carry_one(
        &self,
        companion: Companion,
        step: &Step,
        mirror: &Mirror,
        bar: &Bar,
    ) -> Result<Option<Carried>, CopyError> {
        match companion {
            Companion::Referrer { referrer, .. } => self.carry_referrer(referrer.digest, step, mirror, bar).await,
            Companion::Tagged(tag) => self.carry_tagged(&tag, step, mirror, bar).await,
        }
    }

    async fn carry_referrer(
        &self,
        digest: Digest,
        step: &Step,
        mirror: &Mirror,
        bar: &Bar,
    ) -> Result<Option<Carried>, CopyError> {
        let Some(document) = self.upstream(step, &digest).await? else {
            let text = format!("{digest}, which upstream lists as referring to this image, is not there");
            return Err(CopyError::new(FailedStep::SourceLost, text));
        };
        let tree = self.bring(document, step, mirror, bar).await?;
        put(&tree, &Reference::Digest(digest.clone()), mirror).await?;
        Ok(Some(Carried { digest, under: None }))
    }

    /// A tag of the mirror that says something of its own, such as the organization's signature, is left alone.
    async fn carry_tagged(
        &self,
        tag: &Tag,
        step: &Step,
        mirror: &Mirror,
        bar: &Bar,
    ) -> Result<Option<Carried>, CopyError> {
        let reference = Reference::Tag(tag.clone());
        let now = mirror.store.head(&reference).await.map_err(|e| CopyError::at_destination(FailedStep::Tag, &e))?;
        let upstream = self.sources.head(&step.source, tag).await;
        let upstream = upstream.map_err(|e| CopyError::new(FailedStep::Read, e))?.map(|held| held.digest);
        let (now, Some(digest)) = (now.map(|held| held.digest), upstream) else { return Ok(None) };
        if now.as_ref() == Some(&digest) {
            return Ok(None);
        }
        let Some(document) = self.upstream(step, &digest).await? else { return Ok(None) };
        if let Some(now) = now
            && !self.extends(&document, &now, mirror).await?
        {
            tracing::warn!("{}:{tag} at the mirror holds other signatures than upstream: left alone", step.repository);
            return Ok(None);
        }
        let tree = self.bring(document, step, mirror, bar).await?;
        put(&tree, &reference, mirror).await?;
        Ok(Some(Carried { digest, under: Some(tag.clone()) }))
    }

    /// Whether everything that the mirror has under a tag is in upstream's document too: cosign adds layers to it.
    async fn extends(&self, upstream: &Document, now: &Digest, mirror: &Mirror) -> Result<bool, CopyError> {
        let held = mirror.store.manifest(&Reference::Digest(now.clone())).await;
        let held = held.map_err(|e| CopyError::at_destination(FailedStep::Verify, &e))?;
        let layers = |document: &Document| -> Option<BTreeSet<Digest>> {
            document.layers().ok().map(|layers| layers.into_iter().map(|layer| layer.digest).collect())
        };
        Ok(match (held.as_ref().and_then(layers), layers(upstream)) {
            (Some(held), Some(upstream)) => held.is_subset(&upstream),
            _ => false,
        })
    }

    async fn upstream(&self, step: &Step, digest: &Digest) -> Result<Option<Document>, CopyError> {
        let read = self.sources.document(&step.source, digest).await;
        read.map_err(|e| CopyError::new(FailedStep::Read, e))
    }

    /// Brings everything below a companion.
    async fn bring(&self, top: Document, step: &Step, mirror: &Mirror, bar: &Bar) -> Result<Tree, CopyError> {
        let tree = tree::read(From::Source(&self.sources, &step.source), top).await;
        let tree = tree.map_err(|e| CopyError::new(FailedStep::Read, e))?;
        self.put_blobs(&tree.blobs, step, mirror, bar).await?;
        self.put_manifests(&tree, mirror, &step.repository).await?;
        Ok(tree)
    }
}

impl Companionship {
    /// Nothing was brought.
    pub(super) fn failed(error: CopyError) -> Self {
        Self { carried: Vec::new(), behind: Some(error) }
    }
}

async fn put(tree: &Tree, reference: &Reference, mirror: &Mirror) -> Result<(), CopyError> {
    let put = mirror.store.put_manifest(reference, &tree.top).await;
    put.map_err(|e| CopyError::at_destination(FailedStep::Manifest, &e))
}

/// What of `found` the mirror does not list yet. Tags are compared one by one later.
async fn lacking(found: Vec<Companion>, mirror: &Mirror) -> Result<Vec<Companion>, Error> {
    let subjects: BTreeSet<Digest> = found.iter().filter_map(subject).cloned().collect();
    let listed: BTreeMap<Digest, BTreeSet<Digest>> = stream::iter(subjects)
        .map(|subject| async move {
            let held = mirror.store.referrers(&subject).await?;
            Ok::<_, Error>((subject, held.into_iter().map(|d| d.digest).collect()))
        })
        .buffer_unordered(BLOBS)
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

fn subject(companion: &Companion) -> Option<&Digest> {
    match companion {
        Companion::Referrer { subject, .. } => Some(subject),
        Companion::Tagged(_) => None,
    }
}
