//! Docker Hub's own API: repositories, visibility, teams, push times. The registry protocol is in `registry`.
//!
//! One file a subject; [`transport`] sends, waits and repeats, [`session`] holds the token, [`refusal`] says what a
//! credential lacks. Nothing is repeated whose repetition could do something twice.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use url::Url;

use crate::image::{Digest, RepositoryName, Tag};
use crate::manifest::{Permission, Visibility};

mod access;
mod listing;
mod refusal;
mod repositories;
mod search;
mod session;
mod settings;
mod tags;
mod teams;
mod transport;

pub use crate::plan::drift::ImmutableTags;
pub use access::{HubRights, HubRole};
pub use repositories::FULL_DESCRIPTION_LIMIT;
pub use transport::Pace;

/// Docker Hub's API, with the credential of this run. The token is exchanged once and cached until it expires.
pub struct Hub {
    wire: transport::Wire,
    session: session::Session,
    teams: teams::Known,
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
    /// Which tags nobody may move.
    pub immutable_tags: ImmutableTags,
}

/// A repository as the organization's list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRepository {
    /// The name in the organization.
    pub name: RepositoryName,
    /// Whether it is private.
    pub visibility: Visibility,
    /// Its short description; `None` where the list does not say.
    pub description: Option<String>,
}

/// A tag as a repository's list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTag {
    /// The tag.
    pub name: Tag,
    /// What it answers; `None` where the list does not say.
    pub digest: Option<Digest>,
    /// The manifests of its platforms.
    pub children: Vec<Digest>,
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

/// How a repository came to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// By this call.
    Now,
    /// It was there already, with these settings, which may not be those that were asked for.
    Before(HubRepository),
}

/// A team of the organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubTeam {
    /// The number that grants name it by.
    pub id: u64,
    /// Its name.
    pub name: String,
}

/// What a team may do with a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The team.
    pub team: HubTeam,
    /// What it may do.
    pub permission: Permission,
}

/// What went wrong with Docker Hub's API. The kinds are what callers decide by; no text holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// 401 or 403: with the role or scope that is missing.
    #[error("Docker Hub refused {action}: {detail}")]
    Refused {
        /// What was being done.
        action: String,
        /// What Docker Hub said, and which scope or role is missing.
        detail: String,
    },
    /// The organization has no such team, and none was to be made.
    #[error("{organization} has no team `{team}` on Docker Hub; {}", teams::listed(known))]
    NoTeam {
        /// The organization.
        organization: String,
        /// The team that was asked for.
        team: String,
        /// The teams there are, sorted.
        known: Vec<String>,
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

/// Told of every token that is derived from the credential, before it is used: what must be hidden in logs.
pub type Derived = Arc<dyn Fn(&SecretString) + Send + Sync>;

impl Hub {
    /// The API at `base`; without a credential only public things answer. `http` must follow no redirect.
    #[must_use]
    pub fn new(http: reqwest::Client, base: Url, credential: Option<(String, SecretString)>) -> Self {
        Self {
            wire: transport::Wire::new(http, base),
            session: session::Session::new(credential),
            teams: teams::Known::default(),
        }
    }

    /// Tells `derived` of tokens.
    #[must_use]
    pub fn with_derived(mut self, derived: Derived) -> Self {
        self.session.derived = Some(derived);
        self
    }

    /// Waits and repeats otherwise than [`Pace::default`].
    #[must_use]
    pub fn with_pace(mut self, pace: Pace) -> Self {
        self.wire.pace = pace;
        self
    }

    /// Signs in, and answers for whom; `None` where there is no credential.
    ///
    /// # Errors
    /// Where the credential is refused, or nothing answers.
    pub async fn sign_in(&self) -> Result<Option<&str>, Error> {
        self.session.token(&self.wire).await?;
        Ok(self.session.identifier())
    }

    /// Sends a call without the credential.
    async fn anonymously(&self, call: &transport::Call<'_>) -> Result<transport::Answer, Error> {
        let answer = self.wire.send(call, None).await?;
        if matches!(answer.status, 401 | 403) {
            return Err(refusal::refused(self.session.identifier(), call, &answer));
        }
        Ok(answer)
    }

    /// Sends a call with the token; one that is no longer taken is renewed once.
    async fn send(&self, call: &transport::Call<'_>) -> Result<transport::Answer, Error> {
        let token = self.session.token(&self.wire).await?;
        let mut answer = self.wire.send(call, token.as_ref()).await?;
        if let (401, Some(old)) = (answer.status, &token) {
            self.session.forget(old).await;
            let renewed = self.session.token(&self.wire).await?;
            answer = self.wire.send(call, renewed.as_ref()).await?;
        }
        match answer.status {
            401 | 403 => Err(refusal::refused(self.session.identifier(), call, &answer)),
            200..=299 | 400 | 404 | 405 | 409 | 422 => Ok(answer),
            status => Err(Error::Unusable(format!("answered {status} to {}: {}", call.action, answer.said()))),
        }
    }
}
