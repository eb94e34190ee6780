//! Aliases at the mirrors: which approval each follows, and what is done about it.
//!
//! An alias only ever resolves to bytes that an approval has, and is only moved off bytes that an approval of its image
//! had: anything else was put there by somebody else and stays.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::failure::{FailedStep, Failure};
use super::key::Key;
use super::removal::{Removal, Why};
use super::state::{State, is_revoked};
use super::step::Step;
use crate::image::{Digest, RepositoryName, Tag};
use crate::manifest::{Approval, Image};
use crate::rules::newest_under;

/// One alias and what is done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasStep {
    /// The image's source as written in the manifest.
    pub source: String,
    /// The mirror's name in the organization.
    pub repository: RepositoryName,
    pub alias: Tag,
    /// The approved tag that it follows; `None` if no approval matches.
    pub follows: Option<Tag>,
    /// What it will resolve to; `None` if that is not known yet.
    pub digest: Option<Digest>,
    /// What it resolves to now.
    pub now: Option<Digest>,
    pub state: AliasState,
    /// [`Self::state`] in words.
    pub detail: String,
}

/// What is done about an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AliasState {
    /// It resolves to what it should.
    Present,
    /// It is set as soon as the approval that it follows is promoted.
    Set,
    /// The approval that it follows is not going to be promoted: it stays as it is.
    Waiting,
    /// No approval matches it: it stays as it is.
    Unmatched,
    /// It resolves to something that no approval of its image had: it is left alone.
    MirrorDiffers,
}

/// What is known about the aliases of one image.
pub(crate) struct Seen<'a> {
    /// What approvals of its repository are, by their tags.
    pub(crate) steps: &'a BTreeMap<Key, &'a Step>,
    /// What each alias resolves to.
    pub(crate) now: &'a BTreeMap<Key, Digest>,
    /// Bytes that the default branch's history recorded in a repository.
    pub(crate) recorded: &'a BTreeSet<(RepositoryName, Digest)>,
}

impl AliasStep {
    #[must_use]
    pub fn key(&self) -> Key {
        Key { repository: self.repository.clone(), tag: self.alias.clone() }
    }

    /// The failure of this alias at `step`.
    #[must_use]
    pub(crate) fn failed(&self, step: FailedStep, error: String) -> Failure {
        let (source, repository) = (self.source.clone(), self.repository.clone());
        Failure { source, repository, tag: Some(self.alias.clone()), step, error }
    }

    /// The failure that its state alone implies, if any.
    #[must_use]
    pub(crate) fn failure(&self) -> Option<Failure> {
        let differs = self.state == AliasState::MirrorDiffers;
        differs.then(|| self.failed(FailedStep::MirrorDiffers, self.detail.clone()))
    }

    /// The key of the approval that it follows.
    #[must_use]
    pub(crate) fn follows(&self) -> Option<Key> {
        Some(Key { repository: self.repository.clone(), tag: self.follows.clone()? })
    }

    /// Its removal, if it resolves to bytes that are taken down and no other approval is there to take their place.
    /// `here`: approvals that the mirror has.
    pub(crate) fn removal(&self, taken_down: &[Removal], here: &BTreeSet<Key>) -> Option<Removal> {
        let now = self.now.as_ref()?;
        let moves = self.state == AliasState::Set && self.follows().is_some_and(|key| here.contains(&key));
        let is_it = |removal: &&Removal| {
            removal.why == Why::Revoked && removal.repository == self.repository && removal.digest == *now
        };
        let removal = taken_down.iter().find(is_it).filter(|_| !moves && self.digest.as_ref() != Some(now))?;
        Some(Removal { tag: self.alias.clone(), ..removal.clone() })
    }
}

/// The approved tag that an alias follows: the newest whose bytes are not revoked.
pub(crate) fn followed<'a>(image: &'a Image, alias: &Tag) -> Option<&'a Tag> {
    newest_under(&image.rule, alias, unrevoked(image))
}

/// The approved tags whose bytes are not revoked.
fn unrevoked(image: &Image) -> impl Iterator<Item = &Tag> {
    image.approved.iter().filter(|approval| !is_revoked(image, approval)).map(|approval| &approval.tag)
}

/// The aliases that would follow another version if it were approved, and do not now.
pub(crate) fn gained<'a>(image: &'a Image, to: &'a Tag) -> impl Iterator<Item = &'a Tag> {
    let moves = move |alias: &&Tag| {
        let then = newest_under(&image.rule, alias, unrevoked(image).chain([to]));
        then == Some(to) && followed(image, alias) != Some(to)
    };
    image.aliases.iter().filter(moves)
}

/// The aliases that resolve to something that the manifest does not explain: its history has to be asked.
pub(crate) fn unexplained(image: &Image, seen: &Seen<'_>) -> BTreeSet<(RepositoryName, Digest)> {
    let held = image.aliases.iter().filter_map(|alias| seen.now.get(&key(image, alias)));
    let unknown = held.filter(|digest| !is_known(image, digest, seen));
    unknown.map(|digest| (image.repository.clone(), digest.clone())).collect()
}

/// What is done about the aliases of an image, in the manifest's order.
pub(crate) fn aliases(image: &Image, seen: &Seen<'_>) -> Vec<AliasStep> {
    image.aliases.iter().map(|alias| step(image, alias, seen)).collect()
}

fn step(image: &Image, alias: &Tag, seen: &Seen<'_>) -> AliasStep {
    let now = seen.now.get(&key(image, alias)).cloned();
    let follows = followed(image, alias).cloned();
    let target = follows.as_ref().and_then(|tag| seen.steps.get(&key(image, tag)));
    let will_be = |step: &&&Step| matches!(step.state, State::Copy | State::TagOnly | State::Present);
    let digest = target.filter(will_be).and_then(|step| match step.state {
        State::Copy => step.expected.clone(),
        _ => step.mirror_now.clone(),
    });
    let (state, detail) = match (&follows, &digest, &now) {
        (None, ..) => (AliasState::Unmatched, "no approval matches it".to_owned()),
        (Some(tag), None, _) => {
            let why = target.map_or("its mirror tag could not be read", |step| &step.detail);
            (AliasState::Waiting, format!("it follows {tag}, which is not promoted: {why}"))
        }
        (Some(tag), Some(digest), Some(now)) if now == digest => (AliasState::Present, format!("it is {tag}")),
        (Some(tag), Some(_), None) => (AliasState::Set, format!("it will be {tag}")),
        (Some(tag), Some(_), Some(now)) if is_known(image, now, seen) || is_recorded(image, now, seen) => {
            (AliasState::Set, format!("it moves from {} to {tag}", name_of(image, now, seen)))
        }
        (Some(tag), Some(_), Some(now)) => {
            let text = format!(
                "the alias should be {tag}, but it resolves to {}, which no approval of this image had: it is left \
                 alone; delete it there to have it set again",
                now.short()
            );
            (AliasState::MirrorDiffers, text)
        }
    };
    let (source, repository) = (image.source_text.clone(), image.repository.clone());
    AliasStep { source, repository, alias: alias.clone(), follows, digest, now, state, detail }
}

fn key(image: &Image, tag: &Tag) -> Key {
    Key { repository: image.repository.clone(), tag: tag.clone() }
}

/// Whether an approval of the image has these bytes. That the image revokes them shows nothing: anybody's can be revoked.
fn is_known(image: &Image, digest: &Digest, seen: &Seen<'_>) -> bool {
    owner(image, digest, seen).is_some()
}

fn is_recorded(image: &Image, digest: &Digest, seen: &Seen<'_>) -> bool {
    seen.recorded.contains(&(image.repository.clone(), digest.clone()))
}

/// The approval of the image that has these bytes.
fn owner<'a>(image: &'a Image, digest: &Digest, seen: &Seen<'_>) -> Option<&'a Tag> {
    let has = |tag: &Tag| seen.steps.get(&key(image, tag)).is_some_and(|step| step.expected.as_ref() == Some(digest));
    let given = |a: &&Approval| a.digest == *digest || a.mirrored.as_ref() == Some(digest) || has(&a.tag);
    image.approved.iter().find(given).map(|approval| &approval.tag)
}

fn name_of(image: &Image, digest: &Digest, seen: &Seen<'_>) -> String {
    owner(image, digest, seen).map_or_else(|| digest.short().to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::manifest::{File, parse};

    #[test]
    fn a_new_version_gains_the_aliases_that_it_is_the_newest_for() {
        let digest = |digit: char| format!("sha256:{}", String::from(digit).repeat(64));
        let (one, two, three) = (digest('1'), digest('2'), digest('3'));
        let text = format!(
            "organization: acme\nimages:\n  - source: grafana/loki\n    aliases: [latest, \"3\", \"4\"]\n    approved:\n      \
             - {{ tag: 3.0.0, digest: \"{one}\" }}\n      - {{ tag: 3.9.0, digest: \"{two}\" }}\n      \
             - {{ tag: 4.0.0, digest: \"{three}\" }}\n    revoked:\n      \
             - {{ tag: 3.9.0, digest: \"{two}\", reason: bad }}\n"
        );
        let image = parse(vec![File { path: "approved-images.yml".to_owned(), text }]).unwrap().images.remove(0);
        let gained = |to: &str| {
            let to: Tag = to.parse().unwrap();
            gained(&image, &to).map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(gained("4.1.0"), ["latest", "4"]);
        assert_eq!(gained("3.1.0"), ["3"], "3.9.0 is revoked");
        assert_eq!(gained("3.0.0"), [""; 0], "it has them");
        assert_eq!(gained("2.0.0"), [""; 0]);
    }
}
