//! Documents as written. `null` counts as absent for optional members.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::document::ContentError;
use super::strict::clean;
use crate::image::{Descriptor, Digest, Platform};

/// The members of manifests and indexes combined: a document with members of both kinds is refused.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Raw {
    pub(super) schema_version: Option<u64>,
    pub(super) media_type: Option<String>,
    pub(super) artifact_type: Option<String>,
    pub(super) manifests: Option<Vec<RawDescriptor>>,
    pub(super) config: Option<RawDescriptor>,
    pub(super) layers: Option<Vec<RawDescriptor>>,
    /// In a retired artifact manifest; in other documents it has no meaning here.
    pub(super) blobs: Option<Value>,
    pub(super) fs_layers: Option<IgnoredAny>,
    pub(super) subject: Option<RawDescriptor>,
    pub(super) annotations: Option<RawAnnotations>,
}

/// A null value counts as none.
pub(super) type RawAnnotations = BTreeMap<String, Option<String>>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawDescriptor {
    pub(super) media_type: String,
    digest: String,
    size: u64,
    platform: Option<RawPlatform>,
    artifact_type: Option<String>,
    annotations: Option<RawAnnotations>,
}

#[derive(Deserialize)]
struct RawPlatform {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
}

/// The largest size in a descriptor, 16 TiB: so that the sizes of everything in an image can be added. No registry
/// stores anything larger.
const LARGEST: u64 = 1 << 44;

pub(super) fn parse(bytes: &[u8]) -> Result<Raw, ContentError> {
    serde_json::from_slice(bytes).map_err(|e| no_manifest(&e))
}

fn no_manifest(error: &serde_json::Error) -> ContentError {
    ContentError::Unusable(format!("not a manifest: {}", clean(&error.to_string())))
}

/// The blobs of an artifact manifest.
pub(super) fn blobs(value: Option<Value>) -> Result<Vec<RawDescriptor>, ContentError> {
    let blobs: Option<Vec<RawDescriptor>> =
        serde_json::from_value(value.unwrap_or_default()).map_err(|e| no_manifest(&e))?;
    Ok(blobs.unwrap_or_default())
}

pub(super) fn parse_all(raw: Vec<RawDescriptor>) -> Result<Vec<Descriptor>, ContentError> {
    raw.into_iter().map(RawDescriptor::parse).collect()
}

pub(super) fn annotations(raw: Option<RawAnnotations>) -> BTreeMap<String, String> {
    raw.into_iter().flatten().filter_map(|(name, value)| Some((name, value?))).collect()
}

impl RawDescriptor {
    pub(super) const fn names_no_platform(&self) -> bool {
        self.platform.is_none()
    }

    pub(super) fn parse(self) -> Result<Descriptor, ContentError> {
        let digest: Digest = self
            .digest
            .parse()
            .map_err(|e| ContentError::Unusable(format!("it has the digest {}: {e}", clean(&self.digest))))?;
        if self.size > LARGEST {
            return Err(ContentError::Unusable(format!("it says that {digest} has {} bytes", self.size)));
        }
        Ok(Descriptor {
            media_type: self.media_type,
            digest,
            size: self.size,
            platform: self.platform.and_then(RawPlatform::parse),
            artifact_type: self.artifact_type,
            annotations: annotations(self.annotations),
        })
    }
}

impl RawPlatform {
    /// The platform, if a manifest of approved images could name it; otherwise it equals no wanted platform.
    fn parse(self) -> Option<Platform> {
        let variant = self.variant.filter(|v| !v.is_empty()).map(|v| format!("/{v}")).unwrap_or_default();
        format!("{}/{}{variant}", self.os.unwrap_or_default(), self.architecture.unwrap_or_default()).parse().ok()
    }
}
