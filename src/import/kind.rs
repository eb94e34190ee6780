//! Whose configurations are read.

/// Whose configuration a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Regsync,
    /// The file of `skopeo sync --src yaml`.
    Skopeo,
    ImageSyncer,
    /// The `config.yaml` of Rancher's image-mirror (now artifact-mirror).
    Rancher,
    Dregsy,
    /// What `kubectl get pods -o json` (or `-o yaml`) prints, or any manifests.
    Kubernetes,
    /// A list of an organization's repositories, each with its source.
    Hub,
}

impl Kind {
    /// The names on the command line.
    pub(crate) const NAMES: [&'static str; 6] =
        ["regsync", "skopeo", "image-syncer", "rancher", "dregsy", "kubernetes"];

    /// The kind of a name of [`Self::NAMES`].
    pub(crate) fn named(name: &str) -> Option<Self> {
        const KINDS: [Kind; 6] =
            [Kind::Regsync, Kind::Skopeo, Kind::ImageSyncer, Kind::Rancher, Kind::Dregsy, Kind::Kubernetes];
        Self::NAMES.iter().position(|known| *known == name).map(|at| KINDS[at])
    }

    /// Its name in sentences.
    pub(super) const fn tool(self) -> &'static str {
        match self {
            Self::Regsync => "regsync",
            Self::Skopeo => "skopeo sync",
            Self::ImageSyncer => "image-syncer",
            Self::Rancher => "Rancher's image-mirror",
            Self::Dregsy => "dregsy",
            Self::Kubernetes => "a Kubernetes cluster",
            Self::Hub => "Docker Hub",
        }
    }
}
