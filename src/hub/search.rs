//! The badge that Docker Hub's search shows for a repository. The search is not part of the published API: if the
//! format of its answers changes, nothing is known.

use reqwest::Method;
use serde::Deserialize;

use super::call::{Call, Need};
use super::{Error, Hub};
use crate::image::Repository;
use crate::policy::Badge;

/// How many results are checked: the repository with exactly that name comes first or not at all.
const RESULTS: usize = 25;

#[derive(Deserialize)]
struct SearchResults {
    results: Vec<Hit>,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    badge: Option<String>,
}

impl Hub {
    /// The badge of a repository; `None` if the search does not list it, or shows an unknown badge. Requested without
    /// the credential: what is public is the same for everybody.
    pub async fn badge(&self, repository: &Repository) -> Result<Option<Badge>, Error> {
        let name = repository.name.as_str();
        let action = format!("searching for {repository}");
        let call = Call::new(Method::GET, &["api", "search", "v4"], Need::Nothing, action)
            .query("size", &RESULTS)
            .query("query", name);
        let found: SearchResults = self.anonymously(&call).await?.read(&call)?;
        let hit = found.results.into_iter().find(|hit| hit.name.as_deref() == Some(name));
        Ok(hit.and_then(|hit| match hit.badge.as_deref() {
            None | Some("none" | "") => Some(Badge::None),
            Some("official") => Some(Badge::Official),
            Some("verified_publisher") => Some(Badge::VerifiedPublisher),
            Some("open_source") => Some(Badge::OpenSource),
            Some(_) => None,
        }))
    }
}
