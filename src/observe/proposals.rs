//! What the forge has of our proposals, and with it what should become of each.

use std::collections::{BTreeMap, BTreeSet};

use super::candidates::{Candidates, Eyes};
use crate::forge::{Error, Forge, OpenProposal};
use crate::image::Digest;
use crate::manifest::Manifest;
use crate::plan::Scope;
use crate::proposal::machine::{Decision, Existing, MadeOf, Question, decisions};
use crate::proposal::metadata::{self, Metadata};
use crate::proposal::{Kind, Wanted, branch, wanted, why};

/// How often declined digests may lead to another choice, which may have been declined too.
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
}

/// Looks at upstream and at the forge, and decides. Without a forge nothing is open and nothing was declined.
///
/// # Errors
/// Where the forge does not say what is open.
pub async fn situation(
    eyes: &Eyes<'_>,
    forge: Option<&dyn Forge>,
    manifest: &Manifest,
    scope: &Scope,
) -> Result<Situation, Error> {
    let prefix = &manifest.proposals.branch_prefix;
    let ours = match forge {
        Some(forge) => forge.proposals(prefix).await?,
        None => Vec::new(),
    };
    let (open, others): (Vec<_>, Vec<_>) = ours.into_iter().partition(|p| branch::is_proposal(prefix, &p.branch));
    let existing: Vec<Existing> = open.iter().map(existing).collect();
    let candidates = Candidates::look(eyes, manifest, scope, &complete(&existing)).await;
    let mut situation =
        Situation { open, others, candidates, wanted: Vec::new(), decisions: Vec::new(), failed: Vec::new() };
    let declined = situation.settle(eyes, forge, manifest).await;
    situation.decisions = situation.decide(manifest, scope, &existing, &declined);
    Ok(situation)
}

impl Situation {
    /// Finds what is wanted: what a person declined is not, and the rule may choose something else, which is asked about
    /// in turn. Closed proposals are asked for only where one is about to be opened. Gives the branches of which what is
    /// wanted was declined all the same.
    async fn settle(&mut self, eyes: &Eyes<'_>, forge: Option<&dyn Forge>, manifest: &Manifest) -> BTreeSet<String> {
        let mut asked: BTreeMap<String, BTreeSet<Digest>> = BTreeMap::new();
        for _ in 0..ROUNDS {
            self.wanted = wanted(manifest, &self.candidates.selected());
            self.wanted.retain(|w| self.failed.iter().all(|(branch, _)| *branch != w.branch));
            let Some(forge) = forge else { return BTreeSet::new() };
            self.ask_declined(forge, &mut asked).await;
            let declined = declined_items(&self.wanted, &asked);
            if declined.is_empty() {
                break;
            }
            for (image, digests) in declined {
                self.candidates.decline(eyes, manifest, image, digests).await;
            }
        }
        self.wanted.retain(|w| self.failed.iter().all(|(branch, _)| *branch != w.branch));
        let still = |w: &&Wanted| !declined_items(std::slice::from_ref(*w), &asked).is_empty();
        self.wanted.iter().filter(still).map(|w| w.branch.clone()).collect()
    }

    async fn ask_declined(&mut self, forge: &dyn Forge, asked: &mut BTreeMap<String, BTreeSet<Digest>>) {
        for wanted in &self.wanted {
            let is_open = self.open.iter().any(|open| open.branch == wanted.branch);
            if is_open || asked.contains_key(&wanted.branch) {
                continue;
            }
            match forge.declined(&wanted.branch).await {
                Ok(declined) => {
                    let bodies = declined.iter().filter_map(|d| metadata::read(&d.body));
                    asked.insert(wanted.branch.clone(), bodies.flat_map(incoming).collect());
                }
                Err(e) => self.failed.push((wanted.branch.clone(), e)),
            }
        }
    }

    fn decide(
        &self,
        manifest: &Manifest,
        scope: &Scope,
        existing: &[Existing],
        declined: &BTreeSet<String>,
    ) -> Vec<Decision> {
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

/// What is wanted although it was declined, by image.
fn declined_items(
    wanted: &[Wanted],
    declined: &BTreeMap<String, BTreeSet<Digest>>,
) -> BTreeMap<usize, BTreeSet<Digest>> {
    let mut found: BTreeMap<usize, BTreeSet<Digest>> = BTreeMap::new();
    for proposal in wanted {
        let Some(digests) = declined.get(&proposal.branch) else { continue };
        for item in proposal.items.iter().filter(|i| i.entry.kind != Kind::Retire) {
            if digests.contains(&item.entry.digest) {
                found.entry(item.image).or_default().insert(item.entry.digest.clone());
            }
        }
    }
    found
}
