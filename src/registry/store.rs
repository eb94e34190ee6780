//! One repository, wherever it is kept.

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;

use super::error::{Error, ErrorKind};
use crate::content::{Document, companion};
use crate::image::{Descriptor, Digest, Location, Reference, RepositoryName, Tag};

/// A stream of a blob's bytes.
pub type ByteStream = BoxStream<'static, Result<Bytes, Error>>;

/// One repository, on a registry or on disk. Absence is `None`; a refusal, a fault or a limit is an error, never
/// absence.
///
/// Every manifest returned was checked against the digest it was requested by, or hashed if it was requested by tag.
#[async_trait]
pub trait Store: Send + Sync {
    /// What this is, for messages: `docker.io/library/redis` or `oci:DIR`.
    fn location(&self) -> &Location;

    /// All tags, from every page, in the registry's order; `None` if the repository does not exist.
    async fn tags(&self) -> Result<Option<Vec<Tag>>, Error>;

    /// What a reference resolves to, by HEAD if the registry gives the digest there, else by reading and hashing. The
    /// descriptor has media type, digest and size only.
    async fn head(&self, reference: &Reference) -> Result<Option<Descriptor>, Error>;

    /// The manifest or index, byte for byte.
    async fn manifest(&self, reference: &Reference) -> Result<Option<Document>, Error>;

    /// Whether the blob exists, by HEAD.
    async fn has_blob(&self, digest: &Digest) -> Result<bool, Error>;

    /// The bytes of a blob from `offset`; the caller checks the digest over all of them. If a connection breaks, the
    /// stream resumes by itself, a bounded number of times.
    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<Option<ByteStream>, Error>;

    /// Refused if it is known, before anything is written, that this run's credential may not push here. If only
    /// writing can tell, this succeeds.
    async fn may_push(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Puts a blob. If `mount` names a repository of the same registry that has it, it is mounted from there; if the
    /// registry opens an upload instead (202), that is continued. `source` is opened only if bytes must be sent, and
    /// again if an upload has to start over. The store refuses bytes that do not match the digest.
    async fn put_blob(
        &self,
        blob: &Descriptor,
        mount: Option<&RepositoryName>,
        source: &dyn BlobSource,
    ) -> Result<Put, Error>;

    /// Puts a blob that turned out to be missing although it had been put, and checks that it is there.
    async fn put_blob_anew(&self, blob: &Descriptor, source: &dyn BlobSource) -> Result<(), Error> {
        self.put_blob(blob, None, source).await.map(drop)
    }

    /// Puts a manifest under its digest, or under a tag, exactly as it is, and reads it back by HEAD.
    async fn put_manifest(&self, reference: &Reference, document: &Document) -> Result<(), Error>;

    /// Deletes a tag and nothing else (OCI distribution specification, "Deleting tags"): other tags of the same
    /// manifest stay. A missing tag counts as deleted already.
    async fn delete_tag(&self, tag: &Tag) -> Result<Deleted, Error>;

    /// Deletes a manifest, and with it every tag that resolves to it ("Deleting Manifests"). A missing one counts as
    /// deleted already.
    async fn delete_manifest(&self, digest: &Digest) -> Result<Deleted, Error>;

    /// What refers to a digest, according to the referrers API (OCI distribution specification, "Listing Referrers");
    /// `None` if there is no such API.
    async fn listed_referrers(&self, digest: &Digest) -> Result<Option<Vec<Descriptor>>, Error>;

    /// What refers to a digest: by the referrers API, else by the fallback tag.
    async fn referrers(&self, digest: &Digest) -> Result<Vec<Descriptor>, Error> {
        if let Some(listed) = self.listed_referrers(digest).await? {
            return Ok(listed);
        }
        let fail = |text: String| Error { registry: self.location().to_string(), kind: ErrorKind::Protocol(text) };
        let tag = companion::fallback_tag(digest).map_err(|e| fail(format!("no fallback tag for {digest}: {e}")))?;
        match self.manifest(&Reference::Tag(tag)).await? {
            Some(index) => index.listed().map_err(|e| fail(format!("referrers of {digest}: {e}"))),
            None => Ok(Vec::new()),
        }
    }
}

/// Where the bytes of a blob come from, as often as they are needed.
#[async_trait]
pub trait BlobSource: Send + Sync {
    /// The bytes from the start, unchecked: the store that takes them hashes them.
    async fn open(&self) -> Result<ByteStream, Error>;

    /// The error if the bytes are not the blob, attributed to the source rather than the store that found out.
    fn wrong(&self, text: String) -> Error;
}

/// How a blob got into the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// Mounted from another repository: no bytes were sent.
    Mounted,
    Uploaded,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deleted {
    Done,
    /// The registry does not support deleting this, for anyone; with what it said. Nothing was deleted.
    Unsupported(String),
}
