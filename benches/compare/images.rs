//! The images that are copied: the same bytes in every run and on every machine, all incompressible.

use std::collections::BTreeMap;

use bytes::Bytes;
use reqwest::Client;
use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// What an image consists of.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its own layers and configurations are derived from it.
    pub seed: u64,
    /// Layers that all images with this base seed share: seed, number on each platform, bytes of each.
    pub base: (u64, u64, usize),
    /// Its own layers on each platform: number, bytes of each.
    pub own: (u64, usize),
    /// One means a manifest without an index.
    pub platforms: u64,
}

/// An image, ready to be sent.
pub struct Image {
    pub blobs: Vec<(Digest, Bytes)>,
    /// Media type and bytes; children first, the image itself last.
    pub manifests: Vec<(&'static str, Bytes)>,
}

/// Generated layers, by seed and size: images share them.
pub type Layers = BTreeMap<(u64, usize), (Digest, Bytes)>;

impl Spec {
    pub fn build(&self, made: &mut Layers) -> Image {
        let mut image = Image { blobs: Vec::new(), manifests: Vec::new() };
        let mut entries = Vec::new();
        for platform in 0..self.platforms {
            let manifest = self.manifest(platform, &mut image, made);
            let mut entry = descriptor(MANIFEST, &Digest::sha256(&manifest), manifest.len());
            entry["platform"] = json!({"architecture": architecture(platform), "os": "linux"});
            entries.push(entry);
            image.manifests.push((MANIFEST, manifest));
        }
        if self.platforms > 1 {
            let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
            image.manifests.push((INDEX, render(&index)));
        }
        image
    }

    fn manifest(&self, platform: u64, image: &mut Image, made: &mut Layers) -> Bytes {
        let (base, count, size) = self.base;
        let base = (0..count).map(|layer| (base << 32 | platform << 16 | layer, size));
        let own = (0..self.own.0).map(|layer| (1 << 63 | self.seed << 32 | platform << 16 | layer, self.own.1));
        let mut layers = Vec::new();
        for (seed, size) in base.chain(own) {
            let (digest, bytes) = made.entry((seed, size)).or_insert_with(|| {
                let bytes = layer(seed, size);
                (Digest::sha256(&bytes), bytes)
            });
            layers.push(descriptor(LAYER, digest, bytes.len()));
            image.blobs.push((digest.clone(), bytes.clone()));
        }
        let ids: Vec<&Value> = layers.iter().map(|layer| &layer["digest"]).collect();
        let config = render(&json!({
            "architecture": architecture(platform), "os": "linux", "created": "2026-01-01T00:00:00Z",
            "config": {"Labels": {"seed": self.seed.to_string()}}, "rootfs": {"type": "layers", "diff_ids": ids},
        }));
        let digest = Digest::sha256(&config);
        let described = descriptor(CONFIG, &digest, config.len());
        image.blobs.push((digest, config));
        render(&json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": layers}))
    }
}

impl Image {
    pub fn digest(&self) -> Digest {
        self.manifests.last().map(|(_, bytes)| Digest::sha256(bytes)).expect("an image has a manifest")
    }

    /// Pushes it to a registry, under a tag. Blobs in `sent` are assumed to be in the repository.
    pub async fn push(&self, client: &Client, repository: &str, tag: &str, sent: &mut Vec<Digest>) {
        for (digest, bytes) in &self.blobs {
            if sent.contains(digest) {
                continue;
            }
            let start = client.post(format!("{repository}/blobs/uploads/")).send().await.expect("an answer");
            let location = start.headers()["location"].to_str().expect("a Location");
            let mut place = start.url().join(location).expect("a Location");
            place.query_pairs_mut().append_pair("digest", digest.as_str());
            let put = client.put(place).body(bytes.clone()).send().await.expect("an answer");
            assert_eq!(put.status(), 201, "upload of {digest}");
            sent.push(digest.clone());
        }
        let last = self.manifests.len() - 1;
        for (number, (media_type, bytes)) in self.manifests.iter().enumerate() {
            let name = if number == last { tag.to_owned() } else { Digest::sha256(bytes).to_string() };
            let put = client.put(format!("{repository}/manifests/{name}")).header("content-type", *media_type);
            let put = put.body(bytes.clone()).send().await.expect("an answer");
            assert_eq!(put.status(), 201, "manifest {name}");
        }
    }
}

const fn architecture(platform: u64) -> &'static str {
    if platform == 0 { "amd64" } else { "arm64" }
}

fn descriptor(media_type: &str, digest: &Digest, size: usize) -> Value {
    json!({"mediaType": media_type, "digest": digest.to_string(), "size": size})
}

fn render(value: &Value) -> Bytes {
    Bytes::from(serde_json::to_vec(value).expect("JSON"))
}

/// Starts like gzip, so that no tool tries to compress it; then the seed, then incompressible bytes (splitmix64),
/// repeating the first MiB of them.
fn layer(seed: u64, size: usize) -> Bytes {
    let mut block = Vec::with_capacity(1 << 20);
    let mut state = seed;
    while block.len() < size.min(1 << 20) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        block.extend_from_slice(&(z ^ (z >> 31)).to_le_bytes());
    }
    let mut bytes = Vec::with_capacity(size + block.len());
    bytes.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
    bytes.extend_from_slice(&seed.to_le_bytes());
    while bytes.len() < size {
        bytes.extend_from_slice(&block);
    }
    bytes.truncate(size);
    Bytes::from(bytes)
}
