//! How much memory `diff` takes with the largest lists of packages and reports: at most 64 MiB more than to read nothing.
#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::images::{Image, ImageSpec};
use crate::support::layers::{Files, Layer};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");

/// In KiB. An unoptimized build takes more for its code, which the run that reads nothing takes too.
const BOUND: u64 = 64 << 10;

const PACKAGES: usize = 99_000;

/// The most memory that `diff` of two tags took, in KiB, and what it printed.
fn peak(registry: &TestRegistry, tags: [&str; 2], directory: &Path) -> (u64, String) {
    let name = |tag: &str| format!("{}/acme/tool:{tag}", registry.host());
    let (printed, reports) = (directory.join("printed.json"), directory.join("reports"));
    let mut diff = Command::new(PROGRAM);
    diff.args(["diff", &name(tags[0]), &name(tags[1]), "--format", "json", "--reports"]).arg(reports);
    diff.current_dir(directory).stdout(std::fs::File::create(&printed).unwrap()).stderr(Stdio::null());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "GITHUB_ACTIONS"] {
        diff.env_remove(name);
    }
    let mut child = diff.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next()?.parse().ok());
        most = most.max(line.unwrap_or_default());
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(child.wait().unwrap().success());
    (most, std::fs::read_to_string(printed).unwrap())
}

/// A document of nearly 10 MB.
fn sbom(version: &str) -> String {
    let mut text = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{}"#.to_owned();
    for n in 0..PACKAGES {
        let name = format!("package-{n:06}");
        write!(
            text,
            r#",{{"type":"library","name":"{name}","version":"{version}","purl":"pkg:npm/{name}@{version}"}}"#
        )
        .unwrap();
    }
    text.push_str("]}");
    assert!((9_000_000..10_000_000).contains(&text.len()), "{}", text.len());
    text
}

/// A few files, of which some run by themselves, with others' rights or as programs.
fn layer(seed: &str) -> Layer {
    let files = Files::new().program(&format!("srv/{seed}/program")).file(&format!("srv/{seed}/setuid"), 0o4755, b"");
    files.text(&format!("etc/cron.d/{seed}"), "").text(&format!("srv/{seed}/text"), "").gzip_fast()
}

fn image(seed: &str) -> Image {
    ImageSpec::new(1).platforms(&["linux/amd64"]).of_files(&[layer(seed)]).build()
}

/// A report of Grype of many megabytes about an image.
fn report(directory: &Path, image: &Image, seed: &str) {
    let one = |n: usize| {
        json!({"vulnerability": {"id": format!("CVE-2026-{n}"), "severity": "High", "description": "x".repeat(200)},
            "artifact": {"name": format!("package-{n}-{seed}"), "purl": format!("pkg:deb/debian/package-{n}@{seed}")}})
    };
    let matches: Vec<Value> = (0..25_000).map(one).collect();
    let name = format!("{}.json", image.digest().hex());
    std::fs::create_dir_all(directory.join("reports")).unwrap();
    std::fs::write(directory.join("reports").join(name), json!({ "matches": matches }).to_string()).unwrap();
}

#[test]
fn the_largest_lists_of_packages_take_little_memory() {
    let (registry, directory) = (TestRegistry::start(), tempfile::tempdir().unwrap());
    std::fs::create_dir_all(directory.path().join("reports")).unwrap();
    let small = ImageSpec::new(1).build();
    small.put(&registry, "acme/tool", "nothing");
    let (idle, _) = peak(&registry, ["nothing", "nothing"], directory.path());
    for (tag, version) in [("from", "1.0.1"), ("to", "1.0.2")] {
        let image = image(version);
        image.put(&registry, "acme/tool", tag);
        report(directory.path(), &image, version);
        let beside = Image::artifact(image.root(), "application/vnd.cyclonedx+json", sbom(version).as_bytes());
        beside.put(&registry, "acme/tool", beside.digest().as_str());
    }
    let (most, printed) = peak(&registry, ["from", "to"], directory.path());
    let found: Value = serde_json::from_str(&printed).unwrap();
    let packages = &found["platforms"][0]["packages"];
    assert_eq!(packages["source"], "sbom", "{}", packages["detail"]);
    assert_eq!(packages["upgraded"].as_array().unwrap().len(), PACKAGES);
    let more = most.saturating_sub(idle);
    assert!(more <= BOUND, "{more} KiB more than a run that reads nothing");
}
