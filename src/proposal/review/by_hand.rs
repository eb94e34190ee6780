//! What people changed by hand that only this program writes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, approvals, differing, only_records, stripped};
use crate::image::{Digest, RepositoryName, Tag};
use crate::manifest::{self, Approval, Image, Manifest};
use crate::plan::Key;
use crate::proposal::metadata::Metadata;
use crate::proposal::{Entry, Kind, Rejection, adding};
use crate::text::excerpt;

/// What a person changed in a proposal of ours: its entries are not those in its metadata, or something else in the
/// manifest also differs.
pub(crate) fn changed_by_hand(base: &Manifest, head: &Manifest, metadata: Option<&Metadata>) -> Option<Finding> {
    let finding = |expected: String, found: String| {
        Some(Finding { code: "changed-by-hand", repository: None, tag: None, expected, found, place: None })
    };
    let Some(metadata) = metadata else {
        return finding("metadata in the proposal's body".to_owned(), "none, or unreadable".to_owned());
    };
    let (named, made) = (named(&metadata.entries), made(base, head));
    if named != made {
        return finding(list(named.difference(&made)), list(made.difference(&named)));
    }
    // An image that the proposal adds is compared as it would be written.
    let with = adding::added(base, metadata).and_then(|entry| {
        let lines = adding::lines(&entry.source, &entry.repository, entry.to.as_ref());
        manifest::parse(adding::files_with(&base.files, &lines).ok()?).ok()
    });
    if stripped(with.as_ref().unwrap_or(base), false) != stripped(head, false) {
        return finding(
            "only changes to approvals and rejections".to_owned(),
            "other changes to the manifest".to_owned(),
        );
    }
    None
}

/// Changes of `signed-by` that promotion does not make: beside other changes, or without a change of `mirrored`.
pub(crate) fn signers_by_hand(base: Option<&Manifest>, head: &Manifest) -> Vec<Finding> {
    let alone = base.is_some_and(|base| only_records(base, head));
    let by_hand = |was: Option<&Approval>, now: &Approval| {
        let is_record = alone && was.and_then(|a| a.mirrored.as_ref()) != now.mirrored.as_ref();
        !is_record && was.and_then(|a| a.signed_by.as_ref()) != now.signed_by.as_ref()
    };
    let finding = |(image, approval): (&Image, &Approval)| {
        let found = match &approval.signed_by {
            Some(by) => format!("`signed-by` changed by hand: {}", excerpt(by, 200)),
            None => "`signed-by` removed".to_owned(),
        };
        let expected = "only promotion to change `signed-by`".to_owned();
        Finding::about("signed-by-changed", image, approval, expected, found)
    };
    differing(base, head, by_hand).into_iter().map(finding).collect()
}

/// Says that somebody edited the body of one of our proposals.
pub(crate) fn body_edited(who: &str) -> Finding {
    let expected = "the body that Wharfinger wrote".to_owned();
    let found = format!("a body last edited by {}: `wharfinger propose` rewrites it", excerpt(who, 100));
    Finding { code: "body-edited", repository: None, tag: None, expected, found, place: None }
}

/// One change that a proposal can make.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    /// An approval is added, changes its digest, or `leaves`.
    Approval { repository: RepositoryName, tag: Tag, digest: Digest, leaves: bool },
    /// A `rejected` entry is added, with its content.
    Rejection { source: String, repository: RepositoryName, tag: Tag, says: Rejection },
    /// A `revoked` entry is added, or `leaves`.
    Revocation { says: Revoked, leaves: bool },
    /// A `rejected` entry is removed.
    Expiry { source: String, repository: RepositoryName, tag: Tag },
}

/// A `revoked` entry of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Revoked {
    source: String,
    repository: RepositoryName,
    tag: Tag,
    digest: Digest,
    reason: String,
    delete: bool,
}

fn named(entries: &[Entry]) -> BTreeSet<Fact> {
    let leaves = entries.iter().filter(|entry| entry.kind == Kind::Revoke).filter_map(|entry| {
        let (repository, tag, digest) = (entry.repository.clone(), entry.to.clone()?, entry.digest.clone());
        Some(Fact::Approval { repository, tag, digest, leaves: true })
    });
    entries.iter().filter_map(fact).chain(leaves).collect()
}

/// What an entry does; `None` for one that this program would not have written.
fn fact(entry: &Entry) -> Option<Fact> {
    let Entry { source, repository, to, digest, kind, rejection, .. } = entry.clone();
    let tag = to?;
    Some(match kind {
        Kind::Reject => Fact::Rejection { source, repository, tag, says: rejection? },
        Kind::Revoke => {
            let says = Revoked { source, repository, tag, digest, reason: rejection?.reason, delete: false };
            Fact::Revocation { says, leaves: false }
        }
        Kind::Expire => Fact::Expiry { source, repository, tag },
        _ => Fact::Approval { repository, tag, digest, leaves: kind == Kind::Retire },
    })
}

fn made(base: &Manifest, head: &Manifest) -> BTreeSet<Fact> {
    let (before, after) = (approvals(base), approvals(head));
    let fact = |key: &Key, digest: &Digest, leaves| {
        let (repository, tag, digest) = (key.repository.clone(), key.tag.clone(), digest.clone());
        Fact::Approval { repository, tag, digest, leaves }
    };
    let comes = after.iter().filter(|(key, (_, _, a))| before.get(*key).is_none_or(|b| b.2.digest != a.digest));
    let leaves = before.iter().filter(|(key, _)| !after.contains_key(*key));
    let mut facts: BTreeSet<Fact> = comes.map(|(key, (_, _, a))| fact(key, &a.digest, false)).collect();
    facts.extend(leaves.map(|(key, (_, _, a))| fact(key, &a.digest, true)));
    let (before, after) = (rejections(base), rejections(head));
    for (key, says) in after.iter().filter(|(key, says)| before.get(key) != Some(says)) {
        let (source, repository, tag) = key.clone();
        facts.insert(Fact::Rejection { source, repository, tag, says: says.clone() });
    }
    for (source, repository, tag) in before.into_keys().filter(|key| !after.contains_key(key)) {
        facts.insert(Fact::Expiry { source, repository, tag });
    }
    let (before, after) = (revocations(base), revocations(head));
    facts.extend(after.difference(&before).cloned().map(|says| Fact::Revocation { says, leaves: false }));
    facts.extend(before.difference(&after).cloned().map(|says| Fact::Revocation { says, leaves: true }));
    facts
}

/// All `rejected` entries.
fn rejections(manifest: &Manifest) -> BTreeMap<(String, RepositoryName, Tag), Rejection> {
    let of = |image: &Image| {
        let (source, repository) = (image.source_text.clone(), image.repository.clone());
        let entry = move |r: &manifest::Rejection| {
            let says = Rejection { reason: r.reason.clone(), until: r.until };
            ((source.clone(), repository.clone(), r.tag.clone()), says)
        };
        image.rejected.iter().map(entry).collect::<Vec<_>>()
    };
    manifest.images.iter().flat_map(of).collect()
}

/// All `revoked` entries.
fn revocations(manifest: &Manifest) -> BTreeSet<Revoked> {
    let of = |image: &Image| {
        let (source, repository) = (image.source_text.clone(), image.repository.clone());
        let entry = move |r: &manifest::Revocation| Revoked {
            source: source.clone(),
            repository: repository.clone(),
            tag: r.tag.clone(),
            digest: r.digest.clone(),
            reason: r.reason.clone(),
            delete: r.delete,
        };
        image.revoked.iter().map(entry).collect::<Vec<_>>()
    };
    manifest.images.iter().flat_map(of).collect()
}

fn list<'a>(facts: impl Iterator<Item = &'a Fact>) -> String {
    let shown = |fact: &Fact| match fact {
        Fact::Approval { repository, tag, leaves: true, .. } => format!("{repository}:{tag} removed"),
        Fact::Approval { repository, tag, digest, .. } => format!("{repository}:{tag} at {}", digest.short()),
        Fact::Revocation { says: Revoked { repository, tag, .. }, leaves: true } => {
            format!("{repository}:{tag} no longer revoked")
        }
        Fact::Revocation { says: Revoked { repository, tag, reason, delete, .. }, .. } => {
            let delete = if *delete { ", with `delete: true`" } else { "" };
            format!("{repository}:{tag} revoked ({}){delete}", excerpt(reason, 200))
        }
        Fact::Rejection { repository, tag, says: Rejection { reason, until }, .. } => {
            let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
            format!("{repository}:{tag} rejected{until}: {}", excerpt(reason, 200))
        }
        Fact::Expiry { repository, tag, .. } => format!("{repository}:{tag} no longer rejected"),
    };
    let all: Vec<String> = facts.map(shown).collect();
    if all.is_empty() { "nothing more".to_owned() } else { all.join(", ") }
}
