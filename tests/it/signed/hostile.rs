//! Indexes of a hostile upstream: unsigned themselves, with one signed manifest in them and another that nobody signed.

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::faults::BY_KEY;
use super::{PROGRAM, World, entry, rows, text};
use crate::support::images::{Image, ImageSpec, Manifest};
use crate::support::signing::STATEMENT;

/// A manifest in an index, with the platform and annotations that the index gives it.
struct Listed {
    image: Image,
    platform: Option<&'static str>,
    annotations: Value,
}

impl Listed {
    fn new(image: Image, platform: &'static str) -> Self {
        Self { image, platform: Some(platform), annotations: json!({}) }
    }

    /// Marked as an attestation about this manifest.
    fn about(self, digest: &Digest) -> Self {
        let annotations = json!({
            "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest,
        });
        Self { annotations, ..self }
    }

    fn entry(&self) -> Value {
        let mut entry = self.image.subject();
        if let Some((os, architecture)) = self.platform.and_then(|platform| platform.split_once('/')) {
            entry["platform"] = json!({"os": os, "architecture": architecture});
        }
        entry["annotations"] = self.annotations.clone();
        entry
    }
}

fn index(listed: &[Listed]) -> Image {
    let media_type = "application/vnd.oci.image.index.v1+json";
    let entries: Vec<Value> = listed.iter().map(Listed::entry).collect();
    let index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": entries});
    let (mut blobs, mut manifests) = (Vec::new(), Vec::new());
    for one in listed {
        blobs.extend(one.image.blobs.clone());
        manifests.extend(one.image.manifests.clone());
    }
    manifests.push(Manifest { media_type: media_type.to_owned(), bytes: index.to_string().into() });
    Image { blobs, manifests }
}

/// An image of one platform.
fn single(seed: u64) -> Image {
    ImageSpec::new(seed).single().build()
}

/// What BuildKit stores beside a manifest, with a layer of this type and content.
fn attestation(layer_type: &str, layer: &[u8]) -> Image {
    let config = json!({"architecture": "unknown", "os": "unknown", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [Digest::sha256(layer)]}});
    Image::disguised(&config, layer_type, layer, &json!({}))
}

/// One index: the genuine manifest in it is signed, and the other is not.
struct Hostile {
    name: &'static str,
    asked: &'static str,
    other: fn(&Image) -> Listed,
}

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

fn hostile() -> Vec<Hostile> {
    let case = |name, other| Hostile { name, asked: BY_KEY, other };
    vec![
        case("another-of-one-platform", |_| Listed::new(single(66), "linux/amd64")),
        case("platform-marked-as-attestation", |it| Listed::new(single(66), "linux/arm64").about(&it.digest())),
        case("image-marked-as-attestation", |it| Listed::new(single(66), "unknown/unknown").about(&it.digest())),
        case("image-of-statements-marked-as-attestation", |it| {
            let config = json!({"architecture": "amd64", "os": "linux"});
            Listed::new(Image::disguised(&config, STATEMENT, b"{}", &json!({})), "unknown/unknown").about(&it.digest())
        }),
        case("layer-marked-as-attestation", |it| {
            Listed::new(attestation(LAYER, b"layer"), "unknown/unknown").about(&it.digest())
        }),
        case("attestation-of-another", |_| {
            Listed::new(attestation(STATEMENT, b"{}"), "unknown/unknown").about(&Digest::sha256(b"another"))
        }),
        case("no-platform-marked-as-attestation", |it| Listed {
            platform: None,
            ..Listed::new(single(66), "").about(&it.digest())
        }),
        case("unknown-platform", |_| Listed::new(single(66), "unknown/unknown")),
        case("unknown-system", |_| Listed::new(single(66), "unknown/amd64")),
        Hostile {
            name: "another-of-one-wanted-platform",
            asked: "platforms: [linux/amd64]\nsignatures: { key: keys/tool.pub }",
            other: |_| Listed::new(single(66), "linux/amd64"),
        },
    ]
}

#[test]
fn each_manifest_that_comes_along_must_be_signed() {
    let (world, cases) = (World::new(), hostile());
    let (mut proposed, mut approved) = (Vec::new(), Vec::new());
    for case in &cases {
        let genuine = single(1);
        // Both orders: the signed one is first, or last.
        for (order, name) in [case.name.to_owned(), format!("{}-first", case.name)].into_iter().enumerate() {
            let mut listed = vec![Listed::new(genuine.clone(), "linux/amd64"), (case.other)(&genuine)];
            listed.rotate_left(order);
            let (repository, image) = (format!("team/{name}"), index(&listed));
            world.upstream.put_image(&repository, "1.0.0", &image);
            world.upstream.put_untagged(&repository, &world.key.signature_of(genuine.root()));
            proposed.push(entry(&world.upstream.host(), &name, case.asked, &[]));
            approved.push(entry(&world.upstream.host(), &name, case.asked, &[("1.0.0", &image.digest())]));
        }
    }
    let clone = world.clone_with(&world.manifest(&proposed));
    let plan = clone.run(PROGRAM, "", &["plan"]).output().expect_status(0).json();
    assert_eq!(rows(&plan, "proposals"), [] as [Value; 0], "{plan}");
    let waiting = rows(&plan, "waiting").iter().filter(|row| row["reason"] == "unsigned");
    assert_eq!(waiting.count(), approved.len(), "{plan}");
    std::fs::write(clone.path().join("approved-images.yml"), world.manifest(&approved)).unwrap();
    let checked = clone.run(PROGRAM, "", &["check"]).output().expect_status(1).json();
    let unsigned = rows(&checked, "findings").iter().filter(|finding| finding["code"] == "unsigned");
    assert_eq!(unsigned.count(), approved.len(), "{checked}");
    clone.commit(&[], "Approve them all by hand");
    let promoted = clone.run(PROGRAM, "", &["promote"]).output().expect_status(1).json();
    assert_eq!(rows(&promoted, "failed").len(), approved.len(), "{promoted}");
    for failed in rows(&promoted, "failed") {
        assert_eq!(failed["step"], "unsigned", "{failed}");
        let repository = text(&failed["repository"]);
        assert_eq!(world.mirror.digest(&format!("acme/{repository}"), "1.0.0"), None, "{repository}");
    }
}

#[test]
fn attestations_in_form_need_no_signature_of_their_own() {
    let world = World::new();
    let image = ImageSpec::new(5).attestations().build();
    world.upstream.put_image("team/app", "1.0.0", &image);
    for platform in &image.manifests[..2] {
        world.upstream.put_untagged("team/app", &world.key.signature_of(platform));
    }
    // A subset without what is marked as an attestation and has a platform.
    let genuine = single(1);
    let listed =
        [Listed::new(genuine.clone(), "linux/amd64"), Listed::new(single(66), "linux/arm64").about(&genuine.digest())];
    let marked = index(&listed);
    world.upstream.put_image("team/part", "1.0.0", &marked);
    world.upstream.put_untagged("team/part", &world.key.signature_of(genuine.root()));
    let host = world.upstream.host();
    let part = format!("platforms: [linux/amd64]\n{BY_KEY}");
    let clone = world.clone_with(&world.manifest(&[
        entry(&host, "app", BY_KEY, &[("1.0.0", &image.digest())]),
        entry(&host, "part", &part, &[("1.0.0", &marked.digest())]),
    ]));
    clone.run(PROGRAM, "", &["check"]).output().expect_status(0);
    clone.run(PROGRAM, "", &["promote"]).output().expect_status(0);
    assert_eq!(world.mirror.digest("acme/app", "1.0.0"), Some(image.digest()));
    assert!(world.mirror.digest("acme/part", "1.0.0").is_some());
    assert!(!world.mirror.manifests("acme/part").contains(&listed[1].image.digest()), "it is not copied");
}

#[test]
fn what_a_fallback_tag_lists_is_looked_up_a_bounded_number_of_times() {
    let world = World::new();
    let published = world.publish("app", "1.0.0", 1);
    published.refer(&world.key.signature_of(published.image.root()));
    let missing = (0..400).map(|n: u16| json!({
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": Digest::sha256(&n.to_le_bytes()), "size": 2,
    }));
    let media_type = "application/vnd.oci.image.index.v1+json";
    let index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": missing.collect::<Vec<_>>()});
    let manifest = Manifest { media_type: media_type.to_owned(), bytes: index.to_string().into() };
    published.tag("", &Image { blobs: Vec::new(), manifests: vec![manifest] });
    let clone = world.clone_with(&world.manifest(&[entry(&world.upstream.host(), "app", BY_KEY, &[])]));
    let explained = clone.run(PROGRAM, "", &["explain"]).output().expect_status(0).json();
    assert!(explained["images"][0]["tags"][0]["reason"] != "unsigned", "it is signed all the same: {explained}");
    let asked = world.upstream.log().iter().filter(|entry| entry.request.method == "HEAD").count();
    assert!((200..210).contains(&asked), "{asked}");
}

#[test]
fn a_bounded_number_of_attestations_in_an_index_is_looked_at() {
    let world = World::new();
    let genuine = single(1);
    let marked = |n: u16| {
        let statement = format!("{{\"number\":{n}}}");
        Listed::new(attestation(STATEMENT, statement.as_bytes()), "unknown/unknown").about(&genuine.digest())
    };
    let listed: Vec<Listed> =
        std::iter::once(Listed::new(genuine.clone(), "linux/amd64")).chain((0..210).map(marked)).collect();
    let image = index(&listed);
    world.upstream.put_image("team/app", "1.0.0", &image);
    world.upstream.put_untagged("team/app", &world.key.signature_of(genuine.root()));
    let approved = [("1.0.0", &image.digest())];
    let clone = world.clone_with(&world.manifest(&[entry(&world.upstream.host(), "app", BY_KEY, &approved)]));
    let promoted = clone.run(PROGRAM, "", &["promote"]).output().expect_status(1).json();
    assert_eq!(promoted["failed"][0]["step"], "unsigned", "{promoted}");
}
