//! The ledger: since when each waiting tag was seen to resolve to its digest. Cooldowns are counted from that if
//! nothing better is known. It is kept as one small text on its own branch.
//!
//! For each tag it has a history, oldest first. The last entry is the digest at the last check. A digest that comes
//! back starts again. The entries before the last are what the tag resolved to earlier: what may still be proposed if
//! the tag is rebuilt before its cooldown is over, and what was really served there once.
//!
//! A tag that resolves to what is approved has no clock, and neither has one that is not a candidate: their entries are
//! dropped. A tag on Docker Hub, which itself gives push times, has one if it was seen waiting.

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

/// How many digests of a tag are remembered: as many as rules try.
const HISTORY: usize = EARLIER;

/// A tag of a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// Where the image comes from.
    pub source: Location,
    pub tag: Tag,
}

impl Key {
    /// Whether it fits into a line of the text.
    fn is_writable(&self) -> bool {
        let source = self.source.to_string();
        !source.chars().any(char::is_control) && source.parse() == Ok(self.source.clone())
    }
}

/// A sighting of a tag that resolved to a digest.
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
    /// What this manifest's runs saw.
    tags: Tags,
    /// What the runs of the repository's other manifests saw, by path (empty for the default one): kept unchanged.
    others: BTreeMap<String, Tags>,
    /// The path of the manifest that `tags` belong to; empty for the default one.
    path: String,
    /// The last commit by another identity that was judged, so that each is reported once.
    judged: Option<String>,
}

impl Ledger {
    /// The ledger of all manifests, seen from one: it then says what that manifest's runs saw.
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

    /// Whether there are rows without a manifest, and none from this one's runs: they may be its own from earlier.
    pub(crate) fn may_take_over(&self) -> bool {
        !self.path.is_empty() && self.tags.is_empty() && self.others.len() == 1 && self.others.contains_key("")
    }

    /// Takes over the rows without a manifest.
    pub(crate) fn take_over(&mut self) {
        self.tags = self.others.remove("").unwrap_or_default();
    }

    /// Since when a tag has resolved to a digest without interruption; `None` if its clock has not begun. A time in the
    /// future, written by a wrong clock elsewhere, becomes `now`: a version is never older than it can be.
    pub(crate) fn since(&self, key: &Key, digest: &Digest, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let last = self.tags.get(key)?.last()?;
        (last.digest == *digest).then(|| last.first_seen.min(now))
    }

    /// What a tag was seen to resolve to, oldest first.
    pub(crate) fn history(&self, key: &Key) -> &[Entry] {
        self.tags.get(key).map_or(&[], Vec::as_slice)
    }

    /// Whether a tag was seen to resolve to a digest, now or earlier.
    pub(crate) fn saw(&self, key: &Key, digest: &Digest) -> bool {
        self.history(key).iter().any(|entry| entry.digest == *digest)
    }

    /// Writes down what was checked, and drops what no longer matters. `asked` are the tags whose clock or history a
    /// rule asked for: for other tags nothing is begun, but existing entries are continued or ended.
    pub(crate) fn update(&mut self, survey: &Survey, asked: &BTreeSet<Key>, now: DateTime<Utc>) {
        self.tags.retain(|key, _| survey.keeps(key));
        for (key, sighting) in survey.seen() {
            if asked.contains(key) || self.tags.contains_key(key) {
                self.see(key, sighting, now);
            }
        }
    }

    /// Writes down that a tag resolves to a digest. The same digest again continues its clock, with the earlier of two
    /// times: concurrent runs may both have seen it first. Any other digest begins a clock, even a former one.
    ///
    /// The tag's approved digests are put before a new digest: they were served before it, and the history shows what
    /// is newer only with them.
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

/// Which entry of a full history can best be spared.
///
/// Not an approved one: without it the rest says nothing. Nor what the tag resolves to now. Of the others the oldest,
/// if the next one is old enough by now; until then the oldest has to stay, however often the tag is rebuilt. Then it
/// is the one whose neighbours are closest together, so that some digest is always old enough soon.
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
