//! The whole life of proposals, on the GitHub stand-in and on a local clone: what disappears, what is updated, what is
//! left alone.

use serde_json::Value;

use crate::support::clone::Clone;
use crate::support::github::{Options, TestGitHub};
use crate::support::http::{Action, Rule};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const LOKI: &str = "wharfinger/image/loki/latest";
const HEAD: &str = "organization: acme\ndefaults: { cooldown: 0s }\n";

/// A registry that has Loki in these versions.
fn upstream(tags: &[&str]) -> TestRegistry {
    let registry = TestRegistry::start();
    for (seed, tag) in (1..).zip(tags) {
        ImageSpec::new(seed).build().put(&registry, "grafana/loki", tag);
    }
    registry
}

/// A manifest of Loki with approvals, and more of its keys.
fn manifest(registry: &TestRegistry, range: &str, approved: &[&str], more: &str) -> String {
    let mut text =
        format!("{HEAD}images:\n  - source: quay.io/grafana/loki\n    versions: '{range}'\n{more}    approved:\n");
    for tag in approved {
        let digest = registry.digest("grafana/loki", tag).unwrap();
        text.push_str(&format!("      - tag: {tag}\n        digest: {digest}\n"));
    }
    text
}

fn hosts(registry: &TestRegistry) -> String {
    format!("quay.io={}", registry.url())
}

fn local(clone: &Clone, registry: &TestRegistry) -> Value {
    clone.run(PROGRAM, &hosts(registry), &["propose"]).output().expect_status(0).json()
}

fn actions(output: &Value) -> Vec<String> {
    let row = |p: &Value| format!("{} {}", p["branch"].as_str().unwrap(), p["action"].as_str().unwrap());
    output["proposals"].as_array().unwrap().iter().map(row).collect()
}

fn github_with(manifest: &str) -> TestGitHub {
    let files = vec![("approved-images.yml".to_owned(), manifest.to_owned())];
    TestGitHub::start(Options { files, ..Options::default() })
}

fn run(registry: &TestRegistry, github: &TestGitHub) -> Outcome {
    github.clear_log();
    let actions = Actions::schedule(&github.repository()).api(&github.server(), &github.api(), &github.graphql());
    let run = Run::new(PROGRAM).actions(&actions).env("GITHUB_TOKEN", github.token());
    run.env("WHARFINGER_HOSTS", hosts(registry)).args(["--format", "json", "propose"]).output()
}

fn proposed(registry: &TestRegistry, github: &TestGitHub) -> Vec<String> {
    actions(&run(registry, github).expect_status(0).json())
}

fn asked(github: &TestGitHub, what: &str) -> usize {
    github.lines().iter().filter(|line| line.contains(what)).count()
}

#[test]
fn what_is_out_of_range_leaves_with_the_update_or_alone() {
    let registry = upstream(&["2.9.0", "3.0.0", "3.1.0"]);
    let both = manifest(&registry, "^3", &["2.9.0", "3.0.0"], "");
    let clone = Clone::with(&[("approved-images.yml", &both)]);
    assert_eq!(actions(&local(&clone, &registry)), [format!("{LOKI} opened")]);
    let edited = clone.read(LOKI, "approved-images.yml");
    assert!(edited.contains("tag: 3.1.0") && edited.contains("tag: 3.0.0") && !edited.contains("2.9.0"), "{edited}");
    let message = clone.git(&["log", "-1", "--format=%B", LOKI]);
    assert!(message.contains("- Why: `not in ^3`") || message.contains("not in"), "{message}");
    assert!(message.contains("removes the approval of `2.9.0`; `acme/loki` keeps the tag"), "{message}");

    let alone = Clone::with(&[("approved-images.yml", &manifest(&registry, "^3", &["2.9.0", "3.1.0"], ""))]);
    assert_eq!(actions(&local(&alone, &registry)), [format!("{LOKI} opened")]);
    assert_eq!(alone.git(&["log", "-1", "--format=%s", LOKI]), "Retire quay.io/grafana/loki 2.9.0");
    assert_eq!(actions(&local(&alone, &registry)), [format!("{LOKI} unchanged")]);
    // a newer version joins
    ImageSpec::new(70).build().put(&registry, "grafana/loki", "3.2.0");
    assert_eq!(actions(&local(&alone, &registry)), [format!("{LOKI} updated")]);
    // who closes a retirement keeps the approval
    let keeps = Clone::with(&[("approved-images.yml", &manifest(&registry, "^3", &["2.9.0", "3.2.0"], ""))]);
    local(&keeps, &registry);
    keeps.git(&["branch", "--quiet", "-D", LOKI]);
    assert_eq!(actions(&local(&keeps, &registry)), Vec::<String>::new());
}

#[test]
fn what_upstream_lost_leaves_and_no_fault_looks_like_it() {
    let registry = upstream(&["3.0.0", "3.1.0"]);
    let clone = Clone::with(&[("approved-images.yml", &manifest(&registry, "^3", &["3.0.0", "3.1.0"], ""))]);
    let quiet = |why: &str| assert_eq!(actions(&local(&clone, &registry)), Vec::<String>::new(), "{why}");
    quiet("all there");
    let digest = registry.digest("grafana/loki", "3.0.0").unwrap();
    registry.delete_tag("grafana/loki", "3.0.0");
    quiet("the digest still answers");
    registry.delete_manifest("grafana/loki", &digest);
    let by_digest = format!("/manifests/{digest}");
    for status in [401, 403, 429, 500, 503] {
        registry.fault(Rule::new("HEAD", &by_digest, Action::Answer(status, Vec::new(), "".into())));
        registry.fault(Rule::new("GET", &by_digest, Action::Answer(status, Vec::new(), "".into())));
        quiet(&format!("status {status} is no absence"));
        registry.server().clear_faults();
    }
    assert_eq!(actions(&local(&clone, &registry)), [format!("{LOKI} opened")]);
    assert_eq!(clone.git(&["log", "-1", "--format=%s", LOKI]), "Retire quay.io/grafana/loki 3.0.0, gone upstream");
    registry.fault(Rule::new("HEAD", &by_digest, Action::Answer(500, Vec::new(), "".into())));
    registry.fault(Rule::new("GET", &by_digest, Action::Answer(500, Vec::new(), "".into())));
    assert_eq!(actions(&local(&clone, &registry)), [format!("{LOKI} unchanged")], "a fault closes nothing");
}

#[test]
fn a_revoked_approval_leaves_first_and_alone_and_an_ended_rejection_is_offered() {
    let registry = upstream(&["3.0.0", "3.0.1", "3.1.0"]);
    let digest = registry.digest("grafana/loki", "3.0.0").unwrap();
    let more = format!(
        "    rejected:\n      - {{ tag: 3.1.0, reason: slow, until: 2020-01-01 }}\n    revoked:\n      - {{ tag: 3.0.0, digest: '{digest}', reason: CVE-2027-1 }}\n"
    );
    let text = manifest(&registry, "^3", &["3.0.0", "3.0.1"], &more);
    let github = github_with(&text.replace("images:\n", "proposals: { limit: 1 }\nimages:\n"));
    let revoked = "wharfinger/image/loki/revoked/3.0.0";
    assert_eq!(proposed(&registry, &github), [format!("{revoked} opened")]);
    let pull = github.pulls().remove(0);
    assert_eq!(pull.title, "Retire quay.io/grafana/loki 3.0.0, revoked");
    assert!(pull.body.contains("CVE-2027-1"), "{}", pull.body);
    github.merge(pull.number);
    assert_eq!(proposed(&registry, &github), [format!("{LOKI} opened")]);
    let edited = github.read(LOKI, "approved-images.yml").unwrap();
    assert!(edited.contains("tag: 3.1.0\n") && !edited.contains("2020-01-01"), "{edited}");
    assert!(!github.branches().contains(&revoked.to_owned()), "its branch is gone after the merge");
}

#[test]
fn nothing_moves_under_an_approving_review_and_reviews_are_asked_only_then() {
    let registry = upstream(&["3.0.0", "3.1.0"]);
    let github = github_with(&manifest(&registry, "^3", &["3.0.0"], ""));
    assert_eq!(proposed(&registry, &github), [format!("{LOKI} opened")]);
    github.review_as(1, "reader", "APPROVED");
    assert_eq!(proposed(&registry, &github), [format!("{LOKI} unchanged")]);
    assert_eq!(asked(&github, "/reviews"), 0);
    ImageSpec::new(71).build().put(&registry, "grafana/loki", "3.2.0");
    assert_eq!(proposed(&registry, &github), [format!("{LOKI} updated")], "who may not write holds nothing");
    assert_eq!((asked(&github, "/reviews"), asked(&github, "/permission")), (1, 1), "{:#?}", github.lines());

    github.review_as(1, "hubot", "APPROVED");
    ImageSpec::new(72).build().put(&registry, "grafana/loki", "3.3.0");
    let output = run(&registry, &github).expect_status(0).json();
    assert_eq!(actions(&output), [format!("{LOKI} left")]);
    assert!(output["proposals"][0]["detail"].as_str().unwrap().starts_with("hubot has approved"), "{output}");
    assert_eq!(github.writes(), Vec::<String>::new());
    github.review_as(1, "hubot", "CHANGES_REQUESTED");
    assert_eq!(proposed(&registry, &github), [format!("{LOKI} updated")]);
}

#[test]
fn an_apps_approval_keeps_nothing_and_a_login_is_one_whatever_its_case() {
    let registry = upstream(&["3.0.0", "3.1.0"]);
    let github = github_with(&manifest(&registry, "^3", &["3.0.0"], ""));
    github.add_user("robot[bot]", "write");
    github.add_user("Hubot", "write");
    assert_eq!(proposed(&registry, &github), [format!("{LOKI} opened")]);
    github.review_as(1, "robot[bot]", "APPROVED");
    ImageSpec::new(71).build().put(&registry, "grafana/loki", "3.2.0");
    assert_eq!(proposed(&registry, &github), [format!("{LOKI} updated")], "an App is not a person");
    assert_eq!((asked(&github, "/reviews"), asked(&github, "/permission")), (1, 0), "{:#?}", github.lines());

    github.review_as(1, "Hubot", "APPROVED");
    github.review_as(1, "hubot", "COMMENTED");
    ImageSpec::new(72).build().put(&registry, "grafana/loki", "3.3.0");
    assert_eq!(proposed(&registry, &github), [format!("{LOKI} left")], "a remark takes nothing back");
    github.review_as(1, "hubot", "CHANGES_REQUESTED");
    assert_eq!(proposed(&registry, &github), [format!("{LOKI} updated")], "the same person's later review counts");
}

#[test]
fn a_persons_commits_are_left_alone_and_that_is_said_once() {
    let registry = upstream(&["3.0.0", "3.1.0"]);
    let github = github_with(&manifest(&registry, "^3", &["3.0.0"], ""));
    proposed(&registry, &github);
    let by_hand = github.push_as(LOKI, "octocat", &[("note", "by hand")]);
    assert_eq!(proposed(&registry, &github), [format!("{LOKI} left")]);
    assert_eq!(github.comments(1).len(), 0, "nothing else is wanted: nothing to say");
    ImageSpec::new(73).build().put(&registry, "grafana/loki", "3.2.0");
    for _ in 0..2 {
        assert_eq!(proposed(&registry, &github), [format!("{LOKI} left")]);
    }
    let comments = github.comments(1);
    assert_eq!(comments.len(), 1, "{comments:?}");
    assert!(comments[0].body.starts_with("Somebody committed to this branch"), "{comments:?}");
    assert_eq!(github.branch(LOKI), Some(by_hand));
}

#[test]
fn what_a_stale_bot_closed_is_proposed_again_and_what_a_person_closed_is_not() {
    let registry = upstream(&["3.0.0", "3.1.0"]);
    ImageSpec::new(80).build().put(&registry, "cache/redis", "7.2.0");
    let text = manifest(&registry, ">=3.1", &[], "").replace("    approved:\n", "    approved: []\n")
        + "  - source: quay.io/cache/redis\n    approved: []\n";
    let github = github_with(&text.replace("images:\n", "proposals: { group: all }\nimages:\n"));
    let all = "wharfinger/group/all";
    assert_eq!(proposed(&registry, &github), [format!("{all} opened")]);
    github.close_as(1, "stale[bot]");
    assert_eq!(proposed(&registry, &github), [format!("{all} opened")]);
    github.close_as(2, "octocat");
    assert_eq!(proposed(&registry, &github), Vec::<String>::new());
    // the rest of the group is proposed, and stays as it is
    ImageSpec::new(81).build().put(&registry, "cache/redis", "7.2.1");
    assert_eq!(proposed(&registry, &github), [format!("{all} opened")]);
    let pull = github.pulls().pop().unwrap();
    assert!(pull.body.contains("7.2.1") && !pull.body.contains("\"to\":\"3.1.0\""), "{}", pull.body);
    assert_eq!(proposed(&registry, &github), [format!("{all} unchanged")]);
}

#[test]
fn a_forks_pull_request_is_no_proposal_whatever_it_copies() {
    let registry = upstream(&["3.0.0", "3.1.0"]);
    let github = github_with(&manifest(&registry, "^3", &["3.0.0"], ""));
    proposed(&registry, &github);
    let ours = github.pull(1);
    let fork = github.fork_pull("mallory", LOKI, &[("evil", "x")], &ours.title, &ours.body);
    assert_eq!(proposed(&registry, &github), [format!("{LOKI} unchanged")]);
    github.close_as(1, "github-actions[bot]");
    github.close_as(fork, "mallory");
    assert_eq!(proposed(&registry, &github), [format!("{LOKI} opened")], "its closing declines nothing");
}

#[test]
fn a_rebuild_is_marked_and_one_that_changes_no_wanted_platform_is_none() {
    let registry = TestRegistry::start();
    let two = |seed| ImageSpec::new(seed).platforms(&["linux/amd64", "linux/arm64"]).build();
    let approved = two(1).put(&registry, "grafana/loki", "3.0.0");
    let subset = manifest(&registry, "^3", &["3.0.0"], "    platforms: [linux/amd64]\n");
    let github = github_with(&subset);
    // the same image for amd64, alone in its index
    let same = ImageSpec::new(1).platforms(&["linux/amd64"]).build();
    assert_eq!(same.platform("linux/amd64"), two(1).platform("linux/amd64"));
    assert_ne!(same.put(&registry, "grafana/loki", "3.0.0"), approved);
    assert_eq!(proposed(&registry, &github), Vec::<String>::new());
    two(2).put(&registry, "grafana/loki", "3.0.0");
    assert_eq!(proposed(&registry, &github), [format!("{LOKI} opened")]);
    let pull = github.pull(1);
    assert_eq!(pull.title, "Approve quay.io/grafana/loki 3.0.0, rebuilt");
    assert!(pull.labels.contains(&"rebuild".to_owned()), "{:?}", pull.labels);
    assert!(pull.body.contains(": the same tag, different bytes\n"), "{}", pull.body);
    let risk = pull.body.lines().find(|line| line.starts_with("- Risk: "));
    assert_eq!(
        risk,
        Some("- Risk: none found in what was looked at; not looked at: known vulnerabilities"),
        "{}",
        pull.body
    );
}
