//! Creates repositories on Docker Hub before the first push, so that they are as private as the manifest says from the
//! start: a push to a missing one would create it with the organization's default. Fixes what drifted later, and makes
//! one unreadable to the teams while it contains revoked bytes.

use crate::hub::{Created, Error, Hub, HubRepository, NewRepository};
use crate::image::RepositoryName;
use crate::manifest::{Manifest, Visibility};
use crate::observe::ecr;
use crate::plan::RepositoryStep;
use crate::plan::drift::{Difference, Remedy};
use crate::plan::ownership::same_keeper;
use crate::registry::{self, Registries};

/// Why a repository is not ready.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnsureError {
    #[error(transparent)]
    Hub(#[from] Error),
    /// It was created in the meantime and is not ours: it was left untouched.
    #[error("{0}")]
    NotOurs(String),
}

/// Creates a repository if it is missing, and grants its teams. Returns whether anything was written.
///
/// Teams are granted until a digest is first recorded, so that a run which stopped after the creation is finished by
/// the next one.
///
/// # Errors
/// If Docker Hub refuses or does not answer, or if the repository was created in the meantime and does not carry our
/// mark, or everybody can read it though the manifest says private; nothing is pushed then.
pub async fn ensure(hub: &Hub, organization: &str, step: &RepositoryStep) -> Result<bool, EnsureError> {
    let mut written = false;
    if step.create {
        let repository = NewRepository {
            name: step.name.clone(),
            visibility: step.visibility,
            description: step.description.clone(),
            full_description: step.full_description.clone(),
        };
        match hub.create(organization, &repository).await? {
            Created::Now => written = true,
            Created::Before(found) if same_keeper(&found.full_description, &step.full_description) => {
                unexposed(organization, step, &found)?;
            }
            Created::Before(_) => {
                return Err(EnsureError::NotOurs(format!(
                    "{organization}/{} was created in the meantime and does not have our mark: it is left untouched; \
                     the next run says what can be done",
                    step.name
                )));
            }
        }
    }
    if step.create || step.grant {
        for (team, wish) in &step.teams {
            written |= hub.grant(organization, &step.name, team, wish.permission, wish.create).await?;
        }
    }
    Ok(written)
}

/// Writes our mark into the full description of a repository that is taken over. Returns whether anything was written.
/// If that fails, nothing is lost: until a digest is recorded, `adopt` says whose it is.
pub(super) async fn adopt(hub: &Hub, organization: &str, step: &RepositoryStep) -> bool {
    let Some(text) = step.adoption.as_ref().and_then(|adoption| adoption.full_description.as_ref()) else {
        return false;
    };
    match hub.describe_fully(organization, &step.name, text).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!("{organization}/{} is taken over, but our mark could not be written: {error}", step.name);
            false
        }
    }
}

/// Creates a missing repository on Amazon ECR, where a push does not create one; does nothing for any other
/// destination. Returns whether anything was written.
pub(super) async fn ensure_on_ecr(
    registries: &Registries,
    manifest: &Manifest,
    step: &RepositoryStep,
) -> Result<bool, registry::Error> {
    match ecr::mirror(registries, manifest, &step.name) {
        Some((ecr, mirror)) if step.create => ecr.create(&mirror.name).await,
        _ => Ok(false),
    }
}

/// Fixes one difference. This is idempotent, so a lost response is fixed by the next run at the latest.
pub(crate) async fn fix(
    hub: &Hub,
    organization: &str,
    name: &RepositoryName,
    difference: &Difference,
) -> Result<(), Error> {
    match &difference.remedy {
        Remedy::Hide => hub.set_visibility(organization, name, Visibility::Private).await,
        Remedy::Publish => hub.set_visibility(organization, name, Visibility::Public).await,
        Remedy::Grant { team, wish } => {
            hub.grant(organization, name, team, wish.permission, wish.create).await.map(|_| ())
        }
        Remedy::FixTags(tags) => hub.set_immutable_tags(organization, name, tags).await,
        Remedy::Describe(text) => hub.describe(organization, name, text).await,
        Remedy::Person(_) => Ok(()),
    }
}

/// Makes a repository unreadable to everybody but the organization's owners and editors: private, and without teams.
/// Returns what was done, in words; empty if it was already so.
///
/// # Errors
/// The first refusal or error, after everything was tried: what could be done is done.
pub(crate) async fn seal(hub: &Hub, organization: &str, name: &RepositoryName) -> (Vec<String>, Result<(), Error>) {
    let (mut done, mut failed) = (Vec::new(), None);
    match hub.repository(organization, name).await {
        Ok(Some(HubRepository { visibility: Visibility::Public, .. })) => {
            match hub.set_visibility(organization, name, Visibility::Private).await {
                Ok(()) => done.push("made private".to_owned()),
                Err(error) => failed = Some(error),
            }
        }
        Ok(_) => {}
        Err(error) => failed = Some(error),
    }
    match hub.grants(organization, name).await {
        Ok(grants) => {
            for grant in grants.into_iter().flatten() {
                match hub.revoke(organization, name, &grant.team).await {
                    Ok(()) => done.push(format!("removed {}: {}", grant.team.name, grant.permission.as_str())),
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        Err(error) => failed = failed.or(Some(error)),
    }
    (done, failed.map_or(Ok(()), Err))
}

fn unexposed(organization: &str, step: &RepositoryStep, found: &HubRepository) -> Result<(), Error> {
    if step.visibility == Visibility::Private && found.visibility == Visibility::Public {
        return Err(Error::Unusable(format!(
            "{organization}/{} was created in the meantime and is public, although the manifest says private: make \
             it private on Docker Hub, then run again",
            step.name
        )));
    }
    Ok(())
}
