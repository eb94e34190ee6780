//! A GitHub Enterprise Server: its three addresses are used by everything, and github.com appears nowhere.

use serde_json::json;

use crate::support::contract;
use crate::support::github::{Options, TestGitHub};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run, repository_json};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const LOKI: &str = "wharfinger/image/loki/latest";

struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    github: TestGitHub,
    shown: std::cell::RefCell<String>,
}

impl World {
    fn run(&self, actions: Actions, graphql: bool) -> Outcome {
        let hosts = format!("quay.io={},mirror.example={}", self.upstream.url(), self.mirror.url());
        let actions = actions
            .env("GITHUB_SERVER_URL", &self.github.server())
            .env("GITHUB_API_URL", &self.github.api())
            .env("GITHUB_GRAPHQL_URL", &if graphql { self.github.graphql() } else { String::new() })
            .input("github-token", self.github.token())
            .input("registry-auth", r#"{"auths":{"mirror.example":{"username":"robot","password":"secret"}}}"#)
            .input("log-level", "debug")
            .env("WHARFINGER_FORMAT", "json")
            .env("WHARFINGER_HOSTS", &hosts);
        let outcome = Run::new(PROGRAM).actions(&actions).output().expect_status(0);
        let all = [outcome.stdout.as_str(), &outcome.stderr, &actions.summary(), &actions.output_file()].concat();
        self.shown.borrow_mut().push_str(&all);
        outcome
    }

    fn comment(&self, body: &str) {
        let id = self.github.comment_as(1, "octocat", body);
        let payload = json!({
            "action": "created", "repository": repository_json("acme/images"),
            "comment": {"id": id, "body": body, "user": {"login": "octocat", "type": "User"}},
            "issue": {"number": 1, "pull_request": {"url": "x"}},
        });
        self.run(Actions::new("acme/images", "issue_comment", &payload), true);
    }
}

#[test]
fn the_whole_life_of_a_proposal_keeps_to_the_servers_own_addresses() {
    let upstream = TestRegistry::start();
    ImageSpec::new(1).build().put(&upstream, "grafana/loki", "3.0.0");
    let text = "organization: acme\nregistry: mirror.example\nsources: [quay.io]\nproposals: { labels: [images], reviewers: [hubot] }\n\
                images:\n  - source: quay.io/grafana/loki\n    cooldown: 0s\n    approved: []\n  \
                - source: quay.io/grafana/loki\n    repository: young\n    approved: []\n";
    let files = vec![(FILE.to_owned(), text.to_owned())];
    let github = TestGitHub::start(Options { files, ghes: true, ..Options::default() });
    let world = World { upstream, mirror: TestRegistry::start(), github, shown: std::cell::RefCell::default() };
    let schedule = || Actions::schedule("acme/images");
    world.run(schedule(), true);
    let pull = world.github.pull(1);
    assert_eq!((pull.head.as_str(), pull.reviewers.len(), world.github.statuses().len()), (LOKI, 1, 1));
    let merge = world.github.merge_commit(1).unwrap();
    let event = Actions::pull_request("acme/images", 1, (LOKI, &pull.head_sha), &pull.base_sha, &merge);
    world.run(event, true);
    world.comment("/wharfinger recheck");
    ImageSpec::new(2).build().put(&world.upstream, "grafana/loki", "3.1.0");
    // where the variable is missing the address follows from the API's
    let moved = world.run(schedule(), false).json();
    assert_eq!(moved["proposals"][0]["action"], "updated", "{moved}");
    world.github.protect(true);
    world.github.merge(1);
    let main = world.github.branch("main").unwrap();
    let recorded = world.run(Actions::push("acme/images", &main, &main), true).json();
    assert_eq!(recorded["proposals"][0]["branch"], "wharfinger/record", "{recorded}");
    let url = recorded["proposals"][0]["url"].as_str().unwrap();
    assert!(url.starts_with(&world.github.server()), "{url}");

    let log = world.github.log();
    let elsewhere: Vec<&str> = log.iter().map(|e| e.request.path.as_str()).filter(|p| !is_api(p)).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    assert!(log.iter().any(|e| e.request.path == "/api/graphql"));
    contract::github(&log);
    let mut shown = world.shown.take();
    for pull in world.github.pulls() {
        shown += &pull.body;
        world.github.comments(pull.number).iter().for_each(|c| shown += &c.body);
    }
    assert!(!shown.contains("github.com"), "{:?}", shown.lines().find(|line| line.contains("github.com")));
}

fn is_api(path: &str) -> bool {
    path.starts_with("/api/v3/repos/acme/images") || path == "/api/graphql"
}
