//! What a newcomer encounters: no manifest yet, a mistake in it, another release, a first run under a cooldown.

use std::path::Path;

use crate::promote::{Clone, manifest};
use crate::support::images::ImageSpec;
use crate::support::process::Run;
use crate::support::registry::TestRegistry;

fn wharfinger(directory: &Path) -> Run {
    Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(directory)
}

fn write(directory: &Path, name: &str, text: &str) {
    std::fs::create_dir_all(directory.join(name).parent().unwrap()).unwrap();
    std::fs::write(directory.join(name), text).unwrap();
}

#[test]
fn without_a_manifest_the_lines_to_begin_with_are_printed_and_can_be_used() {
    let directory = tempfile::tempdir().unwrap();
    let told = wharfinger(directory.path()).arg("plan").output().expect_status(2).stderr;
    insta::assert_snapshot!(told.replace(&directory.path().display().to_string(), "DIRECTORY"), @r#"
    error: there is no approved-images.yml in DIRECTORY; to start with, write this (`wharfinger schema` describes every key, `--manifest` selects another file):

    organization: YOUR-ORGANIZATION
    sources: [docker.io]
    images:
      - source: grafana/loki
        versions: ">=3"
    "#);
    let lines: Vec<&str> = told.lines().skip_while(|line| !line.starts_with("organization:")).take(5).collect();
    write(directory.path(), "approved-images.yml", &lines.join("\n").replace("YOUR-ORGANIZATION", "acme"));
    wharfinger(directory.path()).args(["doctor", "--hosts"]).output().expect_status(0);
}

#[test]
fn a_manifest_of_almost_that_name_and_one_above_are_named() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "approved-images.yaml", "organization: acme\nimages: []\n");
    write(directory.path(), "docker-compose.yml", "");
    let told = wharfinger(directory.path()).arg("plan").output().expect_status(2).stderr;
    assert!(told.contains("there is approved-images.yaml") && !told.contains("to start with"), "{told}");
    std::fs::rename(directory.path().join("approved-images.yaml"), directory.path().join("approved-images.yml"))
        .unwrap();
    let below = directory.path().join("teams/a");
    std::fs::create_dir_all(&below).unwrap();
    let told = wharfinger(&below).arg("plan").output().expect_status(2).stderr;
    let place = |path: &Path| path.display().to_string();
    assert!(told.contains(&format!("there is no approved-images.yml in {}", place(&below))), "{told}");
    assert!(told.contains(&format!("{} has one", place(directory.path()))), "{told}");
}

#[test]
fn from_a_subdirectory_of_a_clone_the_path_that_was_looked_for_is_named() {
    let clone = Clone::new("organization: acme\nimages: []\n");
    let below = clone.path().join("teams/a");
    std::fs::create_dir_all(&below).unwrap();
    let told = wharfinger(&below).args(["--forge", "git", "propose"]).output().expect_status(2).stderr;
    assert!(told.contains("there is no teams/a/approved-images.yml on main at"), "{told}");
    assert!(told.contains(&format!("{} has one: run the command there", clone.path().display())), "{told}");
}

#[test]
fn another_release_says_so_and_nothing_else() {
    let text = |asked: &str| format!("organization: acme\nrequired-version: \"{asked}\"\nof-tomorrow: 1\nimages: []\n");
    let clone = Clone::new(&text(">=99.1"));
    for args in [&["plan"][..], &["--forge", "git", "propose"], &["--forge", "git", "promote"]] {
        let told = wharfinger(clone.path()).args(args).output().expect_status(2).stderr;
        assert_eq!(told.matches("error[").count(), 1, "{told}");
        assert!(told.contains("which is older than this manifest requires: >=99.1"), "{told}");
    }
    write(clone.path(), "approved-images.yml", &text("<0.0.1"));
    let told = wharfinger(clone.path()).arg("plan").output().expect_status(2).stderr;
    assert!(told.contains("which is newer than this manifest requires: <0.0.1"), "{told}");
    write(clone.path(), "approved-images.yml", "organization: acme\nrequired-version: \">=0.1\"\nimages: []\n");
    wharfinger(clone.path()).arg("plan").output().expect_status(0);
}

#[test]
fn a_proposal_is_printed_with_its_title_and_version() {
    let registry = TestRegistry::start();
    ImageSpec::new(1).layers(1, 100).build().put(&registry, "up/tool", "1.2.3");
    let image = format!("  - source: {}/up/tool\n    cooldown: 0s\n", registry.host());
    let clone = Clone::new(&manifest(&registry.host(), &[image]));
    let propose = || wharfinger(clone.path()).args(["--forge", "git", "propose"]).output().expect_status(0).stdout;
    for action in ["opened", "unchanged"] {
        let text = propose();
        assert!(text.contains(action) && text.contains("up/tool 1.2.3"), "{text}");
    }
}

#[test]
fn the_first_run_under_a_cooldown_explains_once_why_nothing_is_proposed() {
    let registry = TestRegistry::start();
    ImageSpec::new(1).layers(1, 100).build().put(&registry, "up/tool", "1.2.3");
    let clone = Clone::new(&manifest(&registry.host(), &[format!("  - source: {}/up/tool\n", registry.host())]));
    let run =
        |args: &[&str]| wharfinger(clone.path()).args(["--forge", "git"]).args(args).output().expect_status(0).stdout;
    let explained = |text: &str| {
        let text = text.replace('\n', " ");
        text.contains("Nothing is proposed yet") && text.contains("approve IMAGE --urgent")
    };
    assert!(explained(&run(&["plan"])) && explained(&run(&["propose", "--dry-run"])));
    let first = run(&["propose"]).replace('\n', " ");
    assert!(explained(&first.split_whitespace().collect::<Vec<_>>().join(" ")), "{first}");
    assert!(!explained(&run(&["propose"]).split_whitespace().collect::<Vec<_>>().join(" ")));
}

#[test]
fn a_plan_with_nothing_in_it_says_so() {
    let clone = Clone::new("organization: acme\nregistry: oci:out\nimages: []\n");
    for args in
        [&["plan"][..], &["--forge", "git", "promote", "--dry-run"], &["--forge", "git", "propose", "--dry-run"]]
    {
        let text = wharfinger(clone.path()).args(args).output().expect_status(0).stdout;
        assert_eq!(text, "nothing to propose and nothing to promote\n", "{args:?}");
    }
    let done = wharfinger(clone.path()).args(["--forge", "git", "promote"]).output().expect_status(0).stdout;
    assert_eq!(done, "nothing to do: everything matches the manifest\n");
}

#[test]
fn options_that_would_be_ignored_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "approved-images.yml", "organization: acme\nimages: []\n");
    for args in [
        &["audit", "--dry-run"][..],
        &["verify-access", "--username", "al", "--refused", "bitnami/redis"],
        &["-v", "--log-level", "error", "plan"],
        &["audit", "--output", "x.json"],
    ] {
        let told = wharfinger(directory.path()).args(args).output().expect_status(2);
        assert!(told.stdout.is_empty() && told.stderr.contains("error: "), "{told:?}");
    }
    let script = wharfinger(directory.path()).args(["--format", "json", "completions", "bash"]).output();
    let script = script.expect_status(0).json();
    assert!(script["shell"] == "bash" && script["script"].as_str().unwrap().contains("wharfinger"), "{script}");
}
