//! What a scan finds, in which files, and how it ends.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::{FILE, World, lines, loki, mixed};

#[test]
fn everything_that_is_not_approved_is_found_with_what_replaces_it() {
    let world = mixed();
    let found = world.json(&[], 1);
    insta::assert_snapshot!(lines(&found), @r#"
    work/Dockerfile:1:6 grafana/loki:3.0.0 not-mirrored acme/loki:3.0.0
    work/Dockerfile:2:6 acme/loki:3.1.0 approved -
    work/Dockerfile:3:29 redis:6 other-version acme/redis:7.2
    work/Dockerfile:4:6 python:3.13 allowed -
    work/Dockerfile:5:6 bitnami/kafka unknown -
    work/Dockerfile:6:6 ghcr.io/a/b:1 not-approved -
    work/Dockerfile:7:6 grafana/loki:2.9.0 revoked acme/loki:3.1.0
    work/Dockerfile:9:6 acme/own allowed -
    work/services/api/Dockerfile.prod:3:6 quay.io/minio/minio:1.0 not-mirrored -
    work/services/api/Dockerfile.prod:2 "${BASE}" the argument `BASE` has no default
    files: 2
    "#);
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
    let is_root = fs::File::open("/etc/shadow").is_ok();
    fs::set_permissions(world.path("locked/Dockerfile"), fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads it.
    let found = world.json(&[], i32::from(!is_root));
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
