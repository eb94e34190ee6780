//! The OCI distribution protocol.
//!
//! `oci-client` is used for what it does soundly (references, media types, and as an oracle in tests). Its requests are
//! not used: it requests a token once per waiting task, never retries, gives up a mount that becomes an upload, loses
//! referrers behind a rate limit, and reads manifests without bound.

use async_trait::async_trait;

use super::error::Error;
use super::store::{BlobSource, ByteStream, Deleted, Put, Store};
use crate::content::Document;
use crate::image::{Descriptor, Digest, Location, Reference, RepositoryName, Tag};

mod absence;
mod authorize;
mod blobs;
mod body;
mod call;
mod client;
mod delete;
mod endpoint;
mod gate;
mod grant;
mod habits;
mod manifests;
mod mount;
mod mounts;
mod pace;
mod pages;
mod probe;
mod puts;
mod realm;
mod referrers;
mod repository;
mod session;
mod settle;
mod settling;
mod transport;
mod upload;
mod watch;

pub(crate) use super::wire::Derived;
pub use super::wire::Patience;
pub use client::{Client, Options, Reach};
pub(crate) use grant::PushGrant;
pub use realm::TokenServices;
pub(crate) use realm::token_services;
pub(crate) use repository::Remote;

#[async_trait]
impl Store for Remote {
    fn location(&self) -> &Location {
        &self.location
    }

    async fn tags(&self) -> Result<Option<Vec<Tag>>, Error> {
        self.list_tags().await
    }

    async fn head(&self, reference: &Reference) -> Result<Option<Descriptor>, Error> {
        self.head_manifest(reference, self.pull()).await
    }

    async fn manifest(&self, reference: &Reference) -> Result<Option<Document>, Error> {
        self.get_manifest(reference, self.pull()).await
    }

    async fn has_blob(&self, digest: &Digest) -> Result<bool, Error> {
        self.head_blob(digest).await
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<Option<ByteStream>, Error> {
        self.get_blob(blob, offset).await
    }

    async fn may_push(&self) -> Result<(), Error> {
        self.ask_to_push().await
    }

    async fn put_blob(
        &self,
        blob: &Descriptor,
        mount: Option<&RepositoryName>,
        source: &dyn BlobSource,
    ) -> Result<Put, Error> {
        self.mount_or_upload(blob, mount, source).await
    }

    async fn put_blob_anew(&self, blob: &Descriptor, source: &dyn BlobSource) -> Result<(), Error> {
        self.upload_anew(blob, source).await
    }

    async fn put_manifest(&self, reference: &Reference, document: &Document) -> Result<(), Error> {
        self.push_manifest(reference, document).await
    }

    async fn delete_tag(&self, tag: &Tag) -> Result<Deleted, Error> {
        self.delete(&Reference::Tag(tag.clone())).await
    }

    async fn delete_manifest(&self, digest: &Digest) -> Result<Deleted, Error> {
        self.delete(&Reference::Digest(digest.clone())).await
    }

    async fn listed_referrers(&self, digest: &Digest) -> Result<Option<Vec<Descriptor>>, Error> {
        self.list_referrers(digest).await
    }
}
