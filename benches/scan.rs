//! `scan` of 100,000 files beside listing and reading them, and beside `rg -l image` where ripgrep is on the path. Run it
//! with `cargo bench --bench scan`; `-- N` makes a tree of N files.
//!
//! Figures are comparable within one run only. It fails if a scan takes more than twice as long as listing and reading.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ignore::{WalkBuilder, WalkState};
use wharfinger::internals::image::Digest;

/// How often each figure is measured, in turn; the medians are compared.
const RUNS: usize = 5;
const MOST: f64 = 2.0;

fn main() {
    let files = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(100_000);
    let directory = tempfile::tempdir().unwrap();
    let tree = directory.path().join("tree");
    fs::write(directory.path().join("approved-images.yml"), manifest()).unwrap();
    let bytes = plant(&tree, files);
    let scan = |paths: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wharfinger"));
        command.current_dir(directory.path()).args(["scan", "--format", "json"]).args(paths);
        command
    };
    let found: serde_json::Value = serde_json::from_slice(&scan(&["tree"]).output().unwrap().stdout).unwrap();
    let references = found["references"].as_array().unwrap().len();
    println!(
        "{files} files, {bytes} bytes; {} of a known format with {references} references and {} unresolved places; medians of {RUNS} runs",
        found["files"],
        found["unresolved"].as_array().unwrap().len(),
    );
    assert!(references >= files / 20, "{references}");
    let has_ripgrep = Command::new("rg").arg("--version").stdout(Stdio::null()).status().is_ok();
    let (mut read, mut scanned, mut searched) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        read.push(time(|| assert_eq!(list_and_read(&tree), bytes)));
        scanned.push(time(|| assert_eq!(quiet(&mut scan(&["tree"])), Some(1))));
        if has_ripgrep {
            let mut search = Command::new("rg");
            search.args(["--hidden", "--files-with-matches", "image"]).arg(&tree);
            searched.push(time(|| assert_eq!(quiet(&mut search), Some(0))));
        }
    }
    let (read, scanned) = (median(read), median(scanned));
    let ratio = scanned.as_secs_f64() / read.as_secs_f64();
    println!("list and read     {:>8.1} ms", read.as_secs_f64() * 1e3);
    println!("wharfinger scan   {:>8.1} ms   {ratio:.2} times as long", scanned.as_secs_f64() * 1e3);
    match has_ripgrep {
        true => println!("rg -l image       {:>8.1} ms", median(searched).as_secs_f64() * 1e3),
        false => println!("rg is not on the path"),
    }
    assert!(ratio <= MOST, "a scan takes {ratio:.2} times as long as listing and reading");
}

fn manifest() -> String {
    let digest = Digest::sha256(b"loki");
    let approval = format!("{{ tag: 3.0.0, digest: \"{digest}\", mirrored: \"{digest}\" }}");
    format!("organization: acme\nimages:\n  - source: grafana/loki\n    approved: [{approval}]\n")
}

/// A tree like that of many services in one repository: sources for the most part, and files that name images.
fn plant(tree: &Path, files: usize) -> u64 {
    let mut bytes = 0;
    for at in 0..files {
        let directory =
            tree.join(format!("team-{}/service-{}/{}", at / 5_000, at / 100, ["src", "deploy", "docs"][at % 3]));
        if at % 100 < 3 {
            fs::create_dir_all(&directory).unwrap();
        }
        let (name, text) = file(at);
        bytes += text.len() as u64;
        fs::write(directory.join(name), text).unwrap();
    }
    bytes
}

fn file(at: usize) -> (String, String) {
    let version = at % 40;
    match at % 20 {
        0 => (format!("{at}.Dockerfile"), format!("FROM grafana/loki:3.{version}.0 AS build\nRUN make\nFROM build\n")),
        1 => (format!("deployment-{at}.yaml"), DEPLOYMENT.replace("VERSION", &version.to_string())),
        2 => (
            format!("settings-{at}.yaml"),
            "log:\n  level: info\nitems:\n".to_owned() + &"  - name: value\n".repeat(60),
        ),
        3 => (format!("data-{at}.json"), format!("{{\"values\": [{}0]}}\n", "1234567, ".repeat(150))),
        4 => (format!("guide-{at}.md"), "An image is pulled from the mirror.\n".repeat(60)),
        _ => (format!("module_{at}.rs"), "pub fn answer() -> u32 {\n    42\n}\n\n".repeat(60)),
    }
}

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  labels: { app: api }
spec:
  replicas: 2
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec:
      initContainers:
        - name: wait
          image: busybox:1.VERSION
      containers:
        - name: api
          image: \"grafana/loki:3.VERSION.0\"
          ports: [{ containerPort: 8080 }]
          env:
            - name: LEVEL
              value: info
";

/// What any program does at least: lists the files as git sees them, in parallel, and reads each.
fn list_and_read(tree: &Path) -> u64 {
    let bytes = AtomicU64::new(0);
    let mut builder = WalkBuilder::new(tree);
    builder.hidden(false).ignore(false).git_global(false).require_git(false);
    builder.build_parallel().run(|| {
        Box::new(|entry| {
            let path: PathBuf = entry.unwrap().into_path();
            if let Ok(text) = fs::read(&path) {
                bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
            }
            WalkState::Continue
        })
    });
    bytes.into_inner()
}

fn quiet(command: &mut Command) -> Option<i32> {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().code()
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
