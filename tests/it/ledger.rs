//! The first-seen ledger: what waits outside Docker Hub is recorded on a separate branch, on both forges. The program's
//! clock is the real one: what must be old enough is written into the ledger with an earlier time through the program's
//! own forge, like an earlier run would have.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde_json::Value;
use wharfinger::internals::forge::git::GitForge;
use wharfinger::internals::forge::{FileChange, Forge, Message, NewCommit};
use wharfinger::internals::image::Digest;

use crate::github::client_of;
use crate::support::clone::Clone;
use crate::support::contract;
use crate::support::github::{Access, Options, Permissions, TestGitHub, Who};
use crate::support::hub::TestHub;
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const BRANCH: &str = "wharfinger/ledger";
const FILE: &str = "wharfinger-ledger.txt";
const LOKI: &str = "wharfinger/image/loki/latest";

const MANIFEST: &str = "\
organization: acme
images:
  - source: quay.io/grafana/loki
    versions: ^3
    approved: []
";

fn push(registry: &TestRegistry, tag: &str, seed: u64) -> Digest {
    ImageSpec::new(seed).build().put(registry, "grafana/loki", tag)
}

/// Where the program works: the ledger is looked at, aged and forged the same way on every forge.
trait Place: Sync {
    fn run(&self, registry: &TestRegistry, command: &str) -> Outcome;
    fn text(&self) -> Option<String>;
    fn forge(&self) -> Box<dyn Forge>;
    /// Somebody else's commit on the ledger's branch; what a finding calls them.
    fn forgery(&self, text: &str) -> &'static str;
    fn has_branch(&self, branch: &str) -> bool;

    fn propose(&self, registry: &TestRegistry, status: i32) -> Value {
        self.run(registry, "propose").expect_status(status).json()
    }

    /// Has the program itself write a text of the ledger.
    fn write(&self, text: &str) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let entered = runtime.enter();
        let forge = self.forge();
        drop(entered);
        runtime.block_on(append(forge.as_ref(), text));
    }

    /// Makes what the ledger says so many days older.
    fn age(&self, days: i64) {
        self.write(&older(&self.text().unwrap(), days));
    }
}

/// Puts a text of the ledger on its branch.
pub(crate) async fn append(forge: &dyn Forge, text: &str) {
    let files = vec![FileChange { path: FILE.to_owned(), text: text.to_owned() }];
    let message = Message { headline: "Note when tags were first seen".to_owned(), body: String::new() };
    let tip = forge.tip(BRANCH).await.unwrap().unwrap();
    forge.append(BRANCH, &tip, &NewCommit { message, files }).await.unwrap();
}

/// A ledger with all its times so many days earlier.
pub(crate) fn older(text: &str, days: i64) -> String {
    let line = |line: &str| {
        let Some((rest, time)) = line.rsplit_once(' ').filter(|_| !line.starts_with('#')) else {
            return line.to_owned();
        };
        let time: DateTime<Utc> = time.parse().unwrap();
        format!("{rest} {}", (time - Duration::days(days)).to_rfc3339_opts(SecondsFormat::Secs, true))
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

fn hosts(registry: &TestRegistry) -> String {
    format!("quay.io={}", registry.url())
}

struct Local(Clone);

impl Local {
    fn with(manifest: &str) -> Self {
        Self(Clone::with(&[("approved-images.yml", manifest)]))
    }
}

impl Place for Local {
    fn run(&self, registry: &TestRegistry, command: &str) -> Outcome {
        self.0.run(PROGRAM, &hosts(registry), &[command]).output()
    }

    fn text(&self) -> Option<String> {
        self.has_branch(BRANCH).then(|| self.0.read(BRANCH, FILE) + "\n")
    }

    fn forge(&self) -> Box<dyn Forge> {
        let forge = tokio::runtime::Runtime::new().unwrap().block_on(GitForge::open(self.0.path())).unwrap();
        Box::new(forge)
    }

    fn forgery(&self, text: &str) -> &'static str {
        self.0.git(&["switch", "--quiet", BRANCH]);
        self.0.commit(&[(FILE, text)], "By hand");
        self.0.git(&["switch", "--quiet", "main"]);
        "Person"
    }

    fn has_branch(&self, branch: &str) -> bool {
        self.0.branches().iter().any(|b| b == branch)
    }
}

struct OnGitHub(TestGitHub);

impl OnGitHub {
    fn with(manifest: &str, options: Options) -> Self {
        let files = vec![("approved-images.yml".to_owned(), manifest.to_owned())];
        Self(TestGitHub::start(Options { files, ..options }))
    }

    fn run_with(&self, hosts: &str, command: &str) -> Outcome {
        let event = Actions::schedule(&self.0.repository());
        let event = event.api(&self.0.server(), &self.0.api(), &self.0.graphql());
        let run = Run::new(PROGRAM).actions(&event).env("GITHUB_TOKEN", self.0.token());
        run.env("WHARFINGER_HOSTS", hosts).args(["--format", "json", command]).output()
    }
}

impl Place for OnGitHub {
    fn run(&self, registry: &TestRegistry, command: &str) -> Outcome {
        let outcome = self.run_with(&hosts(registry), command);
        contract::github(&self.0.log());
        outcome
    }

    fn text(&self) -> Option<String> {
        self.0.read(BRANCH, FILE)
    }

    fn forge(&self) -> Box<dyn Forge> {
        Box::new(client_of(&self.0, self.0.token()))
    }

    fn forgery(&self, text: &str) -> &'static str {
        self.0.forge_commit(BRANCH, "github-actions[bot]", &[(FILE, text)]);
        "mallory"
    }

    fn has_branch(&self, branch: &str) -> bool {
        self.0.branches().iter().any(|b| b == branch)
    }
}

/// The program on every forge, with a manifest.
fn everywhere(manifest: &str) -> Vec<Box<dyn Place>> {
    vec![Box::new(Local::with(manifest)), Box::new(OnGitHub::with(manifest, Options::default()))]
}

/// The tags and digests that the ledger holds, in its order.
fn entries(text: &str) -> Vec<(String, String)> {
    let fields = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    text.lines().filter(|l| !l.starts_with('#')).map(fields).map(|f| (f[1].clone(), f[2].clone())).collect()
}

fn entry(tag: &str, digest: &Digest) -> (String, String) {
    (tag.to_owned(), digest.to_string())
}

fn opened(output: &Value) -> Vec<&str> {
    output["proposals"].as_array().unwrap().iter().map(|p| p["branch"].as_str().unwrap()).collect()
}

fn until(output: &Value, tag: &str) -> DateTime<Utc> {
    let row = output["waiting"].as_array().unwrap().iter().find(|w| w["tag"] == tag);
    row.unwrap_or_else(|| panic!("{output}"))["until"].as_str().unwrap_or_else(|| panic!("{output}")).parse().unwrap()
}

#[test]
fn what_is_first_seen_waits_and_is_proposed_when_its_cooldown_is_over() {
    for place in everywhere(MANIFEST) {
        let (registry, start) = (TestRegistry::start(), Utc::now());
        let digest = push(&registry, "3.1.0", 1);
        let plan = place.run(&registry, "plan");
        if plan.status == Some(0) {
            assert!(until(&plan.json(), "3.1.0") >= start + Duration::days(3));
        }
        assert_eq!(place.text(), None, "a plan writes nothing");

        let first = place.propose(&registry, 0);
        assert_eq!((opened(&first), &first["changed"]), (Vec::new(), &true.into()), "{first}");
        let due = until(&first, "3.1.0");
        assert!(due >= start + Duration::days(3) && due <= Utc::now() + Duration::days(3), "{first}");
        let text = place.text().unwrap();
        assert_eq!(entries(&text), [entry("3.1.0", &digest)]);

        let again = place.propose(&registry, 0);
        assert_eq!(again["changed"], false, "{again}");
        assert_eq!(place.text().unwrap(), text);
        assert_eq!(until(&again, "3.1.0").timestamp(), due.timestamp(), "seeing it again changes nothing");

        place.age(4);
        let third = place.propose(&registry, 0);
        assert_eq!(opened(&third), [LOKI], "{third}");
        assert_eq!(place.propose(&registry, 0)["changed"], false);
    }
}

#[test]
fn a_digest_that_moves_or_comes_back_begins_anew() {
    for place in everywhere(MANIFEST) {
        let registry = TestRegistry::start();
        let first = push(&registry, "3.1.0", 1);
        place.propose(&registry, 0);
        place.age(4);
        let start = Utc::now();
        let second = push(&registry, "3.1.0", 2);
        // else the first, which is old enough, would be proposed
        registry.delete_manifest("grafana/loki", &first);
        let moved = place.propose(&registry, 0);
        assert_eq!(opened(&moved), Vec::<&str>::new());
        assert!(until(&moved, "3.1.0") >= start + Duration::days(3) - Duration::seconds(1), "{moved}");
        assert_eq!(entries(&place.text().unwrap()), [entry("3.1.0", &first), entry("3.1.0", &second)]);
        push(&registry, "3.1.0", 1);
        let back = place.propose(&registry, 0);
        assert_eq!(opened(&back), Vec::<&str>::new(), "{back}");
        assert_eq!(entries(&place.text().unwrap()), [entry("3.1.0", &second), entry("3.1.0", &first)]);
    }
}

#[test]
fn what_another_identity_wrote_is_reported_once_and_restarts_the_clocks_it_touched() {
    let manifest = MANIFEST.to_owned() + "  - source: quay.io/cache/redis\n    approved: []\n";
    for place in everywhere(&manifest) {
        let registry = TestRegistry::start();
        push(&registry, "3.1.0", 1);
        ImageSpec::new(5).build().put(&registry, "cache/redis", "7.2.0");
        place.propose(&registry, 0);
        place.age(1);
        let honest = place.text().unwrap();
        let forged: Vec<String> = honest
            .lines()
            .map(
                |line| {
                    if line.contains("loki 3.1.0 ") { older(line, 9).trim_end().to_owned() } else { line.to_owned() }
                },
            )
            .collect();
        let who = place.forgery(&(forged.join("\n") + "\n"));
        let start = Utc::now();
        let output = place.propose(&registry, 1);
        let finding = &output["drift"][0];
        assert_eq!(finding["code"], "foreign-ledger", "{output}");
        let found = finding["found"].as_str().unwrap();
        assert!(found.contains(who) && found.ends_with("the clock of 1 tag starts again"), "{found}");
        assert_eq!(opened(&output), Vec::<&str>::new());
        assert!(until(&output, "3.1.0") >= start + Duration::days(3) - Duration::seconds(1), "restarted: {output}");
        assert!(until(&output, "7.2.0") < start + Duration::days(2) + Duration::seconds(9), "untouched: {output}");
        let next = place.propose(&registry, 0);
        assert_eq!((&next["drift"], &next["changed"]), (&Value::Array(Vec::new()), &false.into()), "said once");

        // what is no ledger at all is no reason to stop, and gives no clock
        place.forgery("hello\n");
        let output = place.propose(&registry, 1);
        assert!(output["drift"][0]["found"].as_str().unwrap().ends_with("all clocks start again"), "{output}");
        assert!(until(&output, "7.2.0") >= start + Duration::days(3) - Duration::seconds(1), "{output}");
        assert_eq!(place.propose(&registry, 0)["changed"], false);
    }
}

#[test]
fn entries_of_tags_that_are_no_candidates_any_more_are_dropped() {
    let place = Local::with(MANIFEST);
    let registry = TestRegistry::start();
    push(&registry, "3.1.0", 1);
    let other = push(&registry, "4.0.0", 2);
    place.propose(&registry, 0);
    place.0.commit(&[("approved-images.yml", &MANIFEST.replace("^3", "^4"))], "Follow 4");
    place.propose(&registry, 0);
    assert_eq!(entries(&place.text().unwrap()), [entry("4.0.0", &other)]);
    place.0.commit(&[("approved-images.yml", "organization: acme\nimages: []\n")], "No image");
    place.propose(&registry, 0);
    assert!(place.text().unwrap().contains("4.0.0"), "who asks for no clock reads no ledger");
}

#[test]
fn a_floating_tag_gets_its_newest_digest_that_is_old_enough() {
    let registry = TestRegistry::start();
    let approved = push(&registry, "stable", 1);
    let keys = format!("    tags: [stable]\n    approved:\n      - tag: stable\n        digest: {approved}\n");
    let manifest = format!("organization: acme\nimages:\n  - source: quay.io/grafana/loki\n{keys}");
    for place in everywhere(&manifest) {
        push(&registry, "stable", 1);
        assert_eq!(place.propose(&registry, 0)["changed"], false);
        let second = push(&registry, "stable", 2);
        place.propose(&registry, 0);
        place.age(4);
        let third = push(&registry, "stable", 3);
        let output = place.propose(&registry, 0);
        let held = [entry("stable", &approved), entry("stable", &second), entry("stable", &third)];
        assert_eq!(entries(&place.text().unwrap()), held);
        assert_eq!(opened(&output), ["wharfinger/image/loki/tag/stable"], "{output}");
        assert!(until(&output, "stable") > Utc::now() + Duration::days(2), "{output}");
        // the publisher takes everything back: nothing of it is left to be proposed later
        push(&registry, "stable", 1);
        place.propose(&registry, 0);
        assert_eq!(entries(&place.text().unwrap()), []);
    }
}

#[test]
fn a_ledger_that_cannot_be_written_fails_and_stops_nothing() {
    let manifest = MANIFEST.to_owned() + "  - source: quay.io/cache/redis\n    cooldown: 0s\n    approved: []\n";
    let registry = TestRegistry::start();
    push(&registry, "3.1.0", 1);
    ImageSpec::new(5).build().put(&registry, "cache/redis", "7.2.0");
    let place = OnGitHub::with(&manifest, Options::default());
    place.0.fail("POST", "/git/refs", 3, 500);
    let output = place.propose(&registry, 1);
    assert_eq!(opened(&output), ["wharfinger/image/redis/latest"], "{output}");
    let error = output["failed"][0]["error"].as_str().unwrap();
    assert!(error.starts_with("wharfinger/ledger: "), "{output}");
    assert_eq!(output["failed"].as_array().unwrap().len(), 1);
    assert_eq!(place.propose(&registry, 0)["changed"], true, "the next run writes it");
    assert!(place.text().is_some());

    // what cannot be read gives no age, and is said too
    place.0.fail("GET", "/git/ref/heads/wharfinger/ledger", 3, 500);
    let output = place.propose(&registry, 1);
    let error = output["failed"][0]["error"].as_str().unwrap();
    assert!(error.starts_with("wharfinger/ledger: the ledger cannot be read"), "{output}");
    assert_eq!(output["waiting"][0]["until"], Value::Null);
}

#[test]
fn where_the_ledger_cannot_be_read_docker_hubs_push_times_still_count() {
    let (registry, hub) = (TestRegistry::start(), TestHub::start(Vec::new()));
    let place = OnGitHub::with(&MANIFEST.replace("quay.io", "docker.io"), Options::default());
    for (tag, seed, days) in [("3.0.0", 1, 9), ("3.1.0", 2, 1)] {
        let pushed = Utc::now() - Duration::days(days);
        let digest = push(&registry, tag, seed);
        hub.set_tag("grafana", "loki", tag, &digest, &pushed.to_rfc3339_opts(SecondsFormat::Secs, true));
    }
    place.0.fail("GET", "/git/ref/heads/wharfinger/ledger", 3, 500);
    let hosts = format!("docker.io={},hub.docker.com={}", registry.url(), hub.url());
    let output = place.run_with(&hosts, "propose").expect_status(1).json();
    assert_eq!(opened(&output), [LOKI], "{output}");
    assert!(until(&output, "3.1.0") < Utc::now() + Duration::days(2), "{output}");
    assert!(output["failed"][0]["error"].as_str().unwrap().contains("the ledger cannot be read"), "{output}");
}

#[test]
fn two_runs_at_once_both_end_well() {
    let manifest = MANIFEST.to_owned() + "  - source: quay.io/cache/redis\n    approved: []\n";
    for place in everywhere(&manifest) {
        let registry = TestRegistry::start();
        push(&registry, "3.1.0", 1);
        ImageSpec::new(5).build().put(&registry, "cache/redis", "7.2.0");
        for _ in 0..2 {
            std::thread::scope(|scope| {
                let (place, registry) = (place.as_ref(), &registry);
                let runs: Vec<_> = (0..2).map(|_| scope.spawn(move || place.propose(registry, 0))).collect();
                for run in runs {
                    run.join().unwrap();
                }
            });
            let held: Vec<String> = entries(&place.text().unwrap()).into_iter().map(|(tag, _)| tag).collect();
            assert_eq!(held, ["7.2.0", "3.1.0"]);
            push(&registry, "3.1.0", 1);
        }
        assert_eq!(place.propose(&registry, 0)["changed"], false, "all of it is ours");
    }
}

#[test]
fn the_ledger_is_read_in_four_requests_and_in_one_where_docker_hub_tells_all_ages() {
    let (registry, hub) = (TestRegistry::start(), TestHub::start(Vec::new()));
    let days_ago = |days| (Utc::now() - Duration::days(days)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let old = push(&registry, "3.0.0", 1);
    hub.set_tag("grafana", "loki", "3.0.0", &old, &days_ago(9));
    let docker = OnGitHub::with(&MANIFEST.replace("quay.io", "docker.io"), Options::default());
    let hosts_of_docker = format!("docker.io={},hub.docker.com={}", registry.url(), hub.url());
    let output = docker.run_with(&hosts_of_docker, "propose").expect_status(0).json();
    assert_eq!(opened(&output), [LOKI], "{output}");
    let about = |place: &OnGitHub| {
        let lines = place.0.lines().into_iter();
        lines
            .filter(|l| {
                let other = !l.contains("heads%2Fmain");
                l.contains("ledger")
                    || l.contains("/activity?") && other
                    || l.contains("/commits?")
                    || l.contains("graphql")
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(docker.text(), None, "nothing waits");
    docker.0.clear_log();
    docker.run_with(&hosts_of_docker, "propose").expect_status(0);
    let asked = about(&docker);
    let asked: Vec<&str> = asked.iter().map(String::as_str).filter(|line| !line.starts_with("POST")).collect();
    assert_eq!(asked, ["GET /repos/acme/images/git/ref/heads/wharfinger/ledger 404"]);
    assert_eq!(
        docker.0.questions(),
        ["login", "line", "editors"],
        "whose token it is, the branch, and who edited the proposal's body"
    );
    let young = push(&registry, "3.1.0", 2);
    hub.set_tag("grafana", "loki", "3.1.0", &young, &days_ago(1));
    docker.run_with(&hosts_of_docker, "propose").expect_status(0);
    assert_eq!(entries(&docker.text().unwrap()), [entry("3.1.0", &young)], "what waits");

    let place = OnGitHub::with(MANIFEST, Options::default());
    let requests = || {
        place.0.clear_log();
        place.propose(&registry, 0);
        let tip = place.0.branch(BRANCH).unwrap();
        about(&place).join("\n").replace(&tip, "TIP")
    };
    // First whose token it is, and how the default branch came to its head.
    insta::assert_snapshot!(requests(), @r"
    POST /graphql 200
    POST /graphql 200
    GET /repos/acme/images/git/ref/heads/wharfinger/ledger 404
    POST /graphql 200
    DELETE /repos/acme/images/git/refs/heads/wharfinger/tmp/ledger 204
    ");
    insta::assert_snapshot!(requests(), @r"
    POST /graphql 200
    POST /graphql 200
    GET /repos/acme/images/git/ref/heads/wharfinger/ledger 200
    GET /repos/acme/images/activity?ref=refs%2Fheads%2Fwharfinger%2Fledger&per_page=100 200
    GET /repos/acme/images/contents/wharfinger-ledger.txt?ref=TIP 200
    ");
}

#[test]
fn a_person_cannot_pass_for_the_program_on_github() {
    for who in [Who::Actions, Who::App("mirror".to_owned()), Who::User("octocat".to_owned())] {
        let login = who.login();
        let place = OnGitHub::with(MANIFEST, Options { who, ..Options::default() });
        let registry = TestRegistry::start();
        push(&registry, "3.1.0", 1);
        place.propose(&registry, 0);
        place.age(1);
        let forged = older(&place.text().unwrap(), 9);
        // under their own name, under ours, and with GitHub as committer beside ours
        for forge in ["own", "ours", "signed"] {
            match forge {
                "own" => drop(place.0.push_as(BRANCH, "hubot", &[(FILE, &forged)])),
                "ours" => drop(place.0.commit_by(BRANCH, (&login, "hubot"), "Note", (FILE, &forged))),
                _ => drop(place.0.forge_commit(BRANCH, &login, &[(FILE, &forged)])),
            }
            let output = place.propose(&registry, 1);
            let who = if forge == "signed" { " by mallory; " } else { " by hubot; " };
            assert!(output["drift"][0]["found"].as_str().unwrap().contains(who), "{output}");
            assert_eq!(opened(&output), Vec::<&str>::new());
        }
        place.age(9);
        assert_eq!(opened(&place.propose(&registry, 0)), [LOKI], "ours count");
    }
}

#[test]
fn another_machines_ledger_is_read_but_not_written_on_unsaid() {
    let place = OnGitHub::with(MANIFEST, Options { who: Who::App("mirror".to_owned()), ..Options::default() });
    let registry = TestRegistry::start();
    push(&registry, "3.1.0", 1);
    place.propose(&registry, 0);
    place.age(4);
    let text = place.text().unwrap();
    // Read-only, with the job's own token: as `check` runs on pull requests.
    place.0.add_token("job", Who::Actions, Permissions::all(Access::Read));
    let clone = Clone::with(&[("approved-images.yml", MANIFEST)]);
    let plan = |token: &str| {
        let event = Actions::schedule(&place.0.repository());
        let event = event.api(&place.0.server(), &place.0.api(), &place.0.graphql());
        let run = Run::new(PROGRAM).actions(&event).env("GITHUB_TOKEN", token).dir(clone.path());
        run.env("WHARFINGER_HOSTS", hosts(&registry)).args(["--format", "json", "plan"]).output()
    };
    let output = plan("job").expect_status(0).json();
    assert_eq!(output["proposals"].as_array().unwrap().len(), 1, "{output}");
    place.forgery(&older(&text, 9));
    let output = plan("job").expect_status(1).json();
    assert_eq!(output["proposals"].as_array().unwrap().len(), 0, "{output}");
    assert!(output["failed"][0]["error"].as_str().unwrap().contains("mallory"), "{output}");
}

#[test]
fn what_the_ledger_saw_there_was_served() {
    let registry = TestRegistry::start();
    let old = push(&registry, "3.0.0", 1);
    let approved = |digest: &Digest, tag: &str| format!("      - tag: {tag}\n        digest: {digest}\n");
    let base = MANIFEST.replace("    approved: []\n", "    approved:\n") + &approved(&old, "3.0.0");
    let place = Local::with(&base.replace("3.0.0\n", &format!("3.0.0\n        mirrored: {old}\n")));
    let first = push(&registry, "3.1.0", 2);
    place.propose(&registry, 0);
    let second = push(&registry, "3.1.0", 3);
    place.propose(&registry, 0);
    let check = |digest: &Digest, status| {
        let main = place.0.read("main", "approved-images.yml") + "\n";
        std::fs::write(place.0.path().join("approved-images.yml"), main + &approved(digest, "3.1.0")).unwrap();
        let output = place.run(&registry, "check").expect_status(status).json();
        let codes = output["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap().to_owned());
        codes.collect::<Vec<_>>()
    };
    let refs = place.0.refs();
    assert_eq!(check(&second, 0), Vec::<String>::new(), "it answers this now");
    assert_eq!(check(&first, 0), Vec::<String>::new(), "it answered this before");
    assert_eq!(check(&Digest::sha256(b"invented"), 1), ["never-served"]);
    assert_eq!(place.0.refs(), refs, "nothing is written");
    place.0.git(&["checkout", "--quiet", "approved-images.yml"]);
    let never = Digest::sha256(b"invented");
    place.forgery(&place.text().unwrap().replace(first.as_str(), never.as_str()));
    assert_eq!(check(&never, 1), ["never-served"], "what a person wrote there proves nothing");
    place.0.git(&["branch", "-D", BRANCH]);
    assert_eq!(check(&first, 1), ["never-served"], "without the ledger nobody knows");
}
