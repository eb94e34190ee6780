//! `init` as people use it: with flags, with questions on a terminal, and where files exist.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::process::Run;
use crate::support::servers::missing;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const MANIFEST: &str = "approved-images.yml";
const WORKFLOW: &str = ".github/workflows/wharfinger.yml";
const OWNERS: &str = ".github/CODEOWNERS";
const EXAMPLE: &str = include_str!("../../examples/workflows/wharfinger.yml");

fn init(directory: &Path, arguments: &[&str]) -> Run {
    Run::new(PROGRAM).dir(directory).arg("init").args(arguments)
}

fn read(directory: &Path, name: &str) -> String {
    std::fs::read_to_string(directory.join(name)).unwrap()
}

/// A repository whose origin is at GitHub.
fn clone() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for arguments in [&["init", "--quiet"][..], &["remote", "add", "origin", "git@github.com:acme/images.git"]] {
        assert!(Command::new("git").args(arguments).current_dir(directory.path()).status().unwrap().success());
    }
    directory
}

fn names(value: &serde_json::Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

#[test]
fn flags_write_a_manifest_that_passes_check_the_workflow_and_code_owners() {
    let clone = clone();
    let flags = ["--organization", "acme", "--source", "grafana/loki ^3", "--owner", "@acme/platform"];
    let json = init(clone.path(), &flags).args(["--format", "json"]).output().expect_status(0).json();
    assert_eq!(names(&json["written"]), [MANIFEST, WORKFLOW, OWNERS]);
    assert_eq!(read(clone.path(), WORKFLOW), EXAMPLE);
    assert_eq!(
        read(clone.path(), MANIFEST),
        "version: 1\norganization: acme\nimages:\n  - source: grafana/loki\n    versions: ^3\n"
    );
    assert!(read(clone.path(), OWNERS).starts_with("/approved-images.yml @acme/platform\n"));
    assert_eq!((&json["ran"][0]["command"], &json["ran"][0]["status"]), (&"check".into(), &0.into()), "{json}");
    assert_eq!(&json["ran"][1]["command"], "doctor");
    let steps = json["steps"].as_array().unwrap();
    let pages: Vec<&str> = steps.iter().map(|step| step["page"].as_str().unwrap()).collect();
    assert!(pages.contains(&"https://github.com/acme/images/settings/environments"), "{pages:?}");
    let commands: Vec<&str> = steps.iter().flat_map(|step| names(&step["commands"])).collect();
    assert!(commands.contains(&"gh secret set DOCKERHUB_TOKEN --env images --repo acme/images"), "{commands:?}");
    Run::new(PROGRAM).dir(clone.path()).arg("check").output().expect_status(0);
}

#[test]
fn nothing_is_overwritten_and_a_second_run_leaves_everything() {
    let clone = clone();
    std::fs::write(clone.path().join(MANIFEST), "organization: ours\nimages: []\n").unwrap();
    std::fs::write(clone.path().join("CODEOWNERS"), "* @acme/all\n").unwrap();
    let flags = ["--organization", "acme", "--owner", "@acme/platform", "--workflow", "job-token"];
    let first = init(clone.path(), &flags).output().expect_status(0);
    assert_eq!(read(clone.path(), MANIFEST), "organization: ours\nimages: []\n");
    assert_eq!(read(clone.path(), "CODEOWNERS"), "* @acme/all\n");
    assert!(!clone.path().join(OWNERS).exists());
    assert!(first.stdout.contains("\n       /.github/workflows/ @acme/platform\n"), "{}", first.stdout);
    assert!(first.stdout.contains("can_approve_pull_request_reviews=true"), "{}", first.stdout);
    assert_eq!(first.stdout.matches("\n  4. ").count(), 1, "{}", first.stdout);
    let second = init(clone.path(), &flags).args(["--format", "json"]).output().expect_status(0).json();
    assert_eq!(names(&second["written"]), Vec::<&str>::new());
    assert_eq!(second["left"].as_array().unwrap().len(), 3, "{second}");
    let none = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().ends_with(".tmp");
    assert!(!std::fs::read_dir(clone.path()).unwrap().any(|entry| none(&entry.unwrap())));
}

#[test]
fn a_link_out_of_the_directory_is_not_followed() {
    let (clone, outside) = (clone(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink(outside.path(), clone.path().join(".github")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("manifest"), clone.path().join(MANIFEST)).unwrap();
    let json = init(clone.path(), &["--organization", "acme", "--format", "json"]).output().expect_status(0).json();
    assert_eq!(names(&json["written"]), Vec::<&str>::new());
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    assert!(json["left"][1]["why"].as_str().unwrap().contains(".github is a link"), "{json}");
}

#[test]
fn without_an_organization_nothing_is_written() {
    let clone = clone();
    let refused = init(clone.path(), &["--yes"]).output().expect_status(2);
    assert!(refused.stderr.contains("--organization NAME"), "{}", refused.stderr);
    init(clone.path(), &["--organization", "acme", "--schedule", "daily"]).output().expect_status(2);
    assert!(!clone.path().join(MANIFEST).exists() && !clone.path().join(".github").exists());
}

/// What a terminal shows while these lines are typed; `None` where there is no `script`.
fn typed(directory: &Path, lines: &str) -> Option<String> {
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &format!("{PROGRAM} init"), "/dev/null"]);
    for name in ["GITHUB_ACTIONS", "GITHUB_TOKEN", "GITHUB_REPOSITORY", "CI"] {
        command.env_remove(name);
    }
    let spawned = command.current_dir(directory).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = spawned else {
        missing("script");
        return None;
    };
    // What is typed before the question belongs to the terminal: an interrupt would end `script` instead of the program.
    let (mut terminal, mut shown) = (child.stdout.take().unwrap(), Vec::new());
    let mut byte = [0];
    while !shown.ends_with(b"receives the images: ") && terminal.read(&mut byte).unwrap() == 1 {
        shown.push(byte[0]);
    }
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    terminal.read_to_end(&mut shown).unwrap();
    child.wait().unwrap();
    Some(String::from_utf8_lossy(&shown).into_owned())
}

#[test]
fn a_terminal_is_asked_and_empty_answers_are_defaults() {
    let clone = clone();
    let answers = "acme\n\ngrafana/loki >=3, redis\njob-token\ntrunk\n\n@acme/platform\n\n";
    let Some(shown) = typed(clone.path(), answers) else { return };
    assert!(shown.contains("Registry that it is in [docker.io]: "), "{shown}");
    let manifest = read(clone.path(), MANIFEST);
    assert!(manifest.contains("source: redis\n") && !manifest.contains("registry:"), "{manifest}");
    assert!(read(clone.path(), WORKFLOW).contains("branches: [trunk] #"));
    assert!(clone.path().join(OWNERS).exists());
}

#[test]
fn an_end_of_input_an_interrupt_and_a_no_write_nothing() {
    for last in ["\u{4}", "\u{3}", "\n\n\n\n\n\nno\n"] {
        let clone = clone();
        let Some(shown) = typed(clone.path(), &format!("acme\n{last}")) else { return };
        assert!(shown.contains("receives the images: "), "{shown}");
        assert!(shown.contains("nothing was written") || shown.contains("SIGINT"), "{last:?}: {shown}");
        let there: Vec<_> = std::fs::read_dir(clone.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(there, [".git"], "{last:?}: {shown}");
    }
}
