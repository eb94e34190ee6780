//! The catalogue, from the manifest and what was found out.

use std::collections::BTreeMap;

use super::facts::{Facts, Held, Merged};
use super::model::{
    Catalog, CatalogImage, CatalogRejection, CatalogRevocation, CatalogTag, CatalogWaiting, SignatureState,
};
use super::names::{category, mirror, rule, spellings};
use crate::image::Tag;
use crate::manifest::{Approval, Destination, Image, Manifest, Revocation};
use crate::plan::aliases::followed;
use crate::plan::{Key, is_revoked};
use crate::rules::newest_first;
use crate::text::excerpt;

/// How many characters of a text by others are shown.
const TEXT: usize = 1_000;

/// The catalogue of a manifest as it was last reviewed.
pub(crate) fn catalog(manifest: &Manifest, facts: &Facts) -> Catalog {
    let mut images: Vec<CatalogImage> =
        manifest.images.iter().enumerate().map(|(at, image)| of_image(manifest, facts, at, image)).collect();
    // Images that share a mirror stay in the manifest's order.
    images.sort_by(|one, other| one.mirror.cmp(&other.mirror));
    let organization = manifest.organization.clone();
    let prefix = match &manifest.registry {
        Destination::Registry(host) if host.is_docker_hub() => organization.clone(),
        Destination::Registry(host) => format!("{host}/{organization}"),
        Destination::Directory(directory) => format!("oci:{}/{organization}", directory.display()),
    };
    let unknown = facts.unknown.iter().map(|text| excerpt(text, TEXT)).collect();
    Catalog { organization, prefix, images, unknown }
}

fn of_image(manifest: &Manifest, facts: &Facts, at: usize, image: &Image) -> CatalogImage {
    let location = manifest.mirror(&image.repository);
    let mirror = location.map_or_else(|_| image.repository.to_string(), |location| mirror(&location));
    let approved = offered(image).into_iter().map(|approval| of_approval(facts, image, approval, &mirror));
    let approved: Vec<CatalogTag> = approved.collect();
    let waiting = facts
        .waiting
        .get(&at)
        .into_iter()
        .flatten()
        .map(|waiting| CatalogWaiting { why: excerpt(&waiting.why, TEXT), ..waiting.clone() });
    let rejected = image.rejected.iter().map(|rejected| CatalogRejection {
        tag: rejected.tag.clone(),
        reason: excerpt(&rejected.reason, TEXT),
        until: rejected.until,
    });
    let instead = approved.iter().find(|tag| tag.pinned.is_some()).map(|tag| tag.tag.clone());
    CatalogImage {
        source: excerpt(&image.source_text, TEXT),
        repository: image.repository.clone(),
        description: image.description.as_ref().map(|text| excerpt(text, TEXT)),
        category: facts.standings.get(&at).and_then(category),
        rule: excerpt(&rule(&image.rule), TEXT),
        spellings: spellings(&image.source),
        waiting: waiting.collect(),
        rejected: rejected.collect(),
        revoked: image.revoked.iter().map(|revoked| of_revocation(revoked, instead.as_ref())).collect(),
        approved,
        mirror,
    }
}

fn of_revocation(revoked: &Revocation, instead: Option<&Tag>) -> CatalogRevocation {
    let Revocation { tag, digest, reason, .. } = revoked;
    let (tag, digest) = (tag.clone(), digest.clone());
    CatalogRevocation { tag, digest, reason: excerpt(reason, TEXT), instead: instead.cloned() }
}

/// The approvals that are not revoked.
fn offered(image: &Image) -> Vec<&Approval> {
    let offered: BTreeMap<&Tag, &Approval> = image
        .approved
        .iter()
        .filter(|approval| !is_revoked(image, approval))
        .map(|approval| (&approval.tag, approval))
        .collect();
    let tags = image.approved.iter().map(|approval| &approval.tag);
    newest_first(&image.rule, tags).into_iter().filter_map(|tag| offered.get(tag).copied()).collect()
}

fn of_approval(facts: &Facts, image: &Image, approval: &Approval, mirror: &str) -> CatalogTag {
    let key = Key::of(image, approval);
    let held = facts.held.get(&key);
    let unavailable = match (held, &approval.mirrored) {
        (Some(Held { unavailable, .. }), _) => unavailable.as_ref().map(|why| excerpt(why, TEXT)),
        (None, Some(_)) => None,
        (None, None) => Some("not promoted yet".to_owned()),
    };
    let came = facts.came.get(&key);
    let pull = came.and_then(|(pull, _)| *pull).or(approval.pull);
    let merged = pull.and_then(|pull| facts.merged.get(&pull));
    let reference = format!("{mirror}:{}", approval.tag);
    let mirrored = approval.mirrored.as_ref().filter(|_| unavailable.is_none());
    CatalogTag {
        tag: approval.tag.clone(),
        aliases: aliases(facts, image, &approval.tag),
        pinned: mirrored.map(|digest| format!("{reference}@{digest}")),
        reference,
        unavailable,
        digest: approval.digest.clone(),
        mirrored: approval.mirrored.clone(),
        platforms: held.map(|held| held.platforms.clone()).unwrap_or_default(),
        signature: signature(image, approval),
        signed_by: approval.signed_by.as_ref().map(|by| excerpt(by, TEXT)),
        approved_on: came.map(|(_, on)| *on).or(approval.approved_on),
        pull,
        url: merged.and_then(|merged| merged.url.clone()),
        reviewers: merged.map(|Merged { reviewers, .. }| reviewers.iter().map(|who| excerpt(who, TEXT)).collect()),
        reason: approval.reason.as_ref().map(|reason| excerpt(reason, TEXT)),
    }
}

fn aliases(facts: &Facts, image: &Image, tag: &Tag) -> Vec<Tag> {
    let is_set = |alias: &Tag| {
        let key = Key { repository: image.repository.clone(), tag: alias.clone() };
        facts.aliases.as_ref().is_none_or(|set| set.contains(&key))
    };
    image.aliases.iter().filter(|alias| followed(image, alias) == Some(tag) && is_set(alias)).cloned().collect()
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
