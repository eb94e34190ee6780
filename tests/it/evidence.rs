//! `evidence`: what an auditor reads about one approval, however it came.

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::explain::valid;
use super::promote::in_a_job;
use crate::support::clone::Clone;
use crate::support::github::{Options, TestGitHub};
use crate::support::images::{Image, ImageSpec};
use crate::support::layers::Files;
use crate::support::osv::TestOsv;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;
use crate::support::signing::Key;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const KEY: &str = "keys/app.pub";

/// A signed image in three versions, the first of which is approved and promoted; GitHub and OSV.
struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    osv: TestOsv,
    github: TestGitHub,
    key: Key,
    digests: Vec<Digest>,
}

const TAGS: [&str; 3] = ["1.0.0", "1.1.0", "1.2.0"];

fn image(version: &str) -> Image {
    let purl = format!("pkg:npm/left-pad@{version}");
    let package = json!({"SPDXID": "SPDXRef-left-pad", "name": "left-pad", "versionInfo": version,
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]});
    let sbom = json!({"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "sbom", "packages": [package]});
    let layers = [Files::new().text("srv/base", "base").gzip(), Files::new().text("srv/app", version).gzip()];
    ImageSpec::new(1).platforms(&["linux/amd64"]).of_files(&layers).with_sbom(sbom).build()
}

impl World {
    fn start() -> Self {
        let (upstream, mirror, osv, key) =
            (TestRegistry::start(), TestRegistry::start(), TestOsv::start(), Key::generate());
        osv.add("CVE-2027-1", &["pkg:npm/left-pad@1.0.0"], &json!({"database_specific": {"severity": "HIGH"}}));
        let mut digests = Vec::new();
        for tag in TAGS {
            let image = image(tag);
            digests.push(image.put(&upstream, "team/app", tag));
            upstream.put_untagged("team/app", &key.signature_of(image.root()));
        }
        let text = format!(
            "organization: acme\nregistry: ghcr.io\nevidence: {{ vulnerabilities: osv }}\nimages:\n  - source: quay.io/team/app\n    \
             repository: app\n    cooldown: 0s\n    versions: \"<1.2\"\n    signatures: {{ key: {KEY} }}\n    \
             approved:\n      - tag: 1.0.0\n        digest: {}\n",
            digests[0]
        );
        let files = vec![(FILE.to_owned(), text), (KEY.to_owned(), key.pem())];
        let github = TestGitHub::start(Options { files, ..Options::default() });
        github.add_user("mona", "write");
        let world = Self { upstream, mirror, osv, github, key, digests };
        world.job(&["promote"]);
        world
    }

    fn env(&self, run: Run) -> Run {
        let (osv, upstream, mirror) = (self.osv.url(), self.upstream.url(), self.mirror.url());
        run.env("WHARFINGER_HOSTS", format!("api.osv.dev={osv},quay.io={upstream},ghcr.io={mirror}"))
    }

    #[track_caller]
    fn job(&self, args: &[&str]) -> Value {
        let run = self.env(Run::new(PROGRAM)).args(["--format", "json"]).args(args);
        in_a_job(&self.github, run).expect_status(0).json()
    }

    fn main(&self) -> String {
        self.github.read("main", FILE).unwrap()
    }

    fn clone(&self) -> Clone {
        Clone::with(&[(FILE, &self.main()), (KEY, &self.key.pem())])
    }

    /// What is known of an approval, for people or programs.
    fn evidence(&self, name: &str, format: &str) -> Outcome {
        let clone = self.clone();
        let github = &self.github;
        let run = self.env(Run::new(PROGRAM).dir(clone.path())).env("GITHUB_TOKEN", github.token());
        let run = run.env("GITHUB_API_URL", github.api()).env("GITHUB_SERVER_URL", github.server());
        let run = run.env("GITHUB_GRAPHQL_URL", github.graphql()).env("GITHUB_REPOSITORY", github.repository());
        run.args(["--format", format, "evidence", name]).output()
    }

    /// Both forms, which say the same of what is asserted here.
    #[track_caller]
    fn known(&self, name: &str) -> (Value, String) {
        let document = self.evidence(name, "json").expect_status(0).json();
        valid(&document);
        (document, self.cleaned(&self.evidence(name, "human").expect_status(0).stdout))
    }

    /// The text without what differs from run to run.
    fn cleaned(&self, text: &str) -> String {
        let text = text.replace(&self.github.server(), "GITHUB");
        let text = TAGS.iter().zip(&self.digests).fold(text, |text, (tag, digest)| {
            let short = &digest.to_string()[..19];
            text.replace(&digest.to_string(), &format!("DIGEST-{tag}")).replace(short, &format!("DIGEST-{tag}"))
        });
        let all = [
            (r"sha256:[0-9a-f]{64}", "DIGEST"),
            (r"sha256:[0-9a-f]{12}", "DIGEST"),
            (r"[0-9a-f]{40}", "COMMIT"),
            (r"\b20\d\d-\d\d-\d\dT[0-9:.]+Z", "TIME"),
            (r"\b20\d\d-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC", "TIME"),
            (r"\b20\d\d-\d\d-\d\d\b", "DATE"),
        ];
        all.into_iter().fold(text, |text, (pattern, short)| {
            regex::Regex::new(pattern).unwrap().replace_all(&text, short).into_owned()
        })
    }

    /// Somebody brings an approval of 1.1.0 by hand, to this branch.
    fn edit(&self, branch: &str, login: &str) {
        let text = format!("{}      - tag: 1.1.0\n        digest: {}\n", self.main(), self.digests[1]);
        self.github.push_as(branch, login, &[(FILE, &text)]);
    }

    /// Reviewed by mona.
    fn review(&self, number: u64) {
        self.github.review_as(number, "mona", "APPROVED");
    }

    /// `check` has nothing to say about a pull request.
    fn check(&self, number: u64) {
        let github = &self.github;
        let (pull, merge, main) =
            (github.pull(number), github.merge_commit(number).unwrap(), github.branch("main").unwrap());
        let head = (pull.head.as_str(), pull.head_sha.as_str());
        let actions = Actions::pull_request(&github.repository(), number, head, &main, &merge);
        let actions = actions.api(&github.server(), &github.api(), &github.graphql());
        let run = self.env(Run::new(PROGRAM)).actions(&actions).env("GITHUB_TOKEN", github.token());
        let checked = run.args(["--format", "json", "check"]).output().expect_status(0).json();
        assert_eq!(checked["findings"], json!([]), "{checked}");
    }
}

#[test]
fn an_approval_from_its_proposal_to_its_record() {
    let world = World::start();
    world.job(&["propose"]);
    world.check(1);
    let head = world.github.pull(1).head_sha;
    world.github.review_as(1, "octocat", "CHANGES_REQUESTED");
    world.review(1);
    world.github.merge(1);
    let promoted = world.job(&["promote"]);
    assert_eq!(promoted["promoted"][0]["mirrored"], json!(world.digests[1]), "{promoted}");
    let (document, text) = world.known("app:1.1.0");
    assert_eq!(
        (&document["mirrored"], &document["pull"], &document["merged-by"]),
        (&json!(world.digests[1]), &json!(1), &json!("octocat"))
    );
    assert_eq!(document["url"], json!(format!("{}/acme/images/pull/1", world.github.server())));
    assert!(document["signed-by"].as_str().unwrap().contains(KEY), "{document}");
    let reviews: Vec<String> = document["reviews"]
        .as_array()
        .unwrap()
        .iter()
        .map(|review| {
            assert!(review["when"].as_str().unwrap().starts_with("2026-11-21T10:"), "{review}");
            format!("{} {} {}", review["who"], review["verdict"], review["commit"]).replace('"', "")
        })
        .collect();
    assert_eq!(reviews, [format!("mona approved {head}"), format!("octocat changes-requested {head}")]);
    assert_eq!((&document["then"]["why"], &document["then"]["marks"]), (&json!("packages"), &json!([])));
    assert_eq!(document["then"]["vulnerabilities"], document_counts(&document["now"]["vulnerabilities"]));
    assert_eq!((&document["unknown"], &document["revoked"]), (&json!([]), &Value::Null));
    insta::assert_snapshot!("approval_text", text);
    let json = world.evidence("app:1.1.0", "json").stdout;
    let document: Value = serde_json::from_str(&json).unwrap();
    insta::assert_snapshot!("approval_json", world.cleaned(&serde_json::to_string_pretty(&document).unwrap()));
}

/// The numbers of what is known now, in the form of what was known then.
fn document_counts(now: &Value) -> Value {
    let count = |key: &str| now[key].as_array().unwrap().len();
    json!({"source": now["source"], "fixed": count("fixed"), "new": count("new"), "same": now["same"]})
}

#[test]
fn what_was_known_then_stays_when_more_is_known_later() {
    let world = World::start();
    world.job(&["propose"]);
    world.review(1);
    world.github.merge(1);
    world.job(&["promote"]);
    world.osv.add("CVE-2027-2", &["pkg:npm/left-pad@1.1.0"], &json!({"database_specific": {"severity": "CRITICAL"}}));
    let (document, text) = world.known("app:1.1.0");
    assert_eq!((&document["then"]["marks"], &document["now"]["marks"]), (&json!([]), &json!(["new-critical"])));
    assert!(text.contains("1 fixed, 0 new") && text.contains("1 new (1 critical)"), "{text}");
}

#[test]
fn an_approval_that_was_asked_for_says_why() {
    let world = World::start();
    world.job(&["approve", "app:1.1.0", "--reason", "asked for: by #billing -->"]);
    world.review(1);
    world.github.merge(1);
    world.job(&["promote"]);
    let (document, text) = world.known("app:1.1.0");
    assert_eq!(document["reason"], "asked for: by #billing -->");
    assert_eq!((&document["pull"], &document["reviews"][0]["who"]), (&json!(1), &json!("mona")));
    assert!(document["then"].is_object(), "{document}");
    insta::assert_snapshot!(text);
}

#[test]
fn an_approval_from_a_squash_merge_has_its_pull_request() {
    let world = World::start();
    world.job(&["propose"]);
    world.review(1);
    world.github.squash(1);
    world.job(&["promote"]);
    let (document, _) = world.known("app:1.1.0");
    assert_eq!((&document["pull"], &document["unknown"]), (&json!(1), &json!([])), "{document}");
    assert!(document["then"].is_object() && document["merged-at"].is_string(), "{document}");
}

#[test]
fn an_approval_by_hand_has_no_account_of_what_was_known() {
    let world = World::start();
    world.edit("by-hand", "mona");
    let number = world.github.open_as("mona", "by-hand", "Approve 1.1.0", "I looked at it");
    world.github.review_as(number, "octocat", "APPROVED");
    world.github.merge(number);
    let (document, text) = world.known("app:1.1.0");
    assert_eq!(
        (&document["pull"], &document["then"], &document["mirrored"]),
        (&json!(number), &Value::Null, &Value::Null)
    );
    assert_eq!(document["reviews"][0]["who"], "octocat");
    assert!(document["now"].is_object(), "{document}");
    insta::assert_snapshot!("by_hand_in_a_pull_request", text);

    let world = World::start();
    world.edit("main", "octocat");
    let (document, text) = world.known("app:1.1.0");
    assert_eq!((&document["pull"], &document["reviews"]), (&Value::Null, &json!([])));
    insta::assert_snapshot!("by_hand_on_the_branch", text);
}

#[test]
fn the_first_approval_is_compared_with_nothing() {
    let world = World::start();
    let (document, text) = world.known("app:1.0.0");
    assert_eq!((&document["now"]["from"], &document["now"]["why"]), (&Value::Null, &Value::Null));
    assert!(text.contains("now, as the first version:"), "{text}");
}

#[test]
fn what_is_not_approved_is_said_with_what_is() {
    let world = World::start();
    let said = |name: &str| {
        let outcome = world.evidence(name, "human").expect_status(2);
        outcome.stderr.lines().last().unwrap_or_default().to_owned()
    };
    let all = ["app:1.0.1", "app:9", "app", "other:1.0.0"].map(|name| format!("{name}: {}", said(name)));
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_revoked_approval_says_why_until_it_is_gone() {
    let world = World::start();
    let revoked =
        format!("    revoked:\n      - {{ tag: 1.0.0, digest: \"{}\", reason: CVE-2027-9 }}\n", world.digests[0]);
    let approved = format!("    approved:\n      - tag: 1.1.0\n        digest: {}\n", world.digests[1]);
    let text = world.main();
    let (before, with) = text.split_once("    approved:\n").unwrap();
    world.github.push_as("main", "octocat", &[(FILE, &format!("{before}{revoked}    approved:\n{with}"))]);
    let (document, text) = world.known("app:1.0.0");
    assert_eq!(document["revoked"], "CVE-2027-9");
    assert!(text.contains("revoked: CVE-2027-9"), "{text}");
    world.github.push_as("main", "octocat", &[(FILE, &format!("{before}{revoked}{approved}"))]);
    let gone = world.evidence("app:1.0.0", "human").expect_status(2);
    assert!(gone.stderr.contains("it is revoked (CVE-2027-9)"), "{}", gone.stderr);
}

#[test]
fn on_a_forge_without_pull_requests_reviews_are_unknown() {
    let world = World::start();
    let clone = world.clone();
    let run = world.env(Run::new(PROGRAM).dir(clone.path())).args(["--forge", "git"]);
    let document = run.args(["--format", "json", "evidence", "app:1.0.0"]).output().expect_status(0).json();
    valid(&document);
    assert_eq!((&document["then"], &document["reviews"], &document["pull"]), (&Value::Null, &json!([]), &Value::Null));
    let unknown = document["unknown"][0].as_str().unwrap();
    assert!(unknown.contains("no forge with pull requests"), "{unknown}");
    assert!(document["now"].is_object(), "{document}");
}
