//! `usage`: when the mirror's tags were last pulled, and who names them.

use chrono::SecondsFormat;

use super::reader::consumers;
use super::{Context, Exit, Stop, load, promote};
use crate::args::Usage as Arguments;
use crate::image::RepositoryName;
use crate::manifest::Manifest;
use crate::observe::consumers::{Searched, in_directory, in_repository, places};
use crate::observe::records::{ALL_BELIEVED, History};
use crate::observe::tree::Root;
use crate::observe::usage::{Pulls, read_pulls};
use crate::plan::usage::{Pull, believed};
use crate::plan::{FailedStep, Key, Scope};
use crate::report::Output;
use crate::report::rows::Failed;
use crate::report::usage::{Usage, UsedIn, UsedTag};

/// Nothing is written anywhere, and nothing is pulled.
///
/// # Errors
/// If there is no usable manifest or path, its mirrors are not on Docker Hub, or no repository could be listed.
pub(crate) async fn run(context: &Context, arguments: &Arguments, output: &mut Output) -> Result<Exit, Stop> {
    let manifest = load::here(context).await?;
    let scope = promote::scope(context, &manifest, &arguments.images.images)?;
    if !manifest.on_docker_hub() {
        return Err(Stop::Unusable("only Docker Hub shows pulls, and the manifest uses another registry".to_owned()));
    }
    let mut searched = directories(context, &arguments.paths).await?;
    let pulls = pulls(context, &manifest, &scope).await?;
    let mut failed: Vec<Failed> = pulls.failed.iter().cloned().map(Into::into).collect();
    repositories(context, &arguments.repositories, &mut searched, &mut failed).await?;
    let mut usage = usage(&manifest, &scope, &pulls, &searched);
    let clean = failed.is_empty();
    usage.failed = failed;
    output.usage(usage);
    Ok(if clean { Exit::Done } else { Exit::Findings })
}

async fn pulls(context: &Context, manifest: &Manifest, scope: &Scope) -> Result<Pulls, Stop> {
    let hub = context.patient_hub().ok_or_else(|| {
        let text = "Docker Hub shows pulls to members only: set DOCKERHUB_USERNAME and DOCKERHUB_TOKEN";
        Stop::CannotWork(anyhow::anyhow!(text))
    })?;
    let history = context.forge.as_deref().map(|forge| History {
        contents: forge,
        head: None,
        path: &context.settings.manifest,
        foreign: &ALL_BELIEVED,
    });
    let pulls = read_pulls(&hub, history.as_ref(), manifest, scope).await;
    let unlisted = |name: &RepositoryName| pulls.failed.iter().any(|failure| failure.repository == *name);
    match pulls.failed.first() {
        Some(first) if pulls.facts.keys().all(|key| unlisted(&key.repository)) => {
            Err(Stop::CannotWork(anyhow::anyhow!("no tags could be listed: {}", first.error)))
        }
        _ => Ok(pulls),
    }
}

async fn directories(context: &Context, paths: &[String]) -> Result<Vec<Searched>, Stop> {
    let mut searched = Vec::new();
    for path in paths {
        let root = Root::new(&context.settings.directory, path).map_err(Stop::Unusable)?;
        // On a thread of its own, so that the run can be ended meanwhile.
        let found = tokio::task::spawn_blocking(move || in_directory(&root)).await;
        searched.push(Searched { name: path.clone(), found: found.map_err(|e| Stop::CannotWork(e.into()))? });
    }
    Ok(searched)
}

async fn repositories(
    context: &Context,
    names: &[String],
    searched: &mut Vec<Searched>,
    failed: &mut Vec<Failed>,
) -> Result<(), Stop> {
    for (name, github) in consumers(context, names) {
        let forge = github.map_err(|e| Stop::Unusable(format!("--repository: {e}")))?;
        match in_repository(&forge).await {
            Ok(found) => searched.push(Searched { name: name.clone(), found }),
            Err(error) => failed.push(Failed {
                source: None,
                repository: None,
                tag: None,
                step: FailedStep::Read,
                error: format!("{name}: {error}"),
            }),
        }
    }
    Ok(())
}

fn usage(manifest: &Manifest, scope: &Scope, pulls: &Pulls, searched: &[Searched]) -> Usage {
    let images = manifest.images.iter().enumerate().filter(|(index, _)| scope.contains(*index));
    let tags = images.flat_map(|(_, image)| image.approved.iter().map(move |approval| (image, approval)));
    let rows = tags.filter_map(|(image, approval)| {
        let believed = believed(pulls.facts.get(&Key::of(image, approval))?);
        Some(UsedTag {
            repository: image.repository.clone(),
            tag: approval.tag.clone(),
            digest: approval.mirrored.clone()?,
            last_pulled: match believed.pull {
                Pull::Unknown => Some("unknown".to_owned()),
                Pull::Never => None,
                Pull::At(at) => Some(at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            },
            why: believed.why.map(str::to_owned),
            references: places(searched, &manifest.mirror(&image.repository).ok()?, approval)
                .into_iter()
                .map(UsedIn::from)
                .collect(),
        })
    });
    let notes = pulls.history.iter().cloned().chain(searched.iter().flat_map(Searched::notes));
    Usage { tags: rows.collect(), failed: Vec::new(), notes: notes.collect() }
}
