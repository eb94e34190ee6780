//! What the mirrors have, and upstream if something is to be copied: everything that the promotion plan is made of.
//!
//! A promoted approval costs one HEAD at the mirror (and one GET more for a recorded subset) and nothing upstream. What
//! was never promoted is queried upstream at once, because that is nearly always needed.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::makers::MakerReader;
use super::repositories::{self, RepositorySettings};
use super::reviews::Reviews;
use crate::image::RepositoryName;
use crate::manifest::{Approval, Enforcement, Image, Manifest};
use crate::plan::aliases::AliasStep;
use crate::plan::ownership::Ownership;
use crate::plan::removal::Removal;
use crate::plan::{
    self, Fact, FailedStep, Failure, Key, Observed, RepositoryStep, Review, Scope, SeenRepositories, State, Step,
};

mod ahead;
mod aliases;
mod approvals;
mod error;
mod owned;
mod reader;
mod tags;
mod takedowns;
mod upstream;

use ahead::Ahead;
use error::MirrorError;
pub(crate) use reader::MirrorReader;
use reader::{Observations, OwnedRepositories};
use tags::TagReader;

/// How many approvals are observed at once; each host's own limit is in the client.
const TOGETHER: usize = 64;

/// The plan made from what was read.
#[derive(Debug)]
pub struct Promotions {
    /// One step for every approval in scope that could be observed, in the manifest's order.
    pub steps: Vec<Step>,
    /// The repositories that copies go to or whose settings differ, if they are created ahead and have settings.
    pub repositories: Vec<RepositoryStep>,
    /// What is done about aliases, in the manifest's order.
    pub aliases: Vec<AliasStep>,
    /// Tags that are to be deleted.
    pub removals: Vec<Removal>,
    /// Repositories for which it is unknown whether they hold revoked bytes: nobody is granted anything there.
    pub doubtful: BTreeSet<RepositoryName>,
    /// What could not be observed.
    pub failed: Vec<Failure>,
    /// Why no work at all is possible: the destination, or Docker Hub, refuses the credential, or answers for no
    /// approval.
    pub stopped: Option<String>,
}

impl Promotions {
    /// The approvals that the mirrors have.
    pub(crate) fn present(&self) -> BTreeSet<Key> {
        self.steps.iter().filter(|step| step.state == State::Present).map(Step::key).collect()
    }
}

/// Reads and plans, according to the manifest as it was last reviewed.
pub(crate) async fn promotions(reader: &MirrorReader<'_>, reviews: &Reviews, scope: &Scope) -> Promotions {
    let manifest = &reviews.binding.manifest;
    let hub = reader.hub.filter(|_| manifest.on_docker_hub());
    let seen = match hub {
        Some(hub) => repositories::read_settings(hub, manifest, scope, reader.attention).await,
        None => RepositorySettings::default(),
    };
    let tags = TagReader::new(reader.registries, &reader.sources.documents, hub, manifest, &seen);
    let images = manifest.images.iter().enumerate().filter(|(index, _)| scope.contains(*index));
    let approvals: Vec<(&Image, &Approval)> =
        images.flat_map(|(_, image)| image.approved.iter().map(move |approval| (image, approval))).collect();
    let ahead = Ahead::ask(reader, reviews, &approvals).await;
    let mut observations = at_mirrors(&tags, scope, &approvals, reader).await;
    let owned = owned::owned(reader, &tags, &seen, scope, &observations).await;
    owned::disown(&approvals, &owned, &mut observations);
    with_reviews(reviews, &approvals, &mut observations);
    let makers = MakerReader { sources: reader.sources, trust: reader.trust };
    let observations = at_sources(makers, &approvals, observations, ahead).await;
    let mut promotions = planned(reader, &tags, observations, &seen, &owned).await;
    promotions.repositories.retain(|repository| reviews.touches(&repository.name));
    let takedowns = takedowns::takedowns(&tags, scope).await.proven(reader.history, manifest).await;
    promotions.failed.extend(takedowns.failed);
    let (removals, kept) = reviews.reviewed_removals(takedowns.removals);
    promotions.failed.extend(kept);
    let (aliases, failed) = aliases::planned(reader, &tags, scope, &promotions.steps).await;
    promotions.failed.extend(failed);
    let here = promotions.present();
    let mut removed: Vec<Removal> = aliases.iter().filter_map(|alias| alias.removal(&removals, &here)).collect();
    removed.extend(removals);
    Promotions { aliases, removals: removed, doubtful: takedowns.doubtful, ..promotions }
}

async fn at_mirrors(
    tags: &TagReader<'_>,
    scope: &Scope,
    approvals: &[(&Image, &Approval)],
    reader: &MirrorReader<'_>,
) -> Observations {
    let vouching = plan::vouching(tags.manifest, scope);
    let phase = reader.progress.phase("mirrors", approvals.len());
    let observations = futures_util::stream::iter(approvals)
        .map(|(image, approval)| {
            let key = Key::of(image, approval);
            let (whole, ours) = (vouching.contains(&key), !reader.foreign_records.contains(&key));
            let phase = &phase;
            async move {
                let observed = approvals::at_mirror(tags, image, approval, whole, ours).await;
                phase.one();
                (key, observed)
            }
        })
        .buffer_unordered(TOGETHER)
        .collect()
        .await;
    phase.end();
    observations
}

/// Adds how approvals were reviewed.
fn with_reviews(reviews: &Reviews, approvals: &[(&Image, &Approval)], observations: &mut Observations) {
    for (image, approval) in approvals {
        let key = Key::of(image, approval);
        let Some(observation) = observations.get_mut(&key) else { continue };
        let Ok(observed) = observation else { continue };
        observed.review = Some(reviews.why_not(&key).map_or(Review::Enough, Review::TooFew));
        let lacks =
            |fact| plan::decide(image, approval, &Observed { review: None, ..observed.clone() }).lacks == Some(fact);
        if let Some(why) = reviews.untold.as_ref().filter(|_| lacks(Fact::Review)) {
            *observation = Err(MirrorError::Approval(FailedStep::Resolve, why.clone()));
        }
    }
}

/// Queries upstream for everything that was observed, as far as needed.
async fn at_sources(
    makers: MakerReader<'_>,
    approvals: &[(&Image, &Approval)],
    mut observations: Observations,
    mut ahead: Ahead,
) -> Observations {
    let observed = approvals.iter().filter_map(|(image, approval)| {
        let key = Key::of(image, approval);
        let ahead = ahead.take(&key);
        Some((*image, *approval, observations.remove(&key)?, ahead, key))
    });
    futures_util::stream::iter(observed)
        .map(|(image, approval, observation, ahead, key)| async move {
            let observation = match observation {
                Ok(observed) => approvals::at_source(makers, image, approval, observed, ahead).await,
                failed => failed,
            };
            (key, observation)
        })
        .buffer_unordered(TOGETHER)
        .collect()
        .await
}

/// The plan for what was observed. The destination is asked about every repository that receives something.
async fn planned(
    reader: &MirrorReader<'_>,
    tags: &TagReader<'_>,
    observations: Observations,
    seen: &RepositorySettings,
    owned: &OwnedRepositories,
) -> Promotions {
    let manifest = tags.manifest;
    let (mut observed, mut errors) = (BTreeMap::new(), BTreeMap::new());
    for (key, observation) in observations {
        match observation {
            Ok(observation) => drop(observed.insert(key, observation)),
            Err(error) => drop(errors.insert(key, error)),
        }
    }
    let mut steps = plan::plan(manifest, &observed);
    let (mut missing, untold) = missing(tags, &steps, owned).await;
    missing.extend(seen.missing.iter().cloned());
    for step in steps.extract_if(.., |step| step.state == State::Copy && untold.contains_key(&step.repository)) {
        let error = MirrorError::Approval(FailedStep::Resolve, untold[&step.repository].to_string());
        observed.remove(&step.key());
        errors.insert(step.key(), error);
    }
    let none_told = untold.into_values().next().filter(|_| steps.is_empty()).map(|error| error.to_string());
    let stopped = seen.refused.clone().or_else(|| error::stopped(&errors, observed.is_empty())).or(none_told);
    if manifest.repositories == Enforcement::Report {
        seen.troubles.keys().for_each(|said| tracing::warn!("settings of repositories are not compared: {said}"));
    }
    let looked = SeenRepositories { missing: &missing, found: &seen.found, owned, keeper: reader.keeper };
    let repositories = plan::repositories(manifest, &steps, looked, reader.consent);
    let mut failed = failures(manifest, &errors);
    failed.extend(plan::unseen(manifest, &owned::troubles(seen, owned)));
    failed.extend(plan::disowned(manifest, &steps, owned));
    let (aliases, removals, doubtful) = (Vec::new(), Vec::new(), BTreeSet::new());
    Promotions { steps, repositories, aliases, removals, doubtful, failed, stopped }
}

/// The repositories that something is copied to and that do not exist, and those for which that could not be
/// determined.
async fn missing(
    tags: &TagReader<'_>,
    steps: &[Step],
    owned: &OwnedRepositories,
) -> (BTreeSet<RepositoryName>, BTreeMap<RepositoryName, MirrorError>) {
    let existing: BTreeSet<&RepositoryName> =
        steps.iter().filter(|s| s.mirror_now.is_some()).map(|s| &s.repository).collect();
    let (mut missing, mut untold) = (BTreeSet::new(), BTreeMap::new());
    for step in steps.iter().filter(|s| s.state == State::Copy && !existing.contains(&s.repository)) {
        let asked = match owned.get(&step.repository) {
            Some(owned) if tags.has_hub() => Ok(owned.ownership == Ownership::Absent),
            _ => tags.is_missing(&step.repository).await,
        };
        match asked {
            Ok(true) => drop(missing.insert(step.repository.clone())),
            Ok(false) => {}
            Err(error) => drop(untold.insert(step.repository.clone(), error)),
        }
    }
    (missing, untold)
}

/// The failures, in the manifest's order.
fn failures(manifest: &Manifest, errors: &BTreeMap<Key, MirrorError>) -> Vec<Failure> {
    let failed = manifest.approvals().filter_map(|(image, approval)| {
        let error = errors.get(&Key::of(image, approval))?;
        Some(Failure::of(image, Some(&approval.tag), error.step(), error.to_string()))
    });
    failed.collect()
}
