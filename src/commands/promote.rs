//! `promote`: copies what was approved and records what the mirror holds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::promoted::{outcome, promoted_row};
use super::reader::signing_keys;
use super::{Context, Exit, Stop, load, unreviewed};
use crate::apply;
use crate::apply::anew::WriteError;
use crate::apply::copy::Copier;
use crate::apply::promote::{Promoted, Work};
use crate::apply::record::{self, Outcome, Recorded, Way};
use crate::args::Promote as Arguments;
use crate::forge::{Commit, Head};
use crate::hub::Hub;
use crate::manifest::{Image, Manifest};
use crate::observe::manifest::from_directory;
use crate::observe::mirror::{self, MirrorReader, Promotions};
use crate::observe::records::History;
use crate::observe::repositories::Attention;
use crate::observe::retired::{RetiredReader, read_retired};
use crate::observe::reviews::Reviews;
use crate::observe::sources::Sources;
use crate::plan::{Consent, FailedStep, Scope, State, Step, destination, is_pending};
use crate::progress::Group;
use crate::proposal::record::Record;
use crate::proposal::review::only_records;
use crate::report::Output;
use crate::report::rows;
use crate::settings::RecordMode;
use crate::text::counted;

/// Runs it for the named images, or for all if none is named.
///
/// # Errors
/// Why it could not work: no forge, an unusable manifest, a refused credential.
pub async fn run(context: &Context, arguments: &Arguments, output: &mut Output) -> Result<Exit, Stop> {
    let (head, whole) = load::at_head(context).await?;
    let scope = scope(context, &whole, &arguments.images.images)?;
    let reviews = unreviewed::reviews(context, Some(&head), &whole).await;
    let manifest = &reviews.binding.manifest;
    let sources = context.sources.clone();
    let manner = Manner { attention: arguments.attention, consent: Consent { publish: publishes(context, arguments) } };
    let looked = std::time::Instant::now();
    let seen = read_mirrors(context, &sources, &reviews, &scope, Some(&head), manner);
    let pending = pending_files(context, &whole, &scope);
    let record = foreseen(context, &head, &pending);
    let (seen, record, ()) = tokio::join!(seen, record, sweep(context, manifest));
    let mut seen = seen?;
    if arguments.prune && seen.stopped.is_none() {
        prune(context, &reviews, &scope, &head.commit, &mut seen).await?;
    }
    // What is not recorded cannot fail, and what was not expected to be recorded is checked now.
    let changing = recorded_files(context, &whole, &scope, &seen);
    let record = match changing.is_subset(&pending) && changing.is_empty() == pending.is_empty() {
        true => record,
        false => foreseen(context, &head, &changing).await,
    };
    let failed = failures(&seen, &reviews, &scope);
    let clean = failed.is_empty();
    let plan = planned(&seen, if context.settings.dry_run { failed } else { Vec::new() });
    output.plan(&rows::Plan { record: record.as_ref().ok().cloned().flatten(), ..plan });
    if let Some(reason) = &seen.stopped {
        return Err(Stop::CannotWork(anyhow::Error::msg(reason.clone())));
    }
    record?;
    if context.settings.dry_run {
        return ending(&None, clean);
    }
    let progress = context.progress();
    let copier = Arc::new(Copier::new(context.registries.clone(), sources, &seen.steps, looked, progress.clone()));
    // When asked to end, it records what is already promoted.
    let _settling = context.interruption.settling();
    let work = Work {
        copier: &copier,
        registries: &context.registries,
        hub: hub(context),
        manifest,
        planned: &seen,
        signatures: arguments.signatures,
    };
    let phase = Group::begin("Copying approved images");
    let applied = apply::promote::promote(&work, &context.interruption).await;
    progress.end();
    drop(phase);
    let ended = applied.stopped.is_some() || context.interruption.signal().is_some();
    let idle = applied.promoted.is_empty() && ended;
    let recorded = if idle { None } else { recorded(context, &reviews, &applied.promoted).await };
    let delivered = delivered(context, &head.branch, recorded.as_ref()).await;
    let stopped = applied.stopped.clone();
    let row = |promoted| promoted_row(context, &reviews, promoted);
    let mut outcome = outcome(applied, recorded, failures(&seen, &reviews, &scope), row);
    match delivered {
        Ok(delivered) => outcome.changed |= delivered,
        Err(failed) => outcome.failed.push(failed),
    }
    let clean = outcome.failed.is_empty() && outcome.drift.is_empty();
    output.outcome(outcome);
    ending(&stopped, clean)
}

/// Removes what interrupted runs left at the forge. Best effort: if it fails, a later run does it.
async fn sweep(context: &Context, manifest: &Manifest) {
    let records = !context.settings.dry_run && context.settings.record != RecordMode::None;
    let Some(forge) = context.forge.as_deref().filter(|_| records) else { return };
    let own = manifest.prefix();
    match forge.sweep(&own, None).await {
        // A manifest with its own branch part may have proposals under their former names.
        Ok(open) => {
            let formerly = own != manifest.proposals.branch_prefix;
            context.may_have_proposals.store(open || formerly, Ordering::Relaxed);
        }
        Err(e) => tracing::warn!("leftovers of interrupted runs could not be removed: {e}"),
    }
}

/// How closely the settings of repositories are read, and which of them may be changed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    pub attention: Attention,
    pub consent: Consent,
}

/// Whether a person agreed to publish what is private: the action is not a person, whatever it was told.
fn publishes(context: &Context, arguments: &Arguments) -> bool {
    if arguments.yes && context.settings.github.in_actions {
        tracing::warn!("--yes does not make anything public in a workflow: a person has to run `promote --yes`");
    }
    arguments.yes && !context.settings.github.in_actions
}

/// Adds the tags that are deleted because their approval was retired.
async fn prune(
    context: &Context,
    reviews: &Reviews,
    scope: &Scope,
    head: &Commit,
    seen: &mut Promotions,
) -> Result<(), Stop> {
    let manifest = &reviews.binding.manifest;
    let (contents, path) = (&**context.forge()?, &*context.settings.manifest);
    let history = History { contents, head: Some(head), path, foreign: &reviews.binding.foreign };
    let reader = RetiredReader { registries: &context.registries, history };
    let found = read_retired(&reader, manifest, scope).await;
    let (removals, kept) = reviews.reviewed_removals(found.removals);
    seen.removals.extend(removals);
    seen.failed.extend(found.failed.into_iter().chain(kept));
    Ok(())
}

/// What promotion would do; the half of `plan` that is about approvals. `head` is the default branch's head if the
/// manifest was read there.
///
/// # Errors
/// If the forge does not say which repository it is.
pub async fn read_mirrors(
    context: &Context,
    sources: &Sources,
    reviews: &Reviews,
    scope: &Scope,
    head: Option<&Head>,
    manner: Manner,
) -> Result<Promotions, Stop> {
    let manifest = &reviews.binding.manifest;
    let Manner { attention, consent } = manner;
    let approvals: usize = manifest.images.iter().map(|image| image.approved.len()).sum();
    let _phase = Group::begin(&format!("Checking the mirrors of {}", counted(approvals, "approval")));
    // Elsewhere repositories carry no mark.
    let keeper = if manifest.on_docker_hub() { context.keeper().await? } else { context.known_keeper() };
    let foreign_records = reviews.binding.foreign_keys();
    let trust = signing_keys(context, head, Some(reviews), manifest).await;
    let progress = context.progress();
    let reader = MirrorReader {
        registries: &context.registries,
        sources,
        trust: &trust,
        hub: hub(context),
        history: context.history(head.map(|head| &head.commit), Some(reviews)),
        keeper: &keeper,
        attention,
        consent,
        progress: &progress,
        foreign_records: &foreign_records,
    };
    let seen = mirror::promotions(&reader, reviews, scope).await;
    say_what_is_lacking(manifest, &seen);
    Ok(seen)
}

/// What the manifest asks of repositories that receive something but the destination cannot do: reported, not failed.
fn say_what_is_lacking(manifest: &Manifest, seen: &Promotions) {
    let receives =
        |image: &&Image| seen.steps.iter().any(|step| step.state == State::Copy && step.repository == image.repository);
    let receiving: Vec<&Image> = manifest.images.iter().filter(receives).collect();
    destination::lacking(manifest, &receiving).iter().for_each(|text| tracing::warn!("{text}"));
}

/// The images that a run is about.
///
/// # Errors
/// [`Stop::Unusable`] if a name matches no image.
pub fn scope(context: &Context, manifest: &Manifest, images: &[String]) -> Result<Scope, Stop> {
    let shard = context.settings.shard.map(|shard| (shard.number, shard.count));
    Scope::new(manifest, images, shard).map_err(|e| Stop::Unusable(e.to_string()))
}

/// What could not be checked, and what its state forbids, in the manifest's order; then what no review covers.
pub(super) fn failures(seen: &Promotions, reviews: &Reviews, scope: &Scope) -> Vec<rows::Failed> {
    let failed = seen.failed.iter().cloned().chain(seen.steps.iter().filter_map(Step::failure));
    failed.map(rows::Failed::from).chain(unreviewed::not_done(reviews, scope)).collect()
}

#[must_use]
pub fn planned(seen: &Promotions, failed: Vec<rows::Failed>) -> rows::Plan {
    rows::Plan {
        promotions: seen.steps.iter().map(rows::Promotion::from).collect(),
        repositories: seen.repositories.iter().flat_map(rows::PlannedRepository::of).collect(),
        aliases: seen.aliases.iter().map(rows::Alias::from).collect(),
        removals: seen.removals.iter().map(rows::Removal::from).collect(),
        failed,
        ..rows::Plan::default()
    }
}

/// Docker Hub's own API, if there is a credential for it: without one, private repositories seem not to exist.
fn hub(context: &Context) -> Option<&Hub> {
    context.hub.as_ref().filter(|_| context.settings.dockerhub_token.is_some())
}

pub(super) fn ending(stopped: &Option<String>, clean: bool) -> Result<Exit, Stop> {
    match stopped {
        Some(reason) => Err(Stop::CannotWork(anyhow::Error::msg(reason.clone()))),
        None if clean => Ok(Exit::Done),
        None => Ok(Exit::Findings),
    }
}

/// Records what was promoted, as the settings say. `None`: nothing was to be recorded.
async fn recorded(context: &Context, reviews: &Reviews, promoted: &[Promoted]) -> Option<Result<Outcome, WriteError>> {
    let way = match context.settings.record {
        RecordMode::None => return None,
        RecordMode::Auto => Way::Auto,
        RecordMode::Commit => Way::Commit,
        RecordMode::PullRequest => Way::Proposal,
    };
    let forge = context.forge.as_ref()?;
    let records: Vec<Record> = promoted.iter().map(|promoted| record_of(reviews, promoted)).collect();
    let _phase = Group::begin(&format!("Recording {}", counted(records.len(), "digest")));
    let manifest = &reviews.binding.manifest;
    let recorded = record::record(forge.as_ref(), manifest, way, &records, reviews.settled.as_deref()).await;
    if let Ok(Outcome { recorded: Recorded::Committed(commit), .. }) = &recorded {
        context.reviews.made(commit);
    }
    Some(recorded)
}

/// The files in which pending promotions will be recorded, if that is done by a commit.
fn pending_files(context: &Context, manifest: &Manifest, scope: &Scope) -> BTreeSet<String> {
    let images = manifest.images.iter().enumerate().filter(|(at, _)| scope.contains(*at)).map(|(_, image)| image);
    let pending = images.filter(|image| image.approved.iter().any(|approval| is_pending(image, approval)));
    let files = pending.map(|image| manifest.files[image.file].path.clone()).collect();
    to_be_committed(context, manifest, scope, files)
}

/// The files whose records will change through the plan, if that is done by a commit.
fn recorded_files(context: &Context, manifest: &Manifest, scope: &Scope, seen: &Promotions) -> BTreeSet<String> {
    let changes = |step: &&Step| {
        let approvals = manifest.approvals().filter(|(image, _)| image.repository == step.repository);
        let mut of_tag = approvals.filter(|(_, approval)| approval.tag == step.tag);
        of_tag.any(|(_, approval)| approval.mirrored.is_none() || approval.mirrored != step.expected)
    };
    let steps = seen.steps.iter().filter(|step| matches!(step.state, State::Copy | State::TagOnly)).filter(changes);
    let image = |step: &Step| manifest.images.iter().find(|image| image.repository == step.repository);
    let files = steps.filter_map(image).map(|image| manifest.files[image.file].path.clone()).collect();
    to_be_committed(context, manifest, scope, files)
}

/// Those of these files whose records need a commit that is yet to be made. The work tree is read only if there are
/// any.
fn to_be_committed(context: &Context, manifest: &Manifest, scope: &Scope, files: BTreeSet<String>) -> BTreeSet<String> {
    let commits = matches!(context.settings.record, RecordMode::Auto | RecordMode::Commit);
    if files.is_empty() || !commits || is_half_recorded(context, manifest, scope) { BTreeSet::new() } else { files }
}

/// Whether an interrupted run already left the record of everything that this run is about to record in the work tree.
fn is_half_recorded(context: &Context, manifest: &Manifest, scope: &Scope) -> bool {
    let Ok(here) = from_directory(&context.settings.directory, &context.settings.manifest) else { return false };
    let stands = |(at, image): (usize, &Image)| {
        let approvals = image.approved.iter().zip(&here.images[at].approved);
        !scope.contains(at)
            || approvals.filter(|(then, _)| is_pending(image, then)).all(|(_, now)| now.mirrored.is_some())
    };
    here.files != manifest.files && only_records(manifest, &here) && manifest.images.iter().enumerate().all(stands)
}

/// What would happen to the record of what is to be promoted, in words. An error is what would prevent it: it is found
/// before anything is copied.
async fn foreseen(context: &Context, head: &Head, files: &BTreeSet<String>) -> Result<Option<String>, Stop> {
    let Some(forge) = &context.forge else { return Ok(None) };
    let files: Vec<String> = files.iter().cloned().collect();
    Ok(forge.foresee(&head.branch, &head.commit, &files).await?)
}

/// Pushes what earlier runs recorded and could not push; a record of this run includes that.
async fn delivered(
    context: &Context,
    branch: &str,
    recorded: Option<&Result<Outcome, WriteError>>,
) -> Result<bool, rows::Failed> {
    let (Some(forge), Some(Ok(Outcome { recorded, .. }))) = (&context.forge, recorded) else { return Ok(false) };
    if matches!(recorded, Recorded::Committed(_)) {
        return Ok(false);
    }
    let failed = |e| rows::Failed {
        source: None,
        repository: None,
        tag: None,
        step: FailedStep::Record,
        error: format!("{branch}: {e}"),
    };
    forge.deliver(branch).await.map_err(failed)
}

/// What is recorded about a promotion; how its approval came in was found out before.
fn record_of(reviews: &Reviews, promoted: &Promoted) -> Record {
    let came = reviews.came.get(&promoted.step.key());
    Record {
        repository: promoted.step.repository.clone(),
        tag: promoted.step.tag.clone(),
        digest: promoted.step.digest.clone(),
        mirrored: promoted.mirrored.clone(),
        pull: came.and_then(|came| came.pull),
        approved_on: came.map(|came| came.at.date_naive()),
        signed_by: promoted.step.signed_by.clone(),
    }
}
