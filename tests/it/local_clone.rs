//! A local clone as the forge, as people use it: what is pushed, what is said about edits that do not count, and git's
//! own faults.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::promote::{Clone, entry, manifest};
use crate::support::git::git;
use crate::support::images::ImageSpec;
use crate::support::process::{Outcome, Run};
use crate::support::registry::TestRegistry;

/// A clone with one approval that is not promoted yet, and the registry of its image and its mirror.
fn pending() -> (TestRegistry, Clone) {
    let registry = TestRegistry::start();
    let digest = ImageSpec::new(1).layers(1, 100).build().put(&registry, "up/tool", "1.0.0");
    let source = format!("{}/up/tool", registry.host());
    let clone = Clone::new(&manifest(&registry.host(), &[entry(&source, "tool", "", &[("1.0.0", &digest)])]));
    (registry, clone)
}

/// The clone's origin: a bare repository that has what the clone has now.
fn origin(clone: &Clone) -> tempfile::TempDir {
    let origin = tempfile::tempdir().unwrap();
    git(origin.path(), &["init", "--quiet", "--bare", "--initial-branch=main"]);
    git(clone.path(), &["remote", "add", "origin", origin.path().to_str().unwrap()]);
    git(clone.path(), &["push", "--quiet", "origin", "main"]);
    origin
}

fn tip(directory: &Path) -> String {
    git(directory, &["rev-parse", "main"])
}

fn record_of(outcome: &Outcome) -> String {
    outcome.json()["record"].as_str().unwrap_or_default().to_owned()
}

/// A command as people read it.
fn human(clone: &Clone, args: &[&str]) -> Run {
    Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(clone.path()).args(["--forge", "git"]).args(args)
}

#[test]
fn a_record_is_pushed_alone() {
    let (_registry, clone) = pending();
    let origin = origin(&clone);
    let before = tip(origin.path());
    git(clone.path(), &["config", "push.followTags", "true"]);
    git(clone.path(), &["tag", "--annotate", "v9", "-m", "Of a person"]);
    let dry = clone.run(&["--dry-run"]).output().expect_status(0);
    assert_eq!(record_of(&dry), "a commit on main of this clone, pushed to origin");
    assert_eq!(tip(origin.path()), before);
    let done = clone.run(&[]).output().expect_status(0);
    assert_eq!(done.stderr, "");
    assert_eq!(tip(origin.path()), tip(clone.path()));
    assert_eq!(git(origin.path(), &["rev-list", "--count", &format!("{before}..main")]), "1");
    assert!(!clone.refs().contains("unpushed"), "{}", clone.refs());
    assert_eq!(git(origin.path(), &["tag"]), "", "nobody's tags go along");
}

#[test]
fn where_git_knows_nobody_the_record_is_by_the_program_itself() {
    let (_registry, clone) = pending();
    git(clone.path(), &["config", "user.useConfigOnly", "true"]);
    let nameless = clone.run(&["--log-level", "info"]).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let done = nameless.env("GIT_CONFIG_NOSYSTEM", "1").output().expect_status(0);
    assert_eq!(done.stderr.matches("git does not know who you are").count(), 1, "{}", done.stderr);
    let by = git(clone.path(), &["log", "-1", "--format=%an %ae %cn %ce", "main"]);
    assert_eq!(by, "wharfinger wharfinger@localhost wharfinger wharfinger@localhost");
    assert!(clone.manifest().contains("mirrored:"), "{}", clone.manifest());
}

#[test]
fn a_record_that_was_rebased_is_told_of_until_the_origin_has_it() {
    let (_registry, clone) = pending();
    let origin = origin(&clone);
    let away = origin.path().with_extension("away");
    std::fs::rename(origin.path(), &away).unwrap();
    clone.run(&[]).output().expect_status(1);
    std::fs::rename(&away, origin.path()).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    git(elsewhere.path(), &["clone", "--quiet", origin.path().to_str().unwrap(), "."]);
    git(elsewhere.path(), &["commit", "--quiet", "--allow-empty", "-m", "Meanwhile"]);
    git(elsewhere.path(), &["push", "--quiet", "origin", "main"]);
    git(clone.path(), &["pull", "--quiet", "--rebase", "origin", "main"]);
    for _ in 0..2 {
        let told = clone.run(&[]).output().expect_status(0);
        assert!(told.stderr.contains("is not pushed"), "{}", told.stderr);
    }
    git(clone.path(), &["push", "--quiet", "origin", "main"]);
    for _ in 0..2 {
        assert_eq!(clone.run(&[]).output().expect_status(0).stderr, "");
    }
    assert!(!clone.refs().contains("unpushed"), "{}", clone.refs());
}

#[test]
fn what_a_person_did_not_push_keeps_the_record_here_and_that_is_said() {
    let (_registry, clone) = pending();
    let origin = origin(&clone);
    let before = tip(origin.path());
    git(clone.path(), &["commit", "--quiet", "--allow-empty", "-m", "Not ready"]);
    let why = "origin lacks 1 other commit of main that nobody has pushed";
    let dry = clone.run(&["--dry-run"]).output().expect_status(0);
    assert!(record_of(&dry).starts_with(&format!("a commit on main of this clone, not pushed: {why}")), "{dry:?}");
    let text = human(&clone, &["promote", "--dry-run"]).output().expect_status(0).stdout;
    assert!(text.contains("record: a commit on main of this clone, not pushed:"), "{text}");
    let done = clone.run(&[]).output().expect_status(0);
    assert!(done.stderr.contains(why), "{}", done.stderr);
    assert_eq!(tip(origin.path()), before, "nothing is pushed");
    assert!(clone.manifest().contains("mirrored"));

    // Once a person pushed the commit below it, the next run pushes the record, which is all that is left.
    git(clone.path(), &["push", "--quiet", "origin", "main~1:main"]);
    let dry = clone.run(&["--dry-run"]).output().expect_status(0);
    assert_eq!(record_of(&dry), "1 earlier record, pushed to origin");
    let next = clone.promote(0);
    assert_eq!((&next["changed"], tip(origin.path())), (&Value::from(true), tip(clone.path())));
    assert_eq!(clone.promote(0)["changed"], false);
}

#[test]
fn a_push_that_failed_is_tried_again_by_the_next_run() {
    let (_registry, clone) = pending();
    let origin = origin(&clone);
    let away = origin.path().with_extension("away");
    std::fs::rename(origin.path(), &away).unwrap();
    for _ in 0..2 {
        let failed = clone.run(&[]).output().expect_status(1);
        let failure = failed.json()["failed"][0].clone();
        assert_eq!(failure["step"], "record");
        let error = failure["error"].as_str().unwrap();
        assert!(error.contains("pushing main to origin") && error.contains("the next run tries again"), "{error}");
        assert!(clone.manifest().contains("mirrored"), "the record is made");
    }
    std::fs::rename(&away, origin.path()).unwrap();
    let done = human(&clone, &["promote"]).output().expect_status(0);
    assert!(!done.stdout.contains("everything matches the manifest"), "{}", done.stdout);
    assert_eq!(tip(origin.path()), tip(clone.path()));
}

#[test]
fn an_origin_that_went_on_is_found_before_anything_is_copied() {
    for fetched in [true, false] {
        let (registry, clone) = pending();
        let origin = origin(&clone);
        let elsewhere = tempfile::tempdir().unwrap();
        git(elsewhere.path(), &["clone", "--quiet", origin.path().to_str().unwrap(), "."]);
        git(elsewhere.path(), &["commit", "--quiet", "--allow-empty", "-m", "Meanwhile"]);
        git(elsewhere.path(), &["push", "--quiet", "origin", "main"]);
        if fetched {
            git(clone.path(), &["fetch", "--quiet", "origin"]);
        }
        let stopped = clone.run(&[]).output().expect_status(3);
        assert!(stopped.json()["error"].as_str().unwrap().contains("`git pull --rebase`"), "{stopped:?}");
        assert_eq!(registry.digest("acme/tool", "1.0.0"), None);
    }
}

#[test]
fn a_work_tree_that_cannot_take_the_record_is_found_before_anything_is_copied() {
    let (registry, clone) = pending();
    let edited = format!("{}\n# a thought\n", clone.manifest());
    std::fs::write(clone.path().join("approved-images.yml"), &edited).unwrap();
    for args in [&["--dry-run"][..], &[]] {
        let stopped = clone.run(args).output().expect_status(3);
        let error = stopped.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains("commit or stash them"), "{error}");
        assert!(
            stopped.stderr.contains("`git add approved-images.yml` and `git commit` on main"),
            "{}",
            stopped.stderr
        );
    }
    assert_eq!(registry.digest("acme/tool", "1.0.0"), None);
    assert_eq!(std::fs::read_to_string(clone.path().join("approved-images.yml")).unwrap(), edited);

    git(clone.path(), &["checkout", "--quiet", "approved-images.yml"]);
    std::fs::write(clone.path().join(".git/index.lock"), "").unwrap();
    let stopped = clone.run(&[]).output().expect_status(3);
    assert!(stopped.json()["error"].as_str().unwrap().contains("delete the lock file"), "{stopped:?}");
    assert_eq!(registry.digest("acme/tool", "1.0.0"), None);
    std::fs::remove_file(clone.path().join(".git/index.lock")).unwrap();
    clone.promote(0);
    assert_eq!(clone.status(), "");
}

#[test]
fn a_manifest_that_is_edited_and_not_committed_is_told_by_every_command_that_goes_by_the_committed_one() {
    let (_registry, clone) = pending();
    let committed = clone.manifest();
    std::fs::write(clone.path().join("approved-images.yml"), format!("{committed}\n# a thought\n")).unwrap();
    for command in [&["propose"][..], &["propose", "--dry-run"]] {
        let told = human(&clone, command).output().expect_status(0).stderr;
        assert_eq!(told.matches("approved-images.yml here differs from main at").count(), 1, "{told}");
    }
    assert_eq!(human(&clone, &["plan"]).output().expect_status(0).stderr, "", "plan goes by what is here");
    std::fs::write(clone.path().join("approved-images.yml"), format!("{committed}\n").replace('\n', "\r\n")).unwrap();
    assert_eq!(human(&clone, &["propose"]).output().expect_status(0).stderr, "", "line ends are git's affair");
}

#[test]
fn a_manifest_that_was_never_committed_is_told_from_one_that_is_not_there() {
    let clone = Clone::new("organization: acme\nimages: []\n");
    std::fs::write(clone.path().join("other.yml"), "organization: acme\nimages: []\n").unwrap();
    let here = human(&clone, &["--manifest", "other.yml", "propose"]).output().expect_status(2).stderr;
    assert!(
        here.contains("other.yml exists here, but not on main: run `git add other.yml` and `git commit`"),
        "{here}"
    );
}

#[test]
fn on_a_feature_branch_without_origin_the_default_branch_is_the_one_with_the_usual_name() {
    let (_registry, clone) = pending();
    git(clone.path(), &["switch", "--quiet", "--create", "feature"]);
    let done = clone.run(&[]).output().expect_status(0);
    assert!(done.stderr.contains("this run reads and records on the branch main"), "{}", done.stderr);
    assert!(clone.manifest().contains("mirrored") && !clone.text("feature").contains("mirrored"));
}

#[test]
fn a_default_branch_of_another_name_is_named_by_gits_configuration() {
    let (_registry, clone) = pending();
    git(clone.path(), &["branch", "--move", "main", "trunk"]);
    git(clone.path(), &["branch", "feature"]);
    let unknown = clone.run(&[]).output().expect_status(3);
    assert!(unknown.json()["error"].as_str().unwrap().contains("`git config init.defaultBranch NAME`"), "{unknown:?}");
    git(clone.path(), &["config", "init.defaultBranch", "trunk"]);
    git(clone.path(), &["switch", "--quiet", "feature"]);
    clone.run(&[]).output().expect_status(0);
    assert!(clone.text("trunk").contains("mirrored") && !clone.text("feature").contains("mirrored"));
}

#[test]
fn proposals_are_found_again_whatever_their_branches_begin_with() {
    let registry = TestRegistry::start();
    let image = ImageSpec::new(1).layers(1, 100).build();
    image.put(&registry, "up/tool", "1.0.0");
    let source = format!("{}/up/tool", registry.host());
    let text = format!(
        "organization: acme\nregistry: {}\nproposals: {{ branch-prefix: bots/images- }}\ndefaults: {{ cooldown: 0s }}\n\
         images:\n  - source: {source}\n    repository: tool\n",
        registry.host()
    );
    let clone = Clone::new(&text);
    let propose = || human(&clone, &["--format", "json", "propose"]).output().expect_status(0).json();
    assert_eq!(propose()["proposals"][0]["action"], "opened");
    assert_eq!(propose()["proposals"][0]["action"], "unchanged");
    git(clone.path(), &["branch", "--quiet", "-D", "bots/images-image/tool/latest"]);
    let after = propose();
    assert_eq!(
        (&after["proposals"], &after["waiting"][0]["reason"]),
        (&Value::Array(Vec::new()), &Value::from("declined"))
    );
}

/// A directory with a program of git's name.
fn fake_git(script: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("git");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    (directory, program)
}

fn real_git() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|place| place.join("git")).find(|program| program.is_file()).unwrap()
}

#[test]
fn without_git_it_is_said_that_git_is_missing() {
    let clone = Clone::new("organization: acme\nimages: []\n");
    let nothing = tempfile::tempdir().unwrap();
    let told = human(&clone, &["propose"]).env("PATH", nothing.path()).output().expect_status(2).stderr;
    assert!(told.contains("git is not installed") && !told.contains("git init"), "{told}");
}

#[test]
fn a_repository_of_another_user_is_told_with_what_git_asks_for() {
    let clone = Clone::new("organization: acme\nimages: []\n");
    let run = human(&clone, &["propose"]).env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let told = run.output().expect_status(2).stderr;
    assert!(told.contains("safe.directory") && !told.contains("git init"), "{told}");
    let outside = tempfile::tempdir().unwrap();
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(outside.path()).args(["--forge", "git", "propose"]);
    assert!(run.output().expect_status(2).stderr.contains("`git init` creates one"));
}

#[test]
fn a_git_that_dies_at_once_or_answers_nothing_ends_the_run_and_says_so() {
    let clone = Clone::new("organization: acme\nimages: []\n");
    let real = real_git();
    let with = |cat_file: &str| {
        let script = format!("case \"$*\" in *cat-file*) {cat_file};; esac\nexec {} \"$@\"", real.display());
        let (directory, _) = fake_git(&script);
        let path = std::env::join_paths([directory.path(), real.parent().unwrap()]).unwrap();
        let begun = Instant::now();
        let told = human(&clone, &["--timeout", "1s", "propose"]).env("PATH", path).output().expect_status(3).stderr;
        assert!(begun.elapsed() < Duration::from_secs(20), "{told}");
        told
    };
    let dead = with("exit 7");
    assert!(dead.contains("`git cat-file --batch` failed: it ended (exit status: 7)\n"), "{dead}");
    let complaining = with("echo 'error: object file x is empty' >&2; exit 128");
    assert!(complaining.contains("object file x is empty; the clone is damaged: `git fsck`"), "{complaining}");
    let silent = with("exec sleep 60");
    assert!(silent.contains("it did not respond within 1 s"), "{silent}");
}

#[test]
fn a_shallow_clone_does_not_pass_for_a_whole_history() {
    let (_registry, whole) = pending();
    git(whole.path(), &["commit", "--quiet", "--allow-empty", "-m", "Second"]);
    let shallow = tempfile::tempdir().unwrap();
    let url = format!("file://{}", whole.path().display());
    git(shallow.path(), &["clone", "--quiet", "--depth", "1", &url, "."]);
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(shallow.path());
    let told = run.args(["--forge", "git", "promote", "--prune"]).output();
    assert!(format!("{told:?}").contains("git fetch --unshallow"), "{told:?}");
}
