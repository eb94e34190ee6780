//! Recording on GitHub: a commit where the branch takes it, one recording pull request where it does not.

use serde_json::{Value, json};
use wharfinger::image::Digest;

use super::promote::{entry, manifest};
use crate::support::github::{Options, TestGitHub};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Run};
use crate::support::registry::TestRegistry;

const FILE: &str = "approved-images.yml";

struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    github: TestGitHub,
}

impl World {
    fn new(protected: bool) -> Self {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        let github = TestGitHub::start(Options { protected, ..Options::default() });
        Self { upstream, mirror, github }
    }

    fn image(&self, number: u64) -> Digest {
        self.upstream.put_image("team/app", &format!("{number}"), &ImageSpec::new(200 + number).build())
    }

    /// A person brings approvals to the default branch.
    fn approve(&self, approved: &[(&str, &Digest)]) {
        let source = format!("{}/team/app", self.upstream.host());
        let text = manifest(&self.mirror.host(), &[entry(&source, "app", "", approved)]);
        self.github.push_as("main", "octocat", &[(FILE, &text)]);
    }

    #[track_caller]
    fn promote(&self, more: &[&str], status: i32) -> Value {
        let head = self.github.branch("main").unwrap();
        let actions = Actions::push(&self.github.repository(), &head, &head)
            .api(&self.github.server(), &self.github.api(), &self.github.graphql())
            .env("GITHUB_TOKEN", self.github.token());
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "promote"]).args(more);
        run.actions(&actions).output().expect_status(status).json()
    }

    fn text(&self, revision: &str) -> String {
        self.github.read(revision, FILE).unwrap()
    }
}

#[test]
fn an_open_branch_takes_the_record_as_a_commit() {
    let world = World::new(false);
    let digest = world.image(1);
    world.approve(&[("1", &digest)]);
    let result = world.promote(&[], 0);
    assert_eq!((&result["changed"], &result["proposals"]), (&json!(true), &json!([])));
    let text = world.text("main");
    assert!(text.contains(&format!("mirrored: {digest}")) && text.contains("approved-on: "), "{text}");
    assert!(world.github.open_pulls().is_empty());
    world.github.clear_log();
    assert_eq!(world.promote(&[], 0)["changed"], json!(false));
    assert!(world.github.writes().is_empty(), "{:?}", world.github.writes());
}

#[test]
fn a_protected_branch_gets_one_recording_pull_request_that_promotions_add_to() {
    let world = World::new(true);
    let (one, two) = (world.image(1), world.image(2));
    world.approve(&[("1", &one)]);
    let result = world.promote(&[], 0);
    assert_eq!(result["proposals"][0]["branch"], json!("wharfinger/record"));
    assert_eq!(result["proposals"][0]["action"], json!("opened"));
    assert!(world.text("wharfinger/record").contains(&format!("mirrored: {one}")));
    assert!(!world.text("main").contains("mirrored:"));

    world.github.clear_log();
    let result = world.promote(&[], 0);
    assert_eq!((&result["changed"], &result["promoted"]), (&json!(false), &json!([])));
    assert_eq!(result["proposals"][0]["action"], json!("unchanged"));
    assert!(world.github.writes().is_empty(), "{:?}", world.github.writes());

    world.approve(&[("1", &one), ("2", &two)]);
    assert_eq!(world.promote(&[], 0)["proposals"][0]["action"], json!("updated"));
    let pulls = world.github.open_pulls();
    assert_eq!(pulls.len(), 1);
    let text = world.text("wharfinger/record");
    assert!(text.contains(&format!("mirrored: {one}")) && text.contains(&format!("mirrored: {two}")), "{text}");

    world.github.merge(pulls[0]);
    world.mirror.server().clear_log();
    let result = world.promote(&[], 0);
    assert_eq!((&result["changed"], &result["proposals"]), (&json!(false), &json!([])));
    assert_eq!(world.mirror.log().len(), 2, "one HEAD an approval");
}

#[test]
fn where_only_commits_are_wanted_a_protected_branch_is_a_failure_of_recording() {
    let world = World::new(true);
    let digest = world.image(1);
    world.approve(&[("1", &digest)]);
    let result = world.promote(&["--record", "commit"], 1);
    assert_eq!(result["failed"][0]["step"], json!("record"));
    assert_eq!(result["promoted"][0]["mirrored"], json!(digest));
    assert!(world.github.open_pulls().is_empty());
    assert_eq!(world.promote(&["--record", "none"], 0)["changed"], json!(false));
    assert_eq!(world.promote(&["--record", "pull-request"], 0)["proposals"][0]["action"], json!("opened"));
}

#[test]
fn a_moved_branch_is_looked_at_again() {
    let world = World::new(false);
    let (one, two) = (world.image(1), world.image(2));
    world.approve(&[("1", &one)]);
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(|| world.promote(&[], 0))).collect();
        runs.into_iter().for_each(|run| drop(run.join().unwrap()));
    });
    assert_eq!(world.text("main").matches("mirrored:").count(), 1);
    world.approve(&[("1", &one), ("2", &two)]);
    world.promote(&[], 0);
    let text = world.text("main");
    assert_eq!(text.matches("mirrored:").count(), 2, "{text}");
}
