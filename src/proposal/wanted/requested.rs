//! What people asked for, as open proposals contain it: urgent versions, reasons, rejections.

use crate::image::Tag;
use crate::manifest::{Image, Manifest};
use crate::proposal::groups::group_of;
use crate::proposal::leaving::{Conditions, holds};
use crate::proposal::{Entry, Item, branch};
use crate::rules::{Line, Selection, line_of, out_of_range};

/// What a person requested as urgent and open proposals contain, as far as the manifest has the image and neither
/// approves nor forbids it yet.
pub(super) fn hurried(manifest: &Manifest, conditions: &Conditions) -> Vec<Item> {
    let item = |(on, entry): &(String, Entry)| {
        let (tag, digest) = (entry.to.as_ref().filter(|_| entry.kind.lets_in())?, &entry.digest);
        let (at, image) = manifest.images.iter().enumerate().find(|(_, image)| {
            let own = branch::image(&manifest.prefix(), &image.slug(), &line_of(&image.rule, tag));
            entry.names(image) && *on == own
        })?;
        let refused = image.rejected.iter().any(|r| r.tag == *tag && holds(r, conditions.today))
            || image.revoked.iter().any(|r| r.digest == *digest)
            || image.approved.iter().any(|a| a.tag == *tag && a.digest == *digest)
            || out_of_range(&image.rule, tag).is_some();
        let rebuild = image.approved.iter().any(|a| a.tag == *tag);
        let compared = Entry::approving(image, tag, digest, rebuild);
        let entry = Entry { urgent: entry.urgent.clone(), reason: entry.reason.clone(), ..compared };
        (!refused).then(|| Item::approving(at, image, line_of(&image.rule, tag), entry))
    };
    conditions.urgent.iter().filter_map(item).collect()
}

/// Replaces the rule's choice with the urgent version, unless the choice is newer.
pub(super) fn hurry(items: &mut Vec<Item>, mut urgent: Item, line: &Line, selection: Option<&Selection>) {
    let place = |tag: &Tag| selection.and_then(|s| s.tags.iter().position(|verdict| verdict.tag == *tag));
    let (Some(tag), chosen) = (urgent.entry.to.clone(), line.chosen.as_ref()) else { return };
    match chosen {
        Some(chosen) if chosen.tag == tag && chosen.digest == urgent.entry.digest => {
            urgent.public_since = chosen.public_since;
            urgent.prefix_changed |= chosen.prefix_changed;
            urgent.is_earlier = chosen.instead_of.is_some();
        }
        // tags are listed newest first
        Some(chosen) if place(&chosen.tag) <= place(&tag) => return,
        _ => items.clear(),
    }
    items.retain(|item| !item.entry.kind.lets_in());
    items.insert(0, urgent);
}

/// Keeps why a person asked for it.
pub(super) fn explain(image: &Image, entry: &mut Entry, reasons: &[Entry]) {
    let is_it = |asked: &&Entry| asked.names(image) && asked.to == entry.to && asked.digest == entry.digest;
    if let (None, Some(asked)) = (&entry.reason, reasons.iter().find(is_it)) {
        entry.reason.clone_from(&asked.reason);
    }
}

/// The rejections that open proposals contain and the manifest does not have yet, each with its branch.
pub(super) fn rejecting(manifest: &Manifest, conditions: &Conditions) -> Vec<(String, Item)> {
    let prefix = &manifest.prefix();
    let item = |(on, entry): &(String, Entry)| {
        let tag = entry.to.as_ref()?;
        let over = entry.rejection.as_ref()?.until.is_some_and(|last| last < conditions.today);
        let (at, image) = manifest.images.iter().enumerate().find(|(_, image)| {
            entry.names(image)
                && (group_of(manifest, on).is_some() || on.starts_with(&branch::of_image(prefix, &image.slug())))
        })?;
        let there = image.rejected.iter().any(|r| r.tag == *tag && holds(r, conditions.today));
        (!over && !there).then(|| (on.clone(), Item::new(entry.clone(), at, line_of(&image.rule, tag))))
    };
    conditions.rejecting.iter().filter_map(item).collect()
}
