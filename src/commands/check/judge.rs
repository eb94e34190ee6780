//! The judgement: evidence for every new approval, and findings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::guards::{self, Files};
use super::judged::Judged;
use super::named;
use super::rules::{RuleReader, Told};
use super::subject::Subject;
use crate::commands::unreviewed::{also_covered, reviews};
use crate::commands::{Context, Stop, osv};
use crate::difference::fit;
use crate::evidence;
use crate::forge::{Commit, Head};
use crate::image::{Digest, Location, Reference, RegistryHost};
use crate::manifest::{self, Approval, Destination, Image, Manifest};
use crate::observe::category::Standings;
use crate::observe::evidence::EvidenceReader;
use crate::observe::ledger::{Clocks, Place, Trust};
use crate::observe::makers::MakerReader;
use crate::observe::sources::Sources;
use crate::observe::vulnerabilities::{VexPlace, VulnerabilityReader};
use crate::plan::{self, FailedStep, Failure, Key, Observed, Signing};
use crate::proposal::body::{self, Account, Evidence, Served};
use crate::proposal::guard::{self, Change};
use crate::proposal::review::{self, Finding};
use crate::proposal::{self, Item, Kind};
use crate::registry::{Reach, Registries};
use crate::report::rows;
use crate::text::excerpt;

/// Judges `subject`.
///
/// # Errors
/// If the manifest is unusable, or nothing can be checked.
pub(super) async fn judge(context: &Context, subject: &Subject) -> Result<Judged, Stop> {
    let head = manifest::parse(subject.head.clone()).map_err(|e| Stop::Manifest(e, subject.head.clone()))?;
    // An unusable base says nothing: then everything that is not promoted counts as new. Missing files do not make it
    // unusable: the rest still guards the pull request that fixes it.
    let base = subject.base.clone().and_then(manifest::parse_part);
    let files = Files::read(subject, base.as_ref(), &head).await;
    let keys = Keys { base: files.at_base(), head: files.at_head() };
    let mut unusable = named::unusable(&keys.head, &head);
    unusable.extend(named::unusable_advisories(subject, &head).await);
    let judge = Judge::new(context, subject, keys, base.as_ref(), &head)?;
    let mut items = review::incoming(base.as_ref(), &head);
    hurried(&mut items, subject);
    let mut judged = Judged {
        manifest: head.clone(),
        findings: base.as_ref().map(|b| review::not_allowed(b, &head, &items)).unwrap_or_default(),
        notices: Vec::new(),
        told: Vec::new(),
        promotions: Vec::new(),
        failed: Vec::new(),
        report: String::new(),
        evidence: Vec::new(),
        guards: Vec::new(),
        images: head.images.len(),
    };
    let mut evidence = Vec::new();
    for item in &items {
        let found = judge.evidence(item).await;
        judge.answer_for(item, &found, &mut judged).await;
        evidence.push(found);
        if items.len() > 1 {
            fit(evidence.iter_mut().filter_map(|evidence| evidence.difference.as_mut()));
        }
    }
    judge.records(&mut judged).await;
    judge.guards(&files, &mut judged).await;
    if let (Some(base), Some(metadata)) = (&base, &subject.proposal) {
        judged.findings.extend(review::changed_by_hand(base, &head, metadata.as_ref()));
    }
    judged.findings.extend(subject.edited_by.as_deref().map(review::body_edited));
    judged.findings.extend(unusable);
    judged.promotions = judge.promotions(&items, &evidence).await;
    // Last, as evidence is more important: the time of a source for both is bounded.
    judged.told = judge.told().await;
    let unreviewed = match (&base, &subject.base_commit) {
        (Some(base), Some(at)) => unreviewed_at(context, at, base).await,
        _ => Vec::new(),
    };
    // what a pull request says about the policy is not the policy yet
    let policy = base.as_ref().map_or(&head.policy, |base| &base.policy).clone();
    let images = (0..head.images.len()).map(|at| guard::guarded(base.as_ref(), &head, at)).collect();
    let inspection = base.as_ref().map_or(&head.inspection, |base| &base.inspection).clone();
    let before = Manifest { policy, images, inspection, ..head.clone() };
    judged.evidence = items.iter().zip(&evidence).map(|(item, found)| looked_at(&before, item, found)).collect();
    judged.report = body::report(&before, &items, &evidence, &unreviewed);
    Ok(judged)
}

/// What the base contains without a review: a review of the pull request would cover it as well.
async fn unreviewed_at(context: &Context, at: &Commit, base: &Manifest) -> Vec<String> {
    let Some(forge) = &context.forge else { return Vec::new() };
    match forge.head().await {
        Ok(head) => also_covered(&*reviews(context, Some(&Head { commit: at.clone(), ..head }), base).await, None),
        Err(_) => Vec::new(),
    }
}

/// Shows as urgent what a proposal of ours says is urgent: nothing is allowed because of it.
fn hurried(items: &mut [Item], subject: &Subject) {
    let named: Vec<_> = subject.proposal.iter().flatten().flat_map(|metadata| &metadata.entries).collect();
    for Item { entry, .. } in items {
        let same =
            named.iter().find(|n| n.repository == entry.repository && n.to == entry.to && n.digest == entry.digest);
        entry.urgent = same.and_then(|named| named.urgent.clone());
    }
}

/// What signatures are verified with.
struct Keys {
    /// Those of the base.
    base: evidence::Trust,
    /// Those of the head, for what the base does not cover.
    head: evidence::Trust,
}

/// Compares vulnerabilities as the base asks, without what its VEX documents except there. Only public addresses are
/// contacted, if nothing else may be.
fn vulnerability_reader(
    context: &Context,
    subject: &Subject,
    base: Option<&Manifest>,
    registries: &Registries,
) -> Result<VulnerabilityReader, Stop> {
    let osv = Arc::new(osv(&context.settings, registries.client().http().clone())?);
    let inspection = base.map(|base| base.inspection.clone()).unwrap_or_default();
    let main = base.map_or("", Manifest::path).to_owned();
    let vex = subject.vex_place().map(|place| VexPlace { place, reviewed: None, main });
    Ok(VulnerabilityReader::new(&inspection, osv, context.settings.reports.clone(), vex))
}

struct Judge<'a> {
    clocks: Clocks<'a>,
    /// By names alone: Docker Hub's API is not among the hosts that are contacted here.
    standings: Standings,
    /// As the base asks: what a pull request says about it is not in force yet.
    vulnerabilities: VulnerabilityReader,
    now: chrono::DateTime<chrono::Utc>,
    sources: Sources,
    trust: Keys,
    registries: Registries,
    base: Option<&'a Manifest>,
    head: &'a Manifest,
    public_only: bool,
}

impl<'a> Judge<'a> {
    fn new(
        context: &'a Context,
        subject: &Subject,
        trust: Keys,
        base: Option<&'a Manifest>,
        head: &'a Manifest,
    ) -> Result<Self, Stop> {
        // Nothing in a stranger's pull request is trusted: without a base there is no host to contact.
        let trusted = if subject.public_only { base } else { base.or(Some(head)) };
        let reach = Reach { only: Some(trusted.map(hosts).unwrap_or_default()), public_only: subject.public_only };
        let registries = context.registries.within(reach).map_err(|e| Stop::CannotWork(e.into()))?;
        let sources = Sources::new(registries.clone());
        // The base says where the ledger is, and the branch itself is read: a pull request cannot bring its own.
        let place = context.forge.as_deref().zip(base).map(|(forge, base)| Place {
            forge,
            prefix: &base.proposals.branch_prefix,
            manifest: base.path(),
            trust: Trust::Keeper,
        });
        let clocks = Clocks::new(place, context.now);
        let standings = Standings::new(None);
        let (now, public_only) = (context.now, subject.public_only);
        let vulnerabilities = vulnerability_reader(context, subject, trusted, &registries)?;
        Ok(Self { clocks, standings, vulnerabilities, now, sources, trust, registries, base, head, public_only })
    }

    /// What to say about the rules that a pull request brings; when run by hand, about every rule.
    async fn told(&self) -> Vec<Told> {
        let reader = RuleReader { sources: &self.sources, public_only: self.public_only, now: self.now };
        reader.told(self.base.filter(|_| self.public_only), self.head).await
    }

    /// Upstream's answers about one approval.
    async fn evidence(&self, item: &Item) -> Evidence {
        let image = &self.head.images[item.image];
        if item.entry.to.is_none() {
            return Evidence::default();
        }
        if self.public_only && self.base.is_none() {
            let why =
                "no host is trusted before the base has a usable manifest: add the manifest without approvals first";
            return Evidence { unknown: vec![why.to_owned()], ..Evidence::default() };
        }
        if self.public_only && matches!(image.source, Location::Layout(_)) {
            return Evidence { unknown: vec!["directories are not read here".to_owned()], ..Evidence::default() };
        }
        let (sources, standings) = (&self.sources, &self.standings);
        // What the base guards is verified with the base's keys, whatever the head has in their files.
        let by_base = guard::asking(self.base, self.head, item.image).is_some();
        let trust = if by_base { &self.trust.base } else { &self.trust.head };
        let vulnerabilities = &self.vulnerabilities;
        let reader = EvidenceReader { sources, trust, standings, vulnerabilities, now: self.now };
        reader.read(self.base, self.head, item).await
    }

    /// What the evidence for one approval leaves open.
    async fn answer_for(&self, item: &Item, evidence: &Evidence, judged: &mut Judged) {
        let image = &self.head.images[item.image];
        let approval = image.approved.iter().find(|a| Some(&a.tag) == item.entry.to.as_ref());
        let Some(approval) = approval else { return };
        let expected = |what: &str| format!("{what} {}", item.entry.digest);
        let mut served = evidence.served == Served::Now;
        match &evidence.served {
            Served::Now => {}
            Served::Not(_) if self.clocks.saw(&image.source, &approval.tag, &approval.digest).await => served = true,
            Served::Not(other) => {
                let found = other.as_ref().map_or("nothing".to_owned(), ToString::to_string);
                let expected = expected("a tag that resolves to");
                judged.findings.push(Finding::about("never-served", image, approval, expected, found));
            }
            Served::Unknown => {
                judged.failed.push(failed(image, approval, FailedStep::Resolve, unknown(evidence)));
            }
        }
        if let Some(refused) = &evidence.refused {
            judged.failed.push(failed(image, approval, FailedStep::Refused, refused.clone()));
        } else if served && !evidence.complete {
            judged.failed.push(failed(image, approval, FailedStep::Read, unknown(evidence)));
        }
        if let Some(asked) = &guard::guarded(self.base, self.head, item.image).signatures
            && let Some(found) = unsigned(evidence)
        {
            let expected = format!("signed by {}", excerpt(&asked.to_string(), 300));
            judged.findings.push(Finding::about("unsigned", image, approval, expected, found));
        }
    }

    /// A changed `mirrored` is a finding, unless nothing else changes and it is proven: it is what `digest` and
    /// `platforms` result in, and the mirror, as far as it is readable, does not contradict. If a repository is adopted
    /// and its tag resolves to the recorded digest, that is only a notice.
    async fn records(&self, judged: &mut Judged) {
        let only_records = self.base.is_some_and(|base| review::only_records(base, self.head));
        for (image, approval) in review::recorded(self.base, self.head) {
            let found = match (&approval.mirrored, only_records) {
                (Some(mirrored), true) => match self.disproof(image, approval, mirrored).await {
                    None => continue,
                    Some(why) => why,
                },
                (Some(mirrored), false) if image.adopt && self.answers(image, approval, mirrored).await => {
                    let found = format!("{mirrored}, which the adopted mirror has");
                    let expected = "a record of its previous content".to_owned();
                    judged.notices.push(Finding::about("adopted", image, approval, expected, found));
                    continue;
                }
                (Some(_), false) => "`mirrored` changed together with other things".to_owned(),
                (None, _) => "`mirrored` removed".to_owned(),
            };
            let expected = "only promotion to change `mirrored`".to_owned();
            judged.findings.push(Finding::about("mirrored-changed", image, approval, expected, found));
        }
    }

    /// Less required than at the base is a finding, and so is what waits for promotion and only then could come in.
    async fn guards(&self, files: &Files, judged: &mut Judged) {
        judged.findings.extend(review::signers_by_hand(self.base, self.head));
        let Some(base) = self.base else { return };
        let replaced = files.replaced();
        judged.guards = guard::changes(base, self.head, &replaced, files.vex());
        let lowered = judged.guards.iter().filter(|change| change.lowers);
        judged.findings.extend(lowered.map(Change::finding));
        let reader = MakerReader { sources: &self.sources, trust: &self.trust.base };
        let pending = guard::pending(base, self.head, &replaced);
        judged.findings.extend(guards::unverified(reader, &pending, self.public_only).await);
    }

    /// Whether the mirror's tag is seen to resolve to a digest.
    async fn answers(&self, image: &Image, approval: &Approval, digest: &Digest) -> bool {
        let Ok(location) = self.head.mirror(&image.repository) else { return false };
        if self.public_only && matches!(location, Location::Layout(_)) {
            return false;
        }
        let answer = self.registries.open(&location).head(&Reference::Tag(approval.tag.clone())).await;
        answer.is_ok_and(|held| held.is_some_and(|held| held.digest == *digest))
    }

    /// Why a recorded digest is not proven to be the mirror's; `None` if it is.
    async fn disproof(&self, image: &Image, approval: &Approval, mirrored: &Digest) -> Option<String> {
        let gives = match &image.platforms {
            None => Some(approval.digest.clone()),
            Some(platforms) => self.subset(image, approval, platforms).await,
        };
        match gives {
            Some(gives) if gives == *mirrored => {}
            Some(gives) => return Some(format!("{mirrored}, but `digest` and `platforms` result in {gives}")),
            None => return Some(format!("{mirrored}, which cannot be compared: upstream does not provide the index")),
        }
        let location = self.head.mirror(&image.repository).ok()?;
        if self.public_only && matches!(location, Location::Layout(_)) {
            return None;
        }
        let answer = self.registries.open(&location).head(&Reference::Tag(approval.tag.clone())).await;
        match answer {
            Ok(Some(held)) if held.digest != *mirrored => {
                Some(format!("a mirror tag that resolves to {}", held.digest))
            }
            Ok(None) => Some("a mirror without this tag".to_owned()),
            // a private mirror does not answer a run without secrets
            Ok(Some(_)) | Err(_) => None,
        }
    }

    async fn subset(&self, image: &Image, approval: &Approval, platforms: &[crate::image::Platform]) -> Option<Digest> {
        if self.public_only && matches!(image.source, Location::Layout(_)) {
            return None;
        }
        let document = self.sources.document(&image.source, &approval.digest).await.ok()??;
        plan::from_upstream(&document, Some(platforms)).ok().map(|subset| subset.digest)
    }

    /// What promotion would do about what comes in, if the mirror is as the manifest says.
    async fn promotions(&self, items: &[Item], evidence: &[Evidence]) -> Vec<rows::Promotion> {
        let mut observed = BTreeMap::new();
        for (item, evidence) in items.iter().zip(evidence) {
            let image = &self.head.images[item.image];
            let Some(approval) = image.approved.iter().find(|a| Some(&a.tag) == item.entry.to.as_ref()) else {
                continue;
            };
            let expected = match &image.platforms {
                None => Some(approval.digest.clone()),
                Some(platforms) => self.subset(image, approval, platforms).await,
            };
            let (refused, unsigned) = (evidence.refused.clone(), unsigned(evidence));
            let signing = unsigned.filter(|_| guard::guarded(self.base, self.head, item.image).signatures.is_some());
            let signing = signing.map(Signing::Unsigned);
            let upstream = (refused.is_some() || !evidence.platforms.is_empty()).then_some(true);
            let mirror = if item.entry.kind == Kind::Rebuild { approval.mirrored.clone() } else { None };
            observed.insert(
                Key::of(image, approval),
                Observed { mirror, upstream, expected, refused, signing, ..Observed::default() },
            );
        }
        plan::plan(self.head, &observed).iter().map(rows::Promotion::from).collect()
    }
}

fn looked_at(before: &Manifest, item: &Item, evidence: &Evidence) -> rows::LookedAt {
    rows::LookedAt::from(&Account::of(before, item, Some(evidence)))
}

/// The hosts that may be contacted: a manifest's `sources`, else those of its images; and its registry.
fn hosts(manifest: &Manifest) -> BTreeSet<RegistryHost> {
    let images = || manifest.images.iter().filter_map(|image| image.source.registry().cloned());
    let mut hosts: BTreeSet<RegistryHost> = match &manifest.sources {
        Some(sources) => sources.iter().cloned().collect(),
        None => images().collect(),
    };
    if let Destination::Registry(host) = &manifest.registry {
        hosts.insert(host.clone());
    }
    hosts
}

fn unknown(evidence: &Evidence) -> String {
    if evidence.unknown.is_empty() { "upstream does not respond".to_owned() } else { evidence.unknown.join("; ") }
}

/// Why the signatures that an image requires are missing; `None` if they are verified.
fn unsigned(evidence: &Evidence) -> Option<String> {
    let unseen = || Some("unknown: it was not looked at".to_owned());
    evidence.makers.as_ref().map_or_else(unseen, proposal::unsigned::unsigned)
}

fn failed(image: &Image, approval: &Approval, step: FailedStep, error: String) -> rows::Failed {
    Failure::of(image, Some(&approval.tag), step, error).into()
}
