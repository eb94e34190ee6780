//! Upstream, read: with this run's credential, or without any where Docker Hub refuses the credential.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, Once, PoisonError};

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::OnceCell;

use super::budget::Budget;
use super::documents::Documents;
use crate::content::Document;
use crate::content::companion::is_companion;
use crate::content::labels::{CONFIG_LIMIT, Labels};
use crate::image::{Descriptor, Digest, Location, Reference, Tag};
use crate::registry::{ByteStream, Error, ErrorKind, Registries, Store, seconds};

/// The upstream repositories of a run.
///
/// Image Access Management refuses an organization's own credential on images that it restricts, unless it is an owner's;
/// such a source is public, so it is read anonymously from then on.
#[derive(Clone)]
pub struct Sources {
    registries: Registries,
    /// Sources that refused the credential.
    refused: Arc<Mutex<BTreeSet<Location>>>,
    /// What was read so far.
    pub documents: Arc<Documents>,
    /// Blobs that were found where they were asked for: what readiness saw, evidence does not ask again.
    blobs: Arc<Mutex<BTreeSet<(Location, Digest)>>>,
    /// What tags answered: one question a tag and run.
    heads: Arc<Mutex<BTreeMap<(Location, Tag), Descriptor>>>,
    /// What configurations say of where images come from.
    labels: Arc<Mutex<BTreeMap<(Location, Digest), Labels>>>,
    /// How long a source may take in all; `None` where each question may.
    budget: Option<Arc<Budget>>,
    /// The tags of sources, each listed once.
    lists: Arc<Mutex<BTreeMap<Location, Arc<OnceCell<TagList>>>>>,
    /// What refers to digests, as the referrers API said.
    referrers: Arc<Mutex<Referrers>>,
    /// Signatures and statements that were read.
    contents: Arc<Mutex<BTreeMap<Digest, Bytes>>>,
}

/// The most bytes of signatures and statements that are kept.
const CONTENTS: usize = 16 * 1024 * 1024;

/// The bytes of a blob that is not larger than its descriptor says; `None` where it is not there or larger.
async fn small_blob(store: &dyn Store, blob: &Descriptor) -> Result<Option<Vec<u8>>, Error> {
    let Some(mut stream) = store.blob(blob, 0).await? else { return Ok(None) };
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece?);
        if bytes.len() as u64 > blob.size {
            return Ok(None);
        }
    }
    Ok(Some(bytes))
}

type Referrers = BTreeMap<(Location, Digest), Vec<Descriptor>>;

/// All tags of a source.
struct TagList {
    /// `None` where the repository does not exist.
    all: Option<Arc<Vec<Tag>>>,
    /// Those that may stand for signatures and the like.
    companions: Arc<BTreeSet<Tag>>,
    /// Why the registry does not list them.
    declined: Option<Error>,
    /// That this was said.
    said: Once,
}

impl TagList {
    fn of(all: Option<Vec<Tag>>) -> Self {
        let companions = all.iter().flatten().filter(|tag| is_companion(tag)).cloned().collect();
        Self { all: all.map(Arc::new), companions: Arc::new(companions), declined: None, said: Once::new() }
    }
}

impl Sources {
    /// Upstream behind `registries`: all that is read of one source may take as long as `source-timeout` says.
    #[must_use]
    pub fn new(registries: Registries) -> Self {
        Self::to_copy(registries).bounded()
    }

    /// The same sources, what was read of them included, with that bound.
    #[must_use]
    pub(crate) fn bounded(&self) -> Self {
        let budget = Some(Arc::new(Budget::new(self.registries.client().options().patience.source)));
        Self { budget, ..self.clone() }
    }

    /// The same for copies: however many images come from a source, only a single question has an end.
    #[must_use]
    pub(crate) fn to_copy(registries: Registries) -> Self {
        Self {
            budget: None,
            registries,
            refused: Arc::default(),
            documents: Arc::default(),
            blobs: Arc::default(),
            labels: Arc::default(),
            heads: Arc::default(),
            lists: Arc::default(),
            referrers: Arc::default(),
            contents: Arc::default(),
        }
    }

    /// Whether the bytes of this source can be mounted with this run's credential.
    #[must_use]
    pub fn is_refused(&self, location: &Location) -> bool {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).contains(location)
    }

    /// The document with this digest; `None` where upstream no longer has it.
    pub async fn document(&self, location: &Location, digest: &Digest) -> Result<Option<Document>, Error> {
        if let Some(document) = self.documents.get(digest) {
            return Ok(Some(document));
        }
        let reference = &Reference::Digest(digest.clone());
        let read = self.ask(location, |store| async move { store.manifest(reference).await }).await?;
        if let Some(document) = &read {
            self.documents.keep(document);
        }
        Ok(read)
    }

    /// The document that a tag answers; `None` where there is no such tag. What is known from this run is not asked again.
    pub async fn document_of_tag(&self, location: &Location, tag: &Tag) -> Result<Option<Document>, Error> {
        let asked = (location.clone(), tag.clone());
        let known = self.heads.lock().unwrap_or_else(PoisonError::into_inner).get(&asked).cloned();
        if let Some(document) = known.and_then(|known| self.documents.get(&known.digest)) {
            return Ok(Some(document));
        }
        let reference = &Reference::Tag(tag.clone());
        let read = self.ask(location, |store| async move { store.manifest(reference).await }).await?;
        if let Some(document) = &read {
            self.documents.keep(document);
            let answer = document.clone().into_plain_descriptor();
            self.heads.lock().unwrap_or_else(PoisonError::into_inner).insert(asked, answer);
        }
        Ok(read)
    }

    /// The bytes of a small blob, of which a run reads none twice as long as there is room; `None` where upstream does not have
    /// it with the bytes that its digest names.
    pub(super) async fn content(&self, location: &Location, blob: &Descriptor) -> Result<Option<Bytes>, Error> {
        if let Some(known) = self.contents.lock().unwrap_or_else(PoisonError::into_inner).get(&blob.digest) {
            return Ok(Some(known.clone()));
        }
        let read = self.ask(location, |store| async move { small_blob(&*store, blob).await }).await?;
        let Some(bytes) = read.filter(|bytes| blob.digest.matches(bytes)).map(Bytes::from) else { return Ok(None) };
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        if contents.values().map(Bytes::len).sum::<usize>() + bytes.len() <= CONTENTS {
            contents.insert(blob.digest.clone(), bytes.clone());
        }
        Ok(Some(bytes))
    }

    /// The bytes of a blob from `offset`; `None` where upstream does not have it.
    pub async fn blob(&self, location: &Location, blob: &Descriptor, offset: u64) -> Result<Option<ByteStream>, Error> {
        self.unbounded(location, |store| async move { store.blob(blob, offset).await }).await
    }

    /// All tags; `None` where the repository does not exist. A run lists them once.
    pub async fn tags(&self, location: &Location) -> Result<Option<Arc<Vec<Tag>>>, Error> {
        self.listed(location, |list| list.declined.clone().map_or_else(|| Ok(list.all.clone()), Err)).await?
    }

    /// The tags that may stand for signatures and the like, from the same list; `None` where the registry does not list tags:
    /// what refers to an image may be known in other ways.
    pub(super) async fn companion_tags(&self, location: &Location) -> Result<Option<Arc<BTreeSet<Tag>>>, Error> {
        let tags = |list: &TagList| {
            let why = match (&list.declined, &list.all) {
                (Some(error), _) => error.to_string(),
                // Its images are read: there is such a repository.
                (None, None) => "it says that there is none".to_owned(),
                (None, Some(_)) => return Some(Arc::clone(&list.companions)),
            };
            list.said.call_once(|| {
                tracing::warn!(
                    "{location}: the tag list is refused: signatures and similar artifacts under cosign's tags are \
                     not found, only those that refer to an image ({why})"
                );
            });
            None
        };
        self.listed(location, tags).await
    }

    async fn listed<T>(&self, location: &Location, of: impl Fn(&TagList) -> T) -> Result<T, Error> {
        let list = {
            let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(lists.entry(location.clone()).or_default())
        };
        let read = list.get_or_try_init(|| async {
            match self.ask(location, |store| async move { store.tags().await }).await {
                Err(error) if error.is_declined() => Ok(TagList { declined: Some(error), ..TagList::of(None) }),
                tags => tags.map(TagList::of),
            }
        });
        read.await.map(of)
    }

    /// Whether a digest answers.
    pub async fn has(&self, location: &Location, digest: &Digest) -> Result<bool, Error> {
        let reference = &Reference::Digest(digest.clone());
        Ok(self.ask(location, |store| async move { store.head(reference).await }).await?.is_some())
    }

    /// What a tag resolves to; a run asks once.
    pub async fn head(&self, location: &Location, tag: &Tag) -> Result<Option<Descriptor>, Error> {
        let asked = (location.clone(), tag.clone());
        let known = self.heads.lock().unwrap_or_else(PoisonError::into_inner).get(&asked).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let reference = &Reference::Tag(tag.clone());
        let read = self.ask(location, |store| async move { store.head(reference).await }).await;
        if let Ok(Some(answer)) = &read {
            self.heads.lock().unwrap_or_else(PoisonError::into_inner).insert(asked, answer.clone());
        }
        read
    }

    /// Whether a blob is there; what was found once in this run is not asked again.
    pub async fn has_blob(&self, location: &Location, digest: &Digest) -> Result<bool, Error> {
        let blob = (location.clone(), digest.clone());
        if self.blobs.lock().unwrap_or_else(PoisonError::into_inner).contains(&blob) {
            return Ok(true);
        }
        let read = self.ask(location, |store| async move { store.has_blob(digest).await }).await;
        if matches!(read, Ok(true)) {
            self.blobs.lock().unwrap_or_else(PoisonError::into_inner).insert(blob);
        }
        read
    }

    /// The labels of a configuration, read once in a run; `None` where it cannot be had, or is not a small blob with the bytes of
    /// its digest: whether it is there is then for [`Self::has_blob`] to say.
    pub(super) async fn labels(&self, location: &Location, config: &Descriptor) -> Option<Labels> {
        let asked = (location.clone(), config.digest.clone());
        if let Some(known) = self.labels.lock().unwrap_or_else(PoisonError::into_inner).get(&asked) {
            return Some(known.clone());
        }
        if config.size > CONFIG_LIMIT {
            return None;
        }
        let read = self.ask(location, |store| async move { small_blob(&*store, config).await }).await;
        let bytes = read.ok()?.filter(|bytes| config.digest.matches(bytes))?;
        let labels = Labels::of(&bytes);
        self.labels.lock().unwrap_or_else(PoisonError::into_inner).insert(asked.clone(), labels.clone());
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner).insert(asked);
        Some(labels)
    }

    /// What refers to a digest, as the referrers API says; `None` where there is no such API. A run asks once.
    pub async fn listed_referrers(
        &self,
        location: &Location,
        digest: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, Error> {
        let asked = (location.clone(), digest.clone());
        let known = self.referrers.lock().unwrap_or_else(PoisonError::into_inner).get(&asked).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let listed = self.ask(location, |store| async move { store.listed_referrers(digest).await }).await?;
        if let Some(listed) = &listed {
            self.referrers.lock().unwrap_or_else(PoisonError::into_inner).insert(asked, listed.clone());
        }
        Ok(listed)
    }

    #[must_use]
    pub fn store(&self, location: &Location) -> Arc<dyn Store> {
        if self.is_refused(location) {
            self.registries.open_anonymously(location)
        } else {
            self.registries.source(location)
        }
    }

    /// Asks a repository, for as long as the source may take.
    async fn ask<T, F>(&self, location: &Location, question: impl Fn(Arc<dyn Store>) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let limit = self.registries.client().options().patience.source;
        let asked = self.unbounded(location, question);
        let answer = match &self.budget {
            Some(budget) => budget.spend(location, asked).await,
            None => tokio::time::timeout(limit, asked).await.ok(),
        };
        answer.unwrap_or_else(|| {
            let registry = location.registry().map_or_else(|| location.to_string(), ToString::to_string);
            let text = format!("{location} had not finished after {} s in total (`source-timeout`)", seconds(limit));
            Err(Error { registry, kind: ErrorKind::Unreachable(text) })
        })
    }

    /// Asks a repository; once more without the credential where Docker Hub refuses that.
    async fn unbounded<T, F>(&self, location: &Location, question: impl Fn(Arc<dyn Store>) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let read = question(self.store(location)).await;
        if self.turns_anonymous(location, &read) {
            return question(self.store(location)).await;
        }
        read
    }

    /// Whether Docker Hub refused this just now for the first time, so that it is worth asking again without a credential.
    fn turns_anonymous<T>(&self, location: &Location, read: &Result<T, Error>) -> bool {
        let refused = matches!(read, Err(Error { kind: ErrorKind::Refused { .. }, .. }));
        let hub = location.registry().is_some_and(crate::image::RegistryHost::is_docker_hub);
        if !(refused && hub) {
            return false;
        }
        let first = self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(location.clone());
        if first {
            tracing::warn!(
                "Docker Hub refuses this credential on {location} (Image Access Management exempts only owners; a \
                 wrong credential is refused too, which `wharfinger doctor` detects): reading it anonymously"
            );
        }
        true
    }
}
