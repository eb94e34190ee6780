//! Images of every shape are promoted byte for byte: their parts are those named by their manifests, not ones we know.

use bytes::Bytes;
use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use crate::promote::{Clone, assert_whole, entry, manifest};
use crate::support::images::{Image, ImageSpec, Manifest, random};
use crate::support::registry::TestRegistry;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// The digest of bytes by the other algorithm that is in use.
fn sha512(bytes: &[u8]) -> Digest {
    let any: Digest = format!("sha512:{}", "0".repeat(128)).parse().unwrap();
    let mut hasher = any.hasher();
    hasher.update(bytes);
    hasher.finish()
}

/// A single manifest of these layers, with a digest of each: media type and bytes.
fn single(config: (&str, &'static [u8]), layers: &[(&str, Bytes)], digest: fn(&[u8]) -> Digest, more: &Value) -> Image {
    let mut image = Image { blobs: Vec::new(), manifests: Vec::new() };
    let mut add = |media_type: &str, bytes: Bytes, digest: Digest| {
        let descriptor = json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()});
        image.blobs.push((digest, bytes));
        descriptor
    };
    let config = add(config.0, Bytes::from_static(config.1), Digest::sha256(config.1));
    let layers: Vec<Value> = layers.iter().map(|(kind, bytes)| add(kind, bytes.clone(), digest(bytes))).collect();
    let mut document = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
    for (key, value) in more.as_object().unwrap() {
        document[key] = value.clone();
    }
    let bytes = Bytes::from(serde_json::to_vec(&document).unwrap());
    image.manifests.push(Manifest { media_type: MANIFEST.to_owned(), bytes });
    image
}

fn shapes() -> Vec<(&'static str, Image)> {
    const PLAIN: &[u8] = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let oci = |kind: &str| format!("application/vnd.oci.image.layer.v1.tar{kind}");
    let sha256: fn(&[u8]) -> Digest = Digest::sha256;
    let nothing = json!({});
    let zstd = [(&*oci("+zstd"), random(11, 3_000)), (&*oci(""), random(12, 500))];
    let chart = [
        ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", random(13, 800)),
        ("application/x-nobody-knows; v=1", random(14, 10)),
    ];
    let typed = json!({"artifactType": "application/vnd.example+type", "annotations": {"a": "b"}});
    vec![
        ("zstd", single((CONFIG, PLAIN), &zstd, sha256, &nothing)),
        ("artifact", single(("application/vnd.example.config+json", b"{ }"), &chart, sha256, &typed)),
        ("no-layers", single((CONFIG, PLAIN), &[], sha256, &nothing)),
        ("empty-layer", single((CONFIG, PLAIN), &[(&*oci(""), Bytes::new())], sha256, &nothing)),
        ("sha512", single((CONFIG, PLAIN), &[(&*oci("+gzip"), random(15, 9_000))], sha512, &nothing)),
        ("layers-127", ImageSpec::new(1).layers(127, 64).build()),
        ("single", ImageSpec::new(2).single().build()),
        ("docker", ImageSpec::new(3).docker().build()),
        ("docker-single", ImageSpec::new(4).docker().single().build()),
        ("attested", ImageSpec::new(5).attestations().build()),
    ]
}

#[test]
fn images_of_every_shape_are_promoted_whole_and_asked_about_once_then() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let shapes = shapes();
    let entries: Vec<String> = shapes
        .iter()
        .map(|(name, image)| {
            let digest = upstream.put_image(&format!("team/{name}"), "1", image);
            entry(&format!("{}/team/{name}", upstream.host()), name, "", &[("1", &digest)])
        })
        .collect();
    let clone = Clone::new(&manifest(&mirror.host(), &entries));
    let result = clone.run(&[]).output().expect_status(0).json();
    assert_eq!(result["failed"], json!([]));
    for (name, image) in &shapes {
        assert_whole(&mirror, &format!("acme/{name}"), "1", image);
    }
    let blobs = |log: &TestRegistry, method: &str| {
        log.log().iter().filter(|e| e.request.method == method && e.request.path.contains("/blobs/")).count()
    };
    let all: std::collections::BTreeSet<_> = shapes.iter().flat_map(|(_, i)| i.blobs.iter().map(|(d, _)| d)).collect();
    let filled = shapes.iter().flat_map(|(_, i)| &i.blobs).filter(|(_, b)| !b.is_empty());
    let filled: std::collections::BTreeSet<_> = filled.map(|(d, _)| d).collect();
    assert_eq!(blobs(&upstream, "GET"), filled.len(), "each once, what is empty not at all");
    assert_eq!(blobs(&mirror, "PUT"), all.len());
    upstream.server().clear_log();
    mirror.server().clear_log();
    clone.run(&[]).output().expect_status(0);
    assert_eq!((upstream.log().len(), mirror.log().len()), (0, shapes.len()));
}
