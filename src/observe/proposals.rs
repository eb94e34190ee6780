//! What upstream and the forge say about proposals, what should therefore become of each, and the evidence for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use futures_util::StreamExt;

use super::affected::AffectedReader;
use super::candidates::{UpstreamReader, read_candidates};
use super::category::Standings;
use super::destination::DestinationReader;
use super::evidence::EvidenceReader;
use super::facts::FactReader;
use super::ledger::{Clocks, Noted, Place, Trust};
use super::own::{Alone, Own, own_proposals};
use super::sources::Sources;
use super::untouched::find_touched;
use super::unused::read_unused;
use super::vulnerabilities::VulnerabilityReader;
use crate::difference::fit;
use crate::evidence::Trust as Keys;
use crate::forge::{Error, Forge, OpenProposal};
use crate::hub::Hub;
use crate::image::Digest;
use crate::ledger::Survey;
use crate::manifest::Manifest;
use crate::plan::{Failure, Scope};
use crate::progress::{Group, Progress};
use crate::proposal::advisories::{Advisory, advised};
use crate::proposal::approve::{ApprovalRequest, Resolution};
use crate::proposal::body::Evidence;
use crate::proposal::decide::{Agenda, Decided, Reviewed, asked};
use crate::proposal::known::{Candidates, Checked, Known};
use crate::proposal::machine::{Action, Decision, Existing};
use crate::proposal::metadata;
use crate::proposal::{Entry, Item, Kind, Unreviewed, Wanted, branch};
use crate::text::counted;

/// For how many proposals evidence is gathered at once for a plan.
const TOGETHER: usize = 8;

/// Reads what a run's proposals are made from.
pub(crate) struct ProposalReader<'a> {
    pub(crate) sources: Sources,
    /// What signatures are verified with; none of the manifest's own at first.
    pub(crate) keys: Keys,
    /// Compares vulnerabilities; as a manifest asks, which none does at first.
    pub(crate) vulnerabilities: VulnerabilityReader,
    /// Docker Hub's own API, for push times.
    pub(crate) hub: Option<Hub>,
    pub(crate) standings: Standings,
    /// What exists where images would go.
    pub(crate) destination: DestinationReader,
    /// Whom removals affect; boxed, because every run that proposes holds it and few need it.
    pub(crate) affected: Box<AffectedReader>,
    /// Without a forge, nothing is open and nothing was declined.
    pub(crate) forge: Option<&'a dyn Forge>,
    pub(crate) trust: Trust,
    /// The organization's advisories, or why they could not be read; none at first.
    pub(crate) advisories: Result<Vec<Advisory>, String>,
    /// Shows the progress.
    pub(crate) progress: Progress,
    pub(crate) now: DateTime<Utc>,
}

/// What a person asked of a run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asked<'a> {
    /// The branch of a proposal that is updated to what is wanted even if it was approved.
    pub(crate) refresh: Option<&'a str>,
    /// A change with why it was asked for.
    pub(crate) reason: Option<&'a Entry>,
    /// Whether the bytes of groups are looked at, because proposals are shown or made.
    pub(crate) evidence: bool,
}

/// Everything that the decision about proposals was based on, and the decision.
pub(crate) struct Situation {
    /// What is open on branches of images and groups.
    pub(crate) open: Vec<OpenProposal>,
    /// What is open on other branches of ours.
    pub(crate) others: Vec<OpenProposal>,
    /// What is open from other manifests.
    pub(crate) of_others: Vec<OpenProposal>,
    pub(crate) candidates: Candidates,
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) decisions: Vec<Decision>,
    /// What was found out about the bytes of changes in groups.
    pub(crate) checked: BTreeMap<Entry, Checked>,
    /// Branches on which nothing is opened because their closed proposals, or the advisories, could not be read.
    pub(crate) failed: Vec<(String, String)>,
    /// Approvals for which it could not be determined whether enough people approved them, and repositories for which it
    /// could not be determined whether anybody pulls their tags.
    pub(crate) untold: Vec<Failure>,
    /// What the ledger said, and what is to be written to it.
    pub(crate) noted: Noted,
}

impl ProposalReader<'_> {
    /// Reads upstream and the forge, and decides.
    ///
    /// # Errors
    /// If the forge does not say what is open.
    pub(crate) async fn situation(
        &self,
        manifest: &Manifest,
        scope: &Scope,
        unreviewed: &Unreviewed,
        asked: &Asked<'_>,
    ) -> Result<Situation, Error> {
        let _phase = Group::begin(&format!("Looking for new versions of {}", counted(manifest.images.len(), "image")));
        let prefix = &manifest.prefix();
        let clocks = self.clocks(manifest);
        let upstream = self.upstream(manifest, &clocks);
        let Own { own, others: of_others } = match self.forge {
            Some(forge) => own_proposals(forge, manifest).await?,
            None => Own::default(),
        };
        let (open, others): (Vec<_>, Vec<_>) = own.into_iter().partition(|p| branch::is_proposal(prefix, &p.branch));
        let open = match self.forge {
            Some(forge) => find_touched(forge, manifest.path(), open).await?,
            None => open,
        };
        let existing: Vec<Existing> = open.iter().map(existing).collect();
        let candidates = read_candidates(&upstream, scope, &complete(&existing)).await;
        let today = self.now.date_naive();
        let (unused, unlisted) = read_unused(self.destination.hub.as_ref(), manifest, &candidates, today).await;
        let agenda = Agenda::new(manifest, scope, &existing, &candidates, unreviewed, today);
        let mut agenda = Agenda { refresh: asked.refresh, ..agenda };
        agenda.retire_unused(manifest, &unused);
        agenda.conditions.reasons.extend(asked.reason.cloned());
        match self.advisories.as_ref().map_err(Clone::clone).and_then(|all| advised(manifest, all)) {
            Ok(advised) => agenda.conditions.advised = advised,
            Err(why) => agenda.conditions.unread_advisories = Some(why),
        }
        let mut known = Known { candidates, ..Known::default() };
        let evidence = asked.evidence.then(|| self.evidence_reader());
        let upstream = Some(upstream);
        let reader = FactReader { upstream, forge: self.forge, open: &open, evidence, alone: Alone::default() };
        let settled = reader.settle(&mut known, |known| agenda.decide(known)).await;
        let Decided { wanted, decisions } = settled.ok_or_else(endless)?;
        let noted = clocks.noted(survey(manifest, scope, &known.candidates)).await;
        let failed = known.declined.into_iter().filter_map(|(branch, declined)| Some((branch, declined.err()?)));
        let unread = agenda.conditions.unread_advisories.iter().map(|why| (branch::revoke(prefix), why.clone()));
        let failed = failed.chain(unread).collect();
        let untold = unreviewed.failures(manifest).into_iter().chain(unlisted).collect();
        unused.tell(manifest, &mut known.candidates);
        Ok(Situation {
            open,
            others,
            of_others,
            candidates: known.candidates,
            wanted,
            decisions,
            checked: known.checked,
            failed,
            untold,
            noted,
        })
    }

    /// What becomes of a version that a person requests.
    ///
    /// # Errors
    /// If the decision does not come to an end.
    pub(crate) async fn requested(&self, request: &ApprovalRequest) -> Result<Resolution, Error> {
        let ruled = request.ruled();
        let clocks = self.clocks(&ruled);
        let upstream = self.upstream(&ruled, &clocks);
        let scope = Scope::of(request.position());
        let candidates = read_candidates(&upstream, &scope, &BTreeSet::new()).await;
        let mut known = Known { candidates, ..Known::default() };
        let (upstream, evidence) = (Some(upstream), None);
        let reader = FactReader { upstream, forge: self.forge, open: &[], evidence, alone: Alone::default() };
        let settled = reader.settle(&mut known, |known| request.decide(&ruled, known, self.now)).await;
        settled.ok_or_else(endless)
    }

    fn evidence_reader(&self) -> EvidenceReader<'_> {
        EvidenceReader {
            sources: &self.sources,
            trust: &self.keys,
            standings: &self.standings,
            vulnerabilities: &self.vulnerabilities,
            now: self.now,
        }
    }

    /// The evidence for every change of a proposal; `checked` was found out before.
    pub(crate) async fn evidence(
        &self,
        manifest: &Manifest,
        wanted: &Wanted,
        checked: &BTreeMap<Entry, Checked>,
    ) -> Vec<Evidence> {
        let gathered = Gathered::new(1, &[(0, wanted)]);
        self.gather(manifest, (0, wanted), checked, &gathered).await;
        gathered.all().pop().unwrap_or_default()
    }

    /// Adds the evidence for every change of a proposal, which has a position among others.
    async fn gather(
        &self,
        manifest: &Manifest,
        (at, wanted): (usize, &Wanted),
        checked: &BTreeMap<Entry, Checked>,
        gathered: &Gathered,
    ) {
        let reader = self.evidence_reader();
        let removed: Vec<&Item> = wanted.items.iter().filter(|item| is_removal(item)).collect();
        let mut affected = self.affected.read(self.forge, manifest, &removed).await.into_iter();
        for item in &wanted.items {
            let evidence = match item.entry.kind {
                Kind::New | Kind::Update | Kind::Rebuild => {
                    let at_mirror = self.destination.read(self.forge, manifest, item).await;
                    let found = match checked.get(&item.entry) {
                        Some(Checked { evidence, .. }) => evidence.clone(),
                        None => reader.read(Some(manifest), manifest, item).await,
                    };
                    Evidence { at_mirror, ..found }
                }
                Kind::Retire | Kind::Revoke => Evidence { affected: affected.next().flatten(), ..Evidence::default() },
                Kind::Reject | Kind::Expire => Evidence::default(),
            };
            gathered.add(at, evidence);
        }
    }

    /// The evidence for every proposal that would be opened or updated, in the order of [`Situation::wanted`]; for
    /// those that are up to date, the open proposal has it.
    pub(crate) async fn evidence_of_all(&self, manifest: &Manifest, situation: &Situation) -> Vec<Vec<Evidence>> {
        let writes = |wanted: &Wanted| {
            let decision = situation.decisions.iter().find(|decision| decision.branch == wanted.branch);
            decision.is_none_or(|decision| matches!(decision.action, Action::Open | Action::Update))
        };
        let needed: Vec<(usize, &Wanted)> =
            situation.wanted.iter().enumerate().filter(|(_, wanted)| writes(wanted)).collect();
        let gathered = &Gathered::new(situation.wanted.len(), &needed);
        let gather = |wanted| self.gather(manifest, wanted, &situation.checked, gathered);
        futures_util::stream::iter(needed).for_each_concurrent(TOGETHER, gather).await;
        gathered.all()
    }

    fn clocks<'c>(&'c self, manifest: &'c Manifest) -> Clocks<'c> {
        let (prefix, path) = (manifest.proposals.branch_prefix.as_str(), manifest.path());
        Clocks::new(self.forge.map(|forge| Place { forge, prefix, manifest: path, trust: self.trust }), self.now)
    }

    fn upstream<'c>(&'c self, manifest: &'c Manifest, clocks: &'c Clocks<'c>) -> UpstreamReader<'c> {
        let Self { sources, keys, hub, progress, now, .. } = self;
        let evidence = self.evidence_reader();
        UpstreamReader { manifest, sources, trust: keys, evidence, hub: hub.as_ref(), clocks, progress, now: *now }
    }
}

/// The evidence for several proposals while it is gathered, in the order of the proposals and their changes. What it takes
/// in memory is bounded whenever something is added, whatever comes first.
struct Gathered {
    /// Whether there is more than one change that lets something in.
    are_several: bool,
    of_each: Mutex<Vec<Vec<Evidence>>>,
}

impl Gathered {
    /// For so many proposals, of which these need evidence.
    fn new(proposals: usize, needed: &[(usize, &Wanted)]) -> Self {
        let incoming = needed.iter().flat_map(|(_, wanted)| &wanted.items).filter(|item| item.entry.kind.lets_in());
        Self { are_several: incoming.count() > 1, of_each: Mutex::new(vec![Vec::new(); proposals]) }
    }

    /// Adds the evidence for the next change of the proposal at this position.
    fn add(&self, proposal: usize, evidence: Evidence) {
        let mut of_each = self.of_each.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(changes) = of_each.get_mut(proposal) {
            changes.push(evidence);
        }
        if self.are_several {
            fit(of_each.iter_mut().flatten().filter_map(|evidence| evidence.difference.as_mut()));
        }
    }

    fn all(&self) -> Vec<Vec<Evidence>> {
        std::mem::take(&mut *self.of_each.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn is_removal(item: &Item) -> bool {
    matches!(item.entry.kind, Kind::Retire | Kind::Revoke)
}

fn endless() -> Error {
    Error::Unusable("what is to be proposed could not be decided".to_owned())
}

/// What should become of one open proposal that a person wants to hold `wanted`. Reviews are read only if they matter.
///
/// # Errors
/// If the decision does not come to an end.
pub(crate) async fn requested_action(
    forge: &dyn Forge,
    open: &OpenProposal,
    wanted: &Wanted,
    reviewed: Reviewed,
) -> Result<Action, Error> {
    let holds = existing(open);
    let reader = FactReader {
        upstream: None,
        forge: Some(forge),
        open: std::slice::from_ref(open),
        evidence: None,
        alone: Alone::default(),
    };
    let settled = reader.settle(&mut Known::default(), |known| asked(&holds, wanted, reviewed, known)).await;
    settled.ok_or_else(endless)
}

/// An open proposal in the form the decision needs.
fn existing(open: &OpenProposal) -> Existing {
    let made_of = metadata::read(&open.body).filter(|_| !open.stale);
    Existing { branch: open.branch.clone(), made_of, touched: open.touched, elsewhere: open.elsewhere.clone() }
}

/// What open proposals admit was found complete when they were made: a run with nothing new reads no manifest for it.
fn complete(existing: &[Existing]) -> BTreeSet<Digest> {
    existing.iter().flat_map(|e| &e.made_of).flat_map(|made| &made.entries).map(|e| e.digest.clone()).collect()
}

/// What the ledger is told about what a run saw upstream.
fn survey(manifest: &Manifest, scope: &Scope, candidates: &Candidates) -> Survey {
    let mut survey = Survey::default();
    for (at, image) in manifest.images.iter().enumerate() {
        match candidates.images.get(&at).filter(|_| scope.contains(at)) {
            Some(seen) => survey.add(image, &seen.selection, &seen.facts.digests),
            None => survey.add_unknown(image),
        }
    }
    survey
}
