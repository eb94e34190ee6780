//! OCI image layouts on disk (OCI image specification, `image-layout.md`).

use async_trait::async_trait;

use super::{BlobSource, ByteStream, Error, Put, Store};
use crate::content::Document;
use crate::image::{Descriptor, Digest, Location, Reference, RepositoryName, Tag};

/// An image layout directory.
pub struct Layout {
    location: Location,
}

impl Layout {
    /// The layout in this directory.
    #[must_use]
    pub fn new(path: std::path::PathBuf) -> Self {
        Self { location: Location::Layout(path) }
    }
}

#[async_trait]
impl Store for Layout {
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
