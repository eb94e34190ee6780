//! What exists: the repositories of an organization and the tags of a repository, a hundred per page. Reading them does
//! not count as a pull.

use chrono::Datelike as _;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::call::{Call, Need, READS};
use super::client::no_organization;
use super::tags::time;
use super::{Error, Hub, ListedRepository, ListedTag, Pull};
use crate::image::{Digest, RepositoryName};
use crate::manifest::Visibility;

#[derive(Deserialize)]
struct RepositoryBody {
    name: String,
    is_private: bool,
    #[serde(default)]
    description: Option<String>,
}

#[derive(Deserialize)]
struct TagBody {
    name: String,
    #[serde(default)]
    digest: Option<String>,
    #[serde(default)]
    images: Option<Vec<ImageBody>>,
    #[serde(default)]
    tag_last_pushed: Option<String>,
    #[serde(default)]
    tag_last_pulled: Shown,
}

/// A field that may be `null` or missing, which mean different things.
#[derive(Deserialize)]
#[serde(transparent)]
struct Shown(Value);

impl Default for Shown {
    fn default() -> Self {
        Self(Value::Bool(false))
    }
}

#[derive(Deserialize)]
struct ImageBody {
    #[serde(default)]
    digest: Option<String>,
}

impl Hub {
    /// The repositories of an organization, as far as the credential may list them: one that may not list private ones
    /// sees only the public ones, and Docker Hub does not say so.
    ///
    /// # Errors
    /// If listing is refused, the organization does not exist, or no usable answer comes.
    pub async fn listed_repositories(&self, organization: &str) -> Result<Vec<ListedRepository>, Error> {
        let bodies = self.pages::<RepositoryBody>(&list_repositories(organization)).await?;
        let listed = |body: RepositoryBody| {
            let visibility = if body.is_private { Visibility::Private } else { Visibility::Public };
            Some(ListedRepository { name: body.name.parse().ok()?, visibility, description: body.description })
        };
        let bodies = bodies.ok_or_else(|| no_organization(organization))?;
        Ok(bodies.into_iter().filter_map(listed).collect())
    }

    /// All tags of a repository with their digests; `None` if the repository does not exist or is hidden.
    pub async fn listed_tags(
        &self,
        organization: &str,
        name: &RepositoryName,
    ) -> Result<Option<Vec<ListedTag>>, Error> {
        let call = list_tags(organization, name);
        let Some(bodies) = self.pages::<TagBody>(&call).await? else { return Ok(None) };
        bodies.into_iter().map(|body| tag(body, &call)).collect::<Result<_, _>>().map(Some)
    }
}

pub(super) fn list_repositories(organization: &str) -> Call<'_> {
    let need = Need::in_organization(organization, "scope-repository-list", READS);
    let action = format!("listing the repositories of {organization}");
    Call::new(Method::GET, &["v2", "namespaces", organization, "repositories"], need, action)
}

pub(super) fn list_tags<'a>(organization: &'a str, name: &RepositoryName) -> Call<'a> {
    let need = Need::on_repository(organization, "scope-tag-read", READS);
    let path = ["v2", "namespaces", organization, "repositories", name.as_str(), "tags"];
    Call::new(Method::GET, &path, need, format!("listing the tags of {organization}/{name}"))
}

fn tag(body: TagBody, call: &Call<'_>) -> Result<ListedTag, Error> {
    let unusable = |e: crate::image::NameError| Error::Unusable(format!("{}: {e}", call.action));
    let children: Vec<Digest> =
        body.images.into_iter().flatten().filter_map(|image| image.digest?.parse().ok()).collect();
    let digest = body.digest.filter(|text| !text.is_empty()).map(|text| text.parse()).transpose().map_err(unusable)?;
    Ok(ListedTag {
        name: body.name.parse().map_err(unusable)?,
        digest,
        children,
        last_pushed: body.tag_last_pushed.and_then(|text| time(&text)),
        last_pulled: pull(&body.tag_last_pulled.0),
    })
}

/// Docker Hub shows `null`, or a time in the year 1, where nobody pulled.
fn pull(shown: &Value) -> Pull {
    match shown {
        Value::Null => Pull::Never,
        Value::String(text) => match time(text) {
            Some(at) if at.year() <= 1 => Pull::Never,
            Some(at) => Pull::At(at),
            None => Pull::Unknown,
        },
        _ => Pull::Unknown,
    }
}
