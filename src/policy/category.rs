//! What an organization's settings mean for an image: its category under Docker's Image Access Management. Pure.

use schemars::JsonSchema;
use serde::Serialize;

use crate::image::{Location, RegistryHost, Repository};
use crate::manifest::{AllowedRegistry, ImageAccess, Policy};

/// The categories that Image Access Management distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// The organization's own images: always allowed.
    Organization,
    /// Docker Official Images.
    Official,
    /// Images of Verified Publishers.
    VerifiedPublisher,
    /// Docker-Sponsored Open Source: Image Access Management counts it as community.
    Sponsored,
    /// All others on Docker Hub.
    Community,
}

impl Category {
    /// The category in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Organization => "the organization's own",
            Self::Official => "Docker Official Image",
            Self::VerifiedPublisher => "Verified Publisher",
            Self::Sponsored => "Sponsored Open Source, which counts as community",
            Self::Community => "community",
        }
    }

    /// Whether these settings allow developers to pull it without a mirror; `None` if they do not say.
    const fn allowed(self, access: &ImageAccess) -> Option<bool> {
        match self {
            Self::Organization => Some(true),
            Self::Official => access.official,
            Self::VerifiedPublisher => access.verified_publisher,
            Self::Sponsored | Self::Community => access.community,
        }
    }
}

/// What the organization's policy, as the manifest states it, means for an image's source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// The whole repository is on Image Access Management's allowlist: all of its tags can be pulled unreviewed.
    Allowlisted,
    /// Its category, or its registry, is allowed: developers do not need a mirror of it.
    Allowed,
    /// Its category, or its registry, is restricted: developers can only get it from the mirror.
    Restricted,
    /// The restriction it would fall under is turned off.
    Off,
    /// The manifest does not say.
    Unsaid,
}

/// The badge that Docker Hub's search shows for a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Badge {
    Official,
    /// Of a Verified Publisher.
    VerifiedPublisher,
    /// Of a sponsored open source project.
    OpenSource,
    /// None of these.
    None,
}

/// Where an image's category comes from. Docker shows no category to programs, so what the search says is only advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// The repository's name: `library/` is official, the organization's namespace is its own.
    Name,
    /// The badge in Docker Hub's search.
    Search,
}

/// Which rule of the organization an image falls under.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Standing {
    Category(Category, Told),
    /// On Docker Hub, and this run does not check its category.
    #[default]
    NotAsked,
    /// On Docker Hub, with a category that could not be determined, and why.
    Unknown(String),
    /// On another registry: Registry Access Management decides whether it may be reached, and there are no categories.
    Elsewhere(RegistryHost),
    /// A directory: no rule of the organization covers it.
    Local,
}

impl Standing {
    /// What the name alone says; `None` if Docker Hub has to be asked.
    pub(crate) fn of_name(source: &Location, organization: &str) -> Option<Self> {
        let Location::Remote(Repository { registry, name }) = source else { return Some(Self::Local) };
        if !registry.is_docker_hub() {
            return Some(Self::Elsewhere(registry.clone()));
        }
        match name.as_str().split_once('/') {
            Some(("library", _)) => Some(Self::Category(Category::Official, Told::Name)),
            Some((own, _)) if own == organization => Some(Self::Category(Category::Organization, Told::Name)),
            _ => None,
        }
    }

    /// What the policy means for it. `source` is the repository in question.
    pub(crate) fn gate(&self, source: &Location, policy: &Policy) -> Gate {
        let by = |enabled: Option<bool>, allowed: Option<bool>| match (enabled, allowed) {
            (Some(false), _) => Gate::Off,
            (Some(true), Some(true)) => Gate::Allowed,
            (Some(true), Some(false)) => Gate::Restricted,
            _ => Gate::Unsaid,
        };
        match (self, &policy.image_access, &policy.registry_access) {
            (Self::Category(..) | Self::Unknown(_) | Self::NotAsked, Some(access), _) if is_listed(source, access) => {
                Gate::Allowlisted
            }
            (Self::Category(category, _), Some(access), _) => by(access.enabled, category.allowed(access)),
            (Self::Elsewhere(host), _, Some(access)) => {
                by(access.enabled, access.registries.as_ref().map(|all| lets_through(all, host)))
            }
            _ => Gate::Unsaid,
        }
    }

    /// The category that the badge in Docker Hub's search stands for.
    pub(crate) const fn of_badge(badge: Badge) -> Self {
        let category = match badge {
            Badge::Official => Category::Official,
            Badge::VerifiedPublisher => Category::VerifiedPublisher,
            Badge::OpenSource => Category::Sponsored,
            Badge::None => Category::Community,
        };
        Self::Category(category, Told::Search)
    }
}

/// Whether Registry Access Management allows a registry: it matches host names, and an allowed host includes the hosts
/// below it.
fn lets_through(allowed: &[AllowedRegistry], registry: &RegistryHost) -> bool {
    let host = registry.host();
    allowed.iter().any(|allowed| {
        let address = allowed.address.split(':').next().unwrap_or_default();
        host == address || host.strip_suffix(address).is_some_and(|before| before.ends_with('.'))
    })
}

/// Whether the allowlist names the whole repository. The list has no effect if Image Access Management is off.
fn is_listed(source: &Location, access: &ImageAccess) -> bool {
    let Location::Remote(source) = source else { return false };
    let mut listed = access.allowlist.iter().flatten().filter_map(|listed| listed.parse::<Repository>().ok());
    access.enabled != Some(false) && listed.any(|listed| listed == *source)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::manifest::RegistryAccess;

    #[test]
    fn a_name_tells_what_it_can() {
        let of = |source: &str| Standing::of_name(&source.parse().unwrap(), "acme");
        assert_eq!(of("redis"), Some(Standing::Category(Category::Official, Told::Name)));
        assert_eq!(of("acme/tool"), Some(Standing::Category(Category::Organization, Told::Name)));
        assert_eq!(of("grafana/loki"), None);
        assert_eq!(of("ghcr.io/acme/tool"), Some(Standing::Elsewhere("ghcr.io".parse().unwrap())));
        assert_eq!(of("oci:images"), Some(Standing::Local));
    }

    fn gate(standing: &Standing, enabled: Option<bool>, listed: &[&str]) -> Gate {
        let image_access = Some(ImageAccess {
            enabled,
            official: Some(true),
            verified_publisher: None,
            community: Some(false),
            allowlist: Some(listed.iter().map(|listed| (*listed).to_owned()).collect()),
        });
        let registries = vec![AllowedRegistry { address: "ghcr.io".to_owned(), name: "GitHub".to_owned() }];
        let registry_access = Some(RegistryAccess { enabled, docker_hub: Some(true), registries: Some(registries) });
        let policy = Policy { image_access, registry_access, ..Policy::default() };
        standing.gate(&"grafana/loki".parse().unwrap(), &policy)
    }

    #[test]
    fn settings_that_do_not_say_allow_and_forbid_nothing() {
        let on = |category| gate(&Standing::Category(category, Told::Search), Some(true), &["redis"]);
        assert_eq!(on(Category::Official), Gate::Allowed);
        assert_eq!(on(Category::Organization), Gate::Allowed);
        assert_eq!(on(Category::Community), Gate::Restricted);
        assert_eq!(on(Category::Sponsored), Gate::Restricted, "sponsored counts as community");
        assert_eq!(on(Category::VerifiedPublisher), Gate::Unsaid);
        let community = Standing::Category(Category::Community, Told::Search);
        assert_eq!(gate(&community, Some(false), &["grafana/loki"]), Gate::Off, "nothing is restricted");
        assert_eq!(gate(&community, None, &[]), Gate::Unsaid);
        assert_eq!(gate(&Standing::Unknown(String::new()), Some(true), &[]), Gate::Unsaid);
        assert_eq!(gate(&Standing::Local, Some(true), &[]), Gate::Unsaid);
    }

    #[test]
    fn an_allowlist_takes_names_as_people_write_them() {
        let community = Standing::Category(Category::Community, Told::Search);
        for listed in ["grafana/loki", "docker.io/grafana/loki", "index.docker.io/grafana/loki"] {
            assert_eq!(gate(&community, Some(true), &["redis", listed]), Gate::Allowlisted, "{listed}");
            assert_eq!(gate(&Standing::Unknown(String::new()), Some(true), &[listed]), Gate::Allowlisted, "{listed}");
        }
        assert_eq!(gate(&community, Some(true), &["grafana/lok", "grafana/loki-canary"]), Gate::Restricted);
    }

    #[test]
    fn another_registry_is_let_in_by_its_name() {
        let elsewhere = |host: &str| Standing::Elsewhere(host.parse().unwrap());
        assert_eq!(gate(&elsewhere("ghcr.io"), Some(true), &[]), Gate::Allowed);
        assert_eq!(gate(&elsewhere("eu.ghcr.io:443"), Some(true), &[]), Gate::Allowed, "a host below it");
        assert_eq!(gate(&elsewhere("notghcr.io"), Some(true), &[]), Gate::Restricted);
        assert_eq!(gate(&elsewhere("quay.io"), Some(true), &[]), Gate::Restricted);
        assert_eq!(gate(&elsewhere("quay.io"), Some(false), &[]), Gate::Off);
        assert_eq!(elsewhere("quay.io").gate(&"quay.io/a/b".parse().unwrap(), &Policy::default()), Gate::Unsaid);
    }
}
