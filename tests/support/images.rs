//! Deterministic images: the same specification always gives the same bytes and so the same digests.

use std::path::Path;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use wharfinger::internals::image::{Digest, Platform};

use super::http::{block_on, client};
use super::layers::Layer;
use super::registry::TestRegistry;

/// Media types of the two families.
struct Types {
    index: &'static str,
    manifest: &'static str,
    config: &'static str,
    layer: &'static str,
}

const OCI: Types = Types {
    index: "application/vnd.oci.image.index.v1+json",
    manifest: "application/vnd.oci.image.manifest.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar+gzip",
};

const DOCKER: Types = Types {
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
};

/// What an image should be like. Start from [`ImageSpec::new`] and change what matters to the test.
#[derive(Clone, Debug)]
pub struct ImageSpec {
    /// Everything random is derived from it.
    pub seed: u64,
    pub platforms: Vec<String>,
    /// Layers of each platform, not counting base layers.
    pub layers: usize,
    /// Bytes of each layer.
    pub layer_size: usize,
    /// Layers that every image with this seed shares, before the others: the seed, and how many.
    pub base: Option<(u64, usize)>,
    /// Layers with files, above all others, the same for each platform.
    pub content: Vec<Layer>,
    /// The predicates of the SPDX statements in attestation manifests, each for a platform; the last for all others.
    pub sboms: Vec<Value>,
    /// Docker schema 2 media types instead of OCI ones.
    pub docker: bool,
    /// One manifest (of the first platform) instead of an index.
    pub single: bool,
    /// BuildKit attestation manifests in the index, one per platform.
    pub attestations: bool,
    pub user: Option<String>,
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    pub env: Vec<String>,
    /// For example `6379/tcp`.
    pub ports: Vec<String>,
    pub volumes: Vec<String>,
    pub labels: Vec<(String, String)>,
    /// RFC 3339.
    pub created: String,
    /// Annotations of the index, or of the single manifest.
    pub annotations: Vec<(String, String)>,
}

impl ImageSpec {
    /// A small image for linux/amd64 and linux/arm64, OCI, one layer each.
    pub fn new(seed: u64) -> Self {
        let text = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        Self {
            seed,
            platforms: text(&["linux/amd64", "linux/arm64"]),
            layers: 1,
            layer_size: 256,
            base: None,
            content: Vec::new(),
            sboms: vec![json!({"spdxVersion": "SPDX-2.3", "name": "sbom", "packages": []})],
            docker: false,
            single: false,
            attestations: false,
            user: Some("1000".to_owned()),
            entrypoint: text(&["/usr/bin/app"]),
            cmd: Vec::new(),
            env: text(&["PATH=/usr/local/bin:/usr/bin:/bin"]),
            ports: Vec::new(),
            volumes: Vec::new(),
            labels: Vec::new(),
            created: "2026-11-01T00:00:00Z".to_owned(),
            annotations: Vec::new(),
        }
    }

    #[must_use]
    pub fn platforms(mut self, platforms: &[&str]) -> Self {
        self.platforms = platforms.iter().map(|platform| (*platform).to_owned()).collect();
        self
    }

    #[must_use]
    pub fn layers(mut self, layers: usize, size: usize) -> Self {
        (self.layers, self.layer_size) = (layers, size);
        self
    }

    #[must_use]
    pub fn docker(mut self) -> Self {
        self.docker = true;
        self
    }

    #[must_use]
    pub fn single(mut self) -> Self {
        self.single = true;
        self
    }

    #[must_use]
    pub fn attestations(mut self) -> Self {
        self.attestations = true;
        self
    }

    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Only layers with files.
    #[must_use]
    pub fn of_files(mut self, content: &[Layer]) -> Self {
        (self.layers, self.content) = (0, content.to_vec());
        self
    }

    /// An attestation manifest for each platform, with this SPDX document as its statement's predicate.
    #[must_use]
    pub fn with_sbom(self, sbom: Value) -> Self {
        self.with_sboms(vec![sbom])
    }

    /// The same with a document for each platform.
    #[must_use]
    pub fn with_sboms(mut self, sboms: Vec<Value>) -> Self {
        (self.attestations, self.sboms) = (true, sboms);
        self
    }

    /// Builds it.
    pub fn build(&self) -> Image {
        let types = if self.docker { &DOCKER } else { &OCI };
        let mut image = Image { blobs: Vec::new(), manifests: Vec::new() };
        let platforms = if self.single { &self.platforms[..1] } else { &self.platforms[..] };
        let mut entries = Vec::new();
        for (number, platform) in platforms.iter().enumerate() {
            let manifest = self.platform_manifest(types, number as u64, platform, &mut image);
            let mut entry = descriptor(&manifest.media_type, &manifest.bytes);
            entry["platform"] = platform_json(platform);
            entries.push(entry);
            image.manifests.push(manifest);
        }
        if self.single {
            return image;
        }
        if self.attestations {
            let sboms = self.sboms.iter().chain(self.sboms.last().into_iter().cycle());
            let attestations: Vec<Value> =
                entries.iter().zip(sboms).map(|(entry, sbom)| attestation(entry, sbom, &mut image)).collect();
            entries.extend(attestations);
        }
        let mut index = json!({"schemaVersion": 2, "mediaType": types.index, "manifests": entries});
        annotate(&mut index, &self.annotations);
        image.manifests.push(Manifest { media_type: types.index.to_owned(), bytes: render(&index) });
        image
    }

    fn platform_manifest(&self, types: &Types, number: u64, platform: &str, image: &mut Image) -> Manifest {
        let base = self.base.into_iter().flat_map(|(seed, count)| {
            (0..count as u64).map(move |layer| seed.wrapping_mul(1_000_003).wrapping_add(number * 1000 + layer))
        });
        let own = (0..self.layers as u64)
            .map(|layer| self.seed.wrapping_mul(7_777_777).wrapping_add(500_000 + number * 1000 + layer));
        let layers = base.chain(own).map(|seed| (layer(seed, self.layer_size), types.layer));
        let content = self.content.iter().map(|layer| (layer.bytes.clone(), layer.media_type));
        let (layers, kinds): (Vec<Bytes>, Vec<&str>) = layers.chain(content).unzip();
        let config = self.config(platform, &layers);
        let descriptors: Vec<Value> =
            layers.iter().zip(kinds).map(|(bytes, media_type)| descriptor(media_type, bytes)).collect();
        let mut manifest = json!({
            "schemaVersion": 2, "mediaType": types.manifest,
            "config": descriptor(types.config, &config), "layers": descriptors,
        });
        if self.single {
            annotate(&mut manifest, &self.annotations);
        }
        image.add_blob(config);
        layers.into_iter().for_each(|layer| image.add_blob(layer));
        Manifest { media_type: types.manifest.to_owned(), bytes: render(&manifest) }
    }

    /// The image configuration (OCI image specification, `config.md`).
    fn config(&self, platform: &str, layers: &[Bytes]) -> Bytes {
        let set = |names: &[String]| -> Value { names.iter().map(|name| (name.clone(), json!({}))).collect() };
        let mut config = Map::new();
        if let Some(user) = &self.user {
            config.insert("User".to_owned(), json!(user));
        }
        let lists = [("Entrypoint", &self.entrypoint), ("Cmd", &self.cmd), ("Env", &self.env)];
        for (key, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            config.insert(key.to_owned(), json!(list));
        }
        let sets = [("ExposedPorts", &self.ports), ("Volumes", &self.volumes)];
        for (key, names) in sets.into_iter().filter(|(_, names)| !names.is_empty()) {
            config.insert(key.to_owned(), set(names));
        }
        if !self.labels.is_empty() {
            let labels: Map<String, Value> = self.labels.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
            config.insert("Labels".to_owned(), Value::Object(labels));
        }
        let mut document = platform_json(platform);
        document["created"] = json!(self.created);
        document["config"] = Value::Object(config);
        let ids: Vec<String> = layers.iter().map(|layer| Digest::sha256(layer).to_string()).collect();
        document["rootfs"] = json!({"type": "layers", "diff_ids": ids});
        document["history"] = json!([{"created": self.created, "created_by": format!("seed {}", self.seed)}]);
        render(&document)
    }
}

/// A manifest and its media type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    pub media_type: String,
    pub bytes: Bytes,
}

impl Manifest {
    pub fn digest(&self) -> Digest {
        Digest::sha256(&self.bytes)
    }
}

/// An image or artifact with everything it consists of.
#[derive(Clone, Debug)]
pub struct Image {
    /// Configurations and layers, each once.
    pub blobs: Vec<(Digest, Bytes)>,
    /// Children first, the image itself last.
    pub manifests: Vec<Manifest>,
}

impl Image {
    /// An artifact that refers to `subject`, such as a signature: one layer of `payload`.
    pub fn artifact(subject: &Manifest, artifact_type: &str, payload: &[u8]) -> Self {
        let mut image = Self { blobs: Vec::new(), manifests: Vec::new() };
        let empty = Bytes::from_static(b"{}");
        let layer = Bytes::copy_from_slice(payload);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": OCI.manifest, "artifactType": artifact_type,
            "config": descriptor("application/vnd.oci.empty.v1+json", &empty),
            "layers": [descriptor("application/octet-stream", &layer)],
            "subject": descriptor(&subject.media_type, &subject.bytes),
            "annotations": {"org.opencontainers.image.created": "2026-11-01T00:00:00Z"},
        });
        image.add_blob(empty);
        image.add_blob(layer);
        image.manifests.push(Manifest { media_type: OCI.manifest.to_owned(), bytes: render(&manifest) });
        image
    }

    /// A manifest with this configuration, one layer and whatever `more` adds, such as a subject or an artifact type.
    pub fn disguised(config: &Value, layer_type: &str, payload: &[u8], more: &Value) -> Self {
        let mut image = Self { blobs: Vec::new(), manifests: Vec::new() };
        let (config, layer) = (render(config), Bytes::copy_from_slice(payload));
        let mut manifest = json!({
            "schemaVersion": 2, "mediaType": OCI.manifest,
            "config": descriptor(OCI.config, &config), "layers": [descriptor(layer_type, &layer)],
        });
        manifest.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        image.add_blob(config);
        image.add_blob(layer);
        image.manifests.push(Manifest { media_type: OCI.manifest.to_owned(), bytes: render(&manifest) });
        image
    }

    /// The descriptor that names this image as the subject of a manifest.
    pub fn subject(&self) -> Value {
        descriptor(&self.root().media_type, &self.root().bytes)
    }

    /// A cosign signature in its tag scheme (`sha256-<hex>.sig`): the image for that tag, without a subject.
    pub fn cosign(artifact_layer: &str, payload: &[u8]) -> Self {
        let mut image = Self { blobs: Vec::new(), manifests: Vec::new() };
        let config = Bytes::from_static(b"{\"architecture\":\"\",\"os\":\"\",\"config\":{}}");
        let layer = Bytes::copy_from_slice(payload);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": OCI.manifest,
            "config": descriptor(OCI.config, &config), "layers": [descriptor(artifact_layer, &layer)],
        });
        image.add_blob(config);
        image.add_blob(layer);
        image.manifests.push(Manifest { media_type: OCI.manifest.to_owned(), bytes: render(&manifest) });
        image
    }

    /// The image's own manifest or index.
    pub fn root(&self) -> &Manifest {
        self.manifests.last().expect("an image has a manifest")
    }

    /// The image's digest.
    pub fn digest(&self) -> Digest {
        self.root().digest()
    }

    /// The digest of the manifest for a platform, such as `linux/amd64`.
    pub fn platform(&self, platform: &str) -> Option<Digest> {
        let index: Value = serde_json::from_slice(&self.root().bytes).ok()?;
        let wanted = platform_json(platform);
        let entry = index["manifests"].as_array()?.iter().find(|entry| entry["platform"] == wanted)?.clone();
        entry["digest"].as_str()?.parse().ok()
    }

    /// The total size of all blobs and manifests in bytes.
    pub fn size(&self) -> usize {
        let blobs: usize = self.blobs.iter().map(|(_, bytes)| bytes.len()).sum();
        blobs + self.manifests.iter().map(|manifest| manifest.bytes.len()).sum::<usize>()
    }

    fn add_blob(&mut self, bytes: Bytes) {
        let digest = Digest::sha256(&bytes);
        if !self.blobs.iter().any(|(known, _)| *known == digest) {
            self.blobs.push((digest, bytes));
        }
    }

    /// Puts it into the project's own registry, without a request.
    pub fn put(&self, registry: &TestRegistry, repository: &str, tag: &str) -> Digest {
        registry.put_image(repository, tag, self)
    }

    /// Pushes it to any registry by plain HTTP; `reference` is a tag, or the digest. Panics if the registry refuses.
    pub async fn push(&self, url: &str, repository: &str, reference: &str, basic: Option<(&str, &str)>) {
        let client = client();
        let authorize = |request: reqwest::RequestBuilder| match basic {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        };
        for (digest, bytes) in &self.blobs {
            let start = authorize(client.post(format!("{url}/v2/{repository}/blobs/uploads/"))).send().await.unwrap();
            assert_eq!(start.status(), 202, "upload of {digest}");
            let location = start.headers()["location"].to_str().unwrap();
            let mut target = start.url().join(location).unwrap();
            target.query_pairs_mut().append_pair("digest", digest.as_str());
            let put = authorize(client.put(target).body(bytes.clone())).send().await.unwrap();
            assert_eq!(put.status(), 201, "upload of {digest}");
        }
        for (number, manifest) in self.manifests.iter().enumerate() {
            let digest = manifest.digest().to_string();
            let name = if number + 1 == self.manifests.len() { reference } else { &digest };
            let put = authorize(client.put(format!("{url}/v2/{repository}/manifests/{name}")))
                .header("content-type", &manifest.media_type)
                .body(manifest.bytes.clone())
                .send()
                .await
                .unwrap();
            let (status, text) = (put.status(), put.text().await.unwrap_or_default());
            assert_eq!(status, 201, "manifest {name}: {text}");
        }
    }

    /// [`Image::push`] for synchronous code.
    pub fn push_blocking(&self, url: &str, repository: &str, reference: &str) -> Digest {
        block_on(self.push(url, repository, reference, None));
        self.digest()
    }

    /// Writes it into an OCI image layout (created if missing) under a tag.
    pub fn write_layout(&self, directory: &Path, tag: &str) {
        let blobs = directory.join("blobs/sha256");
        std::fs::create_dir_all(&blobs).unwrap();
        std::fs::write(directory.join("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}").unwrap();
        for (digest, bytes) in &self.blobs {
            std::fs::write(blobs.join(digest.hex()), bytes).unwrap();
        }
        for manifest in &self.manifests {
            std::fs::write(blobs.join(manifest.digest().hex()), &manifest.bytes).unwrap();
        }
        let path = directory.join("index.json");
        let mut index: Value = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap(),
            Err(_) => json!({"schemaVersion": 2, "mediaType": OCI.index, "manifests": []}),
        };
        let mut entry = descriptor(&self.root().media_type, &self.root().bytes);
        entry["annotations"] = json!({"org.opencontainers.image.ref.name": tag});
        let entries = index["manifests"].as_array_mut().unwrap();
        entries.retain(|known| known["annotations"] != entry["annotations"]);
        entries.push(entry);
        std::fs::write(path, render(&index)).unwrap();
    }
}

/// A BuildKit attestation manifest for an entry of the index; returns its own entry.
fn attestation(subject: &Value, sbom: &Value, image: &mut Image) -> Value {
    let digest = subject["digest"].as_str().unwrap_or_default();
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document",
        "subject": [{"name": "pkg:docker/test", "digest": {"sha256": digest.trim_start_matches("sha256:")}}],
        "predicate": sbom,
    });
    let (layer, config) = (
        render(&statement),
        render(&json!({"architecture": "unknown", "os": "unknown",
        "config": {}, "rootfs": {"type": "layers", "diff_ids": [Digest::sha256(&render(&statement)).to_string()]}})),
    );
    let mut layer_descriptor = descriptor("application/vnd.in-toto+json", &layer);
    layer_descriptor["annotations"] = json!({"in-toto.io/predicate-type": "https://spdx.dev/Document"});
    let manifest = json!({"schemaVersion": 2, "mediaType": OCI.manifest,
        "config": descriptor(OCI.config, &config), "layers": [layer_descriptor]});
    image.add_blob(config);
    image.add_blob(layer);
    let manifest = Manifest { media_type: OCI.manifest.to_owned(), bytes: render(&manifest) };
    let mut entry = descriptor(&manifest.media_type, &manifest.bytes);
    entry["annotations"] =
        json!({"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest});
    entry["platform"] = json!({"architecture": "unknown", "os": "unknown"});
    image.manifests.push(manifest);
    entry
}

fn descriptor(media_type: &str, bytes: &Bytes) -> Value {
    json!({"mediaType": media_type, "digest": Digest::sha256(bytes).to_string(), "size": bytes.len()})
}

fn platform_json(platform: &str) -> Value {
    let platform: Platform = platform.parse().expect("a platform");
    let mut value = json!({"architecture": platform.architecture, "os": platform.os});
    if let Some(variant) = platform.variant {
        value["variant"] = json!(variant);
    }
    value
}

fn annotate(document: &mut Value, annotations: &[(String, String)]) {
    if !annotations.is_empty() {
        document["annotations"] = annotations.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    }
}

fn render(value: &Value) -> Bytes {
    Bytes::from(serde_json::to_vec(value).expect("JSON"))
}

/// A layer of exactly so many bytes, a tar archive compressed with gzip: one file of incompressible bytes, by seed. Of
/// less than [`SMALLEST`] bytes no archive can be made: it is only bytes.
pub fn layer(seed: u64, length: usize) -> Bytes {
    if length < SMALLEST {
        return random(seed, length);
    }
    // Headers and the end of the archive compress well, the content not at all.
    let mut size = 8.max(length - SMALLEST);
    let (archive, short) = loop {
        let archive = archive(seed, size);
        let short = gzip(&archive, 0).len();
        match short.checked_sub(length) {
            Some(excess) if excess > 0 => size -= excess.min(size),
            _ => break (archive, short),
        }
    };
    // gzip's header has room for a comment: it makes up the rest.
    let layer = gzip(&archive, length - short);
    assert_eq!(layer.len(), length);
    Bytes::from(layer)
}

/// A tar archive with one file of incompressible bytes.
fn archive(seed: u64, size: usize) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(size as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, format!("srv/data-{seed}"), &random(seed, size)[..]).expect("memory");
    archive.into_inner().expect("memory")
}

/// The bytes compressed with gzip, whose header has a comment that takes this many bytes.
fn gzip(bytes: &[u8], comment: usize) -> Vec<u8> {
    let builder = flate2::GzBuilder::new();
    let builder = if comment > 0 { builder.comment(vec![b'.'; comment - 1]) } else { builder };
    let mut encoder = builder.write(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// The fewest bytes of a layer that is an archive.
const SMALLEST: usize = 250;

/// Incompressible bytes, by seed (splitmix64).
pub fn random(seed: u64, length: usize) -> Bytes {
    let mut state = seed;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend_from_slice(&(z ^ (z >> 31)).to_le_bytes());
    }
    bytes.truncate(length);
    Bytes::from(bytes)
}
