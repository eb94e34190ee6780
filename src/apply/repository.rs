//! Makes repositories on Docker Hub before the first push, so that they are as private as the manifest says from the start:
//! a push to a missing one would create it as the organization's default has it.

use crate::hub::{Error, Hub, NewRepository};
use crate::plan::RepositoryStep;

/// Makes a repository where it is missing, and grants its teams. Whether anything was written.
///
/// Teams are granted until the first record of a digest, so that a run which stopped after the creation is finished by the
/// next one.
///
/// # Errors
/// Where Docker Hub refuses or does not answer; nothing is pushed then.
pub async fn ensure(hub: &Hub, organization: &str, step: &RepositoryStep) -> Result<bool, Error> {
    if step.create {
        let repository = NewRepository {
            name: step.name.clone(),
            visibility: step.visibility,
            description: step.description.clone(),
            full_description: step.full_description.clone(),
        };
        hub.create(organization, &repository).await?;
    }
    if step.create || step.grant {
        for (team, wish) in &step.teams {
            hub.grant(organization, &step.name, team, wish.permission, wish.create).await?;
        }
    }
    Ok(step.create || (step.grant && !step.teams.is_empty()))
}
