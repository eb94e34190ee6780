//! The manifest that a command works on.

use super::{Context, Stop, edits};
use crate::forge::{Error, Head};
use crate::manifest::Manifest;
pub(crate) use crate::observe::manifest::from_forge;
use crate::observe::manifest::{LoadError, from_directory};

/// The manifest at the default branch's head, and that head: what every command that writes works on, and expects to find
/// unmoved when it writes. Where the working directory has another manifest, that is said.
///
/// # Errors
/// Where there is no forge, or no manifest there, or it cannot be used.
pub(crate) async fn at_head(context: &Context) -> Result<(Head, Manifest), Stop> {
    let forge = context.forge()?;
    let head = forge.head().await?;
    let read = from_forge(&**forge, &head.commit, &context.settings.manifest).await;
    let counts = match &read {
        Ok(manifest) => &manifest.files[..],
        Err(LoadError::Faults(_, files)) => files,
        Err(_) => &[],
    };
    context.edits_told.call_once(|| edits::tell(context, &head, counts));
    let manifest = match read {
        Err(LoadError::Missing { path, .. }) if edits::is_here(context) => {
            return Err(Stop::Unusable(format!(
                "{path} is here, and {} does not have it: `git add {path}` and `git commit`",
                head.branch
            )));
        }
        read => read?,
    };
    context.begin_branches_with(&manifest.proposals.branch_prefix);
    Ok((head, manifest))
}

/// The manifest in the working directory: what commands that write nothing work on.
///
/// # Errors
/// Where there is none, or it cannot be used.
pub(crate) fn here(context: &Context) -> Result<Manifest, Stop> {
    Ok(from_directory(&context.settings.directory, &context.settings.manifest)?)
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::CannotWork(error.into())
    }
}

impl From<LoadError> for Stop {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Faults(faults, files) => Self::Manifest(faults, files),
            LoadError::Forge(error) => error.into(),
            error @ (LoadError::Missing { .. } | LoadError::Disk { .. }) => Self::Unusable(error.to_string()),
        }
    }
}
