//! Large estates: the parts of one manifest, promoted by that many processes at once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::promote::{Clone, entry, in_a_job, manifest};
use crate::support::github::{Options, TestGitHub};
use crate::support::images::{Image, ImageSpec};
use crate::support::process::{Outcome, Run};
use crate::support::registry::TestRegistry;

/// How many parts, and processes.
const SHARDS: usize = 4;
/// Publishers, each of whose images stand on one base.
const PUBLISHERS: u64 = 9;
/// Images a publisher.
const IMAGES: u64 = 3;

struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    images: Vec<(String, Image)>,
    manifest: String,
}

impl World {
    fn new() -> Self {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        let (mut images, mut entries) = (Vec::new(), Vec::new());
        for publisher in 0..PUBLISHERS {
            for number in 0..IMAGES {
                let seed = 1_000 + publisher * 10 + number;
                let image = ImageSpec { base: Some((publisher, 2)), ..ImageSpec::new(seed) }.layers(3, 2_000).build();
                let name = format!("app-{publisher}-{number}");
                let digest = upstream.put_image(&format!("team-{publisher}/{name}"), "1", &image);
                let source = format!("quay.io/team-{publisher}/{name}");
                entries.push(entry(&source, &name, "", &[("1", &digest)]));
                images.push((name, image));
            }
        }
        let manifest = manifest(&mirror.host(), &entries);
        Self { upstream, mirror, images, manifest }
    }

    /// The program, which finds quay.io at this upstream: the names decide the shards, and must not change with its port.
    fn run(&self, run: Run) -> Run {
        run.env("WHARFINGER_HOSTS", format!("quay.io={}", self.upstream.url()))
    }

    /// Everything is there, and no blob was fetched or sent by two processes.
    #[track_caller]
    fn check(&self, text: &str) {
        for (name, image) in &self.images {
            assert_eq!(self.mirror.digest(&format!("acme/{name}"), "1"), Some(image.digest()), "{name}");
            assert!(text.contains(&format!("mirrored: {}", image.digest())), "{name} is not recorded");
        }
        assert_eq!(text.matches("mirrored:").count(), self.images.len());
        let unique: BTreeSet<_> = self.images.iter().flat_map(|(_, image)| &image.blobs).map(|(d, _)| d).collect();
        let fetched = self.upstream.log().iter().filter(|e| e.request.path.contains("/blobs/")).count();
        assert_eq!(fetched, unique.len(), "one fetch a blob in all processes together");
    }
}

/// Starts one process a shard, all at once; `run` makes the process of a shard.
#[track_caller]
fn all(run: impl Fn(&str) -> Outcome + Sync) -> Vec<Value> {
    let shards: Vec<String> = (1..=SHARDS).map(|number| format!("{number}/{SHARDS}")).collect();
    let run = &run;
    let ends: Vec<Outcome> = std::thread::scope(|scope| {
        let runs: Vec<_> = shards.iter().map(|shard| scope.spawn(move || run(shard))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    ends.into_iter().map(|end| end.expect_status(0).json()).collect()
}

fn promoted(ends: &[Value]) -> usize {
    ends.iter().map(|end| end["promoted"].as_array().unwrap().len()).sum()
}

#[test]
fn the_parts_of_a_clone_become_one_history() {
    let world = World::new();
    let clone = Clone::new(&world.manifest);
    let ends = all(|shard| world.run(clone.run(&["--shard", shard])).output());
    assert_eq!(promoted(&ends), world.images.len());
    assert!(ends.iter().all(|end| !end["promoted"].as_array().unwrap().is_empty()), "every shard has work: {ends:?}");
    world.check(&clone.manifest());
    assert_eq!((clone.status(), clone.count("main")), (String::new(), 1 + SHARDS));
}

fn on_github(protected: bool) {
    let world = World::new();
    let github = TestGitHub::start(Options { protected, ..Options::default() });
    github.push_as("main", "octocat", &[("approved-images.yml", &world.manifest)]);
    let ends = all(|shard| {
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "promote", "--shard", shard]);
        in_a_job(&github, world.run(run))
    });
    assert_eq!(promoted(&ends), world.images.len());
    if protected {
        assert_eq!(github.open_pulls().len(), 1, "one recording pull request");
        github.merge(github.open_pulls()[0]);
    }
    world.check(&github.read("main", "approved-images.yml").unwrap());
}

#[test]
fn the_parts_on_github_become_one_history() {
    on_github(false);
}

#[test]
fn the_parts_on_a_protected_branch_become_one_recording_pull_request() {
    on_github(true);
}

#[test]
fn a_plan_prints_the_matrix_of_the_parts() {
    let world = World::new();
    let clone = Clone::new(&world.manifest);
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(clone.path());
    let plan = run.args(["--forge", "git", "--format", "json", "plan", "--shards", "4"]).output().json();
    assert_eq!(plan["matrix"], json!({ "shard": ["1/4", "2/4", "3/4", "4/4"] }));
}
