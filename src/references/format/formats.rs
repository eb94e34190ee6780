//! The formats.

/// The formats that name images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Format {
    Dockerfile,
    Compose,
    /// Kubernetes manifests, one or many documents, YAML or JSON, and Helm's templates of them.
    Kubernetes,
    HelmValues,
    Kustomize,
    /// Operations on a Kubernetes resource (RFC 6902), in YAML or JSON.
    JsonPatch,
    /// A workflow of GitHub Actions.
    Workflow,
    /// The metadata of an action, `action.yml`.
    Action,
    GitLab,
    /// A Bake file in HCL.
    BakeHcl,
    /// A Bake file in JSON.
    BakeJson,
    Devcontainer,
}
