//! Repositories of the organization that promotion needs.

use std::collections::{BTreeMap, BTreeSet};

use super::destination;
use super::drift::{Difference, ImmutableTags, ObservedSettings, Remedy, WantedSettings, drift};
use super::failure::{FailedStep, Failure};
use super::state::State;
use super::step::Step;
use crate::image::RepositoryName;
use crate::manifest::{Destination, Enforcement, Image, Manifest, Team, Visibility};

/// A repository that receives a copy or whose settings differ, and what is done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryStep {
    /// The name in the organization.
    pub name: RepositoryName,
    /// Whether it is missing, and so is created before the first push.
    pub create: bool,
    /// Whether teams are granted their permissions without a look at what differs: where the repository is made, and until
    /// something of it is recorded, so that a run which stopped after the creation is finished by the next one.
    pub grant: bool,
    /// Private unless the manifest says otherwise.
    pub visibility: Visibility,
    /// The short description.
    pub description: String,
    /// The full description: where the images come from and who approves them.
    pub full_description: String,
    /// The teams and what they may do.
    pub teams: BTreeMap<String, Team>,
    /// Which tags nobody may move in a repository that is made; not enabled where the manifest fixes none.
    pub immutable_tags: ImmutableTags,
    /// What differs and is fixed.
    pub mends: Vec<Difference>,
    /// What differs and is only told of: because the manifest says `repositories: report`, or because a person has to agree.
    pub left: Vec<Difference>,
    /// What is done, in words.
    pub detail: String,
}

/// What of a repository's settings may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Consent {
    /// A person agreed to make private repositories public.
    pub publish: bool,
}

/// The repositories that copies go to or whose settings differ, in the manifest's order. Only Docker Hub's have settings;
/// of Amazon ECR's there are those that are made ahead of the first push, and for any other destination the list is empty. `missing` names those that do not exist,
/// `found` says what was seen of others.
pub(crate) fn repositories(
    manifest: &Manifest,
    steps: &[Step],
    missing: &BTreeSet<RepositoryName>,
    found: &BTreeMap<RepositoryName, ObservedSettings>,
    consent: Consent,
) -> Vec<RepositoryStep> {
    let on_docker_hub = manifest.on_docker_hub();
    if !destination::Kind::of(&manifest.registry).is_made_ahead() {
        return Vec::new();
    }
    let receiving: BTreeSet<&RepositoryName> =
        steps.iter().filter(|s| s.state == State::Copy).map(|s| &s.repository).collect();
    let mut seen = BTreeSet::new();
    let first = manifest.images.iter().filter(|image| seen.insert(&image.repository));
    let steps = first.filter_map(|image| {
        let create = missing.contains(&image.repository);
        let receives = receiving.contains(&image.repository);
        let mut step = step(manifest, image, create, found.get(&image.repository), consent)?;
        step.grant &= receives && on_docker_hub;
        if !on_docker_hub {
            return (receives && create).then_some(step);
        }
        (receives || !step.mends.is_empty() || !step.left.is_empty()).then_some(step)
    });
    steps.collect()
}

fn step(
    manifest: &Manifest,
    image: &Image,
    create: bool,
    found: Option<&ObservedSettings>,
    consent: Consent,
) -> Option<RepositoryStep> {
    let name = &image.repository;
    let wanted = WantedSettings::of(manifest, name)?;
    let differences = found.filter(|_| !create).map(|found| drift(&wanted, found)).unwrap_or_default();
    // What only a person can decide is the audit's to tell.
    let told = differences.into_iter().filter(|difference| !matches!(difference.remedy, Remedy::Person(_)));
    let enforced = manifest.repositories == Enforcement::Enforce;
    let (mends, left): (Vec<_>, Vec<_>) = told.partition(|d| enforced && d.remedy.is_ours(consent.publish));
    let here = || manifest.images.iter().filter(|i| i.repository == *name);
    let unrecorded = here().flat_map(|i| &i.approved).all(|approval| approval.mirrored.is_none());
    let looked = found.is_some_and(|found| found.teams.is_some());
    let detail = if create { creation(manifest, image) } else { format!("{}/{name} exists", manifest.organization) };
    Some(RepositoryStep {
        name: name.clone(),
        create,
        grant: enforced && unrecorded && !looked,
        visibility: wanted.visibility,
        description: wanted.description.unwrap_or_else(|| format!("Approved copy of {}", image.source_text)),
        full_description: provenance(manifest, name),
        teams: wanted.teams,
        immutable_tags: wanted.tags.mended(&ImmutableTags::default()),
        mends,
        left,
        detail,
    })
}

/// What could not be compared, as failures: `troubles` are the repositories by what Docker Hub said of them. Where the
/// manifest says `repositories: report` nothing was promised, and so nothing fails.
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
            "whether the settings of {}{others} are as the manifest says cannot be told: {said}; `repositories: report` \
             asks no more than to be told of what is seen",
            image.repository
        );
        let (source, repository) = (image.source_text.clone(), image.repository.clone());
        Some(Failure { source, repository, tag: None, step: FailedStep::Create, error })
    };
    troubles.iter().filter_map(failure).collect()
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
