//! The media types of manifests, indexes and layers.

use oci_client::manifest::{
    IMAGE_LAYER_NONDISTRIBUTABLE_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE,
    OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE,
};

pub(crate) const OCI_MANIFEST: &str = OCI_IMAGE_MEDIA_TYPE;
pub(crate) const OCI_INDEX: &str = OCI_IMAGE_INDEX_MEDIA_TYPE;
/// Docker image manifest, schema 2.
pub(crate) const DOCKER_MANIFEST: &str = IMAGE_MANIFEST_MEDIA_TYPE;
/// Docker manifest list.
pub(crate) const DOCKER_LIST: &str = IMAGE_MANIFEST_LIST_MEDIA_TYPE;

/// The artifact manifest of the OCI image specification 1.1's release candidates, retired before 1.1: registries still
/// contain signatures of that time.
pub(crate) const OCI_ARTIFACT: &str = "application/vnd.oci.artifact.manifest.v1+json";

/// What registries are asked for: every kind of document that can be read here.
pub const ACCEPTED: [&str; 5] = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST, OCI_ARTIFACT];

/// Whether a type only says that a document is text or bytes, as plain web servers say for manifests.
pub(crate) fn is_generic(media_type: &str) -> bool {
    matches!(media_type, "" | "application/json" | "application/octet-stream" | "text/plain")
}

/// Whether an index entry of this type is a blob: layers, and cache descriptions, as in BuildKit's caches. An entry of
/// any other type is a manifest, or unusable: no part of an image is mistaken for a blob and copied unread.
pub(crate) fn is_listed_blob(media_type: &str) -> bool {
    const BLOBS: [&str; 3] = [
        "application/vnd.oci.image.layer.",
        "application/vnd.docker.image.rootfs.",
        "application/vnd.buildkit.cacheconfig.",
    ];
    BLOBS.iter().any(|blob| media_type.starts_with(blob))
}

/// Whether documents of this type list others.
pub(crate) fn is_index(media_type: &str) -> bool {
    matches!(media_type, OCI_INDEX | DOCKER_LIST)
}

/// Whether this is Docker's image manifest of schema 1, which no maintained engine pulls any more.
pub(crate) fn is_schema1(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/vnd.docker.distribution.manifest.v1+json"
            | "application/vnd.docker.distribution.manifest.v1+prettyjws"
    )
}

/// Whether layers of this type may not be distributed: their descriptor is kept, their bytes and `urls` are never
/// fetched (OCI image specification, `layer.md`, "Non-Distributable Layers").
pub(crate) fn is_foreign(media_type: &str) -> bool {
    const OCI: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    const DOCKER: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar";
    media_type == IMAGE_LAYER_NONDISTRIBUTABLE_MEDIA_TYPE
        || media_type.starts_with(OCI)
        || media_type.starts_with(DOCKER)
}
