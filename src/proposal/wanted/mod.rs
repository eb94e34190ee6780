//! From what the rules chose to the proposals that should be open.

mod context;
mod requested;
#[cfg(test)]
mod tests;

pub(super) use context::context;

use std::cmp::Ordering;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::advisories::revocations;
use super::apart::set_apart;
use super::groups::{Groups, group_of};
use super::leaving::{Conditions, leaving};
use super::marked::Marked;
use super::signers::signer_change;
use super::{Cause, Entry, Item, Kind, Selected, Wanted, branch, metadata};
use crate::image::{Digest, Tag};
use crate::manifest::{Image, Manifest};
use crate::rules::{Chosen, Line, is_other_major, is_patch, order_of};
use requested::{explain, hurried, hurry, rejecting};

/// The proposals that should be open: one per image and line, or one per group; and separate ones for revoked approvals
/// and those that lack reviews.
///
/// They are in the order in which they are opened while there is room: removals of revoked approvals, removals of those
/// that lack reviews, patch releases on an approved line, everything else. Among equals the one that has been public
/// (or was first seen) longest comes first, then those whose age was not checked; then the manifest's order decides.
pub(crate) fn wanted(manifest: &Manifest, selected: &[Selected], conditions: &Conditions) -> Vec<Wanted> {
    let mut drafts = Drafts {
        manifest,
        marked: &conditions.marked,
        groups: Groups::of(&manifest.proposals.group),
        wanted: Vec::new(),
    };
    let rejecting = rejecting(manifest, conditions);
    for (at, image) in manifest.images.iter().enumerate() {
        let mut revoked = revocations(at, image, &conditions.advised);
        revoked.retain(|item| !conditions.declined.contains(&item.entry));
        let goes = |item: &Item| revoked.iter().any(|other| other.entry.to == item.entry.to);
        let of_image = selected.iter().find(|s| s.image == at);
        let selection = of_image.map(|s| &s.selection);
        if selection.is_none() && !conditions.without_selection.contains(&at) {
            drafts.revoke(revoked);
            continue;
        }
        let (own, mut leaving): (Vec<Item>, Vec<Item>) = leaving(at, image, conditions, selection.is_some())
            .into_iter()
            .filter(|item| item.entry.kind != Kind::Retire || !goes(item))
            .partition(|item| own_branch(item).is_some());
        let taken: BTreeSet<Tag> =
            own.iter().chain(&leaving).chain(&revoked).filter_map(|item| item.entry.to.clone()).collect();
        drafts.revoke(revoked);
        for item in own {
            drafts.alone(image, item);
        }
        let blocked: Vec<&(String, Item)> = rejecting.iter().filter(|(_, item)| item.image == at).collect();
        for (branch, item) in &blocked {
            drafts.on(branch.clone(), group_of(manifest, branch), vec![item.clone()]);
        }
        let mut urgent: Vec<Item> = hurried(manifest, conditions).into_iter().filter(|item| item.image == at).collect();
        for line in selection.into_iter().flat_map(|selection| &selection.lines) {
            let mut items = items(at, image, line);
            for item in urgent.extract_if(.., |item| item.line == line.name) {
                hurry(&mut items, item, line, selection);
            }
            for item in items.iter_mut().filter(|item| item.entry.kind.lets_in()) {
                item.signer = of_image.and_then(|of_image| signer_change(image, &item.entry, &of_image.signers));
                explain(image, &mut item.entry, &conditions.reasons);
            }
            items.retain(|item| {
                item.entry.kind != Kind::Retire || !item.entry.to.as_ref().is_some_and(|t| taken.contains(t))
            });
            items.extend(leaving.extract_if(.., |item| item.line == line.name));
            drafts.line(image, &line.name, items, &blocked);
        }
        for item in urgent.into_iter().filter(|_| selection.is_some()) {
            let name = item.line.clone();
            drafts.line(image, &name, vec![item], &blocked);
        }
        // of lines that no longer exist
        while let Some(name) = leaving.first().map(|item| item.line.clone()) {
            let items = leaving.extract_if(.., |item| item.line == name).collect();
            drafts.line(image, &name, items, &blocked);
        }
    }
    ready(manifest, drafts.wanted)
}

/// Bounds each proposal to what its metadata can name, and puts them in their order.
fn ready(manifest: &Manifest, drafts: Vec<Wanted>) -> Vec<Wanted> {
    let mut wanted = set_apart(manifest, drafts);
    for proposal in &mut wanted {
        let named = metadata::fitting(&proposal.entries());
        proposal.later = proposal.items.len() - named;
        proposal.items.truncate(named);
        proposal.context = context(manifest, &proposal.items);
    }
    wanted.sort_by_key(|proposal| order(manifest, proposal));
    wanted
}

struct Drafts<'a> {
    manifest: &'a Manifest,
    /// [`Conditions::marked`].
    marked: &'a Marked,
    groups: Groups<'a>,
    wanted: Vec<Wanted>,
}

impl Drafts<'_> {
    /// What happens on one line: on the line's branch, or its group's. While a rejection on the line is open, nothing
    /// else is proposed there; marked changes leave their group.
    fn line(&mut self, image: &Image, line: &str, items: Vec<Item>, blocked: &[&(String, Item)]) {
        let branch = branch::image(&self.manifest.prefix(), &image.slug(), line);
        let chosen = items.iter().find(|item| item.entry.kind.lets_in()).map(|item| &item.entry.to);
        let rejected = |(on, item): &&(String, Item)| *on == branch || Some(&item.entry.to) == chosen;
        if items.is_empty() || blocked.iter().any(rejected) {
            return;
        }
        match self.groups.name(image).filter(|_| !items.iter().any(|item| self.is_marked(image, item))) {
            Some(group) => self.on(branch::group(&self.manifest.prefix(), &group), Some(group), items),
            None => self.on(branch, None, items),
        }
    }

    fn is_marked(&self, image: &Image, item: &Item) -> bool {
        let bytes = || (item.entry.repository.clone(), item.entry.digest.clone());
        is_marked(image, item) || (item.entry.kind.lets_in() && self.marked.contains(&bytes()))
    }

    /// Adds to the one proposal of what advisories name.
    fn revoke(&mut self, items: Vec<Item>) {
        if !items.is_empty() {
            self.on(branch::revoke(&self.manifest.prefix()), None, items);
        }
    }

    /// Adds a separate proposal.
    fn alone(&mut self, image: &Image, item: Item) {
        let (Some(part), Some(tag)) = (own_branch(&item), &item.entry.to) else { return };
        let name = format!("{part}/{tag}");
        let branch = branch::image(&self.manifest.prefix(), &image.slug(), &name);
        self.on(branch, None, vec![item]);
    }

    fn on(&mut self, branch: String, group: Option<String>, items: Vec<Item>) {
        match self.wanted.iter_mut().find(|w| w.branch == branch) {
            Some(same) => same.items.extend(items),
            None => self.wanted.push(Wanted { branch, group, items, later: 0, context: Digest::sha256(b"") }),
        }
    }
}

fn own_branch(item: &Item) -> Option<&'static str> {
    item.cause.as_ref().and_then(Cause::own_branch)
}

/// Whether it deserves a separate review whatever is in it: another major than the approved one, an older version, other
/// signers.
fn is_marked(image: &Image, item: &Item) -> bool {
    match (item.entry.kind, &item.entry.from, &item.entry.to) {
        _ if item.entry.urgent.is_some() || item.signer.is_some() => true,
        (Kind::Update, Some(from), Some(to)) => {
            is_other_major(&image.rule, from, to) || order_of(&image.rule, from, to) == Some(Ordering::Less)
        }
        _ => false,
    }
}

/// A proposal's place in the order of opening; see [`wanted`].
fn order(manifest: &Manifest, proposal: &Wanted) -> (u8, bool, Option<DateTime<Utc>>) {
    let causes = |is: fn(&Cause) -> bool| proposal.items.iter().filter_map(|item| item.cause.as_ref()).any(is);
    let patch = |item: &Item| match (item.entry.kind, &item.entry.from, &item.entry.to) {
        (Kind::Update, Some(from), Some(to)) => {
            let rule = &manifest.images[item.image].rule;
            is_patch(rule, from, to) && order_of(rule, from, to) == Some(Ordering::Greater)
        }
        _ => false,
    };
    let rank = if causes(|cause| matches!(cause, Cause::Revoked(_))) {
        0
    } else if causes(|cause| matches!(cause, Cause::Unreviewed(_))) {
        1
    } else if proposal.items.iter().any(patch) {
        2
    } else {
        3
    };
    let longest = proposal.items.iter().filter_map(|item| item.public_since.map(|since| since.at)).min();
    (rank, longest.is_none(), longest)
}

/// What a line's choice changes: it is added, and what `keep` no longer keeps is removed with it.
fn items(at: usize, image: &Image, line: &Line) -> Vec<Item> {
    let Some(chosen) = &line.chosen else { return Vec::new() };
    let comes = approving(at, image, &line.name, chosen);
    let retired = line.retired.iter().map(|(tag, digest)| Item {
        cause: Some(Cause::Keep),
        ..Item::new(Entry::of(image, Kind::Retire, None, tag, digest), at, line.name.clone())
    });
    std::iter::once(comes).chain(retired).collect()
}

/// The change that approves a version on a line.
pub(super) fn approving(at: usize, image: &Image, line: &str, chosen: &Chosen) -> Item {
    let entry = Entry::approving(image, &chosen.tag, &chosen.digest, chosen.rebuild);
    let item = Item::approving(at, image, line.to_owned(), entry);
    let prefix_changed = item.prefix_changed || chosen.prefix_changed;
    let is_earlier = chosen.instead_of.is_some();
    Item { public_since: chosen.public_since, fixes: chosen.fixes.clone(), prefix_changed, is_earlier, ..item }
}
