//! What differs between a repository's settings on Docker Hub and what the manifest wants of it, and what mends it.
//!
//! What is compared, and what is not:
//! - the visibility, always;
//! - the teams that the manifest names, each with its permission. A team that holds a grant and that the manifest does not
//!   name is told of (it may be able to push) but never taken away by promotion: an organization gives grants for reasons
//!   that no manifest of images knows;
//! - tags that nobody may move or delete: see [`immutability`];
//! - the short description, only where the manifest gives one. The full description is written at creation, and then
//!   belongs to whoever edits it.
//!
//! What Docker Hub did not show is no difference and no agreement: [`unknown`] names it.

use std::collections::BTreeMap;

use super::description::short_description;
use crate::image::RepositoryName;
use crate::manifest::{Image, Manifest, Permission, Team, Visibility};

pub mod immutability;
#[cfg(test)]
mod tests;

pub use immutability::{ImmutableTags, Tags};

/// What the manifest wants of one repository: of all images that share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The name in the organization.
    pub repository: RepositoryName,
    /// Who may read it.
    pub visibility: Visibility,
    /// The teams and what they may do.
    pub teams: BTreeMap<String, Team>,
    /// The short description as Docker Hub takes it; `None` where the manifest gives none.
    pub description: Option<String>,
    /// The tags that nobody may move, and those that must stay movable.
    pub tags: Tags,
}

impl Wanted {
    /// What is wanted of one repository; `None` where no image has it. Images that share a repository agree about it, as
    /// the manifest's diagnostics see to.
    #[must_use]
    pub fn of(manifest: &Manifest, repository: &RepositoryName) -> Option<Self> {
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

    /// Whether anything about tags that nobody may move is wanted.
    #[must_use]
    pub fn wants_immutable_tags(&self) -> bool {
        !self.tags.fixed.is_empty()
    }
}

/// What Docker Hub says of a repository; `None` is what it was not asked or did not show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Who may read it.
    pub visibility: Option<Visibility>,
    /// Its short description.
    pub description: Option<String>,
    /// Which tags nobody may move or delete.
    pub immutable_tags: Option<ImmutableTags>,
    /// Every team that holds a grant, and its permission.
    pub teams: Option<BTreeMap<String, Permission>>,
}

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// Who may read the repository.
    Visibility,
    /// A team that the manifest names.
    Team,
    /// A team that holds a grant and that the manifest does not name.
    ExtraTeam,
    /// Tags that nobody may move or delete.
    ImmutableTags,
    /// The short description.
    Description,
}

impl Aspect {
    /// The stable code of its findings.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Visibility => "visibility",
            Self::Team => "team",
            Self::ExtraTeam => "extra-team",
            Self::ImmutableTags => "immutable-tags",
            Self::Description => "description",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about.
    pub aspect: Aspect,
    /// What tells it from others of its aspect: the team; `None` where there is one of its kind.
    pub subject: Option<String>,
    /// What the manifest wants, in words.
    pub expected: String,
    /// What Docker Hub says, in words.
    pub found: String,
    /// What mends it.
    pub remedy: Remedy,
}

/// What mends a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Making the repository private: promotion does.
    Hide,
    /// Making the repository public: promotion does only where a person said so with `--yes`.
    Publish,
    /// Granting a team its permission, whether that raises or lowers what it holds: promotion does.
    Grant {
        /// The team.
        team: String,
        /// The permission, and whether a missing team is made.
        wish: Team,
    },
    /// Setting which tags nobody may move: promotion does.
    FixTags(ImmutableTags),
    /// Setting the short description: promotion does.
    Describe(String),
    /// A person has to decide: nothing is changed. What can be done, in words.
    Person(&'static str),
}

impl Remedy {
    /// Whether promotion mends it; `yes` is whether a person agreed to make things public.
    #[must_use]
    pub const fn is_ours(&self, yes: bool) -> bool {
        match self {
            Self::Publish => yes,
            Self::Person(_) => false,
            _ => true,
        }
    }

    /// How it is mended, in words.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Hide | Self::Grant { .. } | Self::FixTags(_) | Self::Describe(_) => "`promote` mends it",
            Self::Publish => "`promote --yes` makes it public, or write `visibility: private`",
            Self::Person(advice) => advice,
        }
    }
}

/// What differs, in the order of [`Aspect`] and of the teams' names. What was not shown is left out: see [`unknown`].
#[must_use]
pub fn drift(wanted: &Wanted, found: &Found) -> Vec<Difference> {
    let mut differences: Vec<Difference> = visibility(wanted, found).into_iter().collect();
    differences.extend(teams(wanted, found));
    differences.extend(extra_teams(wanted, found));
    differences.extend(found.immutable_tags.as_ref().and_then(|held| wanted.tags.difference(held)));
    differences.extend(description(wanted, found));
    differences
}

/// What the manifest wants something of and Docker Hub did not show.
#[must_use]
pub fn unknown(wanted: &Wanted, found: &Found) -> Vec<Aspect> {
    let asked = [
        (Aspect::Visibility, found.visibility.is_none()),
        (Aspect::Team, !wanted.teams.is_empty() && found.teams.is_none()),
        (Aspect::ImmutableTags, wanted.wants_immutable_tags() && found.immutable_tags.is_none()),
        (Aspect::Description, wanted.description.is_some() && found.description.is_none()),
    ];
    asked.into_iter().filter_map(|(aspect, hidden)| hidden.then_some(aspect)).collect()
}

fn visibility(wanted: &Wanted, found: &Found) -> Option<Difference> {
    let held = found.visibility.filter(|held| *held != wanted.visibility)?;
    let remedy = match wanted.visibility {
        Visibility::Private => Remedy::Hide,
        Visibility::Public => Remedy::Publish,
    };
    let (expected, found) = (wanted.visibility.as_str().to_owned(), held.as_str().to_owned());
    Some(Difference { aspect: Aspect::Visibility, subject: None, expected, found, remedy })
}

fn teams(wanted: &Wanted, found: &Found) -> Vec<Difference> {
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

const EXTRA: &str = "take the grant away on Docker Hub, or name the team under `teams`; no run takes it away";

fn extra_teams(wanted: &Wanted, found: &Found) -> Vec<Difference> {
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

fn granted(team: &str, permission: Option<Permission>) -> String {
    format!("{team}: {}", permission.map_or("no grant", Permission::as_str))
}

fn description(wanted: &Wanted, found: &Found) -> Option<Difference> {
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
