//! Approvals that fewer people approved than the policy asks: their removal is offered.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::forge::Forge;
use crate::manifest::{Approval, Image, Manifest};
use crate::observe::reviews::{Judged, ReviewReader, read_reviews, untold};
use crate::plan::reviews::Subject;
use crate::plan::{Key, Scope, is_pending};
use crate::proposal::Unreviewed;

/// What was found out in this run about how approvals were reviewed: where promotion asked, proposals do not ask again.
#[derive(Default)]
pub(crate) struct Verdicts(Mutex<BTreeMap<Subject, Option<String>>>);

impl Verdicts {
    pub(super) fn keep(&self, manifest: &Manifest, judged: &BTreeMap<Key, Judged>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (image, approval) in manifest.approvals() {
            if let Some(judged) = judged.get(&Key::of(image, approval)) {
                known.insert(Subject::of(image, approval), judged.unreviewed.clone());
            }
        }
    }

    fn of(&self, image: &Image, approval: &Approval) -> Option<Option<String>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&Subject::of(image, approval)).cloned()
    }
}

/// The approvals whose removal is wanted. Nothing is asked where no review is needed, nor about what the manifest says is
/// promoted; on a forge that has no reviews none is offered, because what would be approved anew would have none either.
pub(super) async fn unreviewed(
    verdicts: &Verdicts,
    reader: &ReviewReader<'_>,
    manifest: &Manifest,
    scope: &Scope,
) -> Unreviewed {
    let mut unreviewed = Unreviewed::default();
    if reader.forge.and_then(Forge::accounts).is_none() {
        return unreviewed;
    }
    let asks = reader.floor.max(manifest.policy.approvals) > 0;
    let mut pending = Vec::new();
    for (_, image) in manifest.images.iter().enumerate().filter(|(at, _)| scope.contains(*at)) {
        for approval in &image.approved {
            match verdicts.of(image, approval) {
                Some(Some(why)) => drop(unreviewed.wanted.insert(Key::of(image, approval), why)),
                Some(None) => {}
                None if asks && is_pending(image, approval) => pending.push((image, approval)),
                None => {}
            }
        }
    }
    for (key, judged) in read_reviews(reader, manifest, &pending).await {
        match judged {
            Ok(Judged { unreviewed: Some(why), .. }) => drop(unreviewed.wanted.insert(key, why)),
            Ok(_) => {}
            Err(error) => drop(unreviewed.unknown.insert(key, untold(&error))),
        }
    }
    unreviewed
}
