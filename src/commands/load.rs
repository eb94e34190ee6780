//! The manifest that a command works on.

use super::{Context, Stop, edits, head, read_event};
use crate::forge::{Error, Head};
use crate::image::Location;
use crate::manifest::{self, Destination, File, Manifest};
pub(crate) use crate::observe::manifest::from_forge;
use crate::observe::manifest::{LoadError, files_from_directory, files_from_forge};

/// The manifest at the default branch's head, and that head: what every command that writes works on, and expects to be
/// unmoved when it writes. If the working directory has a different manifest, that is reported.
///
/// # Errors
/// If there is no forge, or no usable manifest there; or if the head is older than the push that started the run.
pub(crate) async fn at_head(context: &Context) -> Result<(Head, Manifest), Stop> {
    let forge = context.forge()?;
    // Reviews are in its history.
    forge.expect_line();
    let head = head::head(context).await?;
    let read = from_forge(&**forge, &head.commit, &context.settings.manifest).await;
    let counts = match &read {
        Ok(manifest) => &manifest.files[..],
        Err(LoadError::Faults(_, files)) => files,
        Err(_) => &[],
    };
    context.edits_told.call_once(|| edits::tell(context, &head, counts));
    let manifest = match read {
        Err(LoadError::Missing { path, help, .. }) => return Err(edits::missing(context, &head, &path, help)),
        read => read?,
    };
    context.begin_branches_as(&manifest);
    Ok((head, manifest))
}

/// The manifest for commands that write nothing; see [`files_here`].
///
/// # Errors
/// If there is none, or it is unusable.
pub(crate) async fn here(context: &Context) -> Result<Manifest, Stop> {
    let Found { files, checked_out } = files_here(context).await?;
    let manifest = manifest::parse(files.clone()).map_err(|faults| Stop::Manifest(faults, files))?;
    match directory(&manifest) {
        Some(directory) if !checked_out => Err(Stop::Unusable(format!(
            "{directory} is a directory, and this job has no checkout: add actions/checkout before this step"
        ))),
        _ => Ok(manifest),
    }
}

/// The first directory that images come from or go to.
fn directory(manifest: &Manifest) -> Option<String> {
    let source = manifest.images.iter().find(|image| matches!(image.source, Location::Layout(_)));
    let destination = matches!(manifest.registry, Destination::Directory(_)).then_some("`registry`");
    source.map(|image| image.source_text.clone()).or(destination.map(str::to_owned))
}

/// The texts of a manifest, and where they were found.
pub(crate) struct Found {
    pub files: Vec<File>,
    /// Whether that was in the working directory.
    pub checked_out: bool,
}

/// The manifest's texts in the working directory. In a job without a checkout, they are read from GitHub at the commit
/// that a checkout would have used.
///
/// # Errors
/// If there is no manifest, or it cannot be read.
pub(crate) async fn files_here(context: &Context) -> Result<Found, Stop> {
    let (directory, path) = (&context.settings.directory, &context.settings.manifest);
    match files_from_directory(directory, path) {
        Err(LoadError::Missing { .. }) if context.settings.github.in_actions => {}
        read => return Ok(Found { files: read?, checked_out: true }),
    }
    let Some(github) = context.github() else {
        return Err(Stop::Unusable(format!(
            "there is no {path} in {}: in a job, add actions/checkout for the repository's files; or set github-token, and they are read from GitHub",
            directory.display()
        )));
    };
    let at = match read_event(context).ok().and_then(|event| event.sha) {
        Some(commit) => commit,
        None => context.forge()?.head().await?.commit,
    };
    tracing::info!("there is no {path} in {}: reading it from GitHub at {at}", directory.display());
    let files = files_from_forge(github, &at, path).await?;
    // The files that it names are read there as well.
    let _ = context.read_at.set(at);
    Ok(Found { files, checked_out: false })
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
