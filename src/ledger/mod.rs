//! The ledger: since when each tag that waits was seen to answer its digest. It is what a cooldown counts from where nothing
//! better is known, kept as one small text on a branch of its own.
//!
//! What it says of a tag is a history, oldest first. The last entry is what the tag answered when it was checked last. A
//! digest that comes back starts again. The entries before the last say what the tag answered earlier: what may still be
//! proposed where the tag is rebuilt before its cooldown is over, and what was really served there once.
//!
//! A tag that answers what is approved has no clock, and neither has one that is not a candidate: their entries are dropped. A
//! tag of Docker Hub, which tells push times itself, has one where it was seen to wait.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

use crate::image::{Digest, Location, Tag};
use crate::manifest::DEFAULT_PATH;
use crate::rules::EARLIER;

mod survey;
mod text;
mod trust;

pub(crate) use survey::{Sighting, Survey};
pub(crate) use text::Broken;
pub(crate) use trust::trusted;

/// The ledger's file, from the root of its branch.
pub(crate) const PATH: &str = "wharfinger-ledger.txt";

/// The branch that holds the ledger.
pub(crate) fn branch(prefix: &str) -> String {
    format!("{prefix}ledger")
}

/// How many digests are remembered of a tag: as many as rules try.
const HISTORY: usize = EARLIER;

/// A tag of a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// Where the image comes from.
    pub source: Location,
    pub tag: Tag,
}

impl Key {
    /// Whether it can stand in a line of the text.
    fn is_writable(&self) -> bool {
        let source = self.source.to_string();
        !source.chars().any(char::is_control) && source.parse() == Ok(self.source.clone())
    }
}

/// That a tag answered a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub digest: Digest,
    /// When that was first seen, in whole seconds.
    pub first_seen: DateTime<Utc>,
}

type Tags = BTreeMap<Key, Vec<Entry>>;

/// Everything that was seen and still matters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Ledger {
    /// What one manifest's runs saw.
    tags: Tags,
    /// What those of other manifests of the repository saw, by their paths: it is kept as it is. The default one has none.
    others: BTreeMap<String, Tags>,
    /// The path of the manifest that `tags` are of; empty for the default one.
    path: String,
    /// The last commit of another identity that was judged, so that each is reported once.
    judged: Option<String>,
}

impl Ledger {
    /// The ledger of all manifests, seen from one: what it says is what that one's runs saw.
    #[must_use]
    pub(crate) fn seen_from(mut self, path: &str) -> Self {
        let path = if path == DEFAULT_PATH { "" } else { path };
        if self.path != path {
            let tags = self.others.remove(path).unwrap_or_default();
            let (before, path_before) =
                (std::mem::replace(&mut self.tags, tags), std::mem::replace(&mut self.path, path.to_owned()));
            if !before.is_empty() {
                self.others.insert(path_before, before);
            }
        }
        self
    }

    /// Whether rows stand there that name no manifest, and nothing that this one's runs saw: they may be its own of former times.
    pub(crate) fn may_take_over(&self) -> bool {
        !self.path.is_empty() && self.tags.is_empty() && self.others.len() == 1 && self.others.contains_key("")
    }

    /// Takes over the rows that name no manifest.
    pub(crate) fn take_over(&mut self) {
        self.tags = self.others.remove("").unwrap_or_default();
    }

    /// Since when a tag has answered a digest without a break; `None` where its clock has not begun. A time that lies ahead, as
    /// a wrong clock elsewhere writes it, is `now`: a version is never older than it can be.
    pub(crate) fn since(&self, key: &Key, digest: &Digest, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let last = self.tags.get(key)?.last()?;
        (last.digest == *digest).then(|| last.first_seen.min(now))
    }

    /// What a tag was seen to answer, oldest first.
    pub(crate) fn history(&self, key: &Key) -> &[Entry] {
        self.tags.get(key).map_or(&[], Vec::as_slice)
    }

    /// Whether a tag was seen to answer a digest, now or earlier.
    pub(crate) fn saw(&self, key: &Key, digest: &Digest) -> bool {
        self.history(key).iter().any(|entry| entry.digest == *digest)
    }

    /// Writes down what was checked, and drops what no longer matters. `asked` are the tags whose clock or history a rule
    /// asked for: of other tags nothing is begun, but what is known of them is continued or ended.
    pub(crate) fn update(&mut self, survey: &Survey, asked: &BTreeSet<Key>, now: DateTime<Utc>) {
        self.tags.retain(|key, _| survey.keeps(key));
        for (key, sighting) in survey.seen() {
            if asked.contains(key) || self.tags.contains_key(key) {
                self.see(key, sighting, now);
            }
        }
    }

    /// Writes down that a tag resolves to a digest. The same digest again continues its clock, and of two times the earlier holds:
    /// two runs at once may both have seen it first. Any other digest begins a clock, also one that was there before.
    ///
    /// What is approved of the tag is put before a digest that is new: it was served before that, and a history says only by
    /// it what is newer.
    pub(crate) fn see(&mut self, key: &Key, sighting: &Sighting, now: DateTime<Utc>) {
        let Sighting { digest, approved, .. } = sighting;
        let now = now.trunc_subsecs(0);
        if !key.is_writable() {
            return;
        }
        let entries = self.tags.entry(key.clone()).or_default();
        if let Some(last) = entries.last_mut().filter(|last| last.digest == *digest) {
            last.first_seen = last.first_seen.min(now);
            return;
        }
        entries.retain(|entry| entry.digest != *digest);
        for approved in approved.iter().filter(|approved| *approved != digest) {
            if entries.iter().all(|entry| entry.digest != *approved) {
                entries.push(Entry { digest: approved.clone(), first_seen: now });
            }
        }
        entries.push(Entry { digest: digest.clone(), first_seen: now });
        while entries.len() > HISTORY {
            entries.remove(dispensable(entries, sighting, now));
        }
    }

    /// Notes that everything up to this commit, which another identity wrote, was judged.
    pub(crate) fn judge(&mut self, commit: &str) {
        self.judged = Some(commit.to_owned());
    }
}

/// Which entry of a history that is full is missed least.
///
/// Not what is approved: without it the rest says nothing. Nor what the tag resolves to now. Of the others the oldest, where
/// another of them is old enough by now; until one is, that one has to stay, however often the tag is rebuilt. Then it is the
/// one whose neighbours are closest together, so that some digest is always soon old enough.
fn dispensable(entries: &[Entry], sighting: &Sighting, now: DateTime<Utc>) -> usize {
    let others = entries.iter().enumerate().take(entries.len().saturating_sub(1));
    let others: Vec<usize> =
        others.filter(|(_, entry)| !sighting.approved.contains(&entry.digest)).map(|(at, _)| at).collect();
    let seen = |at: usize| entries[at].first_seen;
    let cooldown = TimeDelta::from_std(sighting.cooldown).unwrap_or(TimeDelta::MAX);
    match others[..] {
        [] => 0,
        [oldest] => oldest,
        [oldest, next, ..] if now - seen(next) >= cooldown => oldest,
        [oldest, ..] => {
            let ends = others.windows(3).map(|w| (seen(w[2]) - seen(w[0]), w[1]));
            ends.min().map_or(oldest, |(_, at)| at)
        }
    }
}

#[cfg(test)]
mod tests;
