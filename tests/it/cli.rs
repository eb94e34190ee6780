//! The command line as people use it.

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
        "usage",
        "approve",
        "evidence",
        "diff",
        "scan",
        "catalog",
        "import",
        "init",
        "schema",
        "completions",
    ] {
        text.push_str(&format!("\n=== {command}\n"));
        text.push_str(&wharfinger().args([command, "--help"]).output().expect_status(0).stdout);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn short_help_is_short_and_tells_of_the_rest() {
    let mut text = String::new();
    for arguments in [&["-h"][..], &["plan", "-h"], &["promote", "-h"]] {
        text.push_str(&format!("=== {}\n{}", arguments.join(" "), wharfinger().args(arguments).output().stdout));
    }
    assert!(!text.contains("--registry-auth-file") && !text.contains("Examples:"), "{text}");
    insta::assert_snapshot!(text);
    let long = |arguments: &[&str]| wharfinger().args(arguments).output().expect_status(0).stdout;
    assert_eq!(long(&["help", "promote"]), long(&["promote", "--help"]));
    assert_eq!(long(&["--format", "json", "promote", "--help"]), long(&["promote", "--help"]));
    assert!(long(&["--help"]).contains("--registry-auth-file"));
}

/// Whether standard output and standard error of a run are coloured.
fn coloured(run: &Run) -> (bool, bool) {
    let outcome = run.output();
    let has = |text: &str| text.contains("\u{1b}[");
    (has(&outcome.stdout), has(&outcome.stderr))
}

#[test]
fn colour_is_asked_for_and_refused_by_the_usual_variables() {
    let directory = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(directory.path().join("approved-images.yml"), text).unwrap();
    let run = |command: &str| wharfinger().dir(directory.path()).arg(command);
    let forced = |command: &str| run(command).env("CLICOLOR_FORCE", "1");
    write("organization: acme\nimages: []\n");
    assert_eq!(coloured(&run("doctor")), (false, false), "a pipe is not coloured");
    assert_eq!(coloured(&forced("doctor")), (true, true), "nothing answers, which is an error besides");
    assert_eq!(coloured(&forced("doctor").env("NO_COLOR", "1")), (false, false));
    assert!(!coloured(&forced("doctor").args(["--format", "json"])).0, "programs read plain text");
    assert_eq!(coloured(&forced("--help")), (true, false));
    write("organisation: acme\n");
    assert_eq!(coloured(&forced("plan")), (false, true));
    let plain = |text: &str| {
        let mut parts = text.split('\u{1b}');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |all, part| all + part.split_once('m').map_or("", |(_, rest)| rest))
    };
    assert_eq!(plain(&forced("plan").output().stderr), run("plan").output().stderr, "colour changes no text");
    let job = forced("plan").env("GITHUB_ACTIONS", "true").env("WHARFINGER_FORGE", "none");
    assert_eq!(coloured(&job), (false, false));
}

/// Runs it on a terminal of so many columns; `None` where this machine has no program that makes one.
fn on_terminal(columns: usize, directory: &std::path::Path, command: &str) -> Option<String> {
    let program = env!("CARGO_BIN_EXE_wharfinger");
    let inside = format!("stty rows 24 cols {columns} && '{program}' {command}");
    let made = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command", &inside, "/dev/null"])
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .current_dir(directory)
        .stdin(std::process::Stdio::null())
        .output();
    made.ok().map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn on_a_terminal_text_is_as_wide_as_it_is_and_coloured() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("approved-images.yml"), "organization: acme\nimages: []\n").unwrap();
    let Some(narrow) = on_terminal(60, directory.path(), "doctor") else { return };
    let wide = on_terminal(140, directory.path(), "doctor").unwrap();
    let longest = |text: &str| {
        let lines = text.lines().filter(|line| !line.contains('\u{1b}') && line.starts_with("           "));
        lines.map(|line| line.trim_end().chars().count()).max().unwrap_or_default()
    };
    assert!((50..=60).contains(&longest(&narrow)), "{narrow}");
    assert!((100..=140).contains(&longest(&wide)), "{wide}");
    assert!(wide.contains("\u{1b}[31mmissing"), "{wide}");
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
    error: WHARFINGER_RECORD is `never`: expected one of commit, pull-request, auto, none
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
    error: run chooses what to do from a GitHub workflow's event, and this is not a workflow: name a command, such as plan, propose or promote
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
