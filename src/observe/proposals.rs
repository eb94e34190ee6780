//! What the forge has of our proposals, and with it what should become of each.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::availability::Availability;
use super::candidates::{Candidates, Eyes};
use super::ledger::{Clocks, Noted, Place, Trust};
use super::reviews::approver;
use super::sources::Sources;
use crate::forge::{Error, Forge, OpenProposal, Proposals, Reviews};
use crate::hub::Hub;
use crate::image::{Digest, Tag};
use crate::manifest::{Approval, Image, Manifest};
use crate::plan::{FailedStep, Failure, Key, Scope};
use crate::proposal::machine::{Action, Decision, Difference, Existing, MadeOf, Question, decisions};
use crate::proposal::metadata::{self, Metadata};
use crate::proposal::{Beside, Cause, Entry, Item, Kind, Wanted, branch, wanted, why};

/// How often declined digests of one branch may lead to another choice, which may have been declined too.
const ROUNDS: usize = 10;

/// Everything that the decision about proposals was made from, and the decision.
pub struct Situation {
    /// What is open on branches of images and groups.
    pub open: Vec<OpenProposal>,
    /// What is open on other branches of ours.
    pub others: Vec<OpenProposal>,
    /// What upstream offers.
    pub candidates: Candidates,
    /// The proposals that should be open.
    pub wanted: Vec<Wanted>,
    /// What is to be done.
    pub decisions: Vec<Decision>,
    /// Branches whose closed proposals could not be asked for; nothing is opened there.
    pub failed: Vec<(String, Error)>,
    /// Approvals of which it could not be found out whether enough people approved them.
    pub untold: Vec<Failure>,
    /// What the ledger said, and what is to be written there.
    pub noted: Noted,
}

/// What is known of the reviews of approvals that are not promoted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unreviewed {
    /// Those that fewer people approved than the policy asks, each with that in words: their removal is wanted.
    pub wanted: BTreeMap<Key, String>,
    /// Those of which that could not be found out, and why: what is proposed of them stays.
    pub unknown: BTreeMap<Key, String>,
}

/// What stays the same while it is found out what was declined.
struct Asking<'a> {
    forge: Option<&'a dyn Forge>,
    manifest: &'a Manifest,
    scope: &'a Scope,
    existing: &'a [Existing],
    beside: Beside,
}

/// Who looks, and from where.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Upstream.
    pub sources: &'a Sources,
    /// Docker Hub's own API, for push times.
    pub hub: Option<&'a Hub>,
    /// The forge.
    pub forge: Option<&'a dyn Forge>,
    /// Whose commits count in the ledger.
    pub trust: Trust,
    /// Which approvals have too few reviews.
    pub unreviewed: &'a Unreviewed,
    /// The branch of a proposal that is moved to what is wanted even where it was approved.
    pub refresh: Option<&'a str>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Looks at upstream and at the forge, and decides. Without a forge nothing is open and nothing was declined.
///
/// # Errors
/// Where the forge does not say what is open.
pub async fn situation(look: &Look<'_>, manifest: &Manifest, scope: &Scope) -> Result<Situation, Error> {
    let prefix = &manifest.proposals.branch_prefix;
    let Look { sources, hub, forge, trust, now, unreviewed, .. } = *look;
    let clocks = Clocks::new(forge.map(|forge| Place { forge, prefix, trust }), now);
    let eyes = &Eyes { sources, hub, clocks: &clocks, now };
    let ours = match forge {
        Some(forge) => forge.proposals(prefix).await?,
        None => Vec::new(),
    };
    let (open, others): (Vec<_>, Vec<_>) = ours.into_iter().partition(|p| branch::is_proposal(prefix, &p.branch));
    let existing: Vec<Existing> = open.iter().map(existing).collect();
    let candidates = Candidates::look(eyes, manifest, scope, &complete(&existing)).await;
    let mut situation = Situation {
        open,
        others,
        candidates,
        wanted: Vec::new(),
        decisions: Vec::new(),
        failed: Vec::new(),
        untold: untold(manifest, unreviewed),
        noted: Noted::default(),
    };
    let mut asking = Asking { forge, manifest, scope, existing: &existing, beside: Beside::default() };
    asking.beside = situation.candidates.beside(&asking, unreviewed, now);
    let declined = situation.settle(eyes, &mut asking).await;
    situation.decisions = situation.decide(&asking, &declined, &BTreeMap::new());
    let approved = situation.approved(&asking, look.refresh).await;
    if !approved.is_empty() {
        situation.decisions = situation.decide(&asking, &declined, &approved);
    }
    situation.noted = clocks.noted(manifest, scope, &situation.candidates).await;
    Ok(situation)
}

impl Candidates {
    /// What is known beside the selections. Whether upstream lost an approval may not be found out just now: then a proposal
    /// that says so stays.
    fn beside(&self, asking: &Asking<'_>, unreviewed: &Unreviewed, now: DateTime<Utc>) -> Beside {
        let entries = || {
            asking
                .existing
                .iter()
                .flat_map(|e| e.made_of.iter().flat_map(move |m| m.entries.iter().map(move |entry| (e, entry))))
        };
        let proposed = |image: &Image, tag: &Tag| {
            let retires = |entry: &Entry| entry.kind == Kind::Retire && entry.repository == image.repository;
            entries().any(|(_, entry)| retires(entry) && entry.to.as_ref() == Some(tag))
        };
        let mut beside = Beside { today: now.date_naive(), unreviewed: unreviewed.wanted.clone(), ..Beside::default() };
        beside.unreviewed.extend(still_proposed(asking, unreviewed));
        for (at, image) in asking.manifest.images.iter().enumerate().filter(|(at, _)| asking.scope.contains(*at)) {
            let Some(Availability { gone, unknown }) = self.availability(at) else {
                beside.without_selection.insert(at);
                continue;
            };
            let lost = gone.iter().chain(unknown.iter().filter(|tag| proposed(image, tag)));
            beside.gone.extend(lost.map(|tag| Key { repository: image.repository.clone(), tag: tag.clone() }));
        }
        let urgent = entries().filter(|(_, entry)| entry.urgent.is_some() && !self.moved(asking.manifest, entry));
        beside.urgent = urgent.map(|(existing, entry)| (existing.branch.clone(), entry.clone())).collect();
        let rejecting = entries().filter(|(_, entry)| entry.kind == Kind::Reject);
        beside.rejecting = rejecting.map(|(existing, entry)| (existing.branch.clone(), entry.clone())).collect();
        beside
    }
}

impl Candidates {
    /// Whether upstream's tag was found to answer something else than an entry says.
    fn moved(&self, manifest: &Manifest, entry: &Entry) -> bool {
        let of_it = |image: &Image| image.source_text == entry.source && image.repository == entry.repository;
        let at = manifest.images.iter().position(of_it);
        let answer = at.zip(entry.to.as_ref()).and_then(|(at, tag)| self.answers(at).get(tag));
        answer.is_some_and(|answer| answer.as_ref() != Some(&entry.digest))
    }
}

/// Approvals of which it is not known now whether they were reviewed, and whose removal for that is proposed.
fn still_proposed(asking: &Asking<'_>, unreviewed: &Unreviewed) -> BTreeMap<Key, String> {
    let Asking { manifest, existing, .. } = asking;
    let approvals = manifest.images.iter().flat_map(|image| image.approved.iter().map(move |a| (image, a)));
    let stays = approvals.filter_map(|(image, approval)| {
        let why = unreviewed.unknown.get(&Key::of(image, approval))?;
        let part = Cause::Unreviewed(why.clone()).own_branch()?;
        let line = format!("{part}/{}", approval.tag);
        let branch = branch::image(&manifest.proposals.branch_prefix, &image.slug(), &line);
        existing.iter().any(|open| open.branch == branch).then(|| (Key::of(image, approval), why.clone()))
    });
    stays.collect()
}

/// The same as failures, in the manifest's order.
fn untold(manifest: &Manifest, unreviewed: &Unreviewed) -> Vec<Failure> {
    let approvals = manifest.images.iter().flat_map(|image| image.approved.iter().map(move |a| (image, a)));
    let failure = |(image, approval): (&Image, &Approval)| {
        let error = unreviewed.unknown.get(&Key::of(image, approval))?.clone();
        let (source, repository) = (image.source_text.clone(), image.repository.clone());
        Some(Failure { source, repository, tag: Some(approval.tag.clone()), step: FailedStep::Resolve, error })
    };
    approvals.filter_map(failure).collect()
}

/// What a person declined, by the branch of the proposal that was closed.
type Answers = BTreeMap<String, BTreeSet<Entry>>;

impl Situation {
    /// Finds what is wanted: what a person declined is not, and the rule may choose something else, which is asked about
    /// in turn. Closed proposals are asked for only where one is about to be opened or to change what it holds: what finds no
    /// room costs no request. Gives the branches of which what is wanted was declined all the same.
    async fn settle(&mut self, eyes: &Eyes<'_>, asking: &mut Asking<'_>) -> BTreeSet<String> {
        let mut answers = Answers::new();
        let mut rounds: BTreeMap<String, usize> = BTreeMap::new();
        loop {
            self.wanted = wanted(asking.manifest, &self.candidates.selected(), &asking.beside);
            self.wanted.retain(|w| self.failed.iter().all(|(branch, _)| *branch != w.branch));
            let Some(forge) = asking.forge else { return BTreeSet::new() };
            let declined = self.wanted.iter().filter(|w| !declined_items(w, &answers).is_empty());
            let (again, still): (Vec<_>, Vec<_>) =
                declined.partition(|w| rounds.get(&w.branch).is_none_or(|done| *done < ROUNDS));
            if again.is_empty() {
                let still = still.into_iter().map(|w| w.branch.clone()).collect();
                if !self.ask(forge, self.about_to_change(asking, &still), &mut answers).await {
                    return still;
                }
                continue;
            }
            let mut digests: BTreeMap<usize, BTreeSet<Digest>> = BTreeMap::new();
            for wanted in again {
                *rounds.entry(wanted.branch.clone()).or_default() += 1;
                for item in declined_items(wanted, &answers) {
                    if item.entry.kind.lets_in() {
                        digests.entry(item.image).or_default().insert(item.entry.digest.clone());
                    } else {
                        asking.beside.declined.insert(item.entry.clone());
                    }
                }
            }
            for (image, digests) in digests {
                self.candidates.decline(eyes, asking.manifest, image, digests).await;
            }
        }
    }

    /// Who has approved what a branch holds now, and may write: asked only of proposals that are about to hold something else.
    async fn approved(&self, asking: &Asking<'_>, refresh: Option<&str>) -> BTreeMap<String, String> {
        let mut approved = BTreeMap::new();
        let Some(accounts) = asking.forge.and_then(Forge::accounts) else { return approved };
        let updates = self.decisions.iter().filter(|decision| decision.action == Action::Update);
        let moving =
            updates.filter(|decision| refresh != Some(&decision.branch) && self.holds_other_things(asking, decision));
        for branch in moving.map(|decision| decision.branch.clone()) {
            let Some(open) = self.open.iter().find(|open| open.branch == branch) else { continue };
            if let Some(who) = approved_by(accounts, open).await {
                approved.insert(branch, who);
            }
        }
        approved
    }

    /// The branches that would be opened or hold something else, as far as it is known what was declined.
    fn about_to_change(&self, asking: &Asking<'_>, declined: &BTreeSet<String>) -> Vec<String> {
        let decisions = self.decide(asking, declined, &BTreeMap::new());
        let changes = |decision: &&Decision| match decision.action {
            Action::Open => true,
            Action::Update => self.holds_other_things(asking, decision),
            _ => false,
        };
        decisions.iter().filter(changes).map(|decision| decision.branch.clone()).collect()
    }

    /// Whether an open proposal holds other changes than what is wanted.
    fn holds_other_things(&self, asking: &Asking<'_>, decision: &Decision) -> bool {
        let open = asking.existing.iter().find(|existing| existing.branch == decision.branch);
        let wanted = decision.wanted.map(|at| &self.wanted[at]);
        open.zip(wanted).is_some_and(|(open, wanted)| open.difference(wanted) == Difference::Entries)
    }

    /// Asks what was declined on branches that were not asked about yet; says whether there was one.
    async fn ask(&mut self, forge: &dyn Proposals, branches: Vec<String>, answers: &mut Answers) -> bool {
        let mut asked = false;
        for branch in branches {
            if answers.contains_key(&branch) {
                continue;
            }
            asked = true;
            match forge.declined(&branch).await {
                Ok(declined) => {
                    let bodies = declined.iter().filter_map(|d| metadata::read(&d.body));
                    answers.insert(branch, bodies.flat_map(|metadata| metadata.entries).collect());
                }
                Err(e) => self.failed.push((branch, e)),
            }
        }
        asked
    }

    fn decide(
        &self,
        asking: &Asking<'_>,
        declined: &BTreeSet<String>,
        approved: &BTreeMap<String, String>,
    ) -> Vec<Decision> {
        let Asking { manifest, scope, existing, .. } = *asking;
        let failed = self.candidates.failed.iter();
        let mut not_known: Vec<(usize, String)> =
            failed.map(|(at, f)| (*at, format!("{} could not be looked at: {}", f.source, f.error))).collect();
        let outside = (0..manifest.images.len()).filter(|at| !scope.contains(*at));
        not_known.extend(outside.map(|at| (at, "this run was not asked about its image".to_owned())));
        let not_known = why::NotKnown { manifest, images: &not_known };
        let selected = self.candidates.selected();
        decisions(&Question {
            wanted: &self.wanted,
            existing,
            declined,
            approved,
            unknown: &|existing| not_known.of(existing),
            moot: &|existing| why::moot(manifest, &selected, existing),
            limit: manifest.proposals.limit as usize,
        })
    }
}

/// An open proposal as the decision takes it.
pub(super) fn existing(open: &OpenProposal) -> Existing {
    let made_of = metadata::read(&open.body).map(|Metadata { entries, context, .. }| MadeOf { entries, context });
    Existing { branch: open.branch.clone(), made_of, touched: open.touched, elsewhere: open.elsewhere.clone() }
}

/// What open proposals let in was found complete when they were made: a run with nothing new reads no manifest for it.
fn complete(existing: &[Existing]) -> BTreeSet<Digest> {
    existing.iter().flat_map(|e| &e.made_of).flat_map(|made| &made.entries).map(|e| e.digest.clone()).collect()
}

/// Who has approved what an open proposal holds now, in words.
pub(super) async fn approved_by(reviews: &dyn Reviews, open: &OpenProposal) -> Option<String> {
    // nothing is taken from under a review that could not be read
    approver(reviews, open).await.unwrap_or_else(|e| Some(format!("somebody, perhaps ({e}),")))
}

/// What a proposal changes although a person declined that. What leaves with an update goes with it.
fn declined_items<'w>(wanted: &'w Wanted, answers: &Answers) -> Vec<&'w Item> {
    let Some(declined) = answers.get(&wanted.branch) else { return Vec::new() };
    let refused = |item: &&Item| match item.entry.kind {
        kind if kind.lets_in() => declined.iter().any(|e| e.kind.lets_in() && e.digest == item.entry.digest),
        Kind::Reject => false,
        _ => item.cause != Some(Cause::Keep) && declined.contains(&item.entry),
    };
    wanted.items.iter().filter(refused).collect()
}
