//! The packages that are installed in an image, as its SBOM or the package databases in its layers list them.
//!
//! Pure: documents in, packages and their differences out. All of it is hostile text.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::image::Digest;

mod changes;
pub(crate) mod database;
mod list;
mod purl;
mod sbom;
#[cfg(test)]
mod tests;
mod versions;

pub(crate) use changes::{changes, complete};
pub(crate) use sbom::read_sbom;

/// The most packages of one image that are read; more make the list unknown.
pub(crate) const MOST: usize = 100_000;

/// One installed package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    pub name: String,
    pub version: String,
    /// Its package URL (purl) with its version. Of the qualifiers only `distro` (`debian-12`) and `upstream` (the source
    /// package, with `@` and its version where that differs) are kept.
    pub purl: Option<String>,
    /// SPDX identifiers or what the database says instead, in order, each once.
    pub licences: Vec<String>,
}

impl Package {
    /// The bytes of memory that it takes.
    pub(crate) fn memory(&self) -> usize {
        let texts = [&self.name, &self.version].into_iter().chain(&self.purl).map(String::len);
        let licences = self.licences.iter().map(|licence| licence.len() + size_of::<String>());
        size_of::<Self>() + texts.chain(licences).sum::<usize>()
    }
}

/// Where lists of packages come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PackageSource {
    /// The image's own SBOMs.
    Sbom,
    /// The package databases in its layers.
    Layers,
    /// Nothing lists them, or not on both sides.
    #[default]
    None,
}

/// What is known about the packages of two images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listed {
    /// Both lists are known; `from` is empty for a first approval.
    Known { source: PackageSource, from: Vec<Package>, to: Vec<Package> },
    /// No layer that only one of the images has touches a package database: they are equal, whatever they are.
    Untouched,
    /// Not known on both sides, and why.
    Unknown(String),
}

/// A package whose version differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct VersionChange {
    pub name: String,
    pub from: String,
    pub to: String,
    /// Of the new version.
    pub purl: Option<String>,
}

/// How two lists of packages differ, each list in order of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PackageChanges {
    pub added: Vec<Package>,
    pub removed: Vec<Package>,
    pub upgraded: Vec<VersionChange>,
    pub downgraded: Vec<VersionChange>,
    /// Licences that no package had before.
    pub licences_added: BTreeSet<String>,
    /// Licences that no package has any more.
    pub licences_removed: BTreeSet<String>,
}

impl PackageChanges {
    /// Whether no package differs.
    pub(crate) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.upgraded.is_empty() && self.downgraded.is_empty()
    }
}

/// What an SBOM says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sbom {
    /// What the in-toto statement that it came in is about; empty if it came in none. A statement about other digests
    /// says nothing about an image.
    pub subjects: Vec<Digest>,
    /// In order of names, each once.
    pub packages: Vec<Package>,
}
