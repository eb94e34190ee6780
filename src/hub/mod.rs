//! Docker Hub's own API: repositories, visibility, teams, push times. The registry protocol is in `registry`.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use url::Url;

use crate::image::{Digest, Repository, RepositoryName, Tag};
use crate::manifest::{Permission, Visibility};

/// Docker Hub's API, with the credential of this run. The token is exchanged once and cached until it expires.
pub struct Hub {
    #[expect(dead_code, reason = "skeleton")]
    http: reqwest::Client,
    #[expect(dead_code, reason = "skeleton")]
    base: Url,
    #[expect(dead_code, reason = "skeleton")]
    credential: Option<(String, SecretString)>,
}

/// What Docker Hub says of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubTag {
    /// What the tag answers.
    pub digest: Option<Digest>,
    /// When it was last pushed.
    pub last_pushed: Option<DateTime<Utc>>,
}

/// A repository's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubRepository {
    /// Whether it is private.
    pub visibility: Visibility,
    /// Its short description.
    pub description: String,
}

/// A repository to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRepository {
    /// The name in the organization.
    pub name: RepositoryName,
    /// Private unless the manifest says otherwise.
    pub visibility: Visibility,
    /// At most 100 characters; cut at a word.
    pub description: String,
    /// At most 25,000 characters.
    pub full_description: String,
}

/// What went wrong with Docker Hub's API. The kinds are what callers decide by; no text holds a secret.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// 401 or 403: with the role or scope that is missing.
    #[error("Docker Hub refused {action}: {detail}")]
    Refused {
        /// What was being done.
        action: String,
        /// What Docker Hub said, and which scope or role is missing.
        detail: String,
    },
    /// A rate limit that is longer than is waited.
    #[error("Docker Hub's rate limit: {0}")]
    RateLimited(String),
    /// No answer, or server errors until the tries were used up.
    #[error("Docker Hub gave no answer: {0}")]
    Unreachable(String),
    /// An answer that cannot be used.
    #[error("Docker Hub: {0}")]
    Unusable(String),
}

impl Hub {
    /// The API at `base`; without a credential only public things answer.
    #[must_use]
    pub fn new(http: reqwest::Client, base: Url, credential: Option<(String, SecretString)>) -> Self {
        Self { http, base, credential }
    }

    /// What Docker Hub says of a tag; `None` where it has none. Counts as no pull.
    pub async fn tag(&self, repository: &Repository, tag: &Tag) -> Result<Option<HubTag>, Error> {
        let _ = (repository, tag);
        todo!()
    }

    /// A repository of the organization; `None` where there is none.
    pub async fn repository(&self, organization: &str, name: &RepositoryName) -> Result<Option<HubRepository>, Error> {
        let _ = (organization, name);
        todo!()
    }

    /// Creates a repository. One that exists already is not an error: a create whose answer was lost is recognised by reading again.
    pub async fn create(&self, organization: &str, repository: &NewRepository) -> Result<(), Error> {
        let _ = (organization, repository);
        todo!()
    }

    /// Grants a team its permission on a repository; makes the team first where `create` says so and there is none.
    /// A missing team is an error that lists the teams there are.
    pub async fn grant(
        &self,
        organization: &str,
        name: &RepositoryName,
        team: &str,
        permission: Permission,
        create: bool,
    ) -> Result<(), Error> {
        let _ = (organization, name, team, permission, create);
        todo!()
    }
}
