//! Repositories of the organization that promotion needs.

use std::collections::{BTreeMap, BTreeSet};

use super::destination;
use super::drift::{Difference, ImmutableTags, ObservedSettings, Remedy, WantedSettings, drift};
use super::failure::{FailedStep, Failure};
use super::ownership::{Keeper, Owned, Ownership};
use super::state::State;
use super::step::Step;
use crate::image::RepositoryName;
use crate::manifest::{Destination, Enforcement, Image, Manifest, Team, Visibility};

/// A repository that receives a copy or whose settings differ, and what is done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryStep {
    /// The name in the organization.
    pub name: RepositoryName,
    /// Whether it is missing, and is created before the first push.
    pub create: bool,
    /// What is written to take it over, if it exists and was not ours.
    pub adoption: Option<Adoption>,
    /// Whether teams get their permissions without checking what differs: from the creation of the repository until
    /// something in it is recorded, so that the next run completes one that stopped after the creation.
    pub grant: bool,
    /// Private unless the manifest says otherwise.
    pub visibility: Visibility,
    /// The short description.
    pub description: String,
    /// The full description: where the images come from and who approves them.
    pub full_description: String,
    /// The teams and what they may do.
    pub teams: BTreeMap<String, Team>,
    /// Which tags nobody may move in a new repository; not enabled if the manifest fixes none.
    pub immutable_tags: ImmutableTags,
    /// The differences that are fixed.
    pub fixes: Vec<Difference>,
    /// The differences that are only reported: because of `repositories: report`, or because a person has to agree.
    pub left: Vec<Difference>,
    /// What is done, in words.
    pub detail: String,
}

/// A repository that was not ours and that the manifest takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// The full description with our mark; `None` if it cannot be written or nothing has to be changed.
    pub full_description: Option<String>,
}

/// What was observed of repositories.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeenRepositories<'a> {
    /// Those that do not exist.
    pub missing: &'a BTreeSet<RepositoryName>,
    pub found: &'a BTreeMap<RepositoryName, ObservedSettings>,
    /// Who owns them; those that are missing here were not asked about.
    pub owned: &'a BTreeMap<RepositoryName, Owned>,
    /// The manifest that keeps them.
    pub keeper: &'a Keeper,
}

/// What may be changed in a repository's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Consent {
    /// A person agreed to make private repositories public.
    pub publish: bool,
}

/// The repositories that receive copies or whose settings differ, in the manifest's order. Only Docker Hub's have
/// settings; Amazon ECR's are listed if they are created ahead of the first push, those of other destinations never. A
/// repository is left alone if it is not ours or the manifest approves and revokes nothing in it.
pub(crate) fn repositories(
    manifest: &Manifest,
    steps: &[Step],
    seen: SeenRepositories<'_>,
    consent: Consent,
) -> Vec<RepositoryStep> {
    let on_docker_hub = manifest.on_docker_hub();
    if !destination::Kind::of(&manifest.registry).is_made_ahead() {
        return Vec::new();
    }
    let receiving: BTreeSet<&RepositoryName> =
        steps.iter().filter(|s| s.state == State::Copy).map(|s| &s.repository).collect();
    let is_ours = |image: &&Image| seen.owned.get(&image.repository).is_none_or(|owned| owned.not_ours().is_none());
    let mut met = BTreeSet::new();
    let touched = manifest.images.iter().filter(|image| image.has_effect()).filter(is_ours);
    let steps = touched.filter(|image| met.insert(&image.repository)).filter_map(|image| {
        let receives = receiving.contains(&image.repository);
        let mut step = step(manifest, image, seen, consent)?;
        step.grant &= receives && on_docker_hub;
        if !on_docker_hub {
            return (receives && step.create).then_some(step);
        }
        let differs = !step.fixes.is_empty() || !step.left.is_empty();
        (receives || differs || step.adoption.is_some()).then_some(step)
    });
    steps.collect()
}

fn step(manifest: &Manifest, image: &Image, seen: SeenRepositories<'_>, consent: Consent) -> Option<RepositoryStep> {
    let name = &image.repository;
    let (create, found) = (seen.missing.contains(name), seen.found.get(name));
    let wanted = WantedSettings::of(manifest, name)?;
    let differences = found.filter(|_| !create).map(|found| drift(&wanted, found)).unwrap_or_default();
    // What only a person can decide is left to the audit.
    let told = differences.into_iter().filter(|difference| !matches!(difference.remedy, Remedy::Person(_)));
    let enforced = manifest.repositories == Enforcement::Enforce;
    let (fixes, left): (Vec<_>, Vec<_>) = told.partition(|d| enforced && d.remedy.is_ours(consent.publish));
    let here = || manifest.images.iter().filter(|i| i.repository == *name);
    let unrecorded = here().flat_map(|i| &i.approved).all(|approval| approval.mirrored.is_none());
    let looked = found.is_some_and(|found| found.teams.is_some());
    let adoption = seen.owned.get(name).filter(|owned| owned.ownership == Ownership::Adopted).map(|owned| {
        let theirs = owned.full_description.as_ref().filter(|_| enforced);
        Adoption { full_description: theirs.and_then(|theirs| seen.keeper.taken_over(theirs)) }
    });
    let detail = match (&adoption, create) {
        (Some(adoption), _) => taking_over(manifest, name, adoption, seen.keeper),
        (None, true) => creation(manifest, image),
        (None, false) => format!("{}/{name} exists", manifest.organization),
    };
    Some(RepositoryStep {
        name: name.clone(),
        create,
        adoption,
        grant: enforced && unrecorded && !looked,
        visibility: wanted.visibility,
        description: wanted.description.unwrap_or_else(|| format!("Approved copy of {}", image.source_text)),
        full_description: seen.keeper.signed(&provenance(manifest, name)),
        teams: wanted.teams,
        immutable_tags: wanted.tags.corrected(&ImmutableTags::default()),
        fixes,
        left,
        detail,
    })
}

/// What could not be compared, as failures: `troubles` are the repositories by what Docker Hub said about them. With
/// `repositories: report` nothing was promised, so nothing fails.
pub(crate) fn unseen(manifest: &Manifest, troubles: &BTreeMap<String, Vec<RepositoryName>>) -> Vec<Failure> {
    if manifest.repositories == Enforcement::Report {
        return Vec::new();
    }
    let failure = |(said, names): (&String, &Vec<RepositoryName>)| {
        let image = manifest.images.iter().find(|image| names.contains(&image.repository))?;
        let others = match names.len().saturating_sub(1) {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let error = format!(
            "it is unknown whether the settings of {}{others} match the manifest: {said}; with `repositories: \
             report`, only what can be seen is reported",
            image.repository
        );
        let (source, repository) = (image.source_text.clone(), image.repository.clone());
        Some(Failure { source, repository, tag: None, step: FailedStep::Create, error })
    };
    troubles.iter().filter_map(failure).collect()
}

/// What taking over a repository does besides its settings, in words.
fn taking_over(manifest: &Manifest, name: &RepositoryName, adoption: &Adoption, keeper: &Keeper) -> String {
    let taken = format!("takes over {}/{name}, which exists and was not ours", manifest.organization);
    match keeper.line().filter(|_| adoption.full_description.is_some()) {
        Some(line) => format!("{taken}; its full description then ends with `{line}`"),
        None => taken,
    }
}

/// The repositories that are not ours, as failures, unless an approval already says so.
pub(crate) fn disowned(manifest: &Manifest, steps: &[Step], owned: &BTreeMap<RepositoryName, Owned>) -> Vec<Failure> {
    let said = |name: &RepositoryName| steps.iter().any(|s| s.repository == *name && s.state == State::NotOurs);
    let unsaid = owned.iter().filter(|(name, _)| !said(name));
    let failure = |(name, owned): (&RepositoryName, &Owned)| {
        let image = manifest.images.iter().find(|image| image.repository == *name && image.has_effect())?;
        Some(Failure::of(image, None, FailedStep::NotOurs, owned.not_ours()?.to_owned()))
    };
    unsaid.filter_map(failure).collect()
}

/// What creating an image's repository does, in words: `creates acme/loki, private, developers: read`.
fn creation(manifest: &Manifest, image: &Image) -> String {
    if let Destination::Registry(host) = &manifest.registry
        && !host.is_docker_hub()
    {
        return format!("creates {}/{} at {host}", manifest.organization, image.repository);
    }
    let visibility = image.visibility.as_str();
    let teams = image.teams.iter().map(|(name, team)| {
        let made = if team.create { " (created if missing)" } else { "" };
        format!(", {name}: {}{made}", team.permission.as_str())
    });
    format!("creates {}/{}, {visibility}{}", manifest.organization, image.repository, teams.collect::<String>())
}

/// The full description: provenance, for anyone who finds the repository without knowing this program.
fn provenance(manifest: &Manifest, name: &RepositoryName) -> String {
    let sources: BTreeSet<&str> =
        manifest.images.iter().filter(|i| i.repository == *name).map(|i| i.source_text.as_str()).collect();
    let sources: Vec<String> = sources.iter().map(|s| format!("- `{s}`")).collect();
    let file = manifest.files.first().map_or("approved-images.yml", |f| f.path.as_str());
    format!(
        "# {name}\n\nCopies of approved images from:\n\n{}\n\nEvery tag was approved by a pull request to `{file}` \
         and holds exactly the bytes that were reviewed there. Do not push here by hand: unapproved tags are \
         reported.\n",
        sources.join("\n")
    )
}
