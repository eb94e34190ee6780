//! Bounds: a slow source fails alone and every bound that is reached names its setting; faults cost no more than the
//! file's length, and only so many are printed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::clone::Clone;
use crate::support::http::{Action, Request, Response, Rule, Server};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");

/// An image of the slow source, one of a quick source that can be proposed, and one that waits for its age.
const MANIFEST: &str = "\
organization: acme
images:
  - source: ghcr.io/team/slow
    versions: ^1
    cooldown: 0s
    approved: []
  - source: quay.io/team/well
    versions: ^1
    cooldown: 0s
    approved: []
  - source: quay.io/team/young
    versions: ^1
    cooldown: 1d
    approved: []
";

fn well() -> TestRegistry {
    let registry = TestRegistry::start();
    ImageSpec::new(1).build().put(&registry, "team/well", "1.0.0");
    ImageSpec::new(2).build().put(&registry, "team/young", "1.0.0");
    registry
}

/// A registry whose list of tags has always one more page.
fn endless(pause: Duration) -> Server {
    let server = Server::start(|request: &Request| {
        let page = request.query_value("page").and_then(|page| page.parse::<u32>().ok()).unwrap_or(0);
        let next = format!("</v2/team/slow/tags/list?page={}>; rel=\"next\"", page + 1);
        Response::json(200, &json!({"name": "team/slow", "tags": [format!("1.0.{page}")]})).header("link", next)
    });
    server.fault(Rule::new("GET", "tags/list", Action::Delay(pause)));
    server
}

/// What `propose` says of the slow source; the others are proposed and written down all the same.
fn fails_alone(slow: &str, arguments: &[&str]) -> String {
    let (registry, clone) = (well(), Clone::with(&[("approved-images.yml", MANIFEST)]));
    let hosts = format!("ghcr.io={slow},quay.io={}", registry.url());
    let run = clone.run(PROGRAM, &hosts, &[arguments, &["propose"]].concat());
    let output = run.output().expect_status(1).json();
    let failed: Vec<&Value> = output["failed"].as_array().unwrap().iter().collect();
    assert_eq!(failed.len(), 1, "{output}");
    assert_eq!(failed[0]["repository"], "slow", "{output}");
    let branches = clone.branches();
    for branch in ["wharfinger/image/well/latest", "wharfinger/ledger"] {
        assert!(branches.iter().any(|found| found == branch), "{branch}: {branches:?}");
    }
    assert_eq!(output["waiting"][0]["repository"], "young", "{output}");
    failed[0]["error"].as_str().unwrap().to_owned()
}

#[test]
fn a_list_whose_pages_come_slowly_and_never_end_fails_alone() {
    let slow = endless(Duration::from_millis(400));
    let start = Instant::now();
    let error = fails_alone(&slow.url(), &["--source-timeout", "2s"]);
    assert_eq!(error, "ghcr.io: no answer: ghcr.io/team/slow had not finished after 2 s in total (`source-timeout`)");
    assert!((4..=6).contains(&slow.log().len()), "{:?}", slow.lines());
    assert!(start.elapsed() < Duration::from_secs(60), "not until its thousandth page");
}

#[test]
fn documents_that_come_slowly_count_with_the_list() {
    let slow = TestRegistry::start();
    ImageSpec::new(3).build().put(&slow, "team/slow", "1.0.0");
    slow.fault(Rule::new("", "/(tags|manifests)/", Action::Delay(Duration::from_millis(900))));
    let error = fails_alone(&slow.url(), &["--source-timeout", "2s"]);
    assert!(error.ends_with("had not finished after 2 s in total (`source-timeout`)"), "{error}");
    let (whole, clone) = (well(), Clone::with(&[("approved-images.yml", MANIFEST)]));
    let hosts = format!("ghcr.io={},quay.io={}", slow.url(), whole.url());
    let patient = clone.run(PROGRAM, &hosts, &["--source-timeout", "1m", "propose"]).output().expect_status(0).json();
    assert_eq!(patient["proposals"].as_array().unwrap().len(), 2, "{patient}");
}

#[test]
fn a_request_that_brings_no_byte_names_the_setting() {
    let slow = TestRegistry::start();
    slow.fault(Rule::new("", "", Action::Hang));
    let error = fails_alone(&slow.url(), &["--timeout", "1s"]);
    assert!(error.contains("no response within 1 s (`timeout`), 2 times"), "{error}");
    slow.server().clear_faults();
    ImageSpec::new(3).build().put(&slow, "team/slow", "1.0.0");
    slow.fault(Rule::new("GET", "tags/list", Action::Stall(3)));
    let error = fails_alone(&slow.url(), &["--timeout", "1s"]);
    assert!(error.contains("no data for 1 s (`timeout`), 2 times"), "{error}");
}

#[test]
fn github_is_not_waited_for_without_end() {
    let github = Server::start(|_: &Request| Response::new(200));
    github.fault(Rule::new("", "", Action::Hang));
    let graphql = format!("{}/graphql", github.url());
    let event = Actions::schedule("acme/images").api(&github.url(), &github.url(), &graphql);
    let run = Run::new(PROGRAM).actions(&event).env("GITHUB_TOKEN", "t").args(["--timeout", "1s", "propose"]);
    let outcome = run.output().expect_status(3);
    assert!(outcome.stderr.contains("no response within 1 s (`timeout`)"), "{}", outcome.stderr);
}

/// So many images with a mistake each.
fn mistakes(count: usize) -> String {
    let images: String = (0..count).map(|at| format!("  - source: quay.io/team/a{at}\n    x: 1\n")).collect();
    format!("organization: acme\nimages:\n{images}")
}

#[test]
fn a_hundred_diagnostics_are_printed_and_the_rest_is_counted() {
    let clone = Clone::with(&[("approved-images.yml", &mistakes(300))]);
    let human = Run::new(PROGRAM).dir(clone.path()).args(["doctor", "--hosts"]).output().expect_status(2);
    assert_eq!(human.stderr.matches("error[unknown-key]").count(), 100, "{}", human.stderr);
    assert!(human.stderr.ends_with("\n300 mistakes; the first 100 are shown\n"), "{}", human.stderr);
    assert!(human.stderr.lines().count() < 710);
    let json = clone.run(PROGRAM, "", &["plan"]).output().expect_status(2).json();
    assert_eq!(json["diagnostics"].as_array().unwrap().len(), 100);
    assert_eq!(json["omitted-diagnostics"], 200);
    assert_eq!(json["diagnostics"][99]["line"], 202, "the first hundred, in order");
    let few = Clone::with(&[("approved-images.yml", &mistakes(100))]);
    let json = few.run(PROGRAM, "", &["plan"]).output().expect_status(2).json();
    assert_eq!((json["diagnostics"].as_array().unwrap().len(), &json["omitted-diagnostics"]), (100, &json!(0)));
    let human = Run::new(PROGRAM).dir(few.path()).args(["doctor", "--hosts"]).output().expect_status(2);
    assert!(human.stderr.ends_with("\n100 mistakes\n"), "{}", human.stderr);
}

#[test]
fn annotations_count_what_is_not_shown_one_by_one() {
    let actions = Actions::new("acme/images", "release", &json!({}));
    std::fs::write(actions.workspace().join("approved-images.yml"), mistakes(300)).unwrap();
    let run = Run::new(PROGRAM).actions(&actions).env("WHARFINGER_FORGE", "none").args(["doctor", "--hosts"]);
    let outcome = run.output().expect_status(2);
    let annotations: Vec<&str> = outcome.stderr.lines().filter(|line| line.starts_with("::error")).collect();
    assert_eq!(annotations.len(), 10, "{annotations:#?}");
    assert_eq!(annotations[9], "::error::291 more errors: see the job summary and the log");
    assert!(actions.summary().contains("300 mistakes; the first 100 are shown"), "{}", actions.summary());
}

/// A file of one MiB whatever it holds: a run that costs more than the file is long does not end in a test's time.
#[test]
fn what_a_file_costs_grows_with_its_length_alone() {
    let fill = |head: &str, item: &dyn Fn(usize) -> String, tail: &str| {
        let mut text = head.to_owned();
        for at in 0.. {
            let item = item(at);
            if text.len() + item.len() + tail.len() >= 1 << 20 {
                break;
            }
            text.push_str(&item);
        }
        text + tail
    };
    let image = "organization: acme\nimages:\n  - source: quay.io/a/bb\n";
    for (name, text, status) in [
        ("equal keys", fill("organization: acme\n", &|_| "a: 1\n".to_owned(), ""), 2),
        ("equal keys on one line", fill("{organization: acme", &|_| ", a: 1".to_owned(), "}\n"), 2),
        ("faulty images", fill("organization: acme\nimages:\n", &|_| "  - {source: A, x: 1}\n".to_owned(), ""), 2),
        ("labels", fill(&format!("{image}    labels: ["), &|at| format!("a{at},"), "]\n"), 0),
        ("tags approved", fill(&format!("{image}    approved:\n"), &|at| format!("    - tag: a{at}\n"), ""), 2),
        ("sources", fill("organization: acme\nsources: [", &|at| format!("h{at}.io,"), "]\nimages: []\n"), 0),
        ("files", fill("organization: acme\ninclude: [", &|at| format!("f{at}.yml,"), "]\nimages: []\n"), 2),
    ] {
        let clone = Clone::with(&[("approved-images.yml", &text)]);
        let outcome = Run::new(PROGRAM).dir(clone.path()).args(["doctor", "--hosts"]).output();
        assert_eq!(outcome.status, Some(status), "{name}: {}", outcome.stderr.chars().take(400).collect::<String>());
        assert!(outcome.stderr.lines().count() < 710, "{name}");
    }
}

#[test]
fn lists_of_defaults_are_bounded_in_all_images_together() {
    let labels: String = (0..3_000).map(|at| format!("a{at},")).collect();
    let images: String = (0..1_000).map(|at| format!("  - source: quay.io/a/b{at}\n")).collect();
    let text = format!("organization: acme\ndefaults:\n  labels: [{labels}]\nimages:\n{images}");
    let clone = Clone::with(&[("approved-images.yml", &text)]);
    let json = clone.run(PROGRAM, "", &["plan"]).output().expect_status(2).json();
    assert_eq!(json["diagnostics"][0]["code"], "alias-bomb", "{json}");
    assert_eq!(json["diagnostics"].as_array().unwrap().len(), 1);
}
