//! Promotion killed, or asked to end, between any two steps and run again: the result is the same as without
//! interruption.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wharfinger::internals::image::Digest;

use super::promote::{Clone, entry, manifest};
use crate::support::github::{Options, TestGitHub};
use crate::support::http::{Action, Exchange, Hook, Rule, Server};
use crate::support::hub::{Account, HubRepositoryEntry, TestHub};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::{Auth, TestRegistry};

const FILE: &str = "approved-images.yml";
const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");

/// Upstream, Docker Hub's registry, Docker Hub's API, and GitHub.
struct World {
    upstream: TestRegistry,
    registry: TestRegistry,
    hub: TestHub,
    github: TestGitHub,
    image: Digest,
}

/// A run, and the files that a runner gives it.
struct Job {
    run: Run,
    _files: Actions,
}

impl Job {
    fn output(&self) -> Outcome {
        self.run.output()
    }
}

/// What promotion leaves behind, wherever anybody can see it.
#[derive(Debug, PartialEq)]
struct End {
    tags: BTreeMap<String, Digest>,
    repository: Option<HubRepositoryEntry>,
    repositories: Vec<String>,
    created: usize,
    granted: usize,
    branches: Vec<(String, usize, String)>,
    pulls: Vec<(u64, bool, String)>,
}

/// When a repository was last pulled changes with every run that reads it.
fn as_never_read(mut repository: HubRepositoryEntry) -> HubRepositoryEntry {
    repository.tags.values_mut().for_each(|tag| tag.pulled = None);
    repository
}

impl World {
    fn new() -> Self {
        let (upstream, registry) = (TestRegistry::start(), TestRegistry::start());
        registry.set(|switches| switches.auth = Auth::Bearer);
        let hub = TestHub::start(vec![Account::personal("owner", "hunter2-secret", &["acme"])]);
        hub.link(&registry);
        hub.add_team("acme", "developers");
        let image = upstream.put_image("team/app", "1", &ImageSpec::new(301).single().layers(1, 64).build());
        let more = "    teams: { developers: read }\n";
        let text = manifest("docker.io", &[entry("ghcr.io/team/app", "app", more, &[("1", &image)])]);
        let github = TestGitHub::start(Options { files: vec![(FILE.to_owned(), text)], ..Options::default() });
        Self { upstream, registry, hub, github, image }
    }

    fn run(&self, way: &str) -> Job {
        let head = self.github.branch("main").unwrap();
        let hosts = format!(
            "ghcr.io={},docker.io={},hub.docker.com={}",
            self.upstream.url(),
            self.registry.url(),
            self.hub.url()
        );
        let actions = Actions::push(&self.github.repository(), &head, &head)
            .api(&self.github.server(), &self.github.api(), &self.github.graphql())
            .env("WHARFINGER_HOSTS", &hosts)
            .env("DOCKERHUB_USERNAME", "owner")
            .env("DOCKERHUB_TOKEN", "hunter2-secret")
            .env("GITHUB_TOKEN", self.github.token());
        let run = Run::new(PROGRAM).args(["--format", "json", "promote", "--record", way]).actions(&actions);
        Job { run, _files: actions }
    }

    fn servers(&self) -> [&Server; 4] {
        [self.upstream.server(), self.registry.server(), self.hub.server(), self.github.http()]
    }

    fn done(&self, method: &str, part: &str) -> usize {
        let matches = |e: &&Exchange| {
            e.request.method == method && e.request.path.ends_with(part) && e.status.is_some_and(|s| s < 300)
        };
        self.hub.log().iter().filter(matches).count()
    }

    fn end(&self) -> End {
        let branch = |name: String| {
            let count = self.github.with(|state| state.git.log(&[&name]).len());
            let text = self.github.read(&name, FILE).unwrap();
            (name, count, text)
        };
        End {
            tags: self.registry.tags("acme/app"),
            repository: self.hub.repository("acme", "app").map(as_never_read),
            repositories: self.hub.repositories("acme"),
            created: self.done("POST", "/repositories"),
            granted: self.done("POST", "/groups"),
            branches: self.github.branches().into_iter().map(branch).collect(),
            pulls: self.github.pulls().into_iter().map(|pull| (pull.number, pull.open, pull.body)).collect(),
        }
    }

    /// The requests that changed, or were to change, something.
    fn writes(&self) -> String {
        let all = [self.upstream.writes(), self.registry.writes(), self.hub.writes(), self.github.writes()];
        all.concat().into_iter().fold(String::new(), |mut text, line| {
            writeln!(text, "{line}").unwrap();
            text
        })
    }

    fn check_traffic(&self) {
        self.hub.check_traffic();
        let log: Vec<Exchange> = self.github.log().into_iter().filter(|exchange| !exchange.scripted).collect();
        crate::support::contract::github(&log);
    }
}

/// How a run is stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stop {
    /// SIGKILL, while the next request waits for ever.
    Kill,
    /// SIGTERM, while the next request waits; then it is answered.
    Terminate,
}

/// Stops the run as soon as `server` got one request more than `after`. Whether it came so far.
fn stop_after(run: &Run, server: &Server, after: usize, stop: Stop) -> bool {
    let (arrived, wait) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(true)));
    let (told, waits) = (Arc::clone(&arrived), Arc::clone(&wait));
    let hold = move || {
        told.store(true, Ordering::SeqCst);
        while waits.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    let (action, times) = match stop {
        Stop::Kill => (Action::Hang, usize::MAX),
        Stop::Terminate => (Action::First(Hook(Arc::new(hold))), 1),
    };
    server.fault(Rule::new("", ".*", action).after(after).times(times));
    let mut child = run.spawn();
    let stopped = loop {
        if child.try_wait().unwrap().is_some() {
            break false;
        }
        if arrived.load(Ordering::SeqCst) || (stop == Stop::Kill && server.log().len() > after) {
            break true;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    match stop {
        Stop::Kill => child.kill().unwrap(),
        Stop::Terminate if stopped => terminate(&child),
        Stop::Terminate => {}
    }
    wait.store(false, Ordering::SeqCst);
    let output = child.wait_with_output().unwrap();
    server.clear_faults();
    if stop == Stop::Terminate {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.code() {
            Some(0) => {}
            Some(1 | 3) => assert!(stopped && said.contains("SIGTERM"), "{said}"),
            other => panic!("{other:?}: {said}"),
        }
    }
    stopped
}

fn terminate(child: &Child) {
    let status = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Stops a promotion after each of its requests to one server, and runs it again; answers how many there were.
fn stop_everywhere(server: usize, way: &str, stop: Stop) -> usize {
    let undisturbed = World::new();
    undisturbed.run(way).output().expect_status(0);
    let wanted = undisturbed.end();
    assert_eq!((wanted.created, wanted.granted), (1, 1));
    for after in 0.. {
        let world = World::new();
        let job = world.run(way);
        let stopped = stop_after(&job.run, world.servers()[server], after, stop);
        let place = format!("record {way}, {stop:?} after {after} requests to server {server}");
        world.run(way).output().expect_status(0);
        assert_eq!(world.end(), wanted, "{place}");
        assert_eq!(world.registry.digest("acme/app", "1").as_ref(), Some(&world.image));
        let before = world.writes();
        world.run(way).output().expect_status(0);
        assert_eq!(world.writes(), before, "{place}: a third run writes");
        world.check_traffic();
        if !stopped {
            return after;
        }
    }
    unreachable!("a run makes finitely many requests")
}

fn kill_everywhere(server: usize, way: &str) -> usize {
    stop_everywhere(server, way, Stop::Kill)
}

fn terminate_everywhere(server: usize, way: &str) -> usize {
    stop_everywhere(server, way, Stop::Terminate)
}

#[test]
fn asked_to_end_after_any_request_to_upstream() {
    assert!(terminate_everywhere(0, "commit") >= 3);
}

#[test]
fn asked_to_end_after_any_request_to_the_mirror() {
    assert!(terminate_everywhere(1, "pull-request") >= 8);
}

#[test]
fn asked_to_end_after_any_request_to_docker_hubs_api() {
    assert!(terminate_everywhere(2, "commit") >= 4);
}

#[test]
fn asked_to_end_after_any_request_to_github_recording_by_commit() {
    assert!(terminate_everywhere(3, "commit") >= 4);
}

#[test]
fn asked_to_end_after_any_request_to_github_recording_by_pull_request() {
    assert!(terminate_everywhere(3, "pull-request") >= 6);
}

#[test]
fn asked_to_end_a_promotion_records_what_it_has_promoted_and_says_what_is_left() {
    for signal in ["TERM", "INT"] {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        let [one, two] =
            [1, 2].map(|seed| upstream.put_image(&format!("team/app{seed}"), "1", &ImageSpec::new(seed).build()));
        let source = |name: &str| format!("{}/team/{name}", upstream.host());
        let entries =
            [entry(&source("app1"), "app1", "", &[("1", &one)]), entry(&source("app2"), "app2", "", &[("1", &two)])];
        let clone = Clone::new(&manifest(&mirror.host(), &entries));
        upstream.fault(Rule::new("GET", "team/app2/blobs/", Action::Hang));
        let child = clone.run(&[]).spawn();
        while mirror.digest("acme/app1", "1").is_none()
            || upstream.log().iter().all(|e| !e.line().contains("app2/blobs"))
        {
            std::thread::sleep(Duration::from_millis(2));
        }
        let status = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
        assert!(status.success());
        let output = child.wait_with_output().unwrap();
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let left = result["failed"].as_array().unwrap().last().unwrap();
        assert_eq!((output.status.code(), &left["repository"]), (Some(1), &"app2".into()), "{result}");
        let text = format!("SIG{signal} ended the run before this was promoted: run it again");
        assert_eq!(left["error"], text.as_str(), "{result}");
        assert_eq!(mirror.digest("acme/app2", "1"), None);
        upstream.server().clear_faults();
        // The tag may have been set and not yet read back when the signal came: then the second run verifies and records.
        let promoted = result["promoted"].as_array().unwrap().len();
        assert_eq!(clone.manifest().matches("mirrored:").count(), promoted, "{result}");
        clone.run(&[]).output().expect_status(0);
        assert_eq!(clone.manifest().matches("mirrored:").count(), 2);
        assert_eq!(mirror.digest("acme/app2", "1"), Some(two));
    }
}

#[test]
fn what_a_killed_run_left_half_written_in_a_directory_is_swept() {
    let upstream = TestRegistry::start();
    let image = ImageSpec::new(303).single().layers(1, 200_000).build();
    let digest = upstream.put_image("team/app", "1", &image);
    let source = format!("{}/team/app", upstream.host());
    let clone = Clone::new(&manifest("oci:mirror", &[entry(&source, "app", "", &[("1", &digest)])]));
    let blobs = clone.path().join("mirror/acme/app/blobs/sha256");
    let partial = || -> Vec<String> {
        let names = std::fs::read_dir(&blobs).into_iter().flatten().map(|e| e.unwrap().file_name());
        names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.starts_with(".partial")).collect()
    };
    upstream.fault(Rule::new("GET", "/blobs/", Action::Stall(100)));
    let mut child = clone.run(&[]).spawn();
    while partial().len() < 2 {
        std::thread::sleep(Duration::from_millis(2));
    }
    // What is being written by somebody stays.
    let theirs = std::fs::File::create(blobs.join(".partial-1-0")).unwrap();
    theirs.lock().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    upstream.server().clear_faults();
    clone.run(&[]).output().expect_status(0);
    assert_eq!(partial(), [".partial-1-0"]);
    drop(theirs);
    std::fs::remove_file(clone.path().join("mirror/acme/app/index.json")).unwrap();
    clone.run(&[]).output().expect_status(0);
    assert_eq!(partial(), [] as [String; 0]);
}

#[test]
fn killed_after_any_request_to_upstream() {
    assert!(kill_everywhere(0, "commit") >= 3);
}

#[test]
fn killed_after_any_request_to_the_mirror() {
    assert!(kill_everywhere(1, "pull-request") >= 8);
}

#[test]
fn killed_after_any_request_to_docker_hubs_api() {
    assert!(kill_everywhere(2, "commit") >= 4);
}

#[test]
fn killed_after_any_request_to_github_recording_by_commit() {
    assert!(kill_everywhere(3, "commit") >= 4);
}

#[test]
fn killed_after_any_request_to_github_recording_by_pull_request() {
    assert!(kill_everywhere(3, "pull-request") >= 6);
}

#[test]
fn a_second_run_writes_nothing_whichever_way_is_recorded() {
    for way in ["commit", "pull-request", "none", "auto"] {
        let world = World::new();
        world.run(way).output().expect_status(0);
        let (before, end) = (world.writes(), world.end());
        let again = world.run(way).output().expect_status(0).json();
        assert_eq!(again["changed"], serde_json::json!(false), "{way}: {again}");
        assert_eq!((world.writes(), world.end()), (before, end), "{way}");
        world.check_traffic();
    }
}

/// A `git` that kills the program which called it instead of doing its `stop`-th command.
fn deadly_git(directory: &Path, stop: usize) {
    let program = crate::support::servers::find("git").unwrap();
    let text = format!(
        "#!/bin/sh\nn=1\nwhile ! mkdir '{0}/call'$n 2>/dev/null; do n=$((n + 1)); done\n\
         if [ $n -eq {stop} ]; then kill -9 $PPID; exit 1; fi\nexec '{1}' \"$@\"\n",
        directory.display(),
        program.display()
    );
    let script = directory.join("git");
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn killed_at_git_step(way: &str) {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let image = upstream.put_image("team/app", "1", &ImageSpec::new(302).single().layers(1, 64).build());
    let source = format!("{}/team/app", upstream.host());
    let text = manifest(&mirror.host(), &[entry(&source, "app", "", &[("1", &image)])]);
    let mut stop = 1;
    loop {
        let clone = Clone::new(&text);
        let tools = tempfile::tempdir().unwrap();
        deadly_git(tools.path(), stop);
        let path = format!("{}:{}", tools.path().display(), std::env::var("PATH").unwrap());
        let first: Outcome = clone.run(&["--record", way]).env("PATH", path).output();
        clone.run(&["--record", way]).output().expect_status(0);
        let branch = if way == "commit" { "main" } else { "wharfinger/record" };
        assert_eq!(
            clone.text(branch).matches(&format!("mirrored: {image}")).count(),
            1,
            "killed at git command {stop}"
        );
        assert_eq!(clone.count(branch), 2, "killed at git command {stop}");
        assert_eq!(clone.status(), "", "killed at git command {stop}");
        let refs = clone.refs();
        clone.run(&["--record", way]).output().expect_status(0);
        assert_eq!(clone.refs(), refs, "killed at git command {stop}: a third run writes");
        if first.status == Some(0) {
            break;
        }
        assert_eq!(first.status, None, "{first:#?}");
        stop += 1;
    }
    assert!(stop > 5, "the run makes more than {stop} git commands");
}

#[test]
fn killed_between_git_commands_recording_by_commit() {
    killed_at_git_step("commit");
}

#[test]
fn killed_between_git_commands_recording_by_proposal() {
    killed_at_git_step("pull-request");
}
