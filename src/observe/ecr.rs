//! Amazon ECR as a destination: a push does not create a repository there.

use crate::image::{Location, Repository, RepositoryName};
use crate::manifest::{Destination, Manifest};
use crate::registry::aws::Ecr;
use crate::registry::{Error, Registries};

/// ECR's API, and the repository of a mirror there; `None` if the destination is another, or no keys are given.
pub(crate) fn mirror<'a>(
    registries: &'a Registries,
    manifest: &'a Manifest,
    repository: &RepositoryName,
) -> Option<(Ecr<'a>, Repository)> {
    let Destination::Registry(host) = &manifest.registry else { return None };
    let Ok(Location::Remote(mirror)) = manifest.mirror(repository) else { return None };
    Some((registries.ecr(host)?, mirror))
}

/// Whether a repository has to be created before anything is pushed to it. If that cannot be found out, none is
/// created: the push will tell.
///
/// # Errors
/// If the destination's API rejects the keys, or does not answer.
pub(super) async fn is_missing(
    registries: &Registries,
    manifest: &Manifest,
    repository: &RepositoryName,
) -> Result<bool, Error> {
    let Some((ecr, Repository { registry, name })) = mirror(registries, manifest, repository) else { return Ok(false) };
    let there = ecr.exists(&name).await?;
    if there.is_none() {
        tracing::warn!(
            "{registry}: it cannot be determined whether {name} exists, so it is not created: these keys lack \
             ecr:DescribeRepositories in IAM"
        );
    }
    Ok(there == Some(false))
}
