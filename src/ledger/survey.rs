//! What one run checked, as input for the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Key;
use crate::image::{Digest, Location, Tag};
use crate::manifest::Image;
use crate::rules::{Reason, Selection};

/// What a tag resolves to now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub digest: Digest,
    /// The digests approved for the tag, by any image with its source.
    pub approved: BTreeSet<Digest>,
    /// The longest cooldown of those images.
    pub cooldown: Duration,
}

/// What one run checked: the tags that are candidates, and what they resolve to as far as that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Survey {
    seen: BTreeMap<Key, Sighting>,
    kept: BTreeSet<Key>,
    /// Sources for which not every image was checked: nothing of theirs is dropped.
    unknown: BTreeSet<Location>,
    looked: bool,
}

impl Survey {
    /// Adds an image that was not checked, or could not be.
    pub(crate) fn add_unknown(&mut self, image: &Image) {
        self.unknown.insert(image.source.clone());
    }

    /// Adds the rules' decision on an image's tags, and what the tags that were asked resolve to.
    pub(crate) fn add(&mut self, image: &Image, selection: &Selection, answers: &BTreeMap<Tag, Option<Digest>>) {
        // Without a cooldown no clock is needed.
        if image.cooldown.is_zero() {
            return;
        }
        for verdict in &selection.tags {
            let answer = answers.get(&verdict.tag);
            if !is_candidate(verdict.reason, answer.is_some()) {
                continue;
            }
            let key = Key { source: image.source.clone(), tag: verdict.tag.clone() };
            let approvals = image.approved.iter().filter(|a| a.tag == verdict.tag).map(|a| a.digest.clone());
            let approved: BTreeSet<Digest> = approvals.collect();
            match answer {
                Some(Some(digest)) if approved.contains(digest) => self.looked = true,
                Some(Some(digest)) => {
                    self.looked = true;
                    self.kept.insert(key.clone());
                    let new =
                        || Sighting { digest: digest.clone(), approved: BTreeSet::new(), cooldown: Duration::ZERO };
                    let sighting = self.seen.entry(key).or_insert_with(new);
                    sighting.approved.extend(approved);
                    sighting.cooldown = sighting.cooldown.max(image.cooldown);
                }
                Some(None) | None => drop(self.kept.insert(key)),
            }
        }
    }

    pub(crate) fn seen(&self) -> impl Iterator<Item = (&Key, &Sighting)> {
        self.seen.iter()
    }

    /// Whether what is known about a tag still matters.
    pub(crate) fn keeps(&self, key: &Key) -> bool {
        self.kept.contains(key) || self.unknown.contains(&key.source)
    }

    /// Whether a tag with a cooldown was resolved, which the ledger must hear of if it knows the tag. Otherwise a
    /// publisher could show bytes for a minute and go back to the approved ones, and the first would be proposed when
    /// their cooldown is over; or a proposal would go back from what Docker Hub calls old enough to what the ledger saw
    /// before.
    pub(crate) const fn has_looked(&self) -> bool {
        self.looked
    }
}

/// Whether a tag may be proposed now or later. An approved one may if it was checked: for a rebuild.
const fn is_candidate(reason: Reason, looked_at: bool) -> bool {
    match reason {
        Reason::Newest
        | Reason::Waiting
        | Reason::NotReady
        | Reason::Unsigned
        | Reason::Declined
        | Reason::Refused
        | Reason::Superseded => true,
        Reason::Approved | Reason::ApprovalNotRead => looked_at,
        Reason::NotAVersion
        | Reason::OutOfRange
        | Reason::Prerelease
        | Reason::OtherVariant
        | Reason::OtherPrecision
        | Reason::OtherPrefix
        | Reason::OtherLine
        | Reason::Floating
        | Reason::Older
        | Reason::Rejected
        | Reason::Revoked => false,
    }
}
