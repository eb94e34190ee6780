//! Repositories, on registries and on disk.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::name::{NameError, text_type};
use super::registry::RegistryHost;

/// The path of a repository inside its registry, such as `library/redis` (OCI distribution specification, `<name>`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryName(String);

text_type!(RepositoryName);

impl RepositoryName {
    /// The last path component: the default name of the mirror.
    #[must_use]
    pub fn last(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Whether Docker Hub accepts it as the name of an organization's repository, which is stricter than the
    /// distribution specification: `[a-z0-9]+(?:[._-][a-z0-9]+)*`, 2 to 255 characters, no `/`.
    #[must_use]
    pub fn fits_docker_hub(&self) -> bool {
        let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        (2..=255).contains(&self.0.len()) && self.0.split(['.', '_', '-']).all(word)
    }
}

impl FromStr for RepositoryName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.len() <= 255 && text.split('/').all(is_path_component) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::new(
                "a repository name consists of lower-case letters and digits, joined by `.`, `_`, `__` or `-`, in parts separated by `/`, and has at most 255 characters",
            ))
        }
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_path_component(part: &str) -> bool {
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    alphanumeric(first)
        && alphanumeric(last)
        && bytes
            .split(alphanumeric)
            .all(|gap| matches!(gap, b"" | b"." | b"_" | b"__") || gap.iter().all(|b| *b == b'-'))
}

/// A repository on a registry, such as `docker.io/library/redis`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Repository {
    pub registry: RegistryHost,
    /// The path inside it, with Docker Hub's `library/` written out.
    pub name: RepositoryName,
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.name)
    }
}

impl FromStr for Repository {
    type Err = NameError;

    /// Reads a repository as people write it: without a host it is on Docker Hub, without a namespace it is an official image.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let is_host = |part: &str| part.contains(['.', ':']) || part == "localhost";
        let (registry, name) = match text.split_once('/') {
            Some((host, rest)) if is_host(host) => (host.parse()?, rest.to_owned()),
            _ => (RegistryHost::docker_hub(), text.to_owned()),
        };
        let name = if registry.is_docker_hub() && !name.contains('/') { format!("library/{name}") } else { name };
        Ok(Self { registry, name: name.parse()? })
    }
}

/// Where an image comes from or goes to: a repository on a registry, or an OCI image layout on disk (`oci:DIR`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Location {
    Remote(Repository),
    /// An OCI image layout directory (OCI image specification, `image-layout.md`), relative to the working directory.
    Layout(PathBuf),
}

impl Location {
    /// The registry's host; `None` for a layout.
    #[must_use]
    pub fn registry(&self) -> Option<&RegistryHost> {
        match self {
            Self::Remote(repository) => Some(&repository.registry),
            Self::Layout(_) => None,
        }
    }

    /// The last path component, the default name of the mirror.
    #[must_use]
    pub fn last(&self) -> &str {
        match self {
            Self::Remote(repository) => repository.name.last(),
            Self::Layout(path) => path.file_name().and_then(|n| n.to_str()).unwrap_or_default(),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote(repository) => repository.fmt(f),
            Self::Layout(path) => write!(f, "oci:{}", path.display()),
        }
    }
}

impl FromStr for Location {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.strip_prefix("oci:") {
            Some("") => Err(NameError::new("`oci:` needs a directory")),
            Some(dir) => Ok(Self::Layout(Path::new(dir).to_path_buf())),
            None => text.parse().map(Self::Remote),
        }
    }
}
