//! What a VEX statement is about: an image, a package, or a package in an image.

use std::str::FromStr as _;

use packageurl::PackageUrl;

use crate::image::{Digest, Repository};
use crate::vulnerabilities::Finding;
use crate::vulnerabilities::identity::ImageIdentity;

/// The longest identifier, in bytes.
const LONGEST: usize = 1_000;
/// The most digests of one product, and the most packages in it.
const MOST: usize = 1_000;

/// A product that a statement names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Product {
    /// Its package URL, or another identifier.
    pub(super) id: String,
    /// The hexadecimal SHA-256 digests that the statement gives.
    pub(super) hashes: Vec<String>,
    /// The packages in it that the statement is about; all if empty.
    pub(super) parts: Vec<String>,
}

impl Product {
    pub(super) fn of(id: String) -> Self {
        Self::new(id, Vec::new(), Vec::new())
    }

    /// What is too long to be one names nothing, and of very many digests and packages the first count.
    pub(super) fn new(id: String, hashes: Vec<String>, parts: Vec<String>) -> Self {
        let is_all = parts.is_empty();
        let few = |names: Vec<String>| names.into_iter().filter(|name| name.len() <= LONGEST).take(MOST).collect();
        let (id, hashes, mut parts): (_, _, Vec<String>) =
            (Some(id).filter(|id| id.len() <= LONGEST).unwrap_or_default(), few(hashes), few(parts));
        if parts.is_empty() && !is_all {
            // None of them is a package, which is not all of them.
            parts.push(String::new());
        }
        Self { id, hashes, parts }
    }

    /// The bytes of memory that it takes, about.
    pub(super) fn memory(&self) -> usize {
        let texts = self.hashes.iter().chain(&self.parts).map(|text| text.len() + size_of::<String>());
        size_of::<Self>() + self.id.len() + texts.sum::<usize>()
    }

    pub(super) fn is(&self, finding: &Finding, image: &ImageIdentity) -> bool {
        if self.is_image(image) {
            return self.parts.is_empty() || self.parts.iter().any(|part| is_package(part, finding));
        }
        self.parts.is_empty() && is_package(&self.id, finding)
    }

    /// Whether it is the image, by digest, or all of its repository's.
    fn is_image(&self, image: &ImageIdentity) -> bool {
        let has = |hex: &str| image.digests.iter().any(|digest| digest.hex() == hex);
        if self.hashes.iter().any(|hash| has(hash)) {
            return true;
        }
        let Ok(purl) = PackageUrl::from_str(&self.id) else { return false };
        let repository = match purl.ty() {
            "oci" => purl.qualifiers().get("repository_url").map(|url| of_url(url, purl.name())),
            "docker" => {
                let name = [purl.namespace(), Some(purl.name())].into_iter().flatten().collect::<Vec<_>>().join("/");
                Some(match purl.qualifiers().get("repository_url") {
                    Some(host) => format!("{host}/{name}"),
                    None => name,
                })
            }
            _ => return false,
        };
        let is_there = repository.as_deref().map(|name| same_repository(name, &image.repository));
        match purl.version() {
            // A digest identifies an image by itself, wherever it is.
            Some(version) => {
                let digest = Digest::from_str(version).ok();
                is_there != Some(false) && digest.is_some_and(|digest| image.digests.contains(&digest))
            }
            None => is_there == Some(true),
        }
    }
}

/// `repository_url` with or without the name.
fn of_url(url: &str, name: &str) -> String {
    let url = url.trim_end_matches('/');
    if url.ends_with(&format!("/{name}")) { url.to_owned() } else { format!("{url}/{name}") }
}

fn same_repository(name: &str, repository: &str) -> bool {
    let known = |name: &str| Repository::from_str(name).map_or_else(|_| name.to_owned(), |known| known.to_string());
    known(name) == known(repository)
}

/// Whether a package URL names the package of a finding; one without a version names all.
fn is_package(purl: &str, finding: &Finding) -> bool {
    let (Ok(named), Some(Ok(found))) = (PackageUrl::from_str(purl), finding.purl.as_deref().map(PackageUrl::from_str))
    else {
        return false;
    };
    let version = named.version().is_none() || named.version() == found.version();
    named.ty() == found.ty() && named.namespace() == found.namespace() && named.name() == found.name() && version
}
