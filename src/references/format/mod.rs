//! Which format a file has.

mod formats;
mod path;
mod text;
mod yaml;

#[cfg(test)]
mod tests;

use path::Kind;
use text::{json_patch, kubernetes_json, mentions_images, opens_target, starts_as_dockerfile, template};

pub(crate) use formats::Format;

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
            Kind::Json if kubernetes_json(text) => Some(Self::Kubernetes),
            Kind::Json => json_patch(text).then_some(Self::JsonPatch),
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
