//! What happens to open proposals between runs: the base changes, people take them over, labels and rules of the repository.

use serde_json::Value;

use crate::support::contract;
use crate::support::github::{Options, TestGitHub};
use crate::support::http::{Action, Rule};
use crate::support::hub::TestHub;
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run, repository_json};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const LOKI: &str = "wharfinger/image/loki/latest";
const REDIS: &str = "wharfinger/image/redis/latest";
const GROUP: &str = "wharfinger/group/all";

/// Upstream with two images, and a GitHub with a manifest of both.
struct World {
    registry: TestRegistry,
    github: TestGitHub,
}

impl World {
    /// `head` stands before the images; `{loki}` is the digest of its first version.
    fn new(head: &str, loki: &str, redis: &str) -> Self {
        let registry = TestRegistry::start();
        let first = ImageSpec::new(1).build().put(&registry, "grafana/loki", "3.0.0");
        ImageSpec::new(2).build().put(&registry, "cache/redis", "7.2.0");
        let text = format!(
            "organization: acme\ndefaults: {{ cooldown: 0s }}\n{head}images:\n  - source: quay.io/grafana/loki\n{}    versions: ^3\n  \
             # between the two\n  # there are lines\n  - source: quay.io/cache/redis\n    versions: ^7\n{redis}",
            loki.replace("{loki}", first.as_str())
        );
        let files = vec![(FILE.to_owned(), text)];
        Self { registry, github: TestGitHub::start(Options { files, ..Options::default() }) }
    }

    fn plain() -> Self {
        Self::new("", "    approved: []\n", "    approved: []\n")
    }

    fn run(&self, actions: Actions, command: &str) -> Outcome {
        self.github.clear_log();
        let actions = actions.api(&self.github.server(), &self.github.api(), &self.github.graphql());
        let run = Run::new(PROGRAM).actions(&actions).env("GITHUB_TOKEN", self.github.token());
        let run = run.env("WHARFINGER_HOSTS", format!("quay.io={}", self.registry.url()));
        run.args(["--format", "json", command]).output()
    }

    fn propose(&self, status: i32) -> Outcome {
        self.run(Actions::schedule(&self.github.repository()), "propose").expect_status(status)
    }

    /// `branch action`, in order, of a run that ends well.
    #[track_caller]
    fn proposed(&self) -> Vec<String> {
        let output = self.propose(0).json();
        contract::github(&self.github.log());
        let row = |p: &Value| format!("{} {}", p["branch"].as_str().unwrap(), p["action"].as_str().unwrap());
        output["proposals"].as_array().unwrap().iter().map(row).collect()
    }

    fn publish(&self, seed: u64, repository: &str, tag: &str) {
        ImageSpec::new(seed).build().put(&self.registry, repository, tag);
    }

    /// A person changes the manifest on the default branch.
    fn edit(&self, from: &str, to: &str) -> String {
        let text = self.github.read("main", FILE).unwrap();
        assert!(text.contains(from), "{text}");
        self.github.push_as("main", "octocat", &[(FILE, &text.replacen(from, to, 1))])
    }

    fn number(&self, branch: &str) -> u64 {
        self.github.pulls().iter().rfind(|p| p.head == branch && p.open).expect("an open pull request").number
    }
}

#[test]
fn a_changed_base_is_followed_also_under_a_review_and_a_change_elsewhere_is_not() {
    let world = World::plain();
    assert_eq!(world.proposed(), [format!("{LOKI} opened"), format!("{REDIS} opened")]);
    let (loki, redis) = (world.number(LOKI), world.number(REDIS));
    let untouched = world.github.branch(REDIS);
    world.github.review_as(loki, "hubot", "APPROVED");
    let head = world.edit("    versions: ^3\n", "    versions: ^3\n    description: Logs\n");
    assert_eq!(world.proposed(), [format!("{LOKI} updated"), format!("{REDIS} unchanged")]);
    assert_eq!((world.number(LOKI), world.number(REDIS)), (loki, redis), "nothing was closed or opened");
    let tip = world.github.branch(LOKI).unwrap();
    assert_eq!(world.github.with(|s| s.git.commit_info(&tip).parents), [head]);
    let text = world.github.read(LOKI, FILE).unwrap();
    assert!(text.contains("description: Logs") && text.contains("tag: 3.0.0"), "{text}");
    assert_eq!(world.github.branch(REDIS), untouched);
    world.github.merge(loki);
    world.github.merge(redis);
    let text = world.github.read("main", FILE).unwrap();
    assert!(text.contains("tag: 3.0.0") && text.contains("tag: 7.2.0"), "both merge: {text}");
}

#[test]
fn a_title_of_a_person_stays_until_something_else_is_proposed_and_a_draft_is_moved_like_any_other() {
    let world = World::plain();
    world.proposed();
    let number = world.number(LOKI);
    world.github.with(|s| {
        let pull = s.pull(number).unwrap();
        (pull.title, pull.draft) = ("Loki for the logs team".to_owned(), true);
    });
    assert_eq!(world.proposed(), [format!("{LOKI} unchanged"), format!("{REDIS} unchanged")]);
    assert_eq!(world.github.pull(number).title, "Loki for the logs team");
    world.publish(10, "grafana/loki", "3.1.0");
    assert_eq!(world.proposed()[0], format!("{LOKI} updated"));
    let pull = world.github.pull(number);
    assert_eq!((pull.title.as_str(), pull.draft), ("Approve quay.io/grafana/loki 3.1.0", true));
}

#[test]
fn a_proposal_that_was_closed_and_reopened_goes_on_as_it_was() {
    let world = World::plain();
    world.proposed();
    let number = world.number(LOKI);
    world.github.close_as(number, "octocat");
    assert_eq!(world.proposed(), [format!("{REDIS} unchanged")], "closed by a person: declined");
    assert_eq!(world.github.branch(LOKI), None, "its branch is not kept");
    world.github.reopen_as(number, "octocat");
    assert_eq!(world.proposed(), [format!("{LOKI} unchanged"), format!("{REDIS} unchanged")]);
    assert_eq!(world.github.writes(), Vec::<String>::new());
    world.publish(10, "grafana/loki", "3.1.0");
    assert_eq!(world.proposed(), [format!("{LOKI} updated"), format!("{REDIS} unchanged")]);
    assert_eq!(world.number(LOKI), number);
}

#[test]
fn who_deletes_the_branch_declines_what_it_held_and_nothing_newer() {
    let world = World::plain();
    world.proposed();
    let number = world.number(LOKI);
    world.github.delete_branch_as(LOKI, "hubot");
    assert!(!world.github.pull(number).open);
    assert_eq!(world.proposed(), [format!("{REDIS} unchanged")]);
    world.publish(10, "grafana/loki", "3.1.0");
    assert_eq!(world.proposed(), [format!("{REDIS} unchanged"), format!("{LOKI} opened")]);
    assert_ne!(world.number(LOKI), number);
}

#[test]
fn a_proposal_that_a_person_directs_elsewhere_is_left_alone_until_it_comes_back() {
    let world = World::plain();
    world.proposed();
    let number = world.number(LOKI);
    world.github.push_as("release", "octocat", &[("NOTES", "x\n")]);
    let direct = |base: &str| world.github.with(|s| base.clone_into(&mut s.pull(number).unwrap().base));
    direct("release");
    let head = world.github.branch(LOKI);
    assert_eq!(world.proposed()[0], format!("{LOKI} left"));
    assert_eq!(world.github.comments(number).len(), 0, "nothing else is wanted: nothing to say");
    world.publish(10, "grafana/loki", "3.1.0");
    for _ in 0..2 {
        let output = world.propose(0).json();
        assert_eq!(output["proposals"][0]["action"], "left", "{output}");
        assert_eq!(output["proposals"][0]["detail"], "a person changed its base branch to release");
    }
    let said = world.github.comments(number);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].body.starts_with("Somebody changed the base branch to `release`, so Wharfinger leaves"),
        "{said:?}"
    );
    let body = "/wharfinger refresh";
    let id = world.github.comment_as(number, "octocat", body);
    let payload = serde_json::json!({
        "action": "created", "repository": repository_json("acme/images"),
        "comment": {"id": id, "body": body, "user": {"login": "octocat", "type": "User"}},
        "issue": {"number": number, "pull_request": {"url": "x"}},
    });
    world.run(Actions::new("acme/images", "issue_comment", &payload), "run").expect_status(0);
    let answer = world.github.comments(number).pop().unwrap().body;
    assert!(
        answer.starts_with("A person changed this pull request's base branch to `release`: it is left alone."),
        "{answer}"
    );
    assert_eq!((world.github.branch(LOKI), world.github.pulls().len()), (head, 2));
    direct("main");
    assert_eq!(world.proposed()[0], format!("{LOKI} updated"));
}

#[test]
fn labels_follow_what_a_proposal_holds_and_what_people_do_with_them_stays() {
    let approved =
        "    approved:\n      - tag: 3.0.0\n        digest: {loki}\n    labels: [logs]\n    reviewers: [hubot]\n";
    let world = World::new("proposals: { labels: [images] }\n", approved, "    approved: []\n");
    world.publish(20, "grafana/loki", "3.0.0");
    world.proposed();
    let number = world.number(LOKI);
    assert_eq!(world.github.pull(number).labels, ["images", "logs", "rebuild"]);
    world.github.with(|s| {
        let pull = s.pull(number).unwrap();
        pull.labels.retain(|label| label != "images");
        pull.labels.push("urgent".to_owned());
        pull.reviewers.clear();
    });
    // somebody takes the label off just before we do
    let gone = Action::Answer(404, Vec::new(), r#"{"message":"Label does not exist"}"#.into());
    world.github.fault(Rule::new("DELETE", "/labels/rebuild", gone).times(1));
    world.publish(21, "grafana/loki", "3.1.0");
    let outcome = world.propose(0);
    assert!(!outcome.stderr.contains("could not be"), "{}", outcome.stderr);
    assert_eq!(world.github.lines().iter().filter(|l| l.contains("/labels/rebuild")).count(), 1);
    world.publish(22, "grafana/loki", "3.2.0");
    let before = world.github.pull(number);
    assert_eq!(before.labels, ["logs", "rebuild", "urgent"], "the stand-in did not do it");
    assert_eq!(world.proposed()[0], format!("{LOKI} updated"));
    let pull = world.github.pull(number);
    assert_eq!(pull.labels, ["logs", "rebuild", "urgent"], "it is a person's label now");
    assert_eq!((pull.reviewers, pull.title.as_str()), (Vec::new(), "Approve quay.io/grafana/loki 3.2.0 (after 3.0.0)"));
}

#[test]
fn the_mark_of_a_rebuild_goes_with_the_rebuild() {
    let approved = "    approved:\n      - tag: 3.0.0\n        digest: {loki}\n";
    let world = World::new("", approved, "    approved: []\n");
    world.publish(20, "grafana/loki", "3.0.0");
    world.proposed();
    let number = world.number(LOKI);
    assert_eq!(world.github.pull(number).labels, ["rebuild"]);
    world.publish(21, "grafana/loki", "3.1.0");
    assert_eq!(world.proposed()[0], format!("{LOKI} updated"));
    assert_eq!(world.github.pull(number).labels, Vec::<String>::new());
}

#[test]
fn what_joins_a_group_brings_its_reviewers_and_what_leaves_takes_its_label() {
    let with = |name: &str, who: &str| format!("    approved: []\n    labels: [{name}]\n    reviewers: [{who}]\n");
    let redis =
        with("cache", "octocat").replace("approved: []", "approved: []\n    rejected: [{ tag: 7.2.0, reason: old }]");
    let world = World::new("proposals: { group: all }\n", &with("logs", "hubot"), &redis);
    assert_eq!(world.proposed(), [format!("{GROUP} opened")]);
    let of = |number: u64| {
        let pull = world.github.pull(number);
        (pull.labels, pull.reviewers)
    };
    let number = world.number(GROUP);
    assert_eq!(of(number), (vec!["logs".to_owned()], vec!["hubot".to_owned()]));
    world.publish(10, "cache/redis", "7.4.0");
    assert_eq!(world.proposed(), [format!("{GROUP} updated")]);
    let both = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
    assert_eq!(of(number), (both("logs", "cache"), both("hubot", "octocat")));
    world.edit("versions: ^3\n", "versions: ^4\n");
    assert_eq!(world.proposed(), [format!("{GROUP} updated")]);
    assert_eq!(of(number), (vec!["cache".to_owned()], both("hubot", "octocat")));
}

#[test]
fn one_label_that_github_does_not_take_costs_no_other() {
    let world = World::new("proposals: { labels: [images, vetted] }\n", "    approved: []\n", "    approved: []\n");
    let body = r#"{"message":"Validation Failed","errors":[{"resource":"Label","field":"name","code":"invalid"}]}"#;
    let refusal = Action::Answer(422, vec![("content-type".to_owned(), "application/json".to_owned())], body.into());
    // both together, then the first alone
    world.github.fault(Rule::new("POST", "/issues/1/labels$", refusal).times(2));
    let outcome = world.propose(0);
    assert!(outcome.stderr.contains("#1: the label images could not be added: labelling"), "{}", outcome.stderr);
    assert_eq!(world.github.pull(1).labels, ["vetted"]);
    assert_eq!(world.github.pull(2).labels, ["images", "vetted"]);
    assert!(world.github.with(|s| s.labels.contains("vetted")), "a label that the repository lacks is made");
}

#[test]
fn an_archived_repository_is_named_and_not_taken_for_missing_rights() {
    let world = World::plain();
    world.github.with(|s| s.archived = true);
    let outcome = world.propose(3);
    assert!(outcome.stderr.contains("archived so is read-only. Unarchive it under"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("the token needs"), "{}", outcome.stderr);
    world.github.with(|s| s.archived = false);
    assert_eq!(world.proposed().len(), 2);
    world.github.with(|s| s.archived = true);
    assert!(world.proposed().iter().all(|row| row.ends_with(" unchanged")), "with nothing to write all is well");
}

#[test]
fn a_ruleset_that_refuses_a_pull_request_is_named_with_its_cure_and_the_next_run_opens_it() {
    let world = World::plain();
    let rule = serde_json::json!({ "name": "", "negate": false, "operator": "starts_with", "pattern": "wharfinger/" });
    world.github.with(|s| s.rules = vec![("wharfinger/".to_owned(), "branch_name_pattern", rule)]);
    let body = r#"{"message":"Validation Failed","errors":[{"message":"Repository rule violations found\n\nPull requests may not be opened here.\n"}]}"#;
    let refusal = Action::Answer(422, vec![("content-type".to_owned(), "application/json".to_owned())], body.into());
    world.github.fault(Rule::new("POST", "/pulls$", refusal).times(1));
    let output = world.propose(1).json();
    let error = output["failed"][0]["error"].as_str().unwrap();
    assert!(error.contains("the rules of the branch wharfinger/image/loki/latest reject it"), "{error}");
    assert!(error.contains("ruleset `House style` (43) of acme requires branch names"), "{error}");
    assert!(error.contains("set `proposals.branch-prefix` accordingly"), "{error}");
    assert_eq!(world.proposed(), [format!("{REDIS} unchanged"), format!("{LOKI} opened")]);
}

#[test]
fn what_interrupted_runs_left_is_swept_by_the_program() {
    let world = World::plain();
    let base = world.github.branch("main").unwrap();
    for branch in ["tmp/image/loki/latest", "tmp/ledger", "tmp/image/gone/latest"] {
        world.github.force(&format!("wharfinger/{branch}"), &base, "github-actions[bot]");
    }
    world.github.push_as("wharfinger/image/notes/latest", "hubot", &[("a", "1\n")]);
    world.proposed();
    let mut left = vec!["main", LOKI, REDIS, "wharfinger/image/notes/latest"];
    left.sort_unstable();
    assert_eq!(world.github.branches(), left);
}

/// With room for two, patch releases go first, then what is public longest, whatever the manifest's order.
#[test]
fn the_limit_lets_patch_releases_in_first_and_then_what_waits_longest() {
    let (registry, hub) = (TestRegistry::start(), TestHub::start(Vec::new()));
    let now = chrono::Utc::now();
    let push = |seed: u64, name: &str, tag: &str, days: i64| {
        let digest = ImageSpec::new(seed).build().put(&registry, &format!("team/{name}"), tag);
        let since = (now - chrono::Duration::days(days)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        hub.set_tag("team", name, tag, &digest, &since);
        digest
    };
    let mut text = "organization: acme\nproposals: { limit: 2 }\nimages:\n".to_owned();
    let images = [("minor", "1.1.0", 30), ("young-patch", "1.0.1", 5), ("new", "1.0.0", 40), ("patch", "1.0.1", 10)];
    for (seed, (name, tag, days)) in (1..).zip(images) {
        // what is next to an image belongs to what its proposal depends on
        text.push_str(&format!("  # {name}\n  #\n  - source: team/{name}\n    versions: '*'\n"));
        if name == "new" {
            text.push_str("    approved: []\n");
        } else {
            let digest = push(seed + 100, name, "1.0.0", 90);
            text.push_str(&format!("    approved:\n      - tag: 1.0.0\n        digest: {digest}\n"));
        }
        push(seed, name, tag, days);
    }
    let files = vec![(FILE.to_owned(), text)];
    let github = TestGitHub::start(Options { files, ..Options::default() });
    let run = || {
        let actions = Actions::schedule("acme/images").api(&github.server(), &github.api(), &github.graphql());
        let hosts = format!("docker.io={},hub.docker.com={}", registry.url(), hub.url());
        let run = Run::new(PROGRAM).actions(&actions).env("GITHUB_TOKEN", github.token());
        let output =
            run.env("WHARFINGER_HOSTS", hosts).args(["--format", "json", "propose"]).output().expect_status(0).json();
        let rows = output["proposals"].as_array().unwrap().iter();
        let row = |p: &Value| format!("{} {}", p["branch"].as_str().unwrap(), p["action"].as_str().unwrap());
        rows.map(row).map(|r| r.replace("wharfinger/image/", "").replace("/latest", "")).collect::<Vec<_>>()
    };
    assert_eq!(run(), ["patch opened", "young-patch opened"]);
    assert_eq!(run(), ["patch unchanged", "young-patch unchanged"]);
    github.merge(1);
    assert_eq!(run(), ["young-patch unchanged", "new opened"]);
    github.merge(2);
    assert_eq!(run(), ["new unchanged", "minor opened"]);
}
