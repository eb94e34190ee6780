//! What differs inside two images, in the form for programs.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::difference::{ConfigChange, LayerCounts, PlatformDifference};
use crate::image::Digest;
use crate::layers::FileChange;
use crate::packages::{LicenceNames, Package, PackageSource, Packages, VersionChange, VersionChanges};
use crate::text::excerpt;
use crate::vulnerabilities::{
    Excepted, ExceptedList, Severity, Vulnerability, VulnerabilityChanges, VulnerabilityList, VulnerabilitySource,
};

/// The most characters of a text by others.
const TEXT: usize = 500;

/// How one platform differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ComparedPlatform {
    /// `os/architecture[/variant]`; empty for a single manifest.
    pub platform: String,
    /// The digest of its manifest in the former image; null if that does not have it.
    pub from: Option<Digest>,
    /// The same in the new image.
    pub to: Option<Digest>,
    /// The bytes of manifest, configuration and layers.
    pub size: Sizes,
    /// How many layers both have, and only one of them has.
    pub layers: LayerCounts,
    /// What differs in the configuration; all of it for a first approval.
    pub config: Vec<ConfigChange>,
    /// What differs in the packages; all of them for a first approval.
    pub packages: ComparedPackages,
    /// Licences of packages.
    pub licences: ComparedLicences,
    /// Files of the new image that a reviewer should know of.
    pub files: Vec<FileChange>,
    /// How many of `config` are left out, because the lists of all changes of one run are too long.
    #[serde(rename = "config-omitted", skip_serializing_if = "is_none")]
    pub config_omitted: usize,
    /// How many of `files` are left out for that reason.
    #[serde(rename = "files-omitted", skip_serializing_if = "is_none")]
    pub files_omitted: usize,
}

/// Sizes in bytes; null where there is no such image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sizes {
    /// Of the former image.
    pub from: Option<u64>,
    /// Of the new image.
    pub to: Option<u64>,
}

/// How the packages differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ComparedPackages {
    /// Where the lists come from.
    pub source: PackageSource,
    /// Why packages, configuration or files are not, or not all, known; null if they are.
    pub detail: Option<String>,
    /// Packages that only the new image has.
    #[serde(serialize_with = "named")]
    #[schemars(with = "Vec<NamedPackage>")]
    pub(crate) added: Packages,
    /// Packages that only the former image has.
    #[serde(serialize_with = "named")]
    #[schemars(with = "Vec<NamedPackage>")]
    pub(crate) removed: Packages,
    /// Packages whose version is newer.
    #[serde(serialize_with = "versions")]
    #[schemars(with = "Vec<PackageVersions>")]
    pub(crate) upgraded: VersionChanges,
    /// Packages whose version is older.
    #[serde(serialize_with = "versions")]
    #[schemars(with = "Vec<PackageVersions>")]
    pub(crate) downgraded: VersionChanges,
    /// How many of `added` are left out, because the lists of all changes of one run are too long.
    #[serde(rename = "added-omitted", skip_serializing_if = "is_none")]
    pub added_omitted: usize,
    /// How many of `removed` are left out.
    #[serde(rename = "removed-omitted", skip_serializing_if = "is_none")]
    pub removed_omitted: usize,
    /// How many of `upgraded` are left out.
    #[serde(rename = "upgraded-omitted", skip_serializing_if = "is_none")]
    pub upgraded_omitted: usize,
    /// How many of `downgraded` are left out.
    #[serde(rename = "downgraded-omitted", skip_serializing_if = "is_none")]
    pub downgraded_omitted: usize,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct NamedPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its package URL; null if it is not known.
    pub purl: Option<String>,
}

/// One package in two versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct PackageVersions {
    /// Its name.
    pub name: String,
    /// The former version.
    pub from: String,
    /// The new version.
    pub to: String,
    /// The package URL of the new version; null if it is not known.
    pub purl: Option<String>,
}

/// Licences that packages of one image have and none of the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ComparedLicences {
    /// Only in the new image.
    pub added: Vec<String>,
    /// Only in the former image.
    pub removed: Vec<String>,
    /// How many of `added` are left out: at most 1,000 are named.
    #[serde(rename = "added-omitted", skip_serializing_if = "is_none")]
    pub added_omitted: usize,
    /// How many of `removed` are left out.
    #[serde(rename = "removed-omitted", skip_serializing_if = "is_none")]
    pub removed_omitted: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_none(count: &usize) -> bool {
    *count == 0
}

/// How known vulnerabilities differ.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct ComparedVulnerabilities {
    /// Who knows of them.
    pub source: VulnerabilitySource,
    /// Why they are unknown; null if they are known or not asked for.
    pub detail: Option<String>,
    /// Only in the former image, the most serious first.
    #[serde(serialize_with = "vulnerabilities")]
    #[schemars(with = "Vec<KnownVulnerability>")]
    pub(crate) fixed: VulnerabilityList,
    /// Only in the new image.
    #[serde(serialize_with = "vulnerabilities")]
    #[schemars(with = "Vec<KnownVulnerability>")]
    pub(crate) new: VulnerabilityList,
    /// What does not count, according to VEX documents.
    #[serde(serialize_with = "exceptions")]
    #[schemars(with = "Vec<ExceptedVulnerability>")]
    pub(crate) excepted: ExceptedList,
    /// How many of `fixed` are left out, because the lists of all changes of one run are too long.
    #[serde(rename = "fixed-omitted", skip_serializing_if = "is_none")]
    pub fixed_omitted: usize,
    /// How many of `new` are left out.
    #[serde(rename = "new-omitted", skip_serializing_if = "is_none")]
    pub new_omitted: usize,
    /// How many of `excepted` are left out.
    #[serde(rename = "excepted-omitted", skip_serializing_if = "is_none")]
    pub excepted_omitted: usize,
    /// How many both have.
    pub same: usize,
}

/// One vulnerability of one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct KnownVulnerability {
    /// The CVE identifier if it has one.
    pub id: String,
    /// How serious it is.
    pub severity: Severity,
    /// The package that has it.
    pub package: String,
    /// Whether it is known to be exploited.
    #[serde(rename = "known-exploited")]
    pub known_exploited: bool,
}

/// A vulnerability that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct ExceptedVulnerability {
    /// The CVE identifier if it has one.
    pub id: String,
    /// The package that has it.
    pub package: String,
    /// Why it does not count.
    pub reason: String,
}

/// A text by others.
pub(super) fn shown(text: &str) -> String {
    excerpt(text, TEXT)
}

/// A text by others, if there is one.
pub(super) fn shown_if(text: Option<impl AsRef<str>>) -> Option<String> {
    text.map(|text| shown(text.as_ref()))
}

impl From<&PlatformDifference> for ComparedPlatform {
    fn from(platform: &PlatformDifference) -> Self {
        let config = platform.config.iter().map(|change| ConfigChange {
            field: change.field,
            from: shown_if(change.from.as_ref()),
            to: shown_if(change.to.as_ref()),
        });
        let licences = |of: &LicenceNames| of.names.iter().map(|name| shown(name)).collect();
        let omitted = platform.packages.omitted;
        Self {
            platform: excerpt(&platform.name, 60),
            from: platform.from.as_ref().map(|(digest, _)| digest.clone()),
            to: platform.to.as_ref().map(|(digest, _)| digest.clone()),
            size: Sizes {
                from: platform.from.as_ref().map(|(_, size)| *size),
                to: platform.to.as_ref().map(|(_, size)| *size),
            },
            layers: platform.layers,
            config: config.collect(),
            packages: ComparedPackages {
                source: platform.source,
                detail: shown_if(platform.detail.as_ref()),
                added: platform.packages.added.clone(),
                removed: platform.packages.removed.clone(),
                upgraded: platform.packages.upgraded.clone(),
                downgraded: platform.packages.downgraded.clone(),
                added_omitted: omitted.added,
                removed_omitted: omitted.removed,
                upgraded_omitted: omitted.upgraded,
                downgraded_omitted: omitted.downgraded,
            },
            licences: ComparedLicences {
                added: licences(&platform.packages.licences_added),
                removed: licences(&platform.packages.licences_removed),
                added_omitted: platform.packages.licences_added.further,
                removed_omitted: platform.packages.licences_removed.further,
            },
            files: platform.files.iter().map(|file| FileChange { path: shown(&file.path), what: file.what }).collect(),
            config_omitted: platform.config_omitted.values().sum(),
            files_omitted: platform.files_omitted.values().sum(),
        }
    }
}

/// Lists can be long: each package is made for programs as it is written.
fn named<S: Serializer>(packages: &Packages, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(packages.iter().map(NamedPackage::from))
}

fn versions<S: Serializer>(changes: &VersionChanges, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(changes.iter().map(PackageVersions::from))
}

fn vulnerabilities<S: Serializer>(list: &VulnerabilityList, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(list.named().iter().map(KnownVulnerability::from))
}

fn exceptions<S: Serializer>(list: &ExceptedList, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(list.named.iter().map(ExceptedVulnerability::from))
}

impl From<Package<'_>> for NamedPackage {
    fn from(Package { name, version, purl, .. }: Package<'_>) -> Self {
        Self { name: shown(name), version: shown(version), purl: shown_if(purl) }
    }
}

impl From<VersionChange<'_>> for PackageVersions {
    fn from(VersionChange { name, from, to, purl }: VersionChange<'_>) -> Self {
        Self { name: shown(name), from: shown(from), to: shown(to), purl: shown_if(purl) }
    }
}

impl From<&VulnerabilityChanges> for ComparedVulnerabilities {
    fn from(changes: &VulnerabilityChanges) -> Self {
        Self {
            source: changes.source,
            detail: shown_if(changes.detail.as_ref()),
            fixed: changes.fixed.clone(),
            new: changes.new.clone(),
            excepted: changes.excepted.clone(),
            fixed_omitted: changes.fixed.further(),
            new_omitted: changes.new.further(),
            excepted_omitted: changes.excepted.further,
            same: changes.same.total(),
        }
    }
}

impl From<&Vulnerability> for KnownVulnerability {
    fn from(found: &Vulnerability) -> Self {
        let Vulnerability { severity, id, package, known_exploited, .. } = found;
        Self { id: shown(id), severity: *severity, package: shown(package), known_exploited: *known_exploited }
    }
}

impl From<&Excepted> for ExceptedVulnerability {
    fn from(excepted: &Excepted) -> Self {
        let Excepted { id, package, reason, .. } = excepted;
        Self { id: shown(id), package: shown(package), reason: shown(reason) }
    }
}
