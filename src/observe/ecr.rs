//! Amazon ECR as a destination: a push makes no repository there.

use crate::image::{Location, Repository, RepositoryName};
use crate::manifest::{Destination, Manifest};
use crate::registry::aws::Ecr;
use crate::registry::{Error, Registries};

/// ECR's API, and the mirror that a repository is there; `None` where the destination is another, or where no keys are given.
pub(crate) fn mirror<'a>(
    registries: &'a Registries,
    manifest: &'a Manifest,
    repository: &RepositoryName,
) -> Option<(Ecr<'a>, Repository)> {
    let Destination::Registry(host) = &manifest.registry else { return None };
    let Ok(Location::Remote(mirror)) = manifest.mirror(repository) else { return None };
    Some((registries.ecr(host)?, mirror))
}

/// Whether a repository has to be made before anything is pushed to it. Where that cannot be asked nothing is made: the push
/// tells.
///
/// # Errors
/// Where the destination's API takes no such keys, or does not answer.
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
