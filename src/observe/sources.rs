//! Reads upstream with this run's credential, or anonymously if Docker Hub refuses the credential.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};

use super::blob::small_blob;
use super::budget::Budget;
use super::companions::found::{Found, KEPT as COMPANIONS};
use super::documents::Documents;
use super::kept::Kept;
use super::tag_list::TagList;
use crate::content::Document;
use crate::content::labels::CONFIG_LIMIT;
use crate::image::{Descriptor, Digest, Location, Reference, Tag};
use crate::layers::LayerFacts;
use crate::registry::{ByteStream, Error, ErrorKind, Registries, Store, seconds};

/// The upstream repositories of a run.
///
/// Image Access Management refuses an organization's own credential for images that it restricts, unless it is an
/// owner's; such a source is public, so it is read anonymously from then on.
#[derive(Clone)]
pub struct Sources {
    registries: Registries,
    /// Sources that refused the credential.
    refused: Arc<Mutex<BTreeSet<Location>>>,
    /// What was read so far.
    pub documents: Arc<Documents>,
    /// Blobs that were found: evidence does not request again what the readiness check saw.
    blobs: Arc<Mutex<BTreeSet<(Location, Digest)>>>,
    /// What tags resolve to: one request per tag and run.
    heads: Arc<Mutex<BTreeMap<(Location, Tag), Descriptor>>>,
    /// Configurations of images.
    configurations: Arc<Kept<(Location, Digest), Bytes>>,
    /// How long a source may take in all; `None` if each request has its own limit.
    budget: Option<Arc<Budget>>,
    /// The same for layers, which may be large: they take no time from what a proposal cannot do without.
    layer_budget: Option<Arc<Budget>>,
    /// The tags of sources, each listed once.
    lists: Arc<Mutex<BTreeMap<Location, Arc<OnceCell<TagList>>>>>,
    /// What refers to digests, according to the referrers API; `None`: there is none.
    referrers: Arc<Mutex<Referrers>>,
    /// What was found beside manifests.
    pub(super) companions: Arc<Kept<(Location, Digest), Found>>,
    /// Signatures and statements that were read.
    pub(super) contents: Arc<Kept<Digest, Bytes>>,
    /// Limits how many images' signatures are held at once.
    turns: Arc<Semaphore>,
    /// What layers say.
    pub(super) layers: Arc<Kept<Digest, Arc<LayerFacts>>>,
    /// The same for what is inside images.
    inside_turns: Arc<Semaphore>,
}

/// For how many images signatures are verified at once: what is read for one can be large.
const TURNS: usize = 4;

/// The most bytes of signatures and statements that are kept.
const CONTENTS: usize = 6 * 1024 * 1024;

/// The largest of these blobs: a hostile SBOM takes enough memory without being kept.
const LARGEST_KEPT: usize = 1024 * 1024;

/// The most bytes of configurations that are kept.
const CONFIGURATIONS: usize = 4 * 1024 * 1024;

/// The most bytes of memory that what layers say takes: images often share their bases.
const LAYERS: usize = 6 * 1024 * 1024;

type Referrers = BTreeMap<(Location, Digest), Option<Vec<Descriptor>>>;

impl Sources {
    /// Upstream through `registries`: reading one source may take up to `source-timeout` in all.
    #[must_use]
    pub fn new(registries: Registries) -> Self {
        Self::to_copy(registries).bounded()
    }

    /// The same sources, including what was read from them, with that bound.
    #[must_use]
    pub(crate) fn bounded(&self) -> Self {
        let limit = self.registries.client().options().patience.source;
        let [budget, layer_budget] = std::array::from_fn(|_| Some(Arc::new(Budget::new(limit))));
        Self { budget, layer_budget, ..self.clone() }
    }

    /// The same for copies: however many images come from a source, only single requests are limited.
    #[must_use]
    pub(crate) fn to_copy(registries: Registries) -> Self {
        Self {
            budget: None,
            layer_budget: None,
            registries,
            refused: Arc::default(),
            documents: Arc::default(),
            blobs: Arc::default(),
            configurations: Arc::new(Kept::new(CONFIGURATIONS)),
            heads: Arc::default(),
            lists: Arc::default(),
            referrers: Arc::default(),
            companions: Arc::new(Kept::new(COMPANIONS)),
            contents: Arc::new(Kept::new(CONTENTS)),
            turns: Arc::new(Semaphore::new(TURNS)),
            layers: Arc::new(Kept::new(LAYERS)),
            inside_turns: Arc::new(Semaphore::new(1)),
        }
    }

    /// Waits until what is inside another image may be read; that holds until the answer is dropped.
    pub(super) async fn inside_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.inside_turns.acquire().await.ok()
    }

    /// How many manifests may still be pulled from a source, if its registry said so.
    pub(super) fn remaining_pulls(&self, location: &Location) -> Option<u64> {
        self.registries.client().remaining_pulls(location.registry()?)
    }

    /// Waits until the signatures of one more image may be read; that holds until the answer is dropped.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    /// Whether the bytes of this source can be mounted with this run's credential.
    #[must_use]
    pub fn is_refused(&self, location: &Location) -> bool {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).contains(location)
    }

    /// The document with this digest; `None` if upstream no longer has it.
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

    /// The document that a tag resolves to; `None` if the tag does not exist. What is known from this run is not
    /// requested again.
    pub async fn document_of_tag(&self, location: &Location, tag: &Tag) -> Result<Option<Document>, Error> {
        let asked = (location.clone(), tag.clone());
        let known = self.known_head(&asked);
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

    /// The bytes of a small blob, not read twice in a run as long as there is room; `None` if upstream does not have it
    /// with the bytes of its digest.
    pub(super) async fn content(&self, location: &Location, blob: &Descriptor) -> Result<Option<Bytes>, Error> {
        if let Some(known) = self.contents.get(&blob.digest) {
            return Ok(Some(known));
        }
        let Some(bytes) = self.checked_blob(location, blob).await? else { return Ok(None) };
        if bytes.len() <= LARGEST_KEPT {
            self.contents.keep(&blob.digest, &bytes, bytes.len());
        }
        Ok(Some(bytes))
    }

    /// The bytes of a blob; `None` if upstream does not have it with the bytes of its digest.
    async fn checked_blob(&self, location: &Location, blob: &Descriptor) -> Result<Option<Bytes>, Error> {
        let read = self.ask(location, |store| async move { small_blob(&*store, blob).await }).await?;
        Ok(read.filter(|bytes| blob.digest.matches(bytes)).map(Bytes::from))
    }

    /// The bytes of a blob from `offset`; `None` if upstream does not have it.
    pub async fn blob(&self, location: &Location, blob: &Descriptor, offset: u64) -> Result<Option<ByteStream>, Error> {
        self.unbounded(location, |store| async move { store.blob(blob, offset).await }).await
    }

    /// All tags; `None` if the repository does not exist. Listed once per run.
    pub async fn tags(&self, location: &Location) -> Result<Option<Arc<Vec<Tag>>>, Error> {
        self.listed(location, |list| list.declined.clone().map_or_else(|| Ok(list.all.clone()), Err)).await?
    }

    /// The tags that may be signatures and the like, from the same list; `None` if the registry does not list tags:
    /// what refers to an image may be known in other ways.
    pub(super) async fn companion_tags(&self, location: &Location) -> Result<Option<Arc<BTreeSet<Tag>>>, Error> {
        let tags = |list: &TagList| {
            let why = match (&list.declined, &list.all) {
                (Some(error), _) => error.to_string(),
                // Its images are being read, so the repository exists.
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

    /// Whether a digest resolves.
    pub async fn has(&self, location: &Location, digest: &Digest) -> Result<bool, Error> {
        let reference = &Reference::Digest(digest.clone());
        Ok(self.ask(location, |store| async move { store.head(reference).await }).await?.is_some())
    }

    /// What a tag resolves to; asked once per run.
    pub async fn head(&self, location: &Location, tag: &Tag) -> Result<Option<Descriptor>, Error> {
        let asked = (location.clone(), tag.clone());
        let known = self.known_head(&asked);
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

    /// Whether a blob exists; what was found once in this run is not requested again.
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

    /// A configuration, not read twice in a run as long as there is room; `None` if it is not available, or not a small
    /// blob with the bytes of its digest: whether it exists is then for [`Self::has_blob`] to say.
    pub(super) async fn configuration(&self, location: &Location, config: &Descriptor) -> Result<Option<Bytes>, Error> {
        let asked = (location.clone(), config.digest.clone());
        if let Some(known) = self.configurations.get(&asked) {
            return Ok(Some(known));
        }
        if config.size > CONFIG_LIMIT {
            return Ok(None);
        }
        let Some(bytes) = self.checked_blob(location, config).await? else { return Ok(None) };
        self.configurations.keep(&asked, &bytes, bytes.len());
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner).insert(asked);
        Ok(Some(bytes))
    }

    /// Gives the stream of a layer to `consume`; `None` if upstream does not have it. The time that this takes counts
    /// with that of the source's other layers.
    pub(super) async fn stream<T, F>(
        &self,
        location: &Location,
        blob: &Descriptor,
        consume: impl Fn(ByteStream) -> F,
    ) -> Result<Option<T>, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let consume = &consume;
        self.ask_within(self.layer_budget.as_deref(), location, |store| async move {
            match store.blob(blob, 0).await? {
                Some(stream) => consume(stream).await.map(Some),
                None => Ok(None),
            }
        })
        .await
    }

    /// What refers to a digest, according to the referrers API; `None` if there is no such API. Asked once per run.
    pub async fn listed_referrers(
        &self,
        location: &Location,
        digest: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, Error> {
        let asked = (location.clone(), digest.clone());
        if let Some(known) = self.referrers.lock().unwrap_or_else(PoisonError::into_inner).get(&asked) {
            return Ok(known.clone());
        }
        let listed = self.ask(location, |store| async move { store.listed_referrers(digest).await }).await?;
        self.referrers.lock().unwrap_or_else(PoisonError::into_inner).insert(asked, listed.clone());
        Ok(listed)
    }

    /// Whether asking what refers to a digest costs no request: it was asked, or there is no referrers API.
    pub(super) fn knows_referrers(&self, location: &Location, digest: &Digest) -> bool {
        let known = self.referrers.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains_key(&(location.clone(), digest.clone()))
            || known.iter().any(|((of, _), listed)| of == location && listed.is_none())
    }

    /// Whether the document of a tag costs no request.
    pub(super) fn knows_tag(&self, location: &Location, tag: &Tag) -> bool {
        let head = self.known_head(&(location.clone(), tag.clone()));
        head.is_some_and(|head| self.documents.get(&head.digest).is_some())
    }

    fn known_head(&self, asked: &(Location, Tag)) -> Option<Descriptor> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).get(asked).cloned()
    }

    #[must_use]
    pub fn store(&self, location: &Location) -> Arc<dyn Store> {
        if self.is_refused(location) {
            self.registries.open_anonymously(location)
        } else {
            self.registries.source(location)
        }
    }

    /// Queries a repository, for as long as the source may take.
    async fn ask<T, F>(&self, location: &Location, question: impl Fn(Arc<dyn Store>) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        self.ask_within(self.budget.as_deref(), location, question).await
    }

    async fn ask_within<T, F>(
        &self,
        budget: Option<&Budget>,
        location: &Location,
        question: impl Fn(Arc<dyn Store>) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let limit = self.registries.client().options().patience.source;
        let asked = self.unbounded(location, question);
        let answer = match budget {
            Some(budget) => budget.spend(location, asked).await,
            None => tokio::time::timeout(limit, asked).await.ok(),
        };
        answer.unwrap_or_else(|| {
            let registry = location.registry().map_or_else(|| location.to_string(), ToString::to_string);
            let text = format!("{location} had not finished after {} s in total (`source-timeout`)", seconds(limit));
            Err(Error { registry, kind: ErrorKind::Unreachable(text) })
        })
    }

    /// Queries a repository; once more without the credential if Docker Hub refuses that.
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

    /// Whether Docker Hub refused this for the first time just now, so that trying again without a credential is
    /// worthwhile.
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
