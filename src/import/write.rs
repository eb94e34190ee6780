//! The text of an imported manifest. It is read as every manifest is; an image that has a fault is left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::destination::Destination;
use super::kind::Kind;
use super::reading::{Reading, Unreadable};
use super::wish::NamedTag;
use crate::diag::{Diagnostic, Span};
use crate::edit::scalar;
use crate::image::{Digest, Platform, Repository, RepositoryName, Tag};
use crate::manifest::{DEFAULT_PATH, File, parse};

/// One entry of `images`.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) named: Vec<NamedTag>,
    /// What is at the mirror today, and was promoted by hand.
    pub(super) mirrored: Vec<(Tag, Digest)>,
    /// The suffix after the version.
    pub(super) variant: Option<String>,
    /// Whether the repository is taken over.
    pub(super) adopt: bool,
    pub(super) public: bool,
    pub(super) range: Option<String>,
    pub(super) pattern: Option<String>,
    /// Whether every version is wanted, as the tool copied every one.
    pub(super) every: bool,
    pub(super) prereleases: bool,
    pub(super) denied: Vec<Tag>,
    pub(super) platforms: Vec<Platform>,
}

/// An entry, and what it is about.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) source: Repository,
    pub(super) repository: RepositoryName,
    /// Where the configuration says so.
    pub(super) at: Span,
    pub(super) entry: Entry,
}

/// The manifest's text and the number of its images.
///
/// # Errors
/// If the destination is none.
pub(super) fn manifest(
    kind: Kind,
    destination: &Destination,
    mut entries: Vec<Placed>,
    reading: &mut Reading<'_>,
) -> Result<(String, usize), Unreadable> {
    loop {
        let (text, starts) = render(kind, destination, &entries);
        let file = File { path: DEFAULT_PATH.to_owned(), text: text.clone() };
        let Err(diagnostics) = parse(vec![file]) else { return Ok((text, entries.len())) };
        let faults = by_entry(&starts, &diagnostics);
        if faults.is_empty() {
            let why = diagnostics.first().map_or_else(String::new, |first| first.message.clone());
            return Err(Unreadable::new(why));
        }
        for (index, fault) in faults.into_iter().rev() {
            let gone = entries.remove(index);
            reading.left_at(gone.at, gone.source.to_string(), fault);
        }
    }
}

/// The first fault of each entry that has one.
fn by_entry(starts: &[usize], diagnostics: &[Diagnostic]) -> BTreeMap<usize, String> {
    let mut faults = BTreeMap::new();
    for diagnostic in diagnostics {
        if let Some(index) = starts.partition_point(|start| *start <= diagnostic.span.start).checked_sub(1) {
            faults.entry(index).or_insert_with(|| diagnostic.message.clone());
        }
    }
    faults
}

/// The text, and where in it each entry begins.
fn render(kind: Kind, destination: &Destination, entries: &[Placed]) -> (String, Vec<usize>) {
    let mut text = header(kind, entries);
    let _ = writeln!(text, "version: 1\norganization: {}", scalar(&destination.organization));
    if !destination.registry.is_docker_hub() {
        let _ = writeln!(text, "registry: {}", scalar(&destination.registry.to_string()));
    }
    text.push_str(if entries.is_empty() { "images: []\n" } else { "images:\n" });
    let mut starts = Vec::new();
    for entry in entries {
        starts.push(text.len());
        image(&mut text, entry);
    }
    (text, starts)
}

fn header(kind: Kind, entries: &[Placed]) -> String {
    let mut text = match kind {
        Kind::Hub => {
            return "# What the organization has today, with its digests, as approved.\n\n".to_owned();
        }
        Kind::Kubernetes => "# The images that a Kubernetes cluster runs.\n".to_owned(),
        _ => format!("# Imported from a configuration of {}.\n", kind.tool()),
    };
    text.push_str("# A repository that exists in the organization is not touched until its image has `adopt: true`.\n");
    if entries.iter().any(|placed| !placed.entry.named.is_empty()) {
        text.push_str("# `tags` follows these tags by digest and nothing else; `versions: \">=1.2\"` in its place follows versions.\n");
    }
    if entries.iter().any(|placed| placed.entry.every) {
        text.push_str(
            "# `follow: all` proposes every version, as every one was copied; without it, the newest is proposed.\n",
        );
        text.push_str("# Variants such as 1.2-alpine need `variant: alpine`, and prereleases `prereleases: true`.\n");
    }
    text.push('\n');
    text
}

fn image(text: &mut String, Placed { source, repository, entry, .. }: &Placed) {
    let _ = writeln!(text, "  - source: {}", scalar(&familiar(source)));
    if source.name.last() != repository.as_str() {
        let _ = writeln!(text, "    repository: {}", scalar(repository.as_str()));
    }
    if entry.adopt {
        text.push_str("    adopt: true\n");
    }
    if entry.public {
        text.push_str("    visibility: public\n");
    }
    if let Some(range) = &entry.range {
        let _ = writeln!(text, "    versions: {}", quoted(range));
    }
    if let Some(pattern) = &entry.pattern {
        let _ = writeln!(text, "    pattern: {}", quoted(pattern));
    }
    if let Some(variant) = &entry.variant {
        let _ = writeln!(text, "    variant: {}", scalar(variant));
    }
    if entry.prereleases {
        text.push_str("    prereleases: true\n");
    }
    if entry.every {
        text.push_str("    follow: all\n");
    }
    if !entry.named.is_empty() {
        list(text, "tags", entry.named.iter().map(|one| one.tag.as_str().to_owned()));
    }
    if !entry.platforms.is_empty() {
        list(text, "platforms", entry.platforms.iter().map(ToString::to_string));
    }
    let pinned = entry.named.iter().filter_map(|one| Some((&one.tag, one.digest.as_ref()?, false)));
    let approved: Vec<_> = pinned.chain(entry.mirrored.iter().map(|(tag, digest)| (tag, digest, true))).collect();
    if !approved.is_empty() {
        text.push_str("    approved:\n");
    }
    for (tag, digest, mirrored) in approved {
        let _ = writeln!(text, "      - tag: {}\n        digest: {digest}", scalar(tag.as_str()));
        if mirrored {
            let _ = writeln!(text, "        mirrored: {digest}");
        }
    }
    if !entry.denied.is_empty() {
        text.push_str("    rejected:\n");
        for tag in &entry.denied {
            let _ = writeln!(
                text,
                "      - tag: {}\n        reason: was excluded where this was imported from",
                scalar(tag.as_str())
            );
        }
    }
}

/// A source as people write it.
fn familiar(source: &Repository) -> String {
    let name = source.name.as_str();
    match source.registry.is_docker_hub() {
        true => name.strip_prefix("library/").unwrap_or(name).to_owned(),
        false => source.to_string(),
    }
}

/// In single quotes, in which a backslash is a backslash.
fn quoted(text: &str) -> String {
    let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if plain { format!("'{}'", text.replace('\'', "''")) } else { scalar(text) }
}

/// A short list on one line, a long one item by item.
fn list(text: &mut String, key: &str, values: impl Iterator<Item = String>) {
    let values: Vec<String> = values.map(|value| scalar(&value)).collect();
    let line = format!("    {key}: [{}]", values.join(", "));
    if line.len() <= 100 {
        let _ = writeln!(text, "{line}");
        return;
    }
    let _ = writeln!(text, "    {key}:");
    for value in values {
        let _ = writeln!(text, "      - {value}");
    }
}
