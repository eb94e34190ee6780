//! Whether repositories are there, on destinations other than Docker Hub that make none by a push: Amazon ECR.

use crate::image::{Location, RepositoryName};
use crate::manifest::{Destination, Manifest};
use crate::registry::{Error, Registries};

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
    let Destination::Registry(host) = &manifest.registry else { return Ok(false) };
    let (Some(ecr), Ok(Location::Remote(mirror))) = (registries.ecr(host), manifest.mirror(repository)) else {
        return Ok(false);
    };
    let there = ecr.exists(&mirror.name).await?;
    if there.is_none() {
        tracing::warn!(
            "{host}: whether {} is there cannot be asked, and so it is not made: IAM does not let these keys \
             ecr:DescribeRepositories",
            mirror.name
        );
    }
    Ok(there == Some(false))
}
