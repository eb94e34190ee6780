//! `usage`: when the mirror's tags were last pulled.

use chrono::SecondsFormat;

use super::{Context, Exit, Stop, load, promote};
use crate::args::Usage as Arguments;
use crate::manifest::Manifest;
use crate::observe::records::{ALL_BELIEVED, History};
use crate::observe::usage::{Pulls, read_pulls};
use crate::plan::usage::{Pull, believed};
use crate::plan::{Key, Scope};
use crate::report::Output;
use crate::report::usage::{Usage, UsedTag};

/// Nothing is written anywhere, and nothing is pulled.
///
/// # Errors
/// If there is no usable manifest, its mirrors are not on Docker Hub, or no repository could be listed.
pub(crate) async fn run(context: &Context, arguments: &Arguments, output: &mut Output) -> Result<Exit, Stop> {
    let manifest = load::here(context).await?;
    let scope = promote::scope(context, &manifest, &arguments.images.images)?;
    if !manifest.on_docker_hub() {
        return Err(Stop::Unusable("only Docker Hub shows pulls, and the manifest uses another registry".to_owned()));
    }
    let hub = context.patient_hub().ok_or_else(|| {
        Stop::CannotWork(anyhow::anyhow!(
            "Docker Hub shows pulls to members only: set DOCKERHUB_USERNAME and DOCKERHUB_TOKEN"
        ))
    })?;
    let history = context.forge.as_deref().map(|forge| History {
        contents: forge,
        head: None,
        path: &context.settings.manifest,
        foreign: &ALL_BELIEVED,
    });
    let pulls = read_pulls(&hub, history.as_ref(), &manifest, &scope).await;
    let usage = usage(&manifest, &scope, pulls);
    if let [first, ..] = usage.failed.as_slice()
        && usage
            .tags
            .iter()
            .all(|tag| usage.failed.iter().any(|failed| failed.repository.as_ref() == Some(&tag.repository)))
    {
        return Err(Stop::CannotWork(anyhow::anyhow!("no tags could be listed: {}", first.error)));
    }
    let exit = if usage.failed.is_empty() { Exit::Done } else { Exit::Findings };
    output.usage(usage);
    Ok(exit)
}

fn usage(manifest: &Manifest, scope: &Scope, pulls: Pulls) -> Usage {
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
            references: Vec::new(),
        })
    });
    Usage {
        tags: rows.collect(),
        notes: pulls.history.into_iter().collect(),
        failed: pulls.failed.into_iter().map(Into::into).collect(),
    }
}
