//! Takes what cannot be edited out of its group, so that only it fails and the others are proposed.

use super::{Item, Wanted, branch, written};
use crate::image::Digest;
use crate::manifest::Manifest;

/// The proposals; if the edits of a group cannot be made together, every line that prevents it gets its own branch.
pub(super) fn set_apart(manifest: &Manifest, wanted: Vec<Wanted>) -> Vec<Wanted> {
    wanted.into_iter().flat_map(|proposal| split(manifest, proposal)).collect()
}

fn split(manifest: &Manifest, mut proposal: Wanted) -> Vec<Wanted> {
    if proposal.group.is_none() || is_editable(manifest, &proposal.items) {
        return vec![proposal];
    }
    let is_one_line = |a: &Item, b: &Item| a.image == b.image && a.line == b.line;
    let lines = proposal.items.chunk_by(is_one_line);
    let (together, alone): (Vec<&[Item]>, Vec<&[Item]>) = lines.partition(|items| is_editable(manifest, items));
    let alone: Vec<Wanted> = alone.into_iter().filter_map(|items| of_its_own(manifest, items)).collect();
    let together: Vec<Item> = together.concat();
    if together.is_empty() {
        return alone;
    }
    proposal.items = together;
    std::iter::once(proposal).chain(alone).collect()
}

fn is_editable(manifest: &Manifest, items: &[Item]) -> bool {
    let changes = items.iter().flat_map(|item| {
        let image = &manifest.images[item.image];
        item.changes(image).into_iter().map(move |change| (image, change))
    });
    written::edited(manifest, changes).is_ok()
}

/// The proposal of one image and line.
fn of_its_own(manifest: &Manifest, items: &[Item]) -> Option<Wanted> {
    let first = items.first()?;
    let branch = branch::image(&manifest.prefix(), &manifest.images[first.image].slug(), &first.line);
    Some(Wanted { branch, group: None, items: items.to_vec(), later: 0, context: Digest::sha256(b"") })
}
