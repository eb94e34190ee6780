//! The OCI distribution protocol.

use std::sync::Arc;

use async_trait::async_trait;

use super::{BlobSource, ByteStream, Error, Put, Store};
use crate::content::Document;
use crate::image::{Descriptor, Digest, Location, Reference, Repository, RepositoryName, Tag};

/// What all remote repositories of a run share: the pool, tokens, credentials, limits per host.
pub struct Client;

/// A repository on a registry.
pub struct Remote {
    location: Location,
}

impl Remote {
    /// The repository, behind `client`.
    #[must_use]
    pub fn new(client: Arc<Client>, repository: Repository) -> Self {
        drop(client);
        Self { location: Location::Remote(repository) }
    }
}

#[async_trait]
impl Store for Remote {
    fn location(&self) -> &Location {
        &self.location
    }

    async fn tags(&self) -> Result<Option<Vec<Tag>>, Error> {
        todo!()
    }

    async fn head(&self, _reference: &Reference) -> Result<Option<Descriptor>, Error> {
        todo!()
    }

    async fn manifest(&self, _reference: &Reference) -> Result<Option<Document>, Error> {
        todo!()
    }

    async fn has_blob(&self, _digest: &Digest) -> Result<bool, Error> {
        todo!()
    }

    async fn blob(&self, _blob: &Descriptor, _offset: u64) -> Result<Option<ByteStream>, Error> {
        todo!()
    }

    async fn put_blob(
        &self,
        _blob: &Descriptor,
        _mount: Option<&RepositoryName>,
        _source: &dyn BlobSource,
    ) -> Result<Put, Error> {
        todo!()
    }

    async fn put_manifest(&self, _reference: &Reference, _document: &Document) -> Result<(), Error> {
        todo!()
    }

    async fn referrers(&self, _digest: &Digest) -> Result<Vec<Descriptor>, Error> {
        todo!()
    }
}
