//! `diff` of two images that share most of their layers, and what people do without it: `crane export | tar t` of both.
//! Run it with `cargo bench --bench difference`; crane is left out where it is not on the path.
//!
//! Both read from the small registry of the tests, which counts requests. Figures are comparable within one run only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]
#![allow(unreachable_pub, missing_docs)]

/// The tests' code for running servers is used here too.
#[path = "../tests/support"]
#[allow(dead_code)]
mod support {
    pub mod http;
    pub mod images;
    pub mod layers;
    pub mod registry;
}

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use wharfinger::internals::image::Digest;

use support::images::{Image, ImageSpec};
use support::layers::Files;
use support::registry::TestRegistry;

const REPOSITORY: &str = "acme/tool";
/// Seven layers of 30 MiB below what differs.
const SHARED: usize = 7;
const LAYER: usize = 30 << 20;
const RUNS: usize = 3;

/// What one way took.
struct Cost {
    wall: Duration,
    /// The most memory of one process, in KiB.
    memory: u64,
    requests: usize,
    /// That the registry sent.
    bytes: usize,
}

fn main() {
    let registry = TestRegistry::start();
    for (tag, version) in [("from", "8.1"), ("to", "8.2")] {
        registry.put_image(REPOSITORY, tag, &image(version));
    }
    let name = |tag: &str| format!("{}/{REPOSITORY}:{tag}", registry.host());
    println!("two images of 240 MiB, of which {SHARED} of 8 layers are shared; medians of {RUNS} runs");
    let ours = median(&registry, || {
        let mut diff = Command::new(env!("CARGO_BIN_EXE_wharfinger"));
        vec![diff.args(["diff", &name("from"), &name("to")]).stdout(Stdio::null()).spawn().unwrap()]
    });
    print("wharfinger diff", &ours);
    if Command::new("crane").arg("version").stdout(Stdio::null()).status().is_err() {
        eprintln!("crane is not on the path");
        return;
    }
    let theirs =
        median(&registry, || vec![exported(&name("from")), exported(&name("to"))].into_iter().flatten().collect());
    print("crane export | tar t", &theirs);
    println!("wall time: {:.3} of crane's", ours.wall.as_secs_f64() / theirs.wall.as_secs_f64());
}

/// An image with a package database and a program in a last layer of its own.
fn image(version: &str) -> Image {
    let files = Files::new().dpkg(&[("curl", version), ("zlib", "1.3")]).program("usr/bin/curl");
    let large = ImageSpec::new(1).platforms(&["linux/amd64"]).single();
    let own = files.file("srv/data", 0o644, &noise(version)).gzip();
    ImageSpec { base: Some((7, SHARED)), layers: 0, layer_size: LAYER, content: vec![own], ..large }.build()
}

/// As many bytes as a layer has, which cannot be compressed.
fn noise(seed: &str) -> Vec<u8> {
    let mut noise = Vec::with_capacity(LAYER);
    let mut digest = Digest::sha256(seed.as_bytes());
    while noise.len() < LAYER {
        let half = |at: usize| u8::from_str_radix(&digest.hex()[at..at + 2], 16).expect("hex");
        noise.extend((0..64).step_by(2).map(half));
        digest = Digest::sha256(digest.as_str().as_bytes());
    }
    noise
}

/// The names of an image's files: crane, and tar that reads from it.
fn exported(name: &str) -> [Child; 2] {
    let mut crane = Command::new("crane").args(["export", name, "-"]).stdout(Stdio::piped()).spawn().unwrap();
    let archive = crane.stdout.take().unwrap();
    let tar = Command::new("tar").arg("t").stdin(archive).stdout(Stdio::null()).spawn().unwrap();
    [crane, tar]
}

fn median(registry: &TestRegistry, start: impl Fn() -> Vec<Child>) -> Cost {
    let mut costs: Vec<Cost> = (0..RUNS).map(|_| run(registry, &start)).collect();
    costs.sort_by_key(|cost| cost.wall);
    costs.swap_remove(RUNS / 2)
}

/// Runs processes to their ends, all at once.
fn run(registry: &TestRegistry, start: &impl Fn() -> Vec<Child>) -> Cost {
    registry.server().clear_log();
    let (began, mut memory, mut running) = (Instant::now(), 0, start());
    while !running.is_empty() {
        memory = running.iter().filter_map(|child| high_water(child.id())).fold(memory, u64::max);
        running.retain_mut(|child| match child.try_wait().unwrap() {
            Some(status) => {
                assert!(status.success(), "{status}");
                false
            }
            None => true,
        });
        std::thread::sleep(Duration::from_millis(1));
    }
    let wall = began.elapsed();
    let log = registry.log();
    let bytes = log.iter().filter(|one| one.request.method == "GET").map(|one| one.response_body.len()).sum();
    Cost { wall, memory, requests: log.len(), bytes }
}

/// The most memory that a process had at once so far, in KiB.
fn high_water(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next()?.parse().ok())
}

fn print(name: &str, cost: &Cost) {
    let Cost { wall, memory, requests, bytes } = cost;
    let (memory, bytes) = (memory >> 10, bytes >> 20);
    println!("{name}: {:.2} s, {memory} MiB of memory, {requests} requests, {bytes} MiB sent", wall.as_secs_f64());
}
