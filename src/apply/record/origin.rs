//! Which pull request brought an approval, and when: written with a record for people, trusted by nobody.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Record, approval};
use crate::forge::{Commit, Forge};
use crate::image::Digest;
use crate::manifest::Manifest;

/// How many approvals are looked up in one run: each costs requests, and nothing depends on the answer.
const LOOKUPS: usize = 50;

/// Where approvals came from, as far as it could be told.
#[derive(Debug, Clone, Default)]
pub struct Origins(BTreeMap<Digest, (Option<u64>, Option<NaiveDate>)>);

impl Origins {
    /// These, and what the forge says of the records that are not among them. What cannot be told is left out.
    pub(super) async fn look(&self, forge: &dyn Forge, at: &Commit, manifest: &Manifest, records: &[Record]) -> Self {
        let mut known = self.0.clone();
        for record in records.iter().take(LOOKUPS).filter(|r| !self.0.contains_key(&r.digest)) {
            let Some((image, _)) = approval(manifest, record) else { continue };
            let Some(file) = manifest.files.get(image.file) else { continue };
            let digest = record.digest.clone();
            let holds = move |text: &str| text.contains(digest.as_str());
            match forge.introduced(at, &file.path, &holds).await {
                Ok(Some(found)) => {
                    known.insert(record.digest.clone(), (found.pull, Some(found.date.date_naive())));
                }
                Ok(None) => {}
                Err(error) => tracing::debug!("where {} came from is not known: {error}", record.digest),
            }
        }
        Self(known)
    }

    /// The pull request and the date of an approval.
    pub(super) fn of(&self, digest: &Digest) -> (Option<u64>, Option<NaiveDate>) {
        self.0.get(digest).copied().unwrap_or_default()
    }
}
