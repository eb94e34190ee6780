//! `import`: another tool's configuration, what a cluster runs, or a running organization, as a manifest.

use std::fs::File;
use std::io::{self, Read as _};

use futures_util::StreamExt as _;

use super::{Context, Exit, Stop};
use crate::apply::files::create_new_file;
use crate::args::Import as Arguments;
use crate::import::{Held, Imported, Kind, hub, import};
use crate::manifest::Visibility;
use crate::report::Output;
use crate::report::import::{Import, LeftOut};

/// One more than the most bytes of a configuration, so that a longer one is refused and not cut.
const LIMIT: u64 = (64 << 20) + 1;
/// How many repositories are listed at once.
const TOGETHER: usize = 8;

/// Only `hub` contacts a host, and only to list. No file is overwritten.
///
/// # Errors
/// If the configuration cannot be read, no organization is known, Docker Hub does not list one, or the output exists.
pub(crate) async fn run(context: &Context, arguments: &Arguments, output: &mut Output) -> Result<Exit, Stop> {
    let (imported, named) = match Kind::named(&arguments.kind) {
        Some(kind) => {
            if arguments.sources.is_some() {
                return Err(Stop::Unusable("--sources only works with `import hub`".to_owned()));
            }
            let text = read(context, &arguments.from)?;
            let imported = import(kind, &text, arguments.organization.as_deref());
            (imported.map_err(|e| Stop::Unusable(format!("{}: {e}", shown(&arguments.from))))?, &arguments.from)
        }
        None => {
            let sources = arguments.sources.as_ref();
            (organization(context, arguments).await?, sources.unwrap_or(&arguments.from))
        }
    };
    if let Some(path) = &arguments.output {
        create_new_file(&context.settings.directory.join(path), &imported.manifest)
            .map_err(|e| Stop::Unusable(format!("{path} cannot be written: {e}")))?;
    }
    let clean = imported.left.is_empty();
    let left = imported.left.into_iter().map(|left| LeftOut::new(&shown(named), left));
    output.import(Import {
        left: left.collect(),
        images: imported.images,
        manifest: imported.manifest,
        file: arguments.output.clone(),
    });
    Ok(if clean { Exit::Done } else { Exit::Findings })
}

/// A file's name in messages.
fn shown(file: &str) -> String {
    if file == "-" { "standard input".to_owned() } else { file.to_owned() }
}

/// The text of a file, or of standard input.
fn read(context: &Context, file: &str) -> Result<String, Stop> {
    let mut text = String::new();
    let read = match file {
        "-" => io::stdin().lock().take(LIMIT).read_to_string(&mut text),
        file => File::open(context.settings.directory.join(file)).and_then(|f| f.take(LIMIT).read_to_string(&mut text)),
    };
    read.map(|_| text).map_err(|e| Stop::Unusable(format!("{} cannot be read: {e}", shown(file))))
}

/// What an organization on Docker Hub has today.
async fn organization(context: &Context, arguments: &Arguments) -> Result<Imported, Stop> {
    let name = &arguments.from;
    if arguments.organization.as_ref().is_some_and(|other| other != name) {
        return Err(Stop::Unusable("`import hub` is about the organization that stands behind it".to_owned()));
    }
    let sources = arguments.sources.as_ref().map_or_else(|| Ok(String::new()), |file| read(context, file))?;
    let client = context.patient_hub().ok_or_else(|| {
        let text = "private repositories are shown to members only: set DOCKERHUB_USERNAME and DOCKERHUB_TOKEN";
        Stop::CannotWork(anyhow::anyhow!(text))
    })?;
    let listed = client.listed_repositories(name).await.map_err(|e| Stop::CannotWork(e.into()))?;
    if listed.is_empty() {
        return Err(Stop::CannotWork(anyhow::anyhow!("Docker Hub lists no repository of {name} to this member")));
    }
    let client = &client;
    let reads = listed.into_iter().map(|repository| async move {
        let tags = client.listed_tags(name, &repository.name).await;
        (repository, tags)
    });
    let mut reads = futures_util::stream::iter(reads).buffered(TOGETHER);
    let mut held = Vec::new();
    while let Some((repository, tags)) = reads.next().await {
        let tags =
            tags.map_err(|e| Stop::CannotWork(anyhow::anyhow!("the tags of {name}/{}: {e}", repository.name)))?;
        let tags = tags.unwrap_or_default().into_iter().map(|tag| (tag.name, tag.digest)).collect();
        held.push(Held { name: repository.name, public: repository.visibility == Visibility::Public, tags });
    }
    held.sort_by(|a, b| a.name.cmp(&b.name));
    hub(name, &held, &sources).map_err(|e| Stop::Unusable(e.to_string()))
}
