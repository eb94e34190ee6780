//! A repository on a registry.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::Method;

use super::call::{Answer, Call};
use super::client::Client;
use super::endpoint::Endpoint;
use crate::image::{Location, Reference, Repository, RepositoryName};
use crate::registry::auth::{Identity, Scopes};
use crate::registry::error::Error;
use crate::registry::wire::SMALL_LIMIT;

pub struct Remote {
    pub(super) client: Arc<Client>,
    pub(super) repository: Repository,
    pub(super) location: Location,
    pub(super) identity: Identity,
    /// Read only: what HEAD does not find is read by GET before it counts as absent.
    pub(super) is_source: bool,
}

impl Remote {
    /// The repository, through `client`.
    #[must_use]
    pub fn new(client: Arc<Client>, repository: Repository) -> Self {
        let location = Location::Remote(repository.clone());
        Self { client, repository, location, identity: Identity::Own, is_source: false }
    }

    /// The same repository, read anonymously.
    #[must_use]
    pub fn anonymous(self) -> Self {
        Self { identity: Identity::Anonymous, ..self }
    }

    /// The same repository as a source: HEAD is not proof that a manifest is absent.
    #[must_use]
    pub(crate) fn into_source(self) -> Self {
        Self { is_source: true, ..self }
    }

    pub(super) fn endpoint(&self) -> Result<Arc<Endpoint>, Error> {
        self.client.endpoint(&self.repository.registry)
    }

    pub(super) fn name(&self) -> &RepositoryName {
        &self.repository.name
    }

    pub(super) fn pull(&self) -> Scopes {
        Scopes::pull(self.name())
    }

    pub(super) fn push(&self) -> Scopes {
        Scopes::push(self.name())
    }

    /// `library/redis:7.2`, or `library/redis@sha256:...`.
    pub(super) fn display_name(&self, reference: &Reference) -> String {
        let sign = if matches!(reference, Reference::Digest(_)) { '@' } else { ':' };
        format!("{}{sign}{reference}", self.name())
    }

    /// A call to the repository's API: `path` follows its name. The answer is read as a small one unless changed.
    pub(super) fn new_call(
        &self,
        endpoint: &Endpoint,
        method: Method,
        path: &str,
        action: String,
    ) -> Result<Call, Error> {
        Ok(Call {
            method,
            url: endpoint.url(&format!("{}/{path}", self.name())).map_err(|e| endpoint.protocol(e))?,
            headers: Vec::new(),
            body: Bytes::new(),
            repository: Some(self.name().clone()),
            scopes: self.pull(),
            action,
            limit: Some(SMALL_LIMIT),
            is_nothing: if path.starts_with("tags/list") { Answer::lists_no_tags } else { Answer::is_absent },
        })
    }
}
