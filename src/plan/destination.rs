//! What destinations can do besides storing images: which of the manifest's wishes each can fulfil, and what to say,
//! once, about those that it cannot.

use crate::image::RegistryHost;
use crate::manifest::{Destination, Image, Manifest, Visibility};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    DockerHub,
    /// GitHub's registry.
    Ghcr,
    /// A private registry of Amazon ECR.
    Ecr,
    ArtifactRegistry,
    /// Any other registry, including Harbor, whose hosts cannot be told from others.
    Oci,
    /// Image layouts on disk.
    Directory,
}

impl Kind {
    #[must_use]
    pub fn of(destination: &Destination) -> Self {
        match destination {
            Destination::Directory(_) => Self::Directory,
            Destination::Registry(host) if host.is_docker_hub() => Self::DockerHub,
            Destination::Registry(host) if host.as_str() == "ghcr.io" => Self::Ghcr,
            Destination::Registry(host) if host.ecr().is_some() => Self::Ecr,
            Destination::Registry(host) if is_artifact_registry(host) => Self::ArtifactRegistry,
            Destination::Registry(_) => Self::Oci,
        }
    }

    /// Whether repositories are created ahead of the first push, given a credential for it.
    #[must_use]
    pub const fn is_made_ahead(self) -> bool {
        matches!(self, Self::DockerHub | Self::Ecr)
    }
}

/// `LOCATION-docker.pkg.dev`, and the older names.
fn is_artifact_registry(host: &RegistryHost) -> bool {
    let host = host.as_str();
    host.ends_with("-docker.pkg.dev") || host == "gcr.io" || host.ends_with(".gcr.io")
}

/// What the manifest wants for these images and their destination cannot do, each said once, with an alternative.
#[must_use]
pub fn lacking(manifest: &Manifest, images: &[&Image]) -> Vec<String> {
    let kind = Kind::of(&manifest.registry);
    let place = match &manifest.registry {
        Destination::Registry(host) => host.to_string(),
        Destination::Directory(directory) => format!("oci:{}", directory.display()),
    };
    if kind == Kind::DockerHub {
        return Vec::new();
    }
    let mut said = Vec::new();
    let any = |wished: fn(&Image) -> bool| images.iter().any(|image| wished(image));
    if any(|image| image.visibility == Visibility::Public) {
        said.push(match kind {
            Kind::Ghcr => format!(
                "{place}: `visibility: public` is left to you: a new package is private, and GitHub has no API to change that; do it on the package's page, under Package settings"
            ),
            Kind::Ecr => format!("{place}: `visibility: public` is not possible: Amazon ECR's private registries have no public repositories"),
            _ => format!("{place}: `visibility: public` is left to you: there is no standard way to set it"),
        });
    }
    if any(|image| !image.teams.is_empty()) {
        said.push(format!(
            "{place}: `teams` are Docker Hub's and are not granted there: grant access with that registry's own tools"
        ));
    }
    if any(|image| image.immutable_tags) {
        said.push(format!("{place}: `immutable-tags` is not set there: set it with that registry's own tools"));
    }
    if any(|image| image.description.is_some()) {
        said.push(format!("{place}: `description` is not written there"));
    }
    said
}

/// What a destination means by an error whose words alone do not explain it, and what to do.
pub(crate) fn explained(manifest: &Manifest, error: &str) -> Option<String> {
    let (kind, lower) = (Kind::of(&manifest.registry), error.to_lowercase());
    let organization = &manifest.organization;
    let project = organization.split('/').next().unwrap_or(organization);
    let missing = lower.contains("name_unknown") || lower.contains("not found") || lower.contains("does not exist");
    match kind {
        Kind::Ecr if missing && lower.contains("push") => Some(
            "Amazon ECR does not create repositories on push: with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY it is created beforehand (IAM ecr:CreateRepository), otherwise create it yourself"
                .to_owned(),
        ),
        Kind::ArtifactRegistry if missing && lower.contains("push") => Some(format!(
            "Artifact Registry does not create repositories on push: create the one that `organization: {organization}` names, as PROJECT/REPOSITORY"
        )),
        Kind::Oci if lower.contains(&format!("project {project} not found")) => Some(format!(
            "Harbor has no project {project}, and a push does not create one: create it, and let this credential push to it"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const ECR: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

    fn manifest(registry: &str, more: &str) -> Manifest {
        let organization = if registry.contains("pkg.dev") { "proj/mirror" } else { "acme" };
        let images = format!("images:\n  - source: grafana/loki\n{more}  - source: grafana/tempo\n{more}");
        let text = format!("organization: {organization}\nregistry: {registry}\n{images}");
        let file = crate::manifest::file("approved-images.yml", text.into_bytes()).unwrap();
        crate::manifest::parse(vec![file]).unwrap()
    }

    fn said(registry: &str, more: &str) -> Vec<String> {
        let manifest = manifest(registry, more);
        lacking(&manifest, &manifest.images.iter().collect::<Vec<_>>())
    }

    #[test]
    fn destinations_are_told_apart() {
        let kind = |registry: &str| Kind::of(&manifest(registry, "").registry);
        assert_eq!(kind("docker.io"), Kind::DockerHub);
        assert_eq!(kind("ghcr.io"), Kind::Ghcr);
        assert_eq!(kind(ECR), Kind::Ecr);
        assert_eq!(kind("europe-docker.pkg.dev"), Kind::ArtifactRegistry);
        assert_eq!(kind("harbor.corp"), Kind::Oci);
        assert_eq!(kind("oci:mirror"), Kind::Directory);
    }

    #[test]
    fn what_a_destination_lacks_is_said_once_and_only_where_it_is_wished() {
        let wishes = "    visibility: public\n    teams: { developers: read }\n    description: Logs\n    immutable-tags: true\n    rebuilds: ignore\n";
        for registry in ["ghcr.io", ECR, "europe-docker.pkg.dev", "harbor.corp", "oci:mirror"] {
            assert_eq!(said(registry, wishes).len(), 4, "{registry}");
            assert_eq!(said(registry, ""), Vec::<String>::new(), "{registry}");
            assert!(said(registry, wishes).iter().all(|text| text.starts_with(&format!("{registry}: `"))));
        }
        assert_eq!(said("docker.io", wishes), Vec::<String>::new());
        assert!(said("ghcr.io", "    visibility: public\n")[0].contains("Package settings"));
    }

    #[test]
    fn errors_that_tell_little_are_explained() {
        let of = |registry: &str, error: &str| explained(&manifest(registry, ""), error);
        let unknown =
            "push to acme/loki: 404 NAME_UNKNOWN: The repository with name 'acme/loki' does not exist in the registry";
        assert!(of(ECR, unknown).unwrap().contains("ecr:CreateRepository"));
        assert!(of("europe-docker.pkg.dev", unknown).unwrap().contains("proj/mirror"));
        let harbor = "refused push to acme/loki: 401 UNAUTHORIZED: project acme not found: project acme not found";
        assert!(of("harbor.corp", harbor).unwrap().contains("Harbor has no project acme"));
        for (registry, error) in
            [("harbor.corp", unknown), (ECR, "pull of acme/loki: 404"), ("docker.io", unknown), ("ghcr.io", harbor)]
        {
            assert_eq!(of(registry, error), None, "{registry} {error}");
        }
    }
}
