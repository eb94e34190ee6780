//! The program: what the people who pull approved images are told, and what is never offered to them.

use std::path::Path;

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::super::explain::valid;
use super::super::promote::{Clone, entry, in_a_job, manifest, recorded};
use crate::support::github::{Options, TestGitHub};
use crate::support::http::{Action, Rule};
use crate::support::images::ImageSpec;
use crate::support::process::{Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const TAGS: [&str; 4] = ["3.0.0", "3.1.0", "3.2.0", "3.3.0"];

/// GitHub, an upstream with four versions, and a mirror: the first was approved by hand, the second by a proposal.
struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    github: TestGitHub,
    digests: Vec<Digest>,
}

impl World {
    fn start() -> Self {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        let image = |at: usize| ImageSpec::new(800 + at as u64).platforms(&["linux/amd64", "linux/arm64"]).build();
        let put = |(at, tag): (usize, &&str)| image(at).put(&upstream, "team/app", tag);
        let digests: Vec<Digest> = TAGS.iter().enumerate().map(put).collect();
        let more =
            "    cooldown: 0s\n    versions: \"<3.2\"\n    description: The shop's engine\n    aliases: [latest]\n";
        let entry = entry("quay.io/team/app", "app", more, &[("3.0.0", &digests[0])]);
        let files = vec![(FILE.to_owned(), manifest("ghcr.io", &[entry]))];
        let github = TestGitHub::start(Options { files, ..Options::default() });
        github.add_user("mona", "write");
        let world = Self { upstream, mirror, github, digests };
        for _ in 0..2 {
            world.job(&["promote"]);
            world.job(&["propose"]);
            if world.digest("3.1.0").is_none() && world.main().matches("tag:").count() == 1 {
                world.github.review_as(1, "mona", "APPROVED");
                world.github.merge(1);
            }
        }
        // Then the range is widened, something is rejected, and the oldest is revoked.
        let text = world.main().replace("<3.2", ">=3");
        let text = format!(
            "{text}    rejected:\n      - tag: 3.3.0\n        reason: \"<b>breaks</b> retention\"\n    revoked:\n      - tag: 3.0.0\n        \
             digest: {}\n        reason: CVE-2027-1\n",
            world.digests[0]
        );
        let text = format!("policy: {{ approvals: 1 }}\n{text}");
        world.github.push_as("changes", "octocat", &[(FILE, &text)]);
        let number = world.github.open_as("octocat", "changes", "Ask for reviews", "");
        world.github.review_as(number, "mona", "APPROVED");
        world.github.merge(number);
        world
    }

    fn digest(&self, tag: &str) -> Option<Digest> {
        self.mirror.digest("acme/app", tag)
    }

    fn main(&self) -> String {
        self.github.read("main", FILE).unwrap()
    }

    fn env(&self, run: Run) -> Run {
        run.env("WHARFINGER_HOSTS", format!("quay.io={},ghcr.io={}", self.upstream.url(), self.mirror.url()))
    }

    #[track_caller]
    fn job(&self, args: &[&str]) -> Value {
        let run = self.env(Run::new(PROGRAM)).args(["--format", "json"]).args(args);
        in_a_job(&self.github, run).expect_status(0).json()
    }

    fn catalog(&self, clone: &Clone, args: &[&str]) -> Outcome {
        let github = &self.github;
        let run = self.env(Run::new(PROGRAM).dir(clone.path())).env("GITHUB_TOKEN", github.token());
        let run = run.env("GITHUB_API_URL", github.api()).env("GITHUB_SERVER_URL", github.server());
        let run = run.env("GITHUB_GRAPHQL_URL", github.graphql()).env("GITHUB_REPOSITORY", github.repository());
        run.args(["--format", "json", "catalog", "site"]).args(args).output()
    }
}

fn read(directory: &Path, name: &str) -> String {
    std::fs::read_to_string(directory.join("site").join(name)).unwrap()
}

#[test]
fn a_catalogue_says_what_is_approved_by_whom_and_what_is_newer_rejected_and_revoked() {
    let world = World::start();
    let clone = Clone::new(&world.main());
    let document = world.catalog(&clone, &[]).expect_status(0).json();
    valid(&document);
    let written = ["site/index.html", "site/catalog.json", "site/catalog.md", "site/renovate.json"];
    assert_eq!(
        (&document["written"], &document["failed"], &document["unknown"]),
        (&json!(written), &json!([]), &json!([]))
    );
    let image = &document["images"][0];
    let approved = image["approved"].as_array().unwrap();
    let tags: Vec<&str> = approved.iter().map(|tag| tag["tag"].as_str().unwrap()).collect();
    assert_eq!(tags, ["3.1.0"], "what is revoked is not offered");
    let tag = &approved[0];
    assert_eq!((&tag["reference"], &tag["aliases"]), (&json!("ghcr.io/acme/app:3.1.0"), &json!(["latest"])));
    assert_eq!(tag["pinned"], json!(format!("ghcr.io/acme/app:3.1.0@{}", world.digests[1])));
    assert_eq!((&tag["pull"], &tag["reviewers"]), (&json!(1), &json!(["mona"])));
    assert_eq!(tag["url"], json!(format!("{}/acme/images/pull/1", world.github.server())));
    let platforms: Vec<&str> =
        tag["platforms"].as_array().unwrap().iter().map(|one| one["platform"].as_str().unwrap()).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    assert!(tag["platforms"].as_array().unwrap().iter().all(|one| one["size"].as_u64().unwrap() > 0), "{tag}");
    assert_eq!((&image["waiting"][0]["tag"], &image["waiting"][0]["state"]), (&json!("3.2.0"), &json!("proposed")));
    assert_eq!((&image["rejected"][0]["tag"], &image["revoked"][0]["instead"]), (&json!("3.3.0"), &json!("3.1.0")));

    // What is on the page is what is in the document.
    let json: Value = serde_json::from_str(&read(clone.path(), "catalog.json")).unwrap();
    assert_eq!((&json["images"], &json["version"]), (&document["images"], &json!(1)));
    let markdown = read(clone.path(), "catalog.md");
    assert!(markdown.contains("`ghcr.io/acme/app:3.1.0`") && !markdown.contains("<b>"), "{markdown}");
    assert!(read(clone.path(), "renovate.json").contains("\"/^(?:3\\\\.1\\\\.0)$/\""));

    // The same facts give the same bytes.
    let again = world.catalog(&clone, &[]).expect_status(0).json();
    assert_eq!(again["written"], json!([]));

    // A proposal that is open has its page.
    world.job(&["propose"]);
    let open = world.catalog(&clone, &[]).expect_status(0).json();
    let url = open["images"][0]["waiting"][0]["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&format!("{}/acme/images/pull/", world.github.server())), "{url}");
}

#[test]
fn what_is_not_at_the_mirror_is_not_offered() {
    let world = World::start();
    let clone = Clone::new(&world.main());
    world.mirror.put_image("acme/app", "3.1.0", &ImageSpec::new(9).build());
    let document = world.catalog(&clone, &[]).expect_status(0).json();
    let tag = &document["images"][0]["approved"][0];
    assert_eq!((&tag["tag"], &tag["pinned"]), (&json!("3.1.0"), &Value::Null));
    assert_eq!(tag["state"], json!("mirror-differs"), "{tag}");
    assert_eq!(document["images"][0]["revoked"][0]["instead"], Value::Null);
    assert!(!read(clone.path(), "renovate.json").contains("replacementName"));
}

#[test]
fn what_nobody_reviewed_is_not_offered() {
    let world = World::start();
    let approval = format!("      - tag: 3.2.0\n        digest: {}\n", world.digests[2]);
    let text = world.main().replace("    rejected:", &format!("{approval}    rejected:"));
    world.github.push_as("main", "octocat", &[(FILE, &text)]);
    let clone = Clone::new(&world.main());
    let document = world.catalog(&clone, &[]).expect_status(0).json();
    let image = &document["images"][0];
    assert_eq!(image["approved"].as_array().unwrap().len(), 1, "{image}");
    assert_eq!((&image["waiting"][0]["tag"], &image["waiting"][0]["state"]), (&json!("3.2.0"), &json!("unreviewed")));
    assert!(!read(clone.path(), "renovate.json").contains("3\\\\.2\\\\.0"));
    assert!(read(clone.path(), "index.html").contains("not approved by enough people"));
}

#[test]
fn what_the_mirror_refuses_to_show_is_not_offered() {
    let world = World::start();
    let clone = Clone::new(&world.main());
    world.mirror.fault(Rule::new("HEAD", "manifests/3.1.0", Action::Answer(403, Vec::new(), "{}".into())));
    let document = world.catalog(&clone, &[]).expect_status(1).json();
    let tag = &document["images"][0]["approved"][0];
    assert_eq!((&tag["state"], &tag["pinned"]), (&json!("unread"), &Value::Null), "{document}");
    assert!(document["unknown"][0].as_str().unwrap().starts_with("acme/app:3.1.0: "), "{document}");
}

#[test]
fn without_a_network_only_the_manifest_speaks() {
    let digest = Digest::sha256(b"1");
    let text = recorded("quay.invalid/team/app", "app", "", "3.1.0", &digest);
    let clone = Clone::new(&manifest("registry.invalid", &[text]));
    let run = |args: &[&str]| Run::new(PROGRAM).dir(clone.path()).args(["catalog", "site"]).args(args).output();
    let said = run(&["--offline"]).expect_status(0).stdout;
    assert!(said.contains("1 image, 1 approved tag") && said.contains("site/index.html"), "{said}");
    let json: Value = serde_json::from_str(&read(clone.path(), "catalog.json")).unwrap();
    assert_eq!(json["images"][0]["approved"][0]["pinned"], json!(format!("registry.invalid/acme/app:3.1.0@{digest}")));
    assert!(json["unknown"][0].as_str().unwrap().contains("from the manifest alone"), "{json}");
    assert!(run(&["--offline"]).expect_status(0).stdout.contains("nothing changed"));
    assert_eq!(clone.status(), "?? site/");

    // With a mirror that does not answer, the last catalogue stays.
    let before = read(clone.path(), "catalog.json");
    run(&[]).expect_status(3);
    assert_eq!(read(clone.path(), "catalog.json"), before);
}

#[test]
fn nobody_elses_file_is_replaced_and_no_link_followed() {
    let clone = Clone::new(&manifest("registry.invalid", &[]));
    let run = || Run::new(PROGRAM).dir(clone.path()).args(["catalog", ".", "--offline"]).output();
    let theirs = "{ \"extends\": [\"config:recommended\"] }\n";
    std::fs::write(clone.path().join("renovate.json"), theirs).unwrap();
    let said = run().expect_status(2).said();
    assert!(said.contains("renovate.json was not written by `catalog`"), "{said}");
    assert_eq!(std::fs::read_to_string(clone.path().join("renovate.json")).unwrap(), theirs);
    assert!(!clone.path().join("index.html").exists(), "nothing is half-written");

    std::fs::remove_file(clone.path().join("renovate.json")).unwrap();
    run().expect_status(0);
    // A preset with settings of somebody's own is theirs.
    let ours = std::fs::read_to_string(clone.path().join("renovate.json")).unwrap();
    let theirs = ours.replacen('{', "{ \"extends\": [\"config:recommended\"],", 1);
    std::fs::write(clone.path().join("renovate.json"), &theirs).unwrap();
    run().expect_status(2);
    assert_eq!(std::fs::read_to_string(clone.path().join("renovate.json")).unwrap(), theirs);
    std::fs::write(clone.path().join("renovate.json"), &ours).unwrap();
    // No link is followed, neither of a file nor of the directory.
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("kept");
    std::fs::rename(clone.path().join("catalog.md"), &target).unwrap();
    std::os::unix::fs::symlink(&target, clone.path().join("catalog.md")).unwrap();
    assert!(run().expect_status(2).said().contains("catalog.md is a link"));
    std::os::unix::fs::symlink(outside.path(), clone.path().join("linked")).unwrap();
    let run = |directory: &str| Run::new(PROGRAM).dir(clone.path()).args(["catalog", directory, "--offline"]).output();
    assert!(run("linked").expect_status(2).said().contains("linked is a link"));
    assert!(run("").expect_status(2).said().contains("name the directory"));
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn a_secret_that_a_server_repeats_is_not_published() {
    const SECRET: &str = "dckr_pat_hunter2hunter2";
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let digest = upstream.put_image("team/app", "1.0.0", &ImageSpec::new(1).build());
    mirror.put_image("acme/app", "1.0.0", &ImageSpec::new(1).build());
    let padding = "x".repeat(180);
    let body = format!("{{\"errors\":[{{\"code\":\"DENIED\",\"message\":\"not for {SECRET} {padding} {SECRET}\"}}]}}");
    upstream.fault(Rule::new("GET", "tags/list", Action::Answer(403, Vec::new(), body.into())));
    let entry = recorded(&format!("{}/team/app", upstream.host()), "app", "", "1.0.0", &digest);
    let clone = Clone::new(&manifest(&mirror.host(), &[entry]));
    let run = Run::new(PROGRAM).dir(clone.path()).env("DOCKERHUB_USERNAME", "robot").env("DOCKERHUB_TOKEN", SECRET);
    let outcome = run.args(["--format", "json", "catalog", "site"]).output().expect_status(1);
    let published = ["index.html", "catalog.json", "catalog.md"].map(|name| read(clone.path(), name));
    for text in published.iter().chain([&outcome.said()]) {
        assert!(text.contains("not for") && !text.contains("hunter2"), "{text}");
    }
}
