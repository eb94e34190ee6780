//! `scan` through the real program: trees of files, what is found in them, and what `--fix` writes.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use crate::support::github::{Access, Options, Permissions, TestGitHub, Who};
use crate::support::process::{Actions, Outcome, Run};

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
fn everything_that_is_not_approved_is_found_with_what_replaces_it() {
    let world = mixed();
    let found = world.json(&[], 1);
    insta::assert_snapshot!(lines(&found), @"");
    let first = &found["references"][0];
    assert_eq!(
        *first,
        json!({
            "file": "work/Dockerfile", "line": 1, "column": 6, "text": "grafana/loki:3.0.0",
            "image": "docker.io/grafana/loki", "tag": "3.0.0", "digest": null,
            "verdict": "not-mirrored", "replacement": loki("3.0.0"),
        })
    );
    let human = world.scan(&[]).expect_status(1);
    insta::assert_snapshot!(human.stdout);
    assert_eq!(human.stderr, "");
}

#[test]
fn exit_statuses_are_the_contracts() {
    let world = World::new();
    world.scan(&[]).expect_status(0);
    world.write("Dockerfile", "FROM acme/loki:3.1.0\nFROM python:3\n");
    world.scan(&[]).expect_status(0);
    // Words that are not resolved are named and change nothing.
    world.write("Dockerfile", "ARG BASE\nFROM $BASE\n");
    let found = world.json(&[], 0);
    assert_eq!(found["unresolved"].as_array().unwrap().len(), 1, "{found}");
    // What could not be judged is neither approved nor allowed.
    world.write("Dockerfile", "FROM bitnami/kafka\n");
    assert_eq!(world.json(&[], 1)["references"][0]["verdict"], "unknown");
    for (arguments, why) in [
        (&["nowhere"][..], "nowhere does not exist"),
        (&["work", "nowhere"], "nowhere does not exist"),
        (&["work", "--manifest", "other.yml"], "there is no other.yml"),
        (&[], "name what to scan"),
        (&["work", "--output", "x.json"], "--format json or --format sarif"),
    ] {
        let refused = world.run(arguments).output().expect_status(2);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
    }
    fs::write(world.directory.path().join(FILE), "organization: acme\nnonsense: 1\n").unwrap();
    world.scan(&[]).expect_status(2);
}

#[test]
fn files_are_listed_as_git_sees_them() {
    let world = World::new();
    for path in [
        "Dockerfile",
        ".hidden/Dockerfile",
        "build/Dockerfile",
        "build/keep/Dockerfile",
        "local/Dockerfile",
        "deep/er/Dockerfile",
        "deep/er/skip.Dockerfile",
        "ignored-by-tool/Dockerfile",
        ".git/Dockerfile",
    ] {
        world.write(path, "FROM grafana/loki:3.0.0\n");
    }
    world.write(".gitignore", "/build/\n").write("deep/.gitignore", "skip.*\n").write(".git/info/exclude", "local\n");
    world.write(".ignore", "ignored-by-tool\n").write(".git/HEAD", "ref: refs/heads/main\n");
    let files = |world: &World, path: &str| -> Vec<String> {
        let found = world.run(&[path, "--format", "json"]).output().expect_status(1).json();
        found["references"].as_array().unwrap().iter().map(|row| row["file"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        files(&world, "work"),
        ["work/.hidden/Dockerfile", "work/Dockerfile", "work/deep/er/Dockerfile", "work/ignored-by-tool/Dockerfile"]
    );
    // The rules above a path hold for it, and a file that is named is read all the same.
    assert_eq!(files(&world, "work/deep/er"), ["work/deep/er/Dockerfile"]);
    assert_eq!(files(&world, "work/build/Dockerfile"), ["work/build/Dockerfile"]);
    // Without a repository, the files named .gitignore hold too.
    fs::remove_dir_all(world.path(".git")).unwrap();
    assert_eq!(
        files(&world, "work/"),
        [
            "work/.hidden/Dockerfile",
            "work/Dockerfile",
            "work/deep/er/Dockerfile",
            "work/ignored-by-tool/Dockerfile",
            "work/local/Dockerfile"
        ]
    );
    // Paths that overlap are looked at once.
    let found = world.run(&["work", "work/deep", "work/Dockerfile", "--format", "json"]).output().json();
    assert_eq!(found["files"], 5, "{found}");
}

#[test]
fn what_is_left_is_named() {
    let world = World::new();
    world.write("Dockerfile", b"FROM grafana/loki:3.0.0\n\0").write("big.Dockerfile", vec![b'#'; 8 * 1024 * 1024 + 1]);
    world
        .write("notes.txt", "FROM grafana/loki:3.0.0\n")
        .write("notes.bin", b"\0")
        .write("locked/Dockerfile", "FROM a");
    let is_root = fs::read("/proc/1/mem").is_ok() || fs::File::open("/etc/shadow").is_ok();
    fs::set_permissions(world.path("locked/Dockerfile"), fs::Permissions::from_mode(0o000)).unwrap();
    let found = world.json(&[], i32::from(!is_root || cfg!(not(unix))).max(i32::from(is_root)));
    let why = |file: &str, key: &str, text: &str| {
        let rows = found[key].as_array().unwrap();
        let row =
            rows.iter().find(|row| row["file"] == format!("work/{file}")).unwrap_or_else(|| panic!("{file}: {found}"));
        assert!(row.to_string().contains(text), "{row}");
    };
    why("Dockerfile", "unresolved", "zero bytes");
    why("big.Dockerfile", "unresolved", "more than 8 MiB");
    if !is_root {
        why("locked/Dockerfile", "failed", "Permission denied");
    }
    // A file that is named is read whatever its name; what cannot be made of it is said.
    let found = world.run(&["work/notes.txt", "--format", "json"]).output().expect_status(0).json();
    assert!(found["unresolved"][0]["why"].as_str().unwrap().contains("tells a format"), "{found}");
}

#[test]
fn the_order_is_that_of_paths_and_places() {
    let world = World::new();
    for at in 0..200 {
        world.write(&format!("{}/{at}.Dockerfile", at % 7), "FROM grafana/loki:3.0.0\nFROM redis:6\n");
    }
    let first = world.scan(&["--format", "json"]).stdout;
    for _ in 0..3 {
        assert_eq!(world.scan(&["--format", "json"]).stdout, first);
    }
    let found: Value = serde_json::from_str(&first).unwrap();
    let places: Vec<(String, u64)> = found["references"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["file"].as_str().unwrap().to_owned(), row["line"].as_u64().unwrap()))
        .collect();
    assert!(places.is_sorted() && places.len() == 400);
}

#[test]
fn fix_replaces_what_it_can_and_a_second_run_finds_nothing_to_replace() {
    let world = mixed();
    let found = world.json(&["--fix"], 1);
    insta::assert_snapshot!(lines(&found), @"");
    insta::assert_snapshot!(world.read("Dockerfile"), @"");
    assert_eq!(world.read("README.md"), "FROM grafana/loki:3.0.0\n");
    let before = world.read("Dockerfile");
    let again = world.json(&["--fix"], 1);
    assert!(again["references"].as_array().unwrap().iter().all(|row| row["fixed"] == false), "{again}");
    assert!(again["references"].as_array().unwrap().iter().all(|row| row["replacement"].is_null()), "{again}");
    assert_eq!(world.read("Dockerfile"), before);
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
    assert!(told.contains("would change something else"), "{told}");
    assert_eq!(
        world.read("Dockerfile"),
        extended.replace("FROM grafana/loki:3.1.0", &format!("FROM {}", loki("3.1.0")))
    );
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
    insta::assert_snapshot!(lines(&found), @"");
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

/// In a namespace without a network, and with every host sent nowhere, a scan says the same.
#[test]
fn nothing_is_asked_of_anybody() {
    let world = mixed();
    let here = world.scan(&["--format", "json"]).expect_status(1);
    let hosts = ["docker.io", "hub.docker.com", "ghcr.io", "quay.io"].map(|host| format!("{host}=http://127.0.0.1:9"));
    let run = world.run(&["work", "--format", "json"]).env("WHARFINGER_HOSTS", hosts.join(","));
    assert_eq!(run.env("GITHUB_API_URL", "http://127.0.0.1:9").output(), here);
    let works = Command::new("unshare").args(["-rn", "true"]).status().is_ok_and(|status| status.success());
    if works {
        let run =
            Run::new("unshare").dir(world.directory.path()).args(["-rn", PROGRAM, "scan", "work", "--format", "json"]);
        assert_eq!(run.output(), here);
    }
}

#[test]
fn only_what_changed_since_a_commit_is_scanned() {
    let world = World::new();
    world.write("old/Dockerfile", "FROM grafana/loki:3.0.0\n").write("edited/Dockerfile", "FROM python:3\n");
    world.write("gone/Dockerfile", "FROM redis:6\n");
    world.git(&["init", "-q", "-b", "main"]);
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "one"]);
    world.git(&["checkout", "-qb", "work"]);
    world.write("committed/Dockerfile", "FROM grafana/loki:3.0.0\n");
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "two"]);
    world.git(&["checkout", "-q", "main"]);
    world.write("elsewhere/Dockerfile", "FROM grafana/loki:3.0.0\n");
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "three"]);
    world.git(&["checkout", "-q", "work"]);
    world.write("edited/Dockerfile", "FROM grafana/loki:3.1.0\n").write("new dir/é.Dockerfile", "FROM redis:6\n");
    fs::remove_file(world.path("gone/Dockerfile")).unwrap();
    let files = |found: &Value| -> Vec<String> {
        found["references"].as_array().unwrap().iter().map(|row| row["file"].as_str().unwrap().to_owned()).collect()
    };
    let found = world.json(&["--changed-since", "main"], 1);
    assert_eq!(files(&found), ["work/committed/Dockerfile", "work/edited/Dockerfile", "work/new dir/é.Dockerfile"]);
    assert_eq!(found["files"], 3);
    let found = world.run(&["work/edited", "--format", "json", "--changed-since", "HEAD"]).output().json();
    assert_eq!(files(&found), ["work/edited/Dockerfile"]);
    for (reference, why) in
        [("origin/main", "is no commit in this clone"), ("--help", "is no commit"), ("", "is no commit")]
    {
        let refused = world.scan(&[&format!("--changed-since={reference}")]).expect_status(2);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
    }
    world.git(&["checkout", "-q", "--orphan", "apart"]);
    world.git(&["commit", "-qm", "apart"]);
    let refused = world.scan(&["--changed-since", "main"]).expect_status(2);
    assert!(
        refused.stderr.contains("no commit in common") && refused.stderr.contains("fetch-depth: 0"),
        "{}",
        refused.stderr
    );
    let refused = world.run(&["work", "--changed-since", "main"]).env("PATH", "/nowhere").output().expect_status(2);
    assert!(refused.stderr.contains("git is not installed"), "{}", refused.stderr);
    fs::remove_dir_all(world.path(".git")).unwrap();
    let refused = world.scan(&["--changed-since", "main"]).expect_status(2);
    assert!(refused.stderr.contains("is not in a git repository"), "{}", refused.stderr);
}

/// GitHub with the manifest in two files, and what a token may do that can only read.
fn github() -> TestGitHub {
    let text = manifest();
    let (main, images) = text.split_once("images:\n").unwrap();
    let main = format!("{main}include: [teams/*.yml]\nimages: []\n");
    let may = Permissions { contents: Access::Read, ..Permissions::all(Access::None) };
    TestGitHub::start(Options {
        who: Who::Actions,
        may,
        files: vec![(FILE.to_owned(), main), ("teams/all.yml".to_owned(), format!("images:\n{images}"))],
        ..Options::default()
    })
}

#[test]
fn a_manifest_of_another_repository_is_read_with_a_token_that_can_only_read() {
    let (github, world) = (github(), mixed());
    let here = world.scan(&["--format", "json"]).expect_status(1);
    fs::remove_file(world.directory.path().join(FILE)).unwrap();
    let with = |manifest: &str, token: &str| {
        let run = world.run(&["work", "--format", "json", "--manifest", manifest]);
        let run = run.env("GITHUB_API_URL", github.api()).env("GITHUB_TOKEN", token);
        run.env("GITHUB_GRAPHQL_URL", github.graphql()).output()
    };
    let sha = github.branch("main").unwrap();
    for reference in ["main", "refs/heads/main", sha.as_str()] {
        assert_eq!(with(&format!("acme/images@{reference}:{FILE}"), github.token()), here, "{reference}");
    }
    assert!(github.writes().is_empty(), "{:?}", github.writes());
    for (manifest, status, why) in [
        (format!("acme/images@nope:{FILE}"), 2, "no such branch, tag or commit"),
        ("acme/images@main:other.yml".to_owned(), 2, "no other.yml is there"),
        (format!("acme/other@main:{FILE}"), 2, "`contents: read`"),
        ("acme/images@main:teams/all.yml".to_owned(), 2, "organization"),
    ] {
        let refused = with(&manifest, github.token()).expect_status(status);
        assert!(refused.said().contains(why), "{}", refused.said());
    }
    with(&format!("acme/images@main:{FILE}"), "ghs_wrong").expect_status(3);
    // What is public needs no token.
    github.with(|state| state.private = false);
    assert_eq!(with(&format!("acme/images@main:{FILE}"), ""), here);
    github.with(|state| state.private = true);
    let refused = with(&format!("acme/images@main:{FILE}"), "").expect_status(2);
    assert!(refused.stderr.contains("set GITHUB_TOKEN"), "{}", refused.stderr);
}

#[test]
fn a_job_gets_annotations_on_standard_error_and_a_summary() {
    let world = World::new();
    let many: String = (0..15).map(|at| format!("FROM grafana/loki:1.{at}\n")).collect();
    world.write("Dockerfile", format!("FROM bad/\u{1b}image\n{many}"));
    let actions = Actions::workflow_dispatch("acme/app");
    let workspace = actions.workspace();
    fs::copy(world.directory.path().join(FILE), workspace.join(FILE)).unwrap();
    fs::copy(world.path("Dockerfile"), workspace.join("Dockerfile")).unwrap();
    let run = Run::new(PROGRAM).actions(&actions).args(["scan", ".", "--format", "json"]);
    let outcome = run.output().expect_status(1);
    assert_eq!(outcome.json()["references"].as_array().unwrap().len(), 15);
    let annotations: Vec<&str> = outcome.stderr.lines().filter(|line| line.starts_with("::error")).collect();
    assert_eq!(annotations.len(), 10, "{}", outcome.stderr);
    assert!(
        annotations[0].starts_with(
            "::error file=Dockerfile,line=2,col=6,title=other-version::`grafana/loki:1.0` is not approved"
        ),
        "{}",
        annotations[0]
    );
    assert!(annotations[9].contains("6 more errors"), "{}", annotations[9]);
    assert!(actions.summary().contains("### Images that are not approved"), "{}", actions.summary());
    // As the action, the workspace is scanned.
    let actions = Actions::workflow_dispatch("acme/app").input("command", "scan --format json");
    fs::copy(world.directory.path().join(FILE), actions.workspace().join(FILE)).unwrap();
    fs::copy(world.path("Dockerfile"), actions.workspace().join("Dockerfile")).unwrap();
    let outcome = Run::new(PROGRAM).actions(&actions).output().expect_status(1);
    assert_eq!(outcome.json()["files"], 1);
    assert_eq!(actions.output("changed").as_deref(), Some("false"));
}

#[test]
fn code_scanning_gets_each_finding_with_its_fix() {
    let world = mixed();
    let sarif = world.scan(&["--format", "sarif"]).expect_status(1).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let verdicts: Vec<&str> = results.iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["revoked", "not-approved", "other-version", "not-mirrored", "not-mirrored", "unknown"]);
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let mut prints = std::collections::BTreeSet::new();
    for result in results {
        assert_eq!(rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()]["id"], result["ruleId"]);
        assert!(prints.insert(result["partialFingerprints"]["primaryLocationLineHash"].to_string()));
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&results[3]).unwrap());
    if let Some(path) = std::env::var_os("WHARFINGER_TEST_SARIF_SCHEMA") {
        let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        jsonschema::draft7::new(&schema).unwrap().validate(&sarif).map_err(|e| e.to_string()).unwrap();
    }
    // The document goes into a file, and the text for people to standard output.
    let told = world.scan(&["--format", "sarif", "--output", "scan.sarif"]).expect_status(1);
    assert!(told.stdout.contains("error[revoked]"), "{}", told.stdout);
    let written: Value =
        serde_json::from_str(&fs::read_to_string(world.directory.path().join("scan.sarif")).unwrap()).unwrap();
    assert_eq!(written, sarif);
    // What is not finished has no document: an empty one would close every alert.
    assert_eq!(world.run(&["nowhere", "--format", "sarif"]).output().expect_status(2).stdout, "");
}
