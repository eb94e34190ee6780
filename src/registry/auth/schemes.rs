//! How the repositories of a registry authenticate requests, as far as is known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use url::Url;

use crate::image::RepositoryName;

/// How a registry authenticates requests, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Not known yet.
    Unknown,
    /// Requests need no authentication.
    Open,
    /// User name and password with every request.
    Basic,
    /// A token from the service at `realm`.
    Bearer {
        realm: Arc<Realm>,
        /// The name by which the service knows the registry.
        service: Option<String>,
    },
}

/// A token service, once it is clear that it may be contacted at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Realm {
    pub(crate) url: Url,
    /// The address that the registry gave, before any redirection by `WHARFINGER_HOSTS`.
    pub(crate) named: Url,
    /// Whether it may be sent the registry's credential.
    pub(crate) trusted: bool,
}

/// What is known about a registry and its repositories: some registries use a different token service for each.
#[derive(Debug)]
pub(super) struct Schemes {
    /// What applies to a repository with nothing more specific.
    usual: Scheme,
    /// Whether the registry said so itself.
    told: bool,
    own: BTreeMap<RepositoryName, Scheme>,
    /// Repositories that could be read without a credential.
    public: BTreeSet<RepositoryName>,
}

impl Schemes {
    pub(super) const fn new(usual: Scheme) -> Self {
        Self { usual, told: false, own: BTreeMap::new(), public: BTreeSet::new() }
    }

    pub(super) fn of(&self, repository: Option<&RepositoryName>) -> Scheme {
        repository.and_then(|name| self.own.get(name)).unwrap_or(&self.usual).clone()
    }

    /// Notes what the registry itself said; its first statement also applies to repositories it has said nothing about
    /// yet.
    pub(super) fn learn(&mut self, repository: Option<&RepositoryName>, scheme: Scheme) {
        if !self.told || repository.is_none() {
            self.usual = scheme.clone();
            self.told = true;
        }
        self.keep(repository, scheme);
    }

    /// Notes how requests about this repository alone are authenticated.
    pub(super) fn keep(&mut self, repository: Option<&RepositoryName>, scheme: Scheme) {
        if let Some(name) = repository {
            self.own.insert(name.clone(), scheme);
        }
    }

    /// Notes that the registry answered an anonymous request.
    pub(super) fn open(&mut self) {
        if self.usual == Scheme::Unknown {
            self.usual = Scheme::Open;
        }
    }

    /// Whether the token service for this repository is assumed because the registry named it for another one.
    pub(super) fn is_assumed(&self, repository: &RepositoryName) -> bool {
        self.told && matches!(self.usual, Scheme::Bearer { .. }) && !self.own.contains_key(repository)
    }

    pub(super) fn publish(&mut self, repository: &RepositoryName) {
        if !self.public.contains(repository) {
            self.public.insert(repository.clone());
        }
    }

    pub(super) fn is_settled(&self, repository: &RepositoryName) -> bool {
        self.own.get(repository) == Some(&Scheme::Open)
    }

    pub(super) fn is_public(&self, repository: &RepositoryName) -> bool {
        self.public.contains(repository)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn bearer(realm: &str) -> Scheme {
        let url: Url = realm.parse().unwrap();
        Scheme::Bearer { realm: Arc::new(Realm { named: url.clone(), url, trusted: true }), service: None }
    }

    #[test]
    fn the_first_word_holds_for_repositories_that_have_said_nothing() {
        let [one, two, three]: [RepositoryName; 3] = ["one/a", "two/a", "three/a"].map(|name| name.parse().unwrap());
        let mut schemes = Schemes::new(bearer("https://built.in/token"));
        assert!(!schemes.is_assumed(&one), "what is built in is not doubted");
        schemes.learn(Some(&one), bearer("https://r/one/token"));
        schemes.learn(Some(&two), bearer("https://r/two/token"));
        for (name, realm) in
            [(&one, "https://r/one/token"), (&two, "https://r/two/token"), (&three, "https://r/one/token")]
        {
            assert_eq!(schemes.of(Some(name)), bearer(realm));
        }
        assert!(schemes.is_assumed(&three) && !schemes.is_assumed(&two));
        schemes.open();
        assert_eq!(schemes.of(None), bearer("https://r/one/token"));
        schemes.keep(Some(&three), Scheme::Basic);
        assert_eq!((schemes.of(Some(&three)), schemes.of(None)), (Scheme::Basic, bearer("https://r/one/token")));
    }
}
