//! What a registry was found not to do as the specification has it: it is not asked so again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::image::RepositoryName;

/// How many tags are asked for at once, the next where a registry refuses that; in the end as many as it likes.
const PAGE_SIZES: [Option<u32>; 3] = [Some(1_000), Some(100), None];

/// What a registry was found not to do.
#[derive(Default)]
pub(crate) struct Habits {
    /// The first question to the referrers API, for whose answer the others wait.
    pub(super) referrers_asked: OnceCell<()>,
    /// The same of each repository.
    referrers_asked_of: Mutex<BTreeMap<RepositoryName, Arc<OnceCell<()>>>>,
    no_referrers: AtomicBool,
    /// Whether it was found to list what refers to something where it says so.
    pub(super) tracks_referrers: OnceCell<bool>,
    /// Repositories without a referrers API where that may be a matter of the repository.
    without_referrers: Mutex<BTreeSet<RepositoryName>>,
    no_manifest_heads: AtomicBool,
    no_blob_heads: AtomicBool,
    page_size: AtomicUsize,
}

impl Habits {
    /// The first question to the referrers API about a repository.
    pub(super) fn referrers_asked_of(&self, repository: &RepositoryName) -> Arc<OnceCell<()>> {
        let mut asked = self.referrers_asked_of.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(asked.entry(repository.clone()).or_default())
    }

    /// Whether the referrers API is known to be missing.
    pub(super) fn lacks_referrers(&self, repository: &RepositoryName) -> bool {
        let without = || self.without_referrers.lock().unwrap_or_else(PoisonError::into_inner).contains(repository);
        self.no_referrers.load(Ordering::Relaxed) || without()
    }

    /// That it has no referrers API anywhere.
    pub(super) fn learn_no_referrers(&self) {
        self.no_referrers.store(true, Ordering::Relaxed);
    }

    /// That it has no referrers API for this repository.
    pub(super) fn learn_no_referrers_of(&self, repository: &RepositoryName) {
        self.without_referrers.lock().unwrap_or_else(PoisonError::into_inner).insert(repository.clone());
    }

    /// Whether it refuses HEAD of manifests that it gives.
    pub(super) fn refuses_manifest_heads(&self) -> bool {
        self.no_manifest_heads.load(Ordering::Relaxed)
    }

    pub(super) fn learn_no_manifest_heads(&self) {
        self.no_manifest_heads.store(true, Ordering::Relaxed);
    }

    /// Whether HEAD of blobs that it gives is refused.
    pub(super) fn refuses_blob_heads(&self) -> bool {
        self.no_blob_heads.load(Ordering::Relaxed)
    }

    pub(super) fn learn_no_blob_heads(&self) {
        self.no_blob_heads.store(true, Ordering::Relaxed);
    }

    /// The sizes of pages to ask for, one after the other until one is taken.
    pub(super) fn page_sizes(&self) -> &'static [Option<u32>] {
        &PAGE_SIZES[self.page_size.load(Ordering::Relaxed).min(PAGE_SIZES.len() - 1)..]
    }

    /// That the registry took this size of a page.
    pub(super) fn learn_page_size(&self, size: Option<u32>) {
        if let Some(at) = PAGE_SIZES.iter().position(|known| *known == size) {
            self.page_size.fetch_max(at, Ordering::Relaxed);
        }
    }
}
