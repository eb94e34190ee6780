//! The main job from end to end, as a workflow runs it: schedule, pull request, merge, push, schedule.

use serde_json::Value;

use crate::support::github::{Options, TestGitHub};
use crate::support::hub::{Account, TestHub};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;

const USER: &str = "octocat";
const PASSWORD: &str = "dckr_pat_ofTheWholeLoop";
const MANIFEST: &str = "approved-images.yml";

/// GitHub, an upstream registry, Docker Hub's registry and Docker Hub's API, with one image approved and two newer ones.
struct World {
    github: TestGitHub,
    upstream: TestRegistry,
    docker_hub: TestRegistry,
    hub: TestHub,
}

impl World {
    fn start() -> Self {
        let upstream = TestRegistry::start();
        for (seed, tag) in (1..).zip(["3.0.0", "3.0.1", "3.1.0", "3.2.0-rc.1", "latest"]) {
            ImageSpec::new(seed).attestations().build().put(&upstream, "grafana/loki", tag);
        }
        let approved = upstream.digest("grafana/loki", "3.0.0").unwrap();
        let manifest = format!(
            "# What developers may pull.\norganization: acme\nimages:\n  - source: ghcr.io/grafana/loki\n    teams: {{ developers: read }}\n    \
             versions: '>=3'\n    cooldown: 0s\n    approved:\n      - tag: 3.0.0 # the first one\n        digest: {approved}\n"
        );
        let files = vec![(MANIFEST.to_owned(), manifest)];
        let github = TestGitHub::start(Options { files, ..Options::default() });
        let hub = TestHub::start(vec![Account::personal(USER, PASSWORD, &["acme"])]);
        hub.add_team("acme", "developers");
        let docker_hub = TestRegistry::start();
        hub.link(&docker_hub);
        Self { github, upstream, docker_hub, hub }
    }

    /// What the workflow gives every one of its jobs.
    fn job(&self, actions: Actions) -> Actions {
        let hosts = format!(
            "ghcr.io={},docker.io={},hub.docker.com={}",
            self.upstream.url(),
            self.docker_hub.url(),
            self.hub.url()
        );
        actions
            .api(&self.github.server(), &self.github.api(), &self.github.graphql())
            .env("WHARFINGER_HOSTS", &hosts)
            .input("github-token", self.github.token())
    }

    /// A job that may write: it has Docker Hub's credential.
    fn writing(&self, actions: Actions) -> Actions {
        self.job(actions).input("dockerhub-username", USER).input("dockerhub-token", PASSWORD)
    }

    fn schedule(&self) -> Actions {
        self.writing(Actions::schedule(&self.github.repository()))
    }

    fn push(&self, before: &str) -> Actions {
        let after = self.github.branch("main").unwrap();
        self.writing(Actions::push(&self.github.repository(), before, &after))
    }

    fn pull_request(&self, number: u64) -> Actions {
        let pull = self.github.pull(number);
        let merge = self.github.merge_commit(number).expect("it can be merged");
        let main = self.github.branch("main").unwrap();
        let head = (pull.head.as_str(), pull.head_sha.as_str());
        self.job(Actions::pull_request(&self.github.repository(), number, head, &main, &merge))
    }

    /// The write requests so far, by server; asking for a token is none.
    fn writes(&self) -> [Vec<String>; 4] {
        let mut writes = [self.github.writes(), self.hub.writes(), self.upstream.writes(), self.docker_hub.writes()];
        writes[1].retain(|line| !line.contains("/v2/auth/token"));
        writes
    }

    /// The write requests since `before`.
    fn writes_since(&self, before: &[Vec<String>; 4]) -> Vec<String> {
        self.writes().iter().zip(before).flat_map(|(now, before)| now[before.len()..].to_vec()).collect()
    }

    fn manifest(&self) -> String {
        self.github.read("main", MANIFEST).unwrap()
    }

    fn digest(&self, tag: &str) -> String {
        self.upstream.digest("grafana/loki", tag).unwrap().to_string()
    }
}

fn json(text: Option<String>) -> Value {
    serde_json::from_str(&text.expect("the output is set")).expect("JSON")
}

/// The loop, with `launch` running the action as a runner would.
pub fn whole_loop(launch: impl Fn(&Actions) -> Outcome) {
    let world = World::start();
    let run = |actions: &Actions| {
        let outcome = launch(actions).expect_status(0);
        let shown = format!("{}{}{}{}", outcome.stdout, outcome.stderr, actions.output_file(), actions.summary());
        let unmasked = shown.lines().filter(|line| !line.starts_with("::add-mask::")).collect::<Vec<_>>().join("\n");
        for secret in [PASSWORD, world.github.token()] {
            assert!(!unmasked.contains(secret), "a secret is shown:\n{unmasked}");
        }
    };

    let first = world.schedule();
    run(&first);
    let promoted = json(first.output("promoted"));
    assert_eq!(promoted[0]["repository"], "loki");
    assert_eq!(promoted[0]["mirrored"], world.digest("3.0.0"));
    let proposals = json(first.output("proposals"));
    assert_eq!(proposals[0]["action"], "opened", "{proposals}");
    assert_eq!(proposals[0]["branch"], "wharfinger/image/loki/latest");
    let number = proposals[0]["number"].as_u64().unwrap();
    assert_eq!(world.docker_hub.digest("acme/loki", "3.0.0").unwrap().to_string(), world.digest("3.0.0"));
    let repository = world.hub.repository("acme", "loki").expect("it was created");
    assert!(repository.is_private, "created before the first push, private");
    assert!(world.manifest().contains("tag: 3.0.0 # the first one"), "comments stay: {}", world.manifest());

    let before = world.writes();
    let checked = world.pull_request(number);
    run(&checked);
    assert_eq!(world.writes_since(&before), [""; 0], "check writes nothing");
    assert!(checked.summary().contains(&world.digest("3.1.0")), "{}", checked.summary());

    let main = world.github.branch("main").unwrap();
    world.github.merge(number);
    let pushed = world.push(&main);
    run(&pushed);
    let promoted = &json(pushed.output("promoted"))[0];
    assert_eq!((&promoted["mirrored"], &promoted["pull"]), (&world.digest("3.1.0").into(), &number.into()));
    let summary = pushed.summary();
    assert!(summary.starts_with("1 promoted.\n\n### Promoted\n"), "{summary}");
    assert!(summary.contains(&format!("[#{number}]({}", world.github.server())), "{summary}");
    assert_eq!(summary.matches("`loki:3.1.0`").count(), 1, "one table a fact: {summary}");
    assert_eq!(world.docker_hub.digest("acme/loki", "3.1.0").unwrap().to_string(), world.digest("3.1.0"));
    let manifest = world.manifest();
    let record = format!("digest: {0}\n        mirrored: {0}\n        pull: {number}\n", world.digest("3.1.0"));
    assert!(manifest.contains(&record), "{manifest}");

    run(&world.schedule()); // deletes the branch that was merged
    let before = world.writes();
    let again = world.schedule();
    run(&again);
    assert_eq!(world.writes_since(&before), [""; 0], "a second run writes nothing");
    assert_eq!(again.output("changed").as_deref(), Some("false"));
    assert_eq!(world.manifest(), manifest);
}

#[test]
fn a_workflow_from_schedule_to_schedule() {
    whole_loop(|actions| Run::new(env!("CARGO_BIN_EXE_wharfinger")).actions(actions).output());
}
