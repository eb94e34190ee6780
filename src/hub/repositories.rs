//! Repositories of the organization: read, created before the first push, and changed.

use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::call::{Call, MANAGES, Need, READS};
use super::{Created, Error, Hub, HubRepository, ImmutableTags, NewRepository};
use crate::image::RepositoryName;
use crate::manifest::Visibility;
use crate::plan::short_description;

#[derive(Deserialize)]
struct RepositoryBody {
    is_private: bool,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    full_description: Option<String>,
    #[serde(default)]
    immutable_tags_settings: Option<ImmutableBody>,
}

#[derive(Deserialize)]
struct ImmutableBody {
    enabled: bool,
    #[serde(default)]
    rules: Vec<String>,
}

impl From<RepositoryBody> for HubRepository {
    fn from(body: RepositoryBody) -> Self {
        let immutable = body.immutable_tags_settings;
        Self {
            visibility: if body.is_private { Visibility::Private } else { Visibility::Public },
            description: body.description.unwrap_or_default(),
            full_description: body.full_description.unwrap_or_default(),
            immutable_tags: immutable
                .map(|settings| ImmutableTags { enabled: settings.enabled, rules: settings.rules })
                .unwrap_or_default(),
        }
    }
}

impl Hub {
    /// A repository of the organization; `None` if it does not exist, or the credential may not see it.
    pub async fn repository(&self, organization: &str, name: &RepositoryName) -> Result<Option<HubRepository>, Error> {
        Ok(self.read_repository::<RepositoryBody>(organization, name).await?.map(Into::into))
    }

    /// The part of a repository that `T` describes.
    pub(super) async fn read_repository<T: DeserializeOwned>(
        &self,
        organization: &str,
        name: &RepositoryName,
    ) -> Result<Option<T>, Error> {
        let need = Need::on_repository(organization, "scope-repository-read", READS);
        let path = ["v2", "namespaces", organization, "repositories", name.as_str()];
        let action = format!("reading the repository {organization}/{name}");
        self.get(&Call::new(Method::GET, &path, need, action)).await
    }

    /// Creates a repository. One that exists is not an error: the caller recognises whose it is by its contents.
    ///
    /// # Errors
    /// If Docker Hub does not accept the name, creating is refused, or no usable answer comes.
    pub async fn create(&self, organization: &str, repository: &NewRepository) -> Result<Created, Error> {
        let name = repository.name.as_str();
        if !repository.name.fits_docker_hub() {
            return Err(Error::Unusable(format!(
                "`{name}` is not a valid repository name: use 2 to 255 lower-case letters and digits, joined by \
                 single `.`, `_` or `-`, without `/`"
            )));
        }
        let call = creation(organization, repository);
        // The second try only follows a read that proved that the first had no effect.
        let mut failed = None;
        for _ in 0..2 {
            let uncertain = match self.send(&call).await {
                Ok(answer) if answer.status == 201 || answer.status == 200 => return Ok(Created::Now),
                // Docker Hub documents no specific status for a name that is taken: existing ones are found by reading.
                Ok(answer) => {
                    let found = self.repository(organization, &repository.name).await?;
                    return found.map(Created::Before).ok_or_else(|| answer.unexpected(&call));
                }
                Err(error @ Error::Unreachable(_)) => error,
                Err(error) => return Err(error),
            };
            match self.repository(organization, &repository.name).await? {
                Some(found) => return Ok(Created::Before(found)),
                None => failed = Some(uncertain),
            }
        }
        Err(failed.unwrap_or_else(|| Error::Unusable(format!("{organization}/{name} was not created"))))
    }

    /// Sets the short description. Works with a personal access token only.
    pub async fn describe(&self, organization: &str, name: &RepositoryName, description: &str) -> Result<(), Error> {
        let path = ["v2", "repositories", organization, name.as_str()];
        let need = Need::PersonalOnly { namespace: organization, personal: MANAGES };
        let call = Call::new(Method::PATCH, &path, need, format!("describing {organization}/{name}"))
            .body(json!({"description": short_description(description)}));
        self.send(&call).await?.success(&call)
    }

    /// Sets the full description. Works with a personal access token only.
    pub(crate) async fn describe_fully(
        &self,
        organization: &str,
        name: &RepositoryName,
        text: &str,
    ) -> Result<(), Error> {
        let path = ["v2", "repositories", organization, name.as_str()];
        let need = Need::PersonalOnly { namespace: organization, personal: MANAGES };
        let call = Call::new(Method::PATCH, &path, need, format!("describing {organization}/{name}"))
            .body(json!({"full_description": text}));
        self.send(&call).await?.success(&call)
    }

    /// Makes a repository private or public. Works with a personal access token only.
    pub async fn set_visibility(
        &self,
        organization: &str,
        name: &RepositoryName,
        visibility: Visibility,
    ) -> Result<(), Error> {
        let path = ["v2", "repositories", organization, name.as_str(), "privacy"];
        let need = Need::PersonalOnly { namespace: organization, personal: MANAGES };
        let call = Call::new(Method::POST, &path, need, format!("changing the visibility of {organization}/{name}"))
            .body(json!({"is_private": visibility == Visibility::Private}))
            .repeatable();
        self.send(&call).await?.success(&call)
    }

    /// Sets which tags must not be moved or deleted.
    pub async fn set_immutable_tags(
        &self,
        organization: &str,
        name: &RepositoryName,
        settings: &ImmutableTags,
    ) -> Result<(), Error> {
        let path = ["v2", "namespaces", organization, "repositories", name.as_str(), "immutabletags"];
        let need = Need::on_repository(organization, "scope-repository-settings-admin", MANAGES);
        let call = Call::new(Method::PATCH, &path, need, format!("making tags of {organization}/{name} immutable"))
            .body(json!({"immutable_tags": settings.enabled, "immutable_tags_rules": settings.rules}));
        self.send(&call).await?.success(&call)
    }
}

fn creation<'a>(organization: &'a str, repository: &NewRepository) -> Call<'a> {
    let need = Need::in_organization(organization, "scope-repository-create", MANAGES);
    let action = format!("creating the repository {organization}/{}", repository.name);
    Call::new(Method::POST, &["v2", "namespaces", organization, "repositories"], need, action).body(json!({
        "namespace": organization,
        "name": repository.name.as_str(),
        "description": short_description(&repository.description),
        "full_description": full_description(&repository.full_description),
        "registry": "docker.io",
        "is_private": repository.visibility == Visibility::Private,
    }))
}

/// The longest full description, in characters.
const FULL_DESCRIPTION_LIMIT: usize = 25_000;

/// A full description in the form Docker Hub accepts.
fn full_description(text: &str) -> String {
    text.chars().take(FULL_DESCRIPTION_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_descriptions_keep_their_lines() {
        assert_eq!(full_description("a\n\nb"), "a\n\nb");
        assert_eq!(full_description(&"é".repeat(25_001)).chars().count(), 25_000);
    }
}
