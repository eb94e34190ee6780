//! Which changes leave their group because of what their bytes hold, and which have to be looked at to tell.

use std::collections::BTreeSet;

use super::known::{Fact, Known};
use super::machine::Existing;
use super::{Entry, Wanted, branch};
use crate::image::{Digest, RepositoryName};
use crate::manifest::Manifest;

/// Bytes that leave their group, by the image's mirror.
pub(crate) type Marked = BTreeSet<(RepositoryName, Digest)>;

/// What is known to leave: as its bytes were found, as an open proposal of its own says, or because a person declined
/// it on a branch of its own.
pub(super) fn marked(manifest: &Manifest, existing: &[Existing], known: &Known) -> Marked {
    let groups = branch::of_groups(&manifest.prefix());
    let alone = existing.iter().filter(|open| !open.branch.starts_with(&groups));
    let kept = alone.filter_map(|open| open.made_of.as_ref()).flat_map(|made| {
        let marked = made.kept.iter().filter(|kept| kept.is_marked());
        marked.filter_map(|kept| made.entries.get(kept.entry))
    });
    let declined = known.declined.iter().filter(|(on, _)| !on.starts_with(&groups));
    let declined = declined.filter_map(|(_, entries)| entries.as_ref().ok()).flatten();
    let all = known.marked().chain(kept).chain(declined.filter(|entry| entry.kind.lets_in()));
    all.map(|entry| (entry.repository.clone(), entry.digest.clone())).collect()
}

/// What has to be known before a group is proposed with what it holds now: whether a person declined a change by itself,
/// then its bytes. What the open proposal of the group holds was looked at when it was made.
pub(super) fn lacking(manifest: &Manifest, existing: &[Existing], known: &Known, wanted: &Wanted) -> Vec<Fact> {
    if wanted.group.is_none() {
        return Vec::new();
    }
    let open = existing.iter().find(|open| open.branch == wanted.branch);
    let held: Vec<&Entry> =
        open.and_then(|open| open.made_of.as_ref()).into_iter().flat_map(|made| &made.entries).collect();
    let unknown = wanted.items.iter().filter(|item| {
        let entry = &item.entry;
        entry.kind.lets_in() && !known.checked.contains_key(entry) && !held.contains(&entry)
    });
    let fact = |item: &super::Item| {
        let own = branch::image(&manifest.prefix(), &manifest.images[item.image].slug(), &item.line);
        if known.has_asked(&own) { Fact::Evidence(Box::new(item.clone())) } else { Fact::Declined(own) }
    };
    unknown.map(fact).collect()
}
