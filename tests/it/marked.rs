//! What leaves its group because of what its bytes hold, and comes back.

use serde_json::{Value, json};

use super::promote::in_a_job;
use crate::support::github::{Options, Pull, TestGitHub};
use crate::support::images::ImageSpec;
use crate::support::layers::Files;
use crate::support::process::Run;
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const GROUP: &str = "wharfinger/group/all";
const OWN: &str = "wharfinger/image/tool/latest";

/// What is bad about a version.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bad {
    Nothing,
    Root,
    Setuid,
}

/// Two images in one group, of which 1.0.0 is approved.
struct World {
    upstream: TestRegistry,
    github: TestGitHub,
}

impl World {
    fn start() -> Self {
        let upstream = TestRegistry::start();
        let mut text =
            "organization: acme\ndefaults: { cooldown: 0s }\nproposals: { group: all }\nimages:\n".to_owned();
        for name in ["side", "tool"] {
            publish(&upstream, name, "1.0.0", Bad::Nothing);
            let digest = upstream.digest(&format!("team/{name}"), "1.0.0").unwrap();
            text.push_str(&format!(
                "  - source: quay.io/team/{name}\n    repository: {name}\n    approved:\n      - tag: 1.0.0\n        digest: {digest}\n"
            ));
        }
        let github = TestGitHub::start(Options { files: vec![(FILE.to_owned(), text)], ..Options::default() });
        Self { upstream, github }
    }

    fn publish(&self, name: &str, tag: &str, bad: Bad) {
        publish(&self.upstream, name, tag, bad);
    }

    /// What a run does with each proposal.
    #[track_caller]
    fn proposed(&self) -> Vec<String> {
        self.github.clear_log();
        let run = Run::new(PROGRAM).env("WHARFINGER_HOSTS", format!("quay.io={}", self.upstream.url()));
        let output = in_a_job(&self.github, run.args(["--format", "json", "propose"])).expect_status(0).json();
        let row = |p: &Value| format!("{} {}", p["branch"].as_str().unwrap(), p["action"].as_str().unwrap());
        output["proposals"].as_array().unwrap().iter().map(row).collect()
    }

    /// A second run finds nothing to do.
    #[track_caller]
    fn is_settled(&self, branches: &[&str]) {
        let unchanged: Vec<String> = branches.iter().map(|branch| format!("{branch} unchanged")).collect();
        assert_eq!(self.proposed(), unchanged);
        assert_eq!(self.github.writes(), [""; 0]);
    }

    /// The open proposal of a branch.
    #[track_caller]
    fn open(&self, branch: &str) -> Pull {
        let pulls = self.github.open_pulls().into_iter().map(|number| self.github.pull(number));
        let of_branch: Vec<Pull> = pulls.filter(|pull| pull.head == branch).collect();
        let [pull] = of_branch.try_into().unwrap_or_else(|all: Vec<Pull>| panic!("{} of {branch}", all.len()));
        pull
    }

    /// The approvals that a branch adds, each as `repository tag`.
    fn adds(&self, branch: &str) -> Vec<String> {
        let text = self.github.read(branch, FILE).unwrap();
        let mut repository = "";
        let mut all = Vec::new();
        for line in text.lines().map(str::trim) {
            repository = line.strip_prefix("repository: ").unwrap_or(repository);
            all.extend(
                line.strip_prefix("- tag: ").filter(|tag| *tag != "1.0.0").map(|tag| format!("{repository} {tag}")),
            );
        }
        all
    }
}

fn publish(upstream: &TestRegistry, name: &str, tag: &str, bad: Bad) {
    let package = json!({"SPDXID": "SPDXRef-app", "name": name, "versionInfo": tag});
    let sbom = json!({"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "sbom", "packages": [package]});
    let files = Files::new().text("srv/app", &format!("{name} {tag}"));
    let files = if bad == Bad::Setuid { files.file("usr/bin/raise", 0o4755, b"\x7fELF program") } else { files };
    let layers = [Files::new().text("srv/base", "base").gzip(), files.gzip()];
    let mut spec = ImageSpec::new(1).platforms(&["linux/amd64"]).of_files(&layers).with_sbom(sbom);
    spec.user = Some(if bad == Bad::Root { "0" } else { "1000" }.to_owned());
    spec.build().put(upstream, &format!("team/{name}"), tag);
}

#[test]
fn a_marked_image_leaves_its_groups_proposal_and_a_good_version_comes_back() {
    let world = World::start();
    world.publish("side", "1.1.0", Bad::Nothing);
    world.publish("tool", "1.1.0", Bad::Nothing);
    assert_eq!(world.proposed(), [format!("{GROUP} opened")]);
    assert_eq!(world.adds(GROUP), ["side 1.1.0", "tool 1.1.0"]);
    let group = world.open(GROUP).number;

    world.publish("tool", "1.2.0", Bad::Root);
    assert_eq!(world.proposed(), [format!("{GROUP} updated"), format!("{OWN} opened")]);
    assert_eq!((world.adds(GROUP), world.adds(OWN)), (vec!["side 1.1.0".to_owned()], vec!["tool 1.2.0".to_owned()]));
    let own = world.open(OWN);
    let risk = own.body.lines().find(|line| line.starts_with("- Risk: ")).unwrap();
    assert!(risk.starts_with("- Risk: **runs as root**;"), "{}", own.body);
    assert!(!world.open(GROUP).body.contains("tool"), "{}", world.open(GROUP).body);
    world.is_settled(&[GROUP, OWN]);

    world.publish("tool", "1.3.0", Bad::Nothing);
    assert_eq!(world.proposed(), [format!("{GROUP} updated"), format!("{OWN} closed")]);
    assert_eq!(world.adds(GROUP), ["side 1.1.0", "tool 1.3.0"]);
    assert_eq!(world.github.branch(OWN), None);
    assert!(!world.open(GROUP).body.contains("runs as root"), "{}", world.open(GROUP).body);
    world.is_settled(&[GROUP]);
    let numbers: Vec<u64> = world.github.pulls().iter().map(|pull| pull.number).collect();
    assert_eq!(numbers, [group, own.number], "nothing was opened twice");
    let said: Vec<String> = world.github.comments(own.number).into_iter().map(|comment| comment.body).collect();
    assert_eq!(said.len(), 1, "the reason for closing it: {said:?}");
}

#[test]
fn a_marked_image_that_a_person_closed_stays_out_of_the_group_until_a_good_version() {
    let world = World::start();
    world.publish("side", "1.1.0", Bad::Nothing);
    world.publish("tool", "1.1.0", Bad::Setuid);
    assert_eq!(world.proposed(), [format!("{GROUP} opened"), format!("{OWN} opened")]);
    let (group, own) = (world.open(GROUP), world.open(OWN));
    assert!(own.body.contains("**new setuid program**"), "{}", own.body);
    assert_eq!((world.adds(GROUP), world.adds(OWN)), (vec!["side 1.1.0".to_owned()], vec!["tool 1.1.0".to_owned()]));

    world.github.close_as(own.number, "octocat");
    world.github.delete_branch_as(OWN, "octocat");
    for _ in 0..2 {
        world.is_settled(&[GROUP]);
    }

    world.publish("tool", "1.2.0", Bad::Nothing);
    assert_eq!(world.proposed(), [format!("{GROUP} updated")]);
    assert_eq!(world.open(GROUP).number, group.number);
    assert_eq!(world.adds(GROUP), ["side 1.1.0", "tool 1.2.0"]);
    world.is_settled(&[GROUP]);
    world.github.merge(group.number);
    assert_eq!(world.proposed(), [""; 0]);
    assert_eq!(world.adds("main"), ["side 1.1.0", "tool 1.2.0"]);
    assert_eq!(world.github.pulls().len(), 2);
}
