//! Mirror tags to delete: because their bytes are revoked, or pruned because their approval was retired.
//!
//! A tag is only deleted while it resolves to what this program put there: for a revocation, the result of `digest` and
//! `platforms`; for a retired approval, what the default branch's history records for it. Anything else was put there
//! by somebody else and stays.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::expected::from_mirror;
use super::failure::{FailedStep, Failure};
use super::key::Key;
use crate::content::companion::is_companion;
use crate::content::{Content, ContentError, Document, media_type};
use crate::image::{Digest, RepositoryName, Tag};
use crate::manifest::{Image, Manifest, Revocation};
use crate::rules::Rule;

/// One tag to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The image's source as written in the manifest.
    pub source: String,
    /// The mirror's name in the organization.
    pub repository: RepositoryName,
    /// The tag.
    pub tag: Tag,
    /// What it resolves to: only this is deleted.
    pub digest: Digest,
    /// Why it is deleted.
    pub why: Why,
    /// The reason, in words.
    pub detail: String,
}

/// Why a tag is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Its bytes are revoked with `delete: true`.
    Revoked,
    /// Its approval was removed from the manifest.
    Retired,
}

impl Removal {
    #[must_use]
    pub fn key(&self) -> Key {
        Key { repository: self.repository.clone(), tag: self.tag.clone() }
    }

    /// The failure of this removal at `step`.
    #[must_use]
    pub fn failed(&self, step: FailedStep, error: String) -> Failure {
        let (source, repository) = (self.source.clone(), self.repository.clone());
        Failure { source, repository, tag: Some(self.tag.clone()), step, error }
    }
}

/// The outcome for a revocation with `delete: true` whose mirror tag resolves to `now`; `None` if another approval put
/// that there. `held` is the tag's document, which tells whether `platforms` keeps only some of the platforms.
///
/// # Errors
/// If the tag resolves to anything but the result of `digest` and `platforms`: it is left alone.
pub(crate) fn takedown(
    image: &Image,
    revoked: &Revocation,
    now: &Digest,
    held: Option<&Document>,
) -> Option<Result<Removal, Failure>> {
    if is_anothers(image, revoked, now, held) {
        return None;
    }
    let given = match &image.platforms {
        None => Some(revoked.digest.clone()),
        Some(platforms) => held.and_then(|held| from_mirror(held, &revoked.digest, platforms)),
    };
    let removal = Removal {
        source: image.source_text.clone(),
        repository: image.repository.clone(),
        tag: revoked.tag.clone(),
        digest: now.clone(),
        why: Why::Revoked,
        detail: format!("revoked: {}", revoked.reason),
    };
    if given.as_ref() == Some(now) {
        return Some(Ok(removal));
    }
    let text = format!(
        "revoked with `delete: true`, but the mirror's tag resolves to {}, which was not promoted from {}: it is \
         left alone; if it has to go, delete it there",
        now.short(),
        revoked.digest.short()
    );
    Some(Err(removal.failed(FailedStep::MirrorDiffers, text)))
}

/// The failure if a tag resolves to revoked bytes and no record shows that this program put them there: somebody else
/// may have, for reasons of their own. `unread` is why the records could not be read.
pub(crate) fn not_put_here(removal: &Removal, unread: Option<&str>) -> Failure {
    let proof = match unread {
        Some(why) => format!("it is unknown whether it was promoted there ({why})"),
        None => "the default branch never recorded that it was promoted there".to_owned(),
    };
    let text = format!(
        "revoked with `delete: true`, and the mirror's tag resolves to {}, but {proof}: it is left alone; if it has \
         to go, delete it there",
        removal.digest.short()
    );
    removal.failed(FailedStep::NotOurs, text)
}

/// Whether the tag resolves to what an approval of it that is not revoked put there, recorded or not.
fn is_anothers(image: &Image, revoked: &Revocation, now: &Digest, held: Option<&Document>) -> bool {
    let subset = |digest: &Digest| {
        image.platforms.as_ref().zip(held).and_then(|(platforms, held)| from_mirror(held, digest, platforms))
    };
    let mut others = image.approved.iter().filter(|a| a.tag == revoked.tag && a.digest != revoked.digest);
    others.any(|a| a.mirrored.as_ref() == Some(now) || a.digest == *now || subset(&a.digest).as_ref() == Some(now))
}

/// Whether deleting the manifest `digest` would also delete `held`, the document of another tag, or break it because it
/// is an index that lists the manifest. Nested indexes are not read: they are assumed to list it.
pub(crate) fn would_break(held: &Document, digest: &Digest) -> Result<bool, ContentError> {
    let children = match held.read()? {
        Content::Index { children, .. } => children,
        Content::Manifest { .. } => Vec::new(),
    };
    Ok(held.digest == *digest || children.iter().any(|c| c.digest == *digest || media_type::is_index(&c.media_type)))
}

/// The tags of a mirror that may come from an approval that no longer exists: neither approved nor revoked, and not a
/// companion of an image.
pub(crate) fn unapproved(manifest: &Manifest, repository: &RepositoryName, tags: &[Tag]) -> BTreeSet<Tag> {
    let images = || manifest.images.iter().filter(|image| image.repository == *repository);
    let known: BTreeSet<&Tag> = images()
        .flat_map(|image| image.approved.iter().map(|a| &a.tag).chain(image.revoked.iter().map(|r| &r.tag)))
        .chain(images().flat_map(|image| &image.aliases))
        .collect();
    tags.iter().filter(|tag| !known.contains(tag) && !is_companion(tag)).cloned().collect()
}

/// What a version of the manifest records as promoted, by mirror tag.
pub(crate) fn recorded(manifest: &Manifest) -> BTreeMap<Key, Digest> {
    let all = manifest.approvals();
    all.filter_map(|(image, approval)| Some((Key::of(image, approval), approval.mirrored.clone()?))).collect()
}

/// The outcome for a tag that is no longer approved and resolves to `now`: it is pruned if that equals `recorded`, its
/// last record. `None` if no image has the repository.
///
/// # Errors
/// If the tag resolves to anything but what was recorded: it is left alone.
pub(crate) fn prune(
    manifest: &Manifest,
    key: &Key,
    now: &Digest,
    recorded: &Digest,
) -> Option<Result<Removal, Failure>> {
    let image = manifest.images.iter().find(|image| image.repository == key.repository)?;
    let follows = matches!(&image.rule, Rule::Tags(tags) if tags.contains(&key.tag));
    let removal = Removal {
        source: image.source_text.clone(),
        repository: key.repository.clone(),
        tag: key.tag.clone(),
        digest: now.clone(),
        why: Why::Retired,
        detail: match follows {
            true => "its approval was retired, though `tags` still follows it".to_owned(),
            false => "its approval was retired".to_owned(),
        },
    };
    if now == recorded {
        return Some(Ok(removal));
    }
    let text = format!(
        "its approval was retired, but the mirror's tag resolves to {}, not to the recorded {}: it is left alone; if \
         it has to go, delete it there",
        now.short(),
        recorded.short()
    );
    Some(Err(removal.failed(FailedStep::MirrorDiffers, text)))
}
