//! What one run looked at, as the ledger takes it.

use std::collections::{BTreeMap, BTreeSet};

use super::Key;
use crate::image::{Digest, Location, Tag};
use crate::manifest::Image;
use crate::rules::{Reason, Rule, Selection};

/// What a tag answers now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub digest: Digest,
    /// What is approved of the tag, by any image of its source.
    pub approved: BTreeSet<Digest>,
}

/// What one run looked at: the tags that are candidates, and what they answer as far as that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Survey {
    seen: BTreeMap<Key, Sighting>,
    kept: BTreeSet<Key>,
    /// Sources of which not every image was looked at: of those nothing is dropped.
    unknown: BTreeSet<Location>,
    ends: bool,
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
                Some(Some(digest)) if approved.contains(digest) => self.ends |= keeps_clocks(image),
                Some(Some(digest)) => {
                    self.kept.insert(key.clone());
                    let new = || Sighting { digest: digest.clone(), approved: BTreeSet::new() };
                    self.seen.entry(key).or_insert_with(new).approved.extend(approved);
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

    /// Whether a tag was seen to answer what is approved, which ends a clock that the ledger may have of it: a publisher
    /// could else show bytes for a minute, take them back, and show them again when their cooldown is over.
    pub(crate) const fn ends_clocks(&self) -> bool {
        self.ends
    }
}

/// Whether a tag may be proposed now or later. An approved one may where it was looked at: for a rebuild.
const fn is_candidate(reason: Reason, looked_at: bool) -> bool {
    match reason {
        Reason::Newest
        | Reason::Waiting
        | Reason::NotReady
        | Reason::Unsigned
        | Reason::Declined
        | Reason::Refused
        | Reason::Superseded => true,
        Reason::Approved => looked_at,
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

/// Whether the ledger may know clocks of an image's tags: Docker Hub tells its own, but for what a floating tag answered before.
fn keeps_clocks(image: &Image) -> bool {
    let on_docker_hub = image.source.registry().is_some_and(crate::image::RegistryHost::is_docker_hub);
    !on_docker_hub || matches!(image.rule, Rule::Tags(_))
}
