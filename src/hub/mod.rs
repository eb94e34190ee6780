//! Docker Hub's own API: repositories, visibility, teams, push times. The registry protocol is in `registry`.
//!
//! One file per subject; [`client`] is what they call, [`transport`] sends, waits and retries, [`session`] holds the
//! token, [`refusal`] says what a credential lacks. Nothing is repeated if that could have an effect twice.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Deserialize;

use crate::image::{Digest, RepositoryName, Tag};
use crate::manifest::{Permission, Visibility};

mod access;
mod call;
mod client;
mod error;
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
pub(crate) use crate::plan::usage::Pull;
pub(crate) use access::HubRole;
pub use client::Hub;
pub use error::Error;
pub use session::Credential;
pub use transport::RETRY;

/// What Docker Hub says about a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubTag {
    /// What the tag resolves to.
    pub digest: Option<Digest>,
    pub last_pushed: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubRepository {
    pub visibility: Visibility,
    pub description: String,
    /// The text on its page, in Markdown.
    pub full_description: String,
    /// Which tags must not be moved.
    pub immutable_tags: ImmutableTags,
}

/// A repository as it appears in the organization's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRepository {
    pub name: RepositoryName,
    pub visibility: Visibility,
    /// `None` if the list does not say.
    pub description: Option<String>,
}

/// A tag as it appears in a repository's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTag {
    pub name: Tag,
    /// What it resolves to; `None` if the list does not say.
    pub digest: Option<Digest>,
    /// The manifests of its platforms.
    pub children: Vec<Digest>,
    pub last_pushed: Option<DateTime<Utc>>,
    /// The last pull, whoever it was.
    pub last_pulled: Pull,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRepository {
    pub name: RepositoryName,
    /// Private unless the manifest says otherwise.
    pub visibility: Visibility,
    /// At most 100 characters; cut at a word.
    pub description: String,
    /// At most 25,000 characters.
    pub full_description: String,
}

/// How a repository came into existence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// By this call.
    Now,
    /// It exists, though no answer said that this call created it: an answer was lost, or it existed before. Its
    /// settings may not be those that were requested.
    Before(HubRepository),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HubTeam {
    /// The number that identifies it in grants.
    pub id: u64,
    pub name: String,
}

/// What a team may do with a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub team: HubTeam,
    pub permission: Permission,
}

/// Receives every token that is derived from the credential, before it is used: it must be hidden in logs.
pub type Derived = Arc<dyn Fn(&SecretString) + Send + Sync>;
