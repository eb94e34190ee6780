//! What the tags of mirrors resolve to.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::error::MirrorError;
use crate::content::Document;
use crate::hub::Hub;
use crate::image::{Digest, Reference, RepositoryName, Tag};
use crate::manifest::Manifest;
use crate::observe::documents::Documents;
use crate::observe::ecr;
use crate::observe::repositories::RepositorySettings;
use crate::plan::FailedStep;
use crate::registry::{Error, ErrorKind, Registries, Store};

/// Reads the tags of a manifest's mirrors.
pub(super) struct TagReader<'a> {
    registries: &'a Registries,
    pub(super) documents: &'a Documents,
    /// Docker Hub's own API, if the mirrors are there and there is a credential for it.
    hub: Option<&'a Hub>,
    pub(super) manifest: &'a Manifest,
    /// Repositories that the destination's API was asked about, and whether they are missing.
    missing: Mutex<BTreeMap<RepositoryName, bool>>,
}

impl<'a> TagReader<'a> {
    /// `seen`: what Docker Hub has said about repositories so far.
    pub(super) fn new(
        registries: &'a Registries,
        documents: &'a Documents,
        hub: Option<&'a Hub>,
        manifest: &'a Manifest,
        seen: &RepositorySettings,
    ) -> Self {
        let missing = seen.missing.iter().map(|name| (name.clone(), true));
        let missing = missing.chain(seen.found.keys().map(|name| (name.clone(), false))).collect();
        Self { registries, documents, hub, manifest, missing: Mutex::new(missing) }
    }

    /// Docker Hub's own API, if it is available.
    pub(super) const fn hub(&self) -> Option<&'a Hub> {
        self.hub
    }

    pub(super) const fn has_hub(&self) -> bool {
        self.hub.is_some()
    }

    pub(super) fn open(&self, repository: &RepositoryName) -> Result<Arc<dyn Store>, MirrorError> {
        match self.manifest.mirror(repository) {
            Ok(location) => Ok(self.registries.open(&location)),
            Err(error) => Err(MirrorError::Approval(FailedStep::Resolve, error.to_string())),
        }
    }

    /// What a tag of `mirror` resolves to; `whole`: its document is read and kept, not only its digest. Docker Hub
    /// refuses to answer for repositories that do not exist: then there is no tag either.
    pub(super) async fn tag(
        &self,
        mirror: &dyn Store,
        repository: &RepositoryName,
        tag: &Tag,
        whole: bool,
    ) -> Result<Option<Digest>, MirrorError> {
        let reference = Reference::Tag(tag.clone());
        let read = if whole { self.read(mirror, &reference).await } else { None };
        let answer = match read {
            Some(answer) => answer,
            None => mirror.head(&reference).await.map(|held| held.map(|descriptor| descriptor.digest)),
        };
        match answer {
            Err(Error { kind: ErrorKind::Refused { .. }, .. }) if self.is_missing(repository).await? => Ok(None),
            answer => answer.map_err(MirrorError::Destination),
        }
    }

    /// Reads and keeps the document; `None` for one that two readers could understand differently, of which only the
    /// digest counts.
    async fn read(&self, mirror: &dyn Store, reference: &Reference) -> Option<Result<Option<Digest>, Error>> {
        match mirror.manifest(reference).await {
            Err(error) if error.is_ambiguous() => None,
            answer => Some(answer.map(|held| held.map(|document| self.keep(document)))),
        }
    }

    pub(super) fn keep(&self, document: Document) -> Digest {
        self.documents.keep(&document);
        document.digest
    }

    /// Whether the organization has no such repository, according to the destination's own API. `false` if that is not
    /// available.
    pub(super) async fn is_missing(&self, repository: &RepositoryName) -> Result<bool, MirrorError> {
        let mut missing = self.missing.lock().await;
        if let Some(known) = missing.get(repository) {
            return Ok(*known);
        }
        let found = match self.hub {
            Some(hub) => {
                let found = hub.repository(&self.manifest.organization, repository).await;
                found.map_err(MirrorError::Hub)?.is_none()
            }
            None => {
                let missing = ecr::is_missing(self.registries, self.manifest, repository).await;
                missing.map_err(MirrorError::Destination)?
            }
        };
        missing.insert(repository.clone(), found);
        Ok(found)
    }
}
