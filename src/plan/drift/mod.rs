//! What differs between a repository's settings on Docker Hub and what the manifest wants, and how to fix it.
//!
//! What is compared, and what is not:
//! - the visibility, always;
//! - the teams that the manifest names, each with its permission. Any other team with a grant is reported (it may be
//!   able to push) but promotion never removes it: an organization gives grants for reasons that no manifest knows;
//! - tags that nobody may move or delete: see [`immutability`];
//! - the short description, only if the manifest gives one. The full description is written at creation, and then
//!   belongs to whoever edits it.
//!
//! What Docker Hub did not show is neither a difference nor a match: [`unknown`] names it.

use std::collections::BTreeMap;

use super::description::short_description;
use crate::image::{RepositoryName, Tag};
use crate::manifest::{Image, Manifest, Permission, Team, Visibility};

mod difference;
mod immutability;
#[cfg(test)]
mod tests;

pub(crate) use difference::{Aspect, Difference, Remedy};
pub use immutability::ImmutableTags;
pub(crate) use immutability::Tags;

/// How many tags a difference lists.
const NAMED: usize = 5;

/// What the manifest wants for one repository: the wishes of all images that share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WantedSettings {
    /// The name in the organization.
    pub repository: RepositoryName,
    /// Who may read it.
    pub visibility: Visibility,
    /// The teams and what they may do.
    pub teams: BTreeMap<String, Team>,
    /// The short description in the form that Docker Hub accepts; `None` if the manifest gives none.
    pub description: Option<String>,
    /// The tags that nobody may move, and those that must stay movable.
    pub tags: Tags,
}

impl WantedSettings {
    /// What is wanted for one repository; `None` if no image has it. Images that share a repository agree about it: the
    /// manifest's diagnostics ensure that.
    pub(crate) fn of(manifest: &Manifest, repository: &RepositoryName) -> Option<Self> {
        let images: Vec<&Image> = manifest.images.iter().filter(|image| image.repository == *repository).collect();
        let first = images.first()?;
        let description = images.iter().find_map(|image| image.description.as_deref());
        Some(Self {
            repository: repository.clone(),
            visibility: first.visibility,
            teams: images.iter().flat_map(|image| image.teams.clone()).collect(),
            description: description.map(short_description),
            tags: Tags::of(&images),
        })
    }

    /// Whether the manifest says anything about tags that nobody may move.
    pub(crate) fn wants_immutable_tags(&self) -> bool {
        !self.tags.fixed.is_empty()
    }
}

/// What Docker Hub says about a repository; `None` is what was not asked or not shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ObservedSettings {
    /// Who may read it.
    pub visibility: Option<Visibility>,
    /// Its short description.
    pub description: Option<String>,
    /// Which tags nobody may move or delete.
    pub immutable_tags: Option<ImmutableTags>,
    /// Every team that holds a grant, and its permission.
    pub teams: Option<BTreeMap<String, Permission>>,
}

/// What differs, in the order of [`Aspect`] and of the teams' names. What was not shown is left out: see [`unknown`].
pub(crate) fn drift(wanted: &WantedSettings, found: &ObservedSettings) -> Vec<Difference> {
    let mut differences: Vec<Difference> = visibility(wanted, found).into_iter().collect();
    differences.extend(teams(wanted, found));
    differences.extend(extra_teams(wanted, found));
    differences.extend(found.immutable_tags.as_ref().and_then(|held| immutable_tags(&wanted.tags, held)));
    differences.extend(description(wanted, found));
    differences
}

/// What the manifest wants to set but Docker Hub did not show.
pub(crate) fn unknown(wanted: &WantedSettings, found: &ObservedSettings) -> Vec<Aspect> {
    let asked = [
        (Aspect::Visibility, found.visibility.is_none()),
        (Aspect::Team, !wanted.teams.is_empty() && found.teams.is_none()),
        (Aspect::ImmutableTags, wanted.wants_immutable_tags() && found.immutable_tags.is_none()),
        (Aspect::Description, wanted.description.is_some() && found.description.is_none()),
    ];
    asked.into_iter().filter_map(|(aspect, hidden)| hidden.then_some(aspect)).collect()
}

fn visibility(wanted: &WantedSettings, found: &ObservedSettings) -> Option<Difference> {
    let held = found.visibility.filter(|held| *held != wanted.visibility)?;
    let remedy = match wanted.visibility {
        Visibility::Private => Remedy::Hide,
        Visibility::Public => Remedy::Publish,
    };
    let (expected, found) = (wanted.visibility.as_str().to_owned(), held.as_str().to_owned());
    Some(Difference { aspect: Aspect::Visibility, subject: None, expected, found, remedy })
}

fn teams(wanted: &WantedSettings, found: &ObservedSettings) -> Vec<Difference> {
    let Some(held) = &found.teams else { return Vec::new() };
    let differs = wanted.teams.iter().filter(|(name, wish)| held.get(*name) != Some(&wish.permission));
    differs
        .map(|(name, wish)| Difference {
            aspect: Aspect::Team,
            subject: Some(name.clone()),
            expected: granted(name, Some(wish.permission)),
            found: granted(name, held.get(name).copied()),
            remedy: Remedy::Grant { team: name.clone(), wish: *wish },
        })
        .collect()
}

const EXTRA: &str = "remove the grant on Docker Hub, or list the team under `teams`; no run removes it";

fn extra_teams(wanted: &WantedSettings, found: &ObservedSettings) -> Vec<Difference> {
    let held = found.teams.iter().flatten().filter(|(name, _)| !wanted.teams.contains_key(*name));
    held.map(|(name, permission)| Difference {
        aspect: Aspect::ExtraTeam,
        subject: Some(name.clone()),
        expected: granted(name, None),
        found: granted(name, Some(*permission)),
        remedy: Remedy::Person(EXTRA),
    })
    .collect()
}

/// Stands for the permission of a team without a grant.
pub(crate) const NO_GRANT: &str = "no grant";

fn granted(team: &str, permission: Option<Permission>) -> String {
    format!("{team}: {}", permission.map_or(NO_GRANT, Permission::as_str))
}

/// `None` if every fixed tag is held and no movable one. If the manifest fixes no tags, what somebody fixed on Docker
/// Hub is not undone.
fn immutable_tags(tags: &Tags, held: &ImmutableTags) -> Option<Difference> {
    let loose: Vec<&Tag> = tags.fixed.iter().filter(|tag| !held.holds(tag)).collect();
    let caught: Vec<&Tag> = tags.movable.iter().filter(|tag| held.may_hold(tag)).collect();
    if loose.is_empty() && caught.is_empty() {
        return None;
    }
    let remedy = match tags.fixed.is_empty() {
        true => Remedy::Person(
            "make them mutable on Docker Hub, or write `rebuilds: ignore`: an update of such a tag will be refused",
        ),
        false => Remedy::FixTags(tags.corrected(held)),
    };
    let say = |fixed: &[&Tag], movable: &[&Tag]| {
        let parts = [("immutable", fixed), ("movable", movable)].into_iter().filter(|(_, tags)| !tags.is_empty());
        parts.map(|(word, tags)| format!("{word}: {}", named(tags))).collect::<Vec<_>>().join("; ")
    };
    let (expected, found) = (say(&loose, &caught), say(&caught, &loose));
    Some(Difference { aspect: Aspect::ImmutableTags, subject: None, expected, found, remedy })
}

fn named(tags: &[&Tag]) -> String {
    let shown: Vec<&str> = tags.iter().take(NAMED).map(|tag| tag.as_str()).collect();
    match tags.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn description(wanted: &WantedSettings, found: &ObservedSettings) -> Option<Difference> {
    let (wish, held) = (wanted.description.as_ref()?, found.description.as_ref()?);
    (wish != held).then(|| Difference {
        aspect: Aspect::Description,
        subject: None,
        expected: quoted(wish),
        found: quoted(held),
        remedy: Remedy::Describe(wish.clone()),
    })
}

fn quoted(text: &str) -> String {
    match short_description(text) {
        empty if empty.is_empty() => "none".to_owned(),
        text => format!("\"{text}\""),
    }
}
