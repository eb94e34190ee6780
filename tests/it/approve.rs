//! `approve`: one version that a person requests, in a working directory, on a local clone and on GitHub.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::clone::Clone;
use crate::support::github::{Options, TestGitHub};
use crate::support::http::{Action, Rule};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const LOKI: &str = "wharfinger/image/loki/latest";
const VALKEY: &str = "wharfinger/image/valkey/latest";
const REDIS: &str = "wharfinger/image/redis/latest";

/// A registry with Loki in some versions and two variants of Redis.
fn upstream() -> TestRegistry {
    let registry = TestRegistry::start();
    for (seed, tag) in (1..).zip(["2.9.0", "3.0.0", "3.0.1", "3.1.0", "4.0.0"]) {
        ImageSpec::new(seed).build().put(&registry, "grafana/loki", tag);
    }
    for (seed, tag) in (10..).zip(["7.2.3-alpine", "7.2.4-alpine", "7.2.4", "stable"]) {
        ImageSpec::new(seed).build().put(&registry, "cache/redis", tag);
    }
    registry
}

/// Loki 3.0.0 approved, with a cooldown and more of its keys.
fn manifest(registry: &TestRegistry, cooldown: &str, more: &str) -> String {
    let digest = registry.digest("grafana/loki", "3.0.0").unwrap();
    format!(
        "# what developers may pull\norganization: acme\ndefaults: {{ cooldown: {cooldown} }}\nimages:\n  - source: quay.io/grafana/loki\n    \
         versions: '^3' # no further\n{more}    approved:\n      - tag: 3.0.0\n        digest: {digest}\n"
    )
}

fn hosts(registry: &TestRegistry) -> String {
    format!("quay.io={}", registry.url())
}

fn clone(registry: &TestRegistry, cooldown: &str, more: &str) -> Clone {
    Clone::with(&[(FILE, &manifest(registry, cooldown, more))])
}

#[track_caller]
fn approve(clone: &Clone, registry: &TestRegistry, args: &[&str], status: i32) -> Value {
    let args: Vec<&str> = ["approve"].iter().chain(args).copied().collect();
    clone.run(PROGRAM, &hosts(registry), &args).output().expect_status(status).json()
}

fn text(clone: &Clone) -> String {
    std::fs::read_to_string(clone.path().join(FILE)).unwrap()
}

#[test]
fn without_a_tag_what_the_rule_picks_is_edited_in_and_then_there_is_nothing_to_do() {
    let registry = upstream();
    let clone = clone(&registry, "0s", "");
    let before = text(&clone);
    let dry = approve(&clone, &registry, &["loki", "--dry-run"], 0);
    assert_eq!((&dry["changed"], &dry["files"]), (&json!(false), &json!([FILE])));
    assert_eq!(text(&clone), before);
    let done = approve(&clone, &registry, &["loki"], 0);
    let image = &done["approval"]["images"][0];
    assert_eq!((&image["from"], &image["to"], &image["kind"]), (&json!("3.0.0"), &json!("3.1.0"), &json!("update")));
    assert!(image["verified"][0].as_str().unwrap().contains("resolves to this digest"), "{done}");
    assert_eq!((&done["changed"], &done["files"], &done["proposals"]), (&json!(true), &json!([FILE]), &json!([])));
    let digest = registry.digest("grafana/loki", "3.1.0").unwrap();
    assert_eq!(text(&clone), before + &format!("      - tag: 3.1.0\n        digest: {digest}\n"));
    let again = approve(&clone, &registry, &["loki"], 0);
    assert_eq!(again["changed"], json!(false), "{again}");
    assert_eq!(clone.branches(), ["main"]);
}

#[test]
fn an_exact_version_may_be_older_than_what_the_rule_picks() {
    let registry = upstream();
    let clone = clone(&registry, "0s", "");
    approve(&clone, &registry, &["quay.io/grafana/loki:3.0.1"], 0);
    assert!(text(&clone).contains("tag: 3.0.1\n") && !text(&clone).contains("3.1.0"));
    let refused = approve(&clone, &registry, &["loki:3.0.1", "--propose"], 1);
    assert!(refused["failed"][0]["error"].as_str().unwrap().contains("run `approve` in a clone"), "{refused}");
}

#[test]
fn a_new_image_is_added_at_the_end_with_a_rule_that_follows_its_version() {
    let registry = upstream();
    let clone = clone(&registry, "0s", "");
    let before = text(&clone);
    let digest = |tag: &str| registry.digest("cache/redis", tag).unwrap();
    approve(&clone, &registry, &["quay.io/cache/redis:7.2.3-alpine"], 0);
    let alpine = format!(
        "  - source: quay.io/cache/redis\n    variant: \"alpine\"\n    versions: \"^7.2.3\"\n    approved:\n      - tag: 7.2.3-alpine\n        digest: {}\n",
        digest("7.2.3-alpine")
    );
    assert_eq!(text(&clone), format!("{before}{alpine}"));
    // Without a tag the newest, and a rule made from it.
    let other = self::clone(&registry, "0s", "");
    approve(&other, &registry, &["quay.io/cache/redis"], 0);
    assert!(text(&other).ends_with(&format!(
        "  - source: quay.io/cache/redis\n    versions: \"^7.2.4\"\n    approved:\n      - tag: 7.2.4\n        digest: {}\n",
        digest("7.2.4")
    )));
    let floating = self::clone(&registry, "0s", "");
    approve(&floating, &registry, &["quay.io/cache/redis:stable"], 0);
    assert!(text(&floating).contains("    tags: [\"stable\"]\n"), "{}", text(&floating));
}

/// Other readers of the file, YAML linters and scripts, take `1.10` for the number 1.1.
#[test]
fn a_version_that_is_a_number_to_others_is_quoted_beside_one_that_is_not() {
    let registry = TestRegistry::start();
    for (seed, tag) in (1..).zip(["1.9", "1.10", "1.20", "1.10-slim"]) {
        ImageSpec::new(seed).build().put(&registry, "acme/thing", tag);
    }
    ImageSpec::new(9).build().put(&registry, "acme/bits", "0b11");
    ImageSpec::new(10).build().put(&registry, "acme/powers", "1e5");
    let digest = |tag: &str| registry.digest("acme/thing", tag).unwrap();
    for block in [false, true] {
        let approved = match block {
            true => format!("\n      - tag: 1.9\n        digest: {} # by hand", digest("1.9")),
            false => format!(" [{{ tag: 1.9, digest: {} }}]", digest("1.9")),
        };
        let image = "source: quay.io/acme/thing\n    versions: 1.x\n    cooldown: 0s";
        let before = format!("organization: acme\nimages:\n  - {image}\n    approved:{approved}\n");
        let clone = Clone::with(&[(FILE, &before)]);
        approve(&clone, &registry, &["thing:1.10"], 0);
        approve(&clone, &registry, &["thing:1.20"], 0);
        let lines = |tag: &str| match block {
            true => format!("\n      - tag: \"{tag}\"\n        digest: {}", digest(tag)),
            false => format!(", {{ tag: \"{tag}\", digest: {} }}", digest(tag)),
        };
        let end = if block { "\n" } else { "]\n" };
        let kept = before.strip_suffix(end).unwrap();
        assert_eq!(text(&clone), format!("{kept}{}{}{end}", lines("1.10"), lines("1.20")));
        let again = approve(&clone, &registry, &["thing:1.20"], 0);
        assert_eq!(again["changed"], json!(false), "what stands there is what was meant: {again}");
    }
    let clone = Clone::with(&[(FILE, "organization: acme\ndefaults: { cooldown: 0s }\nimages: []\n")]);
    approve(&clone, &registry, &["quay.io/acme/bits:0b11"], 0);
    assert!(text(&clone).contains("prereleases: true\n    approved:\n      - tag: \"0b11\"\n"), "{}", text(&clone));
    approve(&clone, &registry, &["quay.io/acme/powers:1e5"], 0);
    assert!(text(&clone).contains("tags: [\"1e5\"]\n    approved:\n      - tag: \"1e5\"\n"), "{}", text(&clone));
}

/// Two images of which the second repeats the keys of the first. Its own `approved` keeps the approvals of the first from it.
fn merging(own: &str) -> String {
    format!(
        "organization: acme\ndefaults: {{ cooldown: 0s }}\nimages:\n  - &base\n    source: quay.io/grafana/loki\n    versions: 3.x\n  - <<: *base\n    \
         source: quay.io/cache/redis\n    versions: 7.x\n{own}"
    )
}

#[test]
fn an_image_whose_keys_others_merge_is_edited_where_it_reaches_no_other() {
    let registry = upstream();
    let own = Clone::with(&[(FILE, &merging("    approved: []\n"))]);
    approve(&own, &registry, &["loki"], 0);
    let digest = registry.digest("grafana/loki", "3.1.0").unwrap();
    let lines = format!("    versions: 3.x\n    approved:\n      - tag: 3.1.0\n        digest: {digest}\n");
    assert_eq!(text(&own), merging("    approved: []\n").replace("    versions: 3.x\n", &lines));
    approve(&own, &registry, &["redis"], 0);
    let digest = registry.digest("cache/redis", "7.2.4").unwrap();
    let redis = format!("    approved:\n      - tag: 7.2.4\n        digest: {digest}\n");
    assert!(text(&own).ends_with(&redis), "{}", text(&own));

    // Without a list of its own the edit writes one, and no edit after it touches that image again.
    let shared = Clone::with(&[(FILE, &merging(""))]);
    approve(&shared, &registry, &["loki"], 0);
    assert_eq!(text(&shared), merging("    approved: []\n").replace("    versions: 3.x\n", &lines));
    approve(&shared, &registry, &["loki:3.0.1"], 0);
    let earlier = registry.digest("grafana/loki", "3.0.1").unwrap();
    let lines = format!("{lines}      - tag: 3.0.1\n        digest: {earlier}\n");
    assert_eq!(text(&shared), merging("    approved: []\n").replace("    versions: 3.x\n", &lines));
    approve(&shared, &registry, &["redis"], 0);
    assert!(text(&shared).ends_with(&redis), "{}", text(&shared));
}

/// What merges it is told nowhere as changed, and its own proposal goes on.
#[test]
fn an_approval_of_an_image_whose_keys_others_merge_is_proposed_and_checked_as_its_own() {
    let registry = upstream();
    let github = github(&merging(""));
    let opened = job(&registry, &github, &["approve", "loki"]).expect_status(0).json();
    assert_eq!(actions(&opened), [format!("{LOKI} opened")]);
    let with_list = github.read(LOKI, FILE).unwrap();
    assert!(with_list.ends_with("    versions: 7.x\n    approved: []\n"), "{with_list}");
    let (judged, summary) = checked(&registry, &github, 1, 0);
    assert_eq!(judged["findings"], json!([]));
    assert!(summary.contains("loki") && !summary.contains("redis"), "{summary}");
    let both = job(&registry, &github, &["propose"]).expect_status(0).json();
    assert_eq!(actions(&both), [format!("{LOKI} unchanged"), format!("{REDIS} opened")]);
    github.merge(1);
    let next = job(&registry, &github, &["propose"]).expect_status(0).json();
    assert_eq!((actions(&next), &next["failed"]), (vec![format!("{REDIS} updated")], &json!([])), "{next}");
    let (judged, summary) = checked(&registry, &github, 2, 0);
    assert_eq!(judged["findings"], json!([]));
    assert!(summary.contains("redis") && !summary.contains("loki"), "{summary}");
}

#[test]
fn what_may_not_be_approved_is_refused_with_what_to_do() {
    let registry = upstream();
    let revoked = registry.digest("grafana/loki", "3.0.1").unwrap();
    let more = format!(
        "    rejected: [{{ tag: 3.1.0, reason: slow }}]\n    revoked: [{{ tag: 3.0.1, digest: '{revoked}', reason: CVE-2027-1 }}]\n"
    );
    ImageSpec::new(30).build().put(&registry, "grafana/loki", "3.2.0");
    let clone = clone(&registry, "3d", &more);
    let mut said = String::new();
    for image in ["loki:4.0.0", "loki:3.1.0", "loki:3.0.1", "loki:3.2.0", "loki", "loki:3.9.9", "loki:3.0.0"] {
        let run = clone.run(PROGRAM, &hosts(&registry), &["approve", image]).output();
        let (status, json) = (run.status, run.json());
        let error = json["failed"][0]["error"].as_str().unwrap_or("nothing to do");
        said.push_str(&format!("{image}: {} {error}\n", status.unwrap()));
    }
    for image in ["no such thing", "quay.io/x/nothing:1"] {
        let json = clone.run(PROGRAM, &hosts(&registry), &["approve", image]).output().json();
        let error = json["error"].as_str().or(json["failed"][0]["error"].as_str()).unwrap_or_default();
        said.push_str(&format!("{image}: {error}\n"));
    }
    let times = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC").unwrap();
    insta::assert_snapshot!(times.replace_all(&said, "TIME"), @r"
    loki:4.0.0: 1 not in `^3`: change `versions` or `prereleases` of the image first
    loki:3.1.0: 1 a person rejected it: remove its entry from `rejected` first
    loki:3.0.1: 1 revoked in the manifest: revoked bytes are never approved again
    loki:3.2.0: 1 first seen TIME, due TIME: wait, or use `--urgent REASON` to skip the cooldown
    loki: 1 first seen TIME, due TIME: wait, or use `--urgent REASON` to skip the cooldown
    loki:3.9.9: 1 upstream has no tag 3.9.9: check the spelling
    loki:3.0.0: 0 nothing to do
    no such thing: no image in the manifest is called `no such thing`, and it is not a source either: a repository name consists of lower-case letters and digits, joined by `.`, `_`, `__` or `-`, in parts separated by `/`, and has at most 255 characters
    quay.io/x/nothing:1: quay.io/x/nothing does not exist
    ");
    let before = clone.read("main", FILE);
    assert_eq!(text(&clone).trim_end(), before);
}

/// A run of a command in a job that a schedule started.
fn job(registry: &TestRegistry, github: &TestGitHub, args: &[&str]) -> Outcome {
    github.clear_log();
    let actions = Actions::schedule(&github.repository()).api(&github.server(), &github.api(), &github.graphql());
    in_job(registry, github, &actions, args)
}

fn in_job(registry: &TestRegistry, github: &TestGitHub, actions: &Actions, args: &[&str]) -> Outcome {
    let run = Run::new(PROGRAM).actions(actions).env("GITHUB_TOKEN", github.token());
    run.env("WHARFINGER_HOSTS", hosts(registry)).args(["--format", "json"]).args(args).output()
}

fn github(manifest: &str) -> TestGitHub {
    TestGitHub::start(Options { files: vec![(FILE.to_owned(), manifest.to_owned())], ..Options::default() })
}

fn actions(output: &Value) -> Vec<String> {
    let row = |p: &Value| format!("{} {}", p["branch"].as_str().unwrap(), p["action"].as_str().unwrap());
    output["proposals"].as_array().unwrap().iter().map(row).collect()
}

/// What `check` says of a pull request, and the job's summary.
fn checked(registry: &TestRegistry, github: &TestGitHub, number: u64, status: i32) -> (Value, String) {
    let (pull, merge, main) =
        (github.pull(number), github.merge_commit(number).unwrap(), github.branch("main").unwrap());
    let head = (pull.head.as_str(), pull.head_sha.as_str());
    let actions = Actions::pull_request(&github.repository(), number, head, &main, &merge).api(
        &github.server(),
        &github.api(),
        &github.graphql(),
    );
    let json = in_job(registry, github, &actions, &["check"]).expect_status(status).json();
    (json, actions.summary())
}

#[test]
fn what_is_urgent_skips_the_cooldown_says_so_and_stays() {
    let registry = upstream();
    let github = github(&manifest(&registry, "3d", ""));
    let refused = job(&registry, &github, &["approve", "loki:3.1.0"]).expect_status(1).json();
    assert!(refused["failed"][0]["error"].as_str().unwrap().contains("`--urgent REASON`"), "{refused}");
    let urgent = ["approve", "loki:3.1.0", "--urgent", "CVE-2027-1 is exploited"];
    let opened = job(&registry, &github, &urgent).expect_status(0).json();
    assert_eq!(actions(&opened), [format!("{LOKI} opened")]);
    let pull = github.pull(1);
    assert!(pull.title.starts_with("Urgent: "), "{}", pull.title);
    assert!(pull.body.contains("CVE-2027-1 is exploited"), "{}", pull.body);
    for args in [&urgent[..], &["propose"], &["propose"]] {
        let again = job(&registry, &github, args).expect_status(0).json();
        assert_eq!(actions(&again), [format!("{LOKI} unchanged")], "{args:?}: {again}");
    }
    assert_eq!(github.pull(1).body, pull.body);
    let (judged, summary) = checked(&registry, &github, 1, 0);
    assert_eq!(judged["findings"], json!([]));
    assert!(summary.contains("urgent") && summary.contains("CVE-2027-1 is exploited"), "{summary}");
    // Bytes that nobody asked for take its place: it is closed.
    ImageSpec::new(40).build().put(&registry, "grafana/loki", "3.1.0");
    assert_eq!(actions(&job(&registry, &github, &["propose"]).expect_status(0).json()), [format!("{LOKI} closed")]);
    for reason in ["", "two\nlines"] {
        job(&registry, &github, &["approve", "loki:3.1.0", "--urgent", reason]).expect_status(2);
    }
}

#[test]
fn what_the_rule_picks_is_proposed_as_propose_would() {
    let registry = upstream();
    let github = github(&manifest(&registry, "0s", ""));
    assert_eq!(
        actions(&job(&registry, &github, &["approve", "loki"]).expect_status(0).json()),
        [format!("{LOKI} opened")]
    );
    for command in [&["approve", "loki"][..], &["propose"], &["approve", "loki:3.1.0"]] {
        let again = job(&registry, &github, command).expect_status(0).json();
        assert_eq!(actions(&again), [format!("{LOKI} unchanged")]);
        assert_eq!(github.writes(), Vec::<String>::new());
    }
    let pull = Actions::pull_request(
        &github.repository(),
        1,
        (LOKI, &github.pull(1).head_sha),
        &github.branch("main").unwrap(),
        &github.merge_commit(1).unwrap(),
    )
    .api(&github.server(), &github.api(), &github.graphql());
    in_job(&registry, &github, &pull, &["approve", "loki"]).expect_status(2);
}

#[test]
fn why_it_was_asked_for_stands_in_body_and_manifest_and_an_auditor_reads_who_approved_it() {
    let registry = upstream();
    let github = github(&manifest(&registry, "0s", ""));
    let asked = ["approve", "loki:3.1.0", "--reason", "asked for: by #billing -->"];
    for (args, action) in [(&asked[..], "opened"), (&asked[..], "unchanged"), (&["propose"], "unchanged")] {
        let done = job(&registry, &github, args).expect_status(0).json();
        assert_eq!(actions(&done), [format!("{LOKI} {action}")], "{args:?}: {done}");
    }
    let body = github.pull(1).body;
    assert!(body.contains("- Asked for: `asked for: by #billing -->`\n"), "{body}");
    let text = github.read(LOKI, FILE).unwrap();
    assert!(text.ends_with("        reason: \"asked for: by #billing -->\"\n"), "{text}");
    let (judged, summary) = checked(&registry, &github, 1, 0);
    assert_eq!(judged["findings"], json!([]));
    assert!(summary.contains("- Asked for: `asked for: by #billing -->`"), "{summary}");
    let head = github.pull(1).head_sha;
    github.review_as(1, "hubot", "APPROVED");
    github.merge(1);
    let clone = Clone::with(&[(FILE, &github.read("main", FILE).unwrap())]);
    let known = in_clone(&clone, &registry, &github, "loki:3.1.0").expect_status(0).json();
    let digest = registry.digest("grafana/loki", "3.1.0").unwrap();
    assert_eq!((&known["digest"], &known["pull"]), (&json!(digest), &json!(1)), "{known}");
    assert_eq!(known["reason"], json!("asked for: by #billing -->"));
    let review = &known["reviews"][0];
    assert_eq!(
        (&review["who"], &review["verdict"], &review["commit"]),
        (&json!("hubot"), &json!("approved"), &json!(head))
    );
    assert!(review["when"].is_string() && known["merged-at"].is_string(), "{known}");
    assert_eq!(known["then"]["entry"], json!(0), "what the body kept: {known}");
    assert!(known["now"]["marks"].is_array(), "{known}");
    in_clone(&clone, &registry, &github, "loki:9.9.9").expect_status(2);
    for reason in ["", "two\nlines", &"x".repeat(201)] {
        job(&registry, &github, &["approve", "loki:3.1.0", "--reason", reason]).expect_status(2);
    }
}

/// `evidence` in a clone, with the forge's token.
fn in_clone(clone: &Clone, registry: &TestRegistry, github: &TestGitHub, image: &str) -> Outcome {
    let run = Run::new(PROGRAM).dir(clone.path()).env("GITHUB_TOKEN", github.token());
    let run = run.env("GITHUB_API_URL", github.api()).env("GITHUB_SERVER_URL", github.server());
    let run = run.env("GITHUB_GRAPHQL_URL", github.graphql()).env("GITHUB_REPOSITORY", github.repository());
    run.env("WHARFINGER_HOSTS", hosts(registry)).args(["--format", "json", "evidence", image]).output()
}

#[test]
fn without_a_forge_an_auditor_reads_what_is_unknown() {
    let registry = upstream();
    let clone = clone(&registry, "0s", "");
    let known = clone.run(PROGRAM, &hosts(&registry), &["evidence", "loki:3.0.0"]).output().expect_status(0).json();
    assert_eq!((&known["then"], &known["reviews"]), (&Value::Null, &json!([])), "{known}");
    assert!(known["unknown"][0].as_str().unwrap().contains("no forge with pull requests"), "{known}");
}

/// A new image proposed, and then a newer version of it upstream; the number.
fn proposed_then_newer(registry: &TestRegistry, github: &TestGitHub) -> u64 {
    ImageSpec::new(60).build().put(registry, "cache/valkey", "8.0.1");
    let opened = job(registry, github, &["approve", "quay.io/cache/valkey"]).expect_status(0).json();
    assert_eq!(actions(&opened), [format!("{VALKEY} opened")]);
    ImageSpec::new(61).build().put(registry, "cache/valkey", "8.0.2");
    opened["proposals"][0]["number"].as_u64().unwrap()
}

/// What became of asking for it anew, where its proposal is to stay: why.
fn left(registry: &TestRegistry, github: &TestGitHub, number: u64) -> String {
    let (head, pull) = (github.branch(VALKEY), github.pull(number));
    let output = job(registry, github, &["approve", "quay.io/cache/valkey"]).expect_status(0).json();
    assert_eq!(actions(&output), [format!("{VALKEY} left")], "{output}");
    assert_eq!(output["changed"], json!(false));
    assert_eq!(github.writes(), Vec::<String>::new());
    assert_eq!((github.branch(VALKEY), github.pull(number).body), (head, pull.body));
    output["proposals"][0]["detail"].as_str().unwrap().to_owned()
}

#[test]
fn what_a_person_took_over_or_approved_is_left_as_it_is() {
    let registry = upstream();
    let directed = github(&manifest(&registry, "0s", ""));
    let number = proposed_then_newer(&registry, &directed);
    directed.push_as("release", "octocat", &[("NOTES", "x\n")]);
    directed.with(|state| "release".clone_into(&mut state.pull(number).unwrap().base));
    assert_eq!(left(&registry, &directed, number), "a person changed its base branch to release");

    let registry = upstream();
    let committed = github(&manifest(&registry, "0s", ""));
    let number = proposed_then_newer(&registry, &committed);
    committed.push_as(VALKEY, "octocat", &[("NOTES", "x\n")]);
    assert_eq!(left(&registry, &committed, number), "a person committed to its branch");

    let registry = upstream();
    let approved = github(&manifest(&registry, "0s", ""));
    let number = proposed_then_newer(&registry, &approved);
    approved.review_as(number, "octocat", "APPROVED");
    let why = left(&registry, &approved, number);
    assert!(why.starts_with("octocat has approved its current content"), "{why}");
    approved.fail("GET", "/reviews", 9, 404);
    let why = left(&registry, &approved, number);
    assert!(why.starts_with("somebody, perhaps ("), "{why}");
    approved.clear_faults();
    // A review of what it no longer is, or that was taken back, is in nobody's way.
    approved.review_as(number, "octocat", "CHANGES_REQUESTED");
    let moved = job(&registry, &approved, &["approve", "quay.io/cache/valkey"]).expect_status(0).json();
    assert_eq!(actions(&moved), [format!("{VALKEY} updated")]);
    assert!(approved.read(VALKEY, FILE).unwrap().contains("tag: 8.0.2"));
}

/// That a proposal has its verdict and its label, and its body says so; and that asking again changes nothing.
#[track_caller]
fn complete(registry: &TestRegistry, github: &TestGitHub, place: &str) {
    let pull = github.pull(1);
    assert_eq!(github.open_pulls(), [1], "{place}");
    assert!(pull.body.contains(&format!("\"head\":\"{}\"", pull.head_sha)), "{place}: {}", pull.body);
    assert!(github.statuses().iter().any(|s| s.sha == pull.head_sha && s.state == "success"), "{place}");
    assert_eq!(pull.labels, ["images"], "{place}");
    let again = job(registry, github, &["approve", "loki"]).expect_status(0).json();
    assert_eq!(actions(&again), [format!("{LOKI} unchanged")], "{place}");
    assert_eq!(github.writes(), Vec::<String>::new(), "{place}");
}

#[test]
fn a_verdict_that_could_not_be_posted_is_made_up_for() {
    let registry = upstream();
    let github = github(&labelled(&registry));
    github.fail("POST", "/statuses/", 9, 422);
    job(&registry, &github, &["approve", "loki"]).expect_status(0);
    assert!(!github.pull(1).body.contains("\"head\":"), "{}", github.pull(1).body);
    assert_eq!(github.statuses().len(), 0);
    github.clear_faults();
    let settled = job(&registry, &github, &["approve", "loki"]).expect_status(0).json();
    assert_eq!(actions(&settled), [format!("{LOKI} unchanged")]);
    complete(&registry, &github, "a verdict");
}

fn labelled(registry: &TestRegistry) -> String {
    format!("proposals: {{ labels: [images] }}\n{}", manifest(registry, "0s", ""))
}

#[test]
fn killed_at_any_write_it_is_finished_by_the_next() {
    let writes = [
        ("POST", "/git/refs$", 0),
        ("POST", "/graphql$", 1),
        ("DELETE", "/git/refs/", 0),
        ("POST", "/statuses/", 0),
        ("POST", "/pulls$", 0),
        ("POST", "/labels$", 0),
        ("PATCH", "/pulls/", 0),
    ];
    for (method, path, skip) in writes {
        let registry = upstream();
        let github = github(&labelled(&registry));
        github.fault(Rule::new(method, path, Action::Hang).after(skip));
        let actions = Actions::schedule(&github.repository()).api(&github.server(), &github.api(), &github.graphql());
        let run = Run::new(PROGRAM).actions(&actions).env("GITHUB_TOKEN", github.token());
        let mut child = run.env("WHARFINGER_HOSTS", hosts(&registry)).args(["approve", "loki"]).spawn_alone();
        let place = format!("{method} {path}");
        while !github.log().iter().any(|exchange| exchange.scripted) {
            assert!(child.try_wait().unwrap().is_none(), "{place}: there is no such write");
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        github.clear_faults();
        job(&registry, &github, &["approve", "loki"]).expect_status(0);
        complete(&registry, &github, &place);
    }
}

#[test]
fn a_proposal_that_adds_an_image_waits_for_its_reviewers_and_then_is_one_like_others() {
    let registry = upstream();
    let github = github(&manifest(&registry, "0s", ""));
    github.merge(
        job(&registry, &github, &["propose"]).expect_status(0).json()["proposals"][0]["number"].as_u64().unwrap(),
    );
    let add = ["approve", "quay.io/cache/redis:7.2.3-alpine"];
    let branch = "wharfinger/image/redis-alpine/latest";
    assert_eq!(actions(&job(&registry, &github, &add).expect_status(0).json()), [format!("{branch} opened")]);
    assert_eq!(actions(&job(&registry, &github, &add).expect_status(0).json()), [format!("{branch} unchanged")]);
    assert_eq!(github.writes(), Vec::<String>::new());
    let left = job(&registry, &github, &["propose"]).expect_status(0).json();
    assert_eq!(actions(&left), [format!("{branch} left")], "{left}");
    let number = left["proposals"][0]["number"].as_u64().unwrap();
    let (judged, _) = checked(&registry, &github, number, 0);
    assert_eq!(judged["findings"], json!([]), "{judged}");
    // Whoever changes how the image is written on that branch answers for it.
    let text = github.read(branch, FILE).unwrap();
    let by_hand = text.replace("variant: \"alpine\"", "variant: \"alpine\"\n    visibility: public");
    github.push_as(branch, "mallory", &[(FILE, &by_hand)]);
    let (judged, _) = checked(&registry, &github, number, 1);
    assert_eq!(judged["findings"][0]["code"], json!("changed-by-hand"), "{judged}");
    github.push_as(branch, "octocat", &[(FILE, &text)]);
    github.merge(number);
    let next = job(&registry, &github, &["propose"]).expect_status(0).json();
    assert_eq!(actions(&next), [format!("{branch} opened")], "7.2.4-alpine follows");
    assert_eq!(next["failed"], json!([]));
}

#[test]
fn a_local_clone_gets_a_branch_where_a_proposal_is_asked_for() {
    let registry = upstream();
    let clone = clone(&registry, "0s", "");
    let done = approve(&clone, &registry, &["loki", "--propose"], 0);
    assert_eq!(actions(&done), [format!("{LOKI} opened")]);
    assert_eq!(clone.git(&["status", "--porcelain"]), "");
    assert!(clone.read(LOKI, FILE).contains("tag: 3.1.0"));
    assert_eq!(actions(&approve(&clone, &registry, &["loki", "--propose"], 0)), [format!("{LOKI} unchanged")]);
    let added = approve(&clone, &registry, &["quay.io/cache/redis:7.2.4", "--propose"], 0);
    assert_eq!(actions(&added), [format!("{REDIS} opened")]);
}

#[test]
fn a_person_reads_the_evidence_and_what_to_do_next() {
    let registry = upstream();
    let clone = clone(&registry, "0s", "");
    let run = Run::new(PROGRAM).dir(clone.path()).env("WHARFINGER_HOSTS", hosts(&registry));
    let output = run.args(["approve", "loki"]).output().expect_status(0);
    let text = output.stdout;
    assert!(text.contains("loki: 3.0.0 -> 3.1.0, minor update"), "{text}");
    assert!(text.contains("edited approved-images.yml"), "{text}");
    assert!(text.contains("open a pull request"), "{text}");
}
