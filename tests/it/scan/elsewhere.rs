//! Manifests elsewhere, jobs, code scanning, and who is asked.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::{FILE, PROGRAM, World, manifest, mixed};
use crate::support::github::{Access, Options, Permissions, TestGitHub, Who};
use crate::support::process::{Actions, Run};

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
        (format!("acme/images@main:../{FILE}"), 2, "it leads out of the repository"),
        (format!("acme/images@main:teams/../../../other/contents/{FILE}"), 2, "it leads out of the repository"),
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
