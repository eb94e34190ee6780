//! Copies blobs and manifests to a mirror: what it has is not sent, and what several images share is sent once per run.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::Semaphore;

use super::blob::{Turns, Upstream};
use super::error::{CopyError, Lack};
use super::known::{Holders, Known};
use super::tree::Tree;
use crate::image::{Descriptor, Location, Reference, RepositoryName};
use crate::observe::sources::Sources;
use crate::plan::{FailedStep, Step};
use crate::progress::Bar;
use crate::registry::{Put, Registries, Store};

/// How many requests about blobs or manifests are under way at once; each host's own limit is in the client.
pub(super) const TOGETHER: usize = 16;

/// From this many bytes on, it is first checked whether an interrupted run sent some of them: less is quickly sent
/// again.
const MUCH: u64 = 256 * 1024 * 1024;

/// The mirror that an image goes to.
#[derive(Clone)]
pub(crate) struct Mirror {
    pub(super) location: Location,
    /// The repository, opened to be written.
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

/// One image on its way.
#[derive(Clone, Copy)]
pub(super) struct Route<'a> {
    pub(super) step: &'a Step,
    pub(super) mirror: &'a Mirror,
    /// Shows the progress.
    pub(super) bar: &'a Bar,
    /// The mirror lacks some of it, whatever it is thought to have: every blob is checked before it is sent, and after.
    pub(super) anew: bool,
}

/// Copies images from their sources to one destination.
pub(super) struct Delivery {
    registries: Registries,
    pub(super) sources: Sources,
    pub(super) known: Known,
    /// Permits for blobs that are under way, for the whole run.
    blobs: Semaphore,
    turns: Arc<Turns>,
}

impl Delivery {
    pub(super) fn new(registries: Registries, sources: Sources) -> Self {
        let (known, blobs, turns) = (Known::default(), Semaphore::new(TOGETHER), Arc::default());
        Self { registries, sources, known, blobs, turns }
    }

    /// The mirror of a step, to be written: if blobs may be mounted from the source, one token covers both.
    pub(super) fn mirror(&self, step: &Step, location: Location) -> Mirror {
        let from = match &step.source {
            Location::Remote(source) if self.may_mount(step, &location) => std::slice::from_ref(source),
            _ => &[],
        };
        Mirror { store: self.registries.destination(&location, from), location }
    }

    /// A mirror to be written from what it has itself.
    pub(super) fn destination(&self, location: &Location) -> Arc<dyn Store> {
        self.registries.destination(location, &[])
    }

    /// Whether the source is on the mirror's own registry and readable with this run's credential.
    fn may_mount(&self, step: &Step, location: &Location) -> bool {
        step.source.registry().is_some()
            && step.source.registry() == location.registry()
            && !self.sources.is_refused(&step.source)
    }

    /// Copies blobs to the mirror; returns whether bytes were sent.
    pub(super) async fn put_blobs(&self, blobs: &[Descriptor], route: Route<'_>) -> Result<bool, CopyError> {
        route.bar.expect(blobs.len(), blobs.iter().map(|blob| blob.size).sum());
        let mut blobs = blobs.to_vec();
        let mut ask = route.anew;
        if !ask && self.is_much(&blobs, route) {
            // An interrupted run started with the smallest: if that exists, others may too.
            blobs.sort_by_key(|blob| blob.size);
            ask = self.has_first(&blobs, route).await;
        }
        let puts = stream::iter(blobs).map(|blob| self.put_blob(blob, route, ask));
        puts.buffer_unordered(TOGETHER).try_fold(false, |any, sent| async move { Ok(any || sent) }).await
    }

    /// Whether so much of this is to be sent that checking for blobs sent by an interrupted run is worthwhile.
    fn is_much(&self, blobs: &[Descriptor], route: Route<'_>) -> bool {
        let Route { step, mirror, .. } = route;
        let lacking = self.lacking(blobs, step);
        lacking.map(|blob| blob.size).sum::<u64>() >= MUCH && !self.may_mount(step, &mirror.location)
    }

    /// Whether the mirror has the first blob that it is not known to have.
    async fn has_first(&self, blobs: &[Descriptor], route: Route<'_>) -> bool {
        match self.lacking(blobs, route.step).next() {
            Some(first) => route.mirror.store.has_blob(&first.digest).await.unwrap_or(false),
            None => false,
        }
    }

    /// The blobs that the repository of a step is not known to have.
    fn lacking<'a>(&'a self, blobs: &'a [Descriptor], step: &'a Step) -> impl Iterator<Item = &'a Descriptor> {
        blobs.iter().filter(|blob| !self.known.has_blob(&step.repository, &blob.digest))
    }

    /// Copies one blob to the mirror: not at all if it exists, by mounting if another repository there has it, else
    /// from upstream; returns whether its bytes were sent. `ask`: it may exist, whoever sent it.
    async fn put_blob(&self, blob: Descriptor, route: Route<'_>, ask: bool) -> Result<bool, CopyError> {
        let Route { step, mirror, bar, anew } = route;
        let mut holders = self.known.blob(&blob.digest).await;
        if !anew && holders.contains(&step.repository) {
            bar.came(blob.size);
            return Ok(false);
        }
        let _permit = self.blobs.acquire().await.map_err(|e| CopyError::new(FailedStep::Blob, e))?;
        // Best effort: if it cannot be asked, it is sent.
        if ask && mirror.store.has_blob(&blob.digest).await.unwrap_or(false) {
            bar.came(blob.size);
            holders.insert(step.repository.clone());
            return Ok(false);
        }
        let (sources, turns) = (self.sources.clone(), Arc::clone(&self.turns));
        let upstream = Upstream::new(sources, step.source.clone(), blob.clone(), turns, bar.clone());
        let put = if anew {
            mirror.store.put_blob_anew(&blob, &upstream).await.map(|()| Put::Uploaded)
        } else {
            mirror.store.put_blob(&blob, self.mount(&holders, step, mirror).as_ref(), &upstream).await
        };
        match put {
            Ok(put) => {
                if put == Put::Mounted {
                    bar.came(blob.size);
                    self.known.rely(&step.repository);
                }
                holders.insert(step.repository.clone());
                Ok(put == Put::Uploaded)
            }
            Err(error) => Err(match upstream.fault() {
                Some(fault) => CopyError::new(FailedStep::Blob, fault),
                None => CopyError::at_destination(FailedStep::Blob, &error),
            }),
        }
    }

    /// Where a blob can be mounted from: a sibling that has it, or the source if that is on the same registry.
    fn mount(&self, holders: &Holders, step: &Step, mirror: &Mirror) -> Option<RepositoryName> {
        let name = mirror.name()?;
        if let Some(sibling) = holders.iter().find(|holder| **holder != step.repository) {
            let organization = name.as_str().strip_suffix(step.repository.as_str())?;
            return format!("{organization}{sibling}").parse().ok();
        }
        match &step.source {
            Location::Remote(source) if self.may_mount(step, &mirror.location) && source.name != *name => {
                Some(source.name.clone())
            }
            _ => None,
        }
    }

    /// Puts everything below the top, the deepest first, so that nothing ever refers to something missing.
    pub(super) async fn put_manifests(&self, tree: &Tree, route: Route<'_>) -> Result<(), CopyError> {
        let Route { step: Step { repository, .. }, mirror, .. } = route;
        for level in tree.levels.iter().rev() {
            let missing = level.iter().filter(|document| !self.known.has_manifest(repository, &document.digest));
            let puts = stream::iter(missing.cloned().collect::<Vec<_>>()).map(|document| async move {
                let reference = Reference::Digest(document.digest.clone());
                let put = mirror.store.put_manifest(&reference, &document).await;
                put.map_err(|e| CopyError::at_destination(FailedStep::Manifest, &e))?;
                self.known.add_manifest(repository, &document.digest);
                Ok::<(), CopyError>(())
            });
            puts.buffer_unordered(TOGETHER).try_collect::<()>().await?;
        }
        Ok(())
    }

    /// Copies everything that a manifest refers to.
    pub(super) async fn put_tree(&self, tree: &Tree, route: Route<'_>) -> Result<(), CopyError> {
        self.put_blobs(&tree.blobs, route).await?;
        self.put_manifests(tree, route).await
    }

    /// If a mirror rejects a manifest because it lacks, or may lack, something it was assumed to have: assumptions no
    /// longer count, and everything is checked and copied if missing.
    ///
    /// # Errors
    /// `error` if that does not help.
    pub(super) async fn bring_anew(&self, error: CopyError, tree: &Tree, route: Route<'_>) -> Result<(), CopyError> {
        let repository = &route.step.repository;
        match error.lack {
            Lack::Said => {}
            Lack::Possible if self.known.is_relied_on(repository) => {}
            _ => return Err(error),
        }
        let text = "the mirror lacks blobs that it was assumed to have: copying them again";
        tracing::warn!("{}: {text} ({})", route.mirror.location, error.text);
        self.known.forget(repository, tree).await;
        self.put_tree(tree, Route { anew: true, ..route }).await
    }
}
