//! The command line as a person meets it.

use std::io::Write as _;

use crate::support::process::{Outcome, Run};

fn wharfinger() -> Run {
    Run::new(env!("CARGO_BIN_EXE_wharfinger"))
}

/// Both streams and the status, for snapshots.
fn all(outcome: &Outcome) -> String {
    let status = outcome.status.map_or_else(|| "signal".to_owned(), |status| status.to_string());
    format!("status {status}\n--- stdout\n{}--- stderr\n{}", outcome.stdout, outcome.stderr)
}

#[test]
fn every_help_is_as_it_was_read() {
    let mut text = all(&wharfinger().arg("--help").output());
    for command in [
        "run",
        "plan",
        "explain",
        "propose",
        "check",
        "promote",
        "audit",
        "apply-policy",
        "doctor",
        "sign-in",
        "verify-access",
        "schema",
        "completions",
    ] {
        text.push_str(&format!("\n=== {command}\n"));
        text.push_str(&wharfinger().args([command, "--help"]).output().expect_status(0).stdout);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn without_a_command_there_is_help_and_status_2() {
    let bare = wharfinger().output().expect_status(2);
    assert_eq!(bare.stdout, "");
    assert!(bare.stderr.contains("Usage: wharfinger"), "{}", bare.stderr);
    let flags = wharfinger().args(["--format", "json"]).output().expect_status(2);
    assert!(flags.stderr.contains("requires a subcommand"), "{}", flags.stderr);
}

#[test]
fn what_cannot_be_understood_is_status_2() {
    for arguments in
        [&["frobnicate"][..], &["plan", "--nonsense"], &["--format", "xml", "plan"], &["plan", "--shards", "0"]]
    {
        let outcome = wharfinger().args(arguments).output().expect_status(2);
        assert!(outcome.stdout.is_empty() && outcome.stderr.starts_with("error: "), "{outcome:?}");
    }
    let record = wharfinger().args(["schema"]).env("WHARFINGER_RECORD", "never").output();
    insta::assert_snapshot!(all(&record), @r"
    status 2
    --- stdout
    --- stderr
    error: WHARFINGER_RECORD is `never`: it is one of commit, pull-request, auto, none
    ");
    let json = wharfinger().args(["--format", "json", "schema"]).env("WHARFINGER_RECORD", "never").output();
    assert_eq!(json.json()["version"], 1);
    assert!(json.json()["error"].as_str().unwrap().starts_with("WHARFINGER_RECORD is"));
}

#[test]
fn secrets_have_no_value_flags() {
    for flag in ["--github-token", "--dockerhub-token", "--registry-auth"] {
        let outcome = wharfinger().args(["plan", flag, "x"]).output().expect_status(2);
        assert!(outcome.stderr.contains("unexpected argument"), "{outcome:?}");
    }
}

#[test]
fn global_flags_stand_before_or_after_the_command() {
    let before = wharfinger().args(["--format", "json", "run"]).output();
    let after = wharfinger().args(["run", "--format", "json"]).output();
    assert_eq!(before, after);
    assert_eq!(before.expect_status(2).json()["version"], 1);
}

#[test]
fn run_outside_actions_says_what_to_name_instead() {
    insta::assert_snapshot!(all(&wharfinger().arg("run").output()), @r"
    status 2
    --- stdout
    --- stderr
    error: run picks by the event of a GitHub workflow, and this is none: name a command, such as plan, propose or promote
    ");
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let outcome = wharfinger().args(["completions", shell]).output().expect_status(0);
        assert!(outcome.stdout.contains("wharfinger") && outcome.stdout.contains("promote"), "{shell}");
        assert_eq!(outcome.stderr, "");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let mut child = wharfinger().args(["completions", "bash"]).spawn();
    drop(child.stdin.take().map(|mut stdin| stdin.flush()));
    drop(child.stdout.take());
    let outcome = child.wait_with_output().unwrap();
    assert_eq!(outcome.status.code(), Some(0), "{outcome:?}");
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), "");
}

#[test]
fn the_schema_of_the_output_is_checked_in() {
    let printed = wharfinger().args(["schema", "output"]).output().expect_status(0).stdout;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/output.schema.json");
    if std::env::var_os("WHARFINGER_UPDATE").is_some() {
        std::fs::write(path, &printed).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == printed,
        "schema/output.schema.json is stale: wharfinger schema output > schema/output.schema.json"
    );
}
