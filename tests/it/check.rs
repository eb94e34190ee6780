//! `check`, in a working directory and for a pull request on GitHub.

use serde_json::Value;
use wharfinger::internals::image::Digest;

use crate::support::clone::Clone;
use crate::support::github::{Options, TestGitHub};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;
use crate::support::signing::{Key, tag_of};

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");

fn upstream() -> TestRegistry {
    let registry = TestRegistry::start();
    ImageSpec::new(1).build().put(&registry, "grafana/loki", "3.0.0");
    ImageSpec::new(2).build().put(&registry, "grafana/loki", "3.1.0");
    registry
}

fn hosts(registry: &TestRegistry) -> String {
    format!("quay.io={}", registry.url())
}

/// A manifest with these approvals: tag, digest, and whether `mirrored` says so.
fn manifest(approvals: &[(&str, &Digest, bool)]) -> String {
    let mut text = "\
organization: acme
sources: [quay.io]
defaults: { cooldown: 0s }
images:
  - source: quay.io/grafana/loki
    versions: ^3
    approved:
"
    .to_owned();
    for (tag, digest, promoted) in approvals {
        text.push_str(&format!("      - tag: {tag}\n        digest: {digest}\n"));
        if *promoted {
            text.push_str(&format!("        mirrored: {digest}\n"));
        }
    }
    text
}

/// A clone whose branch holds the first approval, promoted, and whose working directory the given text.
fn clone(registry: &TestRegistry, text: &str) -> Clone {
    let old = registry.digest("grafana/loki", "3.0.0").unwrap();
    let clone = Clone::with(&[("approved-images.yml", &manifest(&[("3.0.0", &old, true)]))]);
    std::fs::write(clone.path().join("approved-images.yml"), text).unwrap();
    clone
}

fn check(clone: &Clone, registry: &TestRegistry, status: i32) -> Value {
    let output = clone.run(PROGRAM, &hosts(registry), &["check"]).output().expect_status(status);
    assert!(registry.writes().is_empty(), "{:?}", registry.writes());
    output.json()
}

fn codes(output: &Value) -> Vec<&str> {
    output["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect()
}

fn digests(registry: &TestRegistry) -> (Digest, Digest) {
    let digest = |tag| registry.digest("grafana/loki", tag).unwrap();
    (digest("3.0.0"), digest("3.1.0"))
}

#[test]
fn an_approval_that_upstream_serves_is_fine_and_would_be_copied() {
    let registry = upstream();
    let (old, new) = digests(&registry);
    let clone = clone(&registry, &manifest(&[("3.0.0", &old, true), ("3.1.0", &new, false)]));
    let output = check(&clone, &registry, 0);
    assert!(codes(&output).is_empty());
    assert_eq!(output["promotions"].as_array().unwrap().len(), 1, "{output}");
    assert_eq!(
        (output["promotions"][0]["tag"].as_str(), output["promotions"][0]["state"].as_str()),
        (Some("3.1.0"), Some("copy"))
    );
}

#[test]
fn a_digest_that_the_tag_does_not_answer_was_never_served() {
    let registry = upstream();
    let (old, _) = digests(&registry);
    let invented = Digest::sha256(b"invented");
    let clone = clone(&registry, &manifest(&[("3.0.0", &old, true), ("3.1.0", &invented, false)]));
    let output = check(&clone, &registry, 1);
    assert_eq!(codes(&output), ["never-served"], "{output}");
    assert!(output["findings"][0]["expected"].as_str().unwrap().contains(invented.as_str()));
}

#[test]
fn a_changed_mirrored_is_a_finding_unless_it_is_a_record_and_true() {
    let registry = upstream();
    let (old, new) = digests(&registry);
    let wrong = manifest(&[("3.0.0", &old, true)]).replace(&format!("mirrored: {old}"), &format!("mirrored: {new}"));
    assert_eq!(codes(&check(&clone(&registry, &wrong), &registry, 1)), ["mirrored-changed"]);
    let together = manifest(&[("3.0.0", &old, true), ("3.1.0", &new, true)]);
    assert_eq!(codes(&check(&clone(&registry, &together), &registry, 1)), ["mirrored-changed"]);
    let base = manifest(&[("3.0.0", &old, false)]);
    let repository = Clone::with(&[("approved-images.yml", &base)]);
    std::fs::write(repository.path().join("approved-images.yml"), manifest(&[("3.0.0", &old, true)])).unwrap();
    assert!(codes(&check(&repository, &registry, 0)).is_empty(), "a record of what is given by the digest");
}

#[test]
fn what_an_adopted_mirror_answers_may_be_written_as_its_record() {
    let registry = upstream();
    let (old, new) = digests(&registry);
    let here = |text: String| text.replace("organization: acme\n", "organization: acme\nregistry: quay.io\n");
    let adopting = |text: String| text.replace("    versions: ^3\n", "    versions: ^3\n    adopt: true\n");
    let together = manifest(&[("3.0.0", &old, true), ("3.1.0", &new, true)]);
    let clone = |text: String| {
        let clone = Clone::with(&[("approved-images.yml", &here(manifest(&[("3.0.0", &old, true)])))]);
        std::fs::write(clone.path().join("approved-images.yml"), here(text)).unwrap();
        clone
    };
    let nothing_there = codes(&check(&clone(adopting(together.clone())), &registry, 1)).len();
    assert_eq!(nothing_there, 1, "the mirror has no such tag");
    ImageSpec::new(2).build().put(&registry, "acme/loki", "3.1.0");
    registry.server().clear_log();
    assert!(codes(&check(&clone(adopting(together.clone())), &registry, 0)).is_empty());
    assert_eq!(codes(&check(&clone(together), &registry, 1)), ["mirrored-changed"], "without adopt it is a finding");
}

#[test]
fn sources_are_the_bases_and_no_other_host_is_asked() {
    let (registry, foreign) = (upstream(), TestRegistry::start());
    let (old, _) = digests(&registry);
    let digest = ImageSpec::new(9).build().put(&foreign, "evil/tool", "1.0.0");
    let text = manifest(&[("3.0.0", &old, true)]).replace("sources: [quay.io]\n", "")
        + &format!("  - source: ghcr.io/evil/tool\n    approved:\n      - {{ tag: 1.0.0, digest: {digest} }}\n");
    let clone = clone(&registry, &text);
    let hosts = format!("{},ghcr.io={}", hosts(&registry), foreign.url());
    let asked = foreign.log().len();
    let output = clone.run(PROGRAM, &hosts, &["check"]).output().expect_status(1).json();
    assert_eq!(codes(&output), ["source-not-allowed"], "{output}");
    assert_eq!(foreign.log().len(), asked, "the foreign host was asked");
}

#[test]
fn faults_of_the_manifest_are_diagnostics() {
    let registry = upstream();
    let clone = clone(&registry, "organization: acme\nimages:\n  - sauce: x\n");
    let output = check(&clone, &registry, 2);
    let first = &output["diagnostics"][0];
    assert_eq!((first["file"].as_str(), first["line"].as_u64()), (Some("approved-images.yml"), Some(3)), "{output}");
}

struct Pulled {
    registry: TestRegistry,
    github: TestGitHub,
}

impl Pulled {
    /// A repository on GitHub with one promoted approval.
    fn new() -> Self {
        let registry = upstream();
        let (old, _) = digests(&registry);
        let files = vec![("approved-images.yml".to_owned(), manifest(&[("3.0.0", &old, true)]))];
        Self { github: TestGitHub::start(Options { files, ..Options::default() }), registry }
    }

    fn run(&self, event: Actions, command: &str) -> Outcome {
        let event = event.api(&self.github.server(), &self.github.api(), &self.github.graphql());
        let run = Run::new(PROGRAM).actions(&event).env("GITHUB_TOKEN", self.github.token());
        run.env("WHARFINGER_HOSTS", hosts(&self.registry)).args(["--format", "json", command]).output()
    }

    fn check(&self, number: u64, status: i32) -> Value {
        let pull = self.github.pull(number);
        let merge = self.github.merge_commit(number).unwrap();
        let head = (pull.head.as_str(), pull.head_sha.as_str());
        let event = Actions::pull_request(&self.github.repository(), number, head, &pull.base_sha, &merge);
        self.github.clear_log();
        let output = self.run(event, "check").expect_status(status);
        assert_eq!(self.github.writes(), Vec::<String>::new());
        output.json()
    }
}

#[test]
fn on_github_a_proposal_of_ours_is_judged_at_its_merge_commit() {
    let pulled = Pulled::new();
    pulled.run(Actions::schedule(&pulled.github.repository()), "propose").expect_status(0);
    let number = pulled.github.open_pulls()[0];
    let output = pulled.check(number, 0);
    assert_eq!(output["promotions"][0]["tag"], "3.1.0", "{output}");
}

#[test]
fn on_github_a_proposal_that_a_person_changed_is_told_from_its_metadata() {
    let pulled = Pulled::new();
    pulled.run(Actions::schedule(&pulled.github.repository()), "propose").expect_status(0);
    let number = pulled.github.open_pulls()[0];
    let branch = pulled.github.pull(number).head;
    let text = pulled.github.read(&branch, "approved-images.yml").unwrap();
    let changed = text.replace("organization: acme", "organization: acme\nrepositories: report");
    pulled.github.push_as(&branch, "octocat", &[("approved-images.yml", &changed)]);
    let output = pulled.check(number, 1);
    assert_eq!(codes(&output), ["changed-by-hand"], "{output}");
}

#[test]
fn on_github_a_fork_needs_no_metadata() {
    let pulled = Pulled::new();
    let (old, new) = digests(&pulled.registry);
    let text = manifest(&[("3.0.0", &old, true), ("3.1.0", &new, false)]);
    let branch = "wharfinger/image/loki/latest";
    let files = [("approved-images.yml", text.as_str())];
    let number = pulled.github.fork_pull("stranger", branch, &files, "Please", "<!-- wharfinger: {} -->");
    let output = pulled.check(number, 0);
    assert!(codes(&output).is_empty(), "{output}");
}

impl Pulled {
    /// The job's summary of a check.
    fn summary(&self, number: u64, status: i32) -> String {
        let (pull, merge) = (self.github.pull(number), self.github.merge_commit(number).unwrap());
        let head = (pull.head.as_str(), pull.head_sha.as_str());
        let event = Actions::pull_request(&self.github.repository(), number, head, &pull.base_sha, &merge);
        let event = event.api(&self.github.server(), &self.github.api(), &self.github.graphql());
        let run = Run::new(PROGRAM).actions(&event).env("GITHUB_TOKEN", self.github.token());
        run.env("WHARFINGER_HOSTS", hosts(&self.registry)).args(["check"]).output().expect_status(status);
        event.summary()
    }
}

/// A pull request brings no key for what the base guards, and brings the key of what it guards itself.
#[test]
fn on_github_the_bases_key_verifies_and_a_file_that_is_named_must_be_there() {
    let registry = upstream();
    let (old, new) = digests(&registry);
    let (good, evil) = (Key::generate(), Key::generate());
    registry.put_image("grafana/loki", &tag_of(&new, ".sig"), &evil.simple_signature_of(&new));
    let keyed = |text: String, key: &str| {
        text.replace("    versions: ^3\n", &format!("    versions: ^3\n    signatures: {{ key: {key} }}\n"))
    };
    let before = keyed(manifest(&[("3.0.0", &old, true)]), "keys/loki.pub");
    let after = |key: &str| keyed(manifest(&[("3.0.0", &old, true), ("3.1.0", &new, false)]), key);
    let files = vec![("approved-images.yml".to_owned(), before.clone()), ("keys/loki.pub".to_owned(), good.pem())];
    let pulled = Pulled { github: TestGitHub::start(Options { files, ..Options::default() }), registry };
    let check = |branch: &str, files: &[(&str, &str)], status: i32| {
        let number = pulled.github.fork_pull("stranger", branch, files, "Please", "");
        pulled.check(number, status)
    };
    let key = ("keys/loki.pub", evil.pem());
    let own_key = check("own-key", &[("approved-images.yml", &after("keys/loki.pub")), (key.0, &key.1)], 1);
    assert_eq!(codes(&own_key), ["unsigned", "guard-lowered"], "{own_key}");
    let other_key =
        check("other-key", &[("approved-images.yml", &after("keys/evil.pub")), ("keys/evil.pub", &key.1)], 1);
    assert_eq!(codes(&other_key), ["unsigned", "guard-lowered"], "{other_key}");

    let renamed = before.replace("keys/loki.pub", "keys/none.pub");
    let missing = check("missing", &[("approved-images.yml", &renamed)], 1);
    assert_eq!(codes(&missing), ["guard-lowered", "unusable-file"], "{missing}");
    let finding = &missing["findings"][1];
    assert_eq!(finding["expected"], "a public key or a trusted root in keys/none.pub, which `signatures` names");
    assert!(
        finding["found"].as_str().unwrap().starts_with("there is no keys/none.pub in the repository at "),
        "{finding}"
    );
    let no_key = check("no-key", &[("approved-images.yml", &renamed), ("keys/none.pub", "secret")], 1);
    assert_eq!(codes(&no_key), ["guard-lowered", "unusable-file"], "{no_key}");
    let there = check("there", &[("approved-images.yml", &renamed), ("keys/none.pub", &key.1)], 1);
    assert_eq!(codes(&there), ["guard-lowered"], "another key: {there}");
}

/// The verdict comes first, what this run did not ask is said to be that, and what is approved now is what the base has.
#[test]
fn on_github_the_summary_begins_with_the_verdict() {
    let pulled = Pulled::new();
    let (old, new) = digests(&pulled.registry);
    let pull = |branch: &str, approvals: &[(&str, &Digest, bool)]| {
        let text = manifest(approvals);
        pulled.github.fork_pull("stranger", branch, &[("approved-images.yml", &text)], "Please", "")
    };
    let good = pulled.summary(pull("good", &[("3.0.0", &old, true), ("3.1.0", &new, false)]), 0);
    assert!(good.starts_with("Nothing wrong; 1 new approval.\n\n"), "{good}");
    assert!(good.contains("\n- Not checked: since when the new versions have been public\n"), "{good}");
    assert!(!good.contains("unknown") && !good.contains("waited"), "{good}");

    let edited = manifest(&[("3.0.0", &old, true)]).replacen(old.as_str(), new.as_str(), 1);
    let files = [("approved-images.yml", edited.as_str())];
    let edited = pulled.summary(pulled.github.fork_pull("stranger", "edited", &files, "Please", ""), 1);
    assert!(edited.starts_with("**1 finding: never-served**; 1 new approval.\n\n### Findings\n"), "{edited}");
    assert!(edited.contains(&format!("- Digest: `{}` → `{}`\n", old.short(), new.short())), "{edited}");
}

impl Pulled {
    /// The check of a merge queue: the pull request's merge, onto its base.
    fn check_queued(&self, number: u64, status: i32) -> Value {
        let merge = self.github.merge_commit(number).unwrap();
        let repository = self.github.repository();
        let payload = serde_json::json!({
            "action": "checks_requested",
            "repository": crate::support::process::repository_json(&repository),
            "merge_group": {"head_sha": merge, "base_sha": self.github.pull(number).base_sha},
        });
        let event = Actions::new(&repository, "merge_group", &payload).env("GITHUB_SHA", &merge);
        self.run(event, "run").expect_status(status).json()
    }
}

#[test]
fn on_github_a_merge_queue_gets_the_same_verdict() {
    let pulled = Pulled::new();
    let (old, new) = digests(&pulled.registry);
    let pull = |digest: &Digest, branch: &str| {
        let text = manifest(&[("3.0.0", &old, true), ("3.1.0", digest, false)]);
        pulled.github.fork_pull("stranger", branch, &[("approved-images.yml", &text)], "Please", "")
    };
    let (good, bad) = (pull(&new, "good"), pull(&Digest::sha256(b"invented"), "bad"));
    let output = pulled.check_queued(good, 0);
    assert_eq!(output["promotions"][0]["tag"], "3.1.0", "{output}");
    assert_eq!(codes(&pulled.check_queued(bad, 1)), ["never-served"]);
    assert_eq!(pulled.github.writes(), Vec::<String>::new());
}

#[test]
fn on_github_other_files_ask_nothing_of_registries() {
    let pulled = Pulled::new();
    let number = pulled.github.fork_pull("stranger", "readme", &[("README.md", "hello")], "Words", "");
    let asked = pulled.registry.log().len();
    let output = pulled.check(number, 0);
    assert_eq!(output["promotions"], serde_json::json!([]));
    assert_eq!(pulled.registry.log().len(), asked);
}

#[test]
fn on_github_a_record_is_proved_where_the_mirror_wants_a_login() {
    let registry = upstream();
    let mirror = TestRegistry::with_users(Vec::new());
    let (old, new) = digests(&registry);
    let files = vec![("approved-images.yml".to_owned(), manifest(&[("3.0.0", &old, false)]))];
    let github = TestGitHub::start(Options { files, ..Options::default() });
    let check = |text: &str, status: i32| {
        let number = github.fork_pull("stranger", "record", &[("approved-images.yml", text)], "Record", "");
        let (pull, merge) = (github.pull(number), github.merge_commit(number).unwrap());
        let head = (pull.head.as_str(), pull.head_sha.as_str());
        let event = Actions::pull_request(&github.repository(), number, head, &pull.base_sha, &merge);
        let event = event.api(&github.server(), &github.api(), &github.graphql());
        let run = Run::new(PROGRAM).actions(&event).env("GITHUB_TOKEN", github.token());
        let hosts = format!("{},docker.io={}", hosts(&registry), mirror.url());
        run.env("WHARFINGER_HOSTS", hosts).args(["--format", "json", "check"]).output().expect_status(status).json()
    };
    let right = manifest(&[("3.0.0", &old, true)]);
    assert!(codes(&check(&right, 0)).is_empty());
    assert!(!mirror.log().is_empty(), "the mirror was asked, and did not answer");
    let wrong = right.replace(&format!("mirrored: {old}"), &format!("mirrored: {new}"));
    assert_eq!(codes(&check(&wrong, 1)), ["mirrored-changed"]);
}
