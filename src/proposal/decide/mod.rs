//! Which proposals should be open, and what to do about each branch: from what is known so far to a decision, or to the
//! facts that it lacks.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::known::{Answer, Availability, Candidates, Exclusion, Fact, Known};
use super::leaving::{Conditions, Unreviewed};
use super::machine::{self, Action, Circumstances, Decision, Difference, Existing, Question, Wish};
use super::marked::{lacking, marked};
use super::unused::Unused;
use super::wanted::wanted;
use super::{Cause, Entry, Item, Kind, Selected, Wanted, branch, why};
use crate::image::Tag;
use crate::manifest::{Image, Manifest};
use crate::plan::{Key, Scope};

/// How often declined bytes of one branch may lead to another choice, which may have been declined too.
const CHOICES: usize = 10;

pub(crate) struct Agenda<'a> {
    pub(crate) manifest: &'a Manifest,
    /// The images that the run covers.
    pub(crate) scope: &'a Scope,
    pub(crate) existing: &'a [Existing],
    pub(crate) conditions: Conditions,
    /// The branch of a proposal that is moved to what is wanted even if it was approved.
    pub(crate) refresh: Option<&'a str>,
}

/// What should be open, and what to do for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) decisions: Vec<Decision>,
}

impl<'a> Agenda<'a> {
    /// What a run decides about, as upstream was first found. Whether upstream lost an approval, or enough people
    /// approved it, may be temporarily unknown: then a proposal that says so stays.
    pub(crate) fn new(
        manifest: &'a Manifest,
        scope: &'a Scope,
        existing: &'a [Existing],
        candidates: &Candidates,
        unreviewed: &Unreviewed,
        today: NaiveDate,
    ) -> Self {
        let conditions = Conditions { today, unreviewed: unreviewed.wanted.clone(), ..Conditions::default() };
        let mut agenda = Self { manifest, scope, existing, conditions, refresh: None };
        let still = agenda.still_proposed(unreviewed);
        agenda.conditions.unreviewed.extend(still);
        for (at, image) in manifest.images.iter().enumerate().filter(|(at, _)| scope.contains(*at)) {
            let Some(Availability { gone, unknown }) = candidates.images.get(&at).map(|c| &c.availability) else {
                agenda.conditions.without_selection.insert(at);
                continue;
            };
            let lost = gone.iter().chain(unknown.iter().filter(|tag| agenda.retires(image, tag)));
            let lost: Vec<Key> =
                lost.map(|tag| Key { repository: image.repository.clone(), tag: tag.clone() }).collect();
            agenda.conditions.gone.extend(lost);
        }
        let urgent = |entry: &Entry| entry.urgent.is_some() && !has_moved(manifest, candidates, entry);
        agenda.conditions.urgent = agenda.entries_with_branch(urgent);
        agenda.conditions.reasons =
            agenda.entries().map(|(_, entry)| entry).filter(|e| e.reason.is_some()).cloned().collect();
        agenda.conditions.rejecting = agenda.entries_with_branch(|entry| entry.kind == Kind::Reject);
        agenda
    }

    /// Adds what nobody pulls any more. Where that is unknown for now, a proposal that says so stays.
    pub(crate) fn retire_unused(&mut self, manifest: &Manifest, unused: &Unused) {
        let open = manifest.approvals().filter_map(|(image, approval)| {
            let why = unused.unknown.get(&Key::of(image, approval))?;
            let words =
                format!("nobody had pulled it when this was proposed; whether somebody has since is unknown: {why}");
            self.retires(image, &approval.tag).then(|| (Key::of(image, approval), words))
        });
        let open: BTreeMap<Key, String> = open.collect();
        self.conditions.unused = unused.wanted.clone();
        self.conditions.unused.extend(open);
    }

    /// What open proposals contain, each with the branch.
    fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Entry)> + use<'a> {
        let of =
            |e: &'a Existing| e.made_of.iter().flat_map(|made| &made.entries).map(|entry| (e.branch.as_str(), entry));
        self.existing.iter().flat_map(of)
    }

    fn entries_with_branch(&self, is: impl Fn(&Entry) -> bool) -> Vec<(String, Entry)> {
        let held = self.entries().filter(|(_, entry)| is(entry));
        held.map(|(branch, entry)| (branch.to_owned(), entry.clone())).collect()
    }

    /// Whether an open proposal retires this tag.
    fn retires(&self, image: &Image, tag: &Tag) -> bool {
        let retires = |entry: &Entry| entry.kind == Kind::Retire && entry.repository == image.repository;
        self.entries().any(|(_, entry)| retires(entry) && entry.to.as_ref() == Some(tag))
    }

    /// Approvals whose removal for lack of reviews is proposed, although it is unknown now whether they were reviewed.
    fn still_proposed(&self, unreviewed: &Unreviewed) -> BTreeMap<Key, String> {
        let stays = self.manifest.approvals().filter_map(|(image, approval)| {
            let why = unreviewed.unknown.get(&Key::of(image, approval))?;
            let part = Cause::Unreviewed(why.clone()).own_branch()?;
            let line = format!("{part}/{}", approval.tag);
            let branch = branch::image(&self.manifest.prefix(), &image.slug(), &line);
            let open = self.existing.iter().any(|open| open.branch == branch);
            open.then(|| (Key::of(image, approval), why.clone()))
        });
        stays.collect()
    }

    /// Decides. What a person declined is not wanted, and rules may pick something else, which may have been declined,
    /// too. Closed proposals and reviews are only needed if a proposal is about to be opened or changed: those without
    /// room cost no request.
    pub(crate) fn decide(&self, known: &Known) -> Answer<Decided> {
        let selected = known.candidates.selected();
        let wanted = self.wanted(&selected, known);
        let (again, declined) = declined(&wanted, known);
        if !again.branches.is_empty() {
            return Err(vec![Fact::Choices(again)]);
        }
        let round = Round { agenda: self, known, selected: &selected, wanted: &wanted, declined: &declined };
        let decisions = round.decisions(&BTreeMap::new());
        let changing = decisions.iter().filter(|d| d.action == Action::Open || round.holds_other_things(d));
        nothing_lacks(changing.filter(|d| !known.has_asked(&d.branch)).map(|d| Fact::Declined(d.branch.clone())))?;
        nothing_lacks(decisions.iter().flat_map(|decision| round.unlooked(decision)))?;
        let moving = || decisions.iter().filter(|d| round.holds_other_things(d) && self.refresh != Some(&d.branch));
        let unasked = moving().filter(|d| !known.approvers.contains_key(&d.branch));
        nothing_lacks(unasked.map(|d| Fact::Approver(d.branch.clone())))?;
        let approver = |d: &Decision| Some((d.branch.clone(), known.approvers.get(&d.branch)?.clone()?));
        let approved: BTreeMap<String, String> = moving().filter_map(approver).collect();
        let decisions = if approved.is_empty() { decisions } else { round.decisions(&approved) };
        Ok(Decided { wanted, decisions })
    }

    /// What is wanted, without the removals that a person declined.
    fn wanted(&self, selected: &[Selected], known: &Known) -> Vec<Wanted> {
        let mut conditions = self.conditions.clone();
        conditions.marked = marked(self.manifest, self.existing, known);
        loop {
            let mut all = wanted(self.manifest, selected, &conditions);
            all.retain(|wanted| known.unreadable(&wanted.branch).is_none());
            let stays = all.iter().flat_map(|wanted| known.declined_items(wanted));
            let stays: Vec<Entry> =
                stays.filter(|item| !item.entry.kind.lets_in()).map(|item| item.entry.clone()).collect();
            let before = conditions.declined.len();
            conditions.declined.extend(stays);
            if conditions.declined.len() == before {
                return all;
            }
        }
    }
}

fn nothing_lacks(facts: impl Iterator<Item = Fact>) -> Answer<()> {
    let facts: Vec<Fact> = facts.collect();
    if facts.is_empty() { Ok(()) } else { Err(facts) }
}

/// Why a proposal is left alone if it is unknown what people closed on its branch.
fn not_asked(error: &str) -> String {
    format!("the closed proposals of this branch could not be read: {error}")
}

/// Whether upstream's tag was found to resolve to something other than the entry's digest.
fn has_moved(manifest: &Manifest, candidates: &Candidates, entry: &Entry) -> bool {
    let at = manifest.images.iter().position(|image| entry.names(image));
    let candidates = at.and_then(|at| candidates.images.get(&at));
    let answer = candidates.zip(entry.to.as_ref()).and_then(|(candidates, tag)| candidates.facts.digests.get(tag));
    answer.is_some_and(|answer| answer.as_ref() != Some(&entry.digest))
}

/// What rules should leave out when they choose again, and the branches for which they have chosen often enough.
fn declined(wanted: &[Wanted], known: &Known) -> (Exclusion, BTreeSet<String>) {
    let (mut again, mut still) = (Exclusion::default(), BTreeSet::new());
    for wanted in wanted {
        let items: Vec<&Item> =
            known.declined_items(wanted).into_iter().filter(|item| item.entry.kind.lets_in()).collect();
        if items.is_empty() {
            continue;
        }
        if known.choices(&wanted.branch) == CHOICES {
            still.insert(wanted.branch.clone());
            continue;
        }
        again.branches.insert(wanted.branch.clone());
        for item in items {
            again.digests.entry(item.image).or_default().insert(item.entry.digest.clone());
        }
    }
    (again, still)
}

struct Round<'a> {
    agenda: &'a Agenda<'a>,
    known: &'a Known,
    selected: &'a [Selected],
    wanted: &'a [Wanted],
    declined: &'a BTreeSet<String>,
}

impl Round<'_> {
    fn decisions(&self, approved: &BTreeMap<String, String>) -> Vec<Decision> {
        let Agenda { manifest, scope, existing, .. } = *self.agenda;
        let failed = self.known.candidates.failed.iter();
        let mut not_known: Vec<(usize, String)> =
            failed.map(|(at, f)| (*at, format!("{} could not be checked: {}", f.source, f.error))).collect();
        let outside = (0..manifest.images.len()).filter(|at| !scope.contains(*at));
        not_known.extend(outside.map(|at| (at, "this run does not cover its image".to_owned())));
        machine::decisions(&Question {
            wanted: self.wanted,
            existing,
            declined: self.declined,
            approved,
            unknown: &|existing| {
                let unasked = || self.known.unreadable(&existing.branch).map(not_asked);
                let of_advisories = || self.unread_advisories(existing);
                let unknown = why::not_known(manifest, &not_known, existing).or_else(of_advisories);
                unknown.or_else(unasked).or_else(|| self.unknown_fix(existing))
            },
            moot: &|existing| why::moot(manifest, self.selected, existing),
            limit: manifest.proposals.limit as usize,
        })
    }

    /// Why it cannot be said what advisories name, for the proposal of revocations.
    fn unread_advisories(&self, existing: &Existing) -> Option<String> {
        let unread = self.agenda.conditions.unread_advisories.as_ref()?;
        let is_it = existing.branch == branch::revoke(&self.agenda.manifest.prefix());
        is_it.then(|| format!("the advisories could not be read: {unread}"))
    }

    /// Why it cannot be said whether what is open still need not wait as long as other versions: it stays until that is
    /// known.
    fn unknown_fix(&self, existing: &Existing) -> Option<String> {
        let entries = existing.made_of.iter().flat_map(|made| &made.entries);
        entries.filter(|entry| entry.kind.lets_in()).find_map(|entry| {
            let (tag, digest) = (entry.to.clone()?, entry.digest.clone());
            let images = self.agenda.manifest.images.iter().enumerate().filter(|(_, image)| entry.names(image));
            let mut read = images.filter_map(|(at, _)| self.known.candidates.images.get(&at));
            let not = read.find_map(|read| read.facts.fixes.get(&(tag.clone(), digest.clone()))?.as_ref().err())?;
            let why = || format!("whether {}:{tag} still need not wait is unknown: {}", entry.repository, not.why);
            not.is_unknown.then(why)
        })
    }

    /// What is not known yet about the bytes of a group that is to be opened or changed.
    fn unlooked(&self, decision: &Decision) -> Vec<Fact> {
        let Agenda { manifest, existing, .. } = *self.agenda;
        match decision.wanted.map(|at| &self.wanted[at]) {
            Some(wanted) if decision.action == Action::Open || self.holds_other_things(decision) => {
                lacking(manifest, existing, self.known, wanted)
            }
            _ => Vec::new(),
        }
    }

    /// Whether an open proposal should be moved to different changes.
    fn holds_other_things(&self, decision: &Decision) -> bool {
        let open = self.agenda.existing.iter().find(|existing| existing.branch == decision.branch);
        let wanted = decision.wanted.map(|at| &self.wanted[at]);
        decision.action == Action::Update
            && open.zip(wanted).is_some_and(|(open, wanted)| open.difference(wanted) == Difference::Entries)
    }
}

/// What an approving review of a proposal's current content means for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reviewed {
    /// It stays as it was approved.
    Stays,
    /// It is moved anyway: the person who asks is looking at it.
    Moves,
}

/// Decides about one open proposal that a person wants to contain `wanted`. What was declined earlier, and how many are
/// open, does not matter here.
pub(crate) fn asked(open: &Existing, wanted: &Wanted, reviewed: Reviewed, known: &Known) -> Answer<Action> {
    let decided = |approved: Option<&str>| {
        let circumstances = Circumstances { declined: false, room: true, approved };
        machine::decide(Wish::Proposal(wanted), Some(open), circumstances)
    };
    let unreviewed = decided(None);
    let moves = unreviewed == Action::Update && open.difference(wanted) == Difference::Entries;
    match known.approvers.get(&open.branch) {
        _ if !moves || reviewed == Reviewed::Moves => Ok(unreviewed),
        Some(approver) => Ok(decided(approver.as_deref())),
        None => Err(vec![Fact::Approver(open.branch.clone())]),
    }
}
