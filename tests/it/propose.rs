//! `propose`, from the manifest to open proposals, on a local clone and on GitHub.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::clone::Clone;
use crate::support::github::{Options, TestGitHub, Who};
use crate::support::images::{Image, ImageSpec};
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");

const MANIFEST: &str = "\
organization: acme
defaults:
  cooldown: 0s   # nobody waits in tests
  teams: { developers: read }
images:
  - source: quay.io/grafana/loki
    versions: ^3
    approved: []
  # the cache
  - source: quay.io/cache/redis
    versions: ^7
    follow: each-minor
    approved: []
";

/// A registry that has two images in a few versions.
fn upstream() -> TestRegistry {
    let registry = TestRegistry::start();
    let tags = [("grafana/loki", "3.0.0"), ("grafana/loki", "3.1.0"), ("grafana/loki", "4.0.0")];
    let more = [("cache/redis", "7.0.4"), ("cache/redis", "7.2.1"), ("cache/redis", "7.2.0")];
    for (seed, (repository, tag)) in tags.into_iter().chain(more).enumerate() {
        ImageSpec::new(seed as u64).build().put(&registry, repository, tag);
    }
    registry
}

fn hosts(registry: &TestRegistry) -> String {
    format!("quay.io={}", registry.url())
}

fn propose(clone: &Clone, registry: &TestRegistry, status: i32) -> Value {
    clone.run(PROGRAM, &hosts(registry), &["propose"]).output().expect_status(status).json()
}

/// `branch action`, in order.
fn actions(output: &Value) -> Vec<String> {
    let row = |p: &Value| format!("{} {}", p["branch"].as_str().unwrap(), p["action"].as_str().unwrap());
    output["proposals"].as_array().unwrap().iter().map(row).collect()
}

const LOKI: &str = "wharfinger/image/loki/latest";

#[test]
fn one_proposal_an_image_and_line_and_nothing_the_second_time() {
    let (registry, clone) = (upstream(), Clone::with(&[("approved-images.yml", MANIFEST)]));
    let main = clone.git(&["rev-parse", "main"]);
    let first = propose(&clone, &registry, 0);
    assert_eq!(
        actions(&first),
        [
            "wharfinger/image/loki/latest opened",
            "wharfinger/image/redis/7.2 opened",
            "wharfinger/image/redis/7.0 opened"
        ]
    );
    assert_eq!(first["changed"], true);
    assert_eq!(clone.git(&["rev-parse", "main"]), main, "nothing moves on the default branch");
    assert_eq!(clone.git(&["status", "--porcelain"]), "");

    let digest = registry.digest("grafana/loki", "3.1.0").unwrap();
    let edited = clone.read(LOKI, "approved-images.yml");
    assert!(edited.contains("tag: 3.1.0") && edited.contains(digest.as_str()), "{edited}");
    assert!(edited.contains("# nobody waits in tests") && edited.contains("# the cache"), "{edited}");
    let message = clone.git(&["log", "-1", "--format=%B", LOKI]);
    assert!(message.starts_with("Approve quay.io/grafana/loki 3.1.0\n\n- Change: first approval of "), "{message}");
    assert!(message.contains("creates `acme/loki`, private, `developers`: read; copies 2 platforms, "), "{message}");
    assert!(message.contains("- ✓ upstream's `3.1.0` resolves to this digest"), "{message}");

    let refs = clone.refs();
    let again = propose(&clone, &registry, 0);
    assert_eq!(again["changed"], false);
    assert!(actions(&again).iter().all(|a| a.ends_with(" unchanged")), "{again}");
    assert_eq!(again["proposals"].as_array().unwrap().len(), 3);
    assert_eq!(clone.refs(), refs);
}

/// The approvals of the first image stand under an explicit key: valid YAML, but nothing that an edit adds to.
#[test]
fn an_image_that_cannot_be_edited_fails_alone_and_says_where() {
    for (grouped, tempo) in [(false, "wharfinger/image/tempo/latest"), (true, "wharfinger/group/all")] {
        let registry = upstream();
        ImageSpec::new(80).build().put(&registry, "grafana/tempo", "2.5.0");
        let digest = registry.digest("grafana/loki", "3.0.0").unwrap();
        let text = |approved: &str| {
            let group = if grouped { "proposals: { group: all }\n" } else { "" };
            let loki = "  - source: quay.io/grafana/loki\n    versions: ^3\n";
            let approved = format!("{approved}- tag: 3.0.0\n        digest: {digest}\n");
            let tempo = "  - source: quay.io/grafana/tempo\n    versions: ^2\n";
            format!("organization: acme\n{group}defaults: {{ cooldown: 0s }}\nimages:\n{loki}{approved}{tempo}")
        };
        let clone = Clone::with(&[("approved-images.yml", &text("    ? approved\n    : "))]);
        for _ in 0..2 {
            let outcome = propose(&clone, &registry, 1);
            let [failed] = outcome["failed"].as_array().unwrap().as_slice() else { panic!("{outcome}") };
            assert_eq!((&failed["source"], &failed["tag"]), (&json!("quay.io/grafana/loki"), &json!("3.1.0")));
            let line = if grouped { 8 } else { 7 };
            let error = failed["error"].as_str().unwrap();
            assert!(error.contains(&format!("approved-images.yml:{line}:9: ")), "{error}");
            assert!(error.contains("cannot be edited safely: make the change by hand"), "{error}");
            let rows = actions(&outcome);
            assert!(rows == [format!("{tempo} opened")] || rows == [format!("{tempo} unchanged")], "{outcome}");
        }
        clone.commit(&[("approved-images.yml", &text("    approved:\n      "))], "Plain approvals");
        let outcome = propose(&clone, &registry, 0);
        let loki = if grouped { tempo } else { LOKI };
        assert!(clone.read(loki, "approved-images.yml").contains("      - tag: 3.1.0\n        digest: "), "{outcome}");
        assert!(clone.read(tempo, "approved-images.yml").contains("tag: 2.5.0\n"), "{outcome}");
    }
}

#[test]
fn what_is_proposed_is_not_read_again() {
    let (registry, clone) = (upstream(), Clone::with(&[("approved-images.yml", MANIFEST)]));
    propose(&clone, &registry, 0);
    let before = registry.log().len();
    propose(&clone, &registry, 0);
    let log = registry.log();
    let gets = log[before..].iter().filter(|e| e.request.method == "GET" && e.request.path.contains("/manifests/"));
    assert_eq!(gets.count(), 0, "Docker Hub counts manifest GETs as pulls");
}

#[test]
fn a_newer_version_moves_the_proposal() {
    let (registry, clone) = (upstream(), Clone::with(&[("approved-images.yml", MANIFEST)]));
    propose(&clone, &registry, 0);
    ImageSpec::new(70).build().put(&registry, "grafana/loki", "3.2.0");
    let moved = propose(&clone, &registry, 0);
    assert_eq!(actions(&moved)[0], format!("{LOKI} updated"));
    let edited = clone.read(LOKI, "approved-images.yml");
    assert!(edited.contains("tag: 3.2.0") && !edited.contains("tag: 3.1.0"), "{edited}");
    assert_eq!(clone.git(&["rev-list", "--count", &format!("main..{LOKI}")]), "1");
    assert!(clone.git(&["log", "-1", "--format=%s", LOKI]).contains("3.2.0"));
}

#[test]
fn after_a_merge_the_next_version_is_proposed_on_the_same_branch() {
    let (registry, clone) = (upstream(), Clone::with(&[("approved-images.yml", MANIFEST)]));
    propose(&clone, &registry, 0);
    clone.git(&["merge", "--quiet", "--no-edit", LOKI]);
    let merged = propose(&clone, &registry, 0);
    assert!(!actions(&merged).iter().any(|a| a.starts_with(LOKI)), "{merged}");
    ImageSpec::new(71).build().put(&registry, "grafana/loki", "3.2.0");
    let next = propose(&clone, &registry, 0);
    assert!(actions(&next).contains(&format!("{LOKI} opened")), "{next}");
    assert!(clone.git(&["log", "-1", "--format=%s", LOKI]).contains("3.2.0 (after 3.1.0)"));
    let diff = clone.git(&["diff", "--numstat", "main", LOKI]);
    assert!(diff.starts_with("2\t0\t"), "an update appends two lines: {diff}");
}

#[test]
fn what_a_person_closed_is_not_proposed_again_and_a_persons_commits_stay() {
    let (registry, clone) = (upstream(), Clone::with(&[("approved-images.yml", MANIFEST)]));
    propose(&clone, &registry, 0);
    clone.git(&["branch", "--quiet", "-D", LOKI]);
    clone.git(&["switch", "--quiet", "wharfinger/image/redis/7.2"]);
    clone.commit(&[("note", "by hand")], "Note");
    clone.git(&["switch", "--quiet", "main"]);
    let by_hand = clone.git(&["rev-parse", "wharfinger/image/redis/7.2"]);
    ImageSpec::new(72).build().put(&registry, "cache/redis", "7.2.2");
    let after = propose(&clone, &registry, 0);
    assert!(actions(&after).contains(&"wharfinger/image/redis/7.2 left".to_owned()), "{after}");
    let left = after["proposals"].as_array().unwrap().iter().find(|p| p["action"] == "left").unwrap();
    assert_eq!(left["detail"], "a person committed to its branch");
    assert_eq!(clone.git(&["rev-parse", "wharfinger/image/redis/7.2"]), by_hand);
    // 3.1.0 was declined: the next older one is what the rule chooses now
    assert!(
        !clone.branches().contains(&LOKI.to_owned()) || !clone.read(LOKI, "approved-images.yml").contains("tag: 3.1.0")
    );
    ImageSpec::new(73).build().put(&registry, "grafana/loki", "3.2.0");
    propose(&clone, &registry, 0);
    assert!(clone.read(LOKI, "approved-images.yml").contains("tag: 3.2.0"), "a newer version is another question");
}

#[test]
fn a_moot_proposal_is_closed() {
    let (registry, clone) = (upstream(), Clone::with(&[("approved-images.yml", MANIFEST)]));
    propose(&clone, &registry, 0);
    clone.commit(&[("approved-images.yml", &MANIFEST.replace("versions: ^3", "versions: ^5"))], "Another range");
    let after = propose(&clone, &registry, 0);
    assert!(actions(&after).contains(&format!("{LOKI} closed")), "{after}");
    assert!(!clone.branches().contains(&LOKI.to_owned()));
}

#[test]
fn one_images_failure_stops_no_other_and_closes_nothing() {
    let (registry, clone) = (upstream(), Clone::with(&[("approved-images.yml", MANIFEST)]));
    propose(&clone, &registry, 0);
    let broken = MANIFEST.replace("quay.io/cache/redis", "quay.io/cache/gone") + "    repository: redis\n";
    clone.commit(&[("approved-images.yml", &broken)], "A source that does not exist");
    ImageSpec::new(74).build().put(&registry, "grafana/loki", "3.2.0");
    let after = propose(&clone, &registry, 1);
    let failed = &after["failed"][0];
    assert_eq!(failed["source"], "quay.io/cache/gone", "{after}");
    assert_eq!((&failed["repository"], &failed["step"]), (&json!("redis"), &json!("resolve")));
    assert!(failed["error"].as_str().unwrap().contains("does not exist"), "{failed}");
    let actions = actions(&after);
    assert!(actions.contains(&format!("{LOKI} updated")), "{after}");
    assert!(actions.contains(&"wharfinger/image/redis/7.2 left".to_owned()), "{after}");
}

#[test]
fn a_dry_run_and_a_restricted_run_do_no_more_than_they_say() {
    let (registry, clone) = (upstream(), Clone::with(&[("approved-images.yml", MANIFEST)]));
    let refs = clone.refs();
    let dry = clone.run(PROGRAM, &hosts(&registry), &["propose", "--dry-run"]).output().expect_status(0).json();
    assert_eq!(clone.refs(), refs);
    let planned: Vec<&str> =
        dry["proposals"].as_array().unwrap().iter().map(|p| p["branch"].as_str().unwrap()).collect();
    assert_eq!(planned, [LOKI, "wharfinger/image/redis/7.2", "wharfinger/image/redis/7.0"]);
    assert_eq!(dry["proposals"][0]["images"][0]["kind"], "new");
    let one = clone.run(PROGRAM, &hosts(&registry), &["propose", "loki"]).output().expect_status(0).json();
    assert_eq!(actions(&one), [format!("{LOKI} opened")]);
    clone.run(PROGRAM, &hosts(&registry), &["propose", "nothing"]).output().expect_status(2);
}

#[test]
fn a_plan_says_what_the_rule_makes_of_every_tag() {
    let (registry, clone) = (upstream(), Clone::with(&[("approved-images.yml", MANIFEST)]));
    let run = |command: &str| clone.run(PROGRAM, &hosts(&registry), &[command]).output().expect_status(0).json();
    let (plan, explained) = (run("plan"), run("explain"));
    assert_eq!(plan["images"], explained["images"]);
    let tags = plan["images"][0]["tags"].as_array().unwrap();
    let words: Vec<_> = tags.iter().map(|t| (t["tag"].as_str().unwrap(), t["reason"].as_str().unwrap())).collect();
    assert_eq!(words, [("4.0.0", "out-of-range"), ("3.1.0", "newest"), ("3.0.0", "superseded")]);
}

#[test]
fn what_finds_no_room_waits_and_says_so() {
    let manifest = format!("proposals: {{ limit: 1 }}\n{MANIFEST}");
    let (registry, clone) = (upstream(), Clone::with(&[("approved-images.yml", &manifest)]));
    let plan = clone.run(PROGRAM, &hosts(&registry), &["plan"]).output().expect_status(0).json();
    let room = "the limit of open proposals (proposals.limit) is reached";
    let details: Vec<&Value> = plan["proposals"].as_array().unwrap().iter().map(|p| &p["detail"]).collect();
    assert_eq!(details, [&Value::Null, &json!(room), &json!(room)], "{plan}");
    let output = propose(&clone, &registry, 0);
    assert_eq!(actions(&output), [format!("{LOKI} opened")]);
    let waiting = output["waiting"].as_array().unwrap();
    let rows: Vec<_> = waiting.iter().map(|w| (w["tag"].as_str().unwrap(), w["detail"].as_str().unwrap())).collect();
    assert_eq!(rows, [("7.2.1", room), ("7.0.4", room)], "{output}");
}

#[test]
fn a_changed_habit_of_writing_versions_is_said() {
    let (registry, clone) = (upstream(), Clone::with(&[("approved-images.yml", MANIFEST)]));
    propose(&clone, &registry, 0);
    clone.git(&["merge", "--quiet", "--no-edit", LOKI]);
    ImageSpec::new(75).build().put(&registry, "grafana/loki", "v3.2.0");
    propose(&clone, &registry, 0);
    let message = clone.git(&["log", "-1", "--format=%B", LOKI]);
    assert!(message.contains("; upstream now writes its versions with a `v`"), "{message}");
}

#[test]
fn nothing_unverified_is_proposed_where_signatures_are_asked() {
    let manifest = MANIFEST.replace("    versions: ^3\n", "    versions: ^3\n    signatures: { key: keys/loki.pub }\n");
    let (registry, clone) = (upstream(), Clone::with(&[("approved-images.yml", &manifest)]));
    let output = propose(&clone, &registry, 0);
    assert!(!actions(&output).iter().any(|a| a.starts_with(LOKI)), "{output}");
    let waiting = output["waiting"].as_array().unwrap();
    assert!(waiting.iter().any(|w| w["reason"] == "unsigned" && w["tag"] == "3.1.0"), "{output}");
}

fn on_github(registry: &TestRegistry, github: &TestGitHub, event: Actions, command: &str) -> Outcome {
    let actions = event.api(&github.server(), &github.api(), &github.graphql());
    let run = Run::new(PROGRAM).actions(&actions).env("GITHUB_TOKEN", github.token());
    run.env("WHARFINGER_HOSTS", hosts(registry)).args(["--format", "json", command]).output()
}

fn github_with(manifest: &str) -> TestGitHub {
    let files = vec![("approved-images.yml".to_owned(), manifest.to_owned())];
    TestGitHub::start(Options { files, ..Options::default() })
}

#[test]
fn on_github_a_second_run_writes_nothing_and_the_jobs_own_proposals_carry_a_verdict() {
    let (registry, github) = (upstream(), github_with(MANIFEST));
    let schedule = || Actions::schedule(&github.repository());
    let first = on_github(&registry, &github, schedule(), "propose").expect_status(0).json();
    assert_eq!(first["proposals"].as_array().unwrap().len(), 3, "{first}");
    assert_eq!(github.open_pulls().len(), 3);
    let pull = github.pulls().into_iter().find(|p| p.head == LOKI).unwrap();
    assert_eq!(pull.title, "Approve quay.io/grafana/loki 3.1.0");
    assert!(pull.body.contains(&format!("\"head\":\"{}\"", pull.head_sha)), "{}", pull.body);
    let statuses = github.statuses();
    assert_eq!(statuses.len(), 3, "{statuses:?}");
    assert!(statuses.iter().all(|s| s.state == "success" && s.context == "wharfinger"), "{statuses:?}");
    github.clear_log();
    let again = on_github(&registry, &github, schedule(), "propose").expect_status(0).json();
    assert_eq!(again["changed"], false);
    assert_eq!(github.writes(), Vec::<String>::new());
}

#[test]
fn on_github_it_writes_only_for_the_default_branch_and_its_events() {
    let (registry, github) = (upstream(), github_with(MANIFEST));
    let elsewhere = Actions::schedule(&github.repository()).reference("refs/heads/feature");
    on_github(&registry, &github, elsewhere, "propose").expect_status(2);
    let zeros = "0".repeat(40);
    let pull = Actions::pull_request(&github.repository(), 1, ("feature", &zeros), &zeros, &zeros);
    on_github(&registry, &github, pull, "propose").expect_status(2);
    assert_eq!(github.writes(), Vec::<String>::new());
}

#[test]
fn on_github_a_lost_answer_still_gives_one_pull_request() {
    for (method, path) in [("POST", "/graphql"), ("POST", "/git/refs"), ("POST", "/pulls")] {
        let (registry, github) = (upstream(), github_with(MANIFEST));
        github.lose_answers(method, path, 1);
        let output = on_github(&registry, &github, Actions::schedule(&github.repository()), "propose");
        let output = output.expect_status(0).json();
        assert!(actions(&output).iter().all(|a| a.ends_with(" opened")), "{path}: {output}");
        assert_eq!((github.open_pulls().len(), github.pulls().len()), (3, 3), "{path}");
        assert!(!github.branches().iter().any(|b| b.starts_with("wharfinger/tmp/")), "{path}");
    }
}

#[test]
fn on_github_a_forbidden_pull_request_says_how_to_allow_it() {
    let files = vec![("approved-images.yml".to_owned(), MANIFEST.to_owned())];
    let (registry, github) =
        (upstream(), TestGitHub::start(Options { files, actions_may_open: false, ..Options::default() }));
    let outcome = on_github(&registry, &github, Actions::schedule(&github.repository()), "propose").expect_status(3);
    assert!(outcome.stderr.contains("Allow GitHub Actions to create and approve pull requests"), "{}", outcome.stderr);
    assert_eq!(github.pulls().len(), 0);
}

#[test]
fn on_github_labels_and_reviewers_are_asked_for_once_and_a_refusal_is_a_warning() {
    let everywhere = "proposals: { labels: [images], reviewers: [octocat, nobody-here], team-reviewers: [platform] }
";
    let of_image = "versions: ^3
    labels: [loki]
    reviewers: [hubot, octocat]
";
    let manifest = format!(
        "{everywhere}{}",
        MANIFEST.replacen(
            "versions: ^3
",
            of_image,
            1
        )
    );
    let (registry, github) = (upstream(), github_with(&manifest));
    let schedule = || Actions::schedule(&github.repository());
    let outcome = on_github(&registry, &github, schedule(), "propose").expect_status(0);
    let pull = github.pulls().into_iter().find(|p| p.head == LOKI).unwrap();
    assert_eq!(pull.labels, ["images", "loki"]);
    assert_eq!(pull.reviewers, ["octocat", "hubot"]);
    assert_eq!(pull.teams, Vec::<String>::new(), "the job's own token cannot request teams");
    for name in ["nobody-here", "platform"] {
        assert!(outcome.stderr.contains(name), "{name}: {}", outcome.stderr);
    }
    github.clear_log();
    on_github(&registry, &github, schedule(), "propose").expect_status(0);
    assert_eq!(github.writes(), Vec::<String>::new());
}

#[test]
fn on_github_an_unknown_team_is_told_with_the_one_that_was_meant() {
    let files = |teams: &str| {
        vec![("approved-images.yml".to_owned(), format!("proposals: {{ team-reviewers: [{teams}] }}\n{MANIFEST}"))]
    };
    for (team, told) in
        [("platfrom", "did you mean `platform`?"), ("zebra", "the known ones are `platform`"), ("platform", "")]
    {
        let who = Who::App("wharf".to_owned());
        let github = TestGitHub::start(Options { files: files(team), who, ..Options::default() });
        let outcome =
            on_github(&upstream(), &github, Actions::schedule(&github.repository()), "propose").expect_status(0);
        assert_eq!(outcome.stderr.contains("requesting a review of"), !told.is_empty(), "{team}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(told), "{team}: {}", outcome.stderr);
    }
}

#[test]
fn on_github_what_finds_no_room_costs_no_request() {
    let registry = TestRegistry::start();
    let mut manifest = "organization: acme\ndefaults: { cooldown: 0s }\nproposals: { limit: 2 }\nimages:\n".to_owned();
    for number in 0..300 {
        ImageSpec::new(number).build().put(&registry, &format!("team/app-{number:03}"), "1.0.0");
        manifest.push_str(&format!("  - source: quay.io/team/app-{number:03}\n    approved: []\n"));
    }
    let github = github_with(&manifest);
    let run = || {
        github.clear_log();
        on_github(&registry, &github, Actions::schedule(&github.repository()), "propose").expect_status(0).json()
    };
    let closed = || github.lines().iter().filter(|line| line.contains("state=closed")).count();
    let branch = |number: usize| format!("wharfinger/image/app-{number:03}/latest");
    let first = run();
    assert_eq!(actions(&first), [branch(0), branch(1)].map(|b| format!("{b} opened")));
    assert_eq!(first["waiting"].as_array().unwrap().len(), 298);
    assert_eq!(closed(), 2, "{:#?}", github.lines());

    assert_eq!(run()["changed"], false);
    assert_eq!((github.lines().len(), closed()), (9, 0), "{:#?}", github.lines());

    // what a person declined frees its place: the next is asked about, and no other
    let number = github.pulls().iter().find(|p| p.head == branch(0)).unwrap().number;
    github.close_as(number, "octocat");
    let next = run();
    assert_eq!(actions(&next), [format!("{} unchanged", branch(1)), format!("{} opened", branch(2))]);
    assert_eq!(closed(), 2, "{:#?}", github.lines());
    let waiting = next["waiting"].as_array().unwrap().iter();
    let (declined, others): (Vec<_>, Vec<_>) = waiting.partition(|w| w["reason"] == "declined");
    assert_eq!(declined.iter().map(|w| &w["repository"]).collect::<Vec<_>>(), ["app-000"]);
    assert!(others.iter().all(|w| w["reason"] == "waiting"), "{next}");
}

#[test]
fn on_github_one_refusal_among_other_failures_is_no_lack_of_rights() {
    let files = vec![("approved-images.yml".to_owned(), MANIFEST.to_owned())];
    let (registry, github) =
        (upstream(), TestGitHub::start(Options { files, actions_may_open: false, ..Options::default() }));
    github.fail("POST", "/pulls", 1, 400);
    let output = on_github(&registry, &github, Actions::schedule(&github.repository()), "propose");
    let output = output.expect_status(1).json();
    assert_eq!((&output["changed"], output["failed"].as_array().unwrap().len()), (&json!(false), 3), "{output}");
}

const FORM: &str = "  branch-prefix: bots/\n  title: \"chore(images): {title}\"\n  commit-message: \"chore(images): {title}\"\n  sign-off: Images <images@example.com>\n";

#[test]
fn rulesets_that_ask_for_a_form_get_it_and_one_that_refuses_is_named_with_its_cure() {
    let rules = || {
        vec![
            (
                "".to_owned(),
                "commit_message_pattern",
                json!({
                    "name": "", "negate": false, "operator": "regex", "pattern": "(?s)^chore\\(images\\): .*\\nSigned-off-by: .+",
                }),
            ),
            (
                "".to_owned(),
                "branch_name_pattern",
                json!({
                    "name": "", "negate": false, "operator": "starts_with", "pattern": "bots/",
                }),
            ),
        ]
    };
    let signed = "  sign-off: Images <images@example.com>\n";
    let table = [
        (FORM.to_owned(), None),
        (FORM.replace(signed, ""), Some("`proposals.sign-off`")),
        (
            FORM.replace("bots/", "wharfinger/"),
            Some("requires branch names that start with `bots/`: set `proposals.branch-prefix` accordingly"),
        ),
        (
            FORM.replace("commit-message: \"chore", "commit-message: \"feat"),
            Some("ruleset `House style` (43) of acme requires commit messages that match"),
        ),
    ];
    for (form, why) in table {
        let registry = upstream();
        let github = github_with(&MANIFEST.replace("images:\n", &format!("proposals:\n{form}images:\n")));
        github.with(|state| state.rules = rules());
        let status = i32::from(why.is_some());
        let outcome = on_github(&registry, &github, Actions::schedule(&github.repository()), "propose");
        let output = outcome.expect_status(status).json();
        match why {
            None => {
                assert_eq!(github.open_pulls().len(), 3, "{output}");
                let pull = github.pull(1);
                assert!(
                    pull.head.starts_with("bots/image/") && pull.title.starts_with("chore(images): Approve "),
                    "{pull:?}"
                );
                assert!(github.branches().iter().all(|b| b == "main" || b.starts_with("bots/image/")));
            }
            Some(why) => {
                assert!(github.open_pulls().is_empty(), "{output}");
                let error = output["failed"][0]["error"].as_str().unwrap();
                assert!(error.contains(why) && error.contains("Repository rule violations found"), "{error}");
                assert_eq!(github.branches(), ["main"]);
            }
        }
    }
}

#[test]
fn the_ledger_takes_the_form_that_rulesets_ask_for() {
    let registry = upstream();
    let form = FORM.replace("chore(images)", "chore({source})");
    let manifest =
        MANIFEST.replace("cooldown: 0s", "cooldown: 3d").replace("images:\n", &format!("proposals:\n{form}images:\n"));
    let github = github_with(&manifest);
    let rule = json!({ "name": "", "negate": false, "operator": "regex", "pattern": "(?s)^chore\\(.+\\): .*\\nSigned-off-by: .+" });
    github.with(|state| state.rules = vec![(String::new(), "commit_message_pattern", rule)]);
    on_github(&registry, &github, Actions::schedule(&github.repository()), "propose").expect_status(0);
    let tip = github.branch("bots/ledger").expect("the ledger");
    let message = github.with(|s| s.git.commit_info(&tip).message);
    assert_eq!(message, "chore(ledger): Note when tags were first seen\n\nSigned-off-by: Images <images@example.com>");
}

/// So many that the metadata is packed: the forge takes the body, and a second run finds it as it should be.
#[test]
fn on_github_a_group_of_many_images_is_one_proposal_that_a_second_run_leaves() {
    let registry = TestRegistry::start();
    let image = ImageSpec::new(1).build();
    let mut manifest =
        "organization: acme\nproposals: { group: all }\ndefaults: { cooldown: 0s }\nimages:\n".to_owned();
    for n in 0..120 {
        image.put(&registry, &format!("many/image-{n}"), "1.0.0");
        manifest.push_str(&format!("  - source: quay.io/many/image-{n}\n    approved: []\n"));
    }
    let github = github_with(&manifest);
    let schedule = || Actions::schedule(&github.repository());
    let first = on_github(&registry, &github, schedule(), "propose").expect_status(0).json();
    assert_eq!(actions(&first), ["wharfinger/group/all opened"]);
    let pull = github.pull(github.open_pulls()[0]);
    assert_eq!(pull.title, "Approve 120 versions of all images");
    assert!(pull.body.contains("\"packed\":") && !pull.body.contains("\"entries\":"), "{}", pull.body);
    let lead: Vec<&str> = pull.body.lines().take(2).collect();
    assert_eq!(
        lead,
        [
            "- Change: 120 × first approval",
            "- Risk: none found in what was looked at; not looked at: known vulnerabilities (all)"
        ]
    );
    assert!(pull.body.contains("\"packed-kept\":"), "what was known of them is kept for auditors: {}", pull.body);
    let rows = |body: &str| body.lines().filter(|l| l.starts_with("| `quay.io/many/")).count();
    assert_eq!(rows(&pull.body), 120);
    assert!(pull.body.contains("| `1.0.0` | not asked |"), "no cooldown, no question: {}", pull.body);
    github.clear_log();
    let again = on_github(&registry, &github, schedule(), "propose").expect_status(0).json();
    assert_eq!(
        (actions(&again), &again["changed"]),
        (vec!["wharfinger/group/all unchanged".to_owned()], &json!(false))
    );
    assert_eq!(github.writes(), Vec::<String>::new());
}

#[test]
fn what_two_readers_understand_differently_is_not_proposed_and_says_why() {
    let registry = upstream();
    let mut image = ImageSpec::new(90).build();
    let last = image.manifests.len() - 1;
    let text = String::from_utf8(image.manifests[last].bytes.to_vec()).unwrap();
    image.manifests[last].bytes = text.replacen('{', "{\"Manifests\":[],", 1).into();
    let digest = image.put(&registry, "grafana/loki", "3.9.0");
    let clone = Clone::with(&[("approved-images.yml", MANIFEST)]);
    propose(&clone, &registry, 0);
    let edited = clone.read(LOKI, "approved-images.yml");
    assert!(edited.contains("tag: 3.1.0") && !edited.contains("3.9.0"), "{edited}");
    let run = |arguments: &[&str]| clone.run(PROGRAM, &hosts(&registry), arguments).output();
    let explained = run(&["explain", "loki"]).expect_status(0).json();
    let tags = explained["images"][0]["tags"].as_array().unwrap();
    let tag = tags.iter().find(|tag| tag["tag"] == "3.9.0").unwrap();
    assert_eq!((&tag["verdict"], &tag["reason"]), (&json!("skipped"), &json!("refused")));
    let detail = tag["detail"].as_str().unwrap();
    assert!(detail.contains("`Manifests`, which some readers treat as `manifests`"), "{detail}");
    let waiting = run(&["plan"]).expect_status(0).json();
    assert!(waiting["waiting"].as_array().unwrap().iter().any(|row| row["reason"] == "refused"), "{waiting}");
    let refused = run(&["approve", "loki:3.9.0"]).expect_status(1);
    assert!(refused.stdout.contains("some readers treat as"), "{}", refused.stdout);
    // Who approves it by hand is told by check, and promotion does not copy it.
    let approving =
        MANIFEST.replacen("approved: []", &format!("approved:\n      - {{ tag: 3.9.0, digest: \"{digest}\" }}"), 1);
    std::fs::write(clone.path().join("approved-images.yml"), approving).unwrap();
    let checked = run(&["check"]).expect_status(1).json();
    assert_eq!(checked["failed"][0]["step"], "refused", "{checked}");
    assert_eq!(checked["promotions"][0]["state"], "refused", "{checked}");
}

#[test]
fn a_body_names_what_comes_along_and_what_stays_behind() {
    let registry = upstream();
    let image = ImageSpec::new(91).build();
    let digest = image.put(&registry, "grafana/loki", "3.9.0");
    let signing = "application/vnd.dev.cosign.simplesigning.v1+json";
    let tag = |suffix: &str| format!("sha256-{}.{suffix}", digest.hex());
    Image::cosign(signing, b"signature").put(&registry, "grafana/loki", &tag("sig"));
    ImageSpec::new(92).build().put(&registry, "grafana/loki", &tag("att"));
    let referrer = Image::artifact(image.root(), "application/x.other", b"other");
    registry.put_untagged("grafana/loki", &referrer);
    let clone = Clone::with(&[("approved-images.yml", MANIFEST)]);
    let plan = clone.run(PROGRAM, &hosts(&registry), &["plan"]).output().expect_status(0).json();
    let image = &plan["proposals"][0]["images"][0];
    assert_eq!(image["companions"][0]["kind"], "signature", "{image}");
    assert_eq!(image["companions"][0]["under"], tag("sig"));
    assert_eq!(image["companions"][1]["digest"], json!(referrer.digest()));
    assert_eq!(image["left_behind"], json!([format!("{} is left behind: an index", tag("att"))]));
    propose(&clone, &registry, 0);
    let message = clone.git(&["log", "-1", "--format=%B", LOKI]);
    let comes = format!("- – signature `{}` that is copied too (`{signing}`, ", tag("sig"));
    assert!(message.contains(&comes), "{message}");
    assert!(message.contains(&format!(
        "- – artifact `sha256:{}` that is copied too (`application/x.other`, ",
        referrer.digest().short()
    )));
    let stays = format!("- – `{}`, which upstream has for this image, is left behind: `an index`", tag("att"));
    assert!(message.contains(&stays), "{message}");
}

/// Release notes and source are linked where the image's labels name a known forge; for that its configuration is read where it
/// was only asked for, and nothing is asked twice.
#[test]
fn labels_are_linked_and_cost_no_request_more() {
    let registry = TestRegistry::start();
    let image = |seed: u64, revision: &str| {
        let image =
            ImageSpec::new(seed).label("org.opencontainers.image.source", "https://github.com/grafana/loki.git");
        image.label("org.opencontainers.image.revision", &revision.repeat(40)).build()
    };
    let old = image(1, "a").put(&registry, "grafana/loki", "3.0.0");
    image(2, "b").put(&registry, "grafana/loki", "3.1.0");
    let text = format!(
        "organization: acme\ndefaults: {{ cooldown: 0s }}\nimages:\n  - source: quay.io/grafana/loki\n    approved:\n      - tag: 3.0.0\n        digest: {old}\n"
    );
    let clone = Clone::with(&[("approved-images.yml", &text)]);
    let before = registry.log().len();
    propose(&clone, &registry, 0);
    let message = clone.git(&["log", "-1", "--format=%B", LOKI]);
    let (a, b) = ("a".repeat(40), "b".repeat(40));
    let why = format!("([what changed in the source](https://github.com/grafana/loki/compare/{a}...{b}))\n");
    assert!(message.contains(&why), "{message}");
    let line = "- Upstream: [release notes](https://github.com/grafana/loki/releases?q=3.1.0&expanded=true), \
                at `github.com/grafana/loki` as the image's labels say\n";
    assert!(message.contains(line), "{message}");
    let asked: Vec<String> = registry.log()[before..].iter().map(crate::support::http::Exchange::line).collect();
    let of_blobs: Vec<&String> = asked.iter().filter(|line| line.contains("/blobs/")).collect();
    assert!(of_blobs.len() >= 4, "a configuration a platform and version: {asked:?}");
    assert!(of_blobs.iter().all(|line| line.starts_with("GET ")), "reading it shows that it exists: {asked:?}");
    assert_eq!(of_blobs.iter().collect::<BTreeSet<_>>().len(), of_blobs.len(), "none is read twice: {asked:?}");
}
