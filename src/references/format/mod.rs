//! Which format a file has.

mod yaml;

#[cfg(test)]
mod tests;

/// The formats that name images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Format {
    Dockerfile,
    Compose,
    /// Kubernetes manifests, one or many documents, YAML or JSON, and Helm's templates of them.
    Kubernetes,
    HelmValues,
    Kustomize,
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

impl Format {
    /// The format of a file, by its path (with `/`, relative to the directory scanned) and, where that does not tell, by its
    /// text; `None` names no images that anybody knows.
    pub(crate) fn of(path: &str, text: &str) -> Option<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match Kind::of(path)? {
            Kind::Dockerfile => Some(Self::Dockerfile),
            Kind::MaybeDockerfile => starts_as_dockerfile(text).then_some(Self::Dockerfile),
            Kind::Devcontainer => Some(Self::Devcontainer),
            Kind::BakeHcl => Some(Self::BakeHcl),
            Kind::BakeJson => Some(Self::BakeJson),
            Kind::Hcl => text.lines().any(opens_target).then_some(Self::BakeHcl),
            Kind::Kustomize => Some(Self::Kustomize),
            Kind::Json => kubernetes_json(text).then_some(Self::Kubernetes),
            Kind::Template => template(text).then_some(Self::Kubernetes),
            Kind::Yaml => {
                if mentions_images(text) {
                    yaml::format(path, text)
                } else {
                    None
                }
            }
        }
    }

    /// Whether a file of this path can have a format at all: others are not read.
    pub(crate) fn possible(path: &str) -> bool {
        Kind::of(path).is_some()
    }
}

/// What a path alone tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
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
    fn of(path: &str) -> Option<Self> {
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

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a directory of the path has this name.
fn below(path: &str, directory: &str) -> bool {
    path.split('/').rev().skip(1).any(|part| part == directory)
}

fn in_templates(path: &str) -> bool {
    below(path, "templates")
}

/// Whether the file stands directly in `parent/directory`.
fn directly_in(path: &str, parent: &str, directory: &str) -> bool {
    let mut parts = path.rsplit('/').skip(1);
    parts.next() == Some(directory) && parts.next() == Some(parent)
}

/// The first line that is neither empty nor a comment is an instruction that a Dockerfile can begin with.
fn starts_as_dockerfile(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| {
        let word = line.split_ascii_whitespace().next().unwrap_or_default();
        let instruction = word.eq_ignore_ascii_case("from") || word.eq_ignore_ascii_case("arg");
        instruction && !line.contains(" import ")
    })
}

/// `target "name" {`, with which Bake's files are recognized under any name.
fn opens_target(line: &str) -> bool {
    line.strip_prefix("target")
        .is_some_and(|rest| rest.starts_with([' ', '\t', '"']) && rest.trim_end().ends_with('{') && !rest.contains('='))
}

/// A cheap test before lines are read.
fn mentions_images(text: &str) -> bool {
    ["image", "docker", "container", "services", "Image", "repository"].iter().any(|word| text.contains(word))
}

/// Whether `apiVersion` and `kind` are keys of the outermost object of a JSON text.
fn kubernetes_json(text: &str) -> bool {
    if !(text.contains("\"apiVersion\"") && text.contains("\"kind\"")) {
        return false;
    }
    let (mut depth, mut at, mut version, mut kind) = (0_usize, 0, false, false);
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let start = at;
                at = end_of_string(bytes, at);
                version |= depth == 1 && &bytes[start..at] == b"apiVersion";
                kind |= depth == 1 && &bytes[start..at] == b"kind";
                at += 1;
            }
            _ => {}
        }
    }
    version && kind
}

/// Where the quote stands that ends the string that is open here, or the end of the text.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

/// Whether a text in Helm's directory of templates is a template that can name an image.
fn template(text: &str) -> bool {
    text.contains("{{") && (text.contains("image") || text.contains("Image"))
}
