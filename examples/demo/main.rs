//! The whole workflow from end to end, offline: `cargo run --example demo`.
//!
//! Two HTTP registries on loopback, one with a small upstream history and one empty; a stateful stand-in for Docker
//! Hub's API; a real git repository with a manifest. The real program proposes, a "person" merges, the real program
//! promotes; then everything is run once more and must write nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, unreachable_pub, missing_docs)]

use std::path::PathBuf;
use std::process::ExitCode;

#[path = "../../tests/support/mod.rs"]
mod support;

use support::git::git;
use support::hub::{Account, TestHub};
use support::images::ImageSpec;
use support::process::Run;
use support::registry::TestRegistry;
use wharfinger::internals::image::Digest;

/// Set when this program runs itself: it then acts as `wharfinger`, so that one `cargo run` builds everything.
const AS_WHARFINGER: &str = "WHARFINGER_DEMO_RUNS_THE_PROGRAM";

const USER: &str = "octocat";
const TOKEN: &str = "a-token-of-the-demo";
const BRANCH: &str = "wharfinger/image/loki/latest";

fn main() -> ExitCode {
    if std::env::var_os(AS_WHARFINGER).is_some() {
        return wharfinger::main();
    }
    let demo = Demo::start();
    demo.upstream_has_a_history();
    demo.a_person_writes_a_manifest();
    demo.wharfinger_proposes();
    demo.a_person_merges();
    demo.wharfinger_promotes();
    demo.everything_again_writes_nothing();
    demo.verdict()
}

struct Demo {
    upstream: TestRegistry,
    docker_hub: TestRegistry,
    hub: TestHub,
    directory: tempfile::TempDir,
}

impl Demo {
    fn start() -> Self {
        heading("Two registries on loopback, Docker Hub's API, and a git repository");
        let upstream = TestRegistry::start();
        let docker_hub = TestRegistry::start();
        let hub = TestHub::start(vec![Account::personal(USER, TOKEN, &["acme"])]);
        hub.add_team("acme", "developers");
        hub.link(&docker_hub);
        let directory = tempfile::tempdir().unwrap();
        println!("  ghcr.io           is {}", upstream.url());
        println!("  docker.io         is {}", docker_hub.url());
        println!("  hub.docker.com    is {}", hub.url());
        println!("  the repository is in {}", directory.path().display());
        Self { upstream, docker_hub, hub, directory }
    }

    fn upstream_has_a_history(&self) {
        heading("What upstream has published as ghcr.io/grafana/loki");
        for (seed, tag) in (1..).zip(["3.0.0", "3.0.1", "3.1.0", "3.2.0-rc.1", "latest"]) {
            let image = ImageSpec::new(seed).layers(3, 64 * 1024).attestations().build();
            let digest = image.put(&self.upstream, "grafana/loki", tag);
            println!("  {tag:<11} sha256:{}…", digest.short());
        }
    }

    fn a_person_writes_a_manifest(&self) {
        heading("The manifest that a person wrote, committed");
        let manifest = format!(
            "organization: acme\n\nimages:\n  - source: ghcr.io/grafana/loki   # log aggregation\n    description: Log aggregation\n    \
             teams: {{ developers: read }}\n    versions: \">=3 <4\"\n    cooldown: 0s   # its registry has no push times\n    \
             approved:\n      - tag: 3.0.0\n        digest: {}\n",
            self.upstream.digest("grafana/loki", "3.0.0").unwrap()
        );
        std::fs::write(self.manifest_path(), &manifest).unwrap();
        git(self.directory.path(), &["init", "--quiet", "--initial-branch=main"]);
        self.commit_all("Approve Loki 3.0.0");
        print_indented(&manifest);
    }

    fn wharfinger_proposes(&self) {
        heading("$ wharfinger --forge git propose");
        self.wharfinger(&["--forge", "git", "propose"]);
        heading(&format!("The proposal: title and body of the branch {BRANCH}"));
        print_indented(&git(self.directory.path(), &["log", "-1", "--format=%B", BRANCH]));
        heading("What it changes");
        print_indented(&git(self.directory.path(), &["diff", "main", BRANCH]));
    }

    fn a_person_merges(&self) {
        heading("A person reviews and merges");
        git(self.directory.path(), &["merge", "--quiet", "--no-ff", "-m", "Merge: Loki 3.1.0", BRANCH]);
        print_indented(&git(self.directory.path(), &["log", "--oneline", "--graph"]));
    }

    fn wharfinger_promotes(&self) {
        heading("$ wharfinger --forge git promote");
        self.wharfinger(&["--forge", "git", "promote"]);
        heading("What it recorded in the manifest");
        print_indented(&git(self.directory.path(), &["diff", "HEAD~1", "HEAD"]));
    }

    fn everything_again_writes_nothing(&self) {
        heading("Everything again, which must write nothing");
        let before = self.writes();
        let head = git(self.directory.path(), &["rev-parse", "HEAD"]);
        for command in ["promote", "propose"] {
            println!("  $ wharfinger --forge git {command}\n");
            self.wharfinger(&["--forge", "git", command]);
            println!();
        }
        assert_eq!(self.writes(), before, "a second run writes nothing to a registry or Docker Hub");
        assert_eq!(git(self.directory.path(), &["rev-parse", "HEAD"]), head, "a second run commits nothing");
        println!("  write requests before: {before}, after: {}", self.writes());
    }

    fn verdict(&self) -> ExitCode {
        heading("The proof");
        let manifest = std::fs::read_to_string(self.manifest_path()).unwrap();
        let mut good = true;
        for tag in ["3.0.0", "3.1.0"] {
            let reviewed = self.upstream.digest("grafana/loki", tag).unwrap();
            let mirror = self.docker_hub.digest("acme/loki", tag);
            let recorded =
                manifest.contains(&format!("tag: {tag}\n        digest: {reviewed}\n        mirrored: {reviewed}"));
            let answers = mirror.as_ref().map_or("nothing", Digest::as_str);
            println!("  loki:{tag}");
            println!("    reviewed in the proposal:   {reviewed}");
            println!("    docker.io/acme/loki answers {answers}");
            println!("    the manifest records it:    {}", if recorded { "yes" } else { "NO" });
            good &= recorded && mirror.as_ref() == Some(&reviewed);
        }
        println!("\n{}", if good { "The mirror answers exactly the reviewed digests." } else { "The demo FAILED." });
        if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Runs the program in the repository, with the hosts of this demo, and shows what it prints.
    fn wharfinger(&self, arguments: &[&str]) {
        let hosts = format!(
            "ghcr.io={},docker.io={},hub.docker.com={}",
            self.upstream.url(),
            self.docker_hub.url(),
            self.hub.url()
        );
        let outcome = Run::new(std::env::current_exe().unwrap())
            .args(arguments)
            .dir(self.directory.path())
            .env(AS_WHARFINGER, "1")
            .env("WHARFINGER_HOSTS", hosts)
            .env("DOCKERHUB_USERNAME", USER)
            .env("DOCKERHUB_TOKEN", TOKEN)
            .output();
        print_indented(&outcome.stdout);
        print_indented(&outcome.stderr);
        assert_eq!(outcome.status, Some(0), "the program failed");
    }

    fn writes(&self) -> usize {
        let exchanges = [self.upstream.log(), self.docker_hub.log(), self.hub.log()].concat();
        exchanges.iter().filter(|exchange| exchange.is_write() && !exchange.line().contains("/v2/auth/token")).count()
    }

    fn manifest_path(&self) -> PathBuf {
        self.directory.path().join("approved-images.yml")
    }

    fn commit_all(&self, message: &str) {
        git(self.directory.path(), &["add", "--all"]);
        git(self.directory.path(), &["commit", "--quiet", "-m", message]);
    }
}

fn heading(text: &str) {
    println!("\n=== {text}\n");
}

fn print_indented(text: &str) {
    for line in text.lines() {
        println!("  {line}");
    }
}
