//! `import` as people use it: files, standard input, a running organization; what it prints is a manifest that works.

use serde_json::Value;
use wharfinger::internals::image::Digest;

use crate::support::clone::Clone;
use crate::support::hub::{Account, TestHub};
use crate::support::images::ImageSpec;
use crate::support::process::{Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const SECRET: &str = "hunter2canary";
const REGSYNC: &str = "version: 1\ncreds:\n  - registry: docker.io\n    user: jo\n    pass: hunter2canary\nsync:\n  \
    - source: ghcr.io/grafana/loki\n    target: docker.io/acme/loki\n    type: repository\n    tags:\n      semverRange: [\"~3.1\"]\n";

/// A directory, and the program in it.
struct Directory(tempfile::TempDir);

impl Directory {
    fn with(files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(directory.path().join(name), text).unwrap();
        }
        Self(directory)
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::new(PROGRAM).dir(self.0.path()).args(arguments)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).unwrap()
    }
}

fn stated(outcome: &Outcome) -> String {
    format!("{}{}", outcome.stdout, outcome.stderr)
}

#[test]
fn a_configuration_is_printed_as_a_manifest_that_picks_what_it_copied() {
    let directory = Directory::with(&[("regsync.yml", REGSYNC)]);
    let printed = directory.run(&["import", "regsync", "regsync.yml"]).output().expect_status(1);
    assert!(printed.stderr.contains("regsync.yml:3:5: creds of docker.io: "), "{}", printed.stderr);
    assert!(!stated(&printed).contains(SECRET));
    // With what is left out mended, nothing is left to say.
    let rest = REGSYNC.replace("creds:\n  - registry: docker.io\n    user: jo\n    pass: hunter2canary\n", "");
    let clean = directory.run(&["import", "regsync", "-"]).stdin(&rest).output().expect_status(0);
    assert_eq!((clean.stdout.as_str(), clean.stderr.as_str()), (printed.stdout.as_str(), ""));
    // The manifest works: it proposes the versions that regsync copies, and no other.
    let upstream = TestRegistry::start();
    for (seed, tag) in ["3.0.0", "3.1.0", "3.1.1", "3.2.0", "latest"].iter().enumerate() {
        upstream.put_image("grafana/loki", tag, &ImageSpec::new(seed as u64).build());
    }
    let manifest = clean.stdout.replace("images:\n", "defaults: { cooldown: 0s }\nimages:\n");
    let clone = Clone::with(&[("approved-images.yml", &manifest)]);
    let hosts = format!("ghcr.io={}", upstream.url());
    let plan = clone.run(PROGRAM, &hosts, &["plan", "--format", "json"]).output().expect_status(0).json();
    let images = plan["proposals"].as_array().unwrap().iter().flat_map(|one| one["images"].as_array().unwrap());
    let mut to: Vec<&str> = images.map(|image| image["to"].as_str().unwrap()).collect();
    to.sort_unstable();
    assert_eq!(to, ["3.1.0", "3.1.1"]);
}

#[test]
fn json_holds_the_manifest_and_what_was_left() {
    let directory = Directory::with(&[("regsync.yml", REGSYNC)]);
    let run = directory.run(&["import", "regsync", "regsync.yml", "--format", "json"]).output().expect_status(1);
    let json = run.json();
    assert_eq!((&json["version"], &json["images"]), (&Value::from(1), &Value::from(1)));
    assert_eq!((&json["left"][0]["file"], &json["left"][0]["line"]), (&"regsync.yml".into(), &Value::from(3)));
    assert!(json["manifest"].as_str().unwrap().contains("organization: acme"), "{json}");
    assert!(!stated(&run).contains(SECRET));
}

#[test]
fn no_file_is_overwritten() {
    let directory = Directory::with(&[("regsync.yml", REGSYNC), ("approved-images.yml", "organization: ours\n")]);
    let import = |output: &str| directory.run(&["import", "regsync", "regsync.yml", "--output", output]).output();
    let refused = import("approved-images.yml").expect_status(2);
    assert!(refused.stderr.contains("approved-images.yml cannot be written"), "{}", refused.stderr);
    assert_eq!(directory.read("approved-images.yml"), "organization: ours\n");
    let written = import("new.yml").expect_status(1);
    assert_eq!(written.stdout, "wrote new.yml with 1 image\n");
    assert_eq!(directory.read("new.yml"), directory.run(&["import", "regsync", "regsync.yml"]).output().stdout);
    import("nowhere/new.yml").expect_status(2);
}

#[test]
fn what_cannot_be_read_is_said() {
    let directory = Directory::with(&[("broken.yml", "sync: [\n"), ("other.yml", "images: {}\n"), ("bytes", "")]);
    std::fs::write(directory.0.path().join("bytes"), [0xff, 0xfe, 0x00]).unwrap();
    let said = |arguments: &[&str]| directory.run(&[&["import"], arguments].concat()).output().expect_status(2).stderr;
    for (arguments, expected) in [
        (&["regsync", "missing.yml"][..], "missing.yml cannot be read"),
        (&["regsync", "broken.yml"], "broken.yml: line 1, column 7: not valid YAML"),
        (&["regsync", "other.yml"], "it has no list `sync`"),
        (&["regsync", "bytes"], "bytes cannot be read"),
        (&["skopeo", "other.yml"], "no registry with `images`"),
        (&["docker", "other.yml"], "regsync, skopeo"),
        (&["regsync", "other.yml", "--sources", "x"], "only works with `import hub`"),
    ] {
        let said = said(arguments);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}

/// An organization that was run by hand: two images, one of them public, and one repository of its own.
#[test]
fn a_running_organization_is_taken_over_without_a_write() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let hub = TestHub::start(vec![Account::personal("jo", SECRET, &["acme"])]);
    hub.link(&mirror);
    let hosts = format!("docker.io={},hub.docker.com={},ghcr.io={}", mirror.url(), hub.url(), upstream.url());
    let member =
        |run: Run| run.env("DOCKERHUB_USERNAME", "jo").env("DOCKERHUB_TOKEN", SECRET).env("WHARFINGER_HOSTS", &hosts);
    let image = |seed: u64, name: &str, tag: &str| -> Digest {
        let image = ImageSpec::new(seed).build();
        upstream.put_image(name, tag, &image)
    };
    let digests = [
        image(1, "grafana/loki", "3.0.0"),
        image(2, "grafana/loki", "3.1.0"),
        image(3, "vendor/redis", "7.2.5-alpine"),
    ];
    // By hand, as promotion would do it, and then without its manifest.
    let manifest = format!(
        "organization: acme\nimages:\n  - source: ghcr.io/grafana/loki\n    approved:\n      - {{ tag: 3.0.0, digest: \"{}\" }}\n      \
         - {{ tag: 3.1.0, digest: \"{}\" }}\n  - source: ghcr.io/vendor/redis\n    visibility: public\n    variant: alpine\n    approved:\n      \
         - {{ tag: 7.2.5-alpine, digest: \"{}\" }}\n",
        digests[0], digests[1], digests[2]
    );
    let before = Clone::with(&[("approved-images.yml", &manifest)]);
    member(before.run(PROGRAM, &hosts, &["promote"])).output().expect_status(0);
    let directory = Directory::with(&[("sources.txt", "loki ghcr.io/grafana/loki\nredis ghcr.io/vendor/redis\n")]);
    let without = directory.run(&["import", "hub", "acme"]).env("WHARFINGER_HOSTS", &hosts).output().expect_status(3);
    assert!(without.stderr.contains("DOCKERHUB_TOKEN"), "{}", without.stderr);
    let writes = hub.writes();
    let all = member(directory.run(&["import", "hub", "acme"])).output().expect_status(1);
    assert!(all.stderr.contains("acme/loki: no source is named for it"), "{}", all.stderr);
    let imported =
        member(directory.run(&["import", "hub", "acme", "--sources", "sources.txt"])).output().expect_status(0);
    for digest in &digests {
        assert_eq!(imported.stdout.matches(digest.as_str()).count(), 2, "digest and mirrored:\n{}", imported.stdout);
    }
    assert_eq!(imported.stdout.matches("adopt: true").count(), 2, "{}", imported.stdout);
    assert_eq!(imported.stdout.matches("visibility: public").count(), 1, "{}", imported.stdout);
    assert_eq!(hub.writes(), writes, "only listed");
    // What it says is so: nothing is left to promote, and no repository changes.
    let after = Clone::with(&[("approved-images.yml", &imported.stdout)]);
    let promoted =
        member(after.run(PROGRAM, &hosts, &["promote", "--format", "json"])).output().expect_status(0).json();
    assert_eq!(promoted["promoted"].as_array().unwrap().len(), 0, "{promoted}");
    assert!(hub.repository("acme", "redis").is_some());
    let nobody = member(directory.run(&["import", "hub", "nobody"])).output().expect_status(3);
    assert!(nobody.stderr.contains("lists no repository of nobody"), "{}", nobody.stderr);
    hub.check_traffic();
}
