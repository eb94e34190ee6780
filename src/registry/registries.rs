//! All registries of a run.

use std::sync::Arc;

use super::aws::Ecr;
use super::credentials::Credentials;
use super::layout::Layout;
use super::remote::{Client, Options, Reach, Remote};
use super::store::Store;
use crate::image::{Location, RegistryHost, Repository};
use crate::net::NetError;

/// The registries of one run, sharing one connection pool, one set of credentials and one token cache.
#[derive(Clone, Debug)]
pub struct Registries {
    client: Arc<Client>,
}

impl Registries {
    /// Creates the registries of `client`.
    #[must_use]
    pub fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    /// The underlying client: its HTTP client can be shared.
    #[must_use]
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The repository at `location`.
    #[must_use]
    pub fn open(&self, location: &Location) -> Arc<dyn Store> {
        match location {
            Location::Remote(repository) => Arc::new(self.remote(repository)),
            Location::Layout(path) => Arc::new(Layout::new(path.clone())),
        }
    }

    /// The repository at `location`, as the source of a copy: HEAD alone is not proof that something is missing.
    #[must_use]
    pub fn source(&self, location: &Location) -> Arc<dyn Store> {
        match location {
            Location::Remote(repository) => Arc::new(self.remote(repository).into_source()),
            Location::Layout(path) => Arc::new(Layout::source(path.clone())),
        }
    }

    /// The API of an Amazon ECR host; `None` if it is another kind of registry, or no keys are given.
    #[must_use]
    pub fn ecr<'a>(&'a self, registry: &'a RegistryHost) -> Option<Ecr<'a>> {
        self.client.ecr(registry)
    }

    /// The same, read anonymously: for public sources that refuse this run's credential.
    #[must_use]
    pub fn open_anonymously(&self, location: &Location) -> Arc<dyn Store> {
        match location {
            Location::Remote(repository) => Arc::new(self.remote(repository).into_source().anonymous()),
            Location::Layout(_) => self.source(location),
        }
    }

    /// The repository at `location`, to be written: one token is requested for reading and writing it, and for reading
    /// the repositories of the same registry that blobs are mounted or copied from.
    #[must_use]
    pub fn destination(&self, location: &Location, from: &[Repository]) -> Arc<dyn Store> {
        if let Location::Remote(repository) = location {
            self.client.expect(repository, from);
        }
        self.open(location)
    }

    /// The same registries with a narrower reach, and separate connections and tokens.
    pub fn within(&self, reach: Reach) -> Result<Self, NetError> {
        let options = Options { reach, ..self.client.options().clone() };
        Ok(Self::new(Arc::new(Client::new(options)?)))
    }

    /// The same registries with other credentials, and separate connections and tokens.
    pub fn with_credentials(&self, credentials: Credentials) -> Result<Self, NetError> {
        let options = Options { credentials, ..self.client.options().clone() };
        Ok(Self::new(Arc::new(Client::new(options)?)))
    }

    #[must_use]
    pub fn remote(&self, repository: &Repository) -> Remote {
        Remote::new(Arc::clone(&self.client), repository.clone())
    }
}
