//! `diff` of images whose layers are damaged, too large, too slow or of no honest builder.

use std::time::{Duration, Instant};

use serde_json::json;
use wharfinger::internals::image::Digest;

use super::diff::{PROGRAM, app, base, diff, former, of, put, told};
use crate::support::http::{Action, Rule};
use crate::support::images::random;
use crate::support::layers::{Files, Layer};
use crate::support::process::Run;
use crate::support::registry::TestRegistry;

#[test]
fn hostile_layers_are_bounded_and_unknown() {
    let registry = TestRegistry::start();
    let found = |layer: Layer| {
        put(&registry, &former().build(), &of(&[base(), layer]).build());
        diff(&registry.url(), &["--format", "json"]).expect_status(0).json()
    };
    let database = || Files::new().dpkg(&[("curl", "8.2"), ("zlib", "1.3")]);
    let unknown = [
        ("truncated", database().gzip().truncated()),
        ("not an archive", Layer::compressed(b"no archive at all")),
        ("bomb", Layer::bomb(128 << 20)),
    ];
    for (name, layer) in unknown {
        let found = found(layer);
        assert_eq!(told(&found), "unexplained: unexplained not-looked-at", "{name}: {found}");
        assert!(found["platforms"][0]["packages"]["detail"].is_string(), "{name}: {found}");
    }
    let absolute = Files::new().text("/etc/passwd", "root").device("dev/sda").text("../../escape", "x");
    assert_eq!(told(&found(absolute.gzip())), "rebuild", "nothing of it is written anywhere");
}

/// A layer that never comes to its end: each has its bound, and what is known of the rest is told.
#[test]
fn layers_that_come_slowly_or_not_to_their_end_are_unknown() {
    let registry = TestRegistry::start();
    let layer = Files::new().dpkg(&[("curl", "8.2"), ("zlib", "1.3")]).file("srv/x", 0o644, &random(7, 9_000)).gzip();
    let digest = Digest::sha256(&layer.bytes);
    put(&registry, &former().build(), &of(&[base(), layer]).build());
    let rows = [
        (
            "a drip",
            "2s",
            Action::Drip(Duration::from_millis(20)),
            "had not finished after 2 s in total (`source-timeout`)",
        ),
        ("a stall", "20s", Action::Stall(100), "no data for 1 s (`timeout`)"),
        ("no answer", "20s", Action::Hang, "no response within 1 s (`timeout`)"),
        ("a truncated layer", "20s", Action::Truncate(100), ""),
        ("a reset connection", "20s", Action::ResetAfter(100), ""),
    ];
    for (name, source, action, why) in rows {
        registry.server().clear_faults();
        registry.fault(Rule::new("GET", &format!("/blobs/{digest}"), action));
        let start = Instant::now();
        let found = diff(&registry.url(), &["--format", "json", "--timeout", "1s", "--source-timeout", source]);
        let found = found.expect_status(0).json();
        assert!(start.elapsed() < Duration::from_secs(30), "{name}: {:?}", start.elapsed());
        assert_eq!(told(&found), "unexplained: unexplained not-looked-at", "{name}: {found}");
        let packages = &found["platforms"][0]["packages"];
        assert_eq!(packages["source"], "none", "{name}");
        let detail = packages["detail"].as_str().unwrap();
        assert!(detail.contains("layers that differ were read") && detail.contains(why), "{name}: {detail}");
        assert_eq!(found["platforms"][0]["layers"], json!({"kept": 1, "added": 1, "dropped": 1}), "{name}");
    }
}

#[test]
fn a_layer_with_other_bytes_than_its_digest_is_unknown() {
    let directory = tempfile::tempdir().unwrap();
    let image = of(&[base(), Files::new().dpkg(&[("curl", "8.2")]).gzip()]).build();
    former().build().write_layout(directory.path(), "from");
    image.write_layout(directory.path(), "to");
    let (digest, bytes) = image.blobs.last().unwrap();
    let other = Files::new().dpkg(&[("curl", "8.3")]).gzip().bytes;
    assert_ne!(*bytes, other);
    std::fs::write(directory.path().join("blobs/sha256").join(digest.hex()), other).unwrap();
    let name = |tag: &str| format!("oci:{}:{tag}", directory.path().display());
    let run = Run::new(PROGRAM).args(["diff", &name("from"), &name("to"), "--format", "json"]);
    let found = run.dir(directory.path()).output().expect_status(0).json();
    assert_eq!(told(&found), "unexplained: unexplained not-looked-at", "{found}");
}

#[test]
fn layers_beyond_the_manifests_bound_are_not_read() {
    let registry = TestRegistry::start();
    put(&registry, &former().build(), &of(&[base(), app("2"), Files::new().dpkg(&[("curl", "8.2")]).gzip()]).build());
    let directory = tempfile::tempdir().unwrap();
    let manifest = "organization: acme\nevidence: { layers: 1KB }\nimages: []\n";
    std::fs::write(directory.path().join("approved-images.yml"), manifest).unwrap();
    let name = |tag: &str| format!("{}/acme/tool:{tag}", registry.url().trim_start_matches("http://"));
    let run = || Run::new(PROGRAM).args(["diff", &name("from"), &name("to"), "--format", "json"]);
    let large = Files::new().file("srv/large", 0o644, &random(7, 4_000)).gzip();
    put(&registry, &former().build(), &of(&[base(), large]).build());
    let found = run().dir(directory.path()).output().expect_status(0).json();
    let detail = found["platforms"][0]["packages"]["detail"].as_str().unwrap();
    assert!(detail.contains("1.0 kB") || detail.contains("1 kB"), "{detail}");
    assert_eq!(told(&found), "unexplained: unexplained not-looked-at", "{found}");
}
