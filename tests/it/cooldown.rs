//! The cooldown by Docker Hub's own push times: what is old enough is proposed, everything else waits and says how
//! long.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde_json::Value;
use wharfinger::internals::image::Digest;

use crate::support::clone::Clone;
use crate::support::hub::TestHub;
use crate::support::images::ImageSpec;
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");

/// Docker Hub: a registry with its API beside it.
struct DockerHub {
    registry: TestRegistry,
    hub: TestHub,
    now: DateTime<Utc>,
}

impl DockerHub {
    fn start() -> Self {
        Self { registry: TestRegistry::start(), hub: TestHub::start(Vec::new()), now: Utc::now() }
    }

    fn days_ago(&self, days: i64) -> String {
        (self.now - Duration::days(days)).to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// Puts a tag that was pushed so many days ago.
    fn push(&self, repository: &str, tag: &str, seed: u64, days: i64) -> Digest {
        let digest = self.push_untold(repository, tag, seed);
        self.tell(repository, tag, &digest, days);
        digest
    }

    /// Puts a tag of which the API knows nothing.
    fn push_untold(&self, repository: &str, tag: &str, seed: u64) -> Digest {
        ImageSpec::new(seed).build().put(&self.registry, repository, tag)
    }

    /// Has the API say when a tag got a digest.
    fn tell(&self, repository: &str, tag: &str, digest: &Digest, days: i64) {
        let (namespace, name) = repository.split_once('/').unwrap();
        self.hub.set_tag(namespace, name, tag, digest, &self.days_ago(days));
    }

    fn run(&self, clone: &Clone, command: &str) -> Value {
        let hosts = format!("docker.io={},hub.docker.com={}", self.registry.url(), self.hub.url());
        clone.run(PROGRAM, &hosts, &[command]).output().expect_status(0).json()
    }
}

/// A clone whose manifest has one image: its source and more of its keys.
fn clone(source: &str, keys: &str) -> Clone {
    let text = format!("organization: acme\nimages:\n  - source: {source}\n{keys}");
    Clone::with(&[("approved-images.yml", &text)])
}

/// Of every planned change `kind tag digest`.
fn planned(plan: &Value) -> Vec<String> {
    let images = plan["proposals"].as_array().unwrap().iter().flat_map(|p| p["images"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    images.map(|i| format!("{} {} {}", text(&i["kind"]), text(&i["to"]), text(&i["digest"]))).collect()
}

fn waiting<'a>(output: &'a Value, tag: &str) -> &'a Value {
    output["waiting"].as_array().unwrap().iter().find(|w| w["tag"] == tag).unwrap_or_else(|| panic!("{output}"))
}

fn until_of(row: &Value) -> DateTime<Utc> {
    row["until"].as_str().unwrap_or_else(|| panic!("{row}")).parse().unwrap()
}

#[test]
fn the_newest_that_is_old_enough_is_proposed_and_newer_ones_wait() {
    let docker = DockerHub::start();
    docker.push("grafana/loki", "3.0.0", 1, 40);
    let old_enough = docker.push("grafana/loki", "3.1.0", 2, 5);
    docker.push_untold("grafana/loki", "3.1.1", 3);
    docker.push("grafana/loki", "3.2.0", 4, 1);
    docker.hub.set_badge("grafana", "loki", "verified_publisher");
    let clone = clone("grafana/loki", "    versions: ^3\n    approved: []\n");
    let plan = docker.run(&clone, "plan");
    assert_eq!(planned(&plan), [format!("new 3.1.0 {old_enough}")], "{plan}");
    let young = waiting(&plan, "3.2.0");
    assert_eq!((young["reason"].as_str(), young["source"].as_str()), (Some("waiting"), Some("grafana/loki")));
    let until = until_of(young);
    let pushed: DateTime<Utc> = docker.days_ago(1).parse().unwrap();
    assert_eq!(until, pushed + Duration::days(3));
    let unknown = waiting(&plan, "3.1.1");
    assert_eq!(unknown["reason"], "waiting");
    assert!(until_of(unknown) >= docker.now + Duration::days(3), "seen now for the first time: {unknown}");

    let done = docker.run(&clone, "propose");
    assert_eq!(done["proposals"].as_array().unwrap().len(), 1, "{done}");
    assert_eq!(waiting(&done, "3.2.0")["until"], young["until"]);
    let text = clone.read("wharfinger/image/loki/latest", "approved-images.yml");
    assert!(text.contains("tag: 3.1.0") && !text.contains("3.2.0"), "{text}");
    let message = clone.git(&["log", "-1", "--format=%B", "wharfinger/image/loki/latest"]);
    let pushed = docker.days_ago(5).parse::<DateTime<Utc>>().unwrap().format("%Y-%m-%d %H:%M UTC").to_string();
    assert!(message.contains(&format!("- Published: {pushed}, Docker Hub's push time for this digest")), "{message}");
    assert!(message.contains("the cooldown of 3d is over"), "{message}");
    assert!(message.contains("- Category: Verified Publisher (from Docker Hub's search"), "{message}");
    docker.hub.check_traffic();
}

#[test]
fn the_time_of_another_digest_is_no_age() {
    let docker = DockerHub::start();
    docker.push_untold("grafana/loki", "3.1.0", 2);
    docker.tell("grafana/loki", "3.1.0", &Digest::sha256(b"what it was before"), 40);
    let plan = docker.run(&clone("grafana/loki", "    versions: ^3\n    approved: []\n"), "plan");
    assert_eq!(planned(&plan), Vec::<String>::new(), "{plan}");
    assert!(until_of(waiting(&plan, "3.1.0")) >= docker.now + Duration::days(3), "{plan}");
}

#[test]
fn without_a_cooldown_no_age_is_asked() {
    let docker = DockerHub::start();
    let digest = docker.push_untold("grafana/loki", "3.1.0", 2);
    let plan = docker.run(&clone("grafana/loki", "    cooldown: 0s\n    approved: []\n"), "plan");
    assert_eq!(planned(&plan), [format!("new 3.1.0 {digest}")]);
    let tags = docker.hub.log().into_iter().filter(|exchange| exchange.request.path.contains("/tags"));
    assert_eq!(tags.map(|exchange| exchange.line()).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn a_floating_tag_is_followed_by_digest() {
    let docker = DockerHub::start();
    let old = docker.push("grafana/loki", "stable", 1, 40);
    let keys = format!("    tags: [stable, edge]\n    approved:\n      - tag: stable\n        digest: {old}\n");
    let clone = clone("grafana/loki", &keys);
    let edge = docker.push("grafana/loki", "edge", 2, 9);
    assert_eq!(planned(&docker.run(&clone, "plan")), [format!("new edge {edge}")]);
    let young = docker.push("grafana/loki", "stable", 3, 1);
    let plan = docker.run(&clone, "plan");
    assert_eq!(planned(&plan), [format!("new edge {edge}")], "{plan}");
    assert_eq!(waiting(&plan, "stable")["reason"], "waiting");
    docker.tell("grafana/loki", "stable", &young, 4);
    let plan = docker.run(&clone, "plan");
    assert_eq!(planned(&plan), [format!("new edge {edge}"), format!("rebuild stable {young}")], "{plan}");
    docker.run(&clone, "propose");
    let branch = "wharfinger/image/loki/tag/stable";
    let text = clone.read(branch, "approved-images.yml");
    assert!(text.contains(young.as_str()) && !text.contains(old.as_str()), "{text}");
    assert!(clone.git(&["log", "-1", "--format=%s", branch]).ends_with("stable, rebuilt"));
}

#[test]
fn a_rebuild_waits_as_a_version_does() {
    let docker = DockerHub::start();
    let old = docker.push("grafana/loki", "3.1.0", 1, 40);
    let keys = format!("    versions: ^3\n    approved:\n      - tag: 3.1.0\n        digest: {old}\n");
    let clone = clone("grafana/loki", &keys);
    assert_eq!(planned(&docker.run(&clone, "plan")), Vec::<String>::new());
    let rebuilt = docker.push("grafana/loki", "3.1.0", 2, 2);
    let plan = docker.run(&clone, "plan");
    assert_eq!(planned(&plan), Vec::<String>::new(), "{plan}");
    assert_eq!(waiting(&plan, "3.1.0")["reason"], "waiting");
    docker.tell("grafana/loki", "3.1.0", &rebuilt, 8);
    assert_eq!(planned(&docker.run(&clone, "plan")), [format!("rebuild 3.1.0 {rebuilt}")]);
    docker.run(&clone, "propose");
    let text = clone.read("wharfinger/image/loki/latest", "approved-images.yml");
    assert!(text.contains(rebuilt.as_str()) && !text.contains(old.as_str()), "{text}");
}
