//! Applies a promotion plan: makes repositories, copies images side by side, and says of each what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::copy::{Carried, Companionship, Copied, Copier, CopyError, Mirror};
use super::interruption::Interruption;
use super::removal::{self, Remover};
use super::{ecr, repository};
use crate::hub::{self, Hub};
use crate::image::{Digest, RepositoryName};
use crate::manifest::Manifest;
use crate::plan::destination;
use crate::plan::drift::{Difference, Remedy};
use crate::plan::removal::{Removal, Why};
use crate::plan::{FailedStep, Failure, RepositoryStep, State, Step};
use crate::registry::{ErrorKind, Registries};

/// How many images are copied side by side.
const IMAGES: usize = 16;

/// An approval that the mirror was read to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promoted {
    /// The step that led to it.
    pub step: Step,
    /// What the mirror's tag answers.
    pub mirrored: Digest,
}

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Applied {
    /// What is promoted now and is to be recorded, in the plan's order.
    pub promoted: Vec<Promoted>,
    /// Signatures and the like that were brought, with the step whose image they belong to, in the plan's order.
    pub carried: Vec<(Step, Carried)>,
    /// What failed, in the plan's order.
    pub failed: Vec<Failure>,
    /// Why the whole run ends: Docker Hub or the destination refused the credential.
    pub stopped: Option<String>,
    /// Differences in repositories' settings that were mended.
    pub mended: Vec<(RepositoryName, Difference)>,
    /// Differences that stand.
    pub left: Vec<(RepositoryName, Difference)>,
    /// Tags that were deleted.
    pub removed: Vec<Removal>,
    /// Repositories that hold bytes which are revoked: nobody is granted anything there.
    sealed: BTreeSet<RepositoryName>,
    /// Whether repositories were made or set up.
    pub changed: bool,
}

impl Applied {
    /// Takes what became of a step's companions. What stayed behind fails alone: the image is there.
    fn accompany(&mut self, step: &Step, companions: Companionship) {
        self.carried.extend(companions.carried.into_iter().map(|carried| (step.clone(), carried)));
        if let Some(error) = companions.behind {
            let text = format!(
                "the image is promoted, but not all its signatures and attestations are: {}; \
                 `promote --signatures` or the next scheduled run tries again",
                error.text
            );
            self.failed.push(step.failed(error.step, text));
        }
    }
}

/// What is to be applied, and with what.
pub struct Work<'a> {
    /// What copies.
    pub copier: &'a Arc<Copier>,
    /// Docker Hub's own API, where repositories are made.
    pub hub: Option<&'a Hub>,
    /// The manifest.
    pub manifest: &'a Manifest,
    /// The plan.
    pub steps: &'a [Step],
    /// The repositories that copies go to or whose settings differ.
    pub repositories: &'a [RepositoryStep],
    /// Tags that go.
    pub removals: &'a [Removal],
    /// Repositories of which it is not known whether they hold revoked bytes.
    pub doubtful: &'a BTreeSet<RepositoryName>,
    /// What removes tags.
    pub remover: &'a Remover<'a>,
    /// Whether signatures and the like that appeared since are carried to what is promoted already.
    pub signatures: bool,
}

/// Applies a plan: what is revoked goes first, then repositories are made and mended, then images are copied or verified, and
/// at last what was retired goes. One image's failure never stops the others; a refused credential stops all, and so does an
/// interruption: what is promoted then is told apart from what is not.
pub async fn promote(work: &Work<'_>, interruption: &Interruption) -> Applied {
    let Work { copier, manifest, steps, repositories, .. } = *work;
    let mut applied = Applied { sealed: work.doubtful.clone(), ..Applied::default() };
    remove(work, Why::Revoked, &mut applied).await;
    let mut unmade = unwritable(copier, manifest, steps, repositories, &mut applied).await;
    if applied.stopped.is_some() {
        return applied;
    }
    let ready: Vec<_> = repositories.iter().filter(|r| !unmade.contains_key(&r.name)).cloned().collect();
    unmade.extend(match work.hub.filter(|_| manifest.on_docker_hub()) {
        Some(hub) => make(hub, manifest, &ready, &mut applied).await,
        None => make_elsewhere(work.remover.registries, manifest, &ready, &mut applied).await,
    });
    if applied.stopped.is_some() {
        return applied;
    }
    copy(work, &unmade, &mut applied, interruption).await;
    explain(manifest, &mut applied);
    if applied.stopped.is_none() && interruption.signal().is_none() {
        remove(work, Why::Retired, &mut applied).await;
    }
    applied
}

/// Copies and verifies, and with `signatures` looks after what is promoted already.
async fn copy(
    work: &Work<'_>,
    unmade: &BTreeMap<RepositoryName, String>,
    applied: &mut Applied,
    interruption: &Interruption,
) {
    let Work { copier, manifest, steps, .. } = *work;
    let mut images = Images::new(copier);
    for (index, step) in steps.iter().enumerate() {
        let follow_up = work.signatures && step.state == State::Present;
        if !(is_work(step) || follow_up) {
            continue;
        }
        match (unmade.get(&step.repository), manifest.mirror(&step.repository)) {
            (Some(error), _) => images.fail(index, CopyError::new(FailedStep::Create, error)),
            (None, Err(error)) => images.fail(index, CopyError::new(FailedStep::Resolve, error)),
            (None, Ok(location)) => images.start(index, step.clone(), copier.mirror(step, location)),
        }
    }
    images.finish(steps, applied, interruption).await;
}

/// Takes down the tags that go for one reason, one after the other: they are few.
async fn remove(work: &Work<'_>, why: Why, applied: &mut Applied) {
    for removal in work.removals.iter().filter(|removal| removal.why == why) {
        match work.remover.remove(removal).await {
            removal::Outcome::Deleted => {
                applied.removed.push(removal.clone());
                applied.changed = true;
            }
            removal::Outcome::Gone => {}
            removal::Outcome::Stays { step, text, changed, sealed } => {
                applied.failed.push(removal.failed(step, text));
                applied.changed |= changed;
                if sealed {
                    applied.sealed.insert(removal.repository.clone());
                }
            }
        }
    }
}

/// Whether there is anything to do about a step.
const fn is_work(step: &Step) -> bool {
    matches!(step.state, State::Copy | State::TagOnly)
}

/// Asks, before a repository is made, whether the credential may push to it: one that may not would leave it empty. Answers
/// those that could not be asked about, with the reason.
async fn unwritable(
    copier: &Copier,
    manifest: &Manifest,
    steps: &[Step],
    repositories: &[RepositoryStep],
    applied: &mut Applied,
) -> BTreeMap<RepositoryName, String> {
    let mut unknown = BTreeMap::new();
    for repository in repositories.iter().filter(|repository| repository.create) {
        let copied = steps.iter().find(|step| step.state == State::Copy && step.repository == repository.name);
        let (Some(step), Ok(location)) = (copied, manifest.mirror(&repository.name)) else { continue };
        match copier.mirror(step, location).store.may_push().await {
            Ok(()) => {}
            Err(error) if matches!(error.kind, ErrorKind::Refused { .. }) => {
                applied.stopped = Some(error.to_string());
                return unknown;
            }
            Err(error) => drop(unknown.insert(repository.name.clone(), error.to_string())),
        }
    }
    unknown
}

/// Says what a destination means by errors whose words alone do not tell.
fn explain(manifest: &Manifest, applied: &mut Applied) {
    let errors = applied.failed.iter_mut().map(|failure| &mut failure.error).chain(&mut applied.stopped);
    for error in errors {
        if let Some(more) = destination::explained(manifest, error) {
            error.push_str(&format!("; {more}"));
        }
    }
}

/// Makes the repositories of a destination that is not Docker Hub; answers those that could not be made, with the reason.
async fn make_elsewhere(
    registries: &Registries,
    manifest: &Manifest,
    repositories: &[RepositoryStep],
    applied: &mut Applied,
) -> BTreeMap<RepositoryName, String> {
    let mut unmade = BTreeMap::new();
    for step in repositories {
        match ecr::ensure(registries, manifest, step).await {
            Ok(changed) => applied.changed |= changed,
            Err(error) if matches!(error.kind, ErrorKind::Refused { .. }) => {
                applied.stopped = Some(error.to_string());
                return unmade;
            }
            Err(error) => drop(unmade.insert(step.name.clone(), error.to_string())),
        }
    }
    unmade
}

/// Makes and mends the repositories, one after the other; answers those that nothing may be pushed to, with the reason.
async fn make(
    hub: &Hub,
    manifest: &Manifest,
    repositories: &[RepositoryStep],
    applied: &mut Applied,
) -> BTreeMap<RepositoryName, String> {
    let mut unmade = BTreeMap::new();
    for step in repositories {
        applied.left.extend(step.left.iter().map(|difference| (step.name.clone(), difference.clone())));
        let sealed = applied.sealed.contains(&step.name);
        if let Some(error) = mend(hub, manifest, step, sealed, applied).await {
            unmade.insert(step.name.clone(), error);
            continue;
        }
        if sealed {
            if step.create {
                let text = "it is not made while it is not known whether it holds bytes that are revoked";
                unmade.insert(step.name.clone(), text.to_owned());
            }
            continue;
        }
        match repository::ensure(hub, &manifest.organization, step).await {
            Ok(changed) => {
                applied.changed |= changed;
                fix_tags(hub, manifest, step, applied).await;
            }
            Err(error @ hub::Error::Refused { .. }) => {
                applied.stopped = Some(error.to_string());
                return unmade;
            }
            Err(error) => drop(unmade.insert(step.name.clone(), error.to_string())),
        }
    }
    unmade
}

/// Mends what differs in a repository. What cannot be mended is a failure of its own; where everybody can still read what
/// should be private, the reason why nothing may be pushed there is answered. In one that is `sealed` nobody is granted
/// anything, and no rule is set that would keep a revoked tag from being deleted.
async fn mend(
    hub: &Hub,
    manifest: &Manifest,
    step: &RepositoryStep,
    sealed: bool,
    applied: &mut Applied,
) -> Option<String> {
    let mut exposed = None;
    let harmless = |remedy: &Remedy| matches!(remedy, Remedy::Hide | Remedy::Describe(_));
    for difference in step.mends.iter().filter(|difference| !sealed || harmless(&difference.remedy)) {
        match repository::mend(hub, &manifest.organization, &step.name, difference).await {
            Ok(()) => {
                applied.mended.push((step.name.clone(), difference.clone()));
                applied.changed = true;
            }
            Err(error) => {
                let text = format!(
                    "{} is {} and should be {}: {error}",
                    difference.aspect.code(),
                    difference.found,
                    difference.expected
                );
                if difference.remedy == Remedy::Hide {
                    exposed = Some(text.clone());
                }
                applied.failed.extend(unset(manifest, step, text));
            }
        }
    }
    exposed
}

/// Makes the promoted tags of a repository that was just made immutable. Where that cannot be done its images come all the
/// same, and the next run tries again.
async fn fix_tags(hub: &Hub, manifest: &Manifest, step: &RepositoryStep, applied: &mut Applied) {
    if !(step.create && step.immutable_tags.enabled) {
        return;
    }
    match hub.set_immutable_tags(&manifest.organization, &step.name, &step.immutable_tags).await {
        Ok(()) => applied.changed = true,
        Err(error) => applied.failed.extend(unset(manifest, step, error.to_string())),
    }
}

/// That a setting of a repository could not be set.
fn unset(manifest: &Manifest, step: &RepositoryStep, error: String) -> Option<Failure> {
    let image = manifest.images.iter().find(|image| image.repository == step.name)?;
    let (source, repository) = (image.source_text.clone(), step.name.clone());
    Some(Failure { source, repository, tag: None, step: FailedStep::Create, error })
}

/// The images under way.
struct Images {
    copier: Arc<Copier>,
    tasks: JoinSet<(usize, Option<Done>)>,
    room: Arc<Semaphore>,
    refused: Arc<AtomicBool>,
    done: BTreeMap<usize, Done>,
}

/// What became of one step.
enum Done {
    Copied(Result<Copied, CopyError>),
    /// It was promoted before.
    FollowedUp(Companionship),
}

impl Done {
    fn is_refused(&self) -> bool {
        matches!(self, Self::Copied(Err(error)) if error.refused)
    }
}

impl Images {
    fn new(copier: &Arc<Copier>) -> Self {
        Self {
            copier: Arc::clone(copier),
            tasks: JoinSet::new(),
            room: Arc::new(Semaphore::new(IMAGES)),
            refused: Arc::default(),
            done: BTreeMap::new(),
        }
    }

    fn fail(&mut self, index: usize, error: CopyError) {
        self.done.insert(index, Done::Copied(Err(error)));
    }

    /// Copies one image as soon as there is room; not at all where the destination refused the credential meanwhile.
    fn start(&mut self, index: usize, step: Step, mirror: Mirror) {
        let (copier, room, refused) = (Arc::clone(&self.copier), Arc::clone(&self.room), Arc::clone(&self.refused));
        self.tasks.spawn(async move {
            let _permit = room.acquire_owned().await;
            if refused.load(Ordering::Relaxed) {
                return (index, None);
            }
            let done = if step.state == State::Present {
                Done::FollowedUp(copier.follow_up(&step, &mirror).await)
            } else {
                tracing::info!("{}:{}: {}", step.repository, step.tag, step.detail);
                Done::Copied(copier.promote(&step, &mirror).await)
            };
            if done.is_refused() {
                refused.store(true, Ordering::Relaxed);
            }
            (index, Some(done))
        });
    }

    async fn finish(mut self, steps: &[Step], applied: &mut Applied, interruption: &Interruption) {
        let mut ended = None;
        loop {
            tokio::select! {
                joined = self.tasks.join_next() => match joined {
                    Some(Ok((index, Some(done)))) => drop(self.done.insert(index, done)),
                    Some(Ok((_, None))) => {}
                    Some(Err(error)) if error.is_cancelled() => {}
                    Some(Err(error)) => tracing::error!("a copy broke off: {error}"),
                    None => break,
                },
                signal = interruption.asked(), if ended.is_none() => {
                    ended = Some(signal);
                    self.tasks.abort_all();
                }
            }
        }
        for (index, step) in steps.iter().enumerate() {
            match self.done.remove(&index) {
                Some(Done::Copied(Ok(Copied { mirrored, companions }))) => {
                    applied.promoted.push(Promoted { step: step.clone(), mirrored });
                    applied.accompany(step, companions);
                }
                Some(Done::FollowedUp(companions)) => applied.accompany(step, companions),
                Some(Done::Copied(Err(error))) => {
                    if error.refused && applied.stopped.is_none() {
                        applied.stopped = Some(error.text.clone());
                    }
                    applied.failed.push(step.failed(error.step, error.text));
                }
                None if is_work(step) && !self.refused.load(Ordering::Relaxed) => {
                    let text = match ended {
                        Some(signal) => format!("{signal} ended the run before this was promoted: run it again"),
                        None => "the copy broke off, which is a defect of this program: please report it".to_owned(),
                    };
                    applied.failed.push(step.failed(FailedStep::Blob, text));
                }
                None => {}
            }
        }
    }
}
