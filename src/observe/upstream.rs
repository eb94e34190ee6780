//! One image upstream, read down to its configurations: whether all of it is available, and how large it is.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use super::sources::Sources;
use crate::content::labels::{Labels, built_for};
use crate::content::{Content, ContentError, Document};
use crate::image::{Descriptor, Digest, Location, Platform};
use crate::plan;
use crate::proposal::body::Exchanged;
use crate::registry::Error;

/// How many children of one index are read at once.
const TOGETHER: usize = 8;

/// How deep indexes may be nested.
const DEPTH: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Walk {
    /// What would be mirrored, except attestations, in the index's order.
    pub parts: Vec<Part>,
    /// How many platforms upstream has that are not wanted.
    pub left_out: usize,
    pub attestations: usize,
    /// The bytes of all distinct blobs and manifests that would be mirrored.
    pub size: u64,
    /// Those blobs and manifests.
    pub blobs: Blobs,
    /// What the configuration of the first platform says about where the image comes from.
    pub labels: Labels,
    /// Its documents, which may have their own signatures.
    pub documents: Vec<Digest>,
    /// The top document, as upstream has it.
    pub top: Option<Document>,
    /// The first wanted thing that is not available or cannot be used.
    pub problem: Option<Problem>,
}

/// Sizes of blobs and manifests.
pub(crate) type Blobs = BTreeMap<Digest, u64>;

/// How many bytes of blobs and manifests each set has that the other lacks.
pub(crate) fn exchanged(before: &Blobs, after: &Blobs) -> Exchanged {
    let lacking = |of: &Blobs, other: &Blobs| {
        let only = of.iter().filter(|(digest, _)| !other.contains_key(*digest));
        only.fold(0_u64, |all, (_, size)| all.saturating_add(*size))
    };
    Exchanged { left: lacking(before, after), came: lacking(after, before) }
}

/// Why not everything wanted can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Something is not available or broken.
    Incomplete(String),
    /// Two readers could understand a document differently.
    Refused(String),
}

impl Problem {
    fn of(name: &str, error: &ContentError) -> Self {
        let text = if name.is_empty() { error.to_string() } else { format!("{name}: {error}") };
        match error {
            ContentError::Unusable(_) => Self::Incomplete(text),
            ContentError::Ambiguous(_) => Self::Refused(text),
        }
    }

    fn walk(self) -> Walk {
        Walk { problem: Some(self), ..Walk::default() }
    }
}

/// One platform's manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The platform as the index names it: untrusted text. Empty if the image is a single manifest.
    pub name: String,
    /// Of a single manifest: the platform that its configuration names.
    pub built_for: Option<Platform>,
    pub digest: Digest,
    /// The bytes of manifest, configuration and layers.
    pub size: u64,
    /// Manifest, configuration and layers.
    pub blobs: Blobs,
    pub config: Option<Descriptor>,
    /// Bottom first.
    pub layers: Vec<Descriptor>,
    /// Of its manifest and of its entry in the index: text by others.
    pub annotations: BTreeMap<String, String>,
}

impl Part {
    /// The name in the index, else the platform that the configuration names.
    pub(crate) fn platform_name(&self) -> String {
        let built_for = || self.built_for.as_ref().map(ToString::to_string).unwrap_or_default();
        if self.name.is_empty() { built_for() } else { self.name.clone() }
    }

    /// Whether both are for one platform. A single manifest has no name: its configuration says what it is for.
    pub(crate) fn is_platform_of(&self, other: &Self) -> bool {
        let named = |part: &Self| part.built_for.clone().or_else(|| part.name.parse().ok());
        let same = |a: Platform, b: Platform| a.admits(&b) || b.admits(&a);
        match (self.name.is_empty(), other.name.is_empty()) {
            (false, false) | (true, true) => self.name == other.name,
            _ => named(self).zip(named(other)).is_some_and(|(own, other)| same(own, other)),
        }
    }
}

/// Reads what `digest` and `platforms` result in; `None` if upstream does not have the digest.
pub(crate) async fn walk(
    sources: &Sources,
    location: &Location,
    digest: &Digest,
    platforms: Option<&[Platform]>,
) -> Result<Option<Walk>, Error> {
    let document = match sources.document(location, digest).await {
        Ok(Some(document)) => document,
        Ok(None) => return Ok(None),
        Err(error) if error.is_ambiguous() => return Ok(Some(Problem::Refused(error.to_string()).walk())),
        Err(error) => return Err(error),
    };
    let wanted = match plan::from_upstream(&document, platforms) {
        Ok(wanted) => wanted,
        Err(error) => return Ok(Some(Problem::of("", &error).walk())),
    };
    let mut tally = Tally::default();
    let reader = Reader { sources, location };
    let found = reader.read(wanted.clone(), Entry::default(), DEPTH).await?;
    found.into_iter().for_each(|node| tally.add(node));
    let left_out = platforms_in(&document).saturating_sub(platforms_in(&wanted));
    Ok(Some(Walk { left_out, top: Some(document), ..tally.walk() }))
}

fn platforms_in(document: &Document) -> usize {
    match document.read() {
        Ok(Content::Index { children, .. }) => children.iter().filter(|c| !is_attestation(c)).count(),
        _ => 0,
    }
}

/// What was found on the way down.
enum Node {
    Manifest(Box<Part>),
    Attestations {
        digest: Digest,
        blobs: Blobs,
    },
    /// An index with itself and the blobs that it lists.
    Index {
        digest: Digest,
        blobs: Blobs,
    },
    /// The labels of the configuration that was read.
    Labels(Labels),
    /// Something that is not available or cannot be used.
    Problem(Problem),
}

/// What an index says about an entry.
#[derive(Default)]
struct Entry {
    /// The name of its platform; empty for the top document.
    name: String,
    annotations: BTreeMap<String, String>,
}

/// What is done with a configuration.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Configuration {
    /// It is read, which also shows whether it exists.
    Read,
    /// Its existence is checked.
    Ask,
}

struct Reader<'a> {
    sources: &'a Sources,
    location: &'a Location,
}

impl Reader<'_> {
    /// Reads a document and all below it.
    fn read(&self, document: Document, entry: Entry, depth: usize) -> BoxFuture<'_, Result<Vec<Node>, Error>> {
        Box::pin(async move {
            match document.read() {
                Err(error) => Ok(vec![Node::Problem(Problem::of(document.digest.as_str(), &error))]),
                Ok(Content::Index { .. }) if depth == 0 => {
                    Ok(vec![incomplete(format!("{}: indexes are nested more than {DEPTH} deep", document.digest))])
                }
                Ok(Content::Index { children, blobs, .. }) => {
                    let own = Node::Index { digest: document.digest.clone(), blobs: sizes(&document, &blobs) };
                    // BuildKit lists the configuration of a cache last.
                    let told = self.configuration(&document, blobs.last(), Configuration::Ask).await?;
                    let below = futures_util::stream::iter(children)
                        .map(|child| self.read_child(child, depth - 1))
                        .buffered(TOGETHER)
                        .collect::<Vec<_>>()
                        .await;
                    let mut found: Vec<Node> = std::iter::once(own).chain(told.node).collect();
                    for part in below {
                        found.extend(part?);
                    }
                    Ok(found)
                }
                Ok(Content::Manifest { config, layers, .. }) => {
                    let (digest, blobs) = (document.digest.clone(), sizes(&document, layers.iter().chain(&config)));
                    if entry.name.starts_with("unknown/") {
                        let told = self.configuration(&document, config.as_ref(), Configuration::Ask).await?;
                        return Ok(std::iter::once(Node::Attestations { digest, blobs }).chain(told.node).collect());
                    }
                    let told = self.configuration(&document, config.as_ref(), Configuration::Read).await?;
                    let Entry { name, mut annotations } = entry;
                    annotations.extend(document.descriptor().map(|own| own.annotations).unwrap_or_default());
                    let size = sum(&blobs);
                    let built_for = told.built_for.filter(|_| name.is_empty());
                    let part = Box::new(Part { name, built_for, digest, size, blobs, config, layers, annotations });
                    Ok(std::iter::once(Node::Manifest(part)).chain(told.node).collect())
                }
            }
        })
    }

    async fn read_child(&self, child: Descriptor, depth: usize) -> Result<Vec<Node>, Error> {
        let name = child.platform.as_ref().map_or_else(|| "unnamed".to_owned(), ToString::to_string);
        match self.sources.document(self.location, &child.digest).await {
            Ok(Some(document)) => self.read(document, Entry { name, annotations: child.annotations }, depth).await,
            Ok(None) => Ok(vec![incomplete(format!("{name}: the manifest {} is missing", child.digest))]),
            Err(error) if error.is_ambiguous() => Ok(vec![Node::Problem(Problem::Refused(error.to_string()))]),
            Err(error) => Err(error),
        }
    }

    /// What a document's configuration says if that is wanted, or that it is missing.
    async fn configuration(
        &self,
        document: &Document,
        config: Option<&Descriptor>,
        wanted: Configuration,
    ) -> Result<Told, Error> {
        let Some(config) = config else { return Ok(Told::default()) };
        if wanted == Configuration::Read
            && let Ok(Some(bytes)) = self.sources.configuration(self.location, config).await
        {
            return Ok(Told { built_for: built_for(&bytes), node: Some(Node::Labels(Labels::of(&bytes))) });
        }
        let missing = match self.sources.has_blob(self.location, &config.digest).await? {
            true => None,
            false => Some(incomplete(format!("the configuration {} of {} is missing", config.digest, document.digest))),
        };
        Ok(Told { built_for: None, node: missing })
    }
}

/// What was learned from a configuration.
#[derive(Default)]
struct Told {
    built_for: Option<Platform>,
    /// Its labels, or the problem with it.
    node: Option<Node>,
}

/// The bytes of a document and of blobs.
fn sizes<'a>(document: &Document, blobs: impl IntoIterator<Item = &'a Descriptor>) -> Blobs {
    let own = (document.digest.clone(), document.bytes.len() as u64);
    blobs.into_iter().map(|blob| (blob.digest.clone(), blob.size)).chain([own]).collect()
}

fn incomplete(problem: String) -> Node {
    Node::Problem(Problem::Incomplete(problem))
}

/// BuildKit names the platform of attestations `unknown/unknown`.
fn is_attestation(child: &Descriptor) -> bool {
    child.platform.as_ref().is_some_and(|p| p.os == "unknown")
}

#[derive(Default)]
struct Tally {
    walk: Walk,
    blobs: Blobs,
    /// Of the first platform whose configuration was read.
    labels: Option<Labels>,
}

impl Tally {
    fn add(&mut self, node: Node) {
        match node {
            Node::Index { digest, blobs } => {
                self.walk.documents.push(digest);
                self.blobs.extend(blobs);
            }
            Node::Labels(labels) => {
                self.labels.get_or_insert(labels);
            }
            // A refusal takes precedence over later problems.
            Node::Problem(Problem::Incomplete(_)) if self.walk.problem.is_some() => {}
            Node::Problem(_) if matches!(self.walk.problem, Some(Problem::Refused(_))) => {}
            Node::Problem(problem) => self.walk.problem = Some(problem),
            Node::Attestations { digest, blobs } => {
                self.walk.documents.push(digest);
                self.walk.attestations += 1;
                self.blobs.extend(blobs);
            }
            Node::Manifest(part) => {
                self.walk.documents.push(part.digest.clone());
                self.blobs.extend(part.blobs.clone());
                self.walk.parts.push(*part);
            }
        }
    }

    fn walk(self) -> Walk {
        Walk { size: sum(&self.blobs), blobs: self.blobs, labels: self.labels.unwrap_or_default(), ..self.walk }
    }
}

/// Sizes are upstream's claims: they are shown, and may be absurd.
fn sum(blobs: &Blobs) -> u64 {
    blobs.values().fold(0, |all, size| all.saturating_add(*size))
}
