//! Documents that two readers understand differently: a member that differs from a known one only in case.

use super::super::documents::{in_index, in_manifest, written};
use super::{Row, row, try_all};
use crate::support::images::{Image, ImageSpec};

#[test]
fn documents_with_a_second_member_of_a_name_are_refused() {
    try_all(&twins());
}

#[test]
fn members_that_are_nobodys_twins_are_taken() {
    try_all(&[
        row("an annotation of a known name", |_| {})
            .image(in_index(|index| {
                index["annotations"] = serde_json::json!({"org.example.layers": "x", "Layers": "y"});
            }))
            .right()
            .proposed(),
        row("an unknown member", |_| {}).image(written(true, "\"x-extra\":[],")).right().proposed(),
        row("an unknown member of a manifest", |_| {}).image(written(false, "\"x-extra\":[],")).right().proposed(),
    ]);
}

/// Refused by promotion, and not proposed; both name the key.
fn refused(name: &'static str, image: Image, keys: &'static [&'static str]) -> Row {
    row(name, |_| {})
        .image(image)
        .then("refused, the key named", move |scene| {
            let outcome = scene.promote();
            scene.assert_refused(&outcome, "refused", keys);
        })
        .then("not proposed, the key named", move |scene| {
            let plan = scene.run(&scene.unapproved(), &["plan"]);
            let json = plan.json();
            assert!(super::proposed(&json).is_empty(), "{plan:#?}");
            assert!(keys.iter().all(|key| json.to_string().contains(key)), "{plan:#?}");
        })
}

/// The usual manifest alone, with members written before all others of it.
fn alone(members: &str) -> Image {
    let mut image = ImageSpec::new(2).platforms(&["linux/amd64"]).single().build();
    let text = String::from_utf8(image.manifests[0].bytes.to_vec()).unwrap();
    image.manifests[0].bytes = text.replacen('{', &format!("{{{members}"), 1).into();
    image
}

fn twins() -> Vec<Row> {
    let entry =
        |name: &'static str, value: serde_json::Value| in_index(move |index| index["manifests"][0][name] = value);
    let platform = serde_json::json!({"os": "linux", "architecture": "arm64"});
    vec![
        refused("Manifests beside manifests", written(true, "\"Manifests\":[],"), &["Manifests"]),
        refused("an entry with Digest beside digest", entry("Digest", "sha256:0".into()), &["Digest"]),
        refused("an entry with Platform beside platform", entry("Platform", platform), &["Platform"]),
        refused("an entry with a long s", entry("\u{17f}ize", 1.into()), &["\u{17f}ize"]),
        refused("Layers below an index", written(false, "\"Layers\":[],"), &["Layers"]),
        refused("CONFIG below an index", written(false, "\"CONFIG\":{},"), &["CONFIG"]),
        refused("Layers in a manifest alone", alone("\"Layers\":[],"), &["Layers"]),
        refused("CONFIG in a manifest alone", alone("\"CONFIG\":{},"), &["CONFIG"]),
        refused("a layer's Digest", in_manifest(|m| m["layers"][0]["Digest"] = "sha256:0".into()), &["Digest"]),
    ]
}
