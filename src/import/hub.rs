//! A running organization on Docker Hub: what it has today, as approvals.

use std::collections::BTreeMap;

use super::assemble::Imported;
use super::destination::Destination;
use super::kind::Kind;
use super::reading::{Reading, Unreadable, shown};
use super::wish::NamedTag;
use super::write::{self, Entry, Placed};
use crate::diag::Span;
use crate::image::{Digest, RegistryHost, Repository, RepositoryName, Tag};
use crate::rules::{NoVersion, Reading as TagReading, Version, read};

/// A repository of the organization and its tags.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) name: RepositoryName,
    pub(crate) public: bool,
    /// Every tag with its digest; `None` where Docker Hub shows none.
    pub(crate) tags: Vec<(Tag, Option<Digest>)>,
}

/// The manifest of an organization. `sources` has a line `REPOSITORY SOURCE` for each repository that is wanted; what
/// follows a `#` is a comment. Every other repository is left out, and said.
///
/// # Errors
/// If the organization is none.
pub(crate) fn hub(organization: &str, held: &[Held], sources: &str) -> Result<Imported, Unreadable> {
    let mut reading = Reading::new(sources);
    let wanted = wanted(&mut reading);
    let mut entries = Vec::new();
    for repository in held {
        match wanted.get(&repository.name) {
            Some((source, at)) => entries.extend(repository_entries(&mut reading, repository, source, *at)),
            None => reading.left_unnamed(
                format!("{organization}/{}", repository.name),
                "no source is named for it: add a line `REPOSITORY SOURCE` to the file that --sources names",
            ),
        }
    }
    for (name, (_, at)) in &wanted {
        if !held.iter().any(|repository| repository.name == *name) {
            reading.left_at(*at, format!("{organization}/{name}"), "the organization has no repository of this name");
        }
    }
    let destination = Destination { registry: RegistryHost::docker_hub(), organization: organization.to_owned() };
    let (manifest, images) = write::manifest(Kind::Hub, &destination, entries, &mut reading)?;
    Ok(Imported { manifest, images, left: reading.finish() })
}

/// The source of each repository, and where it is named.
fn wanted(reading: &mut Reading<'_>) -> BTreeMap<RepositoryName, (Repository, Span)> {
    let mut wanted = BTreeMap::new();
    let mut start = 0;
    for line in reading.text().split_inclusive('\n') {
        let text = line.trim_end().trim_start_matches('\u{feff}');
        let at = Span { start, end: start + line.trim_end().len() };
        start += line.len();
        let words: Vec<&str> = text.split('#').next().unwrap_or_default().split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            [name, source] => match (name.parse::<RepositoryName>(), source.parse::<Repository>()) {
                (Ok(name), Ok(source)) => {
                    if wanted.insert(name, (source, at)).is_some() {
                        reading.left_at(
                            at,
                            shown(text),
                            "the repository stands in an earlier line too: this one counts",
                        );
                    }
                }
                (Err(error), _) | (_, Err(error)) => reading.left_at(at, shown(text), error.to_string()),
            },
            _ => reading.left_at(at, shown(text), "a line is `REPOSITORY SOURCE`, such as `loki grafana/loki`"),
        }
    }
    wanted
}

/// One entry for each variant that follows versions, and one for tags that are no versions or move.
fn repository_entries(reading: &mut Reading<'_>, held: &Held, source: &Repository, at: Span) -> Vec<Placed> {
    let mut versions: BTreeMap<String, Vec<(Box<Version>, Tag, Digest)>> = BTreeMap::new();
    let mut floating: Vec<(Tag, Digest)> = Vec::new();
    for (tag, digest) in &held.tags {
        let Some(digest) = digest else {
            reading.left_at(at, format!("{}:{tag}", held.name), "Docker Hub shows no digest for it");
            continue;
        };
        match read(tag.as_str(), None) {
            TagReading::Version(version) => {
                versions.entry(version.variant.0.clone()).or_default().push((version, tag.clone(), digest.clone()));
            }
            // Signatures are copied with their images.
            TagReading::Other(NoVersion::Companion) => {}
            TagReading::Other(_) => floating.push((tag.clone(), digest.clone())),
        }
    }
    let mut entries = Vec::new();
    for (variant, mut found) in versions {
        let numbers: Vec<_> = found.iter().map(|(version, ..)| version.numbers.clone()).collect();
        let moves = |version: &Version| {
            numbers.iter().any(|other| other.len() > version.numbers.len() && other.starts_with(&version.numbers))
        };
        let (moving, mut fixed): (Vec<_>, Vec<_>) = found.drain(..).partition(|(version, ..)| moves(version));
        floating.extend(moving.into_iter().map(|(_, tag, digest)| (tag, digest)));
        fixed.sort_by(|(a, tag, _), (b, other, _)| a.precedence(b).then_with(|| tag.cmp(other)));
        let mirrored = fixed.into_iter().map(|(_, tag, digest)| (tag, digest)).collect();
        let variant = (!variant.is_empty()).then(|| variant.trim_start_matches('-').to_owned());
        entries.push(Entry { mirrored, variant, ..Entry::default() });
    }
    floating.sort();
    if !floating.is_empty() {
        let named = floating.iter().map(|(tag, _)| NamedTag { tag: tag.clone(), digest: None }).collect();
        entries.push(Entry { named, mirrored: floating, ..Entry::default() });
    }
    if entries.is_empty() {
        reading.left_at(at, held.name.to_string(), "it has no tags");
    }
    let place = |entry| Placed {
        source: source.clone(),
        repository: held.name.clone(),
        at,
        entry: Entry { adopt: true, public: held.public, ..entry },
    };
    entries.into_iter().map(place).collect()
}
