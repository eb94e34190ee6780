//! What an attacker can write or answer, and what comes of it.

use serde_json::Value;
use wharfinger::internals::image::Digest;

use crate::support::github::{Options, TestGitHub};
use crate::support::http::{Action, Rule};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");

const LOKI: &str = "wharfinger/image/loki/latest";

fn manifest(approvals: &[(&str, &Digest)]) -> String {
    let mut text = "\
organization: acme
defaults: { cooldown: 0s }
images:
  - source: quay.io/grafana/loki
    versions: ^3
    approved:
"
    .to_owned();
    for (tag, digest) in approvals {
        text.push_str(&format!("      - tag: {tag}\n        digest: {digest}\n        mirrored: {digest}\n"));
    }
    text
}

fn on_github(github: &TestGitHub, registry: &TestRegistry, event: Actions, args: &[&str]) -> Outcome {
    let event = event.api(&github.server(), &github.api(), &github.graphql());
    let run = Run::new(PROGRAM).actions(&event).env("GITHUB_TOKEN", github.token());
    run.env("WHARFINGER_HOSTS", format!("quay.io={}", registry.url())).args(["--format", "json"]).args(args).output()
}

fn pull_request(github: &TestGitHub, number: u64) -> Actions {
    let (pull, merge) = (github.pull(number), github.merge_commit(number).unwrap());
    Actions::pull_request(&github.repository(), number, (&pull.head, &pull.head_sha), &pull.base_sha, &merge)
}

fn github(files: &[(&str, &str)]) -> TestGitHub {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    TestGitHub::start(Options { files, ..Options::default() })
}

fn errors(output: &Value) -> Vec<&str> {
    output["failed"].as_array().unwrap().iter().map(|f| f["error"].as_str().unwrap()).collect()
}

fn everything(outcome: &Outcome) -> String {
    format!("{}{}", outcome.stdout, outcome.stderr)
}

#[test]
fn a_pull_request_that_brings_the_first_manifest_chooses_no_host() {
    let registry = TestRegistry::start();
    let digest = ImageSpec::new(1).build().put(&registry, "grafana/loki", "3.0.0");
    let text = manifest(&[("3.0.0", &digest)]).replace(&format!("        mirrored: {digest}\n"), "");
    for base in ["hello", "organization: [not, a, name]\n"] {
        let path = if base == "hello" { "README.md" } else { "approved-images.yml" };
        let github = github(&[(path, base)]);
        let number = github.fork_pull("stranger", "first", &[("approved-images.yml", &text)], "First", "");
        let asked = registry.log().len();
        let output = on_github(&github, &registry, pull_request(&github, number), &["check"]);
        let output = output.expect_status(1).json();
        assert_eq!(registry.log().len(), asked, "a host of the pull request's own choosing was asked");
        assert!(errors(&output)[0].contains("no host is trusted"), "{output}");
    }
}

#[test]
fn a_check_in_actions_reads_no_directory() {
    let (registry, directory) = (TestRegistry::start(), tempfile::tempdir().unwrap());
    let image = ImageSpec::new(1).build();
    image.write_layout(directory.path(), "3.0.0");
    let base = "organization: acme\nsources: [quay.io]\nimages: []\n";
    let head = format!(
        "organization: acme\nimages:\n  - source: oci:{}\n    repository: loki\n    platforms: [linux/amd64]\n    approved:\n      - {{ tag: 3.0.0, digest: {} }}\n",
        directory.path().display(),
        image.digest()
    );
    let github = github(&[("approved-images.yml", base)]);
    let number = github.fork_pull("stranger", "oci", &[("approved-images.yml", &head)], "Please", "");
    let output = on_github(&github, &registry, pull_request(&github, number), &["check"]).json();
    // What the directory's subset of the index would be is not known.
    let detail = output["promotions"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with(&format!("copies {}", image.digest().short())), "{output}");
}

#[test]
fn a_verdict_counts_from_the_default_branch_whatever_lies_between() {
    let registry = TestRegistry::start();
    let old = ImageSpec::new(1).build().put(&registry, "grafana/loki", "3.0.0");
    ImageSpec::new(2).build().put(&registry, "grafana/loki", "3.1.0");
    let github = github(&[("approved-images.yml", &manifest(&[("3.0.0", &old)]))]);
    let propose = || on_github(&github, &registry, Actions::schedule(&github.repository()), &["propose"]);
    propose().expect_status(0);
    // Somebody who may push brings other bytes in one commit, and nothing in the next.
    let evil = Digest::sha256(b"evil");
    let text = manifest(&[("3.0.0", &old), ("3.1.0", &evil)]);
    github.push_as(LOKI, "octocat", &[("approved-images.yml", &text)]);
    let head = github.push_as(LOKI, "octocat", &[("NOTES", "nothing")]);
    github.with(|state| {
        let pull = state.pulls.iter_mut().find(|p| p.head == LOKI).unwrap();
        let (before, rest) = pull.body.split_once("\"entries\":[").unwrap();
        let (_, after) = rest.split_once(']').unwrap();
        pull.body = format!("{before}\"entries\":[]{after}");
    });
    propose().expect_status(0);
    let statuses = github.statuses();
    let posted: Vec<&str> = statuses.iter().filter(|s| s.sha == head).map(|s| s.state.as_str()).collect();
    assert_eq!(posted, ["failure"], "{statuses:?}");
}

#[test]
fn no_link_leads_out_of_the_working_directory() {
    let (outside, inside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let secret = outside.path().join("environ");
    std::fs::write(&secret, "canary: outside\n").unwrap();
    let link = |name: &str| std::os::unix::fs::symlink(&secret, inside.path().join(name)).unwrap();
    link("approved-images.yml");
    let run = || Run::new(PROGRAM).dir(inside.path()).args(["plan"]).output();
    let refused = run().expect_status(2);
    assert!(!everything(&refused).contains("canary"), "{}", everything(&refused));
    assert!(refused.stderr.contains("approved-images.yml: a link that leads out of"), "{}", refused.stderr);

    std::fs::remove_file(inside.path().join("approved-images.yml")).unwrap();
    std::fs::write(inside.path().join("approved-images.yml"), "organization: acme\ninclude: ['teams/*.yml']\n")
        .unwrap();
    std::fs::create_dir(inside.path().join("teams")).unwrap();
    link("teams/a.yml");
    let refused = run().expect_status(2);
    assert!(!everything(&refused).contains("canary"), "{}", everything(&refused));
    assert!(refused.stderr.contains("teams/a.yml: a link that leads out of"), "{}", refused.stderr);

    // Within it, links are as good as files.
    std::fs::remove_file(inside.path().join("teams/a.yml")).unwrap();
    std::fs::write(inside.path().join("real"), "images: []\n").unwrap();
    std::os::unix::fs::symlink("../real", inside.path().join("teams/a.yml")).unwrap();
    run().expect_status(0);
}

#[test]
fn addresses_with_secrets_in_them_are_not_repeated() {
    for (name, value) in [
        ("WHARFINGER_HOSTS", "docker.io=http://user:canary@127.0.0.1:1"),
        ("WHARFINGER_HOSTS", "docker.io=http://127.0.0.1:1/?token=canary"),
        ("WHARFINGER_HOSTS", "docker.io=http://127.0.0.1:1/#canary"),
        ("GITHUB_API_URL", "https://user:canary@api.example.org"),
        ("GITHUB_SERVER_URL", "https://canary@example.org"),
    ] {
        let refused = Run::new(PROGRAM).env(name, value).args(["--log-level", "trace", "plan"]).output();
        let refused = refused.expect_status(2);
        assert!(refused.stderr.contains(name) && !everything(&refused).contains("canary"), "{}", refused.stderr);
    }
}

#[test]
fn an_unusable_command_of_the_action_is_no_workflow_command() {
    let event = Actions::schedule("octo/images").input("command", "##[error]\u{1b}[31mx ::stop-commands::y");
    let refused = Run::new(PROGRAM).actions(&event).output().expect_status(2);
    assert!(
        !everything(&refused).contains("##[") && !everything(&refused).contains('\u{1b}'),
        "{}",
        everything(&refused)
    );
}

#[test]
fn a_registry_cannot_have_a_credential_published_by_sending_it_back() {
    let registry = TestRegistry::start();
    let old = ImageSpec::new(1).build().put(&registry, "grafana/loki", "3.0.0");
    ImageSpec::new(2).build().put(&registry, "grafana/loki", "3.1.0");
    let error = r#"{"errors":[{"code":"DENIED","message":"you said canary-password"}]}"#;
    registry.fault(Rule::new("GET", old.as_str(), Action::Answer(403, Vec::new(), error.into())));
    let github = github(&[("approved-images.yml", &manifest(&[("3.0.0", &old)]))]);
    let auths = r#"{"auths":{"quay.io":{"username":"robot","password":"canary-password"}}}"#;
    let event = Actions::schedule(&github.repository()).env("DOCKER_AUTH_CONFIG", auths);
    on_github(&github, &registry, event, &["propose"]).expect_status(0);
    let body = &github.pulls()[0].body;
    assert!(body.contains("you said"), "the error is told: {body}");
    assert!(!body.contains("canary"), "{body}");
}
