//! Signatures, attestations and SBOMs are copied with their image, and after it.

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::promote::{Clone, entry, manifest};
use crate::support::http::{Action, Rule, block_on, client};
use crate::support::images::{Image, ImageSpec};
use crate::support::registry::TestRegistry;

struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    image: Image,
    digest: Digest,
    clone: Clone,
}

impl World {
    /// One approval of an index of two platforms; whether upstream and the mirror have the referrers API.
    fn new(upstream_has: bool, mirror_has: bool) -> Self {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        upstream.set(|switches| switches.referrers = upstream_has);
        mirror.set(|switches| switches.referrers = mirror_has);
        let image = ImageSpec::new(901).build();
        let digest = upstream.put_image("team/app", "1", &image);
        let source = format!("{}/team/app", upstream.host());
        let clone = Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", "", &[("1", &digest)])]));
        Self { upstream, mirror, image, digest, clone }
    }

    /// A signature that names the index, or the manifest of its first platform, as its subject.
    fn refer(&self, of_index: bool, payload: &[u8]) -> Digest {
        let subject = if of_index { self.image.root() } else { &self.image.manifests[0] };
        let artifact = Image::artifact(subject, "application/x.signature", payload);
        let digest = artifact.digest();
        artifact.push_blocking(&self.upstream.url(), "team/app", digest.as_str());
        assert!(self.upstream.manifest("team/app", digest.as_str()).is_some(), "the signature was not put");
        self.list_in_fallback(&subject.digest(), &artifact);
        digest
    }

    /// What another client does where a registry has no referrers API.
    fn list_in_fallback(&self, subject: &Digest, artifact: &Image) {
        let url = format!("{}/v2/team/app/referrers/{subject}", self.upstream.url());
        if get(&url).0 == 200 {
            return;
        }
        let tag = format!("sha256-{}", subject.hex());
        let present = self.upstream.manifest("team/app", &tag);
        let mut index: Value = present.map_or_else(
            || json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}),
            |bytes| serde_json::from_slice(&bytes).unwrap(),
        );
        index["manifests"].as_array_mut().unwrap().push(json!({
            "mediaType": artifact.root().media_type, "digest": artifact.digest(), "size": artifact.root().bytes.len(),
            "artifactType": "application/x.signature",
        }));
        let manifest = crate::support::images::Manifest {
            media_type: "application/vnd.oci.image.index.v1+json".to_owned(),
            bytes: index.to_string().into(),
        };
        Image { blobs: Vec::new(), manifests: vec![manifest] }.put(&self.upstream, "team/app", &tag);
    }

    /// A signature under cosign's tag of the index.
    fn sign(&self, suffix: &str, payload: &[u8]) -> (String, Digest) {
        let tag = format!("sha256-{}.{suffix}", self.digest.hex());
        let signature = Image::cosign("application/vnd.dev.cosign.simplesigning.v1+json", payload);
        (tag.clone(), self.upstream.put_image("team/app", &tag, &signature))
    }

    #[track_caller]
    fn promote(&self, args: &[&str], status: i32) -> Value {
        self.clone.run(args).output().expect_status(status).json()
    }

    /// The digests of what refers to a digest at the mirror, as a client of either way finds them.
    fn at_mirror(&self, subject: &Digest) -> Vec<String> {
        let digests = |text: &[u8]| -> Vec<String> {
            let index: Value = serde_json::from_slice(text).unwrap();
            let mut digests: Vec<String> = index["manifests"]
                .as_array()
                .unwrap()
                .iter()
                .map(|d| d["digest"].as_str().unwrap().to_owned())
                .collect();
            digests.sort();
            digests
        };
        let (status, body) = get(&format!("{}/v2/acme/app/referrers/{subject}", self.mirror.url()));
        if status == 200 {
            return digests(&body);
        }
        self.mirror.manifest("acme/app", &format!("sha256-{}", subject.hex())).map(|b| digests(&b)).unwrap_or_default()
    }

    fn requests(&self, registry: &TestRegistry, method: &str, part: &str) -> usize {
        registry.log().iter().filter(|e| e.request.method == method && e.request.path.contains(part)).count()
    }
}

/// Status and body of a GET.
fn get(url: &str) -> (u16, Vec<u8>) {
    block_on(async {
        let answer = client().get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    })
}

fn sorted(digests: &[&Digest]) -> Vec<String> {
    let mut texts: Vec<String> = digests.iter().map(ToString::to_string).collect();
    texts.sort();
    texts
}

fn carried(result: &Value) -> usize {
    result["carried"].as_array().unwrap().len()
}

#[test]
fn they_travel_between_registries_with_and_without_the_referrers_api() {
    for (upstream_has, mirror_has) in [(true, true), (true, false), (false, true), (false, false)] {
        let world = World::new(upstream_has, mirror_has);
        let (of_index, second) = (world.refer(true, b"one"), world.refer(true, b"two"));
        let of_child = world.refer(false, b"three");
        let tags: Vec<_> = ["sig", "att", "sbom"].map(|suffix| world.sign(suffix, suffix.as_bytes())).into();
        let result = world.promote(&[], 0);
        assert_eq!(carried(&result), 6, "{upstream_has} {mirror_has}: {result}");
        assert_eq!(world.at_mirror(&world.digest), sorted(&[&of_index, &second]), "{upstream_has} {mirror_has}");
        assert_eq!(world.at_mirror(&world.image.manifests[0].digest()), sorted(&[&of_child]));
        for (tag, digest) in &tags {
            assert_eq!(world.mirror.digest("acme/app", tag).as_ref(), Some(digest));
        }
        assert_eq!(world.mirror.digest("acme/app", "1"), Some(world.digest.clone()));
        let again = world.promote(&["--signatures"], 0);
        assert_eq!((carried(&again), &again["changed"]), (0, &json!(false)), "{again}");
    }
}

#[test]
fn later_ones_are_carried_without_touching_the_tag() {
    for has in [true, false] {
        let world = World::new(has, has);
        world.promote(&[], 0);
        let (late, (tag, signature)) = (world.refer(true, b"late"), world.sign("sig", b"late"));
        let of_child = world.refer(false, b"late too");
        assert_eq!(world.promote(&[], 0)["changed"], json!(false), "only where it is asked for");
        world.mirror.server().clear_log();
        let result = world.promote(&["--signatures"], 0);
        assert_eq!((carried(&result), &result["changed"], &result["promoted"]), (3, &json!(true), &json!([])));
        assert_eq!(world.at_mirror(&world.image.manifests[0].digest()), sorted(&[&of_child]));
        assert_eq!(world.at_mirror(&world.digest), sorted(&[&late]));
        assert_eq!(world.mirror.digest("acme/app", &tag), Some(signature));
        assert_eq!(world.requests(&world.mirror, "PUT", "/manifests/1"), 0);
        assert_eq!(world.clone.count("main"), 2, "nothing more is recorded");
    }
}

#[test]
fn looking_costs_one_request_a_manifest_and_one_listing() {
    let world = World::new(true, true);
    world.promote(&[], 0);
    world.upstream.server().clear_log();
    world.mirror.server().clear_log();
    world.promote(&["--signatures"], 0);
    // The index and its two children.
    assert_eq!(world.requests(&world.upstream, "GET", "/referrers/"), 3);
    assert_eq!(world.upstream.log().len(), 4, "{:?}", world.upstream.server().lines());
    // Whether the tag still answers, and which children its index has.
    assert_eq!(world.mirror.log().len(), 2, "{:?}", world.mirror.server().lines());

    let world = World::new(false, true);
    world.promote(&[], 0);
    assert_eq!(world.requests(&world.upstream, "GET", "/referrers/"), 1, "no more of a host that has no such API");
    assert_eq!(
        world.requests(&world.upstream, "GET", "/manifests/sha256-"),
        0,
        "no tag is asked for that is not listed"
    );
}

#[test]
fn the_organizations_own_signatures_stay() {
    let world = World::new(true, true);
    let (tag, _) = world.sign("sig", b"upstream");
    let own = Image::cosign("application/vnd.dev.cosign.simplesigning.v1+json", b"ours");
    let own = world.mirror.put_image("acme/app", &tag, &own);
    world.promote(&[], 0);
    assert_eq!(world.mirror.digest("acme/app", &tag), Some(own));
    assert_eq!(world.mirror.digest("acme/app", "1"), Some(world.digest.clone()));
}

#[test]
fn a_fault_on_the_way_is_said_and_the_image_is_promoted() {
    let world = World::new(true, true);
    let signature = world.refer(true, b"one");
    world.upstream.fault(Rule::new("GET", "/referrers/", Action::Answer(500, vec![], "".into())));
    let result = world.promote(&[], 1);
    assert_eq!(result["promoted"].as_array().unwrap().len(), 1);
    let error = result["failed"][0]["error"].as_str().unwrap();
    assert!(error.contains("not all of its signatures") && error.contains("promote --signatures"), "{error}");
    world.upstream.server().clear_faults();
    assert_eq!(carried(&world.promote(&["--signatures"], 0)), 1);
    assert_eq!(world.at_mirror(&world.digest), sorted(&[&signature]));
}

#[test]
fn what_refers_to_a_signature_comes_too() {
    let world = World::new(true, true);
    let signature = Image::artifact(world.image.root(), "application/x.signature", b"one");
    signature.push_blocking(&world.upstream.url(), "team/app", signature.digest().as_str());
    let countersignature = Image::artifact(signature.root(), "application/x.signature", b"two");
    countersignature.push_blocking(&world.upstream.url(), "team/app", countersignature.digest().as_str());
    assert_eq!(carried(&world.promote(&[], 0)), 2);
    assert_eq!(world.at_mirror(&signature.digest()), sorted(&[&countersignature.digest()]));
}

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const STATEMENT: &str = "application/vnd.in-toto+json";

/// The tags and digests of what was left behind, with the reason.
fn left(result: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = result["left_behind"].as_array().unwrap().iter();
    let name = |row: &Value| text(if row["under"].is_null() { &row["digest"] } else { &row["under"] });
    rows.map(|row| (name(row), text(&row["why"]))).collect()
}

#[test]
fn an_image_where_a_signature_should_be_stays_behind() {
    for (upstream_has, mirror_has) in [(true, true), (false, false)] {
        let world = World::new(upstream_has, mirror_has);
        let signature = world.refer(true, b"signature");
        let names = |suffix: &str| format!("sha256-{}.{suffix}", world.digest.hex());
        let (index, single) = (ImageSpec::new(905).build(), ImageSpec::new(906).single().build());
        index.put(&world.upstream, "team/app", &names("sig"));
        single.put(&world.upstream, "team/app", &names("att"));
        // As an artifact, with the configuration of an image: one that says its platform, one that hides it.
        let linux = json!({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}});
        let more =
            json!({"artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json", "subject": world.image.subject()});
        let disguised = Image::disguised(&linux, STATEMENT, b"one", &more);
        let hidden = Image::disguised(&json!({"os": "", "architecture": ""}), LAYER, b"two", &more);
        let below = Image::artifact(disguised.root(), "application/x.signature", b"of the image");
        for artifact in [&disguised, &hidden, &below] {
            artifact.push_blocking(&world.upstream.url(), "team/app", artifact.digest().as_str());
            let subject: Value = serde_json::from_slice(&artifact.root().bytes).unwrap();
            world.list_in_fallback(&subject["subject"]["digest"].as_str().unwrap().parse().unwrap(), artifact);
        }
        let output = world.clone.run(&[]).output().expect_status(0);
        let result = output.json();
        assert_eq!((carried(&result), &result["failed"]), (1, &json!([])), "{result}");
        let image = "a runnable image".to_owned();
        let mut expected = vec![
            (names("sig"), "an index".to_owned()),
            (names("att"), image.clone()),
            (disguised.digest().to_string(), image.clone()),
            (hidden.digest().to_string(), image),
            (below.digest().to_string(), "it belongs to something that is left behind".to_owned()),
        ];
        let mut found = left(&result);
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
        let said = format!("{} is left behind: an index", names("sig"));
        assert!(output.stderr.contains(&said), "{}", output.stderr);
        assert_eq!(world.at_mirror(&world.digest), sorted(&[&signature]));
        for digest in [index.digest(), single.digest(), disguised.digest(), hidden.digest(), below.digest()] {
            assert_eq!(world.mirror.manifest("acme/app", digest.as_str()), None);
        }
    }
}

#[test]
fn a_signature_that_upstream_exchanges_for_an_image_later_is_not_carried() {
    let world = World::new(true, true);
    let (tag, signature) = world.sign("sig", b"signature");
    world.promote(&[], 0);
    let index = ImageSpec::new(907).build();
    index.put(&world.upstream, "team/app", &tag);
    let runnable = ImageSpec::new(908).single().build();
    runnable.put(&world.upstream, "team/app", &tag.replace(".sig", ".att"));
    let result = world.promote(&["--signatures"], 0);
    assert_eq!((carried(&result), &result["changed"]), (0, &json!(false)), "{result}");
    assert_eq!(left(&result).len(), 2, "{result}");
    assert_eq!(world.mirror.digest("acme/app", &tag), Some(signature));
    assert_eq!(world.mirror.digest("acme/app", &tag.replace(".sig", ".att")), None);
    assert_eq!(world.mirror.manifest("acme/app", index.digest().as_str()), None);
}

#[test]
fn attestations_with_the_configuration_of_no_platform_travel() {
    let world = World::new(true, true);
    let unknown = json!({"os": "unknown", "architecture": "unknown", "rootfs": {"type": "layers", "diff_ids": []}});
    let attestation = Image::disguised(&unknown, STATEMENT, b"{}", &json!({"subject": world.image.subject()}));
    attestation.push_blocking(&world.upstream.url(), "team/app", attestation.digest().as_str());
    let result = world.promote(&[], 0);
    assert_eq!((carried(&result), left(&result).len()), (1, 0), "{result}");
    assert_eq!(world.at_mirror(&world.digest), sorted(&[&attestation.digest()]));
}

#[test]
fn at_most_two_hundred_and_so_many_bytes_come_along() {
    let world = World::new(true, true);
    let artifact = |number: u32| Image::artifact(world.image.root(), "application/x.signature", &number.to_le_bytes());
    for number in 0..203 {
        world.upstream.put_untagged("team/app", &artifact(number));
    }
    let result = world.promote(&[], 0);
    assert_eq!(carried(&result), 200);
    assert_eq!(
        left(&result),
        [(String::new(), "an image may have at most 200 signatures and other artifacts".to_owned())]
    );
    // What the mirror has counts, whoever put it there.
    let again = world.promote(&["--signatures"], 0);
    assert_eq!((carried(&again), &again["changed"]), (0, &json!(false)), "{again}");
    assert_eq!(world.at_mirror(&world.digest).len(), 200);
}

#[test]
fn what_the_mirror_has_already_leaves_less_room() {
    let world = World::new(true, true);
    let large = |name: &str, size: u64| {
        let mut image = Image::artifact(world.image.root(), "application/x.signature", name.as_bytes());
        let mut value: Value = serde_json::from_slice(&image.root().bytes).unwrap();
        let blob = json!({"mediaType": "application/x", "digest": Digest::sha256(name.as_bytes()), "size": size});
        value["layers"] = json!([blob]);
        image.manifests[0].bytes = value.to_string().into();
        image
    };
    let (held, too_large) = (large("held", 150 << 20), large("too large", 51 << 20));
    world.mirror.put_untagged("acme/app", &held);
    world.upstream.put_untagged("team/app", &too_large);
    let small = world.refer(true, b"small");
    let result = world.promote(&[], 0);
    assert_eq!(carried(&result), 1, "{result}");
    let why = "the signatures and other artifacts of an image may have at most 210 MB".to_owned();
    assert_eq!(left(&result), [(too_large.digest().to_string(), why)]);
    assert_eq!(world.at_mirror(&world.digest), sorted(&[&held.digest(), &small]));
}
