//! Brings blobs and manifests to a mirror: what it has is not sent, and what several images share is sent once a run.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::Semaphore;

use super::blob::{Turns, Upstream};
use super::error::CopyError;
use super::known::{Holders, Known};
use super::tree::Tree;
use crate::image::{Descriptor, Location, Reference, RepositoryName};
use crate::observe::sources::Sources;
use crate::plan::{FailedStep, Step};
use crate::progress::Bar;
use crate::registry::{Put, Registries, Store};

/// How many requests about blobs or manifests are under way at once; each host's own limit is the client's.
pub(super) const TOGETHER: usize = 16;

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
    /// Shows how far it is.
    pub(super) bar: &'a Bar,
}

/// Brings images from their sources to one destination.
pub(super) struct Delivery {
    registries: Registries,
    pub(super) sources: Sources,
    pub(super) known: Known,
    /// Permits of the whole run for blobs that are under way.
    blobs: Semaphore,
    turns: Arc<Turns>,
}

impl Delivery {
    pub(super) fn new(registries: Registries, sources: Sources) -> Self {
        let (known, blobs, turns) = (Known::default(), Semaphore::new(TOGETHER), Arc::default());
        Self { registries, sources, known, blobs, turns }
    }

    /// The mirror of a step, to be written: where blobs may be mounted from the source, one token is for both.
    pub(super) fn mirror(&self, step: &Step, location: Location) -> Mirror {
        let from = match &step.source {
            Location::Remote(source) if self.may_mount(step, &location) => std::slice::from_ref(source),
            _ => &[],
        };
        Mirror { store: self.registries.destination(&location, from), location }
    }

    /// Whether the source is on the mirror's own registry, and lets this run's credential read.
    fn may_mount(&self, step: &Step, location: &Location) -> bool {
        step.source.registry().is_some()
            && step.source.registry() == location.registry()
            && !self.sources.is_refused(&step.source)
    }

    pub(super) async fn put_blobs(&self, blobs: &[Descriptor], route: Route<'_>) -> Result<(), CopyError> {
        route.bar.expect(blobs.len(), blobs.iter().map(|blob| blob.size).sum());
        let puts = stream::iter(blobs.iter().cloned()).map(|blob| self.put_blob(blob, route));
        puts.buffer_unordered(TOGETHER).try_collect().await
    }

    /// Brings one blob to the mirror: not at all where it is, by mounting where another repository there has it, else from
    /// upstream.
    async fn put_blob(&self, blob: Descriptor, route: Route<'_>) -> Result<(), CopyError> {
        let Route { step, mirror, bar } = route;
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
    fn mount(&self, holders: &Holders, step: &Step, mirror: &Mirror) -> Option<RepositoryName> {
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

    /// Brings everything that a manifest names.
    pub(super) async fn put_tree(&self, tree: &Tree, route: Route<'_>) -> Result<(), CopyError> {
        self.put_blobs(&tree.blobs, route).await?;
        self.put_manifests(tree, route).await
    }
}
