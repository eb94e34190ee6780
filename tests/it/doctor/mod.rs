//! `doctor` against registries, a Docker Hub and a GitHub that refuse one thing or another. Every run is checked twice:
//! no server may see a write, and no secret may be printed.

use serde_json::Value;

use crate::support::http::Exchange;
use crate::support::hub::{Account, HubRepositoryEntry, TestHub};
use crate::support::images::ImageSpec;
use crate::support::process::{Outcome, Run};
use crate::support::registry::{Auth, TestRegistry};

mod github;
mod hub;
mod machine;
mod registries;

/// One image of Docker Hub, mirrored there.
pub(super) const MANIFEST: &str = "organization: acme
images:
  - source: grafana/loki
    versions: \">=3\"
";

/// Docker Hub: its registry, with tokens that say what they grant, and its API.
pub(super) struct World {
    pub(super) registry: TestRegistry,
    pub(super) hub: TestHub,
}

impl World {
    /// With these accounts, and `grafana/loki` to be read by everybody.
    pub(super) fn start(accounts: Vec<Account>) -> Self {
        let (registry, hub) = (TestRegistry::start(), TestHub::start(accounts));
        registry.set(|switches| {
            switches.auth = Auth::Bearer;
            switches.readable_tokens = true;
        });
        hub.link(&registry);
        ImageSpec::new(1).build().put(&registry, "grafana/loki", "3.1.0");
        Self { registry, hub }
    }

    /// With an owner of acme, `jo`.
    pub(super) fn owned() -> Self {
        Self::start(vec![Account::personal("jo", "dckr_pat_canary", &["acme"])])
    }

    /// The mirror `acme/loki`, made already.
    pub(super) fn with_mirror(self) -> Self {
        let private = HubRepositoryEntry { is_private: true, ..HubRepositoryEntry::default() };
        self.hub.add_repository("acme", "loki", private);
        self.registry.create_repository("acme/loki");
        self
    }

    pub(super) fn hosts(&self) -> String {
        format!("docker.io={},hub.docker.com={}", self.registry.url(), self.hub.url())
    }

    /// A run with a manifest here, as `user` with the secret that all accounts have.
    pub(super) fn run(&self, manifest: &str, (user, secret): (&str, &str)) -> Run {
        let run = doctor(manifest).env("WHARFINGER_HOSTS", self.hosts());
        if user.is_empty() { run } else { run.env("DOCKERHUB_USERNAME", user).env("DOCKERHUB_TOKEN", secret) }
    }

    /// The run's outcome; nothing was written and no secret is in it.
    pub(super) fn look(&self, run: &Run, status: i32) -> Outcome {
        let outcome = finished(run, status);
        let reads = |e: &Exchange| {
            let exchange = matches!(e.request.path.as_str(), "/token" | "/v2/auth/token");
            matches!(e.request.method.as_str(), "GET" | "HEAD") || exchange
        };
        let log: Vec<Exchange> = self.registry.log().into_iter().chain(self.hub.log()).collect();
        let writes: Vec<String> = log.iter().filter(|e| !reads(e)).map(Exchange::line).collect();
        assert_eq!(writes, [""; 0]);
        self.hub.check_traffic();
        outcome
    }

    /// What is printed for people, with addresses of the same length in every run.
    pub(super) fn shown(&self, text: &str) -> String {
        text.replace(&self.registry.host(), "127.0.0.1:rrrrr").replace(&self.hub.host(), "127.0.0.1:hhhhh")
    }
}

/// `doctor` in a directory with this manifest; without one where it is empty.
pub(super) fn doctor(manifest: &str) -> Run {
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger"));
    if !manifest.is_empty() {
        std::fs::write(run.home().join("approved-images.yml"), manifest).unwrap();
    }
    run.arg("doctor")
}

/// The outcome, without a secret in it.
#[track_caller]
pub(super) fn finished(run: &Run, status: i32) -> Outcome {
    let outcome = run.output().expect_status(status);
    for secret in ["canary", "registry-token-", "hub-token-", crate::support::github::TOKEN] {
        assert!(!format!("{outcome:?}").contains(secret), "{secret} in {outcome:#?}");
    }
    outcome
}

/// The checks of a status: subject and what was found.
pub(super) fn of(json: &Value, status: &str) -> Vec<(String, String)> {
    let text = |check: &Value, key: &str| check[key].as_str().unwrap().to_owned();
    let checks = json["checks"].as_array().unwrap().iter().filter(|check| check["status"] == status);
    checks.map(|check| (text(check, "subject"), text(check, "found"))).collect()
}

/// The check of a subject.
#[track_caller]
pub(super) fn check<'a>(json: &'a Value, subject: &str) -> &'a Value {
    let found = json["checks"].as_array().unwrap().iter().find(|check| check["subject"] == subject);
    found.unwrap_or_else(|| panic!("no {subject} in {json:#}"))
}

#[test]
fn an_owners_token_is_told_with_everything_it_may_do() {
    let world = World::owned().with_mirror();
    world.hub.add_team("acme", "developers");
    let manifest = "organization: acme
policy:
  image-access: { enabled: true }
  registry-access: { enabled: true }
defaults: { teams: { developers: read } }
images:
  - { source: grafana/loki, versions: \">=3\" }
";
    let run = world.run(manifest, ("jo", "dckr_pat_canary")).args(["--format", "json", "-vvv"]);
    let told = world.look(&run, 1).json();
    let missing: Vec<String> = of(&told, "missing").into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(missing, ["credential"], "GitHub's alone: {told:#}");
    let unknown: Vec<String> = of(&told, "unknown").into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(unknown, ["the token's access"]);
    let schema = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["schema", "output"]).output().json();
    jsonschema::validate(&schema, &told).unwrap();
    let text = world.look(&world.run(manifest, ("jo", "dckr_pat_canary")), 1).stdout;
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(world.shown(&text));
}

#[test]
fn without_anything_given_it_says_what_to_give() {
    let world = World::start(Vec::new());
    let outcome = world.look(&world.run(MANIFEST, ("", "")), 1);
    insta::assert_snapshot!(world.shown(&outcome.stdout));
    assert_eq!(outcome.stderr, "");
}
