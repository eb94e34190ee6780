//! Proposals for one image conflict with each other: the run for a merge recreates the others on the new head.

use serde_json::{Value, json};

use crate::support::contract;
use crate::support::github::{Options, TestGitHub, Who};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;
use crate::support::signing::Key;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";

/// Loki in four minor versions, of which the oldest is approved, and Tempo, which is no sibling of them.
struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    github: TestGitHub,
}

impl World {
    fn new(who: Who) -> Self {
        let upstream = TestRegistry::start();
        for (seed, tag) in (1..).zip(["3.0.0", "3.1.0", "3.2.0", "3.3.0"]) {
            ImageSpec::new(seed).build().put(&upstream, "grafana/loki", tag);
        }
        ImageSpec::new(9).build().put(&upstream, "grafana/tempo", "2.0.0");
        let old = upstream.digest("grafana/loki", "3.0.0").unwrap();
        let text = format!(
            "organization: acme\nregistry: mirror.example\ndefaults: {{ cooldown: 0s }}\nimages:\n  - source: quay.io/grafana/loki\n    \
             versions: ^3\n    follow: each-minor\n    approved:\n      - tag: 3.0.0\n        digest: {old}\n  - source: quay.io/grafana/tempo\n    \
             versions: ^2\n    # kept\n    description: Traces\n    approved: []\n"
        );
        let files = vec![(FILE.to_owned(), text)];
        let github = TestGitHub::start(Options { files, who, ..Options::default() });
        let world = Self { upstream, mirror: TestRegistry::start(), github };
        world.run(Actions::schedule("acme/images"), 0);
        assert_eq!(world.github.open_pulls().len(), 4);
        world
    }

    fn run(&self, actions: Actions, status: i32) -> Value {
        let outcome = self.outcome(actions).expect_status(status);
        contract::github(&self.github.log());
        outcome.json()
    }

    fn outcome(&self, actions: Actions) -> Outcome {
        let hosts = format!("quay.io={},mirror.example={}", self.upstream.url(), self.mirror.url());
        let actions = actions
            .api(&self.github.server(), &self.github.api(), &self.github.graphql())
            .input("github-token", self.github.token())
            .input("registry-auth", r#"{"auths":{"mirror.example":{"username":"robot","password":"canary"}}}"#)
            .env("WHARFINGER_FORMAT", "json")
            .env("WHARFINGER_HOSTS", &hosts);
        Run::new(PROGRAM).actions(&actions).output()
    }

    /// The run for a push that made `before` the present head.
    fn push(&self, before: &str, status: i32) -> Value {
        let after = self.github.branch("main").unwrap();
        self.run(Actions::push("acme/images", before, &after), status)
    }

    fn of(&self, branch: &str) -> u64 {
        let pulls = self.github.pulls();
        pulls.iter().find(|pull| pull.head == format!("wharfinger/image/{branch}")).unwrap().number
    }

    /// Whether it can be merged into what is there now: of a conflict GitHub keeps the former merge.
    fn merges(&self, number: u64) -> bool {
        let (merge, main) = (self.github.merge_commit(number).unwrap(), self.github.branch("main").unwrap());
        self.github.with(|state| state.git.is_ancestor(&main, &merge))
    }

    /// Merges a proposal, and runs for that.
    fn merge(&self, number: u64) -> Value {
        let before = self.github.branch("main").unwrap();
        self.github.merge(number);
        self.push(&before, 0)
    }
}

fn actions(output: &Value) -> Vec<String> {
    let row = |p: &Value| format!("{} {}", p["branch"].as_str().unwrap(), p["action"].as_str().unwrap());
    let mut rows: Vec<String> = output["proposals"].as_array().unwrap().iter().map(row).collect();
    rows.sort();
    rows
}

fn app() -> Who {
    Who::App("acme-images".to_owned())
}

#[test]
fn a_merge_makes_what_conflicts_with_it_anew_and_nothing_else() {
    let world = World::new(app());
    let (first, second, third) = (world.of("loki/3.1"), world.of("loki/3.2"), world.of("loki/3.3"));
    let tempo = world.github.pull(world.of("tempo/latest")).head_sha;
    world.github.review_as(second, "octocat", "APPROVED");
    assert!([first, second, third].into_iter().all(|number| world.merges(number)));
    let output = world.merge(first);
    assert_eq!(
        actions(&output),
        [
            "wharfinger/image/loki/3.2 updated",
            "wharfinger/image/loki/3.3 updated",
            "wharfinger/image/tempo/latest unchanged"
        ]
    );
    assert_eq!(output["changed"], true);
    assert!([second, third].into_iter().all(|number| world.merges(number)), "git merges them again");
    assert_eq!(world.github.pull(world.of("tempo/latest")).head_sha, tempo, "what does not conflict stays");
    let held = world.github.read("wharfinger/image/loki/3.2", FILE).unwrap();
    assert!(held.contains("tag: 3.1.0") && held.contains("tag: 3.2.0") && held.contains("mirrored:"), "{held}");
    assert_eq!(world.github.comments(second).len(), 0, "no ruleset takes the review away");

    world.github.clear_log();
    let main = world.github.branch("main").unwrap();
    world.push(&main, 0);
    assert_eq!(world.github.writes(), Vec::<String>::new(), "a second run does nothing");
    let schedule = world.run(Actions::schedule("acme/images"), 0);
    let siblings = |row: &&String| row.contains("/loki/");
    assert!(actions(&schedule).iter().filter(siblings).all(|row| row.ends_with("unchanged")), "{schedule}");
}

#[test]
fn an_approved_one_is_made_anew_by_the_schedule_too_though_something_newer_is_there() {
    let world = World::new(app());
    let (first, second) = (world.of("loki/3.1"), world.of("loki/3.2"));
    world.github.review_as(second, "octocat", "APPROVED");
    ImageSpec::new(20).build().put(&world.upstream, "grafana/loki", "3.2.1");
    // The push's run did not come.
    world.github.merge(first);
    assert!(!world.merges(second));
    let output = world.run(Actions::schedule("acme/images"), 0);
    let rows = actions(&output);
    let of_second: Vec<&String> = rows.iter().filter(|row| row.contains("/loki/3.2 ")).collect();
    assert_eq!(of_second, ["wharfinger/image/loki/3.2 updated"]);
    assert!(world.merges(second), "git merges it again");
    let held = world.github.read("wharfinger/image/loki/3.2", FILE).unwrap();
    assert!(held.contains("tag: 3.2.0") && !held.contains("3.2.1"), "what was approved stays: {held}");
    assert_eq!(world.github.comments(second).len(), 0);

    world.github.clear_log();
    world.run(Actions::schedule("acme/images"), 0);
    assert_eq!(world.github.writes(), Vec::<String>::new(), "a second run does nothing");
}

#[test]
fn a_ruleset_that_dismisses_reviews_is_told_once() {
    let world = World::new(app());
    let parameters = json!({
        "dismiss_stale_reviews_on_push": true, "require_code_owner_review": false, "require_last_push_approval": false,
        "required_approving_review_count": 1, "required_review_thread_resolution": false,
    });
    world.github.with(|state| state.rules.push(("main".to_owned(), "pull_request", parameters)));
    let (first, second, third) = (world.of("loki/3.1"), world.of("loki/3.2"), world.of("loki/3.3"));
    world.github.review_as(second, "octocat", "APPROVED");
    world.merge(first);
    let told: Vec<String> = world.github.comments(second).into_iter().map(|comment| comment.body).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("so `octocat` has to approve it again"), "{}", told[0]);
    assert_eq!(world.github.comments(third).len(), 0, "nobody approved it");
    let main = world.github.branch("main").unwrap();
    world.push(&main, 0);
    assert_eq!(world.github.comments(second).len(), 1);
}

#[test]
fn a_persons_commits_stay_and_a_moot_one_is_left_to_the_next_look() {
    let world = World::new(app());
    let (first, second) = (world.of("loki/3.1"), "wharfinger/image/loki/3.2");
    let theirs = world.github.read(second, FILE).unwrap().replace("# kept", "# kept by hand");
    world.github.push_as(second, "octocat", &[(FILE, &theirs)]);
    let taken = world.github.branch(second).unwrap();
    // A person approves the same version by another pull request.
    let digest = world.upstream.digest("grafana/loki", "3.3.0").unwrap();
    let before = world.github.branch("main").unwrap();
    world.github.merge(first);
    let main = world.github.read("main", FILE).unwrap();
    let more = main.replace(
        "  - source: quay.io/grafana/tempo",
        &format!("      - tag: 3.3.0\n        digest: {digest}\n  - source: quay.io/grafana/tempo"),
    );
    world.github.push_as("main", "octocat", &[(FILE, &more)]);
    let output = world.push(&before, 0);
    assert_eq!(world.github.branch(second).unwrap(), taken);
    assert_eq!(
        actions(&output),
        [
            "wharfinger/image/loki/3.2 unchanged",
            "wharfinger/image/loki/3.3 left",
            "wharfinger/image/tempo/latest unchanged"
        ],
        "{output}"
    );
}

/// A guard that was merged meanwhile lets nothing in, though the proposal is older than the guard.
#[test]
fn what_is_unsigned_by_now_is_not_made_anew() {
    let world = World::new(app());
    let (first, second) = (world.of("loki/3.1"), "wharfinger/image/loki/3.2");
    let former = world.github.branch(second).unwrap();
    let before = world.github.branch("main").unwrap();
    world.github.merge(first);
    let main = world.github.read("main", FILE).unwrap();
    let asking = main.replace("    versions: ^3\n", "    versions: ^3\n    signatures: { key: keys/loki.pub }\n");
    assert_ne!(main, asking);
    world.github.push_as("main", "octocat", &[(FILE, &asking), ("keys/loki.pub", &Key::generate().pem())]);
    let output = world.push(&before, 1);
    assert_eq!(
        actions(&output),
        ["wharfinger/image/loki/3.2 left", "wharfinger/image/loki/3.3 left", "wharfinger/image/tempo/latest unchanged"],
        "{output}"
    );
    assert_eq!(world.github.branch(second).unwrap(), former);
    let left = output["proposals"].as_array().unwrap().iter().find(|row| row["branch"] == second).unwrap();
    assert!(left["detail"].as_str().unwrap().contains("what it brings is unsigned: no verified signature"), "{left}");
}

#[test]
fn the_jobs_own_proposals_get_the_verdict_on_their_new_commit() {
    let world = World::new(Who::Actions);
    let (first, second) = (world.of("loki/3.1"), world.of("loki/3.2"));
    world.merge(first);
    let head = world.github.pull(second).head_sha;
    let statuses = world.github.statuses();
    assert!(statuses.iter().any(|status| status.sha == head && status.context == "wharfinger"), "{statuses:?}");
}

#[test]
fn without_open_proposals_a_push_asks_nothing_more() {
    let world = World::new(app());
    for number in world.github.open_pulls() {
        world.github.close_as(number, "octocat");
    }
    let main = world.github.branch("main").unwrap();
    world.push(&main, 0);
    world.github.clear_log();
    world.push(&main, 0);
    let lists = |part: &str| world.github.lines().iter().filter(|line| line.contains(part)).count();
    assert_eq!((lists("matching-refs"), lists("/pulls?")), (1, 1), "{:#?}", world.github.lines());
}
