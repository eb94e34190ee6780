//! What is removed from the manifest for its own reasons, and not because an update replaces it: approvals that the
//! rule, a person or upstream no longer supports, and expired rejections.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::marked::Marked;
use super::{Cause, Entry, Item, Kind};
use crate::image::{Digest, Tag};
use crate::manifest::{Approval, Image, Manifest, Rejection};
use crate::plan::{FailedStep, Failure, Key};
use crate::rules::{line_of, out_of_range};

/// What the decision depends on besides the selections.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Conditions {
    pub today: NaiveDate,
    /// Images, by their position in the manifest, that have no selection because they could not be checked: what does
    /// not need upstream is still proposed for them.
    pub without_selection: BTreeSet<usize>,
    /// Approvals for which upstream has neither tag nor digest. Never concluded from an error or from a list alone.
    pub gone: BTreeSet<Key>,
    /// Approvals that nobody has pulled for as long as their image's `keep` says, each with that in words.
    pub unused: BTreeMap<Key, String>,
    /// Approvals that fewer people reviewed than the policy requires, each with that in words.
    pub unreviewed: BTreeMap<Key, String>,
    /// The rejections that open proposals contain, each with the branch.
    pub rejecting: Vec<(String, Entry)>,
    /// What a person requested as urgent, as open proposals contain it, each with the branch.
    pub urgent: Vec<(String, Entry)>,
    /// What a person asked for with a reason, as open proposals contain it.
    pub reasons: Vec<Entry>,
    /// Bytes that leave their group because of what was found in them.
    pub marked: Marked,
    /// Approvals that advisories name, each with the reason for its revocation.
    pub advised: BTreeMap<Key, String>,
    /// Why it is unknown what advisories name: what is proposed because of them stays.
    pub unread_advisories: Option<String>,
    /// Removals that a person declined.
    pub declined: BTreeSet<Entry>,
}

/// What is known about the reviews of approvals that are not promoted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Unreviewed {
    /// Those that fewer people approved than the policy requires, each with that in words: their removal is wanted.
    pub wanted: BTreeMap<Key, String>,
    /// Those for which that could not be found out, and why: existing proposals for them stay.
    pub unknown: BTreeMap<Key, String>,
}

impl Unreviewed {
    /// What could not be found out, as failures in the manifest's order.
    pub(crate) fn failures(&self, manifest: &Manifest) -> Vec<Failure> {
        let failure = |(image, approval): (&Image, &Approval)| {
            let error = self.unknown.get(&Key::of(image, approval))?.clone();
            Some(Failure::of(image, Some(&approval.tag), FailedStep::Resolve, error))
        };
        manifest.approvals().filter_map(failure).collect()
    }
}

/// What is removed from one image. `looked_at`: whether upstream was read and its rule applied.
pub(super) fn leaving(at: usize, image: &Image, conditions: &Conditions, looked_at: bool) -> Vec<Item> {
    let approvals = image.approved.iter().filter_map(|approval| {
        let cause = cause(image, approval, conditions)?;
        let item = item(at, image, Kind::Retire, &approval.tag, &approval.digest, cause);
        (looked_at || item.cause.as_ref().is_some_and(|cause| cause.own_branch().is_some())).then_some(item)
    });
    let expired = image.rejected.iter().filter(|_| looked_at).filter_map(|rejection| {
        let last = over(image, rejection, conditions.today)?;
        Some(item(at, image, Kind::Expire, &rejection.tag, &digest_of(rejection), Cause::Expired(last)))
    });
    approvals.chain(expired).filter(|item| !conditions.declined.contains(&unnamed(&item.entry))).collect()
}

/// The entry without other approvals and without urgency: declining it applies whatever these are.
pub(super) fn unnamed(entry: &Entry) -> Entry {
    Entry { from: None, urgent: None, reason: None, ..entry.clone() }
}

/// The first of the reasons for which an approval is removed; those that get a separate proposal come first.
pub(super) fn cause(image: &Image, approval: &Approval, conditions: &Conditions) -> Option<Cause> {
    let Approval { tag, digest, .. } = approval;
    if let Some(revoked) = image.revoked.iter().find(|revoked| revoked.digest == *digest) {
        return Some(Cause::Revoked(revoked.reason.clone()));
    }
    let key = Key::of(image, approval);
    if let Some(why) = conditions.unreviewed.get(&key) {
        return Some(Cause::Unreviewed(why.clone()));
    }
    if let Some(rejection) = image.rejected.iter().find(|r| r.tag == *tag && holds(r, conditions.today)) {
        return Some(Cause::Rejected(rejection.reason.clone()));
    }
    let outside = out_of_range(&image.rule, tag).map(Cause::OutOfRange);
    let gone = || conditions.gone.contains(&key).then_some(Cause::Gone);
    outside.or_else(gone).or_else(|| conditions.unused.get(&key).cloned().map(Cause::Unused))
}

pub(super) fn holds(rejection: &Rejection, today: NaiveDate) -> bool {
    rejection.until.is_none_or(|last| today <= last)
}

/// The last day of an expired rejection, if no other rejection covers its tag.
fn over(image: &Image, rejection: &Rejection, today: NaiveDate) -> Option<NaiveDate> {
    let alone = image.rejected.iter().filter(|other| other.tag == rejection.tag).count() == 1;
    rejection.until.filter(|last| alone && *last < today)
}

/// What distinguishes rejections of one tag: they name no bytes.
pub(super) fn digest_of(rejection: &Rejection) -> Digest {
    let until = rejection.until.map(|last| last.to_string()).unwrap_or_default();
    Digest::sha256(format!("rejected\n{}\n{until}\n{}", rejection.tag, rejection.reason).as_bytes())
}

fn item(at: usize, image: &Image, kind: Kind, tag: &Tag, digest: &Digest, cause: Cause) -> Item {
    let entry = Entry::of(image, kind, None, tag, digest);
    Item { cause: Some(cause), ..Item::new(entry, at, line_of(&image.rule, tag)) }
}
