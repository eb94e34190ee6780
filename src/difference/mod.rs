//! What changed between two images, and why: layers, configuration, packages, files, vulnerabilities, marks.
//!
//! Pure: what was read of both comes in, one account comes out, and every place shows that.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::image::{Descriptor, Digest};
use crate::layers::FileChange;
use crate::packages::{Listed, PackageChanges, PackageSource};
use crate::vulnerabilities::VulnerabilityChanges;

/// What was read of one platform of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlatformInside {
    pub digest: Digest,
    /// The bytes of its manifest, configuration and layers.
    pub size: u64,
    /// Bottom first.
    pub layers: Vec<Descriptor>,
    /// The bytes of its configuration, or why they could not be read.
    pub config: Result<bytes::Bytes, String>,
}

/// The same platform in two images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlatformPair {
    /// `os/architecture[/variant]` as upstream names it; empty for a single manifest.
    pub name: String,
    pub from: Option<PlatformInside>,
    pub to: Option<PlatformInside>,
    pub listed: Listed,
    pub files: Vec<FileChange>,
    /// Which layers were not read for files, and why.
    pub unread: Option<String>,
}

/// How signers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signing {
    Same,
    Lost,
    Changed,
}

/// Everything that was read of two images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImagePair {
    /// Whether there is a former image.
    pub is_first: bool,
    pub platforms: Vec<PlatformPair>,
    pub signing: Signing,
    /// The commits that provenance names, of the former and the new image.
    pub commits: [Option<String>; 2],
    pub vulnerabilities: VulnerabilityChanges,
}

/// Why the bytes differ, the most serious first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Nothing that was looked at explains it.
    Unexplained,
    /// Platforms came or went.
    Platforms,
    /// The image that it is built on was replaced.
    Base,
    /// It was built from another commit.
    Source,
    Packages,
    Config,
    /// The same packages and configuration, built again.
    Rebuild,
    /// The same bytes.
    Same,
}

/// What makes a change risky, the most serious first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    PlatformLost,
    SignatureLost,
    SignerChanged,
    Unexplained,
    NewCritical,
    /// It runs as root, and did not before.
    Root,
    Setuid,
    NewExecutable,
    Entrypoint,
    Port,
    DowngradedPackage,
    NotLookedAt,
    BaseChanged,
}

/// What a configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    User,
    Entrypoint,
    Command,
    Env,
    Port,
    Volume,
    Label,
    StopSignal,
    Workdir,
}

/// One difference of the configurations: text by others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct ConfigChange {
    pub field: Field,
    /// Null if only the new image has it.
    pub from: Option<String>,
    /// Null if only the former image has it.
    pub to: Option<String>,
}

/// Layers by their digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct LayerCounts {
    pub kept: usize,
    pub added: usize,
    pub dropped: usize,
}

/// How one platform differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlatformDifference {
    pub name: String,
    /// Digest and size in the former image.
    pub from: Option<(Digest, u64)>,
    pub to: Option<(Digest, u64)>,
    pub layers: LayerCounts,
    /// The compressed bytes of the layers that were added and dropped.
    pub added_bytes: u64,
    pub dropped_bytes: u64,
    pub config: Vec<ConfigChange>,
    pub source: PackageSource,
    /// Why packages or files are not, or not all, known.
    pub detail: Option<String>,
    pub packages: PackageChanges,
    pub files: Vec<FileChange>,
}

/// The one account of what changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub why: Why,
    pub platforms: Vec<PlatformDifference>,
    pub vulnerabilities: VulnerabilityChanges,
    pub marks: BTreeSet<Mark>,
}

/// Decides what changed.
pub(crate) fn difference(pair: ImagePair) -> Difference {
    Difference {
        why: Why::Unexplained,
        platforms: Vec::new(),
        vulnerabilities: pair.vulnerabilities,
        marks: BTreeSet::new(),
    }
}
