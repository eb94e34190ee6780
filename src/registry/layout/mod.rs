//! OCI image layouts on disk (OCI image specification, `image-layout.md`).
//!
//! Every file is written under a temporary name, synchronised and renamed, so that a layout is never half-written;
//! `index.json` changes under a lock that ends with its process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;

use super::checked::{Checked, Progress};
use super::error::{Error, ErrorKind};
use super::store::{BlobSource, ByteStream, Deleted, Put, Store};
use crate::content::{Content, Document, MANIFEST_LIMIT, media_type};
use crate::image::{Descriptor, Digest, Location, Reference, RepositoryName, Tag};

mod files;
mod index;

use index::{Entry, Index};

pub(super) struct Layout {
    location: Location,
    path: PathBuf,
    /// Read only: a missing directory is a mistake, not an empty layout.
    must_exist: bool,
    /// Set once left-overs of killed runs have been removed.
    swept: tokio::sync::OnceCell<()>,
}

/// How deep nested indexes are searched for names and referrers.
const DEPTH: usize = 4;

impl Layout {
    /// The layout in this directory, created on the first write.
    pub(super) fn new(path: PathBuf) -> Self {
        let location = Location::Layout(path.clone());
        Self { location, path, must_exist: false, swept: tokio::sync::OnceCell::new() }
    }

    /// The same, as a source that is only read.
    pub(super) fn source(path: PathBuf) -> Self {
        Self { must_exist: true, ..Self::new(path) }
    }

    /// # Errors
    /// If this is a source whose directory does not exist.
    async fn check(&self) -> Result<(), Error> {
        let exists = tokio::fs::try_exists(&self.path).await.map_err(|e| self.disk(&self.path, &e))?;
        if exists || !self.must_exist {
            return Ok(());
        }
        let text = "the directory does not exist here; in a job, actions/checkout before this step brings the repository's files";
        Err(self.error(ErrorKind::Disk(text.to_owned())))
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error { registry: self.location.to_string(), kind }
    }

    fn disk(&self, what: &Path, error: &std::io::Error) -> Error {
        self.error(ErrorKind::Disk(format!("{}: {error}", what.display())))
    }

    fn unusable(&self, text: impl Into<String>) -> Error {
        self.error(ErrorKind::Protocol(text.into()))
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.path.join("blobs").join(digest.algorithm()).join(digest.hex())
    }

    /// `index.json`; `None` if there is no layout.
    async fn index(&self) -> Result<Option<Index>, Error> {
        let path = self.path.join("index.json");
        let Some(bytes) = files::read(&path, MANIFEST_LIMIT).await.map_err(|e| self.disk(&path, &e))? else {
            return Ok(None);
        };
        Index::parse(&bytes).map(Some).map_err(|e| self.unusable(format!("index.json: {e}")))
    }

    /// A document by digest, its bytes verified.
    async fn document(&self, digest: &Digest, called: Option<&str>) -> Result<Option<Document>, Error> {
        let path = self.blob_path(digest);
        let Some(bytes) = files::read(&path, MANIFEST_LIMIT).await.map_err(|e| self.disk(&path, &e))? else {
            return Ok(None);
        };
        if !digest.matches(&bytes) {
            return Err(
                self.error(ErrorKind::Mismatch(format!("the bytes of {} do not have its digest", path.display())))
            );
        }
        let document = Document::new(bytes.into(), called, Some(digest));
        document.map(Some).map_err(|e| self.error(ErrorKind::of_content(digest.as_str(), &e)))
    }

    /// The names in the layout and their entries: from `index.json`, and from unnamed indexes in it. If there is a
    /// single entry without a name, it counts as `latest`.
    async fn names(&self) -> Result<Option<Vec<(Tag, Entry)>>, Error> {
        let Some(index) = self.index().await? else { return Ok(None) };
        let mut names = Vec::new();
        let mut level = index.entries;
        let nameless: Vec<Entry> = level.iter().filter(|e| e.name().is_none()).cloned().collect();
        for _ in 0..DEPTH {
            let mut deeper = Vec::new();
            for entry in level {
                match entry.name() {
                    Some(tag) => names.push((tag, entry)),
                    None if media_type::is_index(&entry.media_type) => deeper.extend(self.children(&entry).await?),
                    None => {}
                }
            }
            level = deeper;
        }
        if let ([], [only]) = (names.as_slice(), nameless.as_slice()) {
            names.extend("latest".parse().map(|tag| (tag, only.clone())));
        }
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|(tag, _)| seen.insert(tag.clone()));
        Ok(Some(names))
    }

    async fn children(&self, entry: &Entry) -> Result<Vec<Entry>, Error> {
        let Some(document) = self.document(&entry.digest, Some(&entry.media_type)).await? else {
            return Ok(Vec::new());
        };
        match document.read().map_err(|e| self.unusable(format!("{}: {e}", entry.digest)))? {
            Content::Index { children, .. } => Ok(children.into_iter().map(Entry::from).collect()),
            Content::Manifest { .. } => Ok(Vec::new()),
        }
    }

    async fn find(&self, reference: &Reference) -> Result<Option<Document>, Error> {
        self.check().await?;
        match reference {
            Reference::Digest(digest) => self.document(digest, None).await,
            Reference::Tag(tag) => {
                let names = self.names().await?.unwrap_or_default();
                let Some((_, entry)) = names.into_iter().find(|(name, _)| name == tag) else { return Ok(None) };
                let document = self.document(&entry.digest, Some(&entry.media_type)).await?;
                document
                    .map(Some)
                    .ok_or_else(|| self.unusable(format!("{tag} refers to {}, which does not exist", entry.digest)))
            }
        }
    }

    /// Removes, once, half-written files of killed runs. Best effort: they are never taken for blobs.
    async fn sweep(&self) {
        let sweep = async {
            for directory in [self.path.clone(), self.path.join("blobs/sha256"), self.path.join("blobs/sha512")] {
                if let Err(e) = files::sweep(directory.clone()).await {
                    tracing::debug!("{}: leftovers of interrupted runs could not be removed: {e}", directory.display());
                }
            }
        };
        self.swept.get_or_init(|| sweep).await;
    }

    /// Changes `index.json` under the lock.
    async fn change(&self, change: impl FnOnce(&mut Index) + Send) -> Result<(), Error> {
        let fail = |e: std::io::Error| self.disk(&self.path, &e);
        let _lock = files::lock(self.path.join("index.json.lock")).await.map_err(fail)?;
        let marker = self.path.join("oci-layout");
        if !tokio::fs::try_exists(&marker).await.map_err(fail)? {
            files::write(&marker, br#"{"imageLayoutVersion":"1.0.0"}"#).await.map_err(fail)?;
        }
        let mut index = self.index().await?.unwrap_or_default();
        let before = index.clone();
        change(&mut index);
        if index == before && tokio::fs::try_exists(self.path.join("index.json")).await.map_err(fail)? {
            return Ok(());
        }
        files::write(&self.path.join("index.json"), &index.to_bytes()).await.map_err(fail)
    }
}

#[async_trait]
impl Store for Layout {
    fn location(&self) -> &Location {
        &self.location
    }

    async fn tags(&self) -> Result<Option<Vec<Tag>>, Error> {
        self.check().await?;
        Ok(self.names().await?.map(|names| names.into_iter().map(|(tag, _)| tag).collect()))
    }

    async fn head(&self, reference: &Reference) -> Result<Option<Descriptor>, Error> {
        Ok(self.find(reference).await?.map(Document::into_plain_descriptor))
    }

    async fn manifest(&self, reference: &Reference) -> Result<Option<Document>, Error> {
        self.find(reference).await
    }

    async fn has_blob(&self, digest: &Digest) -> Result<bool, Error> {
        let path = self.blob_path(digest);
        tokio::fs::try_exists(&path).await.map_err(|e| self.disk(&path, &e))
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<Option<ByteStream>, Error> {
        let path = self.blob_path(&blob.digest);
        let Some((file, length)) = files::open(&path, offset).await.map_err(|e| self.disk(&path, &e))? else {
            return Ok(None);
        };
        if length != blob.size {
            let text = format!("{} has {length} bytes instead of {}", path.display(), blob.size);
            return Err(self.error(ErrorKind::Mismatch(text)));
        }
        let (registry, shown) = (self.location.to_string(), path.display().to_string());
        let bytes = files::stream(file).map(move |chunk| {
            let text = |e: std::io::Error| ErrorKind::Disk(format!("{shown}: {e}"));
            chunk.map_err(|e| Error { registry: registry.clone(), kind: text(e) })
        });
        Ok(Some(bytes.boxed()))
    }

    async fn put_blob(
        &self,
        blob: &Descriptor,
        _mount: Option<&RepositoryName>,
        source: &dyn BlobSource,
    ) -> Result<Put, Error> {
        let path = self.blob_path(&blob.digest);
        if self.has_blob(&blob.digest).await? {
            return Ok(Put::Mounted);
        }
        self.sweep().await;
        let fail = |e: std::io::Error| self.disk(&path, &e);
        let bytes = Checked::new(source.open().await?, blob, Arc::<Progress>::default()).into_stream();
        let mut bytes = std::pin::pin!(bytes);
        let mut partial = files::Partial::create(&path).await.map_err(fail)?;
        while let Some(chunk) = bytes.next().await {
            partial.file().write_all(&chunk.map_err(|stopped| stopped.blame(source))?).await.map_err(fail)?;
        }
        partial.finish().await.map_err(fail)?;
        Ok(Put::Uploaded)
    }

    async fn put_manifest(&self, reference: &Reference, document: &Document) -> Result<(), Error> {
        if let Reference::Digest(digest) = reference
            && *digest != document.digest
        {
            return Err(self.error(ErrorKind::Mismatch(format!("{} is not {digest}", document.digest))));
        }
        self.sweep().await;
        let path = self.blob_path(&document.digest);
        files::write(&path, &document.bytes).await.map_err(|e| self.disk(&path, &e))?;
        let content = document.read().map_err(|e| self.unusable(format!("{}: {e}", document.digest)))?;
        let entry = document.descriptor().map(Entry::from).map_err(|e| self.unusable(e.to_string()))?;
        match reference {
            Reference::Tag(tag) => self.change(|index| index.name(tag, entry)).await?,
            // A manifest that refers to another is found through index.json; the members of an index are found through
            // the index.
            Reference::Digest(_) if content.subject().is_some() => self.change(|index| index.add(entry)).await?,
            Reference::Digest(_) => self.change(|_| {}).await?,
        }
        match self.head(reference).await? {
            Some(found) if found.digest == document.digest => Ok(()),
            _ => Err(self.error(ErrorKind::Mismatch(format!("{reference} was written, but cannot be read back")))),
        }
    }

    async fn delete_tag(&self, tag: &Tag) -> Result<Deleted, Error> {
        match self.index().await? {
            Some(_) => self.change(|index| index.unname(tag)).await.map(|()| Deleted::Done),
            None => Ok(Deleted::Done),
        }
    }

    async fn delete_manifest(&self, digest: &Digest) -> Result<Deleted, Error> {
        match self.index().await? {
            Some(_) => self.change(|index| index.remove(digest)).await.map(|()| Deleted::Done),
            None => Ok(Deleted::Done),
        }
    }

    async fn listed_referrers(&self, digest: &Digest) -> Result<Option<Vec<Descriptor>>, Error> {
        let Some(index) = self.index().await? else { return Ok(Some(Vec::new())) };
        let mut found: Vec<Descriptor> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        let mut level = index.entries;
        for _ in 0..DEPTH {
            let mut deeper = Vec::new();
            for entry in level.into_iter().filter(|e| media_type::ACCEPTED.contains(&e.media_type.as_str())) {
                if !seen.insert(entry.digest.clone()) {
                    continue;
                }
                let Some(document) = self.document(&entry.digest, Some(&entry.media_type)).await? else { continue };
                let content = document.read().map_err(|e| self.unusable(format!("{}: {e}", entry.digest)))?;
                if content.subject().is_some_and(|s| s.digest == *digest) {
                    found.push(document.descriptor().map_err(|e| self.unusable(e.to_string()))?);
                }
                if let Content::Index { children, .. } = content {
                    deeper.extend(children.into_iter().map(Entry::from));
                }
            }
            level = deeper;
        }
        Ok(Some(found))
    }
}
