//! The `config.yaml` of Rancher's artifact-mirror (formerly image-mirror): artifacts with their tags, and where they go.

use super::destination::UNKNOWN;
use super::filter::unpinned;
use super::reading::{Reading, Unreadable, items, shown, text, value};
use super::wish::{Tags, Wish};
use crate::image::{Repository, Tag};
use crate::yaml::{Node, Special};

pub(super) fn read(reading: &mut Reading<'_>, root: &Node) -> Result<(), Unreadable> {
    // Its names before it was renamed.
    let artifacts = value(root, "Artifacts").or_else(|| value(root, "Images")).and_then(Node::items);
    let Some(artifacts) = artifacts else {
        let why = match root.items() {
            Some(_) => "it is an autoupdate.yaml: import the config.yaml beside it",
            None => "it is no config.yaml of Rancher's image-mirror: it has no list `Artifacts`",
        };
        return Err(Unreadable::new(why));
    };
    reading.unread(root, &["Artifacts", "Images", "Repositories"], &[]);
    let mut places = Vec::new();
    for repository in items(root, "Repositories") {
        let Some(base) = text(repository, "BaseUrl") else { continue };
        if text(repository, "Password").is_some() || text(repository, "Username").is_some() {
            let why = "credentials are not carried over: give them to the runs with `registry-auth`";
            reading.left(repository, format!("credentials of {}", shown(base)), why);
        }
        places.push((base, value(repository, "DefaultTarget").and_then(Node::special) == Some(Special::Bool(true))));
    }
    for one in artifacts {
        artifact(reading, one, &places);
    }
    Ok(())
}

fn artifact(reading: &mut Reading<'_>, artifact: &Node, places: &[(&str, bool)]) {
    let keys = ["DoNotMirror", "Tags", "TargetRepositories"];
    let names = ["SourceArtifact", "SourceImage", "TargetArtifactName", "TargetImageName"];
    reading.unread(artifact, &[&keys[..], &names[..]].concat(), &[]);
    let first = |keys: [&str; 2]| keys.into_iter().find_map(|key| text(artifact, key));
    let Some(source) = first(["SourceArtifact", "SourceImage"]) else {
        return reading.left(artifact, "an artifact", "it names no source");
    };
    let Some(repository) = reading.repository(artifact, source) else { return };
    let excluded = value(artifact, "DoNotMirror");
    if excluded.and_then(Node::special) == Some(Special::Bool(true)) {
        return;
    }
    let is_excluded = |tag: &str| {
        excluded.and_then(Node::items).is_some_and(|tags| tags.iter().any(|excluded| excluded.text() == Some(tag)))
    };
    let mut tags = Vec::new();
    let Some(listed) = reading.selecting(artifact, "Tags") else { return };
    let Some(wanted) = reading.selecting(artifact, "TargetRepositories") else { return };
    for tag in listed.iter().filter(|tag| !tag.text().is_some_and(is_excluded)) {
        match tag.text().unwrap_or_default().parse::<Tag>() {
            Ok(tag) => tags.push(unpinned(tag)),
            Err(error) => reading.left(tag, source, error.to_string()),
        }
    }
    if tags.is_empty() {
        return;
    }
    let name = first(["TargetArtifactName", "TargetImageName"]).map_or_else(|| default_name(source), str::to_owned);
    let wanted: Vec<&str> = wanted.iter().filter_map(Node::text).collect();
    let chosen =
        places.iter().filter(|(base, default)| if wanted.is_empty() { *default } else { wanted.contains(base) });
    let mut targets: Vec<Option<Repository>> = Vec::new();
    for (base, _) in chosen {
        targets.extend(reading.repository(artifact, &format!("{base}/{name}")).map(Some));
    }
    if places.is_empty() {
        // Only the name is known.
        targets.extend(format!("docker.io/{UNKNOWN}/{name}").parse().ok().map(Some));
    }
    for target in targets.into_iter().filter(|target| target.as_ref() != Some(&repository)) {
        let (source, tags, denied) = (repository.clone(), Tags::Named(tags.clone()), Vec::new());
        reading.wishes.push(Wish { source, target, tags, denied, platforms: Vec::new(), at: artifact.span });
    }
}

/// What the tool calls an artifact that has no name of its own.
fn default_name(source: &str) -> String {
    let parts: Vec<&str> = source.split('/').collect();
    match parts.as_slice() {
        ["dp.apps.rancher.io", .., name] => format!("appco-{name}"),
        [.., organization, name] => format!("mirrored-{organization}-{name}"),
        _ => format!("mirrored-{source}"),
    }
}
