//! Makes repositories on Docker Hub before the first push, so that they are as private as the manifest says from the start:
//! a push to a missing one would create it as the organization's default has it.

use crate::hub::{Created, Error, Hub, HubRepository, NewRepository};
use crate::manifest::Visibility;
use crate::plan::RepositoryStep;

/// Makes a repository where it is missing, and grants its teams. Whether anything was written.
///
/// Teams are granted until the first record of a digest, so that a run which stopped after the creation is finished by the
/// next one.
///
/// # Errors
/// Where Docker Hub refuses or does not answer, or where the repository came to be meanwhile and everybody can read it
/// though the manifest says private; nothing is pushed then.
pub async fn ensure(hub: &Hub, organization: &str, step: &RepositoryStep) -> Result<bool, Error> {
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
            Created::Before(found) => unexposed(organization, step, &found)?,
        }
    }
    if step.create || step.grant {
        for (team, wish) in &step.teams {
            written |= hub.grant(organization, &step.name, team, wish.permission, wish.create).await?;
        }
    }
    Ok(written)
}

fn unexposed(organization: &str, step: &RepositoryStep, found: &HubRepository) -> Result<(), Error> {
    if step.visibility == Visibility::Private && found.visibility == Visibility::Public {
        return Err(Error::Unusable(format!(
            "{organization}/{} came to be meanwhile and is public, though the manifest says private: make it private on \
             Docker Hub, then run again",
            step.name
        )));
    }
    Ok(())
}
