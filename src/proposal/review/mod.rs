//! What a pull request changes about approvals, and which changes people are accountable for. Pure: the caller asks
//! upstream.

mod by_hand;
#[cfg(test)]
mod tests;

pub(crate) use by_hand::{body_edited, changed_by_hand, signers_by_hand};

use std::collections::BTreeMap;

use super::{Entry, Item};
use crate::image::{Digest, RepositoryName, Tag};
use crate::manifest::{Approval, File, Image, Manifest};
use crate::plan::Key;

/// Something that a person is accountable for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// A stable code in kebab case.
    pub code: &'static str,
    /// The mirror's name in the organization; `None` if there is none.
    pub repository: Option<RepositoryName>,
    /// The tag; `None` if there is none.
    pub tag: Option<Tag>,
    pub expected: String,
    pub found: String,
    /// Its place: the file, and the byte in it.
    pub place: Option<(usize, usize)>,
}

impl Finding {
    /// A finding about one approval of `image`.
    pub(crate) fn about(
        code: &'static str,
        image: &Image,
        approval: &Approval,
        expected: String,
        found: String,
    ) -> Self {
        Self {
            code,
            repository: Some(image.repository.clone()),
            tag: Some(approval.tag.clone()),
            expected,
            found,
            place: Some((image.file, approval.span.start)),
        }
    }
}

/// The approvals of a manifest by their keys.
pub(super) fn approvals(manifest: &Manifest) -> BTreeMap<Key, (usize, &Image, &Approval)> {
    let images = manifest.images.iter().enumerate();
    images.flat_map(|(at, image)| image.approved.iter().map(move |a| (Key::of(image, a), (at, image, a)))).collect()
}

/// The approvals that the pull request adds or changes, as a proposal would name them, in the manifest's order. Without
/// a base, every approval that is not promoted counts as added, and nothing as approved before.
pub(crate) fn incoming(base: Option<&Manifest>, head: &Manifest) -> Vec<Item> {
    let (before, standing) = (base.map(approvals).unwrap_or_default(), with_approvals_of(base, head));
    let mut items = Vec::new();
    for (at, image) in head.images.iter().enumerate() {
        for approval in &image.approved {
            let old = before.get(&Key::of(image, approval)).filter(|(_, was, _)| was.source == image.source);
            match old {
                Some((_, _, a)) if a.digest == approval.digest => continue,
                None if base.is_none() && approval.mirrored.is_some() => continue,
                _ => {}
            }
            let was = &standing.images[at];
            let mut entry = Entry::approving(was, &approval.tag, &approval.digest, old.is_some());
            entry.reason.clone_from(&approval.reason);
            items.push(Item::approving(at, was, String::new(), entry));
        }
    }
    items
}

/// The head, with each image's approvals from the base: the starting point of the same changes, and of a proposal with
/// them.
pub(crate) fn with_approvals_of(base: Option<&Manifest>, head: &Manifest) -> Manifest {
    let mut manifest = head.clone();
    for image in &mut manifest.images {
        let was = base.and_then(|base| same_image(base, head, image));
        image.approved = was.map(|was| was.approved.clone()).unwrap_or_default();
    }
    manifest
}

/// The image at the base: with the same source, mirror and variant; if there is only one, its variant may change.
pub(super) fn same_image<'b>(base: &'b Manifest, head: &Manifest, image: &Image) -> Option<&'b Image> {
    let same = |other: &&Image| other.source == image.source && other.repository == image.repository;
    let only = base.images.iter().filter(same).count() == 1 && head.images.iter().filter(same).count() == 1;
    if only {
        return base.images.iter().find(same);
    }
    // Several of one variant correspond in their order.
    let is_it = |other: &&Image| same(other) && other.slug() == image.slug();
    let nth = head.images.iter().filter(is_it).take_while(|other| other.span != image.span || other.file != image.file);
    let nth = nth.count();
    base.images.iter().filter(is_it).nth(nth).or_else(|| base.images.iter().find(is_it))
}

/// What was approved before a change, to show the difference.
pub(crate) fn digest_before(base: Option<&Manifest>, head: &Manifest, item: &Item) -> Option<Digest> {
    let from = item.entry.from.as_ref()?;
    let image = &head.images[item.image];
    let key = Key { repository: image.repository.clone(), tag: from.clone() };
    Some(base.map(approvals)?.get(&key)?.2.digest.clone())
}

/// Whether nothing differs except what is recorded about promotions: `mirrored`, `pull`, `approved-on`, `signed-by`.
pub(crate) fn only_records(base: &Manifest, head: &Manifest) -> bool {
    stripped(base, true) == stripped(head, true)
}

/// The manifest without texts, places and records, and without approvals and rejections if `approvals` says so.
fn stripped(manifest: &Manifest, approvals: bool) -> Manifest {
    let mut manifest = manifest.clone();
    manifest.files = manifest.files.into_iter().map(|f| File { text: String::new(), ..f }).collect();
    for image in &mut manifest.images {
        image.span = crate::diag::Span::default();
        if !approvals {
            image.approved.clear();
            image.rejected.clear();
            image.revoked.clear();
        }
        for approval in &mut image.approved {
            let Approval { tag: _, digest: _, mirrored, pull, approved_on, signed_by, reason: _, span } = approval;
            (*mirrored, *pull, *approved_on, *signed_by) = (None, None, None, None);
            *span = crate::diag::Span::default();
        }
        image.rejected.iter_mut().for_each(|r| r.span = crate::diag::Span::default());
        image.revoked.iter_mut().for_each(|r| r.span = crate::diag::Span::default());
    }
    manifest
}

/// The approvals whose `mirrored` the pull request adds, changes or removes.
pub(crate) fn recorded<'a>(base: Option<&Manifest>, head: &'a Manifest) -> Vec<(&'a Image, &'a Approval)> {
    differing(base, head, |was, now| was.and_then(|a| a.mirrored.as_ref()) != now.mirrored.as_ref())
}

/// The approvals that differ from those of the same tag at the base.
fn differing<'a>(
    base: Option<&Manifest>,
    head: &'a Manifest,
    differs: impl Fn(Option<&Approval>, &Approval) -> bool,
) -> Vec<(&'a Image, &'a Approval)> {
    let Some(base) = base else { return Vec::new() };
    let before = approvals(base);
    let was = |image: &Image, approval: &Approval| before.get(&Key::of(image, approval)).map(|(_, _, a)| *a);
    head.approvals().filter(|(image, approval)| differs(was(image, approval), approval)).collect()
}

/// The sources of changed approvals that the base does not allow.
pub(crate) fn not_allowed(base: &Manifest, head: &Manifest, items: &[Item]) -> Vec<Finding> {
    let Some(sources) = &base.sources else { return Vec::new() };
    let allowed: Vec<String> = sources.iter().map(ToString::to_string).collect();
    let foreign = |item: &&Item| {
        let host = head.images[item.image].source.registry();
        host.is_some_and(|host| !sources.contains(host))
    };
    let finding = |item: &Item| {
        let image = &head.images[item.image];
        Finding {
            code: "source-not-allowed",
            repository: Some(image.repository.clone()),
            tag: item.entry.to.clone(),
            expected: format!("a source on {}, as in the base", allowed.join(", ")),
            found: image.source.to_string(),
            place: Some((image.file, image.span.start)),
        }
    };
    items.iter().filter(foreign).map(finding).collect()
}
