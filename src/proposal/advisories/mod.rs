//! The organization's own advisories: which approvals they name, and so which should be revoked.

mod advisory;
mod document;
mod judge;

use std::collections::BTreeMap;

use super::{Cause, Entry, Item, Kind, Rejection};
use crate::manifest::{Image, Manifest};
use crate::plan::{Key, is_revoked};
use crate::rules::line_of;
use crate::text::excerpt;

pub(crate) use advisory::Advisory;
pub(crate) use document::read;

/// The most characters of a reason in the manifest.
const REASON: usize = 200;

/// The approvals that advisories name and that are not revoked yet, each with the reason for its revocation: the
/// identifiers of all of them and the summary of the first.
///
/// # Errors
/// A range that cannot be compared with an image's versions.
pub(crate) fn advised(manifest: &Manifest, advisories: &[Advisory]) -> Result<BTreeMap<Key, String>, String> {
    let mut all = BTreeMap::new();
    for (image, approval) in manifest.approvals().filter(|(image, approval)| !is_revoked(image, approval)) {
        let mut naming = Vec::new();
        for advisory in advisories {
            if judge::names(advisory, image, approval)? {
                naming.push(advisory);
            }
        }
        let Some(first) = naming.first() else { continue };
        let ids: Vec<&str> = naming.iter().map(|advisory| advisory.id.as_str()).collect();
        let reason = match first.summary.trim() {
            "" => ids.join(", "),
            summary => format!("{}: {summary}", ids.join(", ")),
        };
        all.insert(Key::of(image, approval), excerpt(&reason, REASON).trim().to_owned());
    }
    Ok(all)
}

/// The revocations of one image's approvals.
pub(super) fn revocations(at: usize, image: &Image, advised: &BTreeMap<Key, String>) -> Vec<Item> {
    let item = |approval| {
        let reason = advised.get(&Key::of(image, approval))?.clone();
        let entry = Entry::of(image, Kind::Revoke, None, &approval.tag, &approval.digest);
        let rejection = Some(Rejection { reason: reason.clone(), until: None });
        let item = Item::new(Entry { rejection, ..entry }, at, line_of(&image.rule, &approval.tag));
        Some(Item { cause: Some(Cause::Revoked(reason)), ..item })
    };
    image.approved.iter().filter(|approval| !is_revoked(image, approval)).filter_map(item).collect()
}
