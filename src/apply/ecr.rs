//! Makes repositories on destinations other than Docker Hub that make none by a push: Amazon ECR.

use crate::image::Location;
use crate::manifest::{Destination, Manifest};
use crate::plan::RepositoryStep;
use crate::registry::{Error, Registries};

/// Makes a repository where it is missing. Whether anything was written.
///
/// # Errors
/// Where the destination's API refuses it or does not answer.
pub(super) async fn ensure(registries: &Registries, manifest: &Manifest, step: &RepositoryStep) -> Result<bool, Error> {
    let Destination::Registry(host) = &manifest.registry else { return Ok(false) };
    match (registries.ecr(host), manifest.mirror(&step.name)) {
        (Some(ecr), Ok(Location::Remote(mirror))) if step.create => ecr.create(&mirror.name).await,
        _ => Ok(false),
    }
}
