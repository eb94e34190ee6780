//! Creates the destination's repositories and fixes their settings.

use std::collections::BTreeMap;

use super::work::{Applied, Work, is_work};
use crate::apply::copy::CopyError;
use crate::apply::repository::{self, EnsureError};
use crate::hub::{self, Hub};
use crate::image::RepositoryName;
use crate::manifest::Manifest;
use crate::plan::drift::Remedy;
use crate::plan::{FailedStep, Failure, RepositoryStep, State};

/// Repositories that nothing may be pushed to, with the reason.
pub(super) type Unmade = BTreeMap<RepositoryName, CopyError>;

fn unmade_because(reason: impl std::fmt::Display) -> CopyError {
    CopyError::new(FailedStep::Create, reason)
}

/// Creates and fixes what the plan says, if the credential may push.
pub(super) async fn prepare(work: &Work<'_>, applied: &mut Applied) -> Unmade {
    let mut unmade = unwritable(work, applied).await;
    if applied.stopped.is_some() {
        return unmade;
    }
    let ready: Vec<_> = work.planned.repositories.iter().filter(|r| !unmade.contains_key(&r.name)).collect();
    unmade.extend(match work.hub() {
        Some(hub) => make(hub, work.manifest, &ready, applied).await,
        None => make_elsewhere(work, &ready, applied).await,
    });
    unmade
}

/// Checks, before a repository is created, whether the credential may push to it: otherwise it would stay empty.
/// Returns those that it may not push to or that could not be checked, with the reason. If it may push to none of them
/// and there is nothing else to do, the run ends.
async fn unwritable(work: &Work<'_>, applied: &mut Applied) -> Unmade {
    let Work { copier, manifest, planned, .. } = *work;
    let (mut unknown, mut refused) = (Unmade::new(), None);
    for repository in planned.repositories.iter().filter(|repository| repository.create) {
        let copied = planned.steps.iter().find(|step| step.state == State::Copy && step.repository == repository.name);
        let (Some(step), Ok(location)) = (copied, manifest.mirror(&repository.name)) else { continue };
        if let Err(error) = copier.mirror(step, location).store.may_push().await {
            let error = CopyError::at_destination(FailedStep::Create, &error);
            refused = refused.or_else(|| error.refused.then(|| error.text.clone()));
            unknown.insert(repository.name.clone(), error);
        }
    }
    let barred = |name: &RepositoryName| unknown.get(name).is_some_and(|error| error.refused);
    let idle = planned.removals.is_empty()
        && planned.repositories.iter().all(|repository| barred(&repository.name))
        && planned.steps.iter().filter(|step| is_work(step)).all(|step| barred(&step.repository));
    applied.stopped = refused.filter(|_| idle);
    unknown
}

/// Creates the repositories of a destination that is not Docker Hub; returns those that could not be created, with the
/// reason.
async fn make_elsewhere(work: &Work<'_>, steps: &[&RepositoryStep], applied: &mut Applied) -> Unmade {
    let mut unmade = Unmade::new();
    for step in steps {
        match repository::ensure_on_ecr(work.registries, work.manifest, step).await {
            Ok(changed) => applied.changed |= changed,
            Err(error) => drop(unmade.insert(step.name.clone(), unmade_because(error))),
        }
    }
    unmade
}

/// Creates and fixes the repositories, one after the other; returns those that nothing may be pushed to, with the
/// reason.
async fn make(hub: &Hub, manifest: &Manifest, steps: &[&RepositoryStep], applied: &mut Applied) -> Unmade {
    let mut unmade = Unmade::new();
    for step in steps {
        applied.left.extend(step.left.iter().map(|difference| (step.name.clone(), difference.clone())));
        let sealed = applied.sealed.contains(&step.name);
        applied.changed |= repository::adopt(hub, &manifest.organization, step).await;
        if let Some(error) = fix(hub, manifest, step, sealed, applied).await {
            unmade.insert(step.name.clone(), unmade_because(error));
            continue;
        }
        if sealed {
            if step.create {
                let text = "it is not created while it is unknown whether it contains revoked bytes";
                unmade.insert(step.name.clone(), unmade_because(text));
            }
            continue;
        }
        match repository::ensure(hub, &manifest.organization, step).await {
            Ok(changed) => {
                applied.changed |= changed;
                fix_tags(hub, manifest, step, applied).await;
            }
            Err(EnsureError::Hub(error @ hub::Error::SignIn { .. })) => {
                applied.stopped = Some(error.to_string());
                return unmade;
            }
            Err(EnsureError::Hub(error)) => drop(unmade.insert(step.name.clone(), unmade_because(error))),
            Err(error @ EnsureError::NotOurs(_)) => {
                unmade.insert(step.name.clone(), CopyError::new(FailedStep::NotOurs, error));
            }
        }
    }
    unmade
}

/// Fixes what differs in a repository. What cannot be fixed is a separate failure; if everybody can still read what
/// should be private, it returns why nothing may be pushed there. In a `sealed` one, nobody is granted anything, and no
/// rule is set that would keep a revoked tag from being deleted.
async fn fix(
    hub: &Hub,
    manifest: &Manifest,
    step: &RepositoryStep,
    sealed: bool,
    applied: &mut Applied,
) -> Option<String> {
    let mut exposed = None;
    let harmless = |remedy: &Remedy| matches!(remedy, Remedy::Hide | Remedy::Describe(_));
    for difference in step.fixes.iter().filter(|difference| !sealed || harmless(&difference.remedy)) {
        match repository::fix(hub, &manifest.organization, &step.name, difference).await {
            Ok(()) => {
                applied.fixed.push((step.name.clone(), difference.clone()));
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

/// Makes the promoted tags of a newly created repository immutable. If that fails, its images are copied anyway, and
/// the next run tries again.
async fn fix_tags(hub: &Hub, manifest: &Manifest, step: &RepositoryStep, applied: &mut Applied) {
    if !(step.create && step.immutable_tags.enabled) {
        return;
    }
    match hub.set_immutable_tags(&manifest.organization, &step.name, &step.immutable_tags).await {
        Ok(()) => applied.changed = true,
        Err(error) => applied.failed.extend(unset(manifest, step, error.to_string())),
    }
}

/// The failure for a setting of a repository that could not be set.
fn unset(manifest: &Manifest, step: &RepositoryStep, error: String) -> Option<Failure> {
    let image = manifest.images.iter().find(|image| image.repository == step.name)?;
    Some(Failure::of(image, None, FailedStep::Create, error))
}
