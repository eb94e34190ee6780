//! From what a configuration copies to the images of a manifest: one organization, one rule for each image.

use std::collections::{BTreeMap, BTreeSet};

use super::destination::{Destination, organization};
use super::filter::pattern;
use super::kind::Kind;
use super::reading::{Left, Reading, Unreadable};
use super::wish::{NamedTag, Tags, Versions, Wish};
use super::write::{self, Entry, Placed};
use crate::diag::Span;
use crate::image::{Platform, RegistryHost, Repository, RepositoryName, Tag};

/// What a configuration became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Imported {
    /// The manifest's text, which has no faults.
    pub(crate) manifest: String,
    /// How many images it has.
    pub(crate) images: usize,
    /// What it does not hold, in the order of the configuration.
    pub(crate) left: Vec<Left>,
}

/// # Errors
/// If no organization is known, or it is none.
pub(super) fn assemble(
    kind: Kind,
    mut reading: Reading<'_>,
    organization: Option<&str>,
) -> Result<Imported, Unreadable> {
    let mut wishes = std::mem::take(&mut reading.wishes);
    let destination = destination(&wishes, organization)?;
    let all = wishes.iter().all(|wish| !destination.holds(wish));
    wishes.retain(|wish| all || is_for(wish, &destination, &mut reading));
    let names = names(&wishes, &destination);
    let mut images: BTreeMap<(Repository, RepositoryName), Image> = BTreeMap::new();
    let mut order = Vec::new();
    for (wish, name) in wishes.into_iter().zip(names) {
        let Some(name) = name else {
            reading.left_at(wish.at, wish.source.to_string(), "its name at the destination is not a repository's name");
            continue;
        };
        let key = (wish.source.clone(), name);
        if !images.contains_key(&key) {
            order.push(key.clone());
        }
        images.entry(key).or_insert_with(|| Image::at(wish.at)).add(wish, &mut reading);
    }
    let mut entries = Vec::new();
    for key in order {
        let (source, repository) = &key;
        let image = images.remove(&key).unwrap_or_default();
        entries.extend(image.entries(source, &mut reading).into_iter().map(|entry| Placed {
            source: source.clone(),
            repository: repository.clone(),
            at: image.at,
            entry,
        }));
    }
    let (manifest, images) = write::manifest(kind, &destination, entries, &mut reading)?;
    Ok(Imported { manifest, images, left: reading.finish() })
}

/// The destination that is named, otherwise the one that most images go to.
fn destination(wishes: &[Wish], given: Option<&str>) -> Result<Destination, Unreadable> {
    let mut counts: BTreeMap<Destination, usize> = BTreeMap::new();
    for target in wishes.iter().filter_map(|wish| wish.target.as_ref()) {
        if let Some(organization) = organization(target) {
            let (registry, organization) = (target.registry.clone(), organization.to_owned());
            *counts.entry(Destination { registry, organization }).or_default() += 1;
        }
    }
    if let Some(wanted) = given {
        let new = || Destination { registry: RegistryHost::docker_hub(), organization: wanted.to_owned() };
        let named = counts.into_iter().filter(|(place, _)| place.organization == wanted);
        return Ok(named.max_by_key(rank).map_or_else(new, |(place, _)| place));
    }
    counts.into_iter().max_by_key(rank).map(|(place, _)| place).ok_or_else(|| {
        Unreadable::new("it does not say which organization receives the images: name it with --organization")
    })
}

/// By the number of images; Docker Hub goes first, then the name.
fn rank((place, count): &(Destination, usize)) -> (usize, bool, std::cmp::Reverse<Destination>) {
    (*count, place.registry.is_docker_hub(), std::cmp::Reverse(place.clone()))
}

/// Whether an image belongs to the destination, of those of a configuration that puts some there.
fn is_for(wish: &Wish, destination: &Destination, reading: &mut Reading<'_>) -> bool {
    let Some(target) = wish.target.as_ref().filter(|_| !destination.holds(wish)) else { return true };
    let again =
        organization(target).map_or_else(String::new, |name| format!(": import it again with --organization {name}"));
    let why = format!(
        "it goes to {target}, and a manifest has one destination, here {}/{}{again}",
        destination.registry, destination.organization
    );
    reading.left_at(wish.at, wish.source.to_string(), why);
    false
}

/// The name of each image in the organization: the one that the configuration says, otherwise the last part of the
/// source's, with more of its path where several sources end alike.
fn names(wishes: &[Wish], destination: &Destination) -> Vec<Option<RepositoryName>> {
    let own = |source: &Repository| source.name.last().to_owned();
    let longer = |source: &Repository| {
        source.name.as_str().strip_prefix("library/").unwrap_or(source.name.as_str()).replace('/', "-")
    };
    let with_host =
        |source: &Repository| format!("{}-{}", source.registry.to_string().replace([':', '.'], "-"), longer(source));
    let unnamed: BTreeSet<&Repository> =
        wishes.iter().filter(|wish| wish.target.is_none()).map(|wish| &wish.source).collect();
    let counted = |name: &dyn Fn(&Repository) -> String| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        unnamed.iter().for_each(|source| *counts.entry(name(source)).or_default() += 1);
        counts
    };
    let (of_own, of_longer) = (counted(&own), counted(&longer));
    let is_shared = |counts: &BTreeMap<String, usize>, name: &str| counts.get(name).is_some_and(|count| *count > 1);
    let name = |wish: &Wish| match &wish.target {
        Some(target) => {
            let path = target.name.as_str().split_once('/').map_or("", |(_, path)| path);
            if destination.registry.is_docker_hub() { path.replace('/', "-") } else { path.to_owned() }
        }
        None if !is_shared(&of_own, &own(&wish.source)) => own(&wish.source),
        None if wish.source.registry.is_docker_hub() || !is_shared(&of_longer, &longer(&wish.source)) => {
            longer(&wish.source)
        }
        None => with_host(&wish.source),
    };
    wishes.iter().map(|wish| name(wish).parse().ok()).collect()
}

/// What is wanted of one image.
#[derive(Debug, Default)]
struct Image {
    named: Vec<NamedTag>,
    versions: Vec<Versions>,
    /// Expressions, each of which suffices.
    patterns: Vec<String>,
    all: bool,
    denied: Vec<Tag>,
    platforms: Vec<Platform>,
    at: Span,
    has_platforms: bool,
}

impl Image {
    fn at(at: Span) -> Self {
        Self { at, ..Self::default() }
    }

    fn add(&mut self, wish: Wish, reading: &mut Reading<'_>) {
        let Wish { source, tags, denied, platforms, at, .. } = wish;
        if self.has_platforms && self.platforms.is_empty() != platforms.is_empty() {
            reading.left_at(
                at,
                format!("platforms of {source}"),
                "all are copied: another entry asks for other platforms",
            );
            self.platforms.clear();
        } else {
            self.platforms.extend(platforms);
            self.platforms.sort();
            self.platforms.dedup();
        }
        self.has_platforms = true;
        // Wishes that were made of one list of tags exclude the same.
        self.denied.extend(denied);
        self.denied.sort();
        self.denied.dedup();
        match tags {
            Tags::Named(named) => {
                for one in named {
                    if !self.named.contains(&one) {
                        self.named.push(one);
                    }
                }
            }
            Tags::Versions(versions) => self.versions.push(versions),
            Tags::Matching(pattern) => self.patterns.push(pattern),
            Tags::All => {
                self.all = true;
                let why = "every tag is copied: here the newest version is proposed, unless you choose a rule";
                reading.left_at(at, source.to_string(), why);
            }
        }
    }

    /// The entries that say so: tags by name and rules do not go together in one.
    fn entries(&self, source: &Repository, reading: &mut Reading<'_>) -> Vec<Entry> {
        let mut entries = Vec::new();
        let platforms = self.platforms.clone();
        if !self.versions.is_empty() {
            let range = self.versions.iter().map(|one| one.range.as_str()).collect::<Vec<_>>().join(" || ");
            let prereleases = self.versions.iter().any(|one| one.prereleases);
            entries.push(Entry { range: Some(range), prereleases, every: true, ..Entry::default() });
        }
        if !self.patterns.is_empty() && self.versions.is_empty() {
            entries.push(Entry { pattern: Some(pattern(&self.patterns)), every: true, ..Entry::default() });
        } else if !self.patterns.is_empty() {
            let why = "an image has one rule, here the range: the expressions beside it are left out";
            reading.left_at(self.at, format!("{} of {source}", self.patterns.join(", ")), why);
        }
        if self.all && entries.is_empty() {
            entries.push(Entry::default());
        }
        for entry in &mut entries {
            entry.denied.clone_from(&self.denied);
        }
        if !self.named.is_empty() {
            entries.push(Entry { named: self.named.clone(), ..Entry::default() });
        }
        entries.iter_mut().for_each(|entry| entry.platforms.clone_from(&platforms));
        entries
    }
}
