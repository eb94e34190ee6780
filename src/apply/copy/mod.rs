//! Copies approved bytes from upstream to the mirror: blobs, then manifests from the bottom up, then the tag.
//!
//! Bytes stream from registry to registry; nothing touches a disk and memory does not grow with layers. A blob is fetched
//! and sent once a run, whatever images share it; where the destination can mount it from a repository that has it,
//! no byte moves. Stopped between any two requests, a second run finds what the first one left and ends the same.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::Semaphore;

use self::blob::{Turns, Upstream};
pub use self::companions::{Carried, Companionship};
use self::known::Known;
use self::tree::{From, Tree, TreeError};
use crate::content::Document;
use crate::image::{Descriptor, Digest, Location, Reference, RepositoryName};
use crate::observe::companions::Companions;
use crate::observe::sources::Sources;
use crate::plan::{self, FailedStep, State, Step};
use crate::progress::{Bar, Progress};
use crate::registry::{Error, ErrorKind, Put, Registries, Store};

mod blob;
mod companions;
mod known;
mod tree;
mod verify;

/// How many blobs are under way at once in the whole run; each host's own limit is the client's.
const BLOBS: usize = 16;
/// Copies images to one destination; knows what this run has brought there.
pub struct Copier {
    registries: Registries,
    sources: Sources,
    companions: Companions,
    known: Known,
    blobs: Semaphore,
    turns: Arc<Turns>,
    /// For every repository, a promoted top document that vouches for its blobs.
    vouchers: BTreeMap<RepositoryName, Digest>,
    progress: Progress,
}

/// Why an image was not copied.
#[derive(Debug, Clone)]
pub struct CopyError {
    /// Where it stopped.
    pub step: FailedStep,
    /// What happened, for people.
    pub text: String,
    /// The destination refused the credential: no other image will fare better.
    pub refused: bool,
    /// The destination does not take what it was sent: it may lack what that names.
    lacking: bool,
}

impl CopyError {
    /// A fault of this image alone.
    pub(super) fn new(step: FailedStep, text: impl fmt::Display) -> Self {
        Self { step, text: text.to_string(), refused: false, lacking: false }
    }

    /// A fault of the destination. Bytes that were read back as others are a fault of verifying.
    fn at_destination(step: FailedStep, error: &Error) -> Self {
        let refused = matches!(error.kind, ErrorKind::Refused { .. });
        let step = if matches!(error.kind, ErrorKind::Mismatch(_)) { FailedStep::Verify } else { step };
        Self { step, text: error.to_string(), refused, lacking: matches!(error.kind, ErrorKind::Protocol(_)) }
    }
}

/// An image that was copied or verified.
#[derive(Debug)]
pub struct Copied {
    /// What the mirror's tag was read to answer.
    pub mirrored: Digest,
    /// What became of its signatures and the like.
    pub companions: Companionship,
}

/// The mirror that an image goes to.
#[derive(Clone)]
pub struct Mirror {
    /// Where it is.
    pub location: Location,
    /// The repository, opened.
    pub store: Arc<dyn Store>,
}

impl Mirror {
    /// The path of the mirror in its registry; `None` in a directory, where nothing is mounted.
    fn name(&self) -> Option<&RepositoryName> {
        match &self.location {
            Location::Remote(repository) => Some(&repository.name),
            Location::Layout(_) => None,
        }
    }
}

impl Copier {
    /// A copier from `sources` to mirrors in `registries`; the promoted steps vouch for what their repositories have.
    #[must_use]
    pub fn new(registries: Registries, sources: Sources, steps: &[Step], progress: Progress) -> Self {
        let promoted = steps.iter().filter(|step| step.state == State::Present);
        let vouchers = promoted
            .filter_map(|step| Some((step.repository.clone(), step.mirror_now.clone()?)))
            .filter(|(_, digest)| sources.documents.get(digest).is_some())
            .collect();
        let (blobs, turns) = (Semaphore::new(BLOBS), Arc::default());
        let (known, companions) = (Known::default(), Companions::default());
        Self { registries, sources, companions, known, blobs, turns, vouchers, progress }
    }

    /// The mirror of a step, to be written: where blobs may be mounted from the source, one token is for both.
    #[must_use]
    pub fn destination(&self, step: &Step, location: &Location) -> Arc<dyn Store> {
        let from = match &step.source {
            Location::Remote(source) if self.may_mount(step, location) => std::slice::from_ref(source),
            _ => &[],
        };
        self.registries.destination(location, from)
    }

    /// Whether the source is on the mirror's own registry, and lets this run's credential read.
    fn may_mount(&self, step: &Step, location: &Location) -> bool {
        step.source.registry().is_some()
            && step.source.registry() == location.registry()
            && !self.sources.is_refused(&step.source)
    }

    /// Promotes one approval: copies it, or verifies what the mirror already answers; its signatures and the like come along.
    ///
    /// # Errors
    /// Where it stopped, and why; nothing answers under the tag then that did not before.
    pub async fn promote(&self, step: &Step, mirror: &Mirror) -> Result<Copied, CopyError> {
        if step.state == State::TagOnly
            && let Some(now) = &step.mirror_now
            && let Some(tree) = self.whole(now, mirror).await?
        {
            return Ok(Copied {
                mirrored: now.clone(),
                companions: self.accompany(&tree.digests(), step, mirror).await,
            });
        }
        let bar = self.progress.image(&format!("{}:{}", step.repository, step.tag));
        let copied = self.copy(step, mirror, &bar).await;
        bar.end(copied.is_ok());
        copied
    }

    async fn copy(&self, step: &Step, mirror: &Mirror, bar: &Bar) -> Result<Copied, CopyError> {
        let top = self.top(step).await?;
        let from = From::Source(&self.sources, &step.source);
        // The two ends are asked at once: neither look needs the other.
        let (tree, ()) = tokio::join!(tree::read(from, top), self.vouch(step, mirror));
        let tree = tree.map_err(|error| match error {
            TreeError::Missing(_) => CopyError::new(FailedStep::SourceLost, format!("{}: {error}", step.source_text)),
            TreeError::Unusable(_) => CopyError::new(FailedStep::Read, format!("{}: {error}", step.source_text)),
            TreeError::Store(_) => CopyError::new(FailedStep::Read, error),
        })?;
        if tree.foreign > 0 {
            tracing::warn!(
                "{}:{}: {} layers may not be distributed: the image names them, their bytes are not copied",
                step.repository,
                step.tag,
                tree.foreign
            );
        }
        let digests = tree.digests();
        let found = self.companions.of(&self.sources, &step.source, &digests);
        let (found, put) = tokio::join!(found, self.put_blobs(&tree.blobs, step, mirror, bar));
        put?;
        if let Err(error) = self.put_manifests(&tree, mirror, &step.repository).await {
            self.bring_anew(error, &tree, step, mirror, bar).await?;
        }
        let companions = match found {
            Ok(found) => self.carry(found, step, mirror, bar).await,
            Err(error) => Companionship::failed(CopyError::new(FailedStep::Read, error)),
        };
        if let Err(error) = self.set_tag(&tree.top, step, mirror).await {
            self.bring_anew(error, &tree, step, mirror, bar).await?;
            self.set_tag(&tree.top, step, mirror).await?;
        }
        Ok(Copied { mirrored: tree.top.digest, companions })
    }

    /// What the tag is to answer: the approved document, or the subset of it that the plan names.
    async fn top(&self, step: &Step) -> Result<Document, CopyError> {
        if let Some(document) = step.expected.as_ref().and_then(|digest| self.sources.documents.get(digest)) {
            return Ok(document);
        }
        let read = self.sources.document(&step.source, &step.digest).await;
        let document = read.map_err(|e| CopyError::new(FailedStep::Read, e))?;
        let lost = || {
            let text = plan::lost(&step.source_text, &step.digest);
            CopyError::new(FailedStep::SourceLost, text)
        };
        plan::from_upstream(&document.ok_or_else(lost)?, step.platforms.as_deref())
            .map_err(|e| CopyError::new(FailedStep::Read, format!("{}: {e}", step.digest)))
    }

    /// Reads, once for a repository, the manifests of a promoted tag: the repository has what they name. Only a help: where
    /// they cannot be read, nothing is taken to be there.
    async fn vouch(&self, step: &Step, mirror: &Mirror) {
        let Some(top) = self.vouchers.get(&step.repository).and_then(|digest| self.sources.documents.get(digest))
        else {
            return;
        };
        let once = self.known.vouched(&step.repository);
        once.get_or_init(|| async {
            match tree::read(From::Mirror(mirror.store.as_ref()), top).await {
                Ok(tree) => self.know(&tree, &step.repository).await,
                Err(error) => tracing::debug!("{}: no sibling vouches for blobs: {error}", mirror.location),
            }
        })
        .await;
    }

    /// Notes that a repository has everything of an image.
    async fn know(&self, tree: &Tree, repository: &RepositoryName) {
        for document in tree.levels.iter().flatten() {
            self.known.add_manifest(repository, &document.digest);
        }
        for blob in &tree.blobs {
            self.known.blob(&blob.digest).await.insert(repository.clone());
        }
    }

    /// Where a mirror does not take a manifest although a promoted sibling vouched for what it names, the mirror has lost some
    /// of that since: nobody's word is taken any more, and everything is looked for where it should be.
    async fn bring_anew(
        &self,
        error: CopyError,
        tree: &Tree,
        step: &Step,
        mirror: &Mirror,
        bar: &Bar,
    ) -> Result<(), CopyError> {
        if !error.lacking || !self.vouchers.contains_key(&step.repository) {
            return Err(error);
        }
        let text = "the mirror lacks what its promoted tags need: it is brought anew";
        tracing::warn!("{}: {text} ({})", mirror.location, error.text);
        self.known.forget(&step.repository, tree).await;
        self.put_blobs(&tree.blobs, step, mirror, bar).await?;
        self.put_manifests(tree, mirror, &step.repository).await
    }

    async fn put_blobs(&self, blobs: &[Descriptor], step: &Step, mirror: &Mirror, bar: &Bar) -> Result<(), CopyError> {
        bar.expect(blobs.len(), blobs.iter().map(|blob| blob.size).sum());
        let puts = stream::iter(blobs.iter().cloned()).map(|blob| self.put_blob(blob, step, mirror, bar));
        puts.buffer_unordered(BLOBS).try_collect().await
    }

    /// Brings one blob to the mirror: not at all where it is, by mounting where another repository there has it, else from
    /// upstream.
    async fn put_blob(&self, blob: Descriptor, step: &Step, mirror: &Mirror, bar: &Bar) -> Result<(), CopyError> {
        let mut holders = self.known.blob(&blob.digest).await;
        if holders.contains(&step.repository) {
            bar.came(blob.size);
            return Ok(());
        }
        let _permit = self.blobs.acquire().await.map_err(|e| CopyError::new(FailedStep::Blob, e))?;
        let mount = self.mount(&holders, step, mirror);
        let (sources, turns) = (self.sources.clone(), Arc::clone(&self.turns));
        let upstream = Upstream::new(sources, step.source.clone(), blob.clone(), turns, bar.clone());
        match mirror.store.put_blob(&blob, mount.as_ref(), &upstream).await {
            Ok(put) => {
                if put == Put::Mounted {
                    bar.came(blob.size);
                }
                holders.insert(step.repository.clone());
                Ok(())
            }
            Err(error) => Err(match upstream.fault() {
                Some(fault) => CopyError::new(FailedStep::Blob, fault),
                None => CopyError::at_destination(FailedStep::Blob, &error),
            }),
        }
    }

    /// Where a blob can be mounted from: a sibling that has it, the source where it is on the same registry. Else the mirror
    /// itself: that costs nothing, because the upload starts with the same request, and finds what an interrupted run sent.
    fn mount(&self, holders: &known::Holders, step: &Step, mirror: &Mirror) -> Option<RepositoryName> {
        let name = mirror.name()?;
        if let Some(sibling) = holders.first() {
            let organization = name.as_str().strip_suffix(step.repository.as_str())?;
            return format!("{organization}{sibling}").parse().ok();
        }
        match &step.source {
            Location::Remote(source) if self.may_mount(step, &mirror.location) => Some(source.name.clone()),
            _ => Some(name.clone()),
        }
    }

    /// Puts everything below the top, the deepest first, so that nothing ever names what is not there.
    async fn put_manifests(&self, tree: &Tree, mirror: &Mirror, repository: &RepositoryName) -> Result<(), CopyError> {
        for level in tree.levels.iter().rev() {
            let mut missing = level.clone();
            missing.retain(|document| !self.known.has_manifest(repository, &document.digest));
            let puts = stream::iter(missing).map(|document| async move {
                let reference = Reference::Digest(document.digest.clone());
                let put = mirror.store.put_manifest(&reference, &document).await;
                put.map_err(|e| CopyError::at_destination(FailedStep::Manifest, &e))?;
                self.known.add_manifest(repository, &document.digest);
                Ok::<(), CopyError>(())
            });
            puts.buffer_unordered(BLOBS).try_collect::<()>().await?;
        }
        Ok(())
    }

    /// Sets the tag, if it still answers what the plan saw. Somebody may have pushed while blobs were copied.
    async fn set_tag(&self, top: &Document, step: &Step, mirror: &Mirror) -> Result<(), CopyError> {
        let reference = Reference::Tag(step.tag.clone());
        let now = mirror.store.head(&reference).await;
        let now = now.map_err(|e| CopyError::at_destination(FailedStep::Tag, &e))?.map(|held| held.digest);
        if now.as_ref() == Some(&top.digest) {
            return Ok(());
        }
        if now != step.mirror_now {
            let text = "the mirror's tag moved while its image was copied: it is left alone; delete it there to have \
                        what is approved copied";
            return Err(CopyError::new(FailedStep::MirrorDiffers, text));
        }
        let put = mirror.store.put_manifest(&reference, top).await;
        put.map_err(|e| CopyError::at_destination(FailedStep::Tag, &e))
    }
}
