//! Registries: one boundary, two implementations. [`remote`] speaks the OCI distribution protocol, [`layout`] keeps
//! OCI image layouts on disk. Both pass the contract suite in `tests/it/registry_contract.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;

use crate::content::{Document, companion};
use crate::image::{Descriptor, Digest, Location, Reference, RegistryHost, Repository, RepositoryName, Tag};

pub mod auth;
pub mod aws;
mod checked;
pub mod credentials;
pub mod layout;
pub mod remote;

/// A stream of a blob's bytes.
pub type ByteStream = BoxStream<'static, Result<Bytes, Error>>;

/// One repository, on a registry or on disk. Absence is `None`; a refusal, a fault or a limit is an error, never absence.
///
/// Every manifest that comes out was checked against the digest it was asked by, or hashed where it was asked by tag.
#[async_trait]
pub trait Store: Send + Sync {
    /// What this is, for people: `docker.io/library/redis` or `oci:DIR`.
    fn location(&self) -> &Location;

    /// All tags, every page of them, in the registry's order; `None` where the repository does not exist.
    async fn tags(&self) -> Result<Option<Vec<Tag>>, Error>;

    /// What a reference answers, by HEAD where the registry gives the digest there, else by reading and hashing.
    /// The descriptor has media type, digest and size only.
    async fn head(&self, reference: &Reference) -> Result<Option<Descriptor>, Error>;

    /// The manifest or index, byte for byte.
    async fn manifest(&self, reference: &Reference) -> Result<Option<Document>, Error>;

    /// Whether the blob is there, by HEAD.
    async fn has_blob(&self, digest: &Digest) -> Result<bool, Error>;

    /// The bytes of a blob from `offset`; the caller checks the digest over all of them. Where a connection breaks the
    /// stream goes on by itself, a bounded number of times.
    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<Option<ByteStream>, Error>;

    /// Refused where it is known, before anything is written, that this run's credential may not push here. Where only
    /// writing can tell, nothing is said.
    async fn may_push(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Puts a blob. Where `mount` names a repository of the same registry that has it, it is mounted from there, and the
    /// upload that a registry opens instead (202) is continued. `source` is opened only if bytes must be sent, and again
    /// where an upload has to start over. The store refuses bytes that do not have the digest.
    async fn put_blob(
        &self,
        blob: &Descriptor,
        mount: Option<&RepositoryName>,
        source: &dyn BlobSource,
    ) -> Result<Put, Error>;

    /// Puts a manifest under its digest, or under a tag, exactly as it is, and reads it back by HEAD.
    async fn put_manifest(&self, reference: &Reference, document: &Document) -> Result<(), Error>;

    /// Deletes a tag and nothing else (OCI distribution specification, "Deleting tags"): other tags of the same manifest stay.
    /// A tag that is not there is deleted already.
    async fn delete_tag(&self, tag: &Tag) -> Result<Deleted, Error>;

    /// Deletes a manifest, and with it every tag that answers it ("Deleting Manifests"). One that is not there is deleted
    /// already.
    async fn delete_manifest(&self, digest: &Digest) -> Result<Deleted, Error>;

    /// What refers to a digest, as the referrers API says (OCI distribution specification, "Listing Referrers"); `None` where
    /// there is no such API.
    async fn listed_referrers(&self, digest: &Digest) -> Result<Option<Vec<Descriptor>>, Error>;

    /// What refers to a digest: by the referrers API, else by the fallback tag.
    async fn referrers(&self, digest: &Digest) -> Result<Vec<Descriptor>, Error> {
        if let Some(listed) = self.listed_referrers(digest).await? {
            return Ok(listed);
        }
        let fail = |text: String| Error { registry: self.location().to_string(), kind: ErrorKind::Protocol(text) };
        let tag = companion::fallback_tag(digest).map_err(|e| fail(format!("no fallback tag for {digest}: {e}")))?;
        match self.manifest(&Reference::Tag(tag)).await? {
            Some(index) => index.children().map_err(|e| fail(format!("referrers of {digest}: {e}"))),
            None => Ok(Vec::new()),
        }
    }
}

/// Where the bytes of a blob come from, as often as they are needed.
#[async_trait]
pub trait BlobSource: Send + Sync {
    /// The bytes from the start, unchecked: the store that takes them hashes them.
    async fn open(&self) -> Result<ByteStream, Error>;

    /// The error where what came is not the blob, in the source's name: the store that found out is not to blame.
    fn wrong(&self, text: String) -> Error;
}

/// How a blob came to be in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// Mounted from another repository: no byte was sent.
    Mounted,
    /// Uploaded.
    Uploaded,
}

/// What became of a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Done,
    /// The registry deletes no such thing, whoever asks; with what it said. Nothing was deleted.
    Unsupported(String),
}

/// What went wrong with a registry. The kinds are what callers decide by; the text is for people and holds no secret.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{registry}: {kind}")]
pub struct Error {
    /// The registry or directory, as manifests name it.
    pub registry: String,
    /// What happened.
    pub kind: ErrorKind,
}

/// The kinds of [`Error`].
#[derive(Debug, Clone, thiserror::Error)]
pub enum ErrorKind {
    /// 401 or 403, with what the registry said of it: the credential is missing, wrong or not allowed to do this.
    #[error("refused {action}: {detail}")]
    Refused {
        /// What was being done, such as `pull of library/redis`.
        action: String,
        /// What the registry said, cleaned and cut.
        detail: String,
    },
    /// Too many requests, and the registry asks for a longer pause than is waited.
    #[error("rate limit: {0}")]
    RateLimited(String),
    /// No answer: name resolution, connection, TLS, timeout, stalled body.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The registry answered with a server error until the tries were used up.
    #[error("server error: {0}")]
    Server(String),
    /// The answer breaks the protocol or one of our limits, or is not what was asked for.
    #[error("unusable answer: {0}")]
    Protocol(String),
    /// The bytes do not have the digest or size that they should have.
    #[error("{0}")]
    Mismatch(String),
    /// Reading or writing a layout on disk failed.
    #[error("{0}")]
    Disk(String),
    /// The address may not be contacted here.
    #[error("not contacted: {0}")]
    Forbidden(String),
}

impl ErrorKind {
    /// The same kind, its text beginning with what was being done. A refusal says that already.
    pub(crate) fn about(self, action: &str) -> Self {
        match self {
            Self::Refused { .. } => self,
            other => other.map(|text| format!("{action}: {text}")),
        }
    }

    /// The same refusal with something more said of it.
    pub(crate) fn and(self, more: &str) -> Self {
        match self {
            Self::Refused { action, detail } => Self::Refused { action, detail: format!("{detail}; {more}") },
            other => other,
        }
    }

    /// The same kind with every text of it changed.
    pub(crate) fn map(self, change: impl Fn(String) -> String) -> Self {
        match self {
            Self::Refused { action, detail } => Self::Refused { action: change(action), detail: change(detail) },
            Self::RateLimited(text) => Self::RateLimited(change(text)),
            Self::Unreachable(text) => Self::Unreachable(change(text)),
            Self::Server(text) => Self::Server(change(text)),
            Self::Protocol(text) => Self::Protocol(change(text)),
            Self::Mismatch(text) => Self::Mismatch(change(text)),
            Self::Disk(text) => Self::Disk(change(text)),
            Self::Forbidden(text) => Self::Forbidden(change(text)),
        }
    }
}

/// The registries of one run: one connection pool, one set of credentials, one token cache, shared by everything.
#[derive(Clone, Debug)]
pub struct Registries {
    client: Arc<remote::Client>,
}

impl Registries {
    /// Registries behind `client`.
    #[must_use]
    pub fn new(client: Arc<remote::Client>) -> Self {
        Self { client }
    }

    /// The client behind them: its HTTP client can be shared.
    #[must_use]
    pub fn client(&self) -> &Arc<remote::Client> {
        &self.client
    }

    /// The repository at `location`.
    #[must_use]
    pub fn open(&self, location: &Location) -> Arc<dyn Store> {
        match location {
            Location::Remote(repository) => Arc::new(self.remote(repository)),
            Location::Layout(path) => Arc::new(layout::Layout::new(path.clone())),
        }
    }

    /// The API of Amazon ECR behind a host; `None` where that is another registry, or where no keys are given.
    #[must_use]
    pub fn ecr<'a>(&'a self, registry: &'a RegistryHost) -> Option<aws::Ecr<'a>> {
        aws::Ecr::new(&self.client, registry)
    }

    /// The repository at `location`, asked as nobody: for public sources that refuse this run's credential.
    #[must_use]
    pub fn open_anonymously(&self, location: &Location) -> Arc<dyn Store> {
        match location {
            Location::Remote(repository) => Arc::new(self.remote(repository).anonymous()),
            Location::Layout(_) => self.open(location),
        }
    }

    /// The repository at `location`, to be written: one token is asked for reading and writing it, and for reading the
    /// repositories of the same registry that blobs will be mounted from or that are copied from.
    #[must_use]
    pub fn destination(&self, location: &Location, from: &[Repository]) -> Arc<dyn Store> {
        if let Location::Remote(repository) = location {
            self.client.expect(repository, from);
        }
        self.open(location)
    }

    /// The same registries within a narrower reach, with connections and tokens of their own.
    ///
    /// # Errors
    /// Where no such client can be made.
    pub fn within(&self, reach: Reach) -> Result<Self, crate::net::NetError> {
        let options = remote::Options { reach, ..self.client.options().clone() };
        Ok(Self::new(Arc::new(remote::Client::new(options)?)))
    }

    /// The same registries asked with other credentials, with connections and tokens of their own.
    ///
    /// # Errors
    /// Where no such client can be made.
    pub fn with_credentials(&self, credentials: credentials::Credentials) -> Result<Self, crate::net::NetError> {
        let options = remote::Options { credentials, ..self.client.options().clone() };
        Ok(Self::new(Arc::new(remote::Client::new(options)?)))
    }

    /// A repository on a registry.
    #[must_use]
    pub fn remote(&self, repository: &Repository) -> remote::Remote {
        remote::Remote::new(Arc::clone(&self.client), repository.clone())
    }
}

/// Which hosts may be contacted. `check` narrows this; everything else may reach any.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Only these registries (and their token services); `None` allows all.
    pub only: Option<BTreeSet<RegistryHost>>,
    /// Refuse loopback, link-local and private addresses, at connect time, `WHARFINGER_HOSTS` apart.
    pub public_only: bool,
}
