//! `advisories`: what the organization's OSV documents name is proposed to be revoked, once.

use serde_json::{Value, json};

use crate::support::clone::Clone;
use crate::support::images::ImageSpec;
use crate::support::process::Outcome;
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const ADVISORIES: &str = "advisories.json";
const BRANCH: &str = "wharfinger/revoke";

/// Loki with two approvals at its mirror, and Redis with one.
struct World {
    upstream: TestRegistry,
    clone: Clone,
    digest: String,
}

impl World {
    fn new(advisories: &Value) -> Self {
        let upstream = TestRegistry::start();
        let put = |seed, repository: &str, tag: &str| {
            let digest = ImageSpec::new(seed).build().put(&upstream, repository, tag).to_string();
            format!("      - {{ tag: {tag}, digest: \"{digest}\", mirrored: \"{digest}\" }}\n")
        };
        let text = format!(
            "organization: acme\nadvisories: {ADVISORIES}\ndefaults: {{ cooldown: 0s }}\nimages:\n  \
             - source: ghcr.io/grafana/loki\n    approved:\n{}{}  - source: ghcr.io/acme/tool\n    approved:\n{}",
            put(1, "grafana/loki", "3.0.0"),
            put(2, "grafana/loki", "3.1.0"),
            put(3, "acme/tool", "1.4.2"),
        );
        let digest = upstream.digest("acme/tool", "1.4.2").unwrap().to_string();
        let clone = Clone::with(&[(FILE, &text), (ADVISORIES, &advisories.to_string())]);
        Self { upstream, clone, digest }
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.clone.run(PROGRAM, &format!("ghcr.io={}", self.upstream.url()), arguments).output()
    }

    /// What `propose` does, as `branch action`.
    #[track_caller]
    fn propose(&self, status: i32) -> (Vec<String>, Value) {
        let json = self.run(&["propose"]).expect_status(status).json();
        let row = |row: &Value| format!("{} {}", row["branch"].as_str().unwrap(), row["action"].as_str().unwrap());
        (json["proposals"].as_array().unwrap().iter().map(row).collect(), json)
    }
}

fn advisory(id: &str, summary: &str, affected: &Value) -> Value {
    json!({ "id": id, "summary": summary, "modified": "2026-11-01T00:00:00Z", "affected": [affected] })
}

fn of_loki(below: &str) -> Value {
    json!({
        "package": { "ecosystem": "OCI", "name": "ghcr.io/grafana/loki" },
        "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": below }] }],
    })
}

#[test]
fn what_advisories_name_is_one_proposal_that_comes_back_only_if_they_change() {
    let world = World::new(&json!([advisory("ACME-1", "reads\nother tenants", &of_loki("3.1.0"))]));
    assert_eq!(world.propose(0).0, [format!("{BRANCH} opened")]);
    let text = world.clone.read(BRANCH, FILE);
    assert!(text.contains("reason: \"ACME-1: reads other tenants\""), "{text}");
    assert_eq!(text.matches("3.0.0").count(), 1, "revoked, and no longer approved: {text}");
    assert!(text.contains("tag: 3.1.0"), "{text}");
    let title = world.clone.git(&["log", "-1", "--format=%s", BRANCH]);
    assert!(title.contains("Revoke ghcr.io/grafana/loki 3.0.0"), "{title}");
    let tip = world.clone.git(&["rev-parse", BRANCH]);
    assert_eq!(world.propose(0).0, [format!("{BRANCH} unchanged")]);
    assert_eq!(world.clone.git(&["rev-parse", BRANCH]), tip);

    // Another advisory names bytes of another image: the same proposal.
    let purl = format!("pkg:oci/tool@{}?repository_url=ghcr.io/acme/tool", world.digest.replace(':', "%3A"));
    let both = json!([
        advisory("ACME-1", "reads\nother tenants", &of_loki("3.1.0")),
        advisory("ACME-2", "miner", &json!({ "package": { "ecosystem": "", "name": "", "purl": purl } })),
    ]);
    world.clone.commit(&[(ADVISORIES, &both.to_string())], "one more");
    assert_eq!(world.propose(0).0, [format!("{BRANCH} updated")]);
    let text = world.clone.read(BRANCH, FILE);
    assert!(text.contains("ACME-1") && text.contains("reason: \"ACME-2: miner\""), "{text}");

    // A file that cannot be read closes nothing.
    world.clone.commit(&[(ADVISORIES, "[{\"id\":\"\"}]")], "broken");
    let tip = world.clone.git(&["rev-parse", BRANCH]);
    let (_, json) = world.propose(1);
    let failed = json["failed"].to_string();
    assert!(failed.contains("advisories.json: document 1") && failed.contains("`id` is empty"), "{failed}");
    let findings = &world.run(&["check"]).expect_status(1).json()["findings"];
    assert_eq!((findings.as_array().unwrap().len(), &findings[0]["code"]), (1, &json!("unusable-file")), "{findings}");
    assert!(
        findings[0]["expected"].as_str().unwrap().contains("advisories.json, which `advisories` names"),
        "{findings}"
    );
    assert_eq!(world.clone.git(&["rev-parse", BRANCH]), tip);
}

#[test]
fn what_names_no_approval_or_was_withdrawn_proposes_nothing() {
    let mut withdrawn = advisory("ACME-3", "no fault", &of_loki("9.0.0"));
    withdrawn["withdrawn"] = json!("2026-11-02T00:00:00Z");
    let world = World::new(&json!([withdrawn, advisory("ACME-4", "old", &of_loki("2.0.0"))]));
    assert_eq!(world.propose(0).0, Vec::<String>::new());
    assert_eq!(world.clone.branches().iter().filter(|name| name.contains("revoke")).count(), 0);
}
