//! `scan` and `scan --fix` through the real program, on files as projects have them, format by format.

mod dockerfile;
mod peers;

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;
use wharfinger::internals::image::Digest;

use crate::scan::World;
use crate::support::process::Run;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");

/// What the manifest approves: each has been promoted.
const APPROVED: [(&str, &str); 10] = [
    ("docker/dockerfile", "1.7"),
    ("golang", "1.23-alpine"),
    ("node", "20.11-alpine"),
    ("nginx", "1.27"),
    ("redis", "7.2"),
    ("tonistiigi/xx", "1.5.0"),
    ("alpine/curl", "8.8.0"),
    ("gcr.io/distroless/static-debian12", "nonroot"),
    ("ghcr.io/astral-sh/uv", "0.8.15"),
    ("mcr.microsoft.com/windows/nanoserver", "ltsc2022"),
];

/// What the mirror has for a tag.
fn mirrored(source: &str, tag: &str) -> String {
    let name = source.rsplit('/').next().unwrap();
    format!("acme/{name}:{tag}@{}", Digest::sha256(source.as_bytes()))
}

/// A tree beside a manifest with what is approved.
fn world() -> World {
    let world = World::new();
    let mut manifest = "organization: acme\nimages:\n".to_owned();
    for (source, tag) in APPROVED {
        let digest = Digest::sha256(source.as_bytes());
        let _ = writeln!(
            manifest,
            "  - source: {source}\n    approved:\n      - {{ tag: \"{tag}\", digest: \"{digest}\", mirrored: \"{digest}\" }}"
        );
    }
    fs::write(world.path("../approved-images.yml"), manifest).unwrap();
    world
}

fn scan(world: &World, arguments: &[&str]) -> Value {
    let run = Run::new(PROGRAM).dir(world.path("..")).args(["scan", "work", "--format", "json"]).args(arguments);
    run.output().json()
}

/// Scans a file, fixes it and scans it again. What is found is shown one place a line; then the text must be `fixed`, with
/// every other byte as it was, and nothing more is replaced.
#[track_caller]
fn check(path: &str, text: &str, found: &[&str], fixed: &str) {
    let world = world();
    world.write(path, text);
    assert_eq!(shown(&scan(&world, &[])), found, "{text}");
    assert_eq!(fs::read_to_string(world.path(path)).unwrap(), text, "scan writes nothing");
    scan(&world, &["--fix"]);
    let written = fs::read_to_string(world.path(path)).unwrap();
    assert_eq!(written, fixed);
    let again = scan(&world, &["--fix"]);
    assert_eq!(fs::read_to_string(world.path(path)).unwrap(), written, "a second run changes nothing");
    for row in again["references"].as_array().unwrap() {
        let left = row["verdict"] == "approved" || row["replacement"].is_null() || row["fixed"] == false;
        assert!(left, "{row}");
    }
}

/// `LINE:COLUMN TEXT VERDICT` of every reference and `LINE TEXT ! WHY` of what is unresolved, in the order of the text.
fn shown(found: &Value) -> Vec<String> {
    let rows = |key: &str| found[key].as_array().unwrap().clone();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let place = |row: &Value| (row["line"].as_u64().unwrap(), row["column"].as_u64().unwrap());
    let mut lines: Vec<((u64, u64), String)> = Vec::new();
    for row in rows("references") {
        let (line, column) = place(&row);
        lines.push(((line, column), format!("{line}:{column} {} {}", text(&row, "text"), text(&row, "verdict"))));
    }
    for row in rows("unresolved") {
        let line = row["line"].as_u64().unwrap();
        lines.push(((line, u64::MAX), format!("{line} {} ! {}", text(&row, "text"), text(&row, "why"))));
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}
