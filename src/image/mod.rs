//! The names of images: registries, repositories, tags, digests, platforms, descriptors.
//!
//! Everything here is parsed once and is valid from then on: no tag, digest or repository travels as a `String`,
//! so none can carry a path traversal into a URL. Pure: no input, no output, no clock.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha512};

mod ecr;

pub use ecr::EcrHost;

/// Why a text is not the name it should be; the message is written for the person who wrote the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(String);

impl NameError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

macro_rules! text_type {
    ($name:ident) => {
        impl $name {
            /// The text, as it goes into URLs and files.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

/// A content digest: `sha256:` or `sha512:` and lower-case hexadecimal of the right length.
///
/// See the OCI image specification, `descriptor.md`, "Digests".
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

text_type!(Digest);

impl Digest {
    /// The SHA-256 digest of `bytes`.
    #[must_use]
    pub fn sha256(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::Sha256(Sha256::new());
        hasher.update(bytes);
        hasher.finish()
    }

    /// Starts a running digest with this digest's own algorithm, for checking bytes against it as they stream by.
    #[must_use]
    pub fn hasher(&self) -> Hasher {
        if self.algorithm() == "sha512" { Hasher::Sha512(Sha512::new()) } else { Hasher::Sha256(Sha256::new()) }
    }

    /// Whether `bytes` have this digest.
    #[must_use]
    pub fn matches(&self, bytes: &[u8]) -> bool {
        let mut hasher = self.hasher();
        hasher.update(bytes);
        hasher.finish() == *self
    }

    /// `sha256` or `sha512`.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// The hexadecimal part.
    #[must_use]
    pub fn hex(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or_default()
    }

    /// The first twelve hexadecimal digits, for people; never for identity.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.hex()[..12]
    }
}

impl FromStr for Digest {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (algorithm, hex) =
            text.split_once(':').ok_or_else(|| NameError::new("a digest is written sha256:<64 hexadecimal digits>"))?;
        let length = match algorithm {
            "sha256" => 64,
            "sha512" => 128,
            _ => return Err(NameError::new("a digest starts with sha256: or sha512:")),
        };
        if hex.len() != length || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(NameError::new(format!("a {algorithm} digest has {length} lower-case hexadecimal digits")));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A running digest; see [`Digest::hasher`].
#[derive(Clone)]
pub enum Hasher {
    /// SHA-256.
    Sha256(Sha256),
    /// SHA-512.
    Sha512(Sha512),
}

impl Hasher {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(h) => h.update(bytes),
            Self::Sha512(h) => h.update(bytes),
        }
    }

    /// The digest of everything added.
    #[must_use]
    pub fn finish(self) -> Digest {
        fn hex(bytes: &[u8]) -> String {
            bytes.iter().map(|b| format!("{b:02x}")).collect()
        }
        match self {
            Self::Sha256(h) => Digest(format!("sha256:{}", hex(&h.finalize()))),
            Self::Sha512(h) => Digest(format!("sha512:{}", hex(&h.finalize()))),
        }
    }
}

/// A tag: 1 to 128 characters, `[a-zA-Z0-9_][a-zA-Z0-9._-]*` (OCI distribution specification, "Pulling manifests").
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

text_type!(Tag);

impl FromStr for Tag {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let good = (1..=128).contains(&text.len())
            && text.bytes().enumerate().all(|(i, b)| word(b) || (i > 0 && matches!(b, b'.' | b'-')));
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::new(
                "a tag has 1 to 128 letters, digits, `_`, `.` or `-`, and starts with none of `.` and `-`",
            ))
        }
    }
}

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

    /// Whether Docker Hub takes it as the name of an organization's repository, which is less than the distribution
    /// specification lets in: `[a-z0-9]+(?:[._-][a-z0-9]+)*`, 2 to 255 characters, no `/`.
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
                "a repository is lower-case letters and digits, joined by `.`, `_`, `__` or `-`, in parts separated by `/`, 255 characters at most",
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

/// The name of a registry as manifests write it: a host with an optional port. `docker.io` is Docker Hub.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegistryHost(String);

text_type!(RegistryHost);

impl RegistryHost {
    /// Docker Hub, under the name that manifests use.
    #[must_use]
    pub fn docker_hub() -> Self {
        Self("docker.io".to_owned())
    }

    /// Whether this is Docker Hub.
    #[must_use]
    pub fn is_docker_hub(&self) -> bool {
        self.0 == "docker.io"
    }

    /// Whether the name is a loopback name or address, the only ones reached by plain HTTP without being told to.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// The host without its port.
    #[must_use]
    pub fn host(&self) -> &str {
        match self.0.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => &self.0,
        }
    }
}

impl FromStr for RegistryHost {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let bad = || {
            NameError::new(
                "a registry is a host name or address with an optional :port, such as ghcr.io or localhost:5000",
            )
        };
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (text, None),
        };
        if port.is_some_and(|p| p.parse::<u16>().is_err()) {
            return Err(bad());
        }
        let label = |l: &str| {
            !l.is_empty()
                && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !l.starts_with('-')
                && !l.ends_with('-')
        };
        let ip6 = host
            .strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'))
            .is_some_and(|h| h.parse::<std::net::Ipv6Addr>().is_ok());
        let name = host.len() <= 253 && host.split('.').all(label);
        if !ip6 && !name {
            return Err(bad());
        }
        Ok(match text {
            "index.docker.io" | "registry-1.docker.io" => Self::docker_hub(),
            _ => Self(text.to_owned()),
        })
    }
}

/// A repository on a registry, such as `docker.io/library/redis`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Repository {
    /// The registry.
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
    /// A repository on a registry.
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
            Some("") => Err(NameError::new("oci: needs a directory")),
            Some(dir) => Ok(Self::Layout(Path::new(dir).to_path_buf())),
            None => text.parse().map(Self::Remote),
        }
    }
}

/// What a manifest is asked by: its tag or its digest.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Reference {
    /// By tag: may answer other bytes tomorrow.
    Tag(Tag),
    /// By digest: answers these bytes or nothing.
    Digest(Digest),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

impl From<Tag> for Reference {
    fn from(tag: Tag) -> Self {
        Self::Tag(tag)
    }
}

impl From<Digest> for Reference {
    fn from(digest: Digest) -> Self {
        Self::Digest(digest)
    }
}

/// A platform as an image index names it (OCI image specification, `image-index.md`), written `os/architecture[/variant]`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Platform {
    /// `linux`, `windows`, ...
    pub os: String,
    /// `amd64`, `arm64`, ...
    pub architecture: String,
    /// `v7`, `v8`, ...
    pub variant: Option<String>,
}

impl Platform {
    /// Whether an index entry's platform is the one wanted: a wanted platform without variant takes any variant.
    #[must_use]
    pub fn admits(&self, entry: &Self) -> bool {
        self.os == entry.os
            && self.architecture == entry.architecture
            && (self.variant.is_none() || self.variant == entry.variant)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |v| write!(f, "/{v}"))
    }
}

impl FromStr for Platform {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let part = |p: &str| {
            !p.is_empty()
                && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
        };
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            [os, architecture, rest @ ..] if rest.len() <= 1 && parts.iter().all(|p| part(p)) => Ok(Self {
                os: (*os).to_owned(),
                architecture: (*architecture).to_owned(),
                variant: rest.first().map(|v| (*v).to_owned()),
            }),
            _ => Err(NameError::new(
                "a platform is written os/architecture, such as linux/amd64, with an optional /variant",
            )),
        }
    }
}

/// A reference to content by media type, digest and size (OCI image specification, `descriptor.md`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Descriptor {
    /// The media type, without parameters.
    pub media_type: String,
    /// The digest.
    pub digest: Digest,
    /// The size in bytes.
    pub size: u64,
    /// The platform, on entries of an index.
    pub platform: Option<Platform>,
    /// The artifact type, on referrers and artifacts.
    pub artifact_type: Option<String>,
    /// Annotations, as upstream wrote them: hostile text.
    pub annotations: BTreeMap<String, String>,
}
