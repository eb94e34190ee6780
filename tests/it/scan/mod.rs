//! `scan` through the real program: trees of files, what is found in them, and what `--fix` writes.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use crate::support::process::{Outcome, Run};

mod disturbed;
mod elsewhere;
mod found;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";

/// The digest that stands for a name.
fn digest(name: &str) -> Digest {
    Digest::sha256(name.as_bytes())
}

/// What the tests approve: loki 3.0.0 and 3.1.0 are promoted, 3.2.0 is not, 2.9.0 was revoked; redis 7.2 is filtered.
fn manifest() -> String {
    let approved = |tag: &str, name: &str, mirrored: &str| {
        format!("      - {{ tag: \"{tag}\", digest: \"{}\", mirrored: \"{}\" }}\n", digest(name), digest(mirrored))
    };
    format!(
        "organization: acme\npolicy:\n  image-access: {{ enabled: true, official: allowed, verified-publisher: allowed, community: restricted }}\n\
         images:\n  - source: grafana/loki\n    approved:\n{}{}      - {{ tag: 3.2.0, digest: \"{}\" }}\n    revoked:\n      - {{ tag: 2.9.0, digest: \"{}\", reason: CVE-2027-1 }}\n\
         \x20 - source: redis\n    platforms: [linux/amd64]\n    approved:\n{}  - source: quay.io/minio/minio\n    approved: [{{ tag: \"1.0\", digest: \"{}\" }}]\n",
        approved("3.0.0", "loki 3.0.0", "loki 3.0.0"),
        approved("3.1.0", "loki 3.1.0", "loki 3.1.0"),
        digest("loki 3.2.0"),
        digest("loki 2.9.0"),
        approved("7.2", "redis 7.2", "redis 7.2 amd64"),
        digest("minio"),
    )
}

/// The mirror's reference with its digest.
fn loki(version: &str) -> String {
    format!("acme/loki:{version}@{}", digest(&format!("loki {version}")))
}

/// A directory with a manifest and a tree `work` to scan.
pub(crate) struct World {
    directory: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self { directory: tempfile::tempdir().unwrap() };
        fs::write(world.directory.path().join(FILE), manifest()).unwrap();
        fs::create_dir(world.path("")).unwrap();
        world
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.directory.path().join("work").join(below)
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::new(PROGRAM).dir(self.directory.path()).arg("scan").args(arguments)
    }

    fn scan(&self, arguments: &[&str]) -> Outcome {
        self.run(&[&["work"], arguments].concat()).output()
    }

    fn json(&self, arguments: &[&str], status: i32) -> Value {
        let found = self.scan(&[&["--format", "json"], arguments].concat()).expect_status(status).json();
        check_schema(&found);
        found
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.path("")).args([
            "-c",
            "user.name=jo",
            "-c",
            "user.email=jo@example.org",
            "-c",
            "commit.gpgSign=false",
        ]);
        let done = git.args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[track_caller]
fn check_schema(found: &Value) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/output.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap().validate(found).map_err(|e| e.to_string()).unwrap();
    let keys: Vec<&String> = found.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["version", "references", "unresolved", "failed", "files"]);
}

/// The references, one per line: place, text, verdict, replacement without its digest.
fn lines(found: &Value) -> String {
    let mut out = String::new();
    for row in found["references"].as_array().unwrap() {
        let text = |key: &str| row[key].as_str().unwrap_or("-");
        let replacement = text("replacement").split('@').next().unwrap();
        let place = format!("{}:{}:{}", text("file"), row["line"], row["column"]);
        let fixed = row["fixed"].as_bool().map_or(String::new(), |fixed| format!(" fixed: {fixed}"));
        let _ = writeln!(out, "{place} {} {} {replacement}{fixed}", text("text"), text("verdict"));
    }
    for row in found["unresolved"].as_array().unwrap() {
        let text = |key: &str| row[key].as_str().unwrap();
        let _ = writeln!(out, "{}:{} {:?} {}", text("file"), row["line"], text("text"), text("why"));
    }
    for row in found["failed"].as_array().unwrap() {
        let _ = writeln!(out, "failed {}: {}", row["file"].as_str().unwrap(), row["error"].as_str().unwrap());
    }
    let _ = writeln!(out, "files: {}", found["files"]);
    out
}

/// A tree with one of everything.
fn mixed() -> World {
    let world = World::new();
    world.write(
        "Dockerfile",
        "FROM grafana/loki:3.0.0 AS a\nFROM acme/loki:3.1.0\nFROM --platform=linux/amd64 redis:6\nFROM python:3.13\nFROM bitnami/kafka\nFROM ghcr.io/a/b:1\nFROM grafana/loki:2.9.0\nFROM a\nFROM acme/own\n",
    );
    world.write("services/api/Dockerfile.prod", "ARG BASE\nFROM ${BASE}\nFROM quay.io/minio/minio:1.0\n");
    world.write("README.md", "FROM grafana/loki:3.0.0\n");
    world
}

#[test]
fn fix_replaces_what_it_can_and_a_second_run_finds_nothing_to_replace() {
    let world = mixed();
    let before = world.read("Dockerfile");
    let found = world.json(&["--fix"], 1);
    insta::assert_snapshot!(lines(&found), @r#"
    work/Dockerfile:1:6 grafana/loki:3.0.0 not-mirrored acme/loki:3.0.0 fixed: true
    work/Dockerfile:2:6 acme/loki:3.1.0 approved - fixed: false
    work/Dockerfile:3:29 redis:6 other-version acme/redis:7.2 fixed: true
    work/Dockerfile:4:6 python:3.13 allowed - fixed: false
    work/Dockerfile:5:6 bitnami/kafka unknown - fixed: false
    work/Dockerfile:6:6 ghcr.io/a/b:1 not-approved - fixed: false
    work/Dockerfile:7:6 grafana/loki:2.9.0 revoked acme/loki:3.1.0 fixed: true
    work/Dockerfile:9:6 acme/own allowed - fixed: false
    work/services/api/Dockerfile.prod:3:6 quay.io/minio/minio:1.0 not-mirrored - fixed: false
    work/services/api/Dockerfile.prod:2 "${BASE}" the argument `BASE` has no default
    files: 2
    "#);
    let redis = format!("acme/redis:7.2@{}", digest("redis 7.2 amd64"));
    let expected = before.replace("grafana/loki:3.0.0", &loki("3.0.0")).replace("redis:6", &redis);
    assert_eq!(world.read("Dockerfile"), expected.replace("grafana/loki:2.9.0", &loki("3.1.0")));
    assert_eq!(world.read("README.md"), "FROM grafana/loki:3.0.0\n");
    let after = world.read("Dockerfile");
    let again = world.json(&["--fix"], 1);
    assert!(again["references"].as_array().unwrap().iter().all(|row| row["fixed"] == false), "{again}");
    assert!(again["references"].as_array().unwrap().iter().all(|row| row["replacement"].is_null()), "{again}");
    assert_eq!(world.read("Dockerfile"), after);
    // Where all of it was replaced, the run is clean.
    let world = World::new();
    world.write("Dockerfile", "FROM grafana/loki:9 AS a\n");
    let done = world.scan(&["--fix"]).expect_status(0);
    insta::assert_snapshot!(done.stdout);
    world.scan(&[]).expect_status(0);
}

#[test]
fn fix_keeps_every_other_byte() {
    let world = World::new();
    let text = |image: &str| {
        [
            b"\xef\xbb\xbf# caf\xe9 \xff\r\nFROM   ".to_vec(),
            image.as_bytes().to_vec(),
            b"\t as x\r\nRUN \\\r\n  echo \xe9\r\nfrom x".to_vec(),
        ]
        .concat()
    };
    world.write("Dockerfile", text("grafana/loki:3.0.0"));
    fs::set_permissions(world.path("Dockerfile"), fs::Permissions::from_mode(0o755)).unwrap();
    let found = world.json(&["--fix"], 0);
    assert_eq!(found["references"][0]["fixed"], true, "{found}");
    assert_eq!(
        (found["references"][0]["line"].as_u64(), found["references"][0]["column"].as_u64()),
        (Some(2), Some(8))
    );
    assert_eq!(fs::read(world.path("Dockerfile")).unwrap(), text(&loki("3.0.0")));
    assert_eq!(fs::metadata(world.path("Dockerfile")).unwrap().permissions().mode() & 0o7777, 0o755);
    let names: Vec<_> = fs::read_dir(world.path("")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["Dockerfile"]);
}

#[test]
fn what_is_put_together_from_several_places_is_left_and_named() {
    let world = World::new();
    let text = "ARG TAG=3.0.0\nFROM grafana/loki:${TAG}\nARG IMAGE=grafana/loki:3.0.0\nFROM $IMAGE\n";
    world.write("Dockerfile", text);
    let found = world.json(&["--fix"], 1);
    assert_eq!(found["references"][0]["fixed"], false, "{found}");
    let told = world.scan(&["--fix"]).expect_status(1).stdout;
    assert!(told.contains("put together from several places"), "{told}");
    assert!(world.read("Dockerfile").starts_with("ARG TAG=3.0.0\nFROM grafana/loki:${TAG}\n"));
    // A default that several places use is replaced once, and not where one of them adds to it.
    let shared = "ARG IMAGE=grafana/loki:3.0.0\nFROM $IMAGE\nFROM ${IMAGE}\n";
    world.write("Dockerfile", shared);
    assert_eq!(world.json(&["--fix"], 0)["references"].as_array().unwrap().len(), 2);
    assert_eq!(world.read("Dockerfile"), shared.replace("grafana/loki:3.0.0", &loki("3.0.0")));
    let extended = "ARG IMAGE=grafana/loki:3.0.0\nFROM $IMAGE\nFROM ${IMAGE}-debug\nFROM grafana/loki:3.1.0\n";
    world.write("Dockerfile", extended);
    let told = world.scan(&["--fix"]).expect_status(1).stdout;
    assert!(told.contains("put together from several places"), "{told}");
    assert_eq!(
        world.read("Dockerfile"),
        extended.replace("FROM grafana/loki:3.1.0", &format!("FROM {}", loki("3.1.0")))
    );
}

/// One file of each format, with what is approved upstream, and what it is after `--fix`.
#[test]
fn every_format_is_rewritten_in_its_own_way() {
    let files = [
        ("Dockerfile", "FROM grafana/loki:3.0.0\nCOPY --from=grafana/loki:3.1.0 /a /b\n"),
        (
            "compose.yaml",
            "services:\n  logs:\n    image: 'grafana/loki:3.0.0' # pinned\n  cache:\n    image: ${CACHE:-redis:7.2}\n",
        ),
        (
            "k8s/pod.yaml",
            "apiVersion: v1\nkind: Pod\nspec:\n  initContainers:\n    - { name: a, image: \"grafana/loki:3.0.0\" }\n  containers:\n    - name: b\n      image: grafana/loki:3.1.0\n---\napiVersion: v1\nkind: ConfigMap\ndata: { image: grafana/loki:3.0.0 }\n",
        ),
        (
            "chart/values.yaml",
            "image:\n  repository: grafana/loki\n  tag: 3.0.0\n  pullPolicy: Always\nsidecar:\n  image: grafana/loki:3.1.0\n",
        ),
        ("overlay/kustomization.yaml", "images:\n  - name: grafana/loki\n    newTag: 3.0.0\n"),
        (
            ".github/workflows/ci.yml",
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    container: grafana/loki:3.0.0\n    services:\n      cache: { image: redis:7.2 }\n    steps:\n      - uses: docker://grafana/loki:3.1.0\n",
        ),
        (".gitlab-ci.yml", "variables:\n  IMAGE: grafana/loki:3.0.0\ntest:\n  image: $IMAGE\n  script: [\"true\"]\n"),
        ("docker-bake.hcl", "target \"a\" {\n  contexts = { base = \"docker-image://grafana/loki:3.0.0\" }\n}\n"),
        (".devcontainer/devcontainer.json", "{\n  // tools\n  \"image\": \"grafana/loki:3.0.0\",\n}\n"),
    ];
    let world = World::new();
    for (path, text) in files {
        world.write(path, text);
    }
    let found = world.json(&["--fix"], 0);
    assert_eq!(found["files"], files.len(), "{found}");
    let after: String = files.iter().map(|(path, _)| format!("== {path}\n{}", world.read(path))).collect();
    let short = |text: String, name: &str| text.replace(&digest(name).to_string(), &format!("<{name}>"));
    let after = ["loki 3.0.0", "loki 3.1.0", "redis 7.2 amd64"].into_iter().fold(after, short);
    insta::assert_snapshot!(after);
    let again = world.json(&["--fix"], 0);
    assert!(again["references"].as_array().unwrap().iter().all(|row| row["verdict"] == "approved"), "{again}");
    // What is no text in UTF-8 elsewhere in a file stays as it is.
    let latin = b"services:\n  logs: # caf\xe9\n    image: grafana/loki:3.0.0\n";
    world.write("compose.yaml", latin);
    world.json(&["--fix"], 0);
    let expected = String::from_utf8_lossy(latin).replace("grafana/loki:3.0.0", &loki("3.0.0"));
    let written = fs::read(world.path("compose.yaml")).unwrap();
    assert_eq!(String::from_utf8_lossy(&written), expected);
    assert!(written.contains(&0xe9));
}

/// Whatever a tree links to, only what is in it is written.
#[test]
fn nothing_is_read_or_written_through_a_link() {
    let world = World::new();
    let outside = tempfile::tempdir().unwrap();
    let text = "FROM grafana/loki:3.0.0\n";
    fs::create_dir(outside.path().join("below")).unwrap();
    for path in ["Dockerfile", "below/Dockerfile", "hard"] {
        fs::write(outside.path().join(path), text).unwrap();
    }
    world.write("real/Dockerfile", text).write("real/image.text", text);
    symlink(outside.path().join("Dockerfile"), world.path("Dockerfile")).unwrap();
    symlink(outside.path().join("below"), world.path("linked")).unwrap();
    symlink("real", world.path("inside")).unwrap();
    symlink("real/Dockerfile", world.path("Dockerfile.inside")).unwrap();
    symlink("real/image.text", world.path("Dockerfile.text")).unwrap();
    symlink("nowhere", world.path("Dockerfile.broken")).unwrap();
    symlink(".", world.path("loop")).unwrap();
    // Another name of a file outside: only this name gets the new contents.
    fs::create_dir(world.path("hard")).unwrap();
    fs::hard_link(outside.path().join("hard"), world.path("hard/Dockerfile")).unwrap();
    let found = world.json(&["--fix"], 0);
    insta::assert_snapshot!(lines(&found), @r#"
    work/hard/Dockerfile:1:6 grafana/loki:3.0.0 not-mirrored acme/loki:3.0.0 fixed: true
    work/real/Dockerfile:1:6 grafana/loki:3.0.0 not-mirrored acme/loki:3.0.0 fixed: true
    work/Dockerfile:1 "" a link that leads out of the paths that are looked at, which is not followed
    work/Dockerfile.text:1 "" a link to work/real/image.text, whose name tells no format: scan that file by its path
    work/linked:1 "" a link that leads out of the paths that are looked at, which is not followed
    files: 2
    "#);
    for path in ["Dockerfile", "below/Dockerfile", "hard"] {
        assert_eq!(fs::read_to_string(outside.path().join(path)).unwrap(), text, "{path}");
    }
    for path in ["real/Dockerfile", "hard/Dockerfile"] {
        assert_eq!(world.read(path), format!("FROM {}\n", loki("3.0.0")), "{path}");
    }
    assert_eq!(world.read("real/image.text"), text);
    for link in ["Dockerfile", "linked", "inside", "Dockerfile.inside"] {
        assert!(world.path(link).is_symlink(), "{link}");
    }
    // Nor where the link itself is named, as `scan *` does.
    for link in ["work/Dockerfile", "work/linked", "./work/linked/Dockerfile"] {
        let found = world.run(&[link, "--fix", "--format", "json"]).output().expect_status(0).json();
        assert!(
            found["unresolved"][0]["why"].as_str().unwrap().contains("leads out of the working directory"),
            "{found}"
        );
    }
    assert_eq!(fs::read_to_string(outside.path().join("below/Dockerfile")).unwrap(), text);
    let target = outside.path().join("below").display().to_string();
    assert_eq!(world.run(&[&target, "--format", "json"]).output().expect_status(1).json()["files"], 1);
}

#[test]
fn a_read_only_file_is_named_and_left() {
    let world = World::new();
    world.write("Dockerfile", "FROM grafana/loki:3.0.0\n").write("a/Dockerfile", "FROM grafana/loki:3.0.0\n");
    fs::set_permissions(world.path("Dockerfile"), fs::Permissions::from_mode(0o444)).unwrap();
    let found = world.json(&["--fix"], 1);
    assert_eq!(found["failed"], json!([{ "file": "work/Dockerfile", "error": "it is read-only" }]));
    assert_eq!(world.read("Dockerfile"), "FROM grafana/loki:3.0.0\n");
    assert_eq!(world.read("a/Dockerfile"), format!("FROM {}\n", loki("3.0.0")));
}
