//! `sign-in`: the files that make Docker Desktop ask for a sign-in.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Context, Exit, Stop, load};
use crate::args::SignIn as Arguments;
use crate::policy::sign_in::Organizations;
use crate::report::Output;
use crate::report::sign_in::{SignIn, Written, WrittenAction};

/// Prints the files or, with a directory, writes them. Without `--force`, nothing is written if a file exists with
/// different content.
///
/// # Errors
/// If no organization is known, or the files cannot be written.
pub(crate) async fn run(context: &Context, arguments: &Arguments, output: &mut Output) -> Result<Exit, Stop> {
    let named = match arguments.organization.as_slice() {
        [] => vec![organization(context).await?],
        named => named.to_vec(),
    };
    let organizations = Organizations::new(named).map_err(|e| Stop::Unusable(e.to_string()))?;
    let mut sign_in = SignIn::new(organizations);
    if let Some(directory) = arguments.output.as_deref().filter(|directory| !directory.is_empty()) {
        write(&mut sign_in, &context.settings.directory.join(directory), Path::new(directory), arguments.force)?;
    }
    output.sign_in(sign_in);
    Ok(Exit::Done)
}

/// The manifest's organization, if it is on Docker Hub.
async fn organization(context: &Context) -> Result<String, Stop> {
    let manifest = load::here(context).await?;
    if manifest.on_docker_hub() {
        return Ok(manifest.organization);
    }
    Err(Stop::Unusable("the manifest's organization is not on Docker Hub: name one with --organization".to_owned()))
}

/// Checks all files first, so that either all of them are written or none.
fn write(sign_in: &mut SignIn, directory: &Path, shown: &Path, force: bool) -> Result<(), Stop> {
    let mut different = Vec::new();
    for file in &mut sign_in.files {
        let path = directory.join(file.file.name);
        let action = match std::fs::read(&path) {
            Ok(bytes) if bytes == file.file.bytes() => WrittenAction::Unchanged,
            Ok(_) => {
                different.push(shown.join(file.file.name).display().to_string());
                WrittenAction::Replaced
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => WrittenAction::Written,
            Err(e) => return Err(unwritable(&path, &e)),
        };
        file.written = Some(Written { path: shown.join(file.file.name).display().to_string(), action });
    }
    if !different.is_empty() && !force {
        return Err(Stop::Unusable(format!(
            "{} exists with different content; nothing was written: choose another directory, or use --force to overwrite it",
            different.join(", ")
        )));
    }
    std::fs::create_dir_all(directory).map_err(|e| unwritable(directory, &e))?;
    let changed =
        sign_in.files.iter().filter(|f| f.written.as_ref().is_some_and(|w| w.action != WrittenAction::Unchanged));
    for file in changed {
        let path = directory.join(file.file.name);
        whole(&path, &file.file.bytes()).map_err(|e| unwritable(&path, &e))?;
    }
    Ok(())
}

/// Writes a temporary file and moves it into place: a reader finds all of it or none.
fn whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = PathBuf::from(name);
    let written = std::fs::File::create_new(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let moved = written.and_then(|()| std::fs::rename(&beside, path));
    if moved.is_err() {
        // A file that could not be moved is useless.
        let _ = std::fs::remove_file(&beside);
    }
    moved
}

fn unwritable(path: &Path, error: &std::io::Error) -> Stop {
    Stop::Unusable(format!("{} cannot be written: {error}", path.display()))
}
