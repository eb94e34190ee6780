//! The packages that are installed in an image, as its SBOM or the package databases in its layers list them.
//!
//! Pure: documents in, packages and their differences out. All of it is hostile text.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::image::Digest;

mod changes;
mod cut;
pub(crate) mod database;
mod list;
mod packed;
mod purl;
mod sbom;
#[cfg(test)]
mod tests;
mod versions;

pub(crate) use changes::{changes, complete};
pub(crate) use packed::{Packages, VersionChanges};
pub(crate) use sbom::read_sbom;

/// The most packages of one image that are read; more make the list unknown.
pub(crate) const MOST: usize = 100_000;

/// One installed package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package<'a> {
    pub name: &'a str,
    pub version: &'a str,
    /// Its package URL (purl) with its version. Of the qualifiers only `distro` (`debian-12`) and `upstream` (the source
    /// package, with `@` and its version where that differs) are kept.
    pub purl: Option<&'a str>,
    /// SPDX identifiers or what the database says instead, in order, each once on a line.
    pub licences: &'a str,
}

impl<'a> Package<'a> {
    pub(crate) fn licences(self) -> impl Iterator<Item = &'a str> {
        self.licences.split('\n').filter(|licence| !licence.is_empty())
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
    Known { source: PackageSource, from: Packages, to: Packages },
    /// No layer that only one of the images has touches a package database: they are equal, whatever they are.
    Untouched,
    /// Not known on both sides, and why.
    Unknown(String),
}

/// A package whose version differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct VersionChange<'a> {
    pub name: &'a str,
    pub from: &'a str,
    pub to: &'a str,
    /// Of the new version.
    pub purl: Option<&'a str>,
}

/// How two lists of packages differ, each list in order of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PackageChanges {
    pub added: Packages,
    pub removed: Packages,
    pub upgraded: VersionChanges,
    pub downgraded: VersionChanges,
    /// Licences that no package had before.
    pub licences_added: LicenceNames,
    /// Licences that no package has any more.
    pub licences_removed: LicenceNames,
    /// How many packages the lists leave out.
    pub omitted: PackageCounts,
}

/// How many packages differ, in each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PackageCounts {
    pub added: usize,
    pub removed: usize,
    pub upgraded: usize,
    pub downgraded: usize,
}

impl PackageCounts {
    pub(crate) const fn total(self) -> usize {
        self.added + self.removed + self.upgraded + self.downgraded
    }
}

/// Some licences.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LicenceNames {
    /// Of very many, the first.
    pub names: BTreeSet<String>,
    /// How many are left out.
    pub further: usize,
}

impl LicenceNames {
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// How many there are, named or not.
    pub(crate) fn count(&self) -> usize {
        self.names.len() + self.further
    }
}

impl PackageChanges {
    /// How many packages differ, listed or not.
    pub(crate) fn counts(&self) -> PackageCounts {
        PackageCounts {
            added: self.added.len() + self.omitted.added,
            removed: self.removed.len() + self.omitted.removed,
            upgraded: self.upgraded.len() + self.omitted.upgraded,
            downgraded: self.downgraded.len() + self.omitted.downgraded,
        }
    }

    /// Whether no package differs.
    pub(crate) fn is_empty(&self) -> bool {
        self.counts().total() == 0
    }
}

/// What an SBOM says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sbom {
    /// What the in-toto statement that it came in is about; empty if it came in none. A statement about other digests
    /// says nothing about an image.
    pub subjects: Vec<Digest>,
    /// In order of names, each once.
    pub packages: Packages,
}
