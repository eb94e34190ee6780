//! What changed, in the form that every place shows.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::config::{ConfigChange, Field};
use crate::image::Digest;
use crate::layers::{FileChange, FileKind};
use crate::packages::{PackageChanges, PackageSource};
use crate::vulnerabilities::VulnerabilityChanges;

/// Why the bytes differ, the most serious first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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
    /// The packages differ.
    Packages,
    /// The configuration differs.
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
    /// A platform that the former image has is missing.
    PlatformLost,
    /// The former image is signed, and the new one is not.
    SignatureLost,
    /// Nobody who signed the former image signed the new one.
    SignerChanged,
    /// Nothing that was looked at explains why the bytes differ.
    Unexplained,
    /// It brings a critical vulnerability.
    NewCritical,
    /// It runs as root, and did not before; for a first approval, it runs as root.
    Root,
    /// A program runs with the rights of its owner or group, and did not before.
    Setuid,
    /// An executable that the former image lacks and no package owns.
    NewExecutable,
    /// Containers start something else.
    Entrypoint,
    /// It exposes one more port.
    Port,
    /// A package is older than before.
    DowngradedPackage,
    /// Packages are not known, or not of both images.
    NotLookedAt,
    /// The image that it is built on was replaced.
    BaseChanged,
}

impl Mark {
    /// All of them, the most serious first.
    pub(crate) const ALL: [Self; 13] = [
        Self::PlatformLost,
        Self::SignatureLost,
        Self::SignerChanged,
        Self::Unexplained,
        Self::NewCritical,
        Self::Root,
        Self::Setuid,
        Self::NewExecutable,
        Self::Entrypoint,
        Self::Port,
        Self::DowngradedPackage,
        Self::NotLookedAt,
        Self::BaseChanged,
    ];
}

/// Layers by their digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct LayerCounts {
    /// How many both images have.
    pub kept: usize,
    /// How many only the new image has.
    pub added: usize,
    /// How many only the former image has.
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
    /// In order of fields. For a first approval, all that the configuration says, as added.
    pub config: Vec<ConfigChange>,
    /// How many changes of the configuration are left out.
    pub config_omitted: BTreeMap<Field, usize>,
    pub source: PackageSource,
    /// Why packages, configuration or files are not, or not all, known.
    pub detail: Option<String>,
    pub packages: PackageChanges,
    pub files: Vec<FileChange>,
    /// How many files are left out.
    pub files_omitted: BTreeMap<FileKind, usize>,
}

impl PlatformDifference {
    /// How many changes of the configuration there are, listed or not.
    pub(crate) fn config_count(&self) -> usize {
        self.config.len() + self.config_omitted.values().sum::<usize>()
    }

    /// How many files of a kind there are, listed or not.
    pub(crate) fn file_count(&self, kind: FileKind) -> usize {
        let omitted = self.files_omitted.get(&kind).copied().unwrap_or_default();
        self.files.iter().filter(|file| file.what == kind).count() + omitted
    }
}

/// How one thing that publishers name differs: text by others. `None` where it is not named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    pub from: Option<String>,
    pub to: Option<String>,
}

impl Named {
    /// Whether both are named, and not the same.
    pub(crate) fn differs(&self) -> bool {
        self.from.is_some() && self.to.is_some() && self.from != self.to
    }
}

/// The one account of what changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// `None` for a first approval.
    pub why: Option<Why>,
    /// The base images, if they were replaced: `name@digest` as labels name them, else `None`: the layers tell.
    pub base: Option<Named>,
    /// The commits, if they differ, as labels or provenance name them.
    pub commits: Option<Named>,
    pub platforms: Vec<PlatformDifference>,
    pub vulnerabilities: VulnerabilityChanges,
    pub marks: BTreeSet<Mark>,
    /// What the lists said before some of each was left out; `None` if they have all.
    pub whole: Option<Box<Whole>>,
}

/// What complete lists say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whole {
    /// The bytes of memory that each list took.
    pub(super) sizes: Vec<usize>,
    /// In which texts characters are hidden.
    pub hidden: BTreeSet<&'static str>,
    /// How many names removed packages have.
    pub removed: usize,
    /// How many different downgrades of packages there are.
    pub downgraded: usize,
    /// How many licences are new.
    pub licences: usize,
    /// How many different files of each kind there are.
    pub files: BTreeMap<FileKind, usize>,
    /// How many vulnerabilities are fixed because their package was removed.
    pub fixed_by_removal: usize,
    /// The positions of the platforms on which the packages of all fixed vulnerabilities changed, and of all new ones;
    /// `None` if they are not the same for all of them, or all platforms.
    pub places: [Option<BTreeSet<usize>>; 2],
}

impl Difference {
    /// Whether there is no former image.
    pub(crate) const fn is_first(&self) -> bool {
        self.why.is_none()
    }

    /// Between two images with the same digest: nothing was read, and nothing differs.
    pub(crate) fn same() -> Self {
        Self {
            why: Some(Why::Same),
            base: None,
            commits: None,
            platforms: Vec::new(),
            vulnerabilities: VulnerabilityChanges::default(),
            marks: BTreeSet::new(),
            whole: None,
        }
    }
}
