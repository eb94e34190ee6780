//! Which pull request brought an approval, and when: written with a record for people, trusted by nobody.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{Record, approval};
use crate::forge::{Commit, Forge};
use crate::image::Digest;
use crate::manifest::Manifest;

/// How many files are looked at in one run: each costs a request, and nothing depends on the answer.
const FILES: usize = 50;

/// Where approvals came from, as far as it could be told.
#[derive(Debug, Clone, Default)]
pub(super) struct Origins(BTreeMap<Digest, (Option<u64>, Option<NaiveDate>)>);

impl Origins {
    /// Adds what the forge says of the records that are not among them, all of a file together. What cannot be told is left
    /// out.
    pub(super) async fn look(&mut self, forge: &dyn Forge, at: &Commit, manifest: &Manifest, records: &[Record]) {
        let mut unknown: BTreeMap<usize, BTreeMap<String, Digest>> = BTreeMap::new();
        for record in records.iter().filter(|record| !self.0.contains_key(&record.digest)) {
            if let Some((image, _)) = approval(manifest, record) {
                unknown.entry(image.file).or_default().insert(record.digest.to_string(), record.digest.clone());
            }
        }
        for (file, digests) in unknown.into_iter().take(FILES) {
            let Some(path) = manifest.files.get(file).map(|file| &file.path) else { continue };
            let texts: BTreeSet<String> = digests.keys().cloned().collect();
            match forge.introduced(at, path, &texts).await {
                Ok(found) => {
                    let known = digests.into_iter().filter_map(|(text, digest)| Some((digest, found.get(&text)?)));
                    self.0.extend(known.map(|(digest, by)| (digest, (by.pull, Some(by.date.date_naive())))));
                }
                Err(error) => tracing::debug!("where the approvals of {path} came from is not known: {error}"),
            }
        }
    }

    /// The pull request and the date of an approval.
    pub(super) fn of(&self, digest: &Digest) -> (Option<u64>, Option<NaiveDate>) {
        self.0.get(digest).copied().unwrap_or_default()
    }
}
