//! An open proposal on another state of the manifest: whether git could merge it there, and how to make the same
//! changes again.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::groups::group_of;
use super::leaving::{Conditions, cause, digest_of, holds};
use super::metadata::Metadata;
use super::wanted::context;
use super::written::{position, with_new_image};
use super::{Cause, Entry, Item, Kind, Wanted};
use crate::edit::merge;
use crate::image::{Digest, Tag};
use crate::manifest::{File, Image, Manifest};
use crate::plan::is_revoked;
use crate::rules::{line_of, out_of_range};

/// Whether git would find a conflict when a proposal's content, made on `base`, is merged into the default branch.
pub(crate) fn conflicts(base: &[File], default: &[File], held: &[File]) -> bool {
    let text = |of: &[File], path: &str| of.iter().find(|file| file.path == path).map(|file| file.text.clone());
    held.iter().filter(|file| text(base, &file.path).as_ref() != Some(&file.text)).any(|file| {
        match (text(base, &file.path), text(default, &file.path)) {
            (Some(base), Some(default)) => merge(&base, &default, &file.text).is_none(),
            (None, default) => default.is_some_and(|default| default != file.text),
            (Some(_), None) => true,
        }
    })
}

/// Whether the text around a proposal's changes is still the text that it was made on: then there is no conflict.
pub(crate) fn stands_on(manifest: &Manifest, made: &Metadata) -> bool {
    let item = |entry: &Entry| {
        let mut named = manifest.images.iter().enumerate().filter(|(_, image)| entry.names(image));
        let (at, _) = named.next().filter(|_| named.next().is_none())?;
        Some(Item::new(entry.clone(), at, String::new()))
    };
    let items: Option<Vec<Item>> = made.entries.iter().map(item).collect();
    items.is_some_and(|items| context(manifest, &items) == made.context)
}

/// Whether two states of a proposal's branch agree on what it changes.
pub(crate) fn hold_the_same(made: &Metadata, one: &Manifest, other: &Manifest) -> bool {
    made.entries.iter().all(|entry| held(entry, one) == held(entry, other))
}

/// What a manifest says about the tag of a change: what is approved, rejected and revoked under it.
fn held<'m>(entry: &Entry, manifest: &'m Manifest) -> Vec<Held<'m>> {
    let is_it = |tag: &Tag| entry.to.as_ref() == Some(tag);
    let named = manifest.images.iter().filter(|image| entry.names(image));
    let said = named.map(|image| Held {
        approved: image.approved.iter().filter(|a| is_it(&a.tag)).map(|a| (&a.tag, &a.digest)).collect(),
        rejected: image.rejected.iter().filter(|r| is_it(&r.tag)).map(|r| (&r.tag, r.until)).collect(),
        revoked: image.revoked.iter().filter(|r| is_it(&r.tag)).map(|r| (&r.tag, &r.digest)).collect(),
    });
    said.collect()
}

#[derive(PartialEq)]
struct Held<'m> {
    approved: Vec<(&'m Tag, &'m Digest)>,
    rejected: Vec<(&'m Tag, Option<NaiveDate>)>,
    revoked: Vec<(&'m Tag, &'m Digest)>,
}

/// A proposal with the same changes, on another state of the manifest.
pub(crate) struct Anew<'m> {
    /// The manifest, with the image that the proposal adds.
    pub(crate) manifest: Cow<'m, Manifest>,
    pub(crate) wanted: Wanted,
}

/// The changes of the proposal on `branch`, whose manifest is `held`, made again on `manifest`. `None` if one of them
/// is already made or no longer wanted: then the next run that reads upstream decides about it.
pub(crate) fn anew<'m>(
    manifest: &'m Manifest,
    held: &Manifest,
    branch: &str,
    made: &Metadata,
    conditions: &Conditions,
) -> Option<Anew<'m>> {
    let with = with_new_image(manifest, &made.entries)?;
    let item = |entry: &Entry| item(&with, held, entry, made, conditions);
    let items = made.entries.iter().map(item).collect::<Option<Vec<Item>>>().filter(|items| !items.is_empty())?;
    // What an image that does not exist yet depends on does not change.
    let context = if matches!(with, Cow::Owned(_)) { made.context.clone() } else { context(&with, &items) };
    let wanted = Wanted { branch: branch.to_owned(), group: group_of(&with, branch), items, later: 0, context };
    Some(Anew { manifest: with, wanted })
}

fn item(manifest: &Manifest, held: &Manifest, entry: &Entry, made: &Metadata, conditions: &Conditions) -> Option<Item> {
    let (at, tag) = (position(manifest, held, entry)?, entry.to.as_ref()?);
    let image = &manifest.images[at];
    let line = line_of(&image.rule, tag);
    if entry.kind.lets_in() {
        return lets_in(at, image, entry, line, conditions);
    }
    let cause = match entry.kind {
        Kind::Retire => {
            let approval = image.approved.iter().find(|a| a.tag == *tag && a.digest == entry.digest)?;
            let comes = made.entries.iter().any(|other| other.kind.lets_in() && other.names(image));
            let known = cause(image, approval, conditions);
            // Whether anybody has pulled it meanwhile, the next run asks.
            let other = (image.keep.unused.is_none()).then_some(if comes { Cause::Keep } else { Cause::Gone });
            Some(known.or(other)?)
        }
        Kind::Revoke => {
            let is_it = |a: &&crate::manifest::Approval| a.tag == *tag && a.digest == entry.digest;
            let approval = image.approved.iter().find(is_it)?;
            if is_revoked(image, approval) {
                return None;
            }
            Some(Cause::Revoked(entry.rejection.clone()?.reason))
        }
        Kind::Expire => {
            let over = image.rejected.iter().find(|r| r.tag == *tag && digest_of(r) == entry.digest)?;
            Some(Cause::Expired(over.until?))
        }
        _ if image.rejected.iter().any(|r| r.tag == *tag && holds(r, conditions.today)) => return None,
        _ => None,
    };
    Some(Item { cause, ..Item::new(entry.clone(), at, line) })
}

fn lets_in(at: usize, image: &Image, entry: &Entry, line: String, conditions: &Conditions) -> Option<Item> {
    let tag = entry.to.as_ref()?;
    let approved = image.approved.iter().find(|approval| approval.tag == *tag);
    let done = approved.is_some_and(|approval| approval.digest == entry.digest);
    let refused = image.rejected.iter().any(|r| r.tag == *tag && holds(r, conditions.today))
        || image.revoked.iter().any(|revoked| revoked.digest == entry.digest)
        || out_of_range(&image.rule, tag).is_some();
    if done || refused || approved.is_some() != (entry.kind == Kind::Rebuild) {
        return None;
    }
    let compared = Entry::approving(image, tag, &entry.digest, approved.is_some());
    let entry = Entry { urgent: entry.urgent.clone(), reason: entry.reason.clone(), ..compared };
    Some(Item::approving(at, image, line, entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Vec<File> {
        vec![File { path: "approved-images.yml".to_owned(), text: text.to_owned() }]
    }

    #[test]
    fn what_stands_side_by_side_conflicts_as_in_git() {
        let base = file("a\nb\nc\nd\n");
        let conflict = |default: &str, held: &str| conflicts(&base, &file(default), &file(held));
        assert!(conflict("a\nb\nc\nd\nx\n", "a\nb\nc\nd\ny\n"), "both append");
        assert!(!conflict("a\nb\nc\nd\nx\n", "a\nb\nc\nd\nx\n"), "both append the same");
        assert!(conflict("a\nb\nc2\nd\n", "a\nb2\nc\nd\n"), "neighbours");
        assert!(!conflict("a2\nb\nc\nd\n", "a\nb\nc\nd2\n"), "apart");
        assert!(!conflict("a2\nb\nc\nd\n", "a\nb\nc\nd\n"), "nothing is proposed there");
        assert!(conflicts(&base, &[], &file("a\nb\nc\nd\ny\n")), "what is changed is gone");
    }
}
