//! Images with faulty documents.

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::case::usual;
use crate::support::images::{Image, Manifest};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const FOREIGN: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";

fn document(media_type: &str, value: &Value) -> Manifest {
    Manifest { media_type: media_type.to_owned(), bytes: value.to_string().into() }
}

fn descriptor(manifest: &Manifest) -> Value {
    json!({"mediaType": manifest.media_type, "digest": manifest.digest(), "size": manifest.bytes.len()})
}

fn index(entries: &[Value]) -> Manifest {
    document(INDEX, &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}))
}

/// The usual image with its manifest, or its index, changed.
fn changed(which: usize, change: impl FnOnce(&mut Value)) -> Image {
    let mut image = usual();
    let mut value: Value = serde_json::from_slice(&image.manifests[which].bytes).unwrap();
    change(&mut value);
    let media_type = image.manifests[which].media_type.clone();
    image.manifests[which] = document(&media_type, &value);
    if which == 0 {
        image.manifests[1] = index(&[descriptor(&image.manifests[0])]);
    }
    image
}

pub(super) fn in_manifest(change: impl FnOnce(&mut Value)) -> Image {
    changed(0, change)
}

pub(super) fn in_index(change: impl FnOnce(&mut Value)) -> Image {
    changed(1, change)
}

/// The usual image with members written before all others of its index, else of its manifest.
pub(super) fn written(in_index: bool, members: &str) -> Image {
    let mut image = usual();
    let at = usize::from(in_index);
    let text = String::from_utf8(image.manifests[at].bytes.to_vec()).unwrap();
    image.manifests[at].bytes = text.replacen('{', &format!("{{{members}"), 1).into();
    if !in_index {
        image.manifests[1] = index(&[descriptor(&image.manifests[0])]);
    }
    image
}

/// An image of Docker's first schema.
pub(super) fn schema_1() -> Image {
    let called = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    let value = json!({"schemaVersion": 1, "name": "team/sick", "tag": "1", "fsLayers": []});
    Image { blobs: Vec::new(), manifests: vec![document(called, &value)] }
}

/// Indexes in indexes, so many deep.
pub(super) fn nested(depth: usize) -> Image {
    let mut image = usual();
    for _ in 1..depth {
        let outer = index(&[descriptor(image.root())]);
        image.manifests.push(outer);
    }
    image
}

/// An index of so many manifests of so many bytes each, none of which is there.
pub(super) fn promising(count: usize, size: u64) -> Image {
    let entry =
        |number: usize| json!({"mediaType": MANIFEST, "digest": Digest::sha256(&number.to_le_bytes()), "size": size});
    Image { blobs: Vec::new(), manifests: vec![index(&(0..count).map(entry).collect::<Vec<_>>())] }
}

/// A layer beside the usual one.
pub(super) fn with_layer(layer: Value) -> Image {
    in_manifest(|manifest| manifest["layers"].as_array_mut().unwrap().push(layer))
}

/// A layer that may not be distributed, to be had at `url`.
pub(super) fn foreign(url: &str) -> Image {
    let digest = Digest::sha256(b"not to be distributed");
    with_layer(json!({"mediaType": FOREIGN, "digest": digest, "size": 21, "urls": [url]}))
}

/// The same without an index.
pub(super) fn foreign_alone(url: &str) -> Image {
    let mut image = foreign(url);
    image.manifests.truncate(1);
    image
}

pub(super) fn layer(digest: &str, size: u64) -> Value {
    json!({"mediaType": LAYER, "digest": digest, "size": size})
}
