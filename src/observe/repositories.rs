//! What Docker Hub says about the repositories of a run, in few requests.
//!
//! Visibility and short description are in the organization's list, a hundred repositories per page. Which tags are
//! immutable is only in the answer about one repository, and who may read it only in the list of its teams: each costs
//! one request, made only for repositories for which the manifest has such settings. None of them counts as a pull.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use crate::hub::{Error, Grant, Hub, HubRepository, ListedRepository};
use crate::image::RepositoryName;
use crate::manifest::Manifest;
use crate::plan::Scope;
use crate::plan::drift::{self, Aspect, ObservedSettings, WantedSettings};

/// How many repositories are queried at once: Docker Hub's API counts requests per minute.
const TOGETHER: usize = 8;
/// Up to this many repositories are queried one by one rather than read from the organization's list, which may be
/// long.
const FEW: usize = 2;
/// With more repositories than this, a run started by a push leaves teams and immutable tags to the next scheduled run.
const MANY: usize = 100;

/// How closely a run checks repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Attention {
    /// Everything that the manifest has settings for.
    #[default]
    Full,
    /// Everything if there are few, else what the organization's list shows.
    Brief,
}

/// What Docker Hub says about the repositories in scope.
#[derive(Debug, Default)]
pub(crate) struct RepositorySettings {
    pub found: BTreeMap<RepositoryName, ObservedSettings>,
    /// Full descriptions of those that were queried one by one.
    pub full_descriptions: BTreeMap<RepositoryName, String>,
    /// Repositories that do not exist, or that the credential may not see.
    pub missing: BTreeSet<RepositoryName>,
    /// What could not be checked, by what Docker Hub said of it.
    pub troubles: BTreeMap<String, Vec<RepositoryName>>,
    /// Why nothing can be checked: the credential itself is refused.
    pub refused: Option<String>,
}

/// Reads the repositories of `scope` that the manifest has on Docker Hub with settings.
pub(crate) async fn read_settings(
    hub: &Hub,
    manifest: &Manifest,
    scope: &Scope,
    attention: Attention,
) -> RepositorySettings {
    let names = concerned(manifest, scope);
    let wanted: Vec<WantedSettings> = names.into_iter().filter_map(|name| WantedSettings::of(manifest, name)).collect();
    let mut settings = RepositorySettings::default();
    if wanted.is_empty() {
        return settings;
    }
    if let Err(error) = hub.sign_in().await {
        let text = error.to_string();
        match error {
            Error::SignIn { .. } => settings.refused = Some(text),
            _ => settings.troubles = [(text, wanted.into_iter().map(|w| w.repository).collect())].into(),
        }
        return settings;
    }
    let closely = attention == Attention::Full || wanted.len() <= MANY;
    let reader = SettingsReader { hub, organization: &manifest.organization, closely };
    let listed = reader.listed(&wanted).await;
    let (reader, listed) = (&reader, &listed);
    let asked = futures_util::stream::iter(&wanted)
        .map(|wanted| async move { (wanted, reader.repository(wanted, listed.get(&wanted.repository)).await) })
        .buffered(TOGETHER)
        .collect::<Vec<_>>()
        .await;
    for (wanted, found) in asked {
        match found {
            Ok(Some(answer)) => {
                settings.found.insert(wanted.repository.clone(), answer.found);
                let described = answer.full_description.map(|text| (wanted.repository.clone(), text));
                settings.full_descriptions.extend(described);
                for trouble in answer.troubles {
                    settings.troubles.entry(trouble).or_default().push(wanted.repository.clone());
                }
            }
            Ok(None) => drop(settings.missing.insert(wanted.repository.clone())),
            Err(error) => {
                let trouble = reader.common_trouble(&wanted.repository, &error);
                settings.troubles.entry(trouble).or_default().push(wanted.repository.clone());
            }
        }
    }
    settings
}

/// The repositories of `scope` that the manifest has settings for.
pub(super) fn concerned<'m>(manifest: &'m Manifest, scope: &Scope) -> BTreeSet<&'m RepositoryName> {
    let images = manifest.images.iter().enumerate().filter(|(index, _)| scope.contains(*index));
    images.map(|(_, image)| &image.repository).filter(|name| manifest.has_effect_on(name)).collect()
}

/// What was seen of one repository.
pub(super) struct RepositoryAnswer {
    pub(super) found: ObservedSettings,
    /// `None` if the repository itself was not queried.
    pub(super) full_description: Option<String>,
    /// What could not be seen, as text.
    troubles: Vec<String>,
}

/// Reads everything that the manifest has settings for in one repository; `None` if it does not exist.
pub(super) async fn read_repository(
    hub: &Hub,
    manifest: &Manifest,
    name: &RepositoryName,
) -> Result<Option<RepositoryAnswer>, Error> {
    let Some(wanted) = WantedSettings::of(manifest, name) else { return Ok(None) };
    let reader = SettingsReader { hub, organization: &manifest.organization, closely: true };
    reader.repository(&wanted, None).await
}

struct SettingsReader<'a> {
    hub: &'a Hub,
    organization: &'a str,
    /// Whether teams and immutable tags are checked.
    closely: bool,
}

impl SettingsReader<'_> {
    /// What the organization's list says about these, if it is worth reading. It may omit repositories: those are
    /// queried one by one.
    async fn listed(&self, wanted: &[WantedSettings]) -> BTreeMap<RepositoryName, ObservedSettings> {
        let enough = |wanted: &&WantedSettings| !(self.closely && wanted.wants_immutable_tags());
        if wanted.iter().filter(enough).count() <= FEW {
            return BTreeMap::new();
        }
        let listed = self.hub.listed_repositories(self.organization).await.unwrap_or_else(|error| {
            tracing::debug!("the organization's repositories cannot be listed, so each one is looked up: {error}");
            Vec::new()
        });
        listed.into_iter().map(|listed| (listed.name.clone(), from_list(&listed))).collect()
    }

    /// What Docker Hub said, without the repository's name: the same trouble with many repositories is reported once.
    fn common_trouble(&self, name: &RepositoryName, error: &Error) -> String {
        error
            .to_string()
            .replace(&format!("{}/{name}", self.organization), &format!("repositories of {}", self.organization))
    }

    /// One repository; `None` if it does not exist.
    async fn repository(
        &self,
        wanted: &WantedSettings,
        listed: Option<&ObservedSettings>,
    ) -> Result<Option<RepositoryAnswer>, Error> {
        let name = &wanted.repository;
        let repository = match asks_closely(wanted, listed, self.closely) {
            true => match self.hub.repository(self.organization, name).await? {
                Some(repository) => Some(repository),
                None => return Ok(None),
            },
            false => None,
        };
        let grants = match self.closely && !wanted.teams.is_empty() {
            true => Some(self.hub.grants(self.organization, name).await),
            false => None,
        };
        let full_description = repository.as_ref().map(|repository| repository.full_description.clone());
        let (found, trouble) = merge_answers(wanted, listed, repository, grants);
        let trouble = trouble.map(|trouble| match trouble {
            Trouble::NoTeams => no_teams(self.organization),
            Trouble::Failed(error) => self.common_trouble(name, &error),
        });
        Ok(Some(RepositoryAnswer { found, full_description, troubles: trouble.into_iter().collect() }))
    }
}

/// Why a repository's teams are unknown.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Docker Hub has no list of them.
    NoTeams,
    Failed(Error),
}

/// The message that Docker Hub has no list of teams.
pub(super) fn no_teams(organization: &str) -> String {
    format!("Docker Hub does not show the teams of repositories of {organization}")
}

/// What an entry of the organization's list shows.
pub(super) fn from_list(listed: &ListedRepository) -> ObservedSettings {
    ObservedSettings {
        visibility: Some(listed.visibility),
        description: listed.description.clone(),
        ..ObservedSettings::default()
    }
}

/// Whether the repository itself has to be queried for what the list does not show; `closely` is whether that is
/// worthwhile for immutable tags alone.
pub(super) fn asks_closely(wanted: &WantedSettings, listed: Option<&ObservedSettings>, closely: bool) -> bool {
    let open = |aspect: Aspect| match aspect {
        Aspect::Team | Aspect::ExtraTeam => false,
        Aspect::ImmutableTags => closely,
        Aspect::Visibility | Aspect::Description => true,
    };
    listed.is_none_or(|found| drift::unknown(wanted, found).into_iter().any(open))
}

/// What Docker Hub's answers together show about one repository's settings: its entry in the organization's list,
/// itself, and its teams, each `None` if it does not exist or was not queried. Teams without a list are unknown, rather
/// than none: that is a trouble if the manifest has settings for them.
pub(super) fn merge_answers(
    wanted: &WantedSettings,
    listed: Option<&ObservedSettings>,
    repository: Option<HubRepository>,
    grants: Option<Result<Option<Vec<Grant>>, Error>>,
) -> (ObservedSettings, Option<Trouble>) {
    let mut found = listed.cloned().unwrap_or_default();
    if let Some(repository) = repository {
        found.visibility = Some(repository.visibility);
        found.description = Some(repository.description);
        found.immutable_tags = Some(repository.immutable_tags);
    }
    let trouble = match grants {
        Some(Ok(Some(grants))) => {
            found.teams = Some(grants.into_iter().map(|grant| (grant.team.name, grant.permission)).collect());
            None
        }
        Some(Ok(None)) => (!wanted.teams.is_empty()).then_some(Trouble::NoTeams),
        Some(Err(error)) => Some(Trouble::Failed(error)),
        None => None,
    };
    (found, trouble)
}
