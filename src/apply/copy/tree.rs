//! Everything that an image consists of: its manifests, read and checked, and the blobs they name.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use crate::content::{Content, ContentError, Document, media_type};
use crate::image::{Descriptor, Digest, Location, Reference};
use crate::observe::sources::Sources;
use crate::registry::Store;

/// How deep indexes may nest, including the top one.
const DEPTH: usize = 4;
/// How many documents one image may have.
const DOCUMENTS: usize = 1_000;
/// How many bytes the documents of one image may have in total: they are kept in memory until the tag is set.
const BYTES: usize = 16 * 1024 * 1024;
/// How many children are read at once.
const TOGETHER: usize = 16;

/// An image, read down to its manifests.
#[derive(Debug)]
pub(super) struct Tree {
    /// The index or manifest that the tag should resolve to.
    pub(super) top: Document,
    /// Everything below it, by level: the last level is put first.
    pub(super) levels: Vec<Vec<Document>>,
    /// The blobs to copy, once each; layers that must not be distributed are left out.
    pub(super) blobs: Vec<Descriptor>,
    /// How many layers were left out for that reason.
    pub(super) foreign: usize,
}

impl Tree {
    pub(super) fn digests(&self) -> Vec<Digest> {
        std::iter::once(&self.top).chain(self.levels.iter().flatten()).map(|document| document.digest.clone()).collect()
    }
}

/// Why an image could not be read.
#[derive(Debug)]
pub(super) enum TreeError {
    /// A document that another one refers to does not exist.
    Missing(Digest),
    /// It exists, but is not what it should be, or exceeds a limit.
    Unusable(String),
    /// Two readers could understand a document differently.
    Ambiguous(String),
    Store(crate::registry::Error),
}

impl TreeError {
    fn of_store(error: crate::registry::Error) -> Self {
        if error.is_ambiguous() { Self::Ambiguous(error.to_string()) } else { Self::Store(error) }
    }

    fn of_content(digest: &Digest, error: &ContentError) -> Self {
        let text = format!("{digest}: {error}");
        match error {
            ContentError::Unusable(_) => Self::Unusable(text),
            ContentError::Ambiguous(_) => Self::Ambiguous(text),
        }
    }
}

impl std::fmt::Display for TreeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(digest) => write!(
                f,
                "the manifest {digest}, which the image's index lists, does not exist: approve a complete version, or remove the approval"
            ),
            Self::Unusable(text) | Self::Ambiguous(text) => f.write_str(text),
            Self::Store(error) => error.fmt(f),
        }
    }
}

/// Where an image is read from.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    Source(&'a Sources, &'a Location),
    Mirror(&'a dyn Store),
}

impl Origin<'_> {
    async fn document(self, digest: &Digest) -> Result<Document, TreeError> {
        let read = match self {
            Self::Source(sources, location) => sources.document(location, digest).await,
            Self::Mirror(store) => store.manifest(&Reference::Digest(digest.clone())).await,
        };
        read.map_err(TreeError::of_store)?.ok_or_else(|| TreeError::Missing(digest.clone()))
    }
}

/// Reads everything below `top`. Every document has the digest, size and media type that its parent says.
pub(super) async fn read(from: Origin<'_>, top: Document) -> Result<Tree, TreeError> {
    let mut blobs = Blobs::default();
    let mut seen = BTreeSet::from([top.digest.clone()]);
    let mut bytes = top.bytes.len();
    let mut children = named(&top, &mut blobs, &mut seen)?;
    let mut levels = Vec::new();
    while !children.is_empty() {
        if levels.len() + 2 > DEPTH {
            return Err(TreeError::Unusable(format!("indexes are nested more than {DEPTH} deep")));
        }
        if seen.len() > DOCUMENTS {
            return Err(TreeError::Unusable(format!("the image has more than {DOCUMENTS} manifests")));
        }
        let level = read_level(from, &children, &mut bytes).await?;
        children.clear();
        for document in &level {
            children.extend(named(document, &mut blobs, &mut seen)?);
        }
        levels.push(level);
    }
    Ok(Tree { top, levels, blobs: blobs.held.into_values().collect(), foreign: blobs.foreign.len() })
}

async fn read_level(from: Origin<'_>, children: &[Descriptor], bytes: &mut usize) -> Result<Vec<Document>, TreeError> {
    let declared: u64 = children.iter().map(|child| child.size).sum();
    if declared > BYTES as u64 {
        return Err(TreeError::Unusable(format!("the image's manifests have more than {BYTES} bytes in total")));
    }
    let mut reads = futures_util::stream::iter(children.iter().cloned())
        .map(|child| async move { checked(&child, from.document(&child.digest).await?) })
        .buffered(TOGETHER);
    let mut level = Vec::with_capacity(children.len());
    while let Some(document) = reads.next().await {
        let document = document?;
        *bytes += document.bytes.len();
        if *bytes > BYTES {
            return Err(TreeError::Unusable(format!("the image's manifests have more than {BYTES} bytes in total")));
        }
        level.push(document);
    }
    Ok(level)
}

/// The document, if it is what its parent says it is.
fn checked(child: &Descriptor, document: Document) -> Result<Document, TreeError> {
    let wrong = |what: &str, said: &dyn std::fmt::Display, is: &dyn std::fmt::Display| {
        TreeError::Unusable(format!("{}: its index says {what} {said}, but it has {is}", child.digest))
    };
    if document.bytes.len() as u64 != child.size {
        return Err(wrong("size", &child.size, &document.bytes.len()));
    }
    if document.media_type != child.media_type {
        return Err(wrong("media type", &child.media_type, &document.media_type));
    }
    Ok(document)
}

/// The documents that this one names and that were not seen yet; its blobs are added to `blobs`.
fn named(document: &Document, blobs: &mut Blobs, seen: &mut BTreeSet<Digest>) -> Result<Vec<Descriptor>, TreeError> {
    let content = document.read().map_err(|e| TreeError::of_content(&document.digest, &e))?;
    let children = match &content {
        Content::Index { children, .. } => children.clone(),
        Content::Manifest { .. } => Vec::new(),
    };
    for blob in content.into_blobs() {
        blobs.add(blob)?;
    }
    Ok(children.into_iter().filter(|child| seen.insert(child.digest.clone())).collect())
}

/// Blobs by digest.
#[derive(Default)]
struct Blobs {
    held: BTreeMap<Digest, Descriptor>,
    /// Layers that must not be distributed.
    foreign: BTreeSet<Digest>,
}

impl Blobs {
    fn add(&mut self, blob: Descriptor) -> Result<(), TreeError> {
        if media_type::is_foreign(&blob.media_type) {
            self.foreign.insert(blob.digest);
            return Ok(());
        }
        match self.held.get(&blob.digest) {
            Some(known) if known.size != blob.size => Err(TreeError::Unusable(format!(
                "{} is listed with both {} and {} bytes",
                blob.digest, known.size, blob.size
            ))),
            Some(_) => Ok(()),
            None => {
                self.held.insert(blob.digest.clone(), blob);
                Ok(())
            }
        }
    }
}
