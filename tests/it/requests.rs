//! The requests of a run to upstream and Docker Hub, counted exactly.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde_json::Value;
use wharfinger::internals::image::Digest;

use crate::support::clone::Clone;
use crate::support::http::Exchange;
use crate::support::hub::TestHub;
use crate::support::images::ImageSpec;
use crate::support::registry::{Auth, TestRegistry};

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");

/// Docker Hub with tokens, and its API.
struct Upstream {
    registry: TestRegistry,
    hub: TestHub,
    now: DateTime<Utc>,
}

impl Upstream {
    fn start() -> Self {
        let registry = TestRegistry::start();
        registry.set(|switches| switches.auth = Auth::Bearer);
        Self { registry, hub: TestHub::start(Vec::new()), now: Utc::now() }
    }

    /// Puts an image of two platforms that is old enough.
    fn push(&self, repository: &str, tag: &str, seed: u64) -> Digest {
        let digest = ImageSpec::new(seed).build().put(&self.registry, repository, tag);
        let (namespace, name) = repository.split_once('/').unwrap();
        let since = (self.now - Duration::days(40)).to_rfc3339_opts(SecondsFormat::Secs, true);
        self.hub.set_tag(namespace, name, tag, &digest, &since);
        digest
    }

    /// One run, and what it asked: kinds of requests with their number.
    fn run(&self, clone: &Clone, arguments: &[&str]) -> (Value, BTreeMap<String, usize>) {
        self.registry.server().clear_log();
        let before = self.hub.log().len();
        let hosts = format!("docker.io={},hub.docker.com={}", self.registry.url(), self.hub.url());
        let output = clone.run(PROGRAM, &hosts, arguments).output().expect_status(0).json();
        let mut counts = BTreeMap::new();
        let mut read = BTreeSet::new();
        for exchange in self.registry.log() {
            let Exchange { request, status, .. } = &exchange;
            if request.method == "GET" && request.path.contains("/manifests/sha256:") && *status == Some(200) {
                assert!(read.insert(request.path.clone()), "{} is read twice", request.path);
            }
            *counts.entry(kind(&exchange)).or_default() += 1;
        }
        for exchange in &self.hub.log()[before..] {
            *counts.entry(format!("hub {}", exchange.request.path)).or_default() += 1;
        }
        (output, counts)
    }
}

/// The request without digests, page marks and addresses; a first try without a token is named by its 401.
fn kind(exchange: &Exchange) -> String {
    let path = &exchange.request.path;
    let refused = if exchange.status == Some(401) { " 401" } else { "" };
    let short = path.split_once("sha256:").map_or(path.as_str(), |(before, _)| before);
    format!("{} {short}{refused}", exchange.request.method)
}

fn clone(images: &str) -> Clone {
    Clone::with(&[("approved-images.yml", &format!("organization: acme\nimages:\n{images}"))])
}

fn shown(counts: &BTreeMap<String, usize>) -> String {
    counts.iter().map(|(kind, count)| format!("{count} {kind}\n")).collect()
}

/// Three images of one source, of which one is proposed for its rebuilds, and one image of two floating tags.
fn nothing_new(upstream: &Upstream) -> Clone {
    let loki = upstream.push("grafana/loki", "3.1.0", 1);
    for tag in ["1.0.0", "2.0.0", "2.9.0"] {
        upstream.push("grafana/loki", tag, 2);
    }
    let older = upstream.registry.digest("grafana/loki", "2.9.0").unwrap();
    let stable = upstream.push("grafana/tempo", "stable", 3);
    let edge = upstream.push("grafana/tempo", "edge", 4);
    clone(&format!(
        "  - source: grafana/loki\n    versions: ^3\n    approved:\n      - tag: 3.1.0\n        digest: {loki}\n  \
           - source: grafana/loki\n    repository: loki-2\n    versions: ^2\n    rebuilds: ignore\n    approved:\n      - tag: 2.9.0\n        digest: {older}\n  \
           - source: grafana/tempo\n    tags: [stable, edge]\n    approved:\n      - tag: stable\n        digest: {stable}\n      - tag: edge\n        digest: {edge}\n"
    ))
}

#[test]
fn with_nothing_new_a_source_is_listed_once_and_what_may_move_is_asked_once() {
    let upstream = Upstream::start();
    let clone = nothing_new(&upstream);
    let (done, counts) = upstream.run(&clone, &["propose"]);
    assert_eq!(done["proposals"].as_array().unwrap().len(), 0, "{done}");
    insta::assert_snapshot!(shown(&counts));
}

#[test]
fn every_page_of_a_listing_is_asked_once() {
    let upstream = Upstream::start();
    let clone = nothing_new(&upstream);
    upstream.registry.set(|switches| switches.page_size = Some(2));
    let (_, counts) = upstream.run(&clone, &["propose"]);
    assert_eq!(counts["GET /v2/grafana/loki/tags/list"], 2, "{counts:?}");
    assert_eq!(counts.get("GET /v2/grafana/tempo/tags/list"), None);
}

#[test]
fn a_candidate_is_read_once_for_its_readiness_and_its_evidence() {
    let upstream = Upstream::start();
    let loki = upstream.push("grafana/loki", "3.1.0", 1);
    let clone = clone(&format!(
        "  - source: grafana/loki\n    versions: ^3\n    approved:\n      - tag: 3.1.0\n        digest: {loki}\n"
    ));
    upstream.push("grafana/loki", "3.2.0", 2);
    let (plan, looked) = upstream.run(&clone, &["plan"]);
    assert_eq!(plan["proposals"].as_array().unwrap().len(), 1, "{plan}");
    let (done, opened) = upstream.run(&clone, &["propose"]);
    assert_eq!(done["proposals"][0]["action"], "opened", "{done}");
    let (done, unchanged) = upstream.run(&clone, &["propose"]);
    assert_eq!(done["proposals"][0]["action"], "unchanged", "{done}");
    assert_eq!(opened["HEAD /v2/grafana/loki/manifests/3.2.0"], 1, "{opened:?}");
    insta::assert_snapshot!(format!(
        "plan\n{}\nopened\n{}\nunchanged\n{}",
        shown(&looked),
        shown(&opened),
        shown(&unchanged)
    ));
}

/// Of every planned change the mirror's name, its category and what the policy means for it.
fn standings(plan: &Value) -> Vec<String> {
    let images = plan["proposals"].as_array().unwrap().iter().flat_map(|p| p["images"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    images.map(|i| format!("{} {} {}", text(&i["repository"]), text(&i["category"]), text(&i["policy"]))).collect()
}

#[test]
fn a_source_is_looked_up_once_and_only_where_something_of_it_is_proposed() {
    let upstream = Upstream::start();
    upstream.push("grafana/loki", "3.1.0", 1);
    upstream.push("grafana/loki", "2.9.0", 2);
    upstream.push("library/redis", "7.2.0", 3);
    let tempo = upstream.push("grafana/tempo", "2.6.1", 4);
    upstream.hub.set_badge("grafana", "loki", "verified_publisher");
    let images = format!(
        "  - source: grafana/loki\n    versions: ^3\n    approved: []\n  \
           - source: grafana/loki\n    repository: loki-2\n    versions: ^2\n    approved: []\n  \
           - source: redis\n    approved: []\n  \
           - source: grafana/tempo\n    approved:\n      - tag: 2.6.1\n        digest: {tempo}\n\
         policy:\n  image-access: {{ enabled: true, official: allowed, verified-publisher: restricted, allowlist: [redis] }}\n"
    );
    let clone = clone(&images);
    let search = "hub /api/search/v4";
    let (plan, looked) = upstream.run(&clone, &["plan"]);
    let expected =
        ["loki verified-publisher restricted", "loki-2 verified-publisher restricted", "redis official allowlisted"];
    assert_eq!(standings(&plan), expected, "{plan}");
    assert_eq!(looked.get(search), Some(&1), "{looked:?}");
    let (done, opened) = upstream.run(&clone, &["propose"]);
    assert_eq!(done["proposals"].as_array().unwrap().len(), 3, "{done}");
    assert_eq!(opened.get(search), Some(&1), "{opened:?}");
    let body = clone.git(&["log", "-1", "--format=%B", "wharfinger/image/redis/latest"]);
    assert!(body.contains("- Risk: **allowlisted whole**; not looked at: known vulnerabilities\n"), "{body}");
    assert!(
        body.contains("(by its name); the policy allowlists the whole repository: developers may pull any of its tags"),
        "{body}"
    );
    let (done, unchanged) = upstream.run(&clone, &["propose"]);
    assert_eq!(done["changed"], false, "{done}");
    assert_eq!(unchanged.get(search), None, "{unchanged:?}");
    let (plan, looked) = upstream.run(&clone, &["plan"]);
    assert_eq!(looked.get(search), None, "{looked:?}");
    let detail = |at: usize| plan["proposals"][at]["images"][0]["category_detail"].as_str().unwrap().to_owned();
    assert_eq!(detail(0), "", "the open proposal says it");
    assert!(detail(2).starts_with("Docker Official Image (by its name)"), "{}", detail(2));
}

#[test]
fn a_search_that_does_not_answer_is_soon_asked_no_more_and_holds_nothing_up() {
    let upstream = Upstream::start();
    upstream.hub.limit(99, &[("retry-after", "1")]);
    let source = |n: u64| {
        upstream.push(&format!("grafana/image-{n}"), "1.0.0", n);
        format!("  - source: grafana/image-{n}\n    cooldown: 0s\n    approved: []\n")
    };
    let clone = clone(&(0..12).map(source).collect::<String>());
    let (plan, counts) = upstream.run(&clone, &["plan"]);
    assert_eq!(standings(&plan), (0..12).map(|n| format!("image-{n} - unsaid")).collect::<Vec<_>>(), "{plan}");
    let asked = counts["hub /api/search/v4"];
    assert!(asked <= 8, "no more than are asked together: {asked}");
    let now: Vec<&Value> = plan["proposals"].as_array().unwrap().iter().filter(|p| p["detail"].is_null()).collect();
    assert_eq!(now.len(), 10, "as many as may be open: {plan}");
    for proposal in now {
        let why = proposal["images"][0]["category_detail"].as_str().unwrap();
        assert!(why.starts_with("unknown: ") && why.contains("rate limit"), "{why}");
    }
}
