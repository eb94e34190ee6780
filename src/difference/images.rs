//! What was read of two images.

use std::collections::BTreeMap;

use crate::image::{Descriptor, Digest};
use crate::layers::FileChange;
use crate::packages::Listed;
use crate::vulnerabilities::VulnerabilityChanges;

/// What was read of one platform of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlatformInside {
    pub digest: Digest,
    /// The bytes of its manifest, configuration and layers.
    pub size: u64,
    /// Bottom first.
    pub layers: Vec<Descriptor>,
    /// The annotations of its manifest and of its entry in the index: they say the same as labels of the same names,
    /// which go before them. Text by others.
    pub annotations: BTreeMap<String, String>,
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

impl PlatformPair {
    /// The bytes of memory that configurations, files and annotations take.
    pub(crate) fn memory(&self) -> usize {
        let insides = || [&self.from, &self.to].into_iter().flatten();
        let configs = insides().filter_map(|inside| inside.config.as_ref().ok()).map(bytes::Bytes::len);
        let annotations =
            insides().flat_map(|inside| &inside.annotations).map(|(name, value)| name.len() + value.len());
        let files = self.files.iter().map(|file| size_of::<FileChange>() + file.path.len());
        configs.chain(annotations).chain(files).sum()
    }
}

/// How the signers of the new image differ from those of the former one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignerChange {
    /// The former image is signed, and the new one is not.
    Lost,
    /// No signer signed both.
    Changed,
}

/// What is compared with the new image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Former {
    /// Nothing: it is the first approval.
    None,
    /// An image that could not be read.
    Unread,
    Read,
}

/// Everything that was read of two images with different digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImagePair {
    pub former: Former,
    pub platforms: Vec<PlatformPair>,
    /// `None` if somebody signed both, or nobody the former one.
    pub signer: Option<SignerChange>,
    /// The commits that provenance names, of the former and the new image.
    pub commits: [Option<String>; 2],
    pub vulnerabilities: VulnerabilityChanges,
}
