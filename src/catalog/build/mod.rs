//! The catalogue, from the manifest and what was found out.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, Merged};
use super::model::{
    Catalog, CatalogImage, CatalogRejection, CatalogRevocation, CatalogTag, CatalogWaiting, SignatureState, TagState,
    WaitingState,
};
use super::names::{category, mirror, rule, spellings};
use crate::image::{Digest, Location, Tag};
use crate::manifest::{Approval, Image, Manifest, Rejection, Revocation};
use crate::plan::aliases::followed;
use crate::plan::{Key, State};
use crate::rules::newest_first;
use crate::text::excerpt;

/// How many characters of a text by others are shown.
const TEXT: usize = 1_000;

/// The catalogue of a manifest as it was last reviewed.
pub(crate) fn catalog(manifest: &Manifest, facts: &Facts) -> Catalog {
    // Bytes that one image revokes are not offered as another's.
    let revoked = manifest.images.iter().flat_map(|image| &image.revoked).map(|revoked| &revoked.digest).collect();
    let source = Source { manifest, facts, revoked };
    let mut images: Vec<CatalogImage> =
        manifest.images.iter().enumerate().map(|(at, image)| source.image(at, image)).collect();
    // Images that share a mirror stay in the manifest's order.
    images.sort_by(|one, other| one.mirror.cmp(&other.mirror));
    let unknown = facts.unknown.iter().map(|text| excerpt(text, TEXT)).collect();
    Catalog { organization: manifest.organization.clone(), images, unknown }
}

/// What a catalogue is made of.
struct Source<'a> {
    manifest: &'a Manifest,
    facts: &'a Facts,
    /// What any image revokes.
    revoked: BTreeSet<&'a Digest>,
}

impl<'a> Source<'a> {
    fn image(&self, at: usize, image: &'a Image) -> CatalogImage {
        let location = self.manifest.mirror(&image.repository).ok();
        let mirror = location.as_ref().map_or_else(|| image.repository.to_string(), mirror);
        let (unreviewed, approvals): (Vec<_>, Vec<_>) =
            self.offered(image).into_iter().partition(|approval| self.state(image, approval).is_none());
        let aliases = self.aliases(image);
        let approved = approvals.into_iter().filter_map(|approval| self.tag(image, approval, &mirror, &aliases));
        let approved: Vec<CatalogTag> = approved.collect();
        let instead = approved.iter().find(|tag| tag.pinned.is_some()).map(|tag| tag.tag.clone());
        let known = |location: Option<&Location>| location.map(spellings).unwrap_or_default();
        CatalogImage {
            source: excerpt(&image.source_text, TEXT),
            repository: image.repository.clone(),
            description: image.description.as_ref().map(|text| excerpt(text, TEXT)),
            category: self.facts.standings.get(&at).and_then(category),
            rule: excerpt(&rule(&image.rule), TEXT),
            spellings: [known(Some(&image.source)), known(location.as_ref())],
            waiting: unreviewed.into_iter().map(of_unreviewed).chain(self.waiting(at)).collect(),
            rejected: image.rejected.iter().map(of_rejection).collect(),
            revoked: image.revoked.iter().map(|revoked| of_revocation(revoked, instead.as_ref())).collect(),
            approved,
            mirror,
        }
    }

    /// The approvals whose bytes nobody revokes, the newest first.
    fn offered(&self, image: &'a Image) -> Vec<&'a Approval> {
        let is_offered = |approval: &&Approval| {
            let bytes = [Some(&approval.digest), approval.mirrored.as_ref()];
            !bytes.into_iter().flatten().any(|digest| self.revoked.contains(digest))
        };
        let offered: BTreeMap<&Tag, &Approval> =
            image.approved.iter().filter(is_offered).map(|approval| (&approval.tag, approval)).collect();
        let tags = image.approved.iter().map(|approval| &approval.tag);
        newest_first(&image.rule, tags).into_iter().filter_map(|tag| offered.get(tag).copied()).collect()
    }

    /// Whether an approval can be pulled; `None` if it is not in effect, because too few people approved it.
    fn state(&self, image: &Image, approval: &Approval) -> Option<TagState> {
        let Some(held) = &self.facts.held else {
            return Some(if approval.mirrored.is_some() { TagState::Available } else { TagState::NotPromoted });
        };
        let Some(held) = held.get(&Key::of(image, approval)) else { return Some(TagState::Unread) };
        Some(match held.state {
            State::Present => TagState::Available,
            State::Copy | State::TagOnly => TagState::NotPromoted,
            State::SourceLost => TagState::SourceLost,
            State::MirrorDiffers => TagState::MirrorDiffers,
            State::Unsigned => TagState::Unsigned,
            State::NotOurs => TagState::NotOurs,
            State::Refused => TagState::Refused,
            State::Unknown => TagState::Unknown,
            State::Unreviewed | State::Revoked => return None,
        })
    }

    fn tag(
        &self,
        image: &Image,
        approval: &Approval,
        mirror: &str,
        aliases: &BTreeMap<&Tag, Vec<Tag>>,
    ) -> Option<CatalogTag> {
        let (facts, key) = (self.facts, Key::of(image, approval));
        let state = self.state(image, approval)?;
        let came = facts.came.get(&key);
        let merged = came.and_then(|(pull, _)| facts.merged.get(pull.as_ref()?));
        let reference = format!("{mirror}:{}", approval.tag);
        let mirrored = approval.mirrored.as_ref().filter(|_| state == TagState::Available);
        let held = facts.held.as_ref().and_then(|held| held.get(&key));
        Some(CatalogTag {
            tag: approval.tag.clone(),
            aliases: aliases.get(&approval.tag).cloned().unwrap_or_default(),
            pinned: mirrored.map(|digest| format!("{reference}@{digest}")),
            reference,
            state,
            digest: approval.digest.clone(),
            mirrored: approval.mirrored.clone(),
            platforms: held.map(|held| held.platforms.clone()).unwrap_or_default(),
            signature: signature(image, approval),
            signed_by: approval.signed_by.as_ref().map(|by| excerpt(by, TEXT)),
            approved_on: came.map(|(_, on)| *on).or(approval.approved_on),
            pull: came.and_then(|(pull, _)| *pull).or(approval.pull),
            url: merged.and_then(|merged| merged.url.clone()),
            reviewers: merged.map(|Merged { reviewers, .. }| reviewers.iter().map(|who| excerpt(who, TEXT)).collect()),
            reason: approval.reason.as_ref().map(|reason| excerpt(reason, TEXT)),
        })
    }

    /// Which aliases each approved tag has: those that were found to resolve to it, without mirrors those that will.
    fn aliases(&self, image: &'a Image) -> BTreeMap<&'a Tag, Vec<Tag>> {
        let mut aliases: BTreeMap<&Tag, Vec<Tag>> = BTreeMap::new();
        for alias in &image.aliases {
            let key = Key { repository: image.repository.clone(), tag: alias.clone() };
            let is_set = self.facts.aliases.as_ref().is_none_or(|set| set.contains(&key));
            if let (Some(tag), true) = (followed(image, alias), is_set) {
                aliases.entry(tag).or_default().push(alias.clone());
            }
        }
        aliases
    }

    fn waiting(&self, at: usize) -> impl Iterator<Item = CatalogWaiting> {
        let waiting = self.facts.waiting.get(&at).into_iter().flatten();
        waiting.map(|waiting| CatalogWaiting { why: excerpt(&waiting.why, TEXT), ..waiting.clone() })
    }
}

fn of_unreviewed(approval: &Approval) -> CatalogWaiting {
    let tag = approval.tag.clone();
    CatalogWaiting { tag, state: WaitingState::Unreviewed, why: String::new(), until: None, url: None }
}

fn of_rejection(rejected: &Rejection) -> CatalogRejection {
    CatalogRejection { tag: rejected.tag.clone(), reason: excerpt(&rejected.reason, TEXT), until: rejected.until }
}

fn of_revocation(revoked: &Revocation, instead: Option<&Tag>) -> CatalogRevocation {
    let Revocation { tag, digest, reason, .. } = revoked;
    let (tag, digest) = (tag.clone(), digest.clone());
    CatalogRevocation { tag, digest, reason: excerpt(reason, TEXT), instead: instead.cloned() }
}

fn signature(image: &Image, approval: &Approval) -> SignatureState {
    match (&image.signatures, &approval.mirrored, &approval.signed_by) {
        (None, ..) => SignatureState::NotRequired,
        (Some(_), Some(_), Some(_)) => SignatureState::Verified,
        (Some(_), ..) => SignatureState::Required,
    }
}

#[cfg(test)]
mod tests;
