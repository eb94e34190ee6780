//! What the forge has of our proposals, and with it what should become of each.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::candidates::{Candidates, Eyes};
use super::ledger::{Clocks, Noted, Place, Trust};
use super::sources::Sources;
use crate::forge::{Error, Forge, OpenProposal};
use crate::hub::Hub;
use crate::image::Digest;
use crate::manifest::Manifest;
use crate::plan::Scope;
use crate::proposal::machine::{Action, Decision, Existing, MadeOf, Question, decisions};
use crate::proposal::metadata::{self, Metadata};
use crate::proposal::{Kind, Wanted, branch, wanted, why};

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
    /// What the ledger said, and what is to be written there.
    pub noted: Noted,
}

/// What stays the same while it is found out what was declined.
struct Asking<'a> {
    forge: Option<&'a dyn Forge>,
    manifest: &'a Manifest,
    scope: &'a Scope,
    existing: &'a [Existing],
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
    /// Now.
    pub now: DateTime<Utc>,
}

/// Looks at upstream and at the forge, and decides. Without a forge nothing is open and nothing was declined.
///
/// # Errors
/// Where the forge does not say what is open.
pub async fn situation(look: &Look<'_>, manifest: &Manifest, scope: &Scope) -> Result<Situation, Error> {
    let prefix = &manifest.proposals.branch_prefix;
    let Look { sources, hub, forge, trust, now } = *look;
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
        noted: Noted::default(),
    };
    let asking = Asking { forge, manifest, scope, existing: &existing };
    let declined = situation.settle(eyes, &asking).await;
    situation.decisions = situation.decide(&asking, &declined);
    situation.noted = clocks.noted(manifest, scope, &situation.candidates).await;
    Ok(situation)
}

impl Situation {
    /// Finds what is wanted: what a person declined is not, and the rule may choose something else, which is asked about
    /// in turn. Closed proposals are asked for only where one is about to be opened: what finds no room costs no request.
    /// Gives the branches of which what is wanted was declined all the same.
    async fn settle(&mut self, eyes: &Eyes<'_>, asking: &Asking<'_>) -> BTreeSet<String> {
        let mut answers: BTreeMap<String, BTreeSet<Digest>> = BTreeMap::new();
        let mut rounds: BTreeMap<String, usize> = BTreeMap::new();
        loop {
            self.wanted = wanted(asking.manifest, &self.candidates.selected());
            self.wanted.retain(|w| self.failed.iter().all(|(branch, _)| *branch != w.branch));
            let Some(forge) = asking.forge else { return BTreeSet::new() };
            let declined = self.wanted.iter().filter(|w| !declined_items(w, &answers).is_empty());
            let (again, still): (Vec<_>, Vec<_>) =
                declined.partition(|w| rounds.get(&w.branch).is_none_or(|done| *done < ROUNDS));
            if again.is_empty() {
                let still = still.into_iter().map(|w| w.branch.clone()).collect();
                if !self.ask(forge, self.about_to_open(asking, &still), &mut answers).await {
                    return still;
                }
                continue;
            }
            let mut digests: BTreeMap<usize, BTreeSet<Digest>> = BTreeMap::new();
            for wanted in again {
                *rounds.entry(wanted.branch.clone()).or_default() += 1;
                for (image, digest) in declined_items(wanted, &answers) {
                    digests.entry(image).or_default().insert(digest);
                }
            }
            for (image, digests) in digests {
                self.candidates.decline(eyes, asking.manifest, image, digests).await;
            }
        }
    }

    /// The branches that would be opened, as far as it is known what was declined.
    fn about_to_open(&self, asking: &Asking<'_>, declined: &BTreeSet<String>) -> Vec<String> {
        let decisions = self.decide(asking, declined).into_iter();
        decisions.filter(|decision| decision.action == Action::Open).map(|decision| decision.branch).collect()
    }

    /// Asks what was declined on branches that were not asked about yet; says whether there was one.
    async fn ask(
        &mut self,
        forge: &dyn Forge,
        branches: Vec<String>,
        answers: &mut BTreeMap<String, BTreeSet<Digest>>,
    ) -> bool {
        let mut asked = false;
        for branch in branches {
            if answers.contains_key(&branch) {
                continue;
            }
            asked = true;
            match forge.declined(&branch).await {
                Ok(declined) => {
                    let bodies = declined.iter().filter_map(|d| metadata::read(&d.body));
                    answers.insert(branch, bodies.flat_map(incoming).collect());
                }
                Err(e) => self.failed.push((branch, e)),
            }
        }
        asked
    }

    fn decide(&self, asking: &Asking<'_>, declined: &BTreeSet<String>) -> Vec<Decision> {
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
            unknown: &|existing| not_known.of(existing),
            moot: &|existing| why::moot(manifest, &selected, existing),
            limit: manifest.proposals.limit as usize,
        })
    }
}

/// An open proposal as the decision takes it.
fn existing(open: &OpenProposal) -> Existing {
    let made_of = metadata::read(&open.body).map(|Metadata { entries, context, .. }| MadeOf { entries, context });
    Existing { branch: open.branch.clone(), made_of, touched: open.touched }
}

/// What open proposals let in was found complete when they were made: a run with nothing new reads no manifest for it.
fn complete(existing: &[Existing]) -> BTreeSet<Digest> {
    existing.iter().flat_map(|e| &e.made_of).flat_map(|made| &made.entries).map(|e| e.digest.clone()).collect()
}

/// The digests that a proposal lets in.
fn incoming(metadata: Metadata) -> impl Iterator<Item = Digest> {
    let lets_in = |kind| matches!(kind, Kind::New | Kind::Update | Kind::Rebuild);
    metadata.entries.into_iter().filter(move |e| lets_in(e.kind)).map(|e| e.digest)
}

/// What a proposal lets in although it was declined: images and digests.
fn declined_items(wanted: &Wanted, answers: &BTreeMap<String, BTreeSet<Digest>>) -> Vec<(usize, Digest)> {
    let Some(digests) = answers.get(&wanted.branch) else { return Vec::new() };
    let lets_in = wanted.items.iter().filter(|i| i.entry.kind != Kind::Retire && digests.contains(&i.entry.digest));
    lets_in.map(|item| (item.image, item.entry.digest.clone())).collect()
}
