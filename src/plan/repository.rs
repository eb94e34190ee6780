//! Repositories of the organization that promotion needs.

use std::collections::{BTreeMap, BTreeSet};

use super::{State, Step};
use crate::image::RepositoryName;
use crate::manifest::{Destination, Image, Manifest, Team, Visibility};

/// A repository that receives a copy, and how it is made where it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryStep {
    /// The name in the organization.
    pub name: RepositoryName,
    /// Whether it is missing, and so is created before the first push.
    pub create: bool,
    /// Whether teams are granted their permissions: until something of the repository is recorded, so that a run which
    /// stopped after the creation is finished by the next one.
    pub grant: bool,
    /// Private unless the manifest says otherwise.
    pub visibility: Visibility,
    /// The short description.
    pub description: String,
    /// The full description: where the images come from and who approves them.
    pub full_description: String,
    /// The teams and what they may do.
    pub teams: BTreeMap<String, Team>,
    /// What is done, in words.
    pub detail: String,
}

/// The repositories that copies go to, in the manifest's order. Only Docker Hub's are made ahead of the first push; for
/// any other destination the list is empty. `missing` names those that do not exist.
#[must_use]
pub fn repositories(manifest: &Manifest, steps: &[Step], missing: &BTreeSet<RepositoryName>) -> Vec<RepositoryStep> {
    if !matches!(&manifest.registry, Destination::Registry(host) if host.is_docker_hub()) {
        return Vec::new();
    }
    let receiving: BTreeSet<&RepositoryName> =
        steps.iter().filter(|s| s.state == State::Copy).map(|s| &s.repository).collect();
    let mut seen = BTreeSet::new();
    let first = manifest.images.iter().filter(|i| receiving.contains(&i.repository) && seen.insert(&i.repository));
    first.map(|image| step(manifest, image, missing.contains(&image.repository))).collect()
}

fn step(manifest: &Manifest, image: &Image, create: bool) -> RepositoryStep {
    let name = &image.repository;
    let here = manifest.images.iter().filter(|i| i.repository == *name);
    let grant = here.flat_map(|i| &i.approved).all(|approval| approval.mirrored.is_none());
    let detail = if create { creation(manifest, image) } else { format!("{}/{name} exists", manifest.organization) };
    RepositoryStep {
        name: name.clone(),
        create,
        grant,
        visibility: image.visibility,
        description: image.description.clone().unwrap_or_else(|| format!("Approved copy of {}", image.source_text)),
        full_description: provenance(manifest, name),
        teams: image.teams.clone(),
        detail,
    }
}

/// What creating an image's repository does, in words: `creates acme/loki, private, developers: read`.
#[must_use]
pub fn creation(manifest: &Manifest, image: &Image) -> String {
    let visibility = image.visibility.as_str();
    let teams = image.teams.iter().map(|(name, team)| {
        let made = if team.create { " (made if missing)" } else { "" };
        format!(", {name}: {}{made}", team.permission.as_str())
    });
    format!("creates {}/{}, {visibility}{}", manifest.organization, image.repository, teams.collect::<String>())
}

/// The full description: provenance, for whoever finds the repository without knowing this program.
fn provenance(manifest: &Manifest, name: &RepositoryName) -> String {
    let sources: BTreeSet<&str> =
        manifest.images.iter().filter(|i| i.repository == *name).map(|i| i.source_text.as_str()).collect();
    let sources: Vec<String> = sources.iter().map(|s| format!("- `{s}`")).collect();
    let file = manifest.files.first().map_or("approved-images.yml", |f| f.path.as_str());
    format!(
        "# {name}\n\nCopies of approved images from:\n\n{}\n\nEvery tag was let in by a pull request to `{file}` and holds \
         exactly the bytes that were reviewed there. Do not push here by hand: tags that nobody approved are reported.\n\n\
         Kept by Wharfinger.\n",
        sources.join("\n")
    )
}
