//! `diff`: which two things can be compared, wherever they are, and which cannot.

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::diff::{PROGRAM, app, base, diff, former, of, put, told};
use super::explain::valid;
use crate::support::images::{Image, ImageSpec, Manifest};
use crate::support::process::{Outcome, Run};
use crate::support::registry::TestRegistry;

fn compare(from: &str, to: &str, more: &[&str]) -> Outcome {
    let nowhere = tempfile::tempdir().unwrap();
    Run::new(PROGRAM).args(["diff", from, to]).args(more).dir(nowhere.path()).output()
}

#[track_caller]
fn compared(from: &str, to: &str, more: &[&str]) -> Value {
    let found = compare(from, to, &[&["--format", "json"], more].concat()).expect_status(0).json();
    valid(&found);
    found
}

fn platforms(found: &Value) -> Vec<&str> {
    found["platforms"].as_array().unwrap().iter().map(|one| one["platform"].as_str().unwrap()).collect()
}

#[test]
fn one_platform_of_two_images_is_compared_alone() {
    let registry = TestRegistry::start();
    let two = |spec: ImageSpec| spec.platforms(&["linux/amd64", "linux/arm64"]).build();
    put(&registry, &two(former()), &two(of(&[base(), app("2")])));
    let found = |arguments: &[&str]| {
        let found = diff(&registry.url(), &[&["--format", "json"], arguments].concat()).expect_status(0).json();
        valid(&found);
        found
    };
    assert_eq!(platforms(&found(&[])), ["linux/amd64", "linux/arm64"]);
    registry.server().clear_log();
    let one = found(&["--platform", "linux/arm64"]);
    assert_eq!((platforms(&one), told(&one)), (vec!["linux/arm64"], "rebuild".to_owned()));
    let read = registry.log().iter().filter(|exchange| exchange.request.path.contains("/blobs/")).count();
    assert_eq!(read, 4, "the configuration and a layer of each");
    let missing = diff(&registry.url(), &["--platform", "windows/amd64"]).expect_status(3);
    assert!(missing.stderr.contains("windows/amd64"), "{}", missing.stderr);
}

#[test]
fn a_single_manifest_is_compared_with_the_only_platform_of_an_index() {
    let registry = TestRegistry::start();
    put(&registry, &former().single().build(), &of(&[base(), app("2")]).build());
    let found = diff(&registry.url(), &["--format", "json"]).expect_status(0).json();
    assert_eq!((platforms(&found), told(&found)), (vec!["linux/amd64"], "rebuild".to_owned()));
    put(&registry, &former().build(), &former().single().build());
    let found = diff(&registry.url(), &["--format", "json"]).expect_status(0).json();
    assert_eq!(told(&found), "same", "the same manifest, without its index");
}

#[test]
fn two_names_of_one_digest_are_the_same() {
    let registry = TestRegistry::start();
    put(&registry, &former().build(), &former().build());
    let digest = former().build().digest();
    let at = |rest: &str| format!("{}/acme/tool{rest}", registry.host());
    let found = compared(&at(":from"), &at(&format!("@{digest}")), &[]);
    assert_eq!((told(&found), platforms(&found)), ("same".to_owned(), Vec::new()));
    assert_eq!(found["to"], json!(at(&format!("@{digest}"))));
    let text = compare(&at(":from"), &at(":to"), &[]).expect_status(0).stdout;
    assert!(text.contains("Why it changed: same: the bytes are the same"), "{text}");
    let markdown = compare(&at(":from"), &at(":to"), &["--format", "markdown"]).expect_status(0).stdout;
    assert!(markdown.contains("Why it changed: **same**: the bytes are the same"), "{markdown}");
}

#[test]
fn images_of_two_repositories_and_of_layouts_are_compared() {
    let registry = TestRegistry::start();
    let (from, to) = (former().build(), of(&[base(), app("2")]).build());
    from.put(&registry, "acme/tool", "1");
    to.put(&registry, "other/copy", "2");
    let names = [format!("{}/acme/tool:1", registry.host()), format!("{}/other/copy:2", registry.host())];
    let found = compared(&names[0], &names[1], &[]);
    assert_eq!(told(&found), "rebuild");
    assert_eq!(found["from"], json!(format!("{}@{}", names[0], from.digest())));
    assert_eq!(found["to"], json!(format!("{}@{}", names[1], to.digest())));

    let directory = tempfile::tempdir().unwrap();
    to.write_layout(directory.path(), "2");
    let layout = format!("oci:{}:2", directory.path().display());
    let found = compared(&names[0], &layout, &[]);
    assert_eq!(told(&found), "rebuild", "a registry and a layout");
    assert!(found["to"].as_str().unwrap().contains(to.digest().as_str()), "{found}");
}

/// A document that stands under a tag.
fn document(media_type: &str, content: &Value) -> Image {
    let bytes = serde_json::to_vec(content).unwrap().into();
    Image { blobs: Vec::new(), manifests: vec![Manifest { media_type: media_type.to_owned(), bytes }] }
}

#[test]
fn an_image_that_cannot_be_had_is_named_with_the_reason() {
    let registry = TestRegistry::start();
    former().build().put(&registry, "acme/tool", "1");
    let old = json!({"schemaVersion": 1, "name": "acme/tool", "tag": "old", "architecture": "amd64", "fsLayers": []});
    document("application/vnd.docker.distribution.manifest.v1+prettyjws", &old).put(&registry, "acme/tool", "old");
    let mut incomplete = of(&[base(), app("2")]).build();
    incomplete.manifests.remove(0);
    incomplete.put(&registry, "acme/tool", "incomplete");
    let at = |rest: &str| format!("{}/{rest}", registry.host());
    let rows = [
        ("tag", at("acme/tool:9")),
        ("digest", at(&format!("acme/tool@{}", Digest::sha256(b"nothing")))),
        ("repository", at("acme/nothing:1")),
        ("schema 1", at("acme/tool:old")),
        ("incomplete", at("acme/tool:incomplete")),
        ("layout", "oci:nowhere:1".to_owned()),
    ];
    let mut said = String::new();
    for (name, other) in rows {
        for [from, to] in [[&at("acme/tool:1"), &other], [&other, &at("acme/tool:1")]] {
            let outcome = compare(from, to, &[]).expect_status(3);
            assert_eq!(outcome.stdout, "", "{name}");
            let line = outcome.stderr.lines().last().unwrap_or_default().replace(&registry.host(), "REGISTRY");
            if !said.contains(&line) {
                said.push_str(&format!("{name}: {line}\n"));
            }
        }
    }
    let digests = regex::Regex::new("[0-9a-f]{64}").unwrap();
    insta::assert_snapshot!(digests.replace_all(&said, "DIGEST"));
}

/// An artifact: nothing that runs, and no layer.
#[test]
fn an_artifact_without_layers_is_compared_and_nothing_is_made_up() {
    let registry = TestRegistry::start();
    let empty = bytes::Bytes::from_static(b"{}");
    let artifact = |note: &str| {
        let config =
            json!({"mediaType": "application/vnd.oci.empty.v1+json", "digest": Digest::sha256(&empty), "size": 2});
        let mut image = document(
            "application/vnd.oci.image.manifest.v1+json",
            &json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "artifactType": "application/x-note", "config": config, "layers": [], "annotations": {"note": note}}),
        );
        image.blobs.push((Digest::sha256(&empty), empty.clone()));
        image
    };
    put(&registry, &artifact("1"), &artifact("2"));
    let outcome = diff(&registry.url(), &["--format", "json"]);
    let found = outcome.expect_status(0).json();
    valid(&found);
    assert_eq!(found["platforms"][0]["layers"], json!({"kept": 0, "added": 0, "dropped": 0}), "{found}");
    assert_eq!(found["platforms"][0]["packages"]["added"], json!([]));
}

#[test]
fn arguments_and_images_that_cannot_be_had() {
    let registry = TestRegistry::start();
    former().build().put(&registry, "acme/tool", "from");
    let missing = diff(&registry.url(), &[]).expect_status(3);
    assert!(missing.stderr.contains("acme/tool:to does not exist"), "{}", missing.stderr);
    of(&[base(), app("2")]).build().put(&registry, "acme/tool", "to");
    let platform = diff(&registry.url(), &["--platform", "linux/arm64"]).expect_status(3);
    assert!(platform.stderr.contains("linux/arm64"), "{}", platform.stderr);
    diff(&registry.url(), &["--platform", "linux/amd64"]).expect_status(0);
    diff(&registry.url(), &["--platform", "linux"]).expect_status(2);
    diff(&registry.url(), &["--key", "no-such-file"]).expect_status(2);
    diff(&registry.url(), &["--manifest", "no-such-manifest.yml"]).expect_status(2);
    let run = |arguments: &[&str]| Run::new(PROGRAM).args(arguments).output();
    let untagged = run(&["diff", "redis", "redis:7"]).expect_status(2);
    assert!(untagged.stderr.contains("it needs a tag or a digest"), "{}", untagged.stderr);
    run(&["diff", "redis:7"]).expect_status(2);
    run(&["--format", "markdown", "plan"]).expect_status(2);
    run(&["--format", "sarif", "diff", "redis:7", "redis:8"]).expect_status(2);
}
