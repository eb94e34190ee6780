//! What the path of a file tells about its format.

/// What a path alone tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Dockerfile,
    /// Named as one, with the extension of something else: `Dockerfile.py` is one, `dockerfile.py` may be a module.
    MaybeDockerfile,
    Devcontainer,
    BakeHcl,
    BakeJson,
    Kustomize,
    Hcl,
    Json,
    /// Helm's named templates.
    Template,
    Yaml,
}

impl Kind {
    pub(super) fn of(path: &str) -> Option<Self> {
        let name = file_name(path);
        if let Some(kind) = Self::of_dockerfile(name) {
            return Some(kind);
        }
        match name {
            "devcontainer.json" | ".devcontainer.json" => return Some(Self::Devcontainer),
            "kustomization.yaml" | "kustomization.yml" | "Kustomization" => return Some(Self::Kustomize),
            // Large, everywhere, and never Kubernetes manifests.
            "package.json" | "package-lock.json" | "tsconfig.json" | "pnpm-lock.yaml" => return None,
            _ => {}
        }
        let bake = name.starts_with("docker-bake");
        match name.rsplit_once('.')?.1 {
            "hcl" if bake || name.ends_with(".bake.hcl") => Some(Self::BakeHcl),
            "json" if bake || name.ends_with(".bake.json") => Some(Self::BakeJson),
            "hcl" => Some(Self::Hcl),
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "tpl" if in_templates(path) => Some(Self::Template),
            _ => None,
        }
    }

    /// `Dockerfile`, `Containerfile`, `Dockerfile.web`, `web.Dockerfile`, as Docker, Podman and Renovate know them.
    fn of_dockerfile(name: &str) -> Option<Self> {
        let known = |word: &str| matches!(word, "Dockerfile" | "dockerfile" | "Containerfile" | "containerfile");
        if known(name) || name.rsplit_once('.').is_some_and(|(_, last)| known(last)) {
            return Some(Self::Dockerfile);
        }
        let stem = name.get(1..).filter(|_| name.starts_with(['D', 'd', 'C', 'c']))?;
        let rest = stem.strip_prefix("ockerfile").or_else(|| stem.strip_prefix("ontainerfile"))?;
        match rest.rsplit_once('.').map(|(_, extension)| extension) {
            Some("dockerignore" | "containerignore") => None,
            Some(extension) if OTHER_TEXTS.contains(&extension) => Some(Self::MaybeDockerfile),
            _ => Some(Self::Dockerfile),
        }
    }
}

/// Extensions of texts that are about Dockerfiles, or of Dockerfiles for that language.
const OTHER_TEXTS: [&str; 26] = [
    "c", "cc", "cpp", "cs", "css", "go", "h", "html", "java", "js", "json", "kt", "lock", "md", "php", "py", "rb",
    "rs", "rst", "sh", "ts", "toml", "tsx", "txt", "yaml", "yml",
];

pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a directory of the path has this name.
pub(super) fn below(path: &str, directory: &str) -> bool {
    path.split('/').rev().skip(1).any(|part| part == directory)
}

pub(super) fn in_templates(path: &str) -> bool {
    below(path, "templates")
}

/// Whether the file stands directly in `parent/directory`.
pub(super) fn directly_in(path: &str, parent: &str, directory: &str) -> bool {
    let mut parts = path.rsplit('/').skip(1);
    parts.next() == Some(directory) && parts.next() == Some(parent)
}
