//! What one run looked at, as the ledger takes it.

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
    /// What is approved of the tag, by any image of its source.
    pub approved: BTreeSet<Digest>,
    /// The longest cooldown of those images.
    pub cooldown: Duration,
}

/// What one run looked at: the tags that are candidates, and what they answer as far as that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Survey {
    seen: BTreeMap<Key, Sighting>,
    kept: BTreeSet<Key>,
    /// Sources of which not every image was checked: of those nothing is dropped.
    unknown: BTreeSet<Location>,
    looked: bool,
}

impl Survey {
    /// Adds an image that was not looked at, or could not be.
    pub(crate) fn add_unknown(&mut self, image: &Image) {
        self.unknown.insert(image.source.clone());
    }

    /// Adds what rules made of an image's tags, and what those that were asked answer.
    pub(crate) fn add(&mut self, image: &Image, selection: &Selection, answers: &BTreeMap<Tag, Option<Digest>>) {
        // Without a cooldown no clock is asked for.
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

    /// Whether what is known of a tag still matters.
    pub(crate) fn keeps(&self, key: &Key) -> bool {
        self.kept.contains(key) || self.unknown.contains(&key.source)
    }

    /// Whether it was seen what a tag with a cooldown answers, which the ledger has to hear where it knows the tag. A
    /// publisher could else show bytes for a minute, have the approved ones answer again, and the first would be proposed
    /// when their cooldown is over; or a proposal would go back from what Docker Hub calls old enough to what the ledger saw
    /// before that.
    pub(crate) const fn has_looked(&self) -> bool {
        self.looked
    }
}

/// Whether a tag may be proposed now or later. An approved one may where it was checked: for a rebuild.
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
