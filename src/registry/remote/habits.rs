//! Where a registry was found to deviate from the specification, so that it is not tried again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::HeaderMap;
use tokio::sync::OnceCell;

use crate::image::RepositoryName;

/// How many tags to request at once, going on to the next if a registry refuses; finally as many as it likes.
const PAGE_SIZES: [Option<u32>; 3] = [Some(1_000), Some(100), None];

/// Where a registry was found to deviate from the specification.
#[derive(Default)]
pub(crate) struct Habits {
    /// The first query to the referrers API, whose answer the others wait for.
    pub(super) referrers_asked: OnceCell<()>,
    /// The same for each repository.
    referrers_asked_of: Mutex<BTreeMap<RepositoryName, Arc<OnceCell<()>>>>,
    no_referrers: AtomicBool,
    /// Whether the registry really lists referrers it claims to track.
    pub(super) tracks_referrers: OnceCell<bool>,
    /// Repositories without a referrers API, if that may depend on the repository.
    without_referrers: Mutex<BTreeSet<RepositoryName>>,
    no_manifest_heads: AtomicBool,
    no_blob_heads: AtomicBool,
    page_size: AtomicUsize,
    /// One more than the remaining pulls; 0 if nothing is known.
    remaining: AtomicU64,
}

impl Habits {
    /// How many manifests may still be pulled, if the registry said so.
    pub(super) fn remaining_pulls(&self) -> Option<u64> {
        self.remaining.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Notes what a response about a manifest says about that, as Docker Hub's do: `ratelimit-remaining: 76;w=21600`.
    pub(super) fn learn_remaining_pulls(&self, headers: &HeaderMap) {
        let text = headers.get("ratelimit-remaining").and_then(|value| value.to_str().ok());
        let remaining = text.and_then(|text| text.split(';').next()?.trim().parse::<u64>().ok());
        if let Some(remaining) = remaining {
            self.remaining.store(remaining.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// The first query to the referrers API about a repository.
    pub(super) fn referrers_asked_of(&self, repository: &RepositoryName) -> Arc<OnceCell<()>> {
        let mut asked = self.referrers_asked_of.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(asked.entry(repository.clone()).or_default())
    }

    /// Whether the referrers API is known to be missing.
    pub(super) fn lacks_referrers(&self, repository: &RepositoryName) -> bool {
        let without = || self.without_referrers.lock().unwrap_or_else(PoisonError::into_inner).contains(repository);
        self.no_referrers.load(Ordering::Relaxed) || without()
    }

    /// Notes that it has no referrers API anywhere.
    pub(super) fn learn_no_referrers(&self) {
        self.no_referrers.store(true, Ordering::Relaxed);
    }

    /// Notes that it has no referrers API for this repository.
    pub(super) fn learn_no_referrers_of(&self, repository: &RepositoryName) {
        self.without_referrers.lock().unwrap_or_else(PoisonError::into_inner).insert(repository.clone());
    }

    /// Whether it refuses HEAD for manifests that it serves.
    pub(super) fn refuses_manifest_heads(&self) -> bool {
        self.no_manifest_heads.load(Ordering::Relaxed)
    }

    pub(super) fn learn_no_manifest_heads(&self) {
        self.no_manifest_heads.store(true, Ordering::Relaxed);
    }

    /// Whether it refuses HEAD for blobs that it serves.
    pub(super) fn refuses_blob_heads(&self) -> bool {
        self.no_blob_heads.load(Ordering::Relaxed)
    }

    pub(super) fn learn_no_blob_heads(&self) {
        self.no_blob_heads.store(true, Ordering::Relaxed);
    }

    /// The page sizes to request, one after the other until one is accepted.
    pub(super) fn page_sizes(&self) -> &'static [Option<u32>] {
        &PAGE_SIZES[self.page_size.load(Ordering::Relaxed).min(PAGE_SIZES.len() - 1)..]
    }

    /// Notes that the registry accepted this page size.
    pub(super) fn learn_page_size(&self, size: Option<u32>) {
        if let Some(at) = PAGE_SIZES.iter().position(|known| *known == size) {
            self.page_size.fetch_max(at, Ordering::Relaxed);
        }
    }
}
