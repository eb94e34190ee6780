//! What may be attached to an image, and what may not; and what a mirror says about a platform subset.

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::super::super::promote::recorded;
use super::{INDEX, Row, Scene, TAG, row, try_all};
use crate::support::images::{Image, ImageSpec, Manifest};
use crate::support::process::Outcome;

const SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const STATEMENT: &str = "application/vnd.in-toto+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const SIGNATURE: &str = "application/vnd.cncf.notary.signature";

#[test]
fn only_artifacts_travel_beside_an_image() {
    try_all(&left_behind());
}

#[test]
fn every_kind_of_artifact_travels_beside_an_image() {
    try_all(&carried());
}

#[test]
fn a_mirror_does_not_say_what_a_subset_should_be() {
    try_all(&[forged()]);
}

/// A runnable image that is none of the rows' own.
fn runnable() -> Image {
    ImageSpec::new(77).platforms(&["linux/amd64"]).single().build()
}

fn tag(scene: &Scene, suffix: &str) -> String {
    format!("{}.{suffix}", scene.fallback_tag())
}

/// Nothing of it is at the mirror, neither by tag nor by digest, and that is said.
fn stayed(scene: &Scene, outcome: &Outcome, suffix: &str, image: &Image) {
    assert_eq!(scene.mirror().digest("acme/img", &tag(scene, suffix)), None, "{outcome:#?}");
    for manifest in &image.manifests {
        assert_eq!(scene.mirror().manifest("acme/img", manifest.digest().as_str()), None, "{outcome:#?}");
    }
    assert!(outcome.stderr.contains("is left behind: "), "{outcome:#?}");
}

/// An image, or an index of one, where what is named by this suffix should stand.
fn instead(name: &'static str, suffix: &'static str, image: fn() -> Image) -> Row {
    let put = move |scene: &Scene| drop(image().put(&scene.source, "team/img", &tag(scene, suffix)));
    row(name, put).right_and(move |scene, outcome| stayed(scene, outcome, suffix, &image())).proposed()
}

fn left_behind() -> Vec<Row> {
    let refers = |scene: &Scene| {
        let more = json!({"artifactType": SIGNATURE, "subject": scene.image.subject()});
        Image::disguised(&json!({"os": "linux", "architecture": "amd64"}), LAYER, b"run me", &more)
    };
    vec![
        instead("an image as a signature", "sig", runnable),
        instead("an image as an attestation", "att", runnable),
        instead("an index as an SBOM", "sbom", || ImageSpec::new(77).platforms(&["linux/amd64"]).build()),
        row("an image that refers", move |scene| scene.source.put_untagged("team/img", &refers(scene)))
            .right_and(move |scene, outcome| stayed(scene, outcome, "sig", &refers(scene)))
            .proposed(),
        row("it stands there already", |scene| {
            scene.image.put(scene.mirror(), "acme/img", TAG);
            runnable().put(scene.mirror(), "acme/img", &tag(scene, "sig"));
        })
        .then("found by audit", |scene| {
            let found = audited(scene, &scene.recorded());
            assert_eq!(found, [format!("foreign-companion img:{}", tag(scene, "sig"))]);
        }),
        row("230 signatures", |scene| {
            for number in 0..230 {
                let signature = Image::artifact(scene.image.root(), SIGNATURE, format!("{number}").as_bytes());
                scene.source.put_untagged("team/img", &signature);
            }
        })
        .right_and(|scene, outcome| {
            let carried = scene.listed(&scene.image.digest()).len();
            assert_eq!(carried, 200, "{outcome:#?}");
            assert!(outcome.stderr.contains("200"), "{outcome:#?}");
        }),
    ]
}

/// The findings of an audit, which ends with the status 1.
fn audited(scene: &Scene, manifest: &str) -> Vec<String> {
    let audit = scene.run(manifest, &["audit"]);
    assert_eq!(audit.status, Some(1), "{audit:#?}");
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = audit.json()["findings"].as_array().cloned().unwrap_or_default();
    findings
        .iter()
        .map(|finding| format!("{} {}:{}", text(finding, "code"), text(finding, "repository"), text(finding, "tag")))
        .collect()
}

/// A signature, attestation or SBOM in one of the forms that are in use.
fn form(name: &'static str, put: impl Fn(&Scene) + Send + Sync + 'static) -> Row {
    row(name, put).right()
}

fn referrer(name: &'static str, make: impl Fn(&Scene) -> Image + Send + Sync + 'static) -> Row {
    form(name, move |scene| {
        let artifact = make(scene);
        scene.source.put_untagged("team/img", &artifact);
        scene.expect(artifact);
    })
}

fn tagged(name: &'static str, suffix: &'static str, layer: &'static str) -> Row {
    let put = move |scene: &Scene| drop(Image::cosign(layer, b"x").put(&scene.source, "team/img", &tag(scene, suffix)));
    row(name, put).right_and(move |scene, outcome| {
        let expected = Image::cosign(layer, b"x").digest();
        assert_eq!(scene.mirror().digest("acme/img", &tag(scene, suffix)), Some(expected), "{outcome:#?}");
    })
}

fn carried() -> Vec<Row> {
    let of_type = |kind: &'static str| move |scene: &Scene| Image::artifact(scene.image.root(), kind, b"x");
    vec![
        tagged("cosign: .sig", "sig", SIGNING),
        tagged("cosign: .att", "att", "application/vnd.dsse.envelope.v1+json"),
        tagged("cosign: .sbom", "sbom", "text/spdx+json"),
        referrer("a bundle of sigstore", of_type("application/vnd.dev.sigstore.bundle.v0.3+json")),
        referrer("a signature of notation", of_type(SIGNATURE)),
        referrer("an SBOM of CycloneDX", of_type("application/vnd.cyclonedx+json")),
        referrer("an artifact of any other type", of_type("application/vnd.example.report")),
        referrer("an attestation of BuildKit", |scene| {
            let more = json!({"subject": scene.image.subject()});
            Image::disguised(&json!({"os": "unknown", "architecture": "unknown"}), STATEMENT, b"{}", &more)
        }),
        form("no API at either side: a signature under the fallback tag", |scene| {
            scene.source.set(|s| s.referrers = false);
            scene.mirror().set(|s| s.referrers = false);
            let signature = scene.sign("one");
            scene.list_in_fallback(&[&signature]);
        })
        .proposed(),
    ]
}

/// The mirror's tag holds an index of another image, and `mirrored` names that index.
fn forged() -> Row {
    let forgery = || -> Manifest {
        let other = runnable();
        let platform = json!({"os": "linux", "architecture": "amd64"});
        let mut entry = other.subject();
        entry["platform"] = platform;
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]});
        Manifest { media_type: INDEX.to_owned(), bytes: index.to_string().into() }
    };
    let manifest = move |scene: &Scene, mirrored: &Digest| {
        let subset = "    platforms: [linux/amd64]\n";
        let digest = scene.image.digest();
        let entry = recorded(&scene.source_name(), "img", subset, TAG, &digest);
        scene.manifest(&[entry.replace(&format!("mirrored: {digest}"), &format!("mirrored: {mirrored}"))])
    };
    row("a forged subset", move |scene| {
        let mut image = runnable();
        image.manifests.push(forgery());
        image.put(scene.mirror(), "acme/img", TAG);
    })
    .image(ImageSpec::new(1).build())
    .then("found by audit", move |scene| {
        let found = audited(scene, &manifest(scene, &forgery().digest()));
        assert!(found.iter().any(|finding| finding.ends_with(" img:1.0.0")), "{found:?}");
    })
    .then("not called present by plan", move |scene| {
        let plan = scene.run(&manifest(scene, &forgery().digest()), &["plan"]).json();
        let states: Vec<Value> = plan["promotions"].as_array().unwrap().iter().map(|p| p["state"].clone()).collect();
        assert!(!states.contains(&json!("present")) && !states.is_empty(), "{plan}");
    })
}
