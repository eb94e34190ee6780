//! `explain`: what a rule makes of a manifest's image, and of a list without a manifest or network.

use chrono::{Duration, SecondsFormat, Utc};
use serde_json::Value;

use crate::support::clone::Clone;
use crate::support::hub::TestHub;
use crate::support::images::ImageSpec;
use crate::support::process::Run;
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");

fn wharfinger() -> Run {
    Run::new(PROGRAM)
}

const LIST: &str =
    "latest\n3.1.0\n3.1.1\n3.2.0\n\n3.2\n3\n4.0.0\n3.2.1-rc.1\n3.2.0-alpine\n3.2.0-amd64\nmain-1a2b3c4\n";

#[test]
fn a_rule_is_tried_on_a_list() {
    let arguments = ["explain", "grafana/loki", "--tags", "-", "--versions", ">=2.9, <4", "--approved", "3.1.0"];
    let outcome = wharfinger().args(arguments).stdin(LIST).output().expect_status(0);
    insta::assert_snapshot!(outcome.stdout);
}

/// As Windows and `docker ... | sort` leave it: a byte order mark, other line ends, empty lines, tags twice.
#[test]
fn a_list_is_taken_as_tools_write_it() {
    let explain = |list: &str| {
        let arguments = ["explain", "grafana/loki", "--tags", "-", "--versions", "^3", "--approved", "3.1.0"];
        wharfinger().args(arguments).stdin(list).output().expect_status(0).stdout
    };
    let plain = explain("3.1.0\n3.2.0\nlatest\n");
    assert!(plain.contains("would propose 3.2.0"), "{plain}");
    for list in
        ["\u{feff}3.1.0\r\n\r\n3.2.0\r\n  \r\nlatest\r\n3.2.0\r\n", "3.2.0\n\t3.1.0 \nlatest\n3.1.0\nlatest\n3.2.0"]
    {
        assert_eq!(explain(list), plain, "{list:?}");
    }
}

#[test]
fn json_has_every_tag_with_its_reason() {
    let arguments = ["explain", "ghcr.io/grafana/loki", "--tags", "-", "--format", "json", "--follow", "each-minor"];
    let outcome = wharfinger().args(arguments).stdin("3.1.0\n3.2.0\nedge\n").output().expect_status(0);
    insta::assert_json_snapshot!(outcome.json());
}

#[test]
fn a_rule_that_picks_nothing_is_told_what_would() {
    let arguments = ["explain", "quay.io/minio/minio", "--tags", "-"];
    let list = "RELEASE.2025-06-13T11-33-47Z\nRELEASE.2025-09-07T16-13-09Z\nlatest\n";
    let outcome = wharfinger().args(arguments).stdin(list).output().expect_status(0);
    insta::assert_snapshot!(outcome.stdout);
}

/// An approval that is not read, and one whose newer versions have another precision.
#[test]
fn what_a_rule_leaves_out_is_told_on_a_list_too() {
    let explained = |source: &str, approved: &str, list: &str| {
        let arguments = ["explain", source, "--tags", "-", "--approved", approved];
        let run = |more: &[&str]| wharfinger().args(arguments).args(more).stdin(list).output().expect_status(0);
        (run(&[]).stdout, run(&["--format", "json"]).json())
    };
    let (shown, json) = explained("debian", "testing-20240513", "12.5\n12.6\ntesting-20240513\ntesting-20240612\n");
    insta::assert_snapshot!(shown);
    assert_eq!(json["images"][0]["unread"][0]["tag"], "testing-20240513", "{json}");
    let list = "25_36-jre-alpine\n25.0.1_8-jre-alpine\n25.0.4_7-jre-alpine\n25-jre-alpine\n";
    let (shown, json) = explained("eclipse-temurin", "25_36-jre-alpine", list);
    insta::assert_snapshot!(shown);
    assert_eq!(json["images"][0]["beside"][0]["newest"], "25.0.4_7-jre-alpine", "{json}");
}

#[test]
fn what_cannot_be_used_is_said() {
    let refused = |arguments: &[&str], list: &str| {
        wharfinger().arg("explain").args(arguments).stdin(list).output().expect_status(2).stderr
    };
    insta::assert_snapshot!(refused(&["grafana/loki", "--tags", "-", "--versions", "newest"], ""));
    insta::assert_snapshot!(refused(&["grafana/loki", "--tags", "-", "--pattern", "v(.+)"], ""));
    insta::assert_snapshot!(refused(&["grafana/loki", "--tags", "-"], "1.2.3\nnot a tag\n"));
    insta::assert_snapshot!(refused(&["--tags", "-"], "1.2.3\n"));
    insta::assert_snapshot!(refused(&["grafana/loki", "--tags", "absent.txt"], ""));
    insta::assert_snapshot!(refused(&["grafana/loki", "--versions", "^1"], ""));
}

/// Loki at Docker Hub with one version that is too young, beside what `more` adds to the manifest.
struct Upstream {
    registry: TestRegistry,
    hub: TestHub,
    clone: Clone,
}

impl Upstream {
    fn start(more: &str) -> Self {
        let (registry, hub) = (TestRegistry::start(), TestHub::start(Vec::new()));
        let mut approved = None;
        for (tag, seed, days) in
            [("3.1.0", 1, 90), ("3.2.0", 2, 40), ("3.3.0", 3, 1), ("3.3.0-alpine", 4, 40), ("4.0.0", 5, 40)]
        {
            let digest = ImageSpec::new(seed).build().put(&registry, "grafana/loki", tag);
            let since = (Utc::now() - Duration::days(days)).to_rfc3339_opts(SecondsFormat::Secs, true);
            hub.set_tag("grafana", "loki", tag, &digest, &since);
            approved.get_or_insert(digest);
        }
        let digest = approved.unwrap();
        let manifest = format!(
            "organization: acme\nimages:\n  - source: grafana/loki\n    versions: ^3\n    cooldown: 3d\n    \
             approved:\n      - tag: 3.1.0\n        digest: {digest}\n{more}"
        );
        Self { registry, hub, clone: Clone::with(&[("approved-images.yml", &manifest)]) }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let hosts = format!("docker.io={},hub.docker.com={}", self.registry.url(), self.hub.url());
        self.clone.run(PROGRAM, &hosts, &["explain"]).args(arguments)
    }
}

/// The reason of each tag, newest first.
fn reasons(image: &Value) -> Vec<String> {
    let text = |tag: &Value, key: &str| tag[key].as_str().unwrap().to_owned();
    let tags = image["tags"].as_array().unwrap().iter();
    tags.map(|tag| format!("{} {} {}", text(tag, "tag"), text(tag, "verdict"), text(tag, "reason"))).collect()
}

pub(crate) fn valid(document: &Value) {
    let schema: Value = serde_json::from_str(include_str!("../../schema/output.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator.iter_errors(document).map(|e| e.to_string()).collect();
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn every_tag_of_an_image_has_one_reason() {
    let upstream = Upstream::start("");
    let document = upstream.run(&["loki"]).output().expect_status(0).json();
    valid(&document);
    let image = &document["images"][0];
    assert_eq!(image["lines"][0]["chosen"], "3.2.0");
    insta::assert_snapshot!(reasons(image).join("\n"), @r"
    4.0.0 skipped out-of-range
    3.3.0-alpine skipped other-variant
    3.3.0 skipped waiting
    3.2.0 chosen newest
    3.1.0 approved approved
    ");
}

#[test]
fn an_image_that_is_not_there_is_no_use() {
    let upstream = Upstream::start("");
    let outcome = upstream.run(&["nothing"]).output().expect_status(2);
    assert!(outcome.stderr.contains("nothing"), "{}", outcome.stderr);
    assert_eq!(upstream.registry.log().len(), 0, "a question to upstream");
}

#[test]
fn a_source_that_does_not_exist_is_named_and_the_others_are_explained() {
    let upstream = Upstream::start("  - source: grafana/tempo\n    versions: ^2\n");
    let document = upstream.run(&[]).output().expect_status(1).json();
    valid(&document);
    assert_eq!(document["images"].as_array().unwrap().len(), 1, "{document}");
    assert_eq!(document["failed"].as_array().unwrap().len(), 1, "{document}");
    assert_eq!(document["failed"][0]["source"], "grafana/tempo");
    assert_eq!(document["failed"][0]["step"], "resolve");
}
