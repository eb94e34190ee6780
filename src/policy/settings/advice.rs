//! What to know about the settings: hosts to which registries redirect, limits and bypasses that Docker documents.

use crate::manifest::{AllowedRegistry, ImageAccess, Policy, RegistryAccess};

/// What a setting does not do: a stable name, and the fact.
pub const LIMITS: [(&str, &str); 12] = [
    (
        "sign-in",
        "neither applies to people who are not signed in to Docker Desktop with the organization: enforce signing in, see `wharfinger sign-in`",
    ),
    ("desktop-only", "Docker Desktop enforces both; Docker Engine on its own, Podman and CI machines are not affected"),
    (
        "delay",
        "a change takes up to 24 hours to reach everybody; signing out of Docker Desktop and in again applies it immediately",
    ),
    ("owners", "Image Access Management never applies to owners of the organization"),
    ("community-includes-sponsored", "Image Access Management counts Docker-Sponsored Open Source as community images"),
    ("allowlist", "every tag of an allowlisted repository is allowed, whatever the categories say"),
    (
        "other-registries",
        "Image Access Management only covers Docker Hub: other registries, mirrors and proxies bypass it unless Registry Access Management restricts them",
    ),
    (
        "dns",
        "Registry Access Management goes by host name: local proxies, changed DNS and anything outside Docker Desktop bypass it",
    ),
    (
        "buildx",
        "Registry Access Management does not apply to buildx with the Kubernetes driver or a self-managed docker-container driver",
    ),
    ("debug-and-kubernetes", "Registry Access Management does not apply to some pulls by Docker Debug and Kubernetes"),
    (
        "windows-containers",
        "Registry Access Management applies to Windows containers only if Docker Desktop's \"Use proxy for Windows Docker daemon\" is on; WSL 2 needs a kernel of 5.4 or later",
    ),
    (
        "several-organizations",
        "for a member of several organizations, only the first one's Registry Access Management applies",
    ),
];

/// Hosts to which registries redirect clients, from their operators' and Docker's documentation. An allowed host stands
/// for the hosts below it.
const REDIRECTS: [(&str, &[&str]); 6] = [
    ("ghcr.io", &["pkg-containers.githubusercontent.com"]),
    (
        "quay.io",
        &[
            "cdn.quay.io",
            "cdn01.quay.io",
            "cdn02.quay.io",
            "cdn03.quay.io",
            "cdn04.quay.io",
            "cdn05.quay.io",
            "cdn06.quay.io",
        ],
    ),
    ("registry.k8s.io", &["pkg.dev", "amazonaws.com"]),
    ("mcr.microsoft.com", &["data.mcr.microsoft.com"]),
    ("public.ecr.aws", &["d5l0dvt14r5h8.cloudfront.net"]),
    // Every account and region of Amazon ECR.
    ("amazonaws.com", &["amazonaws.com", "s3.amazonaws.com"]),
];

/// The hosts to which the registry at `address` redirects clients, as far as they are known.
pub(crate) fn redirects(address: &str) -> &'static [&'static str] {
    REDIRECTS.iter().find(|(domain, _)| below(address, domain)).map_or(&[], |(_, hosts)| hosts)
}

fn below(host: &str, domain: &str) -> bool {
    host == domain || host.ends_with(&format!(".{domain}"))
}

/// What is likely to go wrong with a policy, in sentences.
pub(crate) fn notes(policy: &Policy) -> Vec<String> {
    let mut notes = Vec::new();
    let ram = policy.registry_access.as_ref();
    let registries = ram.and_then(|ram| ram.registries.as_deref()).unwrap_or_default();
    notes.extend(registries.iter().filter_map(|registry| unlisted(registry, registries)));
    if ram.is_some_and(|ram| ram.docker_hub == Some(false)) {
        notes.push(
            "with docker-hub restricted, nobody can pull the organization's own mirrors from Docker Hub either"
                .to_owned(),
        );
    }
    let on = |ram: &RegistryAccess| ram.enabled == Some(true);
    let image_on = |images: &ImageAccess| images.enabled == Some(true);
    if policy.image_access.as_ref().is_some_and(image_on) && !ram.is_some_and(on) {
        notes.push(
            "Image Access Management should be on, but Registry Access Management should not: other registries stay open"
                .to_owned(),
        );
    }
    notes
}

/// The hosts that a registry needs and that are not listed.
fn unlisted(registry: &AllowedRegistry, all: &[AllowedRegistry]) -> Option<String> {
    let address = registry.address.as_str();
    let hosts = redirects(address);
    let listed = |host: &&&str| all.iter().any(|other| below(host, &other.address));
    let missing: Vec<&str> = hosts.iter().filter(|host| !listed(host)).copied().collect();
    (!missing.is_empty()).then(|| {
        format!(
            "{address} redirects clients to {}: list {} too",
            missing.join(", "),
            if missing.len() == 1 { "it" } else { "them" }
        )
    })
}
