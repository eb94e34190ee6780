//! Which proposals should be open, and what to do about each branch: from what is known so far to a decision, or to the
//! facts that it lacks.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::known::{Answer, Availability, Candidates, Exclusion, Fact, Known};
use super::leaving::{Conditions, Unreviewed};
use super::machine::{self, Action, Circumstances, Decision, Difference, Existing, Question, Wish};
use super::marked::{lacking, marked};
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
                why::not_known(manifest, &not_known, existing).or_else(unasked)
            },
            moot: &|existing| why::moot(manifest, self.selected, existing),
            limit: manifest.proposals.limit as usize,
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::fmt::Write as _;

    use super::*;
    use crate::image::Digest;
    use crate::proposal::fixtures::{approval, line, manifest, selected};
    use crate::proposal::kept::Kept;
    use crate::proposal::known::ImageCandidates;
    use crate::proposal::metadata::Metadata;

    const BRANCH: &str = "wharfinger/image/loki/latest";
    const VERSIONS: [&str; 12] =
        ["3.12.0", "3.11.0", "3.10.0", "3.9.0", "3.8.0", "3.7.0", "3.6.0", "3.5.0", "3.4.0", "3.3.0", "3.2.0", "3.1.0"];

    /// What upstream and the forge would say: 3.0.0 is approved.
    #[derive(Clone, Copy)]
    struct World<'a> {
        /// What the open proposal contains.
        open: Option<&'a str>,
        touched: bool,
        /// The versions whose proposals a person closed; `None`: they cannot be read.
        closed: Option<&'a [&'a str]>,
        approver: Option<&'a str>,
        refresh: bool,
        limit: u32,
        /// Whether the image can be read.
        readable: bool,
    }

    const PLAIN: World<'_> = World {
        open: None,
        touched: false,
        closed: Some(&[]),
        approver: None,
        refresh: false,
        limit: 10,
        readable: true,
    };

    fn digest(tag: &str) -> Digest {
        Digest::sha256(tag.as_bytes())
    }

    /// What the rule picks without these digests.
    fn candidates(without: &BTreeSet<Digest>) -> ImageCandidates {
        let chosen = VERSIONS.into_iter().find(|tag| !without.contains(&digest(tag)));
        let selection = selected(0, vec![line("latest", Some("3.0.0"), chosen)]).selection;
        ImageCandidates { selection, ..ImageCandidates::default() }
    }

    fn loki() -> Manifest {
        let mut manifest = manifest(&["grafana/loki"]);
        manifest.images[0].approved = vec![approval("3.0.0")];
        manifest
    }

    fn proposal_of(manifest: &Manifest, tag: &str) -> Wanted {
        let selected = selected(0, vec![line("latest", Some("3.0.0"), Some(tag))]);
        wanted(manifest, &[selected], &Conditions::default()).remove(0)
    }

    fn existing(manifest: &Manifest, world: &World<'_>) -> Vec<Existing> {
        let existing = |tag| {
            let Wanted { branch, context, items, .. } = proposal_of(manifest, tag);
            let entries = items.into_iter().map(|item| item.entry).collect();
            Existing {
                branch,
                made_of: Some(Metadata { manifest: None, head: None, entries, context, kept: Vec::new() }),
                touched: world.touched,
                elsewhere: None,
            }
        };
        world.open.map(existing).into_iter().collect()
    }

    fn find_out(fact: Fact, world: &World<'_>, manifest: &Manifest, known: &mut Known) -> &'static str {
        match fact {
            Fact::Upstream(..) => "upstream",
            Fact::Declined(branch) => {
                let entries =
                    |tags: &[&str]| tags.iter().flat_map(|tag| proposal_of(manifest, tag).entries()).collect();
                let declined = world.closed.map(entries).ok_or_else(|| "no answer".to_owned());
                known.declined.push((branch, declined));
                "declined"
            }
            Fact::Choices(exclusion) => {
                known.excluded.push(exclusion);
                let without = known.excluded.iter().flat_map(|e| &e.digests[&0]).cloned().collect();
                known.candidates.images.insert(0, candidates(&without));
                "choices"
            }
            Fact::Approver(branch) => {
                known.approvers.insert(branch, world.approver.map(str::to_owned));
                "approver"
            }
            Fact::Evidence(item) => {
                let checked = crate::proposal::known::Checked::new(manifest, &item, Default::default());
                known.checked.insert(item.entry, checked);
                "evidence"
            }
        }
    }

    /// What is asked, in order, and what is decided afterwards.
    fn play(world: &World<'_>) -> String {
        let mut manifest = loki();
        manifest.proposals.limit = world.limit;
        let (existing, scope) = (existing(&manifest, world), Scope::of(0));
        let mut known = Known::default();
        if world.readable {
            known.candidates.images.insert(0, candidates(&BTreeSet::new()));
        } else {
            let (source, repository) = ("grafana/loki".to_owned(), "loki".parse().unwrap());
            let step = crate::plan::FailedStep::Resolve;
            let failure = crate::plan::Failure { source, repository, tag: None, step, error: "no answer".to_owned() };
            known.candidates.failed.insert(0, failure);
        }
        let (unreviewed, today) = (Unreviewed::default(), NaiveDate::default());
        let mut agenda = Agenda::new(&manifest, &scope, &existing, &known.candidates, &unreviewed, today);
        agenda.refresh = world.refresh.then_some(BRANCH);
        let mut asked = Vec::new();
        loop {
            match agenda.decide(&known) {
                Ok(Decided { wanted, decisions }) => {
                    let wanted = wanted.iter().flat_map(Wanted::entries).filter_map(|entry| entry.to);
                    let wanted: Vec<String> = wanted.map(|tag| tag.to_string()).collect();
                    let actions: Vec<String> = decisions.iter().map(|d| format!("{:?}", d.action)).collect();
                    let asked = asked.join(", ");
                    return format!("asks [{asked}] wants [{}] {}", wanted.join(", "), actions.join(", "));
                }
                Err(facts) => {
                    assert!(!facts.is_empty());
                    asked.extend(facts.into_iter().map(|fact| find_out(fact, world, &manifest, &mut known)));
                }
            }
        }
    }

    #[test]
    fn only_what_matters_is_asked_before_it_is_decided() {
        let all = VERSIONS;
        let cases: [(&str, World<'_>); 17] = [
            ("nothing open", PLAIN),
            ("no room", World { limit: 0, ..PLAIN }),
            ("the newest closed", World { closed: Some(&["3.12.0"]), ..PLAIN }),
            ("the two newest closed", World { closed: Some(&["3.12.0", "3.11.0"]), ..PLAIN }),
            ("ten closed", World { closed: Some(&all[..10]), ..PLAIN }),
            ("eleven closed", World { closed: Some(&all[..11]), ..PLAIN }),
            ("what was closed unknown", World { closed: None, ..PLAIN }),
            ("the newest open", World { open: Some("3.12.0"), approver: Some("octocat"), ..PLAIN }),
            ("an older one open", World { open: Some("3.11.0"), ..PLAIN }),
            ("an older one open, approved", World { open: Some("3.11.0"), approver: Some("octocat"), ..PLAIN }),
            (
                "an older one open, approved, refreshed",
                World { open: Some("3.11.0"), approver: Some("octocat"), refresh: true, ..PLAIN },
            ),
            ("an older one open, touched", World { open: Some("3.11.0"), touched: true, ..PLAIN }),
            (
                "an older one open, the newest closed",
                World { open: Some("3.11.0"), closed: Some(&["3.12.0"]), ..PLAIN },
            ),
            ("an older one open, what was closed unknown", World { open: Some("3.11.0"), closed: None, ..PLAIN }),
            ("an older one open, no room", World { open: Some("3.11.0"), limit: 0, ..PLAIN }),
            ("an older one open, not readable", World { open: Some("3.11.0"), readable: false, ..PLAIN }),
            ("nothing open, not readable", World { readable: false, ..PLAIN }),
        ];
        let mut table = String::new();
        for (name, world) in cases {
            writeln!(table, "{name}\n    {}", play(&world)).unwrap();
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_person_who_asks_is_stopped_by_an_approval_alone() {
        let manifest = loki();
        let open = existing(&manifest, &World { open: Some("3.11.0"), ..PLAIN }).remove(0);
        let (same, newer) = (proposal_of(&manifest, "3.11.0"), proposal_of(&manifest, "3.12.0"));
        let nothing = Known::default();
        let approved = |by: Option<&str>| Known {
            approvers: BTreeMap::from([(BRANCH.to_owned(), by.map(str::to_owned))]),
            ..Known::default()
        };
        let decided = |action| Ok(action);
        assert_eq!(asked(&open, &same, Reviewed::Stays, &nothing), decided(Action::Unchanged));
        assert_eq!(asked(&open, &newer, Reviewed::Moves, &nothing), decided(Action::Update));
        let lacks = Err(vec![Fact::Approver(BRANCH.to_owned())]);
        assert_eq!(asked(&open, &newer, Reviewed::Stays, &nothing), lacks);
        assert_eq!(asked(&open, &newer, Reviewed::Stays, &approved(None)), decided(Action::Update));
        let stays = asked(&open, &newer, Reviewed::Stays, &approved(Some("octocat")));
        assert!(matches!(stays, Ok(Action::Leave(why)) if why.starts_with("octocat has approved")));
    }

    /// Decides about a group of one image whose bytes turn out to be marked or not: what was asked, and what is wanted.
    fn of_group(existing: &[Existing], is_marked: bool) -> (Vec<String>, Vec<String>) {
        let mut manifest = loki();
        manifest.proposals.group = crate::manifest::Grouping::All;
        let scope = Scope::of(0);
        let (mut known, mut asked) = (Known::default(), Vec::new());
        known.candidates.images.insert(0, candidates(&BTreeSet::new()));
        let today = "2026-11-21".parse().unwrap();
        let agenda = Agenda::new(&manifest, &scope, existing, &known.candidates, &Unreviewed::default(), today);
        loop {
            let facts = match agenda.decide(&known) {
                Ok(decided) => return (asked, decided.wanted.into_iter().map(|wanted| wanted.branch).collect()),
                Err(facts) => facts,
            };
            for fact in facts {
                match fact {
                    Fact::Declined(branch) => {
                        asked.push(format!("declined on {branch}"));
                        known.declined.push((branch, Ok(BTreeSet::new())));
                    }
                    Fact::Evidence(item) => {
                        asked.push("evidence".to_owned());
                        let lost = if is_marked { vec!["linux/arm64".to_owned()] } else { Vec::new() };
                        let evidence = crate::proposal::body::Evidence { lost, ..Default::default() };
                        let checked = crate::proposal::known::Checked::new(&manifest, &item, evidence);
                        known.checked.insert(item.entry, checked);
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn what_the_bytes_of_a_change_mark_leaves_its_group_and_is_looked_at_once() {
        let group = "wharfinger/group/all";
        let once = ["declined on wharfinger/group/all", "declined on wharfinger/image/loki/latest", "evidence"];
        assert_eq!(of_group(&[], true), (once.map(str::to_owned).to_vec(), vec![BRANCH.to_owned()]));
        assert_eq!(of_group(&[], false), (once.map(str::to_owned).to_vec(), vec![group.to_owned()]));
        let Wanted { context, items, .. } = proposal_of(&loki(), VERSIONS[0]);
        let open = |branch: &str, marks: Vec<crate::proposal::body::Mark>| {
            let (packages, vulnerabilities) = Default::default();
            let kept = Kept { entry: 0, why: None, marks, signatures: Vec::new(), packages, vulnerabilities };
            let entries = items.iter().map(|item| item.entry.clone()).collect();
            let made_of = Metadata { manifest: None, head: None, context: context.clone(), entries, kept: vec![kept] };
            Existing { branch: branch.to_owned(), made_of: Some(made_of), touched: false, elsewhere: None }
        };
        let marked = [open(BRANCH, vec![crate::proposal::body::Mark::Root])];
        assert_eq!(of_group(&marked, false), (Vec::new(), vec![BRANCH.to_owned()]), "as its body says");
        let grouped = [open(group, Vec::new())];
        assert_eq!(of_group(&grouped, true), (Vec::new(), vec![group.to_owned()]), "nothing new, nothing asked");
    }
}
