//! Copies approved bytes from upstream to the mirror: blobs, then manifests from the bottom up, then the tag.
//!
//! Bytes stream from registry to registry; nothing touches a disk and memory does not grow with layers. A blob is
//! fetched and sent once per run, whatever images share it; if the destination can mount it from a repository that has
//! it, no bytes move. If stopped between any two requests, a second run finds what the first one left and ends the
//! same.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub(crate) use self::carrying::{Carried, Companionship};
pub(crate) use self::delivery::Mirror;
use self::delivery::{Delivery, Route};
pub(crate) use self::error::CopyError;
use self::tree::{Origin, TreeError};
use crate::content::Document;
use crate::image::{Digest, Location, Reference, RepositoryName};
use crate::observe::companions;
use crate::observe::sources::Sources;
use crate::plan::{self, FailedStep, State, Step};
use crate::progress::Progress;
use crate::registry::Registries;

mod alias;
mod blob;
mod carrying;
mod delivery;
mod error;
mod known;
mod tree;
mod verify;

/// How long the tag state seen by the plan is valid if no bytes had to be sent since: somebody may always push between
/// a read and the PUT, and no registry sets a tag on condition of its present value.
const MOMENT: Duration = Duration::from_secs(10);

/// Copies images to one destination; knows what this run has copied there.
pub(crate) struct Copier {
    delivery: Delivery,
    /// For every repository, a promoted top document that vouches for its blobs.
    vouchers: BTreeMap<RepositoryName, Digest>,
    /// When the plan began to read the mirror's tags.
    looked: Instant,
    progress: Progress,
}

/// An image that was copied or verified.
#[derive(Debug)]
pub(crate) struct Copied {
    /// What the mirror's tag was read to resolve to.
    pub mirrored: Digest,
    pub companions: Companionship,
}

impl Copier {
    /// A copier from `sources` to mirrors in `registries`; the promoted steps vouch for what their repositories have.
    /// `looked`: when the plan began to read the mirror's tags.
    pub(crate) fn new(
        registries: Registries,
        sources: Sources,
        steps: &[Step],
        looked: Instant,
        progress: Progress,
    ) -> Self {
        progress.expect(steps.iter().filter(|step| step.state == State::Copy).count());
        let promoted = steps.iter().filter(|step| step.state == State::Present);
        let vouchers = promoted
            .filter_map(|step| Some((step.repository.clone(), step.mirror_now.clone()?)))
            .filter(|(_, digest)| sources.documents.get(digest).is_some())
            .collect();
        Self { delivery: Delivery::new(registries, sources), vouchers, looked, progress }
    }

    /// The mirror of a step, to be written.
    pub(crate) fn mirror(&self, step: &Step, location: Location) -> Mirror {
        self.delivery.mirror(step, location)
    }

    /// Promotes one approval: copies it, or verifies what the mirror already has; its signatures and the like are
    /// copied along.
    ///
    /// # Errors
    /// At which step it stopped, and why; the tag then still resolves to what it did before.
    pub(crate) async fn promote(&self, step: &Step, mirror: &Mirror) -> Result<Copied, CopyError> {
        if step.state == State::TagOnly
            && let Some(now) = &step.mirror_now
            && let Some(tree) = verify::whole(now, mirror).await?
        {
            let companions = self.accompany(&tree.digests(), step, mirror).await;
            return Ok(Copied { mirrored: now.clone(), companions });
        }
        let bar = self.progress.image(&name(step));
        // A tag that resolves to an incomplete image has lost something.
        let anew = step.state == State::TagOnly;
        let copied = self.copy(Route { step, mirror, bar: &bar, anew }).await;
        bar.end(copied.is_ok());
        copied
    }

    /// Copies signatures and similar artifacts that appeared upstream after an approval was promoted. The mirror is not
    /// asked if upstream cannot have any.
    pub(crate) async fn follow_up(&self, step: &Step, mirror: &Mirror) -> Companionship {
        let Some(top) = &step.mirror_now else { return Companionship::default() };
        match companions::can_be_there(&self.delivery.sources, &step.source, top).await {
            Ok(true) => {}
            Ok(false) => return Companionship::default(),
            Err(error) => return Companionship::failed(CopyError::at_source(&error)),
        }
        match self.promoted_digests(top, mirror).await {
            Ok(digests) => self.accompany(&digests, step, mirror).await,
            Err(error) => Companionship::failed(error),
        }
    }

    async fn copy(&self, route: Route<'_>) -> Result<Copied, CopyError> {
        let (delivery, step) = (&self.delivery, route.step);
        let top = self.top(step).await?;
        let from = Origin::Source(&delivery.sources, &step.source);
        // Both ends are queried at once: neither depends on the other.
        let (tree, ()) = tokio::join!(tree::read(from, top), self.vouch(step, route.mirror));
        let tree = tree.map_err(|error| match error {
            TreeError::Missing(_) => CopyError::new(FailedStep::SourceLost, format!("{}: {error}", step.source_text)),
            TreeError::Unusable(_) => CopyError::reading(format!("{}: {error}", step.source_text)),
            TreeError::Ambiguous(_) => CopyError::new(FailedStep::Refused, format!("{}: {error}", step.source_text)),
            TreeError::Store(_) => CopyError::reading(error),
        })?;
        if tree.foreign > 0 {
            tracing::warn!(
                "{}:{}: {} layers may not be distributed: the image lists them, but their bytes are not copied",
                step.repository,
                step.tag,
                tree.foreign
            );
        }
        let digests = tree.digests();
        let found = companions::find(&delivery.sources, &step.source, &digests);
        let (found, put) = tokio::join!(found, delivery.put_blobs(&tree.blobs, route));
        // Without bytes to send, no time has passed since the plan: what it saw counts.
        let mut is_seen = !put? && self.looked.elapsed() < MOMENT;
        if let Err(error) = delivery.put_manifests(&tree, route).await {
            delivery.bring_anew(error, &tree, route).await?;
            is_seen = false;
        }
        let companions = delivery.carry(found, &digests, route).await;
        is_seen &= companions.is_nothing();
        if let Err(error) = set_tag(&tree.top, step, route.mirror, is_seen).await {
            delivery.bring_anew(error, &tree, route).await?;
            set_tag(&tree.top, step, route.mirror, false).await?;
        }
        Ok(Copied { mirrored: tree.top.digest, companions })
    }

    /// What the tag should resolve to: the approved document, or its subset that the plan names.
    async fn top(&self, step: &Step) -> Result<Document, CopyError> {
        let sources = &self.delivery.sources;
        if let Some(document) = step.expected.as_ref().and_then(|digest| sources.documents.get(digest)) {
            return Ok(document);
        }
        let document = sources.document(&step.source, &step.digest).await.map_err(|e| CopyError::at_source(&e))?;
        let lost = || CopyError::new(FailedStep::SourceLost, plan::lost(&step.source_text, &step.digest));
        plan::from_upstream(&document.ok_or_else(lost)?, step.platforms.as_deref())
            .map_err(|e| CopyError::reading(format!("{}: {e}", step.digest)))
    }

    /// Reads the manifests of what the tag resolves to before it is moved and, once for a repository, those of a
    /// promoted tag: the repository has what they name.
    async fn vouch(&self, step: &Step, mirror: &Mirror) {
        let Delivery { sources, known, .. } = &self.delivery;
        let former = step.mirror_now.as_ref().filter(|_| step.state == State::Copy);
        if let Some(former) = former
            && let Ok(Some(top)) = sources.documents.of(mirror.store.as_ref(), former).await
        {
            self.vouch_by(top, step, mirror).await;
        }
        let sibling = self.vouchers.get(&step.repository).and_then(|digest| sources.documents.get(digest));
        let Some(top) = sibling else { return };
        known.vouched(&step.repository).get_or_init(|| self.vouch_by(top, step, mirror)).await;
    }

    /// Best effort: if the manifests cannot be read, nothing is assumed to be there.
    async fn vouch_by(&self, top: Document, step: &Step, mirror: &Mirror) {
        match tree::read(Origin::Mirror(mirror.store.as_ref()), top).await {
            Ok(tree) => self.delivery.known.add(&step.repository, &tree).await,
            Err(error) => tracing::debug!(
                "{}: existing tags cannot be used to find blobs that are already there: {error}",
                mirror.location
            ),
        }
    }

    /// Copies the companions of these manifests of an image that is at the mirror.
    async fn accompany(&self, digests: &[Digest], step: &Step, mirror: &Mirror) -> Companionship {
        let bar = self.progress.beside(&name(step));
        let found = companions::find(&self.delivery.sources, &step.source, digests).await;
        let done = self.delivery.carry(found, digests, Route { step, mirror, bar: &bar, anew: false }).await;
        bar.end(done.behind.is_none());
        done
    }

    /// The digests of a promoted image: the one its tag resolves to, and its children.
    async fn promoted_digests(&self, top: &Digest, mirror: &Mirror) -> Result<Vec<Digest>, CopyError> {
        let held = self.delivery.sources.documents.of(mirror.store.as_ref(), top).await;
        let held = held.map_err(|e| CopyError::at_destination(FailedStep::Verify, &e))?;
        let children = held.and_then(|held| held.children().ok()).into_iter().flatten();
        Ok(std::iter::once(top.clone()).chain(children.map(|child| child.digest)).collect())
    }
}

/// The name of a step for people: `loki:3.1.0`.
fn name(step: &Step) -> String {
    format!("{}:{}", step.repository, step.tag)
}

/// Sets the tag, if it still resolves to what the plan saw: somebody may have pushed while blobs were copied. `is_seen`:
/// that was a moment ago, so it is not read again.
async fn set_tag(top: &Document, step: &Step, mirror: &Mirror, is_seen: bool) -> Result<(), CopyError> {
    let reference = Reference::Tag(step.tag.clone());
    let now = if is_seen {
        step.mirror_now.clone()
    } else {
        let now = mirror.store.head(&reference).await;
        now.map_err(|e| CopyError::at_destination(FailedStep::Tag, &e))?.map(|held| held.digest)
    };
    if now.as_ref() == Some(&top.digest) {
        return Ok(());
    }
    if now != step.mirror_now {
        let text = "the mirror's tag moved while its image was being copied: it is left alone; delete it there to \
                    have the approved image copied";
        return Err(CopyError::new(FailedStep::MirrorDiffers, text));
    }
    let put = mirror.store.put_manifest(&reference, top).await;
    put.map_err(|e| CopyError::at_destination(FailedStep::Tag, &e))
}
