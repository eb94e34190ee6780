//! Everything that a run writes to GitHub, when answers are lost, limits are hit, or another run does the same
//! meanwhile.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use regex::Regex;

use crate::support::github::{Options, TestGitHub};
use crate::support::http::{Action, Hook, Rule};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const LOKI: &str = "wharfinger/image/loki/latest";

/// Every kind of write that [`World::life`] makes: method and path.
const WRITES: [(&str, &str); 11] = [
    ("POST", "/git/refs$"),
    ("POST", "/graphql$"),
    ("PATCH", "/git/refs/"),
    ("DELETE", "/git/refs/"),
    ("POST", "/statuses/"),
    ("POST", "/pulls$"),
    ("PATCH", "/pulls/"),
    ("POST", "/labels$"),
    ("DELETE", "/labels/"),
    ("POST", "/requested_reviewers$"),
    ("POST", "/comments$"),
];

struct World {
    registry: TestRegistry,
    github: Arc<TestGitHub>,
}

impl World {
    /// Loki was rebuilt, Redis is new, Tempo waits, so that the ledger is written.
    fn new() -> Self {
        let registry = TestRegistry::start();
        let first = ImageSpec::new(1).build().put(&registry, "grafana/loki", "3.0.0");
        ImageSpec::new(2).build().put(&registry, "grafana/loki", "3.0.0");
        ImageSpec::new(3).build().put(&registry, "cache/redis", "7.2.0");
        ImageSpec::new(4).build().put(&registry, "grafana/tempo", "2.0.0");
        let text = format!(
            "organization: acme\nproposals: {{ labels: [images], reviewers: [octocat] }}\ndefaults: {{ cooldown: 0s }}\nimages:\n  \
             - source: quay.io/grafana/loki\n    versions: ^3\n    approved:\n      - tag: 3.0.0\n        digest: {first}\n  \
             - source: quay.io/cache/redis\n    versions: ^7\n    approved: []\n  \
             - source: quay.io/grafana/tempo\n    cooldown: 3d\n    approved: []\n"
        );
        let files = vec![(FILE.to_owned(), text)];
        Self { registry, github: Arc::new(TestGitHub::start(Options { files, ..Options::default() })) }
    }

    fn propose(&self) -> Outcome {
        job(&self.github, &self.registry.url()).output()
    }

    /// Two runs: the first opens both; before the second Loki has a newer version and Redis another range, so that one is moved
    /// and the other closed.
    fn life(&self) {
        self.propose().expect_status(0);
        self.between();
        self.propose().expect_status(0);
    }

    fn between(&self) {
        ImageSpec::new(5).build().put(&self.registry, "grafana/loki", "3.1.0");
        let text = self.github.read("main", FILE).unwrap().replace("versions: ^7", "versions: ^8");
        self.github.push_as("main", "octocat", &[(FILE, &text)]);
    }

    /// A run that is killed as soon as a fault has met a request; whether it was.
    fn killed(&self) -> bool {
        let run = job(&self.github, &self.registry.url());
        let mut child = run.spawn_alone();
        loop {
            if self.github.log().iter().any(|exchange| exchange.scripted) {
                child.kill().unwrap();
                child.wait().unwrap();
                return true;
            }
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success());
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The same as [`World::life`], the run that meets a fault killed there and another one started; whether one was.
    fn interrupted_life(&self) -> bool {
        let mut killed = false;
        let mut run = || {
            if !killed && self.killed() {
                killed = true;
                self.github.clear_faults();
                self.propose().expect_status(0);
            } else if killed {
                self.propose().expect_status(0);
            }
        };
        run();
        self.between();
        run();
        killed
    }

    /// Everything that people see, without the ids of commits.
    fn shown(&self) -> String {
        let commit = Regex::new("[0-9a-f]{40}").unwrap();
        let mut shown = String::new();
        let mut pulls = self.github.pulls();
        pulls.sort_by(|a, b| a.head.cmp(&b.head));
        for pull in pulls {
            let comments: Vec<String> = self.github.comments(pull.number).into_iter().map(|c| c.body).collect();
            let statuses = self.github.statuses().into_iter().filter(|s| s.sha == pull.head_sha);
            let statuses: Vec<String> =
                statuses.map(|s| format!("{} {}", s.state, s.description.unwrap_or_default())).collect();
            let file = self.github.read(&pull.head, FILE);
            shown += &format!(
                "{} open {} {:?} {:?}\n{}\n{}\n{comments:?} {statuses:?}\n{file:?}\n",
                pull.head, pull.open, pull.labels, pull.reviewers, pull.title, pull.body
            );
        }
        let branches = self.github.branches().join(" ");
        let ledger = self.github.read("wharfinger/ledger", "wharfinger-ledger.txt").map(|text| text.lines().count());
        commit.replace_all(&format!("{shown}{branches}\n{ledger:?}\n"), "COMMIT").into_owned()
    }
}

fn job(github: &TestGitHub, upstream: &str) -> Run {
    let actions = Actions::schedule("acme/images").api(&github.server(), &github.api(), &github.graphql());
    let run = Run::new(PROGRAM).actions(&actions).env("GITHUB_TOKEN", github.token());
    // what a job is told stays while the run does
    run.env("WHARFINGER_HOSTS", format!("quay.io={upstream}")).args(["--format", "json", "propose"]).keep(actions)
}

/// What [`World::life`] comes to when nothing goes wrong.
fn undisturbed() -> &'static str {
    static SHOWN: OnceLock<String> = OnceLock::new();
    SHOWN.get_or_init(live)
}

fn live() -> String {
    let world = World::new();
    world.life();
    let lines: BTreeSet<String> = world.github.writes().into_iter().collect();
    for (method, path) in WRITES {
        let path = Regex::new(path).unwrap();
        let is = |line: &&String| {
            let mut words = line.split(' ');
            words.next() == Some(method) && words.next().is_some_and(|p| path.is_match(p))
        };
        assert!(lines.iter().any(|line| is(&line)), "{method} {path} is not among the writes: {lines:#?}");
    }
    let known = |line: &String| {
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        WRITES.iter().any(|(m, p)| *m == method && Regex::new(p).unwrap().is_match(path))
    };
    let unknown: Vec<&String> = lines.iter().filter(|line| !known(line)).collect();
    assert!(unknown.is_empty(), "writes without a fault in these tests: {unknown:#?}");
    world.shown()
}

#[test]
fn whatever_answer_is_lost_the_end_is_the_same() {
    let wanted = undisturbed();
    for skip in [0, 1] {
        let world = World::new();
        for (method, path) in WRITES {
            world.github.fault(Rule::new(method, path, Action::Lose).after(skip).times(1));
        }
        world.life();
        let lost = world.github.log().iter().filter(|e| e.status.is_none()).count();
        assert!(if skip == 0 { lost == WRITES.len() } else { lost >= 5 }, "{lost} answers were lost");
        assert_eq!(world.shown(), wanted, "after {skip}");
        assert_eq!(world.github.pulls().len(), 2, "nothing is opened twice");
    }
}

#[test]
fn whatever_meets_the_secondary_limit_waits_as_long_as_it_says() {
    let wanted = undisturbed();
    let world = World::new();
    for (method, path) in WRITES {
        world.github.secondary_limit(method, path, 1, 0);
    }
    world.life();
    assert_eq!(world.shown(), wanted);
    let refused = world.github.lines().iter().filter(|line| line.ends_with(" 403")).count();
    assert_eq!(refused, WRITES.len(), "{:#?}", world.github.lines());
}

#[test]
fn killed_after_any_write_the_next_run_ends_the_same() {
    for (method, path) in WRITES {
        let world = World::new();
        // the work is done, and its answer hangs
        world.github.fault(Rule::new(method, path, Action::Stall(0)).times(1));
        assert!(world.interrupted_life(), "{method} {path}: there was no such write");
        assert_eq!(world.shown(), undisturbed(), "{method} {path}");
    }
}

#[test]
fn a_branch_that_a_person_moves_while_it_is_made_anew_is_left_alone() {
    let world = World::new();
    world.propose().expect_status(0);
    ImageSpec::new(5).build().put(&world.registry, "grafana/loki", "3.1.0");
    let read = format!("/git/ref/heads/{LOKI}$");
    world.github.push_before("GET", &read, LOKI, "octocat", &[("note", "mine\n")]);
    let output = world.propose().expect_status(0).json();
    let row = output["proposals"].as_array().unwrap().iter().find(|p| p["branch"] == LOKI).unwrap();
    assert_eq!(row["action"], "left", "{output}");
    assert_eq!(world.github.read(LOKI, "note").as_deref(), Some("mine\n"));
}

/// At each kind of write of one run another run does everything from beginning to end.
#[test]
fn two_runs_at_once_open_nothing_twice_and_agree() {
    let at_once = [
        ("POST", "/git/refs$", 0),
        ("POST", "/graphql$", 1),
        ("POST", "/git/refs$", 1),
        ("DELETE", "/git/refs/", 0),
        ("POST", "/statuses/", 0),
        ("POST", "/pulls$", 0),
        ("POST", "/labels$", 0),
    ];
    for (method, path, skip) in at_once {
        let world = World::new();
        let (github, upstream) = (Arc::downgrade(&world.github), world.registry.url());
        let ran = Arc::new(AtomicBool::new(false));
        let runs = Arc::clone(&ran);
        let other = Hook(Arc::new(move || {
            runs.store(true, Ordering::SeqCst);
            let github = github.upgrade().expect("the stand-in runs");
            job(&github, &upstream).output().expect_status(0);
        }));
        world.github.fault(Rule::new(method, path, Action::First(other)).after(skip).times(1));
        let place = format!("{method} {path} {skip}");
        world.propose().expect_status(0);
        assert!(ran.load(Ordering::SeqCst), "{place}: there was no such write");
        let heads: Vec<String> = world.github.pulls().into_iter().map(|p| p.head).collect();
        assert_eq!(heads.len(), 2, "{place}: {heads:?}");
        assert!(!world.github.branches().iter().any(|b| b.starts_with("wharfinger/tmp/")), "{place}");
        // the next run finds nothing wrong with what the two made of it, and the one after it nothing to do
        world.propose().expect_status(0);
        assert_eq!(world.github.open_pulls().len(), 2, "{place}");
        world.github.clear_log();
        world.propose().expect_status(0);
        assert_eq!(world.github.writes(), Vec::<String>::new(), "{place}");
        let pull = world.github.pulls().into_iter().find(|p| p.head == LOKI).unwrap();
        assert_eq!(pull.labels, ["images", "rebuild"], "{place}");
        assert_eq!(pull.title, "Approve quay.io/grafana/loki 3.0.0, rebuilt", "{place}");
    }
}
