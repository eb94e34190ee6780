//! Two manifests in one repository: neither closes the other's proposals nor drops its clocks, and a single manifest
//! takes over what has former names.

use serde_json::Value;
use wharfinger::internals::image::Digest;

use crate::support::contract;
use crate::support::github::{Options, TestGitHub, Who};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const MAIN: &str = "approved-images.yml";
const TEAM: &str = "teams/images.yml";
const OTHER: &str = "other/images.yml";
const LEDGER: &str = "wharfinger-ledger.txt";

struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    github: TestGitHub,
}

/// What the team's branches begin with.
fn part() -> String {
    part_of(TEAM)
}

fn part_of(path: &str) -> String {
    format!("wharfinger/m-{}/", &Digest::sha256(path.as_bytes()).to_string()["sha256:".len()..][..8])
}

fn manifest(source: &str) -> String {
    format!(
        "organization: acme\nregistry: mirror.example\nimages:\n  - source: quay.io/{source}\n    versions: ^1\n    cooldown: 0s\n    \
         approved: []\n  - source: quay.io/{source}-slow\n    versions: ^1\n    cooldown: 3d\n    approved: []\n"
    )
}

impl World {
    fn new(files: &[(&str, &str)]) -> Self {
        let upstream = TestRegistry::start();
        for (seed, source) in (1..).zip(["a/loki", "a/loki-slow", "b/tempo", "b/tempo-slow"]) {
            ImageSpec::new(seed).build().put(&upstream, source, "1.0.0");
        }
        let files = files.iter().map(|(path, source)| ((*path).to_owned(), manifest(source))).collect();
        let who = Who::App("acme-images".to_owned());
        let github = TestGitHub::start(Options { files, who, ..Options::default() });
        Self { upstream, mirror: TestRegistry::start(), github }
    }

    fn outcome(&self, path: &str, actions: Actions) -> Outcome {
        let hosts = format!("quay.io={},mirror.example={}", self.upstream.url(), self.mirror.url());
        let actions = actions
            .api(&self.github.server(), &self.github.api(), &self.github.graphql())
            .input("github-token", self.github.token())
            .input("registry-auth", r#"{"auths":{"mirror.example":{"username":"robot","password":"canary"}}}"#)
            .input("manifest", path)
            .env("WHARFINGER_FORMAT", "json")
            .env("WHARFINGER_HOSTS", &hosts);
        Run::new(PROGRAM).actions(&actions).output()
    }

    fn schedule(&self, path: &str) -> Value {
        let output = self.outcome(path, Actions::schedule("acme/images")).expect_status(0).json();
        contract::github(&self.github.log());
        output
    }

    fn open(&self) -> Vec<String> {
        let open = self.github.open_pulls();
        let mut open: Vec<String> = open.into_iter().map(|number| self.github.pull(number).head).collect();
        open.sort();
        open
    }

    /// What the ledger says of each source, without digests and times.
    fn rows(&self) -> Vec<String> {
        let text = self.github.read("wharfinger/ledger", LEDGER).unwrap();
        let rows = text.lines().filter(|line| !line.starts_with('#'));
        rows.map(|line| line.split(' ').next().unwrap().replace('\t', " ")).collect()
    }
}

fn actions(output: &Value) -> Vec<String> {
    let row = |p: &Value| format!("{} {}", p["branch"].as_str().unwrap(), p["action"].as_str().unwrap());
    output["proposals"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn two_manifests_leave_each_others_proposals_and_clocks_alone() {
    let world = World::new(&[(MAIN, "a/loki"), (TEAM, "b/tempo")]);
    let (loki, tempo) = ("wharfinger/image/loki/latest".to_owned(), format!("{}image/tempo/latest", part()));
    assert_eq!(actions(&world.schedule(MAIN)), [format!("{loki} opened")]);
    assert_eq!(actions(&world.schedule(TEAM)), [format!("{tempo} opened")]);
    let all = [loki.clone(), tempo.clone()];
    let both = {
        let mut both = all.to_vec();
        both.sort();
        both
    };
    assert_eq!(world.open(), both);
    assert_eq!(world.rows(), ["quay.io/a/loki-slow", "teams/images.yml quay.io/b/tempo-slow"]);
    let body = world.github.pull(2).body;
    assert!(body.contains(r#""manifest":"teams/images.yml""#), "{body}");
    world.github.clear_log();
    assert_eq!(actions(&world.schedule(MAIN)), [format!("{loki} unchanged")]);
    assert_eq!(actions(&world.schedule(TEAM)), [format!("{tempo} unchanged")]);
    assert_eq!(world.github.writes(), Vec::<String>::new());

    // A comment is obeyed by the run of its own manifest alone.
    let comment = serde_json::json!({
        "action": "created", "comment": {
            "id": world.github.comment_as(2, "octocat", "/wharfinger recheck"), "body": "/wharfinger recheck",
            "user": {"login": "octocat", "type": "User"},
        },
        "issue": {"number": 2, "pull_request": {}}, "repository": {"full_name": "acme/images", "default_branch": "main"},
    });
    let event = || Actions::new("acme/images", "issue_comment", &comment);
    world.outcome(MAIN, event()).expect_status(0);
    assert_eq!(world.github.comments(2).len(), 1, "no answer");
    world.outcome(TEAM, event()).expect_status(0);
    assert_eq!(world.github.comments(2).len(), 2);

    // What is interrupted is cleared by its own manifest's runs.
    let base = world.github.branch("main").unwrap();
    let left = [format!("{}tmp/image/x/latest", part()), "wharfinger/tmp/image/x/latest".to_owned()];
    left.iter().for_each(|branch| world.github.force(branch, &base, "acme-images[bot]"));
    world.schedule(MAIN);
    let branches = world.github.branches();
    assert_eq!(left.each_ref().map(|branch| branches.contains(branch)), [true, false]);
    world.schedule(TEAM);
    assert!(!world.github.branches().contains(&left[0]));
}

/// What an earlier release left: no part in the branch's name, no path in the metadata, no path in the ledger.
fn of_former_times() -> World {
    let world = World::new(&[(MAIN, "b/tempo")]);
    world.schedule(MAIN);
    let body = world.github.pull(1).body;
    let before = body.replace(r#""manifest":"approved-images.yml","#, "");
    assert_ne!(body, before);
    world.github.with(|state| state.pull(1).unwrap().body = before);
    world
}

#[test]
fn a_manifest_that_is_alone_goes_on_with_what_stands_under_former_names() {
    let world = of_former_times();
    world.github.push_as("main", "octocat", &[(TEAM, &manifest("b/tempo"))]);
    // The very file, elsewhere: nothing of the default name is left.
    world.github.with(|state| {
        let parent = state.git.branch("main").unwrap();
        let who = state.signature("octocat", "2026-11-21T08:00:00Z");
        let sha = state.git.commit(Some(&parent), &[(MAIN.to_owned(), None)], "Move", &who, &who);
        state.set_branch("main", Some(&sha), "octocat");
    });
    let rows = world.rows();
    let output = world.schedule(TEAM);
    assert_eq!(world.open(), ["wharfinger/image/tempo/latest"], "{output}");
    assert_eq!(world.github.pulls().len(), 1);
    assert_eq!((rows, world.rows().len()), (vec!["quay.io/b/tempo-slow".to_owned()], 1), "its clock goes on");
    world.github.clear_log();
    world.schedule(TEAM);
    assert_eq!(world.github.writes(), Vec::<String>::new());
    // A person closes it: it stays declined.
    world.github.close_as(1, "octocat");
    world.schedule(TEAM);
    assert_eq!(world.github.pulls().len(), 1);
}

#[test]
fn beside_the_default_manifest_nothing_is_taken_over() {
    let world = of_former_times();
    world.github.push_as("main", "octocat", &[(TEAM, &manifest("b/tempo"))]);
    world.schedule(TEAM);
    assert_eq!(world.github.pulls().len(), 2, "the default manifest keeps its own");
    assert!(world.github.pull(2).head.starts_with(&part()));
    assert_eq!(world.open().len(), 2);
}

#[test]
fn a_former_recording_proposal_is_of_the_manifest_that_it_records_in() {
    let world = World::new(&[(TEAM, "b/tempo"), (OTHER, "a/loki")]);
    for (path, source) in [(TEAM, "b/tempo"), (OTHER, "a/loki")] {
        let digest = world.upstream.digest(source, "1.0.0").unwrap();
        let approved = format!("approved:\n      - tag: 1.0.0\n        digest: {digest}\n");
        world.github.push_as("main", "octocat", &[(path, &manifest(source).replacen("approved: []\n", &approved, 1))]);
    }
    world.github.with(|state| state.protected = true);
    world.schedule(TEAM);
    let (now, former) = (format!("{}record", part()), "wharfinger/record");
    let number = world.github.pulls().iter().find(|pull| pull.head == now).unwrap().number;
    // An earlier release gave it the name that it would have for the default manifest.
    let made = world.github.branch(&now).unwrap();
    world.github.with(|state| {
        state.set_branch(former, Some(&made), "acme-images[bot]");
        former.clone_into(&mut state.pull(number).unwrap().head);
        state.set_branch(&now, None, "acme-images[bot]");
    });
    world.schedule(OTHER);
    let pull = world.github.pull(number);
    assert!(pull.open && pull.head_sha == made, "it records nothing of the other manifest: {pull:?}");
    assert!(world.open().contains(&format!("{}record", part_of(OTHER))), "{:?}", world.open());
    let open = world.open();
    world.schedule(TEAM);
    assert_eq!(world.open(), open, "its own manifest has no second one");
    assert!(world.github.pull(number).open);
}
