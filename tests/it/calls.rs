//! How often git and GitHub are asked, and what for.

use std::path::{Path, PathBuf};

use wharfinger::internals::image::Digest;

use super::promote::{Clone, entry, in_a_job, manifest};
use crate::support::git::git;
use crate::support::github::{Options, TestGitHub, Who};
use crate::support::images::ImageSpec;
use crate::support::process::Run;
use crate::support::registry::TestRegistry;

const FILE: &str = "approved-images.yml";

/// A `git` that notes what it is called for and hands it on.
struct Noted {
    directory: tempfile::TempDir,
}

impl Noted {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let real = std::env::split_paths(&paths).map(|path| path.join("git")).find(|path| path.is_file()).unwrap();
        let log = directory.path().join("log");
        // What stands before the command are options, some with a value.
        let command = "command=\nfor word in \"$@\"; do\n  case $command in\n    '') case $skip$word in -c|-C) skip=x ;; -*) ;; x*) skip= ;; \
                       *) command=$word ;; esac ;;\n    *) command=\"$command $word\"; break ;;\n  esac\ndone\n";
        let script =
            format!("#!/bin/sh\n{command}echo \"$command\" >> '{}'\nexec '{}' \"$@\"\n", log.display(), real.display());
        let place = directory.path().join("git");
        std::fs::write(&place, script).unwrap();
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(&log, "").unwrap();
        Self { directory }
    }

    fn path(&self) -> String {
        let rest = std::env::var("PATH").unwrap_or_default();
        format!("{}:{rest}", self.directory.path().display())
    }

    /// The commands since the last look, each with its first argument.
    fn calls(&self) -> Vec<String> {
        let log: PathBuf = self.directory.path().join("log");
        let text = std::fs::read_to_string(&log).unwrap();
        std::fs::write(&log, "").unwrap();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    }
}

/// So many approvals, each of an image of its own.
fn approvals(upstream: &TestRegistry, count: u64) -> Vec<(String, Digest)> {
    let image = |n: u64| upstream.put_image("team/app", &format!("{n}"), &ImageSpec::new(500 + n).single().build());
    (0..count).map(|n| (n.to_string(), image(n))).collect()
}

fn text(upstream: &TestRegistry, mirror: &TestRegistry, approved: &[(String, Digest)]) -> String {
    let source = format!("{}/team/app", upstream.host());
    let approved: Vec<(&str, &Digest)> = approved.iter().map(|(tag, digest)| (tag.as_str(), digest)).collect();
    manifest(&mirror.host(), &[entry(&source, "app", "", &approved)])
}

fn commit(clone: &Path, text: &str) {
    std::fs::write(clone.join(FILE), text).unwrap();
    git(clone, &["commit", "--quiet", "--all", "-m", "Approve"]);
}

#[test]
fn recording_takes_as_many_git_calls_for_fifty_approvals_as_for_one() {
    let (upstream, mirror, noted) = (TestRegistry::start(), TestRegistry::start(), Noted::new());
    let approved = approvals(&upstream, 50);
    let clone = Clone::new(&text(&upstream, &mirror, &[]));
    git(clone.path(), &["config", "user.name", "Person"]);
    git(clone.path(), &["config", "user.email", "person@example.org"]);
    for count in [1, 50] {
        // Approved one by one: each has a commit of its own.
        for n in if count == 1 { 1..=1 } else { 2..=50 } {
            commit(clone.path(), &text(&upstream, &mirror, &approved[..n]));
        }
        git(clone.path(), &["tag", &format!("approved-{count}")]);
        let run = clone.run(&[]).env("PATH", noted.path());
        let result = run.output().expect_status(0).json();
        assert_eq!(result["promoted"].as_array().unwrap().len(), count);
        let calls = noted.calls();
        let history = calls.iter().filter(|call| call.starts_with("log ")).count();
        // How they came is asked once, for what reviews need and for what the record says of it.
        assert_eq!(history, 1, "{calls:?}");
        assert_eq!(calls.len(), 8, "{calls:#?}");
        assert_eq!(clone.manifest().matches("approved-on:").count(), count);
    }
}

#[test]
fn a_promotion_with_nothing_to_do_asks_git_for_the_branch_the_manifest_and_its_history_once() {
    let (upstream, mirror, noted) = (TestRegistry::start(), TestRegistry::start(), Noted::new());
    let approved = approvals(&upstream, 3);
    let clone = Clone::new(&text(&upstream, &mirror, &approved));
    clone.run(&[]).output().expect_status(0);
    clone.run(&[]).env("PATH", noted.path()).output().expect_status(0);
    let mut calls = noted.calls();
    // They are started while others run.
    calls.sort_unstable();
    assert_eq!(
        calls,
        [
            // Reads the branch, the manifest and its history.
            "cat-file --batch",
            // Which programs the repository names.
            "config --list",
            // Whether the manifest ever asked for reviews.
            "log --first-parent",
            // Where it is.
            "rev-parse --path-format=absolute",
        ]
    );
}

/// A promotion in a job, after a push.
fn promote(github: &TestGitHub) -> serde_json::Value {
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "promote"]);
    in_a_job(github, run).expect_status(0).json()
}

/// Methods and paths without the repository's name, the query and ids.
fn requests(github: &TestGitHub) -> Vec<String> {
    let (repository, head) = (format!("/repos/{}", github.repository()), github.branch("main").unwrap());
    let line = |e: &crate::support::http::Exchange| format!("{} {}", e.request.method, e.request.path);
    github.log().iter().map(line).map(|l| l.replace(&repository, "").replace(&head, "HEAD")).collect()
}

/// Fifty approvals by fifty pull requests, each approved by hubot or octocat, half of them squashed.
fn fifty(upstream: &TestRegistry, mirror: &TestRegistry, policy: &str) -> (TestGitHub, Vec<u64>) {
    let approved = approvals(upstream, 50);
    let text = |n: usize| policy.to_owned() + &text(upstream, mirror, &approved[..n]);
    let files = vec![(FILE.to_owned(), text(0))];
    let github = TestGitHub::start(Options { files, who: Who::App("wharf".to_owned()), ..Options::default() });
    let mut numbers = Vec::new();
    for n in 1..=50 {
        github.commit_by("topic", ("wharf[bot]", "web-flow"), "Approve", (FILE, &text(n)));
        let number = github.open_as("wharf[bot]", "topic", "Approve", "");
        github.review_as(number, if n % 3 == 0 { "hubot" } else { "octocat" }, "APPROVED");
        if n % 2 == 0 {
            github.merge(number)
        } else {
            github.squash(number)
        };
        github.delete_branch_as("topic", "hubot");
        numbers.push(number);
    }
    github.clear_log();
    (github, numbers)
}

#[test]
fn fifty_approvals_of_fifty_pull_requests_with_fifty_reviews_take_few_requests() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let (github, _) = fifty(&upstream, &mirror, "policy:\n  approvals: 1\n");
    let result = promote(&github);
    assert_eq!(result["promoted"].as_array().unwrap().len(), 50, "{result}");
    crate::support::contract::github(&github.log());
    // One listing of the branch, its texts by twenties, the newest review, which covers what it found; then the record.
    let asked = ["login", "line", "files", "files", "files", "files", "reviews", "commit"];
    assert_eq!(github.questions(), asked);
    let permissions = requests(&github).iter().filter(|line| line.ends_with("/permission")).count();
    // How the default branch moved, and that of the pull request.
    assert_eq!((permissions, requests(&github).len()), (1, 10 + asked.len()), "{:#?}", requests(&github));
}

#[test]
fn recording_fifty_approvals_of_fifty_pull_requests_asks_how_they_came_once_and_nothing_to_do_takes_nine() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let (github, numbers) = fifty(&upstream, &mirror, "");
    assert_eq!(promote(&github)["promoted"].as_array().unwrap().len(), 50);
    crate::support::contract::github(&github.log());
    assert_eq!(github.questions(), ["login", "line", "files", "files", "files", "files", "commit"]);
    let recorded = github.read("main", FILE).unwrap();
    for number in numbers {
        assert_eq!(recorded.matches(&format!("pull: {number}\n")).count(), 1, "#{number}: {recorded}");
    }
    assert_eq!(recorded.matches("approved-on: 2026-11-21\n").count(), 50);

    github.clear_log();
    assert_eq!(promote(&github)["changed"], serde_json::json!(false));
    assert_eq!(
        requests(&github),
        [
            "GET ",
            "GET /git/ref/heads/main",
            "GET /contents/approved-images.yml",
            "GET /activity",
            // Whose token, the line, and the manifest as the record names it.
            "POST /graphql",
            "POST /graphql",
            "GET /contents/approved-images.yml",
            "GET /git/matching-refs/heads/wharfinger/",
            "GET /pulls",
        ]
    );
}
