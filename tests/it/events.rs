//! Events as GitHub sends them, and as nobody should: what `run` does for each.
//!
//! `tests/events` has one example for each trigger, with the fields that GitHub documents for it (long lists of
//! addresses are shortened). Commits in them represent commits of the stand-in's repository: see [`World::payload`].

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::github::{Options, TestGitHub, Who};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const LOKI: &str = "wharfinger/image/loki/latest";

/// The head of the proposal in the examples, its base, and the merge of both.
const HEAD: &str = "1a954628a960aaef81d7b2d4521929579f3541e6";
const BASE: &str = "1405df66cbe219b0bf6355bc3d60361a8376b6b4";
const MERGE: &str = "14091a9f2461267ee7e02525b4f1f2923f1c9849";
/// The same of the fork's pull request.
const FORK_HEAD: &str = "3b488f0ef2676b40f1ee22c6d818c638739b7ccc";
const FORK_MERGE: &str = "d11d5c5186cddb5cde5f3156b11cb18cb2c4bfbb";
/// What was pushed.
const PUSHED: &str = "405906c9d5be6ae5393ca65fb0e7c38e0d585ecb";
/// What the merge queue made.
const QUEUED: &str = "1038345ecc525ca37383914c8d7839e94ccf5448";

const MAIN: &str = "refs/heads/main";
const QUEUE: &str = "refs/heads/gh-readonly-queue/main/pr-1-1405df66cbe219b0bf6355bc3d60361a8376b6b4";

/// Upstream, the mirror, and a GitHub on which Loki 3.1.0 is proposed by us (#1) and by a stranger's fork (#2).
struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    github: TestGitHub,
}

impl World {
    fn new() -> Self {
        let upstream = TestRegistry::start();
        let old = ImageSpec::new(1).build().put(&upstream, "grafana/loki", "3.0.0");
        let new = ImageSpec::new(2).build().put(&upstream, "grafana/loki", "3.1.0");
        let text = format!(
            "organization: acme\nregistry: mirror.example\nsources: [quay.io]\ndefaults: {{ cooldown: 0s }}\nimages:\n  \
             - source: quay.io/grafana/loki\n    versions: ^3\n    approved:\n      - tag: 3.0.0\n        digest: {old}\n"
        );
        let options = Options {
            files: vec![(FILE.to_owned(), text.clone())],
            who: Who::App("acme-images".to_owned()),
            ..Options::default()
        };
        let world = Self { upstream, mirror: TestRegistry::start(), github: TestGitHub::start(options) };
        world.run(Actions::schedule("acme/images").input("command", "propose")).expect_status(0);
        let theirs = format!("{text}      - tag: 3.1.0\n        digest: {new}\n");
        assert_eq!(world.github.fork_pull("mallory", LOKI, &[(FILE, &theirs)], "Approve loki", ""), 2);
        world.github.clear_log();
        world
    }

    fn run(&self, actions: Actions) -> Outcome {
        let hosts = format!("quay.io={},mirror.example={}", self.upstream.url(), self.mirror.url());
        let actions = actions
            .api(&self.github.server(), &self.github.api(), &self.github.graphql())
            .input("github-token", self.github.token())
            .input("registry-auth", r#"{"auths":{"mirror.example":{"username":"robot","password":"canary"}}}"#)
            .env("WHARFINGER_FORMAT", "json")
            .env("WHARFINGER_HOSTS", &hosts);
        let outcome = Run::new(PROGRAM).actions(&actions).output();
        assert!(!format!("{outcome:?}").contains("panicked"), "{outcome:?}");
        outcome
    }

    /// An example with this repository's commits in it.
    fn payload(&self, name: &str) -> String {
        let main = self.github.branch("main").unwrap();
        let (own, fork) = (self.github.pull(1).head_sha, self.github.pull(2).head_sha);
        let merge = |number| self.github.merge_commit(number).unwrap();
        let (merged, fork_merged) = (merge(1), merge(2));
        let commits = [
            (HEAD, &own),
            (BASE, &main),
            (MERGE, &merged),
            (FORK_HEAD, &fork),
            (FORK_MERGE, &fork_merged),
            (PUSHED, &main),
            (QUEUED, &merged),
        ];
        commits.iter().fold(example(name), |text, (written, real)| text.replace(written, real))
    }

    /// The job of an example.
    fn job(&self, name: &str, event: &str, reference: &str) -> Actions {
        let payload = self.payload(name);
        let json: Value = serde_json::from_str(&payload).unwrap();
        let sha = match event {
            "pull_request" => json["pull_request"]["merge_commit_sha"].as_str().unwrap().to_owned(),
            "merge_group" => json["merge_group"]["head_sha"].as_str().unwrap().to_owned(),
            _ => self.github.branch("main").unwrap(),
        };
        let job = Actions::new("acme/images", event, &Value::Null).payload(payload);
        job.reference(reference).env("GITHUB_SHA", &sha)
    }

    /// What a run came to, in words.
    fn told(&self, outcome: &Outcome) -> String {
        let mut told = format!("exit {}", outcome.status.unwrap());
        for line in messages(outcome) {
            write!(told, "\n    {line}").unwrap();
        }
        let json = outcome.json();
        let rows = |list: &str, row: &dyn Fn(&Value) -> String| -> Vec<String> {
            json[list].as_array().into_iter().flatten().map(row).collect()
        };
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or("-").to_owned();
        let said = [
            ("promoted", rows("promoted", &|p| format!("{}:{}", text(p, "repository"), text(p, "tag")))),
            ("proposals", rows("proposals", &|p| format!("{} {}", text(p, "branch"), text(p, "action")))),
            (
                "a merge would promote",
                rows("promotions", &|p| format!("{}:{} ({})", text(p, "repository"), text(p, "tag"), text(p, "state"))),
            ),
            ("findings", rows("findings", &|f| text(f, "code"))),
            ("failed", rows("failed", &|f| format!("{}: {}", text(f, "step"), text(f, "error")))),
            ("written to GitHub", self.written()),
        ];
        for (what, rows) in said.into_iter().filter(|(_, rows)| !rows.is_empty()) {
            write!(told, "\n    {what}: {}", rows.join(", ")).unwrap();
        }
        if !self.mirror.writes().is_empty() {
            told.push_str("\n    written to the mirror");
        }
        told
    }

    /// The kinds of writes, each once.
    fn written(&self) -> Vec<String> {
        let mut kinds: Vec<String> = Vec::new();
        for line in self.github.writes() {
            let kind = line.replace("/repos/acme/images", "");
            let kind = kind.rsplit_once(' ').unwrap().0.to_owned();
            let kind = if kind.contains("/statuses/") { "POST /statuses".to_owned() } else { kind };
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }
}

fn example(name: &str) -> String {
    let path = format!("{}/tests/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Errors, warnings and notices as the runner reads them, without what only the machine of the test has.
fn messages(outcome: &Outcome) -> Vec<String> {
    let kinds = ["::error ", "::warning ", "::notice "];
    let said = outcome.said();
    let lines = said.lines().filter(|line| kinds.iter().any(|kind| line.starts_with(kind)));
    let text = |line: &str| {
        let (head, text) = line.trim_start_matches(':').split_once("::").unwrap();
        format!("{}: {text}", head.split(' ').next().unwrap())
    };
    lines.map(text).collect()
}

/// Every example: its name, the event, `GITHUB_REF`.
const EXAMPLES: [(&str, &str, &str); 24] = [
    ("schedule", "schedule", MAIN),
    ("workflow_dispatch", "workflow_dispatch", MAIN),
    ("push_to_the_default_branch", "push", MAIN),
    ("push_to_another_branch", "push", "refs/heads/topic"),
    ("push_of_a_tag", "push", "refs/tags/v1.4.0"),
    ("push_that_deletes_a_branch", "push", MAIN),
    ("pull_request_opened", "pull_request", "refs/pull/1/merge"),
    ("pull_request_synchronize", "pull_request", "refs/pull/1/merge"),
    ("pull_request_closed", "pull_request", "refs/pull/1/merge"),
    ("pull_request_from_a_fork", "pull_request", "refs/pull/2/merge"),
    ("pull_request_from_a_deleted_fork", "pull_request", "refs/pull/2/merge"),
    ("merge_group_checks_requested", "merge_group", QUEUE),
    ("issue_comment_created", "issue_comment", MAIN),
    ("issue_comment_edited", "issue_comment", MAIN),
    ("issue_comment_deleted", "issue_comment", MAIN),
    ("issue_comment_on_an_issue", "issue_comment", MAIN),
    ("issue_comment_that_asks_nothing", "issue_comment", MAIN),
    ("issue_comment_by_a_bot", "issue_comment", MAIN),
    ("issue_comment_by_a_stranger", "issue_comment", MAIN),
    ("pull_request_target", "pull_request_target", MAIN),
    ("pull_request_review_submitted", "pull_request_review", "refs/pull/1/merge"),
    ("workflow_run", "workflow_run", MAIN),
    ("repository_dispatch", "repository_dispatch", MAIN),
    ("release_published", "release", "refs/tags/v1.4.0"),
];

#[test]
fn what_run_does_for_every_event() {
    let mut table = String::new();
    for (name, event, reference) in EXAMPLES {
        let world = World::new();
        let outcome = world.run(world.job(name, event, reference));
        writeln!(table, "{name}: {}", world.told(&outcome)).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn every_example_is_in_the_table() {
    let directory = format!("{}/tests/events", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<String> =
        std::fs::read_dir(directory).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    let mut named: Vec<String> = EXAMPLES.iter().map(|(name, ..)| format!("{name}.json")).collect();
    named.sort();
    assert_eq!(files, named);
}

/// A job without anything to ask: what is wrong with an event is said before that.
fn alone(event: &str, payload: impl AsRef<[u8]>) -> (Actions, Outcome) {
    let reference = if event == "pull_request" { "refs/pull/1/merge" } else { MAIN };
    let job = Actions::new("acme/images", event, &Value::Null).payload(payload).reference(reference);
    let job = job.env("GITHUB_SHA", MERGE).env("WHARFINGER_FORMAT", "json");
    let outcome = Run::new(PROGRAM).actions(&job).output();
    assert!(!format!("{outcome:?}").contains("panicked"), "{outcome:?}");
    (job, outcome)
}

/// Its exit status and what it says, with `EVENT` for the event's file.
fn verdict(event: &str, payload: impl AsRef<[u8]>) -> String {
    let (job, outcome) = alone(event, payload);
    let file = job.variables().into_iter().find(|(name, _)| name == "GITHUB_EVENT_PATH").unwrap().1;
    assert!(outcome.stdout.lines().chain(outcome.stderr.lines()).all(|line| line.len() < 2_000), "cut");
    let said = messages(&outcome).join(" / ").replace(&file, "EVENT").replace("the event's file EVENT", "EVENT");
    let said = match said.as_str() {
        "" => "nothing to do",
        said if said.contains("this command needs a forge") => "it is taken: GitHub is asked next",
        said => said,
    };
    format!("exit {} {said}", outcome.status.unwrap())
}

#[test]
fn what_is_no_payload_is_told_with_the_file() {
    let bom = [b"\xef\xbb\xbf".as_slice(), example("schedule").as_bytes()].concat();
    let utf16: Vec<u8> = example("schedule").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cut = &example("schedule").into_bytes()[..700];
    let deep = format!("{}{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    let deep_list = format!(r#"{{"repository":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    let twice = r#"{"repository":{"default_branch":"main"},"repository":{"default_branch":"evil"}}"#;
    let large = |size: usize| format!(r#"{{"padding":"{}","repository":null}}"#, "x".repeat(size));
    let larger = large(33 << 20);
    let cases: [(&str, &[u8]); 18] = [
        ("empty", b""),
        ("blanks", b" \n\t "),
        ("a word", b"push"),
        ("NUL bytes", &[0; 64]),
        ("not UTF-8", b"{\"a\":\"\xff\xfe\"}"),
        ("UTF-16", &utf16),
        ("a byte order mark", &bom),
        ("cut off", cut),
        ("two documents", b"{}{}"),
        ("an array", b"[]"),
        ("a text", b"\"schedule\""),
        ("a number", b"1"),
        ("null", b"null"),
        ("a number beyond all", b"{\"a\":1e999}"),
        ("10,000 objects deep", deep.as_bytes()),
        ("200,000 lists deep", deep_list.as_bytes()),
        ("a key twice", twice.as_bytes()),
        ("larger than 32 MB", larger.as_bytes()),
    ];
    let mut table = String::new();
    for (name, bytes) in cases {
        writeln!(table, "{name}: {}", verdict("schedule", bytes)).unwrap();
    }
    // what is merely large is read
    writeln!(table, "10 MB: {}", verdict("schedule", large(10_000_000))).unwrap();
    insta::assert_snapshot!(table);
}

/// Fields that an event must have, and what may stand in each.
const FIELDS: [(&str, &str, &str); 16] = [
    ("schedule", "schedule", "/repository/default_branch"),
    ("push_to_the_default_branch", "push", "/ref"),
    ("pull_request_opened", "pull_request", "/pull_request"),
    ("pull_request_opened", "pull_request", "/pull_request/number"),
    ("pull_request_opened", "pull_request", "/pull_request/base/ref"),
    ("pull_request_opened", "pull_request", "/pull_request/base/sha"),
    ("pull_request_opened", "pull_request", "/pull_request/head/ref"),
    ("pull_request_opened", "pull_request", "/pull_request/head/sha"),
    ("pull_request_opened", "pull_request", "/pull_request/head/repo/full_name"),
    ("merge_group_checks_requested", "merge_group", "/merge_group/head_sha"),
    ("merge_group_checks_requested", "merge_group", "/merge_group/base_sha"),
    ("issue_comment_created", "issue_comment", "/action"),
    ("issue_comment_created", "issue_comment", "/comment/id"),
    ("issue_comment_created", "issue_comment", "/comment/body"),
    ("issue_comment_created", "issue_comment", "/comment/user/login"),
    ("issue_comment_created", "issue_comment", "/issue/number"),
];

#[test]
fn a_field_that_is_missing_or_wrong_is_named() {
    let wrong = [
        ("null", json!(null)),
        ("an object", json!({"a": 1})),
        ("a large number", json!(u64::MAX)),
        ("a number with a fraction", json!(1.5)),
        ("below zero", json!(-1)),
        ("a hostile text", json!("x\n::add-mask::y\u{1b}[31m\u{202e}%0A../../etc")),
        ("a long text", json!("f".repeat(5_000))),
    ];
    let mut table = String::new();
    for (name, event, pointer) in FIELDS {
        let whole: Value = serde_json::from_str(&example(name)).unwrap();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let mut without = whole.clone();
        without.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).unwrap();
        writeln!(table, "{event} {pointer}\n  missing: {}", verdict(event, without.to_string())).unwrap();
        for (what, value) in &wrong {
            let mut changed = whole.clone();
            *changed.pointer_mut(pointer).unwrap() = value.clone();
            writeln!(table, "  {what}: {}", verdict(event, changed.to_string())).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_comment_of_ten_megabytes_is_answered_and_a_hostile_login_asks_for_nothing_else() {
    let world = World::new();
    let comment = |id: u64, body: &str, login: &str| {
        let mut payload: Value = serde_json::from_str(&world.payload("issue_comment_created")).unwrap();
        payload["comment"]["id"] = json!(id);
        payload["comment"]["body"] = json!(body);
        payload["comment"]["user"]["login"] = json!(login);
        let job = Actions::new("acme/images", "issue_comment", &Value::Null);
        world.run(job.payload(payload.to_string()))
    };
    comment(1, &format!("/wharfinger reject {}", "x".repeat(10_000_000)), "octocat").expect_status(0);
    let said = world.github.comments(1);
    assert!(said[0].body.starts_with("The reason has 10000000 characters; the limit is 200."), "{}", said[0].body);
    world.github.clear_log();
    comment(2, "/wharfinger refresh", "../../../repos/acme/secrets").expect_status(0);
    let asked: Vec<String> = world.github.lines().into_iter().filter(|line| line.contains("secrets")).collect();
    assert_eq!(asked, ["GET /repos/acme/images/collaborators/..%2F..%2F..%2Frepos%2Facme%2Fsecrets/permission 200"]);
    assert_eq!(world.github.open_pulls(), [1, 2]);
}

#[test]
fn a_merge_queues_faults_are_diagnostics_against_its_base() {
    let world = World::new();
    let good = world.run(world.job("merge_group_checks_requested", "merge_group", QUEUE)).expect_status(0);
    assert_eq!(good.json()["promotions"][0]["tag"], "3.1.0", "{good:?}");

    let text = world.github.read(LOKI, FILE).unwrap();
    let broken = text.replace("    versions: ^3\n", "    versions: ^3\n    verions: ^4\n");
    world.github.push_as(LOKI, "octocat", &[(FILE, &broken)]);
    world.github.clear_log();
    let bad = world.run(world.job("merge_group_checks_requested", "merge_group", QUEUE)).expect_status(2);
    let diagnostic = &bad.json()["diagnostics"][0];
    assert_eq!((&diagnostic["file"], &diagnostic["line"]), (&json!(FILE), &json!(8)), "{bad:?}");
    assert!(messages(&bad).iter().any(|line| line.contains("verions")), "{bad:?}");
    let queued = world.github.merge_commit(1).unwrap();
    let read: Vec<String> = world.github.lines().into_iter().filter(|line| line.contains("/contents/")).collect();
    assert!(read.iter().any(|line| line.contains(&queued)), "the queue's commit is read: {read:?}");
    assert_eq!(world.github.writes(), Vec::<String>::new());
}
