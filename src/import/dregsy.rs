//! dregsy's configuration: tasks, each with a source, a target and mappings of repositories.

use super::constraint::{Dialect, versions};
use super::filter::{matching, unpinned};
use super::reading::{Reading, Unreadable, is_template, items, shown, text, value};
use super::wish::{NamedTag, Tags, Versions, Wish};
use crate::image::{Digest, Platform, Repository, Tag};
use crate::yaml::Node;

const SETTINGS: [&str; 5] = ["relay", "watch", "skopeo", "docker", "lister"];

pub(super) fn read(reading: &mut Reading<'_>, root: &Node) -> Result<(), Unreadable> {
    let Some(tasks) = value(root, "tasks").and_then(Node::items) else {
        return Err(Unreadable::new("it is no configuration of dregsy: it has no list `tasks`"));
    };
    reading.unread(root, &["tasks"], &[&SETTINGS[..], &["dockerhost", "api-version"]].concat());
    for task in tasks {
        reading.unread(task, &["source", "target", "mappings"], &["name", "interval", "verbose"]);
        let (Some(source), Some(target)) = (registry(reading, task, "source"), registry(reading, task, "target"))
        else {
            continue;
        };
        for mapping in items(task, "mappings") {
            reading.unread(mapping, &["from", "to", "tags", "platform"], &[]);
            self::mapping(reading, source, target, mapping);
        }
    }
    Ok(())
}

/// The registry of a task's source or target.
fn registry<'n>(reading: &mut Reading<'_>, task: &'n Node, key: &str) -> Option<&'n str> {
    let location = value(task, key)?;
    let registry = text(location, "registry");
    let name = shown(registry.unwrap_or(key));
    if text(location, "auth").is_some_and(|auth| auth != "none") || text(location, "auth-refresh").is_some() {
        let why = "credentials are not carried over: give them to the runs with `registry-auth`";
        reading.left(location, format!("auth of {name}"), why);
    }
    if text(location, "skip-tls-verify") == Some("true") {
        let why = "certificates are always verified: give the registry's with `ca-certificates`";
        reading.left(location, format!("skip-tls-verify of {name}"), why);
    }
    reading.unread(location, &["registry", "auth", "auth-refresh", "skip-tls-verify"], &["lister"]);
    if registry.is_none() {
        reading.left(location, key, "it names no registry");
    }
    registry.filter(|registry| !is_template(registry))
}

fn mapping(reading: &mut Reading<'_>, source: &str, target: &str, mapping: &Node) {
    let Some(from) = text(mapping, "from") else {
        return reading.left(mapping, "a mapping", "it has no `from`");
    };
    let to = text(mapping, "to").unwrap_or(from);
    if from.starts_with("regex:") {
        return reading.left(
            mapping,
            shown(from),
            "it copies every repository that matches: name the images that are wanted",
        );
    }
    if to.starts_with("regex:") {
        return reading.left(mapping, shown(to), "its target is computed: write the name that it stands for");
    }
    let path = |registry: &str, path: &str| format!("{registry}/{}", path.trim_start_matches('/'));
    let (Some(repository), Some(place)) =
        (reading.repository(mapping, &path(source, from)), reading.repository(mapping, &path(target, to)))
    else {
        return;
    };
    let platforms: Vec<Platform> = match value(mapping, "platform") {
        Some(platform) if platform.text() != Some("all") => reading.platforms([platform]),
        _ => Vec::new(),
    };
    for tags in selections(reading, &repository, mapping) {
        let (source, target, platforms) = (repository.clone(), Some(place.clone()), platforms.clone());
        reading.wishes.push(Wish { source, target, tags, denied: Vec::new(), platforms, at: mapping.span });
    }
}

/// What a list of tags selects: any of its filters suffices, and what `keep:` does not match is taken out.
fn selections(reading: &mut Reading<'_>, source: &Repository, mapping: &Node) -> Vec<Tags> {
    let (mut ranges, mut patterns, mut names) = (Vec::<Versions>::new(), Vec::<&str>::new(), Vec::<NamedTag>::new());
    let (mut is_pruned, mut all) = (None, true);
    let Some(items) = reading.selecting(mapping, "tags") else { return Vec::new() };
    for item in items {
        let entry = item.text().unwrap_or_default().trim();
        if let Some(range) = entry.strip_prefix("semver:") {
            all = false;
            match versions(Dialect::Blang, range.trim()) {
                Ok(range) => ranges.push(range),
                Err(why) => reading.left(item, format!("{} of {source}", shown(entry)), why),
            }
        } else if let Some(expression) = entry.strip_prefix("regex:").map(str::trim) {
            all = false;
            match expression.starts_with('!') {
                true => reading.left(item, format!("{} of {source}", shown(entry)), "it selects what does not match"),
                false => patterns.push(expression),
            }
        } else if entry.starts_with("keep:") {
            is_pruned = Some(item);
        } else {
            all = false;
            named(reading, source, item, entry, &mut names);
        }
    }
    let mut found = Vec::new();
    if let Some(keep) = is_pruned.filter(|_| all || !ranges.is_empty() || !patterns.is_empty()) {
        let why = "it restricts what the other filters select: write that as this image's rule";
        reading.left(keep, format!("{} of {source}", shown(keep.text().unwrap_or_default())), why);
    } else {
        found.extend(selected(reading, source, mapping, ranges, &patterns));
        found.extend(all.then_some(Tags::All));
    }
    found.extend((!names.is_empty()).then_some(Tags::Named(names)));
    found
}

fn selected(
    reading: &mut Reading<'_>,
    source: &Repository,
    mapping: &Node,
    ranges: Vec<Versions>,
    patterns: &[&str],
) -> Vec<Tags> {
    let mut found: Vec<Tags> = ranges.into_iter().map(Tags::Versions).collect();
    for expression in patterns {
        match matching(expression, true) {
            Ok(expression) => found.push(Tags::Matching(expression)),
            Err(why) => reading.left(mapping, format!("{} of {source}", shown(expression)), why),
        }
    }
    found
}

/// `TAG`, `TAG@DIGEST` or a digest alone.
fn named(reading: &mut Reading<'_>, source: &Repository, item: &Node, entry: &str, names: &mut Vec<NamedTag>) {
    let (tag, digest) = entry.split_once('@').map_or((entry, None), |(tag, digest)| (tag, Some(digest)));
    match (tag.parse::<Tag>(), digest.map(str::parse::<Digest>)) {
        (Ok(tag), None) => names.push(unpinned(tag)),
        (Ok(tag), Some(Ok(digest))) => names.push(NamedTag { tag, digest: Some(digest) }),
        _ if entry.parse::<Digest>().is_ok() => {
            reading.left(item, format!("{source}@{}", shown(entry)), "it is copied by digest, without a tag");
        }
        _ => reading.left(item, format!("{source}: {}", shown(entry)), "it is neither a tag nor a digest"),
    }
}
